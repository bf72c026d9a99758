//! The command line `more-nn`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
