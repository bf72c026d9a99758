//! The command line `more-nn`.

use std::process::ExitCode;

fn main() -> ExitCode {
    more_nn::cli::main()
}
