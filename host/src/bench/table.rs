//! The paper's tables: every operation of the scheme and of the network, on ciphertexts and in the clear.

pub mod made;
mod paper;
mod scene;

use std::fmt;

use nn_core::simd::InstructionSet;
use serde::Serialize;

use super::statistics::Times;
use crate::architecture::Architecture;
use crate::components::Scalar;
use crate::container::{Form, scalar_name};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::progress::Progress;
use crate::training::Engine;
use scene::Scene;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Contestant {
    /// Images and weights in the clear.
    Plain,
    /// Ciphertexts, lane by lane.
    Spectral,
    /// Ciphertexts, as the literal n x n matrices.
    Matrix,
}

impl Contestant {
    /// The engine, none for plain data.
    #[must_use]
    pub const fn engine(self) -> Option<Engine> {
        match self {
            Self::Plain => None,
            Self::Spectral => Some(Engine::Spectral),
            Self::Matrix => Some(Engine::Matrix),
        }
    }
}

/// How a table is measured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The network.
    pub architecture: Architecture,
    /// The rows.
    pub contestants: Vec<Contestant>,
    /// Lanes of the ciphertexts.
    pub lanes: usize,
    /// Timed runs of each operation, after one that is not.
    pub runs: usize,
    /// Images of a batch.
    pub batch: usize,
    /// Threads of the current pool, for the record.
    pub threads: usize,
    /// Instructions to compute with.
    pub instruction_set: InstructionSet,
    /// The most images the matrix engine is trained with.
    pub matrix_images: usize,
}

impl Settings {
    /// The steps that progress counts.
    #[must_use]
    pub fn steps(&self) -> usize {
        let rows = |engine| if engine == Engine::Spectral { 4 } else { 3 };
        let engines: usize = self.engines().map(rows).sum();
        2 * usize::from(self.has_plain()) + engines + if engines > 0 { 3 } else { 0 }
    }

    fn engines(&self) -> impl Iterator<Item = Engine> {
        self.contestants.iter().filter_map(|contestant| contestant.engine())
    }

    fn has_plain(&self) -> bool {
        self.contestants.contains(&Contestant::Plain)
    }
}

/// An operation with its times.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// One of
    ///
    /// - `key_generation`: a secret key and its evaluation key;
    /// - `encryption` of the training set with its labels into a container in memory; the engine is the form that it is given;
    /// - `conversion` of the training set to what the engine computes on, once (pixels to numbers for `plain`; matrices to
    ///   lanes for `spectral`; matrices to planes for `matrix`);
    /// - `training_epoch`: conversion and one epoch;
    /// - `training_epoch_converted`: the epoch alone, as each but the first;
    /// - `inference` of the test set, from matrices to outputs in memory, weights encrypted where images are;
    /// - `inference_plain_weights`: the same with weights in the clear;
    /// - `decryption` of the test set's outputs.
    pub operation: &'static str,
    /// `plain`, `spectral`, `matrix`; `any` where it does not matter.
    pub engine: &'static str,
    /// Width of the numbers.
    pub scalar: &'static str,
    /// Lanes of a ciphertext, 1 for plain data.
    pub lanes: usize,
    /// Threads.
    pub threads: usize,
    /// Images of one run, 0 for `key_generation`.
    pub images: usize,
    /// The middle run.
    pub seconds_median: f64,
    /// The shortest run.
    pub seconds_min: f64,
    /// The longest run.
    pub seconds_max: f64,
    /// The median of the ratios of neighbouring runs, plain and encrypted ones alternating; where there is no plain twin, none.
    pub ratio_to_plain: Option<f64>,
}

/// All rows of a network. As JSON it is the network's name and the rows.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// The network.
    pub network: &'static str,
    /// The rows.
    pub rows: Vec<Row>,
    /// Pearson's correlation of the decrypted outputs of a network trained and evaluated on ciphertexts with those of its plain
    /// twin, for engines that were trained with as many images as the plain one.
    #[serde(skip)]
    pub correlations: Vec<(&'static str, f64)>,
    #[serde(skip)]
    architecture: Architecture,
}

impl Table {
    /// Measures all operations on the threads of the current rayon pool.
    ///
    /// # Errors
    /// [`Kind::Shape`](crate::Kind::Shape) for images that the network does not take;
    /// [`Kind::Usage`](crate::Kind::Usage) for more lanes than an engine takes;
    /// [`Kind::Interrupted`](crate::Kind::Interrupted); [`Kind::Io`](crate::Kind::Io) for the temporary folder of keys and
    /// models; [`Kind::Random`](crate::Kind::Random).
    pub fn measure<T: Scalar>(
        settings: &Settings,
        train: &Dataset,
        test: &Dataset,
        progress: &Progress,
    ) -> Result<Self, Error> {
        for data in [train, test] {
            settings.architecture.check_data(data.shape(), data.class_names().len())?;
        }
        let mut table = Self {
            network: settings.architecture.name(),
            rows: Vec::new(),
            correlations: Vec::new(),
            architecture: settings.architecture,
        };
        Scene::new::<T>(settings, train, test, progress)?.measure::<T>(&mut table)?;
        Ok(table)
    }

    fn push<T: Scalar>(
        &mut self,
        settings: &Settings,
        operation: &'static str,
        form: Option<Form>,
        images: usize,
        times: &Times,
        ratio_to_plain: Option<f64>,
    ) {
        self.rows.push(Row {
            operation,
            engine: form.map_or("any", Form::name),
            scalar: scalar_name(T::SCALAR),
            lanes: if form == Some(Form::Plain) { 1 } else { settings.lanes },
            threads: settings.threads,
            images,
            seconds_median: times.median(),
            seconds_min: times.shortest(),
            seconds_max: times.longest(),
            ratio_to_plain,
        });
    }
}

/// Pearson's correlation coefficient; NaN where one of the two does not vary.
#[must_use]
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (a_mean, b_mean) = (mean(a), mean(b));
    let (mut product, mut a_square, mut b_square) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - a_mean, b - b_mean);
        product += a * b;
        a_square += a * a;
        b_square += b * b;
    }
    // Rounding may leave the interval.
    (product / (a_square * b_square).sqrt()).clamp(-1.0, 1.0)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row) = self.rows.first() {
            writeln!(f, "{}, {}, {} threads\n", self.network, row.scalar, row.threads)?;
        }
        writeln!(
            f,
            "{:26}{:10}{:>3}{:>8}{:>12}{:>12}{:>12}{:>9}{:>20}",
            "operation",
            "engine",
            "n",
            "images",
            "median s",
            "min s",
            "max s",
            "/ plain",
            "paper: s, / plain"
        )?;
        for row in &self.rows {
            let ratio = row.ratio_to_plain.map_or_else(String::new, |ratio| format!("{ratio:.3}"));
            let paper = match row.engine {
                "spectral" | "matrix" => paper::text(self.architecture, row.operation),
                _ => String::new(),
            };
            writeln!(
                f,
                "{:26}{:10}{:>3}{:>8}{:>12.6}{:>12.6}{:>12.6}{:>9}{:>20}",
                row.operation,
                row.engine,
                row.lanes,
                row.images,
                row.seconds_median,
                row.seconds_min,
                row.seconds_max,
                ratio,
                paper
            )?;
        }
        for (engine, correlation) in &self.correlations {
            writeln!(f, "correlation of {engine} and plain outputs: 1 - {:.1e}", 1.0 - correlation)?;
        }
        write!(f, "{}", paper::NOTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_is_that_of_the_textbook() {
        let a = [1.0, 2.0, 3.0, 5.0];
        assert_eq!(correlation(&a, &[2.0, 4.0, 6.0, 10.0]), 1.0);
        assert_eq!(correlation(&a, &[-1.0, -2.0, -3.0, -5.0]), -1.0);
        // Deviations (-1.75, -0.75, 0.25, 2.25) and (0, 1, -1, 0): -1 / sqrt(8.75 * 2).
        let value = correlation(&a, &[1.0, 2.0, 0.0, 1.0]);
        assert!((value + 1.0 / 17.5_f64.sqrt()).abs() < 4.0 * f64::EPSILON, "{value}");
        assert!(correlation(&a, &[1.0; 4]).is_nan());
    }
}
