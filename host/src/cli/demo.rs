//! `demo`: the whole path on drawn digits, in the roles of the data owner and of the service, and its plain twin.

use std::path::{Path, PathBuf};

use more_core::Scalar;
use nn_core::simd::InstructionSet;
use serde::Serialize;

use super::Report;
use super::engine::Compute;
use more_nn::architecture::Architecture;
use more_nn::comparison::Comparison;
use more_nn::container::{Container, Content, Form, ImagesFile};
use more_nn::dataset::{Dataset, Source, Split};
use more_nn::decryption::{Outputs, decrypt_outputs};
use more_nn::encryption::{self, encrypt};
use more_nn::error::Error;
use more_nn::inference::predict;
use more_nn::key_file::{EvaluationKeyFile, SecretKeyFile, evaluation_key_path, generate};
use more_nn::samples::Input;
use more_nn::training::{ClassWeights, Engine, Gradient, Optimizer, Options, Schedule, train};

/// Passes over the data: enough for the accuracy to settle.
const EPOCHS: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder for keys, ciphertexts, models and results; made where it is missing.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    out: PathBuf,
    #[command(flatten)]
    compute: Compute,
}

/// What `--json` prints. The seconds are those of training.
#[derive(Serialize)]
struct Fields {
    accuracy_encrypted: f64,
    accuracy_plain: f64,
    agreement: f64,
    max_logit_difference: f64,
    seconds_encrypted: f64,
    seconds_plain: f64,
    ratio: f64,
    images: usize,
    test_images: usize,
    epochs: usize,
    threads: usize,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let folder = &arguments.out;
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, "create the folder", error))?;
    let set = arguments.compute.instruction_set()?;
    let fields = arguments.compute.install(|threads| story(folder, set, threads, report))??;
    report.result(&fields, table(&fields, folder))
}

fn story(folder: &Path, set: InstructionSet, threads: usize, report: &Report) -> Result<Fields, Error> {
    let file = |name: &str| folder.join(name);
    let source = Source::Digits { count: None, seed: 1 };
    let (training, test) =
        (Dataset::load(&source, Split::Train, None)?, Dataset::load(&source, Split::Test, None)?);

    report.remark("owner:   makes a key and encrypts images and labels");
    let key = file("key");
    generate(&key, Scalar::F32, 2, &mut getrandom::SysRng, true)?;
    let (secret, evaluation) =
        (SecretKeyFile::read(&key)?, EvaluationKeyFile::read(&evaluation_key_path(&key))?);
    let options = encryption::Options {
        form: Form::Matrix,
        plain_labels: false,
        standardization: None,
        seed: None,
        augmentation: None,
    };
    for (data, split, name) in
        [(&training, Split::Train, "train.safetensors"), (&test, Split::Test, "test.safetensors")]
    {
        let progress = report.progress("encrypting", data.len(), "images");
        encrypt(data, split, &secret, &evaluation, &options, &file(name), &progress)?;
    }

    report.remark("service: trains on ciphertexts and predicts, without the key");
    let encrypted = Input::File(ImagesFile::open(file("train.safetensors"))?);
    let encrypted_test = Input::File(ImagesFile::open(file("test.safetensors"))?);
    let seconds_encrypted = train_to(&encrypted, &file("model.safetensors"), set, report)?;
    predict_to(&file("model.safetensors"), &encrypted_test, &file("outputs.safetensors"), set, report)?;

    report.remark("owner:   decrypts the outputs");
    let from_encrypted = decrypt_outputs(&file("outputs.safetensors"), Some(&secret))?;
    from_encrypted.write_csv(&file("results.csv"))?;

    report.remark("plain twin: the same training on the images in the clear");
    let (images, test_images) = (training.len(), test.len());
    let seconds_plain = train_to(&Input::Plain(training), &file("plain-model.safetensors"), set, report)?;
    let plain_test = Input::Plain(test);
    predict_to(
        &file("plain-model.safetensors"),
        &plain_test,
        &file("plain-outputs.safetensors"),
        set,
        report,
    )?;
    let from_plain = decrypt_outputs(&file("plain-outputs.safetensors"), None)?;
    from_plain.write_csv(&file("plain-results.csv"))?;

    let comparison = Comparison::of(&from_encrypted, &from_plain)?;
    let accuracy = |outputs: &Outputs| outputs.accuracy().unwrap_or(f64::NAN);
    Ok(Fields {
        accuracy_encrypted: accuracy(&from_encrypted),
        accuracy_plain: accuracy(&from_plain),
        agreement: comparison.agreement(),
        max_logit_difference: comparison.largest_difference,
        seconds_encrypted,
        seconds_plain,
        ratio: seconds_encrypted / seconds_plain,
        images,
        test_images,
        epochs: EPOCHS,
        threads,
    })
}

/// Trains on `input` and returns the seconds of the epochs.
fn train_to(
    input: &Input,
    model: &Path,
    instruction_set: InstructionSet,
    report: &Report,
) -> Result<f64, Error> {
    let options = Options {
        architecture: Architecture::Mnist,
        epochs: EPOCHS,
        batch: 32,
        learning_rate: 0.01,
        schedule: Schedule::Constant,
        optimizer: Optimizer::Sgd { momentum: 0.0 },
        weight_decay: 0.0,
        class_weights: ClassWeights::Equal,
        gradient: Gradient::Sum,
        seed: 1,
        engine: Engine::Spectral,
        instruction_set,
        standardization: None,
        stream: false,
        augmentation: None,
    };
    let progress = report.progress("training", input.count() * EPOCHS, "images");
    let trained = train::<f32>(input, &options, &progress, &mut |_, _| Ok(()))?;
    trained.model.write(model)?;
    Ok(trained.epoch_seconds.iter().sum())
}

fn predict_to(
    model: &Path,
    input: &Input,
    out: &Path,
    set: InstructionSet,
    report: &Report,
) -> Result<(), Error> {
    let model = Container::open_as(model, Content::Model)?;
    let progress = report.progress("predicting", input.count(), "images");
    predict::<f32>(input, &model, Engine::Spectral, set, out, &progress)
}

fn table(fields: &Fields, folder: &Path) -> String {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let rows = [
        ("", "encrypted".to_owned(), "plain".to_owned()),
        ("accuracy", percent(fields.accuracy_encrypted), percent(fields.accuracy_plain)),
        ("training", format!("{:.2} s", fields.seconds_encrypted), format!("{:.2} s", fields.seconds_plain)),
    ];
    let mut text = format!(
        "\n{} drawn digits, {} epochs, {} test images, {} threads, n = 2\n\n",
        fields.images, fields.epochs, fields.test_images, fields.threads
    );
    for (name, encrypted, plain) in rows {
        text.push_str(&format!("{name:28}{encrypted:>12}{plain:>12}\n"));
    }
    text.push_str(&format!("{:28}{:>12}\n", "agreement of predictions", percent(fields.agreement)));
    text.push_str(&format!("{:28}{:>12.1e}\n", "largest logit difference", fields.max_logit_difference));
    text.push_str(&format!("{:28}{:>12.2}\n", "encrypted / plain seconds", fields.ratio));
    text.push_str(&format!("\nfiles: {}", folder.display()));
    text
}
