//! `bench growth`.

use std::path::PathBuf;

use more_core::Scalar as ScalarName;

use crate::cli::Report;
use crate::cli::engine::Compute;
use crate::cli::keygen::ScalarArgument;
use more_nn::bench::growth::{Sizes, measure};
use more_nn::dataset::{DEFAULT_SEED, Dataset, Source, Split};
use more_nn::error::Error;
use more_nn::output_file::{Access, OutputFile};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Heights and widths of images.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [28, 64, 128, 256, 512],
          value_parser = clap::value_parser!(u16).range(10..=2048))]
    sides: Vec<u16>,
    /// Images of the data set for lanes and batches; the series over data sets goes from a quarter to twice as many.
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(4..=1_000_000))]
    images: u32,
    /// Width of the numbers.
    #[arg(long, value_enum, default_value_t = ScalarArgument::F32)]
    scalar: ScalarArgument,
    /// Timed runs of each size.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    #[command(flatten)]
    compute: Compute,
    /// Also write a plot.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let file =
        arguments.svg.as_ref().map(|path| OutputFile::create(path, Access::Shared, true)).transpose()?;
    let instruction_set = arguments.compute.instruction_set()?;
    let base = arguments.images as usize;
    let grown = arguments.compute.install(|threads| {
        let sizes = Sizes {
            sides: arguments.sides.iter().copied().map(usize::from).collect(),
            lanes: (2..=8).collect(),
            batches: vec![16, 32, 64, 128],
            images: vec![base / 4, base / 2, base, 2 * base],
            runs: arguments.runs.into(),
            threads,
            instruction_set,
        };
        let digits = Source::Digits { count: Some(2 * base), seed: DEFAULT_SEED };
        let data = Dataset::load(&digits, Split::Train, None)?;
        let progress = report.progress("measuring", sizes.steps(), "sizes");
        match arguments.scalar.into() {
            ScalarName::F32 => measure::<f32>(&sizes, &data, &progress),
            ScalarName::F64 => measure::<f64>(&sizes, &data, &progress),
        }
    })??;
    if let Some(mut file) = file {
        file.write(grown.svg()?.as_bytes())?;
        file.commit()?;
    }
    report.result(&grown, &grown)
}
