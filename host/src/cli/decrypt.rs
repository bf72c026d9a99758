//! `decrypt`: a network's outputs into a table.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::{Report, distinct};
use more_nn::decryption::{Confusion, decrypt_outputs};
use more_nn::error::Error;
use more_nn::key_file::SecretKeyFile;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The secret key; not needed where the outputs are plain.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The outputs, as `predict` writes them.
    #[arg(long = "in", value_name = "FILE")]
    input: PathBuf,
    /// The table to write: index, class, label where there is one, a probability for each class.
    #[arg(long, value_name = "FILE.csv")]
    out: PathBuf,
}

/// Classes of which a terminal shows the confusion matrix.
const MOST_COLUMNS: usize = 16;

#[derive(Serialize)]
struct Fields {
    count: usize,
    accuracy: Option<f64>,
    classes: Vec<String>,
    /// Items, `[label][class]`.
    confusion: Option<Vec<Vec<usize>>>,
    seconds: f64,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let read = [("--key", arguments.key.as_deref()), ("--in", Some(arguments.input.as_path()))];
    distinct::check(&read, &[("--out", Some(&arguments.out))])?;
    let key = arguments.key.as_deref().map(SecretKeyFile::read).transpose()?;
    let start = Instant::now();
    let outputs = decrypt_outputs(&arguments.input, key.as_ref())?;
    let seconds = start.elapsed().as_secs_f64();
    outputs.write_csv(&arguments.out)?;
    let (count, accuracy) = (outputs.count(), outputs.accuracy());
    let confusion = outputs.confusion();
    let mut text = format!("{count} results in {}", arguments.out.display());
    if let Some(accuracy) = accuracy {
        text += &format!(", accuracy {:.2} %", 100.0 * accuracy);
    }
    let classes = outputs.class_names().to_vec();
    if let Some(confusion) = &confusion {
        text += &table(confusion, &classes);
    }
    let confusion = confusion.map(|confusion| confusion.counts);
    report.result(&Fields { count, accuracy, classes, confusion, seconds }, text)
}

/// The confusion matrix, labels in rows; nothing where there are more classes than a line holds.
fn table(confusion: &Confusion, classes: &[String]) -> String {
    if classes.len() > MOST_COLUMNS {
        return String::new();
    }
    let width = classes.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6) + 1;
    let first = width.max(12);
    let mut text = format!("\n{:>first$}", "label\\class");
    for class in classes {
        text += &format!("{class:>width$}");
    }
    text += "   recall";
    for (label, row) in confusion.counts.iter().enumerate() {
        text += &format!("\n{:>first$}", classes[label]);
        for count in row {
            text += &format!("{count:>width$}");
        }
        text +=
            &confusion.recall(label).map_or_else(String::new, |recall| format!("{:>8.2} %", 100.0 * recall));
    }
    if let ([_, class], Some(sensitivity), Some(specificity)) =
        (classes, confusion.recall(1), confusion.recall(0))
    {
        text += &format!(
            "\nfor {class}: sensitivity {:.2} %, specificity {:.2} %",
            100.0 * sensitivity,
            100.0 * specificity
        );
    }
    text
}
