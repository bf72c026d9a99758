//! `keygen`: a secret key and its evaluation key.

use std::path::PathBuf;

use more_core::Scalar;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::Serialize;

use super::Report;
use more_nn::error::Error;
use more_nn::key_file::{evaluation_key_path, generate};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the secret key goes; the evaluation key goes to KEY.eval.
    #[arg(long, value_name = "KEY")]
    out: PathBuf,
    /// Number of lanes n: a ciphertext is an n x n matrix, or n numbers in spectral form.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=8))]
    lanes: u8,
    /// Width of the numbers.
    #[arg(long, value_enum, default_value_t = ScalarArgument::F32)]
    scalar: ScalarArgument,
    /// Make the same key each time, for tests: whoever knows the seed has the key.
    #[arg(long)]
    seed: Option<u64>,
    /// Replace a key that is there. What was encrypted with it can then no longer be decrypted.
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum ScalarArgument {
    F32,
    F64,
}

impl From<ScalarArgument> for Scalar {
    fn from(scalar: ScalarArgument) -> Self {
        match scalar {
            ScalarArgument::F32 => Self::F32,
            ScalarArgument::F64 => Self::F64,
        }
    }
}

impl From<Scalar> for ScalarArgument {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::F32 => Self::F32,
            Scalar::F64 => Self::F64,
        }
    }
}

#[derive(Serialize)]
struct Fields {
    key: String,
    evaluation_key: String,
    key_id: String,
    lanes: usize,
    scalar: &'static str,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let (path, scalar, lanes) = (&arguments.out, arguments.scalar.into(), usize::from(arguments.lanes));
    let id = match arguments.seed {
        Some(seed) => {
            report.remark("remark: the key follows from the seed; use it for tests only");
            generate(path, scalar, lanes, &mut ChaCha20Rng::seed_from_u64(seed), arguments.force)?
        }
        None => generate(path, scalar, lanes, &mut getrandom::SysRng, arguments.force)?,
    };
    let evaluation_key = evaluation_key_path(path).display().to_string();
    let key = path.display().to_string();
    let text = format!("secret key {key}, evaluation key {evaluation_key}, id {id}");
    let scalar = more_nn::container::scalar_name(scalar);
    report.result(&Fields { key, evaluation_key, key_id: id.to_string(), lanes, scalar }, text)
}
