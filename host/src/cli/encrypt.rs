//! `encrypt`: a part of a data set into a container.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::source_options::SourceOptions;
use super::{Report, distinct};
use more_nn::augmentation::Augmentation;
use more_nn::container::Form;
use more_nn::dataset::{Source, Split};
use more_nn::encryption::{Copied, Options, encrypt};
use more_nn::error::Error;
use more_nn::key_file::{EvaluationKeyFile, SecretKeyFile, evaluation_key_path};
use more_nn::standardization::Standardization;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The secret key.
    #[arg(long)]
    key: PathBuf,
    /// The evaluation key that goes into the file and orders its lanes; KEY.eval where not given.
    #[arg(long)]
    eval: Option<PathBuf>,
    /// The data: mnist:DIR, images:DIR, dicom:DIR, dicom:FILE, npz:FILE, safetensors:FILE, digits or angiograms (:COUNT or
    /// :COUNT:SEED behind them for a number).
    #[arg(long, value_name = "SOURCE")]
    data: Source,
    /// The part of the data set.
    #[arg(long, value_enum)]
    split: Split,
    /// Take the first N images only.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// n x n matrices, or n lanes in the order of the evaluation key (n times smaller).
    #[arg(long, value_enum, default_value_t = FormArgument::Matrix)]
    form: FormArgument,
    /// Leave the labels in the clear. They help to tell the message's lane from the others.
    #[arg(long)]
    plain_labels: bool,
    /// Store each image N times: itself, and N - 1 copies of its ciphertexts that are turned (within 10 degrees), moved (5 %) and
    /// enlarged or shrunk (10 %) at random. The masks are transformed alike.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    augment: Option<u32>,
    /// Decides the copies; with the same seed `train --augment` makes copy k in epoch k.
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "augment")]
    augment_seed: u64,
    /// Leave out the mean and the standard deviation of the training part's pixels, which go into its file in the clear so that a
    /// network can be trained on standardized images.
    #[arg(long)]
    no_standardization: bool,
    /// Draw the same masks each time, for tests: whoever knows the seed knows the masks.
    #[arg(long)]
    seed: Option<u64>,
    /// The container to write; a file of that name is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    files: SourceOptions,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FormArgument {
    Matrix,
    Spectral,
}

#[derive(Serialize)]
struct Fields {
    count: usize,
    shape: [usize; 3],
    classes: usize,
    form: &'static str,
    lanes: usize,
    key_id: String,
    /// Mean and standard deviation of the pixels, where they went into the file.
    standardization: Option<[f64; 2]>,
    seconds: f64,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let evaluation_path = arguments.eval.clone().unwrap_or_else(|| evaluation_key_path(&arguments.key));
    distinct::check(
        &[
            ("--key", Some(&arguments.key)),
            ("--eval", Some(&evaluation_path)),
            ("--data", arguments.data.path()),
        ],
        &[("--out", Some(&arguments.out))],
    )?;
    let secret = SecretKeyFile::read(&arguments.key)?;
    let evaluation = EvaluationKeyFile::read(&evaluation_path)?;
    let data = arguments.files.open(&arguments.data, arguments.split, arguments.limit)?;
    let has_patients = matches!(arguments.data, Source::Images(_) | Source::Dicom(_));
    if has_patients && arguments.split != Split::All && data.without_patient() > 0 {
        report.remark(format!(
            "warning: {} of {} images have no patient id: frames of one patient, near-duplicates among them, may be in other parts, too",
            data.without_patient(),
            data.len()
        ));
    }
    let form = match arguments.form {
        FormArgument::Matrix => Form::Matrix,
        FormArgument::Spectral => Form::Spectral,
    };
    let copied = |copies| Copied { copies, augmentation: Augmentation::new(arguments.augment_seed) };
    let augmentation = arguments.augment.map(|copies| copied(copies as usize));
    let start = Instant::now();
    // Of what a network is trained on; a model carries them on to the other parts.
    let is_training = matches!(arguments.split, Split::Train | Split::All);
    let standardization = if is_training && !arguments.no_standardization {
        Standardization::of(&data, &report.progress("measuring", data.len(), "images"))?
    } else {
        None
    };
    let (plain_labels, seed) = (arguments.plain_labels, arguments.seed);
    let options = Options { form, plain_labels, standardization, seed, augmentation };
    let progress = report.progress("encrypting", data.len(), "images");
    encrypt(&data, arguments.split, &secret, &evaluation, &options, &arguments.out, &progress)?;
    drop(progress);
    let fields = Fields {
        count: data.len() * arguments.augment.unwrap_or(1) as usize,
        shape: data.shape(),
        classes: data.class_names().len(),
        form: form.name(),
        lanes: secret.lanes(),
        key_id: secret.id().to_string(),
        standardization: standardization.map(|found| [found.mean(), found.deviation()]),
        seconds: start.elapsed().as_secs_f64(),
    };
    let text = format!(
        "encrypted {} images to {} ({form} form, n = {}) in {:.2} s",
        fields.count,
        arguments.out.display(),
        fields.lanes,
        fields.seconds
    );
    report.result(&fields, text)
}
