//! `predict`: a model's outputs for a data set. There is no option for a secret key.

use std::path::PathBuf;
use std::time::Instant;

use more_core::Scalar as ScalarName;
use serde::Serialize;

use super::engine::Compute;
use super::source_options::SourceOptions;
use super::{Report, distinct, input};
use more_nn::container::{Container, Content};
use more_nn::dataset::{self, Split};
use more_nn::error::Error;
use more_nn::inference::predict;
use more_nn::samples::Input;
use more_nn::training::Engine;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The model, plain or encrypted.
    #[arg(long)]
    model: PathBuf,
    /// The data: a file made by `encrypt`, or for a plain model a SOURCE: mnist:DIR, images:DIR, dicom:DIR, dicom:FILE, npz:FILE,
    /// safetensors:FILE, digits or angiograms (:COUNT or :COUNT:SEED behind them for a number).
    #[arg(long, value_name = "FILE|SOURCE")]
    data: dataset::Input,
    /// The part of a SOURCE.
    #[arg(long, value_enum, default_value_t = Split::Test)]
    split: Split,
    /// Take the first N images of a SOURCE only.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// How ciphertexts are computed on: lane by lane, or as the literal n x n matrices.
    #[arg(long, value_enum, default_value_t = Engine::Spectral)]
    engine: Engine,
    #[command(flatten)]
    compute: Compute,
    /// The outputs to write; a file of that name is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    files: SourceOptions,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Fields {
    count: usize,
    /// Reading, converting, computing and writing.
    seconds: f64,
    images_per_second: f64,
    threads: usize,
    simd: &'static str,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let read = [("--model", Some(arguments.model.as_path())), ("--data", arguments.data.path())];
    distinct::check(&read, &[("--out", Some(&arguments.out))])?;
    let model = Container::open_as(&arguments.model, Content::Model)?;
    let scalar = model.metadata().scalar;
    let (files, split) = (&arguments.files, arguments.split);
    let (data, _) = input::open(&arguments.data, files, split, arguments.limit, Some(scalar.into()))?;
    let set = arguments.compute.instruction_set()?;
    let progress = report.progress("predicting", data.count(), "images");
    let start = Instant::now();
    let threads = arguments.compute.install(|threads| {
        let (engine, out) = (arguments.engine, &arguments.out);
        match scalar {
            ScalarName::F32 => predict::<f32>(&data, &model, engine, set, out, &progress),
            ScalarName::F64 => predict::<f64>(&data, &model, engine, set, out, &progress),
        }
        .map(|()| threads)
    })??;
    drop(progress);
    let seconds = start.elapsed().as_secs_f64();
    let count = Input::count(&data);
    let fields =
        Fields { count, seconds, images_per_second: count as f64 / seconds, threads, simd: set.name() };
    let text = format!("predicted {count} images in {seconds:.3} s: {}", arguments.out.display());
    report.result(&fields, text)
}
