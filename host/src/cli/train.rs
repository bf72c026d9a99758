//! `train`: a network on encrypted or plain images. There is no option for a secret key.

use std::path::PathBuf;

use more_core::Scalar as ScalarName;
use serde::Serialize;

use super::engine::Compute;
use super::keygen::ScalarArgument;
use super::source_options::SourceOptions;
use super::{Report, distinct, input};
use more_nn::architecture::Architecture;
use more_nn::augmentation::Augmentation;
use more_nn::components::Scalar;
use more_nn::container::Form;
use more_nn::dataset::{self, Split};
use more_nn::error::{Error, Kind};
use more_nn::metrics::{Metrics, evaluate};
use more_nn::model::Model;
use more_nn::output_file::{Access, OutputFile};
use more_nn::samples::Input;
use more_nn::standardization::Standardization;
use more_nn::training::{ClassWeights, Engine, Gradient, Optimizer, Options, Schedule, train};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The data: a file made by `encrypt`, or for a plain model a SOURCE: mnist:DIR, images:DIR, dicom:DIR, dicom:FILE, npz:FILE,
    /// safetensors:FILE, digits or angiograms (:COUNT or :COUNT:SEED behind them for a number).
    #[arg(long, value_name = "FILE|SOURCE")]
    data: dataset::Input,
    /// The part of a SOURCE.
    #[arg(long, value_enum, default_value_t = Split::Train)]
    split: Split,
    /// Take the first N images of a SOURCE only.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// The network.
    #[arg(long, value_enum)]
    network: Architecture,
    /// Passes over the data.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Images of a batch.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Step size of stochastic gradient descent.
    #[arg(long, value_name = "RATE", default_value_t = 0.01)]
    learning_rate: f64,
    /// How the learning rate goes on: constant, cosine, or step:EPOCHS:FACTOR.
    #[arg(long, default_value_t = Schedule::Constant)]
    schedule: Schedule,
    /// What a step does with the gradient; adam needs plain data or the spectral engine.
    #[arg(long, value_enum, default_value_t = OptimizerName::Sgd)]
    optimizer: OptimizerName,
    /// How much of each step sgd repeats in the next.
    #[arg(long, value_name = "FACTOR", default_value_t = 0.0)]
    momentum: f64,
    /// How much of themselves the weights lose in a step, times the learning rate.
    #[arg(long, value_name = "FACTOR", default_value_t = 0.0)]
    weight_decay: f64,
    /// How much the images of each class count: equal, balanced (plain labels), or a weight for each class, as 0.8,1.33.
    #[arg(long, default_value_t = ClassWeights::Equal)]
    class_weights: ClassWeights,
    /// What a step follows: the sum over a batch's images, or their mean.
    #[arg(long, value_enum, default_value_t = Gradient::Sum)]
    gradient: Gradient,
    /// Standardize the images, x -> (x - mean) / deviation, by the two numbers that the training part's file carries: always, never,
    /// or where the network is `angiography` and the file has them. The model carries them on to `predict`.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Standardize::Auto, default_missing_value = "always",
          num_args = 0..=1, require_equals = true)]
    standardize: Standardize,
    /// Decides first weights, order of the images, dropout and augmentation: the same seed gives the same model, to the last bit.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How ciphertexts are computed on: lane by lane, or as the literal n x n matrices.
    #[arg(long, value_enum, default_value_t = Engine::Spectral)]
    engine: Engine,
    /// Width of the numbers where the data is a SOURCE; a file has its own.
    #[arg(long, value_enum)]
    scalar: Option<ScalarArgument>,
    /// Read the images anew in every epoch instead of holding them in memory: for data sets larger than that. A single epoch does so
    /// in any case. The model is the same, to the last bit.
    #[arg(long)]
    stream: bool,
    /// Turn (within 10 degrees), move (5 %) and enlarge or shrink (10 %) each image at random, anew in each epoch. Works on
    /// ciphertexts and needs no key.
    #[arg(long)]
    augment: bool,
    #[command(flatten)]
    compute: Compute,
    /// Also write the model after each epoch, as DIR/epoch-0001.safetensors and so on.
    #[arg(long, value_name = "DIR")]
    checkpoints: Option<PathBuf>,
    /// Write loss and accuracy after each epoch, on the training data and on that of --validation, encrypted where the data
    /// is: for `curve`. Takes an inference of both after each epoch.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Data that --metrics looks at beside the training data.
    #[arg(long, value_name = "FILE|SOURCE", requires = "metrics")]
    validation: Option<dataset::Input>,
    /// The part of a SOURCE that --validation takes.
    #[arg(long, value_enum, value_name = "PART", default_value_t = Split::Val, requires = "validation")]
    validation_split: Split,
    /// The model to write; a file of that name is replaced.
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    #[command(flatten)]
    files: SourceOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Standardize {
    Auto,
    Always,
    Never,
}

impl Standardize {
    /// The map for a network and its training set.
    fn of(
        self,
        network: Architecture,
        data: &Input,
        report: &Report,
    ) -> Result<Option<Standardization>, Error> {
        if self == Self::Never || self == Self::Auto && network != Architecture::Angiography {
            return Ok(None);
        }
        let found = match data {
            Input::File(file) => file.metadata().standardization,
            Input::Plain(data) => {
                Standardization::of(data, &report.progress("measuring", data.len(), "images"))?
            }
        };
        if found.is_none() && self == Self::Always {
            let message = "the data carries no mean and standard deviation, or all its pixels are equal";
            let error = Error::new(Kind::Missing, message);
            return Err(data
                .locate(error)
                .with_hint("encrypt the training part without --no-standardization"));
        }
        Ok(found)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OptimizerName {
    /// Stochastic gradient descent.
    Sgd,
    /// Adam, lane by lane.
    Adam,
}

impl Arguments {
    fn optimizer(&self) -> Result<Optimizer, Error> {
        match self.optimizer {
            OptimizerName::Sgd => Ok(Optimizer::Sgd { momentum: self.momentum }),
            OptimizerName::Adam if self.momentum != 0.0 => {
                Err(Error::usage("adam has a momentum of its own: leave --momentum out"))
            }
            OptimizerName::Adam => Ok(Optimizer::Adam),
        }
    }
}

/// How checkpoints are called, `{}` standing for the epoch.
const CHECKPOINT: &str = "epoch-{}.safetensors";

/// What `--json` prints.
#[derive(Serialize)]
struct Fields {
    images: usize,
    epochs: u32,
    /// Of all epochs, without loading what is held in memory.
    seconds: f64,
    images_per_second: f64,
    threads: usize,
    engine: &'static str,
    lanes: usize,
    scalar: &'static str,
    simd: &'static str,
    load_seconds: f64,
    /// Mean and standard deviation that images are standardized by.
    standardization: Option<[f64; 2]>,
    epoch_seconds: Vec<f64>,
    /// The mean loss of each epoch where it is plain; encrypted ones are in the model's file.
    loss: Option<Vec<f64>>,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let validation = arguments.validation.as_ref().and_then(dataset::Input::path);
    distinct::check(
        &[("--data", arguments.data.path()), ("--validation", validation)],
        &[("--out", Some(&arguments.out)), ("--metrics", arguments.metrics.as_deref())],
    )?;
    // Better now than after hours of training.
    drop(OutputFile::create(&arguments.out, Access::Shared, true)?);
    let (files, split) = (&arguments.files, arguments.split);
    let (data, scalar) = input::open(&arguments.data, files, split, arguments.limit, arguments.scalar)?;
    let validation = match &arguments.validation {
        Some(validation) => {
            let split = arguments.validation_split;
            Some(input::open(validation, files, split, None, Some(scalar.into()))?.0)
        }
        None => None,
    };
    if let Some(metrics) = &arguments.metrics {
        drop(OutputFile::create(metrics, Access::Shared, true)?);
    }
    match scalar {
        ScalarName::F32 => run_as::<f32>(arguments, &data, validation.as_ref(), report),
        ScalarName::F64 => run_as::<f64>(arguments, &data, validation.as_ref(), report),
    }
}

fn run_as<T: Scalar>(
    arguments: &Arguments,
    data: &Input,
    validation: Option<&Input>,
    report: &Report,
) -> Result<(), Error> {
    let options = Options {
        architecture: arguments.network,
        epochs: arguments.epochs as usize,
        batch: arguments.batch as usize,
        learning_rate: arguments.learning_rate,
        schedule: arguments.schedule,
        optimizer: arguments.optimizer()?,
        weight_decay: arguments.weight_decay,
        class_weights: arguments.class_weights.clone(),
        gradient: arguments.gradient,
        seed: arguments.seed,
        engine: arguments.engine,
        instruction_set: arguments.compute.instruction_set()?,
        standardization: arguments.standardize.of(arguments.network, data, report)?,
        stream: arguments.stream,
        augmentation: arguments.augment.then(|| Augmentation::new(arguments.seed)),
    };
    if let Some(folder) = &arguments.checkpoints {
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, "create the folder", error))?;
    }
    let progress = report.progress("training", data.count() * options.epochs, "images");
    let parts: Vec<(&str, &Input)> = [("train", Some(data)), ("validation", validation)]
        .into_iter()
        .filter_map(|(n, d)| d.map(|d| (n, d)))
        .collect();
    let mut metrics =
        Metrics { parts: parts.iter().map(|(name, _)| (*name).to_owned()).collect(), epochs: Vec::new() };
    let mut checkpoint = |epoch: usize, model: &Model<T>| {
        if let Some(folder) = &arguments.checkpoints {
            model.write(&folder.join(CHECKPOINT.replace("{}", &format!("{epoch:04}"))))?;
        }
        let Some(path) = &arguments.metrics else { return Ok(()) };
        let figures = parts
            .iter()
            .map(|(_, input)| evaluate(input, model, options.engine, options.instruction_set))
            .collect::<Result<Vec<_>, Error>>()?;
        // From a data set's lanes to a lane's data sets.
        let lanes = (0..model.lanes).map(|lane| figures.iter().map(|lanes| lanes[lane]).collect());
        metrics.epochs.push(lanes.collect());
        metrics.write(path, model, arguments.checkpoints.as_ref().map(|_| CHECKPOINT))
    };
    let (trained, threads) = arguments.compute.install(|threads| {
        train::<T>(data, &options, &progress, &mut checkpoint).map(|trained| (trained, threads))
    })??;
    drop(progress);
    trained.model.write(&arguments.out)?;

    let model = &trained.model;
    let seconds = trained.epoch_seconds.iter().sum::<f64>();
    let plain = model.form == Form::Plain;
    let fields = Fields {
        images: data.count(),
        epochs: arguments.epochs,
        seconds,
        images_per_second: (data.count() * options.epochs) as f64 / seconds,
        threads,
        engine: model.form.name(),
        lanes: model.lanes,
        scalar: more_nn::container::scalar_name(T::SCALAR),
        simd: options.instruction_set.name(),
        load_seconds: trained.load_seconds,
        standardization: model.standardization.map(|found| [found.mean(), found.deviation()]),
        epoch_seconds: trained.epoch_seconds.clone(),
        loss: plain.then(|| model.loss.iter().map(|loss| more_core::Real::to_f64(loss[0])).collect()),
    };
    let text = format!(
        "trained {} on {} images ({}), {} epochs in {:.2} s ({:.0} images/s on {} threads): {}",
        arguments.network,
        fields.images,
        if plain { "plain".to_owned() } else { format!("{} engine, n = {}", fields.engine, fields.lanes) },
        fields.epochs,
        seconds,
        fields.images_per_second,
        threads,
        arguments.out.display()
    );
    report.result(&fields, text)
}
