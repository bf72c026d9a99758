//! `preview`: a contact sheet of a data set.

use std::path::PathBuf;

use more_core::Scalar as ScalarName;
use serde::Serialize;

use super::source_options::SourceOptions;
use super::{Report, distinct, input};
use more_nn::augmentation::Augmentation;
use more_nn::dataset::{self, Split};
use more_nn::error::Error;
use more_nn::key_file::SecretKeyFile;
use more_nn::preview::{Options, Sheet};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The data: a file made by `encrypt`, or a SOURCE: mnist:DIR, images:DIR, dicom:DIR, dicom:FILE, npz:FILE,
    /// safetensors:FILE, digits or angiograms (:COUNT or :COUNT:SEED behind them for a number).
    #[arg(long, value_name = "FILE|SOURCE")]
    data: dataset::Input,
    #[command(flatten)]
    files: SourceOptions,
    /// The part of a SOURCE.
    #[arg(long, value_enum, default_value_t = Split::Train)]
    split: Split,
    /// The first image to show, from 0.
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    first: u64,
    /// How many images to show.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// Beside each image its first three augmented copies, as `encrypt --augment` and `train --augment` make them.
    #[arg(long)]
    augment: bool,
    /// Decides the copies.
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "augment")]
    augment_seed: u64,
    /// The secret key of encrypted data, to name the message's lane; a service does without.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The sheet to write, a PNG file; a file of that name is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Fields {
    count: usize,
    /// Of the sheet.
    height: usize,
    width: usize,
    /// Of each lane, what is black and what is white.
    ranges: Vec<[f64; 2]>,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let read = [("--key", arguments.key.as_deref()), ("--data", arguments.data.path())];
    distinct::check(&read, &[("--out", Some(&arguments.out))])?;
    let key = arguments.key.as_ref().map(|path| SecretKeyFile::read(path)).transpose()?;
    let (data, scalar) = input::open(&arguments.data, &arguments.files, arguments.split, None, None)?;
    let options = Options {
        first: usize::try_from(arguments.first).unwrap_or(usize::MAX),
        count: arguments.count as usize,
        augmentation: arguments.augment.then(|| Augmentation::new(arguments.augment_seed)),
        key: key.as_ref(),
    };
    let sheet = match scalar {
        ScalarName::F32 => Sheet::draw::<f32>(&data, &options),
        ScalarName::F64 => Sheet::draw::<f64>(&data, &options),
    }?;
    sheet.write(&arguments.out)?;
    let [height, width] = sheet.size();
    let mut text =
        format!("drew {} images to {} ({width} x {height} pixels)", sheet.count, arguments.out.display());
    if sheet.ranges.len() > 1 {
        for (lane, [low, high]) in sheet.ranges.iter().enumerate() {
            text.push_str(&format!("\nlane {lane}: black is {low:.4}, white is {high:.4}"));
        }
    }
    report.result(&Fields { count: sheet.count, height, width, ranges: sheet.ranges }, text)
}
