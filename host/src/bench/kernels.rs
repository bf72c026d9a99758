//! Every kernel of a network on one core, beside what the core can do at most.

use std::fmt;
use std::hint::black_box;
use std::time::Duration;

use more_core::Real;
use nn_core::element::Pack;
use nn_core::profile::StageKernels;
use nn_core::simd::{InstructionSet, Isa, Job};
use nn_core::{Alone, Gradient, Network, RowStream, Sample, train_with};
use serde::Serialize;

use super::rates::Rates;
use super::statistics::fastest;
use crate::architecture::Architecture;
use crate::components::{Scalar, transforms};
use crate::error::Error;
use crate::interrupt;
use crate::large_pages;
use crate::lines::Lines;
use crate::progress::Progress;
use crate::training::{internal, order};

/// The kernels of one network on packs of plain numbers.
#[derive(Clone, Debug, Serialize)]
pub struct NetworkKernels {
    /// The network.
    pub network: &'static str,
    /// Images of a pack.
    pub samples: usize,
    /// Stage by stage.
    pub stages: Vec<StageTimes>,
    /// A whole inference, row by row as `predict` does it.
    pub inference: Whole,
    /// A whole training step: loss and gradients, without the update, which a batch has once.
    pub training: Whole,
}

/// The kernels of one stage.
#[derive(Clone, Debug, Serialize)]
pub struct StageTimes {
    /// What it computes.
    pub stage: String,
    /// Multiply-accumulates an image, of each kernel but the activation gradient.
    pub multiply_accumulates: usize,
    /// Functions an image.
    pub activations: usize,
    /// Threads that can share the forward, activation gradient, weight gradient and input gradient kernel.
    pub shares: [usize; 4],
    /// The output, for inference.
    pub forward: Kernel,
    /// The output and the activations in front of the pool, for training.
    pub forward_kept: Kernel,
    /// The gradient in front of the activation.
    pub activation_gradient: Kernel,
    /// The gradient of the parameters.
    pub weight_gradient: Kernel,
    /// The gradient of the input; training does not need that of the first stage.
    pub input_gradient: Kernel,
}

/// One kernel on one pack.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Kernel {
    /// The shortest run.
    pub microseconds: f64,
    /// Operations of its multiply-accumulates, in 10^9 a second; none for the activation gradient.
    pub gflops: Option<f64>,
    /// Their share of the peak.
    pub peak_share: Option<f64>,
    /// The least time for its operations and functions, as a share of the time.
    pub limit_share: Option<f64>,
}

/// A whole pass of a network on one pack.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Whole {
    /// The shortest run.
    pub microseconds: f64,
    /// The sum of its kernels.
    pub kernels_microseconds: f64,
    /// All operations at the peak and all functions at the rate of `exp`; outputs that a pool drops are not among them.
    pub limit_microseconds: f64,
    /// The run, as a multiple of the limit.
    pub ratio: f64,
    /// The sum of the kernels, as a multiple of the limit.
    pub kernels_ratio: f64,
}

/// Measures the kernels of a network, spending about `budget` on each.
///
/// # Errors
/// [`Kind::Interrupted`](crate::Kind::Interrupted).
pub fn measure<T: Scalar>(
    architecture: Architecture,
    set: InstructionSet,
    rates: &Rates,
    budget: Duration,
    progress: &Progress,
) -> Result<NetworkKernels, Error> {
    T::dispatch(set, Measurement { architecture, rates, budget, progress })
}

/// Number of kernels that [`measure`] times, for progress.
#[must_use]
pub fn count(architecture: Architecture) -> usize {
    5 * architecture.network().stage_kernels().count() + 2
}

struct Measurement<'a> {
    architecture: Architecture,
    rates: &'a Rates,
    budget: Duration,
    progress: &'a Progress,
}

impl<T: Scalar> Job<T> for Measurement<'_> {
    type Output = Result<NetworkKernels, Error>;

    fn run<I: Isa<Real = T>>(self, isa: I) -> Self::Output {
        let network = self.architecture.network();
        let stages = network
            .stage_kernels()
            .map(|kernels| self.stage::<I>(isa, &kernels))
            .collect::<Result<Vec<_>, _>>()?;
        let forward = stages.iter().map(|stage| stage.forward.microseconds).sum();
        let backward = |(index, stage): (usize, &StageTimes)| {
            let input_gradient = if index == 0 { 0.0 } else { stage.input_gradient.microseconds };
            let gradients = stage.activation_gradient.microseconds + stage.weight_gradient.microseconds;
            stage.forward_kept.microseconds + gradients + input_gradient
        };
        let training = stages.iter().enumerate().map(backward).sum();
        let (inference_seconds, training_seconds) = self.whole::<I>(isa, &network)?;
        let macs = network.multiply_accumulates();
        Ok(NetworkKernels {
            network: self.architecture.name(),
            samples: I::SAMPLES,
            stages,
            inference: self.against_limit::<I>(inference_seconds, forward, 2 * macs),
            training: self.against_limit::<I>(training_seconds, training, network.training_operations()),
        })
    }
}

impl Measurement<'_> {
    fn against_limit<I: Isa>(&self, seconds: f64, kernels_microseconds: f64, operations: usize) -> Whole {
        let activations = self.architecture.network().activations();
        let limit = self.rates.limit(operations * I::SAMPLES, activations * I::SAMPLES);
        Whole {
            microseconds: seconds * 1e6,
            kernels_microseconds,
            limit_microseconds: limit * 1e6,
            ratio: seconds / limit,
            kernels_ratio: kernels_microseconds * 1e-6 / limit,
        }
    }

    fn time(&self, mut work: impl FnMut() -> Result<(), nn_core::Error>) -> Result<f64, Error> {
        interrupt::check()?;
        let mut outcome = Ok(());
        let seconds = fastest(self.budget, || outcome = work());
        self.progress.advance(1);
        outcome.map_err(internal).map(|()| seconds)
    }

    fn stage<I: Isa<Real: Scalar>>(&self, isa: I, kernels: &StageKernels) -> Result<StageTimes, Error> {
        let fill = |value: f64, length: usize| vec![pack(isa, value); length];
        let parameters = large_pages::filled(I::Real::from_f64(0.01), kernels.parameters());
        let mut gradient = parameters.clone();
        let input = fill(0.3, kernels.input().len());
        let mut input_gradient = input.clone();
        let mut output = fill(0.0, kernels.output().len());
        let (outputs, actives) = (kernels.output().len(), kernels.active().len());
        let mut active = fill(0.3, actives);
        let masks = fill(1.0, kernels.masks());
        let pooled = actives != outputs;

        let forward =
            self.time(|| kernels.forward::<Pack<I>, I::Real>(isa, &parameters, &input, None, &mut output))?;
        let forward_kept = self.time(|| {
            let kept = pooled.then_some(active.as_mut_slice());
            kernels.forward::<Pack<I>, I::Real>(isa, &parameters, &input, kept, &mut output)
        })?;
        // In place, again and again: a gradient of 1 in front of the pool keeps values from vanishing (subnormal numbers are
        // slow on some processors) and from growing.
        let output_gradient = fill((actives / outputs) as f64, outputs);
        let activation_gradient = self.time(|| {
            let (d, gradient) = (&output_gradient, &mut gradient);
            kernels.activation_gradient::<Pack<I>, I::Real>(isa, &masks, d, &mut active, gradient)
        })?;
        active.fill(pack(isa, 1e-3));
        let weight_gradient =
            self.time(|| kernels.weight_gradient(isa, &input, &active, Gradient::Write(&mut gradient)))?;
        let input_seconds = self.time(|| {
            kernels.input_gradient::<Pack<I>, I::Real>(isa, &parameters, &active, &mut input_gradient)
        })?;

        let operations = 2 * kernels.multiply_accumulates() * I::SAMPLES;
        let kernel = |seconds: f64, functions: usize| {
            let gflops = operations as f64 / seconds / 1e9;
            Kernel {
                microseconds: seconds * 1e6,
                gflops: Some(gflops),
                peak_share: Some(gflops / self.rates.peak_gflops),
                limit_share: Some(self.rates.limit(operations, functions * I::SAMPLES) / seconds),
            }
        };
        let activations = kernels.activations();
        Ok(StageTimes {
            stage: kernels.to_string(),
            multiply_accumulates: kernels.multiply_accumulates(),
            activations,
            shares: kernels.shares(),
            forward: kernel(forward, activations),
            forward_kept: kernel(forward_kept, activations),
            activation_gradient: Kernel {
                microseconds: activation_gradient * 1e6,
                gflops: None,
                peak_share: None,
                limit_share: None,
            },
            weight_gradient: kernel(weight_gradient, 0),
            input_gradient: kernel(input_seconds, 0),
        })
    }

    /// Seconds of an inference and of a training step.
    fn whole<I: Isa<Real: Scalar>>(&self, isa: I, network: &Network<'_>) -> Result<(f64, f64), Error> {
        let fill = |value: f64, length: usize| vec![pack(isa, value); length];
        let parameters: Lines<I::Real> = Lines::from_iter(0, order::initial_parameters(network, 1));
        let mut gradient = large_pages::filled(<I::Real as Real>::ZERO, parameters.len());
        let input = fill(0.3, network.input().len());
        let row = fill(0.3, network.input().channels * network.input().width);
        let mut memory = fill(0.0, network.stream_memory());
        let transforms = transforms::<Pack<I>, _>(network, &parameters).map_err(internal)?;
        let inference = self.time(|| {
            let mut stream = RowStream::<Pack<I>, I::Real>::new(isa, network, &parameters, &mut memory)?
                .with_transforms(&transforms)?;
            (0..network.input().height).try_for_each(|_| stream.push_row(&row))?;
            black_box(stream.output()?);
            Ok(())
        })?;
        let mut labels = fill(0.0, network.outputs());
        labels[0] = pack(isa, 1.0);
        let masks = fill(1.0, network.dropout_masks());
        // As training has it.
        let mut workspace = large_pages::filled(pack(isa, 0.0), network.workspace());
        let sample = Sample { input: &input, labels: &labels, masks: &masks, weight: pack(isa, 1.0) };
        let training = self.time(|| {
            let gradient = Gradient::Write(&mut gradient[..]);
            train_with(Alone, isa, network, &parameters, &sample, &mut workspace, gradient).map(drop)
        })?;
        Ok((inference, training))
    }
}

/// The same number in every sample.
fn pack<I: Isa>(isa: I, value: f64) -> Pack<I> {
    more_core::Arithmetic::splat(isa, I::Real::from_f64(value))
}

impl fmt::Display for NetworkKernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, microseconds a pack of {} images, GFLOP/s and share of the peak:\n{:44}{:>22}{:>22}{:>9}{:>22}{:>22}",
            self.network,
            self.samples,
            "stage",
            "forward",
            "forward, kept",
            "act.",
            "weight gradient",
            "input gradient"
        )?;
        for stage in &self.stages {
            writeln!(
                f,
                "{:44}{}{}{:9.2}{}{}",
                stage.stage,
                stage.forward,
                stage.forward_kept,
                stage.activation_gradient.microseconds,
                stage.weight_gradient,
                stage.input_gradient
            )?;
        }
        writeln!(
            f,
            "act.: activation gradient; the input gradient of the first stage is no part of a training step"
        )?;
        for (name, whole) in [("inference", &self.inference), ("training step", &self.training)] {
            writeln!(
                f,
                "{name:14} {:10.2} us, its kernels {:10.2} us, limit {:10.2} us: {:.2} and {:.2} times the limit",
                whole.microseconds,
                whole.kernels_microseconds,
                whole.limit_microseconds,
                whole.ratio,
                whole.kernels_ratio
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:10.2}", self.microseconds)?;
        match (self.gflops, self.peak_share) {
            (Some(gflops), Some(share)) => write!(f, "{gflops:7.1}{:4.0}%", 100.0 * share),
            _ => Ok(()),
        }
    }
}
