//! `decrypt`: a network's outputs into a table.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::Report;
use crate::decryption::decrypt_outputs;
use crate::error::Error;
use crate::key_file::SecretKeyFile;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The secret key; not needed where the outputs are plain.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The outputs, as `predict` writes them.
    #[arg(long = "in", value_name = "FILE")]
    input: PathBuf,
    /// The table to write: index, class, label where there is one, a probability for each class.
    #[arg(long, value_name = "FILE.csv")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Fields {
    count: usize,
    accuracy: Option<f64>,
    seconds: f64,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let key = arguments.key.as_deref().map(SecretKeyFile::read).transpose()?;
    let start = Instant::now();
    let outputs = decrypt_outputs(&arguments.input, key.as_ref())?;
    let seconds = start.elapsed().as_secs_f64();
    outputs.write_csv(&arguments.out)?;
    let (count, accuracy) = (outputs.count(), outputs.accuracy());
    let text = match accuracy {
        Some(accuracy) => {
            format!("{count} results in {}, accuracy {:.2} %", arguments.out.display(), 100.0 * accuracy)
        }
        None => format!("{count} results in {}", arguments.out.display()),
    };
    report.result(&Fields { count, accuracy, seconds }, text)
}
