//! `curve`: the course of a training, decrypted, drawn.

use std::path::PathBuf;

use serde::Serialize;

use super::{Report, distinct};
use more_nn::curve::{Curve, read, svg};
use more_nn::error::Error;
use more_nn::key_file::SecretKeyFile;
use more_nn::output_file::{Access, OutputFile};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The secret key; not needed where the metrics are plain.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Metrics, as `train --metrics` writes them, or a model for the losses it carries; several are drawn together.
    #[arg(long = "in", value_name = "METRICS|MODEL", required = true, num_args = 1..)]
    input: Vec<PathBuf>,
    /// The plot to write.
    #[arg(long, value_name = "FILE.svg")]
    out: PathBuf,
    /// Also write the numbers of the first file: a line an epoch.
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
}

/// What `--json` prints, for each file.
#[derive(Serialize)]
struct Fields {
    name: String,
    epochs: usize,
    best_epoch: usize,
    part: String,
    loss: f64,
    accuracy: Option<f64>,
    checkpoint: Option<String>,
}

impl Fields {
    fn new(curve: &Curve) -> Self {
        let best = curve.best();
        Self {
            name: curve.name.clone(),
            epochs: curve.epochs(),
            best_epoch: best.epoch,
            part: best.part,
            loss: best.loss,
            accuracy: best.accuracy,
            checkpoint: best.checkpoint,
        }
    }

    fn text(&self) -> String {
        let accuracy = self
            .accuracy
            .map_or_else(String::new, |accuracy| format!("accuracy {:.2} %, ", 100.0 * accuracy));
        let checkpoint = self.checkpoint.as_ref().map_or_else(String::new, |name| format!(": {name}"));
        format!(
            "{}: best of {} epochs on {} is {}, {accuracy}loss {:.4}{checkpoint}",
            self.name, self.epochs, self.part, self.best_epoch, self.loss
        )
    }
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let mut inputs = vec![("--key", arguments.key.as_deref())];
    inputs.extend(arguments.input.iter().map(|path| ("--in", Some(path.as_path()))));
    distinct::check(&inputs, &[("--out", Some(&arguments.out)), ("--csv", arguments.csv.as_deref())])?;
    let key = arguments.key.as_deref().map(SecretKeyFile::read).transpose()?;
    let curves =
        arguments.input.iter().map(|path| read(path, key.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let text = svg(&curves)?;
    let mut file = OutputFile::create(&arguments.out, Access::Shared, true)?;
    file.write(text.as_bytes())?;
    file.commit()?;
    if let Some(csv) = &arguments.csv {
        curves[0].write_csv(csv)?;
    }
    let fields: Vec<Fields> = curves.iter().map(Fields::new).collect();
    let text = fields.iter().map(Fields::text).collect::<Vec<_>>().join("\n");
    report.result(&fields, text)
}
