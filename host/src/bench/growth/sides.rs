//! Growth with the size of images: a small network, scaled.

use std::hint::black_box;
use std::time::Instant;

use more_core::mask::Uniform;
use more_core::{Arithmetic, EvaluationKey, Real, SecretKey};
use nn_core::element::Pack;
use nn_core::simd::{Isa, Job, MAX_SAMPLES};
use nn_core::{Alone, Gradient, Layer, Network, RowStream, Sample, Shape, avg_pool, conv, dense, train_with};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{Axis, Point, Series, Sizes};
use crate::bench::statistics::Times;
use crate::components::{Planes, Scalar, gather_lines};
use crate::container::{LanePlanes, put_matrices};
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
        let matrices = LanePlanes::new(&EvaluationKey::from_secret_key(&key, &mut random)?);
        let pixels = self.network.input().len();
        let plain: Vec<T> =
            (0..I::SAMPLES * pixels).map(|index| T::from_f64((index * 7919 % 256) as f64 / 255.0)).collect();
        let mut masks = Uniform::new(T::ZERO, T::ONE)?;
        let mut stored = vec![T::ZERO; plain.len() * LANES * LANES];
        for (image, planes) in plain.chunks_exact(pixels).zip(stored.chunks_exact_mut(pixels * LANES * LANES))
        {
            for (index, message) in image.iter().enumerate() {
                put_matrices(&[key.encrypt(*message, &mut masks, &mut random)?], planes, pixels, index);
            }
        }
        let mut lanes = vec![T::ZERO; plain.len() * LANES];
        let mut networks: Vec<_> = (0..=LANES).map(|_| Trained::<I>::new(isa, self.network)).collect();
        let mut row = Vec::new();
        let mut times: [Times; 4] = Default::default();
        for run in 0..=self.runs {
            for (index, times) in times.iter_mut().enumerate() {
                interrupt::check()?;
                let (training, encrypted) = (index < 2, index % 2 == 1);
                let start = Instant::now();
                if !training {
                    let (rows, trained) = if encrypted {
                        (Rows::Matrices(&matrices, &stored), &mut networks[1..])
                    } else {
                        (Rows::Plain(&plain), &mut networks[..1])
                    };
                    infer(isa, &rows, &mut row, trained)?;
                } else if encrypted {
                    // As a file is read for training.
                    let images = stored.chunks_exact(pixels * LANES * LANES);
                    for (image, lanes) in images.zip(lanes.chunks_exact_mut(pixels * LANES)) {
                        for (place, run) in matrices.runs().enumerate() {
                            let planes: Vec<&[T]> =
                                run.map(|plane| &image[plane * pixels..][..pixels]).collect();
                            matrices.convert(place, &planes, lanes, [pixels, 0], &[]);
                        }
                    }
                    let images = Planes { values: &lanes, components: LANES, len: pixels };
                    for (lane, network) in networks.iter_mut().skip(1).enumerate() {
                        network.train(&images, lane)?;
                    }
                } else {
                    networks[0].train(&Planes { values: &plain, components: 1, len: pixels }, 0)?;
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

/// The images of a pack, one after the other.
enum Rows<'a, T: Real> {
    Plain(&'a [T]),
    Matrices(&'a LanePlanes<T>, &'a [T]),
}

/// The outputs of a pack of images, row by row as `predict` computes them, with a network for each lane. Lanes are made of each row of
/// the images by itself, where `predict` takes bands of rows.
fn infer<I: Isa<Real: Scalar>>(
    isa: I,
    images: &Rows<'_, I::Real>,
    row: &mut Vec<Pack<I>>,
    networks: &mut [Trained<I>],
) -> Result<(), Error> {
    let input = networks[0].network.input();
    row.resize(networks.len() * input.width, Pack::splat(isa, Real::ZERO));
    let mut streams = Vec::new();
    for trained in networks {
        let stream = RowStream::new(isa, &trained.network, &trained.parameters, &mut trained.memory);
        streams.push(stream.map_err(internal)?);
    }
    let (len, width) = (input.len(), input.width);
    let mut lanes = vec![I::Real::ZERO; I::SAMPLES * streams.len() * width];
    for index in 0..input.height {
        if let Rows::Matrices(matrices, values) = images {
            let images = values.chunks_exact(len * LANES * LANES);
            for (image, lanes) in images.zip(lanes.chunks_exact_mut(streams.len() * width)) {
                for (place, run) in matrices.runs().enumerate() {
                    let planes: Vec<_> =
                        run.map(|plane| &image[plane * len + index * width..][..width]).collect();
                    matrices.convert(place, &planes, lanes, [width, 0], &[]);
                }
            }
        }
        for (lane, packs) in row.chunks_exact_mut(width).enumerate() {
            let mut lines = [&[] as &[I::Real]; MAX_SAMPLES];
            for (sample, line) in lines.iter_mut().enumerate().take(I::SAMPLES) {
                *line = match images {
                    Rows::Plain(values) => &values[sample * len + index * width..][..width],
                    Rows::Matrices(..) => &lanes[(sample * streams.len() + lane) * width..][..width],
                };
            }
            gather_lines::<I, Pack<I>>(isa, &lines[..I::SAMPLES], 0, packs);
        }
        for (stream, row) in streams.iter_mut().zip(row.chunks_exact(input.width)) {
            stream.push_row(row).map_err(internal)?;
        }
    }
    for stream in &streams {
        black_box(stream.output().map_err(internal)?);
    }
    Ok(())
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
    /// Of a stream.
    memory: Vec<Pack<I>>,
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
            memory: zeros(network.stream_memory()),
        }
    }

    /// Loss and gradient of a pack of images in one lane.
    fn train(&mut self, images: &Planes<'_, I::Real>, lane: usize) -> Result<(), Error> {
        let (isa, network) = (self.isa, &self.network);
        let items: [usize; 16] = std::array::from_fn(|index| index);
        images.gather::<I, Pack<I>>(isa, &items[..I::SAMPLES], lane, &mut self.input);
        let weight = Pack::<I>::splat(isa, I::Real::ONE);
        let sample = Sample { input: &self.input, labels: &self.labels, masks: &[], weight };
        let (workspace, gradient) = (&mut self.workspace, &mut self.gradient);
        train_with(Alone, isa, network, &self.parameters, &sample, workspace, Gradient::Write(gradient))
            .map(drop)
            .map_err(internal)
    }
}
