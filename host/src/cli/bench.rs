//! `bench`: how fast it is, here.

mod growth;
mod kernels;
mod scaling;
mod table;

use super::Report;
use more_nn::architecture::Architecture;
use more_nn::error::Error;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The paper's Table I: digits, encrypted beside plain, from keys to decryption.
    Table1(table::Arguments),
    /// The paper's Table II: the same for angiograms.
    Table2(table::Arguments),
    /// Each kernel of both networks, beside what one core can do at most.
    Kernels(kernels::Arguments),
    /// Time against the size of images, lanes, batches and data sets.
    Growth(growth::Arguments),
    /// What up to 64 cores would give: a simulation from kernels measured on one.
    Scaling(scaling::Arguments),
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    match &arguments.what {
        What::Table1(arguments) => table::run(arguments, Architecture::Mnist, report),
        What::Table2(arguments) => table::run(arguments, Architecture::Angiography, report),
        What::Kernels(arguments) => kernels::run(arguments, report),
        What::Growth(arguments) => growth::run(arguments, report),
        What::Scaling(arguments) => scaling::run(arguments, report),
    }
}
