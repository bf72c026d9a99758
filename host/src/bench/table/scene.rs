//! The data, keys and models of a table, and the runs that make its rows.

mod owner;

use std::time::Instant;

use tempfile::TempDir;

use super::{Settings, Table, correlation};
use crate::architecture::Architecture;
use crate::bench::statistics::Times;
use crate::components::Scalar;
use crate::container::{Container, Content, Form, ImagesFile, MemoryFile, Target};
use crate::dataset::{Dataset, Split};
use crate::decryption::decrypt_container;
use crate::error::{Error, Kind};
use crate::inference::predict_to;
use crate::key_file::{EvaluationKeyFile, SecretKeyFile, evaluation_key_path, generate};
use crate::progress::Progress;
use crate::samples::Input;
use crate::training::{ClassWeights, Engine, Gradient, Optimizer, Options, Schedule, train};

/// What the runs share.
pub(super) struct Scene<'a> {
    settings: &'a Settings,
    train: &'a Dataset,
    test: &'a Dataset,
    secret: SecretKeyFile,
    evaluation: EvaluationKeyFile,
    /// Keys and models are small: they pass through files.
    folder: TempDir,
    progress: &'a Progress,
}

/// Training and test set in one form, and a model trained on them.
struct Prepared {
    form: Form,
    train: Input,
    test: Input,
    model: Container,
    outputs: MemoryFile,
}

/// The parts of a run of training that have a row each.
const TRAINING: [&str; 3] = ["conversion", "training_epoch", "training_epoch_converted"];

/// A run: the seconds of its parts.
type Runner<'a, const PARTS: usize> = &'a mut dyn FnMut() -> Result<[f64; PARTS], Error>;

impl<'a> Scene<'a> {
    pub(super) fn new<T: Scalar>(
        settings: &'a Settings,
        train: &'a Dataset,
        test: &'a Dataset,
        progress: &'a Progress,
    ) -> Result<Self, Error> {
        let folder = tempfile::tempdir()
            .map_err(|error| Error::new(Kind::Io, "cannot make a temporary folder").caused_by(error))?;
        let key = folder.path().join("key");
        generate(&key, T::SCALAR, settings.lanes, &mut getrandom::SysRng, true)?;
        let (secret, evaluation) =
            (SecretKeyFile::read(&key)?, EvaluationKeyFile::read(&evaluation_key_path(&key))?);
        Ok(Self { settings, train, test, secret, evaluation, folder, progress })
    }

    /// All rows.
    pub(super) fn measure<T: Scalar>(&self, table: &mut Table) -> Result<(), Error> {
        let (train, test) = (MemoryFile::new(), MemoryFile::new());
        if self.settings.engines().next().is_some() {
            self.key_generation::<T>(table)?;
            self.encryption::<T>(table, &train)?;
            self.encrypt(self.test, Split::Test, Form::Matrix, &test)?;
        }
        // In any case: weights in the clear are its.
        let (images, test_images) = (self.train.clone(), self.test.clone());
        let plain =
            self.prepare::<T>(Engine::Spectral, Input::Plain(images), Input::Plain(test_images), "plain")?;
        let twin = self.settings.has_plain().then_some(&plain);
        if twin.is_some() {
            self.training::<T>(table, Engine::Spectral, &plain, None)?;
            self.inference::<T>(table, "inference", Engine::Spectral, &plain, &plain.model, None)?;
        }
        for engine in self.settings.engines() {
            self.engine::<T>(table, engine, &train, &test, &plain, twin)?;
        }
        Ok(())
    }

    /// The rows of an engine, which gets all images in matrix form.
    fn engine<T: Scalar>(
        &self,
        table: &mut Table,
        engine: Engine,
        train: &MemoryFile,
        test: &MemoryFile,
        plain: &Prepared,
        twin: Option<&Prepared>,
    ) -> Result<(), Error> {
        let share = match engine {
            Engine::Matrix => self.settings.matrix_images.min(self.train.len()),
            Engine::Spectral => self.train.len(),
        };
        let (test, whole) = (Input::File(ImagesFile::open_memory(test)?), share == self.train.len());
        let own = if whole {
            self.prepare::<T>(
                engine,
                Input::File(ImagesFile::open_memory(train)?),
                test,
                engine.form().name(),
            )?
        } else {
            let (images, file) = (self.train.first(share), MemoryFile::new());
            self.encrypt(&images, Split::Train, Form::Matrix, &file)?;
            let images = Input::File(ImagesFile::open_memory(&file)?);
            self.prepare::<T>(engine, images, test, engine.form().name())?
        };
        match twin {
            Some(twin) if !whole => {
                let images = Input::Plain(self.train.first(share));
                self.training::<T>(table, engine, &own, Some(&images))?;
                self.inference::<T>(table, "inference", engine, &own, &own.model, Some(twin))?;
            }
            _ => {
                self.training::<T>(table, engine, &own, twin.map(|twin| &twin.train))?;
                self.inference::<T>(table, "inference", engine, &own, &own.model, twin)?;
            }
        }
        self.decryption::<T>(table, engine, &own.outputs)?;
        if let Some(twin) = twin.filter(|_| whole) {
            table.correlations.push((engine.form().name(), self.correlation(&own, twin)?));
        }
        if engine == Engine::Spectral {
            self.inference::<T>(table, "inference_plain_weights", engine, &own, &plain.model, twin)?;
        }
        Ok(())
    }

    /// Trains once, which also warms up, for a model.
    fn prepare<T: Scalar>(
        &self,
        engine: Engine,
        train_input: Input,
        test: Input,
        name: &str,
    ) -> Result<Prepared, Error> {
        let form = if train_input.form() == Form::Plain { Form::Plain } else { engine.form() };
        self.progress.label(format!("{name}: preparing"));
        let options = self.options(engine);
        let trained = train::<T>(&train_input, &options, &Progress::hidden(), &mut |_, _| Ok(()))?;
        let path = self.folder.path().join(name);
        trained.model.write(&path)?;
        let model = Container::open_as(&path, Content::Model)?;
        Ok(Prepared { form, train: train_input, test, model, outputs: MemoryFile::new() })
    }

    fn options(&self, engine: Engine) -> Options {
        Options {
            architecture: self.settings.architecture,
            epochs: 1,
            batch: self.settings.batch,
            learning_rate: 0.01,
            schedule: Schedule::Constant,
            optimizer: Optimizer::Sgd { momentum: 0.0 },
            weight_decay: 0.0,
            class_weights: ClassWeights::Equal,
            // Sums of the gradients of a batch of large images saturate all outputs before an epoch is over.
            gradient: match self.settings.architecture {
                Architecture::Mnist => Gradient::Sum,
                Architecture::Angiography => Gradient::Mean,
            },
            seed: 1,
            engine,
            instruction_set: self.settings.instruction_set,
            standardization: None,
            stream: false,
            augmentation: None,
        }
    }

    /// The rows of training, `twin` being the same images in the clear.
    fn training<T: Scalar>(
        &self,
        table: &mut Table,
        engine: Engine,
        own: &Prepared,
        twin: Option<&Input>,
    ) -> Result<(), Error> {
        self.progress.label(format!("{}: training", own.form));
        let options = self.options(engine);
        // A single epoch reads its images as it goes, more hold them in memory.
        let more = Options { epochs: 2, ..options.clone() };
        let run = |input: &Input| {
            let start = Instant::now();
            train::<T>(input, &options, &Progress::hidden(), &mut |_, _| Ok(()))?;
            let whole = start.elapsed().as_secs_f64();
            let held = train::<T>(input, &more, &Progress::hidden(), &mut |_, _| Ok(()))?;
            Ok([held.load_seconds, whole, held.epoch_seconds[1]])
        };
        let mut base = twin.map(|twin| || run(twin));
        let base = base.as_mut().map(|base| base as Runner<'_, 3>);
        let (plain, times) = self.alternate(base, &mut || run(&own.train))?;
        for ((operation, times), plain) in TRAINING.into_iter().zip(&times).zip(&plain) {
            // What is converted from pixels is no twin of what is converted from ciphertexts.
            let ratio = twin.filter(|_| operation != "conversion").map(|_| times.ratio_to(plain));
            table.push::<T>(self.settings, operation, Some(own.form), own.train.count(), times, ratio);
        }
        Ok(())
    }

    /// The row of an inference with a model.
    fn inference<T: Scalar>(
        &self,
        table: &mut Table,
        operation: &'static str,
        engine: Engine,
        own: &Prepared,
        model: &Container,
        twin: Option<&Prepared>,
    ) -> Result<(), Error> {
        self.progress.label(format!("{}: inference", own.form));
        let set = self.settings.instruction_set;
        let run = |data: &Prepared, model: &Container| {
            let out = Target::Memory(data.outputs.clone());
            let start = Instant::now();
            predict_to::<T>(&data.test, model, engine, set, &out, &Progress::hidden())?;
            Ok([start.elapsed().as_secs_f64()])
        };
        let mut base = twin.map(|twin| || run(twin, &twin.model));
        let base = base.as_mut().map(|base| base as Runner<'_, 1>);
        let ([plain], [times]) = self.alternate(base, &mut || run(own, model))?;
        let ratio = twin.map(|_| times.ratio_to(&plain));
        table.push::<T>(self.settings, operation, Some(own.form), own.test.count(), &times, ratio);
        Ok(())
    }

    /// Runs `base`, where there is one, and `own` in turn; the first run of each does not count.
    fn alternate<const PARTS: usize>(
        &self,
        mut base: Option<Runner<'_, PARTS>>,
        own: Runner<'_, PARTS>,
    ) -> Result<([Times; PARTS], [Times; PARTS]), Error> {
        let mut times = [(); 2].map(|()| std::array::from_fn(|_| Times::default()));
        for run in 0..=self.settings.runs {
            let base = base.as_mut().map(|base| base()).transpose()?;
            for (times, seconds) in times.iter_mut().zip([base, Some(own()?)]) {
                let counted = seconds.filter(|_| run > 0);
                for (times, seconds) in times.iter_mut().zip(counted.into_iter().flatten()) {
                    times.push(seconds);
                }
            }
        }
        self.progress.advance(1);
        let [base, own] = times;
        Ok((base, own))
    }

    /// How far outputs that were just computed on ciphertexts and in the clear agree.
    fn correlation(&self, own: &Prepared, twin: &Prepared) -> Result<f64, Error> {
        let open = |file: &MemoryFile| Container::open_memory(file, Content::Outputs);
        let encrypted = decrypt_container(&open(&own.outputs)?, Some(&self.secret))?;
        let plain = decrypt_container(&open(&twin.outputs)?, None)?;
        Ok(correlation(encrypted.values(), plain.values()))
    }
}
