//! `compare`: two networks' outputs side by side, or two models' parameters.

use std::path::PathBuf;

use more_core::Scalar;
use serde::Serialize;

use super::Report;
use more_nn::comparison::{Comparison, ParameterComparison};
use more_nn::container::{Container, Content};
use more_nn::decryption::decrypt_outputs;
use more_nn::error::Error;
use more_nn::key_file::SecretKeyFile;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The secret key, where one of the files is encrypted.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Outputs, as `predict` writes them, or a model.
    #[arg(value_name = "FILE")]
    first: PathBuf,
    /// Outputs for the same images (of the plain twin for instance), or a model of the same kind.
    #[arg(value_name = "OTHER")]
    second: PathBuf,
}

/// What `--json` prints of two models.
#[derive(Serialize)]
struct ModelFields {
    parameters: usize,
    lanes: usize,
    max_difference: f64,
    max_parameter: f64,
}

fn compare_models(first: &Container, second: &Container, report: &Report) -> Result<(), Error> {
    let comparison = match first.metadata().scalar {
        Scalar::F32 => ParameterComparison::of::<f32>(first, second),
        Scalar::F64 => ParameterComparison::of::<f64>(first, second),
    }?;
    let fields = ModelFields {
        parameters: comparison.count,
        lanes: comparison.lanes,
        max_difference: comparison.largest_difference,
        max_parameter: comparison.largest_parameter,
    };
    let text = format!(
        "{} parameters in {} lanes: largest difference {:.1e}, largest parameter {:.2}",
        fields.parameters, fields.lanes, fields.max_difference, fields.max_parameter
    );
    report.result(&fields, text)
}

/// What `--json` prints of two files of outputs.
#[derive(Serialize)]
struct Fields {
    count: usize,
    agreement: f64,
    differing: usize,
    max_logit_difference: f64,
    /// Of the images whose class differs: the largest gap between their two best logits.
    widest_gap: f64,
    explained_by_rounding: bool,
    accuracies: [Option<f64>; 2],
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let first = Container::open(&arguments.first)?;
    if first.metadata().content == Content::Model {
        let second = Container::open_as(&arguments.second, Content::Model)?;
        return compare_models(&first, &second, report);
    }
    drop(first);
    let key = arguments.key.as_deref().map(SecretKeyFile::read).transpose()?;
    let first = decrypt_outputs(&arguments.first, key.as_ref())?;
    let second = decrypt_outputs(&arguments.second, key.as_ref())?;
    let comparison = Comparison::of(&first, &second).map_err(|error| error.at(&arguments.second))?;
    let fields = Fields {
        count: comparison.count,
        agreement: comparison.agreement(),
        differing: comparison.count - comparison.agreeing,
        max_logit_difference: comparison.largest_difference,
        widest_gap: comparison.widest_gap,
        explained_by_rounding: comparison.is_explained_by_rounding(),
        accuracies: [first.accuracy(), second.accuracy()],
    };
    let accuracy = |outputs: Option<f64>| match outputs {
        Some(accuracy) => format!("{:.2} %", 100.0 * accuracy),
        None => "unknown".to_owned(),
    };
    let text = format!(
        "{} of {} classes agree; accuracies {} and {}; largest logit difference {:.1e}; widest gap of a differing class {:.1e}",
        comparison.agreeing,
        fields.count,
        accuracy(fields.accuracies[0]),
        accuracy(fields.accuracies[1]),
        fields.max_logit_difference,
        fields.widest_gap
    );
    report.result(&fields, text)
}
