//! Growth with the size of images: a small network, scaled.

use std::hint::black_box;
use std::time::Instant;

use more_core::mask::Uniform;
use more_core::{Arithmetic, EvaluationKey, Real, SecretKey};
use nn_core::element::Pack;
use nn_core::simd::{Isa, Job};
use nn_core::{Alone, Gradient, Layer, Network, RowStream, Sample, Shape, avg_pool, conv, dense, train_with};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{Axis, Point, Series, Sizes};
use crate::bench::statistics::Times;
use crate::components::{Planes, Scalar, transforms};
use crate::container::{
    ContainerWriter, Content, Form, IMAGES, ImagesFile, MemoryFile, Metadata, Target, image_tensor,
    put_matrices,
};
use crate::dataset::Dataset;
use crate::error::{Error, Kind};
use crate::image_reader::{Buffers, ImageReader};
use crate::interrupt;
use crate::key_file::encode_evaluation_key;
use crate::lines::Lines;
use crate::progress::Progress;
use crate::rows::{RowBuffers, Rows};
use crate::samples::Input;
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
        let inputs =
            [Input::Plain(images(&self.network, I::SAMPLES)?), matrices::<T>(&self.network, I::SAMPLES)?];
        let mut plain = Images::new(&inputs[0], Form::Plain, self.network.input().len())?;
        let mut spectral = Images::new(&inputs[1], Form::Spectral, self.network.input().len())?;
        let networks = (0..=LANES).map(|_| Trained::<I>::new(isa, self.network));
        let mut networks = networks.collect::<Result<Vec<_>, _>>()?;
        let mut times: [Times; 4] = Default::default();
        for run in 0..=self.runs {
            for (index, times) in times.iter_mut().enumerate() {
                interrupt::check()?;
                let (images, networks) = if index % 2 == 0 {
                    (&mut plain, &mut networks[..1])
                } else {
                    (&mut spectral, &mut networks[1..])
                };
                let start = Instant::now();
                if index < 2 {
                    images.train(networks)?;
                } else {
                    images.infer(networks)?;
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

/// So many images.
fn images(network: &Network<'_>, count: usize) -> Result<Dataset, Error> {
    let Shape { channels, height, width } = network.input();
    let pixels = (0..count * network.input().len()).map(|index| (index * 7919 % 256) as u8).collect();
    Dataset::from_bytes([channels, height, width], vec!["0".to_owned()], pixels, vec![0; count])
}

/// So many encrypted images.
fn matrices<T: Scalar>(network: &Network<'_>, count: usize) -> Result<Input, Error> {
    let mut random = ChaCha20Rng::seed_from_u64(1);
    let key = SecretKey::<T, LANES>::generate(&mut random)?;
    let evaluation = encode_evaluation_key(&EvaluationKey::from_secret_key(&key, &mut random)?)?;
    let images = images(network, count)?;
    let metadata = Metadata::plain(Content::Images, T::SCALAR, &images.shape(), images.class_names());
    let metadata = metadata.encrypted(Form::Matrix, LANES, key.id());
    let memory = MemoryFile::new();
    let target = Target::Memory(memory.clone());
    let tensors = vec![image_tensor(&metadata, count)];
    let mut writer = ContainerWriter::start(&target, &metadata, Some(&evaluation), tensors)?;
    let mut masks = Uniform::new(T::ZERO, T::ONE)?;
    let plane = images.image_len();
    let mut messages = vec![T::ZERO; plane];
    let mut planes = vec![T::ZERO; plane * LANES * LANES];
    for image in 0..count {
        images.decode(image, 0..plane, &mut messages);
        for (index, message) in messages.iter().enumerate() {
            put_matrices(&[key.encrypt(*message, &mut masks, &mut random)?], &mut planes, plane, index);
        }
        writer.write(IMAGES, &planes)?;
    }
    writer.finish()?;
    Ok(Input::File(ImagesFile::open_memory(&memory)?))
}

/// The images of a pack in a form, as training and inference read them.
struct Images<'a, T: Scalar> {
    reader: ImageReader<'a, T>,
    rows: Rows<'a, T>,
    buffers: Buffers<T>,
    row_buffers: RowBuffers<T>,
    /// What was read, `[image][component][pixel]`.
    values: Vec<T>,
    components: usize,
    /// Pixels of an image.
    len: usize,
}

impl<'a, T: Scalar> Images<'a, T> {
    fn new(input: &'a Input, form: Form, len: usize) -> Result<Self, Error> {
        let (reader, rows) = (ImageReader::of(input, form)?, Rows::of(input, form)?);
        let components = form.components(input.lanes());
        let values = vec![T::ZERO; input.count() * components * len];
        let (buffers, row_buffers) = Default::default();
        Ok(Self { reader, rows, buffers, row_buffers, values, components, len })
    }

    /// A step of training of a network for each component.
    fn train<I: Isa<Real = T>>(&mut self, networks: &mut [Trained<I>]) -> Result<(), Error> {
        self.reader.read(0..I::SAMPLES, &mut self.buffers, &mut self.values)?;
        let images = Planes { values: &self.values, components: self.components, len: self.len };
        networks.iter_mut().enumerate().try_for_each(|(component, network)| network.train(&images, component))
    }

    /// The outputs, row by row, of a network for each component.
    fn infer<I: Isa<Real = T>>(&mut self, networks: &mut [Trained<I>]) -> Result<(), Error> {
        let mut streams = Vec::new();
        let isa = networks[0].isa;
        for trained in networks {
            let stream = RowStream::new(isa, &trained.network, &trained.parameters, &mut trained.memory);
            let stream = stream.and_then(|stream| stream.with_transforms(&trained.transforms));
            streams.push(stream.map_err(internal)?);
        }
        self.rows.each::<I, Pack<I>>(isa, 0..I::SAMPLES, &mut self.row_buffers, |ahead, rows, put| {
            for (component, stream) in streams.iter_mut().enumerate() {
                let fill =
                    |row: usize, channel: usize, place: &mut [Pack<I>]| put(component, row, channel, place);
                stream.push_rows_from(ahead, rows, fill).map_err(internal)?;
            }
            Ok(())
        })?;
        for stream in &streams {
            black_box(stream.output().map_err(internal)?);
        }
        Ok(())
    }
}

/// A network of one lane, and its memory.
struct Trained<I: Isa> {
    isa: I,
    network: Network<'static>,
    parameters: Vec<I::Real>,
    transforms: Lines<I::Real>,
    gradient: Vec<I::Real>,
    input: Vec<Pack<I>>,
    labels: Vec<Pack<I>>,
    workspace: Vec<Pack<I>>,
    /// Of a stream.
    memory: Vec<Pack<I>>,
}

impl<I: Isa<Real: Scalar>> Trained<I> {
    fn new(isa: I, network: Network<'static>) -> Result<Self, Error> {
        let parameters: Vec<I::Real> = order::initial_parameters(&network, 1);
        let transforms = transforms::<Pack<I>, _>(&network, &parameters).map_err(internal)?;
        let pack = |value: f64| Pack::<I>::splat(isa, I::Real::from_f64(value));
        let zeros = |length: usize| vec![pack(0.0); length];
        let mut labels = zeros(network.outputs());
        labels[0] = pack(1.0);
        Ok(Self {
            isa,
            network,
            gradient: vec![I::Real::ZERO; parameters.len()],
            parameters,
            transforms,
            input: zeros(network.input().len()),
            labels,
            workspace: zeros(network.workspace()),
            memory: zeros(network.stream_memory()),
        })
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
