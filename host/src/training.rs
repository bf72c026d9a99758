//! Training, on plain data and on ciphertexts, by the same code.
//!
//! No function here takes a secret key, nor does anything they take hold one. A batch is cut into packs, the units of work of
//! the threads: each has its own gradient, and they are added in order, so any number of threads gives the same bits. In
//! spectral form every lane is a network of its own, computed on packs of plain numbers; nothing mixes lanes. In matrix
//! form weights and values are n x n matrices, which an evaluation key only keeps from leaving the algebra of ciphertexts.

mod adam;
mod lane;
mod optimizer;
pub(crate) mod order;
mod rule;

use std::fmt;
use std::time::Instant;

use more_core::{Ciphertext, EvaluationKey};
use nn_core::Element;
use nn_core::element::Pack;
use nn_core::simd::{InstructionSet, Isa, Job};
use rayon::prelude::*;
use serde_json::json;

use crate::architecture::Architecture;
use crate::augmentation::Augmentation;
use crate::components::{Learner, Scalar, Weight};
use crate::container::Form;
use crate::crew::Rooms;
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::model::Model;
use crate::progress::Progress;
use crate::samples::{Input, Samples, Source, not_encrypted};
use crate::standardization::Standardization;
pub use adam::Adam;
pub(crate) use lane::internal;
use lane::{Images, Lane, Pass, Scratch};
pub use optimizer::{ClassWeights, Optimizer, Schedule};

/// The most batches between two looks at the clock and at Ctrl-C.
const SEGMENT: usize = 32;

/// About how many bytes of images those are at most, which are in memory where images are streamed, or twice as many.
const SEGMENT_BYTES: usize = 16 << 20;

/// How ciphertexts are computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// Lane by lane: n times the plain cost.
    Spectral,
    /// The literal n x n matrices.
    Matrix,
}

impl Engine {
    /// The form that it computes in.
    #[must_use]
    pub const fn form(self) -> Form {
        match self {
            Self::Spectral => Form::Spectral,
            Self::Matrix => Form::Matrix,
        }
    }
}

/// What a batch's gradient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Gradient {
    /// The sum over its images.
    Sum,
    /// The mean over its images.
    Mean,
}

/// How a network is trained: gradient descent on mini-batches.
#[derive(Clone, Debug)]
pub struct Options {
    /// The network.
    pub architecture: Architecture,
    /// Passes over the data.
    pub epochs: usize,
    /// Images of a batch.
    pub batch: usize,
    /// Step size.
    pub learning_rate: f64,
    /// How it goes on from epoch to epoch.
    pub schedule: Schedule,
    /// What a step does with the gradient.
    pub optimizer: Optimizer,
    /// What each weight contributes of itself to the step that takes it towards 0; 0 for none.
    pub weight_decay: f64,
    /// How much the images of each class count.
    pub class_weights: ClassWeights,
    /// What the step is multiplied with.
    pub gradient: Gradient,
    /// Decides first weights, order and dropout.
    pub seed: u64,
    /// For ciphertexts; plain data is computed on as it is.
    pub engine: Engine,
    /// Instructions to compute with.
    pub instruction_set: InstructionSet,
    /// The map that images go through first; the model carries it.
    pub standardization: Option<Standardization>,
    /// Read the images anew in every epoch instead of holding them in memory: for data sets larger than that. A single epoch does so
    /// in any case: it needs each image once.
    pub stream: bool,
    /// Transform each image anew in each epoch.
    pub augmentation: Option<Augmentation>,
}

/// What is done with the model after each epoch, counted from 1.
pub type Checkpoint<'a, T> = dyn FnMut(usize, &Model<T>) -> Result<(), Error> + Send + 'a;

/// A trained model, and what it took.
#[derive(Clone, Debug)]
pub struct Trained<T> {
    /// The model.
    pub model: Model<T>,
    /// Seconds for reading, checking and converting what is held in memory.
    pub load_seconds: f64,
    /// Seconds of each epoch; where images are streamed, with their reading, checking and converting.
    pub epoch_seconds: Vec<f64>,
}

/// Trains a network on all images of `input`, on the threads of the current rayon pool. `checkpoint` gets the model
/// after each epoch, counted from 1.
///
/// # Errors
/// [`Kind::Shape`] for images that the network does not take; [`Kind::Missing`] without labels; [`Kind::Usage`] for options
/// out of range; [`Kind::NonFinite`] where the weights left the numbers; [`Kind::Interrupted`]; reading errors.
pub fn train<T: Scalar>(
    input: &Input,
    options: &Options,
    progress: &Progress,
    checkpoint: &mut Checkpoint<'_, T>,
) -> Result<Trained<T>, Error> {
    input.check(options.architecture)?;
    if !input.has_labels() {
        let error = Error::new(Kind::Missing, "the data has no labels, and training needs them");
        return Err(input.locate(error));
    }
    if options.batch == 0 {
        return Err(Error::usage("a batch needs at least one image"));
    }
    if !(options.learning_rate > 0.0 && options.learning_rate.is_finite()) {
        return Err(Error::usage("the learning rate must be a positive number"));
    }
    if !(options.weight_decay >= 0.0 && options.weight_decay.is_finite()) {
        return Err(Error::usage("the weight decay must be a number not below 0"));
    }
    if let Optimizer::Sgd { momentum } = options.optimizer
        && !(0.0..1.0).contains(&momentum)
    {
        return Err(Error::usage("the momentum must be a number from 0 to less than 1"));
    }
    let encrypted = input.form() != Form::Plain;
    if encrypted && options.engine == Engine::Matrix {
        if options.optimizer == Optimizer::Adam {
            return Err(Error::usage(
                "Adam divides by square roots lane by lane, which matrices do not have",
            )
            .with_hint("use --engine spectral, or --optimizer sgd"));
        }
        if options.class_weights != ClassWeights::Equal && input.has_encrypted_labels() {
            return Err(Error::usage(
                "class weights of encrypted labels are numbers of a lane, which matrices do not have",
            )
            .with_hint("use --engine spectral"));
        }
    }
    let class_weights = {
        let labels = input.plain_labels()?;
        options.class_weights.weights(input.class_names().len(), labels.as_deref())?
    };
    let form = if encrypted { options.engine.form() } else { Form::Plain };
    let start = Instant::now();
    progress.label("loading");
    let source = Source::<T>::open(input, &options.architecture.network(), form)?;
    let data = if options.stream {
        Data::Streamed(source)
    } else if options.epochs == 1 {
        Data::ReadOnce(source)
    } else {
        Data::Held(source.read_all(&Progress::hidden())?)
    };
    let load_seconds = start.elapsed().as_secs_f64();
    let key = match input {
        Input::File(file) if encrypted => {
            let id = file.metadata().key_id.ok_or_else(|| input.locate(not_encrypted("encrypted")))?;
            Some((id, file.container().evaluation_key_bytes()?))
        }
        _ => None,
    };
    let model = Model {
        architecture: options.architecture,
        classes: input.class_names().to_vec(),
        form,
        lanes: input.lanes(),
        key,
        planes: Vec::new(),
        loss: Vec::new(),
        standardization: options.standardization,
        training: Some(json!({
            "augmentation": options.augmentation.is_some(),
            "batch": options.batch,
            "epochs": options.epochs,
            "gradient": match options.gradient { Gradient::Sum => "sum", Gradient::Mean => "mean" },
            "images": input.count(),
            "learning_rate": options.learning_rate,
            "schedule": options.schedule.to_string(),
            "optimizer": options.optimizer.name(),
            "momentum": match options.optimizer { Optimizer::Sgd { momentum } => momentum, Optimizer::Adam => 0.0 },
            "weight_decay": options.weight_decay,
            "class_weights": options.class_weights.to_string(),
            "seed": options.seed,
        })),
    };
    let job = Run { input, options, class_weights, data, model, progress, checkpoint };
    let set = options.instruction_set;
    let outcome = match form {
        Form::Matrix => T::dispatch_matrix(set, OnMatrices(job)),
        _ => T::dispatch(set, OnPlanes(job)),
    };
    let (model, epoch_seconds) = outcome?;
    Ok(Trained { model, load_seconds, epoch_seconds })
}

/// Training on planes: plain data, or the lanes of ciphertexts.
struct OnPlanes<'a, T>(Run<'a, T>);

/// Training on matrices.
struct OnMatrices<'a, T>(Run<'a, T>);

/// Where the images are.
enum Data<'a, T> {
    /// In memory.
    Held(Samples<T>),
    /// Where they come from, and read while those before them are computed on: what waits for a disk costs little.
    Streamed(Source<'a, T>),
    /// Where they come from, and read by all threads in turn with training: what is in memory costs least, since no segment ends with
    /// threads that wait for others.
    ReadOnce(Source<'a, T>),
}

/// Training, to be compiled for each instruction set.
struct Run<'a, T> {
    input: &'a Input,
    options: &'a Options,
    class_weights: Option<Vec<f64>>,
    data: Data<'a, T>,
    model: Model<T>,
    progress: &'a Progress,
    checkpoint: &'a mut Checkpoint<'a, T>,
}

type Outcome<T> = Result<(Model<T>, Vec<f64>), Error>;

impl<T: Scalar> Job<T> for OnPlanes<'_, T> {
    type Output = Outcome<T>;

    fn run<I: Isa<Real = T>>(self, isa: I) -> Outcome<T> {
        let lanes = self.0.model.lanes;
        self.0.epochs::<I, Pack<I>, T>(isa, lanes, &|weight| weight)
    }
}

impl<T: Scalar> Job<T> for OnMatrices<'_, T> {
    type Output = Outcome<T>;

    fn run<I: Isa<Real = T>>(self, isa: I) -> Outcome<T> {
        match self.0.model.lanes {
            2 => self.0.matrix::<I, 2>(isa),
            3 => self.0.matrix::<I, 3>(isa),
            4 => self.0.matrix::<I, 4>(isa),
            lanes => Err(too_many_lanes(lanes)),
        }
    }
}

/// The error for matrices that are too large for the matrix engine.
#[must_use]
pub fn too_many_lanes(lanes: usize) -> Error {
    Error::usage(format!("the matrix engine takes 2 to 4 lanes, the data has {lanes}"))
        .with_hint("use --engine spectral, which takes any number of lanes")
}

impl<T: Scalar> Run<'_, T> {
    fn matrix<I: Isa<Real = T>, const N: usize>(self, isa: I) -> Outcome<T> {
        let Input::File(file) = self.input else { return Err(not_encrypted("matrix")) };
        let key: EvaluationKey<T, N> = file.container().evaluation_key()?;
        self.epochs::<I, Ciphertext<Pack<I>, N>, Ciphertext<T, N>>(isa, 1, &|weight| key.project(&weight))
    }

    fn epochs<I, E, W>(mut self, isa: I, lanes: usize, project: &(impl Fn(W) -> W + Sync)) -> Outcome<T>
    where
        I: Isa<Real = T>,
        E: Learner<I, W>,
        W: Weight + Element<Real = T>,
    {
        let options = self.options;
        let network = options.architecture.network();
        let initial: Vec<W> =
            order::initial_parameters(&network, options.seed).into_iter().map(W::from_plain).collect();
        let count = self.input.count();
        let batch = options.batch.min(count);
        let mut lanes = (0..lanes)
            .into_par_iter()
            .map(|lane| {
                Lane::<I, W>::new(isa, network, lane * W::COMPONENTS, &initial, batch, options.optimizer)
            })
            .collect::<Result<Vec<_>, _>>()?;
        drop(initial);
        let units = batch.div_ceil(I::SAMPLES) * lanes.len();
        let rooms = Rooms::new(units, || Scratch::<I, E>::new(isa, &network));
        let mut order = vec![0; count];
        let mut epoch_seconds = Vec::new();
        self.model.planes = planes(&lanes)?;
        for epoch in 0..options.epochs {
            self.progress.label(format!("epoch {}/{}", epoch + 1, options.epochs));
            let start = Instant::now();
            order::permutation(options.seed, epoch, &mut order);
            let pass = Pass {
                seed: options.seed,
                epoch,
                batch,
                learning_rate: options.learning_rate * options.schedule.factor(epoch, options.epochs),
                optimizer: options.optimizer,
                weight_decay: options.weight_decay,
                class_weights: self.class_weights.as_deref(),
                lanes: lanes.len(),
                mean: options.gradient == Gradient::Mean,
                augmentation: options.augmentation,
                standardization: options.standardization,
            };
            let mut train = |samples: &Samples<T>, images: Images<'_>| {
                interrupt::check()?;
                lanes
                    .par_iter_mut()
                    .try_for_each(|lane| lane.train(samples, images, &pass, &rooms, project))?;
                self.progress.advance(images.ids.len());
                Ok(())
            };
            let bytes = batch * self.input.image_values(self.model.form) * T::BYTES;
            let segment = batch * (SEGMENT_BYTES / bytes).clamp(1, SEGMENT);
            let segments = order.chunks(segment);
            match &self.data {
                Data::Held(samples) => {
                    for ids in segments {
                        train(samples, Images { ids, positions: ids })?;
                    }
                }
                Data::Streamed(source) => stream(source, segments, train)?,
                Data::ReadOnce(source) => {
                    let mut samples = source.room();
                    let positions: Vec<usize> = (0..segment.min(count)).collect();
                    for ids in segments {
                        source.gather(ids, &mut samples)?;
                        train(&samples, Images { ids, positions: &positions[..ids.len()] })?;
                    }
                }
            }
            epoch_seconds.push(start.elapsed().as_secs_f64());
            let scale = T::ONE / T::from_f64(count as f64);
            let loss = lanes.iter_mut().flat_map(|lane| {
                let loss = lane.take_loss();
                (0..W::COMPONENTS).map(move |component| loss.component(component) * scale)
            });
            self.model.loss.push(loss.collect());
            self.model.planes = planes(&lanes)?;
            check_finite(&self.model, epoch)?;
            (self.checkpoint)(epoch + 1, &self.model)?;
        }
        Ok((self.model, epoch_seconds))
    }
}

/// Trains on each segment while the next is read: two segments are in memory at a time.
fn stream<'a, T: Scalar>(
    source: &Source<'_, T>,
    mut segments: impl Iterator<Item = &'a [usize]> + Send,
    mut train: impl FnMut(&Samples<T>, Images<'_>) -> Result<(), Error> + Send,
) -> Result<(), Error> {
    let (mut samples, mut next) = (source.room(), source.room());
    let Some(mut ids) = segments.next() else { return Ok(()) };
    let positions: Vec<usize> = (0..ids.len()).collect();
    source.gather(ids, &mut samples)?;
    loop {
        let images = Images { ids, positions: &positions[..ids.len()] };
        let following = segments.next();
        let (trained, read) = rayon::join(
            || train(&samples, images),
            || following.map_or(Ok(()), |following| source.gather(following, &mut next)),
        );
        trained.and(read)?;
        let Some(following) = following else { return Ok(()) };
        ids = following;
        std::mem::swap(&mut samples, &mut next);
    }
}

/// The parameters of all lanes, plane by plane.
fn planes<I, W>(lanes: &[Lane<I, W>]) -> Result<Vec<Vec<I::Real>>, Error>
where
    I: Isa<Real: Scalar>,
    W: Weight + Element<Real = I::Real>,
{
    let mut planes = Vec::new();
    for lane in lanes {
        let parameters = lane.parameters()?;
        for component in 0..W::COMPONENTS {
            planes.push(parameters.iter().map(|weight| weight.component(component)).collect());
        }
    }
    Ok(planes)
}

/// Fails where no lane is left whose weights are numbers. In matrix form one that is not has spread to all.
fn check_finite<T: Scalar>(model: &Model<T>, epoch: usize) -> Result<(), Error> {
    let finite = |plane: &Vec<T>| plane.iter().all(|value| more_core::Real::is_finite(*value));
    let alive = match model.form {
        Form::Matrix => model.planes.iter().all(finite),
        _ => model.planes.iter().any(finite),
    };
    if alive {
        return Ok(());
    }
    let message = format!("the weights are no longer finite after epoch {}", epoch + 1);
    Err(Error::new(Kind::NonFinite, message).with_hint("train with a smaller --learning-rate"))
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form().name())
    }
}
