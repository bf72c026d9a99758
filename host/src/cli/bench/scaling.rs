//! `bench scaling`.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use crate::cli::Report;
use crate::cli::engine::Instructions;
use more_nn::architecture::Architecture;
use more_nn::bench::kernels::{count, measure};
use more_nn::bench::rates::Rates;
use more_nn::bench::scaling::{Scaling, hand_over, simulate};
use more_nn::error::Error;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Images of a batch.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    #[command(flatten)]
    instructions: Instructions,
    /// Milliseconds to spend on each kernel.
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    budget: u32,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Fields {
    simd: &'static str,
    hand_over_microseconds: f64,
    simulations: Vec<Scaling>,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let set = arguments.instructions.set()?;
    let budget = Duration::from_millis(arguments.budget.into());
    let kernels = Architecture::ALL.iter().copied().map(count).sum();
    let progress = report.progress("measuring", kernels, "kernels");
    let rates = Rates::measure::<f32>(set, budget);
    let hand_over = hand_over(budget);
    let mut simulations = Vec::new();
    for architecture in Architecture::ALL {
        let measured = measure::<f32>(architecture, set, &rates, budget, &progress)?;
        let parameters = architecture.network().parameters();
        for lanes in [1, 2, 4] {
            simulations.push(simulate(&measured, parameters, lanes, arguments.batch as usize, hand_over));
        }
    }
    drop(progress);
    let mut text =
        format!("a hand-over to another thread: {hand_over:.1} us; simulated from kernels on one core\n");
    for simulation in &simulations {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{simulation}");
    }
    report
        .result(&Fields { simd: set.name(), hand_over_microseconds: hand_over, simulations }, text.trim_end())
}
