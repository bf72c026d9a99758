//! The command line: arguments, the commands, and what they print.
//!
//! Results go to standard output, as text or, with `--json`, as one JSON object; everything else that is meant for
//! people goes to standard error.

mod bench;
mod compare;
mod curve;
mod decrypt;
mod demo;
mod distinct;
mod encrypt;
mod engine;
mod export;
mod ingest;
mod input;
mod keygen;
mod plan;
mod predict;
mod preview;
mod report;
mod source_options;
mod split;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use report::Report;

use more_nn::error::Error;
use more_nn::interrupt;

/// What the scheme does not do, below every help text.
const WARNING: &str = "MORE over the real numbers is an encoding: whoever holds a ciphertext can compute all its \
    lanes, and one of them is the message. It keeps nothing confidential from a party that cares to look. See README.md.";

/// Neural networks on data encrypted by the MORE scheme.
#[derive(Debug, Parser)]
#[command(name = "more-nn", version, arg_required_else_help = true, max_term_width = 110, after_help = WARNING)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Global {
    /// Print one JSON object on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print neither progress nor remarks.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a secret key and its evaluation key.
    Keygen(keygen::Arguments),
    /// Split a data set into train, val and test, patient by patient.
    Split(split::Arguments),
    /// Encrypt a part of a data set.
    Encrypt(encrypt::Arguments),
    /// Store what a device sends over a serial line: encrypted images, or the outputs of a network on the device.
    Ingest(ingest::Arguments),
    /// Train a network on encrypted or plain images; needs no secret key.
    Train(train::Arguments),
    /// Compute a network's outputs for encrypted or plain images; needs no secret key.
    Predict(predict::Arguments),
    /// Decrypt a network's outputs into a table.
    Decrypt(decrypt::Arguments),
    /// Decrypt the course of a training, draw it, and name its best epoch.
    Curve(curve::Arguments),
    /// Write a trained model as sources for a device: a crate, or C.
    Export(export::Arguments),
    /// Compare two networks' outputs for the same images.
    Compare(compare::Arguments),
    /// Draw a contact sheet of a data set; of ciphertexts every lane, as a service sees them.
    Preview(preview::Arguments),
    /// Print what a network takes on a device: RAM, flash, instructions.
    Plan(plan::Arguments),
    /// All of it in one go on drawn digits, beside its plain twin.
    Demo(demo::Arguments),
    /// Measure speed on this machine.
    Bench(bench::Arguments),
}

/// Parses the process's arguments, runs the command and gives the exit code: 0, 1 failed, 2 wrong usage, 130
/// interrupted.
#[must_use]
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too; a closed pipe is no failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.exit_code() != 0 {
                report::error(&error);
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Error> {
    interrupt::install()?;
    let report = Report::new(arguments.global);
    match arguments.command {
        Command::Keygen(arguments) => keygen::run(&arguments, &report),
        Command::Split(arguments) => split::run(&arguments, &report),
        Command::Encrypt(arguments) => encrypt::run(&arguments, &report),
        Command::Ingest(arguments) => ingest::run(&arguments, &report),
        Command::Train(arguments) => train::run(&arguments, &report),
        Command::Predict(arguments) => predict::run(&arguments, &report),
        Command::Decrypt(arguments) => decrypt::run(&arguments, &report),
        Command::Curve(arguments) => curve::run(&arguments, &report),
        Command::Export(arguments) => export::run(&arguments, &report),
        Command::Compare(arguments) => compare::run(&arguments, &report),
        Command::Preview(arguments) => preview::run(&arguments, &report),
        Command::Plan(arguments) => plan::run(&arguments, &report),
        Command::Demo(arguments) => demo::run(&arguments, &report),
        Command::Bench(arguments) => bench::run(&arguments, &report),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
