//! Loss and accuracy of a network on a data set, without a key: for each lane, one of which is the message's.

use std::path::Path;

use nn_core::Head;
use nn_core::simd::InstructionSet;
use serde_json::json;

use crate::components::Scalar;
use crate::container::{
    Container, ContainerWriter, Content, Form, LABELS, MemoryFile, Metadata, OUTPUTS, ReadBuffer, Target,
    matrix_at, metrics_tensor, plain_labels,
};
use crate::error::{Error, Kind};
use crate::inference::predict_to;
use crate::model::Model;
use crate::progress::Progress;
use crate::samples::Input;
use crate::training::Engine;
use crate::with_lanes;

/// What is measured, in the order of files.
pub const MEASURES: [&str; 2] = ["loss", "accuracy"];

/// What a network does on a data set in one lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// The mean cross entropy.
    pub loss: f64,
    /// The share of images whose class is the label's.
    pub accuracy: f64,
}

/// Evaluates `model` on all images of `input`, lane by lane.
///
/// # Errors
/// [`Kind::Missing`] for data without labels; as [`predict`](crate::inference::predict).
pub fn evaluate<T: Scalar>(
    input: &Input,
    model: &Model<T>,
    engine: Engine,
    instruction_set: InstructionSet,
) -> Result<Vec<Figures>, Error> {
    if !input.has_labels() {
        return Err(input.locate(Error::new(Kind::Missing, "the data has no labels to compare with")));
    }
    let (file, outputs) = (MemoryFile::new(), MemoryFile::new());
    model.write_to(&Target::Memory(file.clone()))?;
    let container = Container::open_memory(&file, Content::Model)?;
    let target = Target::Memory(outputs.clone());
    predict_to::<T>(input, &container, engine, instruction_set, &target, &Progress::hidden())?;
    let outputs = Container::open_memory(&outputs, Content::Outputs)?;
    let (width, classes) = (outputs.metadata().item_len(), outputs.metadata().classes.len());
    let lanes = outputs.metadata().lanes;
    let answers = lanes_of::<T>(&outputs, OUTPUTS, width)?;
    let labels = if outputs.has(LABELS) {
        lanes_of::<T>(&outputs, LABELS, classes)?
    } else {
        let mut one_hot = vec![0.0; outputs.tensor(OUTPUTS)?.rows() * lanes * classes];
        let items = one_hot.chunks_exact_mut(lanes * classes);
        for (item, label) in items.zip(plain_labels(&outputs)?) {
            item.chunks_exact_mut(classes).for_each(|lane| lane[label as usize] = 1.0);
        }
        one_hot
    };
    let head = model.architecture.network().head();
    Ok((0..lanes)
        .map(|lane| {
            let answers = answers.chunks_exact(width).skip(lane).step_by(lanes);
            let labels = labels.chunks_exact(classes).skip(lane).step_by(lanes);
            figures(head, answers.zip(labels))
        })
        .collect())
}

/// A tensor as `[row][lane][value]`.
fn lanes_of<T: Scalar>(container: &Container, name: &str, item: usize) -> Result<Vec<f64>, Error> {
    let rows = container.tensor(name)?.rows();
    let mut buffer = ReadBuffer::new();
    let values = container.read_rows::<T>(name, 0..rows, &mut buffer)?;
    if container.metadata().form != Form::Matrix {
        return Ok(values.iter().map(|value| more_core::Real::to_f64(*value)).collect());
    }
    with_lanes!(container.metadata().lanes, N => {
        let key = container.evaluation_key::<T, N>()?;
        let mut out = vec![0.0; rows * N * item];
        for (row, out) in values.chunks_exact(item * N * N).zip(out.chunks_exact_mut(N * item)) {
            for index in 0..item {
                let spectrum = key.to_spectrum(&matrix_at(row, item, index))?;
                for (lane, value) in spectrum.lanes().iter().enumerate() {
                    out[lane * item + index] = more_core::Real::to_f64(*value);
                }
            }
        }
        out
    })
}

/// Mean loss and accuracy of answers beside their one-hot labels.
fn figures<'a>(head: Head, items: impl Iterator<Item = (&'a [f64], &'a [f64])>) -> Figures {
    let (mut loss, mut correct, mut count) = (0.0, 0_usize, 0_usize);
    for (answer, label) in items {
        let (own, class) = match (head, answer) {
            (Head::Sigmoid, &[probability]) => {
                // A probability may have been rounded to 0 or 1.
                let ln = |p: f64| if p > 0.0 { p.ln() } else { f64::MIN_POSITIVE.ln() };
                let own = -(label[1] * ln(probability) + label[0] * ln(1.0 - probability));
                (own, usize::from(probability > 0.5))
            }
            _ => {
                let largest = answer.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = answer.iter().map(|value| (value - largest).exp()).sum();
                let terms = answer.iter().zip(label).map(|(z, y)| y * (largest + sum.ln() - z));
                (terms.sum(), first_largest(answer))
            }
        };
        loss += own;
        correct += usize::from(class == first_largest(label));
        count += 1;
    }
    Figures { loss: loss / count as f64, accuracy: correct as f64 / count as f64 }
}

fn first_largest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, index| if values[index] > values[best] { index } else { best })
}

/// Loss and accuracy after each epoch, plain or one of each for each lane.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The data sets that were looked at.
    pub parts: Vec<String>,
    /// `[epoch][lane][part]`.
    pub epochs: Vec<Vec<Vec<Figures>>>,
}

impl Metrics {
    /// Writes what is there, with the key and form of `model`; in matrix form too, lane by lane. `checkpoints`: how the files of
    /// models are called, `{}` standing for the epoch.
    ///
    /// # Errors
    /// Writing errors.
    pub fn write<T: Scalar>(
        &self,
        path: &Path,
        model: &Model<T>,
        checkpoints: Option<&str>,
    ) -> Result<(), Error> {
        let shape = [self.parts.len(), MEASURES.len()];
        let mut metadata = Metadata::plain(Content::Metrics, T::SCALAR, &shape, &model.classes);
        if let Some((id, _)) = &model.key {
            metadata = metadata.encrypted(Form::Spectral, model.lanes, *id);
        }
        metadata.network = Some(model.architecture.name().to_owned());
        metadata.extra.insert("parts".to_owned(), json!(self.parts));
        metadata.extra.insert("measures".to_owned(), json!(MEASURES));
        if let Some(checkpoints) = checkpoints {
            metadata.extra.insert("checkpoints".to_owned(), json!(checkpoints));
        }
        let tensor = metrics_tensor(&metadata, self.epochs.len());
        let name = tensor.name.clone();
        let key = model.key.as_ref().map(|(_, bytes)| bytes.as_slice());
        let mut writer = ContainerWriter::create(path, &metadata, key, vec![tensor])?;
        for figures in self.epochs.iter().flatten().flatten() {
            writer.write(&name, &[figures.loss, figures.accuracy].map(T::from_f64))?;
        }
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_and_accuracies_are_those_of_the_textbook() {
        // ln(e^0 + e^0) = ln 2 for equal logits; the first of equals is the class.
        let items = [(&[0.0, 0.0][..], &[1.0, 0.0][..]), (&[0.0, 0.0], &[0.0, 1.0])];
        let figure = figures(Head::Softmax, items.into_iter());
        assert!((figure.loss - std::f64::consts::LN_2).abs() < 1e-15, "{figure:?}");
        assert_eq!(figure.accuracy, 0.5);
        // Shifted by the largest: nothing overflows.
        let figure = figures(Head::Softmax, [(&[1000.0, 0.0][..], &[0.0, 1.0][..])].into_iter());
        assert_eq!((figure.loss, figure.accuracy), (1000.0, 0.0));
        let figure = figures(Head::Sigmoid, [(&[0.25][..], &[1.0, 0.0][..])].into_iter());
        assert!((figure.loss + 0.75_f64.ln()).abs() < 1e-15, "{figure:?}");
        assert_eq!(figure.accuracy, 1.0);
        assert!(figures(Head::Sigmoid, [(&[1.0][..], &[1.0, 0.0][..])].into_iter()).loss.is_finite());
    }
}
