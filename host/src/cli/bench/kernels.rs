//! `bench kernels`.

use std::fmt::Write;
use std::time::Duration;

use more_core::Scalar as ScalarName;
use nn_core::simd::InstructionSet;
use serde::Serialize;

use crate::cli::Report;
use crate::cli::engine::Instructions;
use crate::cli::keygen::ScalarArgument;
use more_nn::architecture::Architecture;
use more_nn::bench::kernels::{NetworkKernels, count, measure};
use more_nn::bench::rates::Rates;
use more_nn::components::Scalar;
use more_nn::container::scalar_name;
use more_nn::error::Error;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The network; both where not given.
    #[arg(long, value_enum)]
    network: Option<Architecture>,
    /// Width of the numbers.
    #[arg(long, value_enum, default_value_t = ScalarArgument::F32)]
    scalar: ScalarArgument,
    #[command(flatten)]
    instructions: Instructions,
    /// Milliseconds to spend on each kernel.
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    budget: u32,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Fields {
    scalar: &'static str,
    simd: &'static str,
    #[serde(flatten)]
    rates: Rates,
    networks: Vec<NetworkKernels>,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let set = arguments.instructions.set()?;
    match arguments.scalar.into() {
        ScalarName::F32 => run_as::<f32>(arguments, set, report),
        ScalarName::F64 => run_as::<f64>(arguments, set, report),
    }
}

fn run_as<T: Scalar>(arguments: &Arguments, set: InstructionSet, report: &Report) -> Result<(), Error> {
    let budget = Duration::from_millis(arguments.budget.into());
    let architectures = match arguments.network {
        Some(architecture) => vec![architecture],
        None => Architecture::ALL.to_vec(),
    };
    let kernels = architectures.iter().copied().map(count).sum();
    let progress = report.progress("measuring", kernels, "kernels");
    let rates = Rates::measure::<T>(set, budget);
    let networks = architectures
        .into_iter()
        .map(|architecture| measure::<T>(architecture, set, &rates, budget, &progress))
        .collect::<Result<Vec<_>, _>>()?;
    drop(progress);
    let fields = Fields { scalar: scalar_name(T::SCALAR), simd: set.name(), rates, networks };
    let mut text = format!(
        "{} on {}, one core: peak {:.1} GFLOP/s; ns an element: exp {:.3}, sigmoid {:.3}, tanh {:.3}; GB/s read: {:.1} of \
         small pages, {:.1} of large ones\n",
        fields.scalar,
        fields.simd,
        rates.peak_gflops,
        rates.exp_nanoseconds,
        rates.sigmoid_nanoseconds,
        rates.tanh_nanoseconds,
        rates.small_pages_gigabytes,
        rates.large_pages_gigabytes
    );
    for network in &fields.networks {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{network}");
    }
    report.result(&fields, text.trim_end())
}
