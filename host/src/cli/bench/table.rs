//! `bench table1` and `bench table2`.

use more_core::Scalar as ScalarName;

use crate::cli::Report;
use crate::cli::engine::Compute;
use crate::cli::keygen::ScalarArgument;
use more_nn::architecture::Architecture;
use more_nn::bench::table::{Contestant, Settings, Table, made};
use more_nn::dataset::{DEFAULT_SEED, Dataset, Source, Split};
use more_nn::error::Error;

/// The most lanes of the matrix engine.
const MATRIX_LANES: u8 = 4;
/// The most images the matrix engine is trained with: time and memory of all of them are not needed for the ratio.
const MATRIX_IMAGES: usize = 10_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Images of a training epoch, at most those of the data: 60000 for table1, 702 for table2 where not given. The matrix engine
    /// takes the first 10000 of them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=4_000_000))]
    images: Option<u64>,
    /// Images of an inference, at most those of the data: 10000 for table1, 702 for table2 where not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=4_000_000))]
    test_images: Option<u64>,
    /// The data: mnist:DIR or digits; drawn digits (table1) or noise of the right shape (table2) where not given.
    #[arg(long, value_name = "SOURCE")]
    data: Option<Source>,
    /// What to measure; the matrix engine takes up to 4 lanes and is left out beyond where not asked for.
    #[arg(long, value_enum, value_name = "LIST", value_delimiter = ',')]
    engines: Vec<Contestant>,
    /// Width of the numbers.
    #[arg(long, value_enum, default_value_t = ScalarArgument::F32)]
    scalar: ScalarArgument,
    /// Number of lanes n.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=8))]
    lanes: u8,
    /// Timed runs of each operation.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(5..))]
    runs: u16,
    #[command(flatten)]
    compute: Compute,
}

pub(super) fn run(arguments: &Arguments, architecture: Architecture, report: &Report) -> Result<(), Error> {
    let contestants = arguments.contestants()?;
    let instruction_set = arguments.compute.instruction_set()?;
    let table = arguments.compute.install(|threads| {
        let (train, test) = arguments.data(architecture)?;
        let settings = Settings {
            architecture,
            contestants,
            lanes: arguments.lanes.into(),
            runs: arguments.runs.into(),
            batch: 32,
            threads,
            instruction_set,
            matrix_images: MATRIX_IMAGES,
        };
        if settings.contestants.contains(&Contestant::Matrix) && train.len() > MATRIX_IMAGES {
            report.remark(format!("remark: the matrix engine is trained with {MATRIX_IMAGES} of the images"));
        }
        let progress = report.progress("measuring", settings.steps(), "operations");
        match arguments.scalar.into() {
            ScalarName::F32 => Table::measure::<f32>(&settings, &train, &test, &progress),
            ScalarName::F64 => Table::measure::<f64>(&settings, &train, &test, &progress),
        }
    })??;
    report.result(&table, &table)
}

impl Arguments {
    fn contestants(&self) -> Result<Vec<Contestant>, Error> {
        let matrix = self.lanes <= MATRIX_LANES;
        if self.engines.is_empty() {
            let all = [Contestant::Plain, Contestant::Spectral, Contestant::Matrix];
            return Ok(all.into_iter().filter(|one| matrix || *one != Contestant::Matrix).collect());
        }
        if self.engines.contains(&Contestant::Matrix) && !matrix {
            return Err(more_nn::training::too_many_lanes(self.lanes.into()));
        }
        let mut contestants = Vec::new();
        for contestant in &self.engines {
            if !contestants.contains(contestant) {
                contestants.push(*contestant);
            }
        }
        Ok(contestants)
    }

    /// Training and test set.
    fn data(&self, architecture: Architecture) -> Result<(Dataset, Dataset), Error> {
        let (images, test_images) = match architecture {
            Architecture::Mnist => (60_000, 10_000),
            Architecture::Angiography => (702, 702),
        };
        let counts = [self.images.unwrap_or(images), self.test_images.unwrap_or(test_images)]
            .map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let parts = [Split::Train, Split::Test];
        let source = match (&self.data, architecture) {
            (None, Architecture::Angiography) => {
                let network = architecture.network();
                return Ok((made::images(&network, counts[0], 1)?, made::images(&network, counts[1], 2)?));
            }
            (None, Architecture::Mnist) => Source::Digits { count: None, seed: DEFAULT_SEED },
            (Some(source), _) => source.clone(),
        };
        let load =
            |part: usize| Dataset::load(&drawn(&source, counts[part]), parts[part], Some(counts[part]));
        Ok((load(0)?, load(1)?))
    }
}

/// Of digits without a number, as many as are wanted.
fn drawn(source: &Source, count: usize) -> Source {
    match source {
        Source::Digits { count: None, seed } => Source::Digits { count: Some(count), seed: *seed },
        other => other.clone(),
    }
}
