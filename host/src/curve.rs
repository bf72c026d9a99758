//! The course of a training, decrypted by the key holder: curves, and the epoch whose model is best.

mod plot;

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::container::{Container, Content, METRICS, metrics_tensor};
use crate::decryption::decrypt_tensor;
use crate::error::{Error, Kind};
use crate::key_file::SecretKeyFile;
use crate::metrics::MEASURES;
use crate::model::LOSS;
use crate::output_file::{Access, OutputFile};

pub use plot::svg;

/// Loss and accuracy of one data set, epoch by epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The data set: `train`, `validation`.
    pub part: String,
    /// The mean loss after each epoch, or over it for a model's own.
    pub loss: Vec<f64>,
    /// The accuracy after each epoch; a model's own file has none.
    pub accuracy: Option<Vec<f64>>,
}

/// The course of one training.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What it is called in a plot.
    pub name: String,
    /// The data sets.
    pub series: Vec<Series>,
    /// How checkpoints are called, `{}` standing for the epoch.
    checkpoints: Option<String>,
}

/// Reads and decrypts the metrics of a training, or the losses that a model carries.
///
/// # Errors
/// [`Kind::WrongFile`] for another content; [`Kind::Missing`] where there is nothing to draw or a key is needed; [`Kind::Key`];
/// [`Kind::NonFinite`] for a loss that is no number; reading errors.
pub fn read(path: &Path, key: Option<&SecretKeyFile>) -> Result<Curve, Error> {
    let container = Container::open(path)?;
    let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let content = container.metadata().content;
    match content {
        Content::Metrics => metrics(&container, key, name),
        Content::Model if container.has(LOSS) => {
            let loss = decrypt_tensor(&container, key, LOSS, 1)?;
            let series = vec![Series { part: "train".to_owned(), loss, accuracy: None }];
            Ok(Curve { name, series, checkpoints: None })
        }
        Content::Model => {
            Err(Error::new(Kind::Missing, "the model carries no losses of its training").at(path))
        }
        _ => {
            Err(Error::new(Kind::WrongFile, format!("the file holds {content}, expected metrics or a model"))
                .at(path)
                .with_hint("metrics are made by `more-nn train --metrics FILE`"))
        }
    }
}

fn metrics(container: &Container, key: Option<&SecretKeyFile>, name: String) -> Result<Curve, Error> {
    let metadata = container.metadata();
    let malformed =
        |message: String| Error::new(Kind::Malformed, message).at(container.path()).position("metadata");
    let parts: Vec<String> = match metadata.extra.get("parts") {
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    if parts.is_empty() || metadata.shape != [parts.len(), MEASURES.len()] {
        return Err(malformed(format!(
            "{} named parts for metrics of shape {:?}",
            parts.len(),
            metadata.shape
        )));
    }
    let epochs = container.tensor(METRICS)?.rows();
    let tensor = metrics_tensor(metadata, epochs);
    container.expect(&tensor.name, tensor.element, &tensor.shape)?;
    if epochs == 0 {
        return Err(Error::new(Kind::Missing, "the file holds no epoch").at(container.path()));
    }
    let width = parts.len() * MEASURES.len();
    let values = decrypt_tensor(container, key, METRICS, width)?;
    let column = |index: usize| values.chunks_exact(width).map(|epoch| epoch[index]).collect();
    let series = parts.into_iter().enumerate().map(|(index, part)| Series {
        part,
        loss: column(index * MEASURES.len()),
        accuracy: Some(column(index * MEASURES.len() + 1)),
    });
    let checkpoints = metadata.extra.get("checkpoints").and_then(Value::as_str).map(str::to_owned);
    Ok(Curve { name, series: series.collect(), checkpoints })
}

/// The epoch whose model is best.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Counted from 1.
    pub epoch: usize,
    /// On which data set.
    pub part: String,
    /// Its loss.
    pub loss: f64,
    /// Its accuracy.
    pub accuracy: Option<f64>,
    /// The file of its model.
    pub checkpoint: Option<String>,
}

impl Curve {
    /// The number of epochs.
    #[must_use]
    pub fn epochs(&self) -> usize {
        self.series[0].loss.len()
    }

    /// The epoch of the highest accuracy on the last data set (the validation's, where there is one), of equals that of the lowest
    /// loss, of equals the first.
    #[must_use]
    pub fn best(&self) -> Best {
        let series = &self.series[self.series.len() - 1];
        let rank = |epoch: usize| {
            (series.accuracy.as_ref().map_or(0.0, |accuracy| accuracy[epoch]), -series.loss[epoch])
        };
        let best =
            (1..self.epochs()).fold(0, |best, epoch| if rank(epoch) > rank(best) { epoch } else { best });
        Best {
            epoch: best + 1,
            part: series.part.clone(),
            loss: series.loss[best],
            accuracy: series.accuracy.as_ref().map(|accuracy| accuracy[best]),
            checkpoint: self.checkpoints.as_ref().map(|name| name.replace("{}", &format!("{:04}", best + 1))),
        }
    }

    /// Writes `epoch,train_loss,train_accuracy,..`, one line an epoch.
    ///
    /// # Errors
    /// [`Kind::Io`]. Nothing is left at `path` then, or what was there before.
    pub fn write_csv(&self, path: &Path) -> Result<(), Error> {
        let mut text = String::from("epoch");
        for series in &self.series {
            // Writing to a String cannot fail.
            let _ = write!(text, ",{}_loss", series.part);
            if series.accuracy.is_some() {
                let _ = write!(text, ",{}_accuracy", series.part);
            }
        }
        text.push('\n');
        for epoch in 0..self.epochs() {
            let _ = write!(text, "{}", epoch + 1);
            for series in &self.series {
                let _ = write!(text, ",{}", series.loss[epoch]);
                if let Some(accuracy) = &series.accuracy {
                    let _ = write!(text, ",{}", accuracy[epoch]);
                }
            }
            text.push('\n');
        }
        let mut file = OutputFile::create(path, Access::Shared, true)?;
        file.write(text.as_bytes())?;
        file.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss() {
        let series = |part: &str, loss: &[f64], accuracy: &[f64]| Series {
            part: part.to_owned(),
            loss: loss.to_vec(),
            accuracy: Some(accuracy.to_vec()),
        };
        let curve = Curve {
            name: "a".to_owned(),
            series: vec![
                series("train", &[3.0, 2.0, 1.0, 0.5], &[0.1, 0.2, 0.9, 1.0]),
                series("validation", &[3.0, 1.0, 0.5, 0.7], &[0.1, 0.9, 0.9, 0.9]),
            ],
            checkpoints: Some("epoch-{}.safetensors".to_owned()),
        };
        let best = curve.best();
        assert_eq!((best.epoch, best.loss, best.accuracy), (3, 0.5, Some(0.9)));
        assert_eq!(best.checkpoint.as_deref(), Some("epoch-0003.safetensors"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        curve.write_csv(&path).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("epoch,train_loss,train_accuracy,validation_loss,validation_accuracy"));
        assert_eq!(lines.next(), Some("1,3,0.1,3,0.1"));
        assert_eq!(lines.count(), 3);
    }
}
