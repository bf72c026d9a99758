//! `plan`: what a network takes on a device.

use super::Report;
use super::keygen::ScalarArgument;
use more_nn::architecture::Architecture;
use more_nn::error::Error;
use more_nn::plan::{Plan, Settings};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The network.
    #[arg(long, value_enum)]
    network: Architecture,
    /// Lanes of the ciphertexts; 1 for plain images.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    lanes: u8,
    /// Width of the numbers.
    #[arg(long, value_enum, default_value_t = ScalarArgument::F32)]
    scalar: ScalarArgument,
    /// Whether the weights are encrypted like the images.
    #[arg(long, value_enum, default_value_t = Weights::Plain)]
    weights: Weights,
    /// Values as n x n matrices instead of lanes.
    #[arg(long)]
    matrix: bool,
    /// The image comes row by row, into line buffers.
    #[arg(long)]
    streamed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Weights {
    Plain,
    Encrypted,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let lanes = usize::from(arguments.lanes);
    if lanes == 1 && (arguments.matrix || arguments.weights == Weights::Encrypted) {
        return Err(Error::usage("plain images have neither matrices nor encrypted weights: give --lanes"));
    }
    let plan = Plan::of(Settings {
        architecture: arguments.network,
        lanes,
        scalar: arguments.scalar.into(),
        encrypted_weights: arguments.weights == Weights::Encrypted,
        matrix: arguments.matrix,
        streamed: arguments.streamed,
    });
    report.result(&plan, plan.to_string())
}
