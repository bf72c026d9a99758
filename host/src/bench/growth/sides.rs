//! Growth with the size of images: a small network, scaled.

use std::time::Instant;

use more_core::mask::Uniform;
use more_core::{Arithmetic, EvaluationKey, Real, SecretKey};
use nn_core::element::Pack;
use nn_core::simd::{Isa, Job};
use nn_core::{Layer, Network, Sample, Shape, avg_pool, conv, dense, infer, train};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{Axis, Point, Series, Sizes};
use crate::bench::statistics::Times;
use crate::components::{Planes, Scalar};
use crate::container::{matrix_entries, put_matrix_entries};
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::progress::Progress;
use crate::training::{internal, order};

/// The layers of the digits' network, but for the hidden dense layer: all work but the last layer's grows with the pixels.
const LAYERS: &[Layer] =
    &[conv(8, 3), Layer::Sigmoid, avg_pool(2), conv(16, 3), Layer::Sigmoid, avg_pool(2), dense(10)];

/// Lanes of the encrypted series.
const LANES: usize = 2;

/// The series of training and inference, plain and encrypted.
pub(super) fn measure<T: Scalar>(sizes: &Sizes, progress: &Progress) -> Result<Vec<Series>, Error> {
    progress.label(Axis::Pixels.names().0);
    let mut points: [Vec<Point>; 4] = Default::default();
    for &side in &sizes.sides {
        let network = Network::try_new(Shape::new(1, side, side), LAYERS).map_err(|error| {
            let message = format!("images of {side} x {side} do not fit the network");
            Error::new(Kind::Shape, message).caused_by(error)
        })?;
        let times = T::dispatch(sizes.instruction_set, Measurement { network, runs: sizes.runs })?;
        for (points, seconds) in points.iter_mut().zip(times) {
            points.push(Point { size: side * side, seconds });
        }
        progress.advance(1);
    }
    let names =
        [("training", "plain"), ("training", "spectral"), ("inference", "plain"), ("inference", "spectral")];
    let series = names.into_iter().zip(points);
    Ok(series
        .map(|((operation, engine), points)| Series::new(Axis::Pixels, operation, engine, points))
        .collect())
}

struct Measurement {
    network: Network<'static>,
    runs: usize,
}

impl<T: Scalar> Job<T> for Measurement {
    type Output = Result<[f64; 4], Error>;

    /// Seconds an image: training plain and encrypted, inference plain and encrypted.
    fn run<I: Isa<Real = T>>(self, isa: I) -> Self::Output {
        let mut random = ChaCha20Rng::seed_from_u64(1);
        let key = SecretKey::<T, LANES>::generate(&mut random)?;
        let evaluation = EvaluationKey::from_secret_key(&key, &mut random)?;
        let pixels = self.network.input().len();
        let plain: Vec<T> =
            (0..I::SAMPLES * pixels).map(|index| T::from_f64((index * 7919 % 256) as f64 / 255.0)).collect();
        let mut masks = Uniform::new(T::ZERO, T::ONE)?;
        let mut stored = vec![T::ZERO; plain.len() * LANES * LANES];
        for (message, entries) in plain.iter().zip(stored.chunks_exact_mut(LANES * LANES)) {
            put_matrix_entries(&key.encrypt(*message, &mut masks, &mut random)?, entries);
        }
        let mut lanes = vec![T::ZERO; plain.len() * LANES];
        let mut networks: Vec<_> = (0..=LANES).map(|_| Trained::<I>::new(isa, self.network)).collect();
        let mut times: [Times; 4] = Default::default();
        for run in 0..=self.runs {
            for (index, times) in times.iter_mut().enumerate() {
                interrupt::check()?;
                let (training, encrypted) = (index < 2, index % 2 == 1);
                let start = Instant::now();
                if encrypted {
                    to_lanes(&evaluation, &stored, pixels, &mut lanes);
                    let images = Planes { values: &lanes, components: LANES, len: pixels };
                    for (lane, network) in networks.iter_mut().skip(1).enumerate() {
                        network.run(&images, lane, training)?;
                    }
                } else {
                    networks[0].run(&Planes { values: &plain, components: 1, len: pixels }, 0, training)?;
                }
                // The first run is not timed: it touches all memory.
                if run > 0 {
                    times.push(start.elapsed().as_secs_f64() / I::SAMPLES as f64);
                }
            }
        }
        Ok(times.map(|times| times.median()))
    }
}

/// Matrices of images to lanes, as a file is read.
fn to_lanes<T: Scalar>(key: &EvaluationKey<T, LANES>, stored: &[T], pixels: usize, lanes: &mut [T]) {
    let images = stored.chunks_exact(pixels * LANES * LANES).zip(lanes.chunks_exact_mut(pixels * LANES));
    for (image, lanes) in images {
        for (pixel, entries) in image.chunks_exact(LANES * LANES).enumerate() {
            let spectrum = key.to_spectrum_unchecked(&matrix_entries::<T, LANES>(entries));
            for (lane, value) in spectrum.lanes().iter().enumerate() {
                lanes[lane * pixels + pixel] = *value;
            }
        }
    }
}

/// A network of one lane, and its memory.
struct Trained<I: Isa> {
    isa: I,
    network: Network<'static>,
    parameters: Vec<I::Real>,
    gradient: Vec<I::Real>,
    input: Vec<Pack<I>>,
    labels: Vec<Pack<I>>,
    workspace: Vec<Pack<I>>,
    scratch: Vec<Pack<I>>,
    output: Vec<Pack<I>>,
}

impl<I: Isa<Real: Scalar>> Trained<I> {
    fn new(isa: I, network: Network<'static>) -> Self {
        let parameters: Vec<I::Real> = order::initial_parameters(&network, 1);
        let pack = |value: f64| Pack::<I>::splat(isa, I::Real::from_f64(value));
        let zeros = |length: usize| vec![pack(0.0); length];
        let mut labels = zeros(network.outputs());
        labels[0] = pack(1.0);
        Self {
            isa,
            network,
            gradient: vec![I::Real::ZERO; parameters.len()],
            parameters,
            input: zeros(network.input().len()),
            labels,
            workspace: zeros(network.workspace()),
            scratch: zeros(network.scratch()),
            output: zeros(network.outputs()),
        }
    }

    /// Loss and gradient, or the outputs, of a pack of images in one lane.
    fn run(&mut self, images: &Planes<'_, I::Real>, lane: usize, training: bool) -> Result<(), Error> {
        let (isa, network) = (self.isa, &self.network);
        let items: [usize; 16] = std::array::from_fn(|index| index);
        images.gather::<I, Pack<I>>(self.isa, &items[..I::SAMPLES], lane, &mut self.input);
        if training {
            let weight = Pack::<I>::splat(isa, I::Real::ONE);
            let sample = Sample { input: &self.input, labels: &self.labels, masks: &[], weight };
            let (workspace, gradient) = (&mut self.workspace, &mut self.gradient);
            train(isa, network, &self.parameters, &sample, workspace, gradient).map(drop)
        } else {
            infer(isa, network, &self.parameters, &self.input, &mut self.scratch, &mut self.output)
        }
        .map_err(internal)
    }
}
