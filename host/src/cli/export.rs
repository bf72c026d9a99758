//! `export`: a trained model as sources for a device. There is no option for a secret key.

use std::path::PathBuf;

use serde::Serialize;

use super::source_options::SourceOptions;
use super::{Report, input};
use more_nn::container::{Container, Content};
use more_nn::dataset::{self, Split};
use more_nn::error::Error;
use more_nn::export::{Options, Target, WeightFormat, export};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The model, plain or encrypted.
    #[arg(long)]
    model: PathBuf,
    /// What to write.
    #[arg(long, value_enum)]
    target: Target,
    /// How plain weights are stored; results are those of the rounded weights.
    #[arg(long, value_enum, default_value_t = WeightFormat::F32)]
    weights: WeightFormat,
    /// Where an exported crate finds nn-core: the folder of this workspace, or the address of its git repository.
    #[arg(long, value_name = "FOLDER|ADDRESS")]
    crates: Option<String>,
    /// Run the exported program on the first image of this data, a file made by `encrypt` or a SOURCE; on zeros without it. An
    /// encrypted image makes it a program for encrypted images.
    #[arg(long, value_name = "FILE|SOURCE")]
    sample: Option<dataset::Input>,
    /// The part of a SOURCE.
    #[arg(long, value_enum, default_value_t = Split::Test)]
    split: Split,
    /// The folder to write, which must not exist yet; of the target `model` a file.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    files: SourceOptions,
}

#[derive(Serialize)]
struct Fields {
    parameters: usize,
    weight_bytes: usize,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let container = Container::open_as(&arguments.model, Content::Model)?;
    let scalar = container.metadata().scalar;
    let sample = match &arguments.sample {
        Some(data) => {
            let limit = matches!(data, dataset::Input::Source(_)).then_some(1);
            Some(input::open(data, &arguments.files, arguments.split, limit, Some(scalar.into()))?.0)
        }
        None => None,
    };
    let options = Options {
        target: arguments.target,
        weights: arguments.weights,
        crates: arguments.crates.as_deref(),
        sample: sample.as_ref(),
    };
    let summary = export(&container, &options, &arguments.out)?;
    let fields = Fields { parameters: summary.parameters, weight_bytes: summary.weight_bytes };
    let text = format!(
        "{} parameters in {} bytes ({}): {}",
        summary.parameters,
        summary.weight_bytes,
        arguments.weights.name(),
        arguments.out.display()
    );
    report.result(&fields, text)
}
