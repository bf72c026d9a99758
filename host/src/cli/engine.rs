//! Options that choose how to compute, shared by the commands that do.

use nn_core::simd::InstructionSet;

use more_nn::error::{Error, Kind};

/// Threads and instructions.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Compute {
    /// Number of threads; as many as the machine has cores where not given. The results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    #[command(flatten)]
    pub(super) instructions: Instructions,
}

/// Instructions.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Instructions {
    /// Instructions to compute with: the best that this machine has, or none in particular (`scalar`: libm's functions and
    /// unfused sums, bit-equal to a device).
    #[arg(long, value_enum, default_value_t = Simd::Auto)]
    simd: Simd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Simd {
    Auto,
    Avx512,
    Avx2,
    Neon,
    Scalar,
}

impl Instructions {
    /// The instruction set asked for.
    pub(super) fn set(self) -> Result<InstructionSet, Error> {
        let set = match self.simd {
            Simd::Auto => return Ok(InstructionSet::best()),
            Simd::Avx512 => InstructionSet::Avx512,
            Simd::Avx2 => InstructionSet::Avx2,
            Simd::Neon => InstructionSet::Neon,
            Simd::Scalar => InstructionSet::Portable,
        };
        if set.is_available() {
            return Ok(set);
        }
        Err(Error::usage(format!("this machine does not have {}", set.name())).with_hint("leave --simd out"))
    }
}

impl Compute {
    /// The instruction set asked for.
    pub(super) fn instruction_set(self) -> Result<InstructionSet, Error> {
        self.instructions.set()
    }

    /// Runs `work` on the threads asked for, and tells it how many there are.
    pub(super) fn install<R: Send>(self, work: impl FnOnce(usize) -> R + Send) -> Result<R, Error> {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(self.threads.map_or(0, usize::from));
        let pool = builder
            .build()
            .map_err(|error| Error::new(Kind::Io, "cannot start the threads").caused_by(error))?;
        let threads = pool.current_num_threads();
        Ok(pool.install(|| work(threads)))
    }
}
