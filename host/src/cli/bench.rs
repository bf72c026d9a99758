//! `bench`: how fast it is, here.

mod kernels;

use super::Report;
use crate::error::Error;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Each kernel of both networks, beside what one core can do at most.
    Kernels(kernels::Arguments),
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    match &arguments.what {
        What::Kernels(arguments) => kernels::run(arguments, report),
    }
}
