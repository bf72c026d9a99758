//! How time grows with the size of images, the number of lanes, the batch and the data set.

mod plot;
mod sides;

use std::fmt;

use nn_core::simd::InstructionSet;
use serde::Serialize;

use super::statistics::Growth;
use super::table::{Contestant, Settings, Table};
use crate::architecture::Architecture;
use crate::components::Scalar;
use crate::container::scalar_name;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::progress::Progress;

/// The sizes to measure, and how.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// Heights and widths of images.
    pub sides: Vec<usize>,
    /// Numbers of lanes.
    pub lanes: Vec<usize>,
    /// Images of a batch.
    pub batches: Vec<usize>,
    /// Images of a data set, in rising order; the last but one serves the other series.
    pub images: Vec<usize>,
    /// Timed runs of each.
    pub runs: usize,
    /// Threads of the current pool, for the record.
    pub threads: usize,
    /// Instructions to compute with.
    pub instruction_set: InstructionSet,
}

impl Sizes {
    /// The steps that progress counts.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.sides.len() + self.lanes.len() + self.batches.len() + self.images.len()
    }
}

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Pixels of an image: seconds an image, on one thread, of a network of two convolutions and a dense layer.
    Pixels,
    /// Lanes of a ciphertext: seconds a data set of digits.
    Lanes,
    /// Images of a batch: seconds a batch of digits.
    Batch,
    /// Images of a data set: seconds a data set of digits.
    Images,
}

impl Axis {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pixels, Self::Lanes, Self::Batch, Self::Images];

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Pixels => ("pixels of an image", "seconds an image, one thread"),
            Self::Lanes => ("lanes", "seconds a data set"),
            Self::Batch => ("images of a batch", "seconds a batch"),
            Self::Images => ("images of a data set", "seconds a data set"),
        }
    }
}

/// The median time at one size.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Point {
    /// The size.
    pub size: usize,
    /// The median of the runs.
    pub seconds: f64,
}

/// The times of an operation along an axis.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// What grows.
    pub axis: Axis,
    /// `training` (conversion of the ciphertexts included), `inference`, `encryption` or `conversion`.
    pub operation: &'static str,
    /// `plain` or `spectral`; for `encryption` the form, `matrix`.
    pub engine: &'static str,
    /// The times, sizes rising.
    pub points: Vec<Point>,
    /// Least-squares exponent of the growth: 1 is linear.
    pub exponent: f64,
    /// The exponent in a word, see [`Growth::word`].
    pub growth: &'static str,
}

impl Series {
    fn new(axis: Axis, operation: &'static str, engine: &'static str, points: Vec<Point>) -> Self {
        let logarithmic: Vec<_> = points.iter().map(|point| (point.size as f64, point.seconds)).collect();
        let growth = Growth::fit(&logarithmic);
        Self { axis, operation, engine, points, exponent: growth.exponent, growth: growth.word() }
    }
}

/// All series.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Width of the numbers.
    pub scalar: &'static str,
    /// Instructions.
    pub simd: &'static str,
    /// Threads, but of the series over pixels, which has one.
    pub threads: usize,
    /// The series.
    pub series: Vec<Series>,
}

/// Operations of a table whose growth is of interest, with what they are called here.
const OPERATIONS: [(&str, &str); 4] = [
    ("training_epoch", "training"),
    ("inference", "inference"),
    ("encryption", "encryption"),
    ("conversion", "conversion"),
];

/// Measures growth along all axes on digits, of which there must be as many as the largest of `sizes.images`.
///
/// # Errors
/// As [`Table::measure`]; [`Kind::Shape`](crate::Kind::Shape) for images too small for two convolutions.
pub fn measure<T: Scalar>(sizes: &Sizes, data: &Dataset, progress: &Progress) -> Result<Report, Error> {
    let mut series = sides::measure::<T>(sizes, progress)?;
    let base = sizes.images[sizes.images.len().saturating_sub(2)];
    let table = |lanes: usize, batch: usize, images: usize| {
        let settings = Settings {
            architecture: Architecture::Mnist,
            contestants: vec![Contestant::Plain, Contestant::Spectral],
            lanes,
            runs: sizes.runs,
            batch,
            threads: sizes.threads,
            instruction_set: sizes.instruction_set,
            matrix_images: images,
        };
        let data = data.first(images);
        Table::measure::<T>(&settings, &data, &data, &Progress::hidden())
    };
    for (axis, points) in
        [(Axis::Lanes, &sizes.lanes), (Axis::Batch, &sizes.batches), (Axis::Images, &sizes.images)]
    {
        progress.label(axis.names().0);
        let mut tables = Vec::new();
        for &size in points {
            let (table, divisor) = match axis {
                Axis::Lanes => (table(size, 32, base)?, 1),
                Axis::Batch => (table(2, size, base)?, base.div_ceil(size)),
                Axis::Pixels | Axis::Images => (table(2, 32, size)?, 1),
            };
            tables.push((size, divisor, table));
            progress.advance(1);
        }
        for (operation, name) in OPERATIONS {
            for engine in ["plain", "spectral", "matrix"] {
                // What does not depend on the size in question is left out.
                let constant = axis == Axis::Lanes && engine == "plain"
                    || axis == Axis::Batch && operation != "training_epoch";
                let found = |(size, divisor, table): &(usize, usize, Table)| {
                    let row =
                        table.rows.iter().find(|row| row.operation == operation && row.engine == engine)?;
                    Some(Point { size: *size, seconds: row.seconds_median / *divisor as f64 })
                };
                let points: Vec<_> = tables.iter().filter_map(found).collect();
                if !constant && !points.is_empty() {
                    series.push(Series::new(axis, name, engine, points));
                }
            }
        }
    }
    Ok(Report {
        scalar: scalar_name(T::SCALAR),
        simd: sizes.instruction_set.name(),
        threads: sizes.threads,
        series,
    })
}

impl Report {
    /// The plot of all series, as an SVG document.
    ///
    /// # Errors
    /// [`Kind::Io`](crate::Kind::Io) where the plotting library fails.
    pub fn svg(&self) -> Result<String, Error> {
        plot::svg(self)
    }

    fn along(&self, axis: Axis) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(move |series| series.axis == axis)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}, {} threads; medians", self.scalar, self.simd, self.threads)?;
        for axis in Axis::ALL {
            let Some(first) = self.along(axis).next() else { continue };
            let (size, seconds) = axis.names();
            write!(f, "\n\n{seconds}\n{size:22}")?;
            for point in &first.points {
                write!(f, "{:>12}", point.size)?;
            }
            write!(f, "  exponent")?;
            for series in self.along(axis) {
                write!(f, "\n{:22}", format!("{}, {}", series.operation, series.engine))?;
                for point in &series.points {
                    write!(f, "{:>12.6}", point.seconds)?;
                }
                write!(f, "{:>10.2}  {}", series.exponent, series.growth)?;
            }
        }
        Ok(())
    }
}
