//! Decryption of a network's outputs: classes, probabilities, and the accuracy where the labels travelled along.

use std::fmt::Write;
use std::path::Path;

use more_core::{Real, SecretKey, Spectrum};

use crate::container::{
    Container, Content, Element, Form, LABELS, OUTPUTS, PLAIN_LABELS, ReadBuffer, label_tensor, matrix_at,
    output_tensor, plain_label_tensor, plain_labels,
};
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::key_file::SecretKeyFile;
use crate::output_file::{Access, OutputFile};
use crate::with_scalar_and_lanes;

/// Items that are decrypted at a time.
const CHUNK: usize = 1024;

/// The outputs of a network in the clear.
///
/// With one output, that is the probability of the second class (the network ends in a sigmoid); with more, there is
/// one for each class, and their softmax gives the probabilities.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// Finite, `count x width`.
    values: Vec<f64>,
    /// Outputs of one item, at least 1.
    width: usize,
    /// As many as outputs, or two for one output.
    classes: Vec<String>,
    labels: Option<Vec<u32>>,
}

/// Reads the outputs at `path` and decrypts them where they are encrypted; `key` may be absent where they are not.
///
/// # Errors
/// [`Kind::WrongFile`] for a container of images or a model; [`Kind::Missing`] without a needed key; [`Kind::Key`] for
/// another key than the data's; [`Kind::Shape`]; [`Kind::NonFinite`] naming the item; reading errors.
pub fn decrypt_outputs(path: &Path, key: Option<&SecretKeyFile>) -> Result<Outputs, Error> {
    decrypt_container(&Container::open_as(path, Content::Outputs)?, key)
}

/// The same for a container of outputs that is open.
///
/// # Errors
/// As [`decrypt_outputs`].
pub fn decrypt_container(container: &Container, key: Option<&SecretKeyFile>) -> Result<Outputs, Error> {
    let path = container.path();
    let metadata = container.metadata();
    let count = container.tensor(OUTPUTS)?.rows();
    let tensor = output_tensor(metadata, count);
    container.expect(&tensor.name, tensor.element, &tensor.shape)?;
    if container.has(LABELS) {
        let tensor = label_tensor(metadata, count);
        container.expect(&tensor.name, tensor.element, &tensor.shape)?;
    } else if container.has(PLAIN_LABELS) {
        let tensor = plain_label_tensor(count);
        container.expect(&tensor.name, tensor.element, &tensor.shape)?;
    }
    let width = metadata.item_len();
    let needed = if width == 1 { 2 } else { width };
    if metadata.classes.len() != needed || metadata.shape.len() != 1 {
        let message = format!(
            "{} class names for outputs of shape {:?}, expected {needed} and one extent",
            metadata.classes.len(),
            metadata.shape
        );
        return Err(Error::new(Kind::Shape, message).at(path).position("metadata"));
    }
    match (metadata.key_id, key) {
        (Some(id), Some(key)) => {
            key.check_owner(path, id, metadata.lanes, metadata.scalar)?;
            with_scalar_and_lanes!(metadata.scalar, metadata.lanes, (T, N) => {
                let secret = key.decode::<T, N>()?;
                decrypt_all(container, &Owner::new(container, &secret)?)
            })?
        }
        (Some(_), None) => Err(no_key(container)),
        (None, _) => match metadata.scalar {
            more_core::Scalar::F32 => read_plain::<f32>(container),
            more_core::Scalar::F64 => read_plain::<f64>(container),
        },
    }
}

/// Decrypts a tensor of `item` numbers a row, or reads it where it is plain.
///
/// # Errors
/// As [`decrypt_outputs`].
#[cfg(feature = "engine")]
pub(crate) fn decrypt_tensor(
    container: &Container,
    key: Option<&SecretKeyFile>,
    name: &str,
    item: usize,
) -> Result<Vec<f64>, Error> {
    let metadata = container.metadata();
    match (metadata.key_id, key) {
        (Some(id), Some(key)) => {
            key.check_owner(container.path(), id, metadata.lanes, metadata.scalar)?;
            with_scalar_and_lanes!(metadata.scalar, metadata.lanes, (T, N) => {
                let secret = key.decode::<T, N>()?;
                Owner::new(container, &secret)?.decrypt(container, name, item)
            })?
        }
        (Some(_), None) => Err(no_key(container)),
        (None, _) => match metadata.scalar {
            more_core::Scalar::F32 => plain_tensor::<f32>(container, name),
            more_core::Scalar::F64 => plain_tensor::<f64>(container, name),
        },
    }
}

fn no_key(container: &Container) -> Error {
    let message = format!("the {} are encrypted, and no key was given", container.metadata().content);
    Error::new(Kind::Missing, message).at(container.path()).with_hint("give the secret key by --key KEY")
}

fn plain_tensor<T: Real + Element>(container: &Container, name: &str) -> Result<Vec<f64>, Error> {
    let rows = container.tensor(name)?.rows();
    let mut buffer = ReadBuffer::new();
    let values = crate::container::read_finite::<T>(container, name, 0..rows, &mut buffer)?;
    Ok(values.iter().map(|&value| T::to_f64(value)).collect())
}

impl Outputs {
    /// The number of items.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len() / self.width
    }

    /// The number of outputs of one item.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The outputs as the network gave them (logits, or the probability of the second class), item after item.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The names of the classes.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.classes
    }

    /// The true classes, where the file has labels.
    #[must_use]
    pub fn labels(&self) -> Option<&[u32]> {
        self.labels.as_deref()
    }

    /// The most probable class of an item, the first of equals.
    ///
    /// # Panics
    /// Where `item` is not below [`count`](Self::count).
    #[must_use]
    pub fn class(&self, item: usize) -> u32 {
        let values = &self.values[item * self.width..][..self.width];
        match values {
            [probability] => u32::from(*probability > 0.5),
            values => largest(values) as u32,
        }
    }

    /// The probability of each class of an item: softmax, shifted by the largest value.
    ///
    /// # Panics
    /// Where `item` is not below [`count`](Self::count).
    #[must_use]
    pub fn probabilities(&self, item: usize) -> Vec<f64> {
        let values = &self.values[item * self.width..][..self.width];
        if let [probability] = values {
            return vec![1.0 - probability, *probability];
        }
        let maximum = values[largest(values)];
        let powers: Vec<f64> = values.iter().map(|value| (value - maximum).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|power| power / sum).collect()
    }

    /// The fraction of items whose class is the label; `None` without labels.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let labels = self.labels.as_ref()?;
        let correct = labels.iter().enumerate().filter(|&(item, &label)| self.class(item) == label).count();
        Some(correct as f64 / labels.len() as f64)
    }

    /// How often each label got each class, `[label][class]`; `None` without labels.
    #[must_use]
    pub fn confusion(&self) -> Option<Confusion> {
        let labels = self.labels.as_ref()?;
        let classes = self.classes.len();
        let mut counts = vec![vec![0; classes]; classes];
        for (item, label) in labels.iter().enumerate() {
            counts[*label as usize][self.class(item) as usize] += 1;
        }
        Some(Confusion { counts })
    }

    /// Writes `index,class,label,probability_..` (no `label` column without labels), one line an item; numbers with as
    /// many digits as give them back exactly.
    ///
    /// # Errors
    /// [`Kind::Io`]; [`Kind::Interrupted`]. Nothing is left at `path` then, or what was there before.
    pub fn write_csv(&self, path: &Path) -> Result<(), Error> {
        let mut file = OutputFile::create(path, Access::Shared, true)?;
        let mut text = String::from("index,class");
        if self.labels.is_some() {
            text.push_str(",label");
        }
        for class in &self.classes {
            text.push(',');
            text.push_str(&quoted(&format!("probability_{class}")));
        }
        text.push('\n');
        let names: Vec<String> = self.classes.iter().map(|class| quoted(class)).collect();
        for item in 0..self.count() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{item},{}", names[self.class(item) as usize]);
            if let Some(labels) = &self.labels {
                let _ = write!(text, ",{}", names[labels[item] as usize]);
            }
            for probability in self.probabilities(item) {
                let _ = write!(text, ",{probability}");
            }
            text.push('\n');
            if text.len() > 1 << 16 {
                interrupt::check()?;
                file.write(text.as_bytes())?;
                text.clear();
            }
        }
        file.write(text.as_bytes())?;
        file.commit()
    }
}

/// A confusion matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// Items, `[label][class]`.
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Of the items with a label, the share that got it: the recall of a class. `None` where there is no such item.
    ///
    /// With two classes, the second one being what is looked for, the second's is the sensitivity and the first's the
    /// specificity.
    ///
    /// # Panics
    /// Where there is no such class.
    #[must_use]
    pub fn recall(&self, label: usize) -> Option<f64> {
        let row = &self.counts[label];
        let all: usize = row.iter().sum();
        (all > 0).then(|| row[label] as f64 / all as f64)
    }
}

/// The index of the largest value, the first of equals.
fn largest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, index| if values[index] > values[best] { index } else { best })
}

/// A field of a CSV file (RFC 4180).
fn quoted(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// The key, and which lane is the message in spectral form.
struct Owner<'a, T: Real, const N: usize> {
    key: &'a SecretKey<T, N>,
    lane: usize,
}

impl<'a, T: Real + Element, const N: usize> Owner<'a, T, N> {
    fn new(container: &Container, key: &'a SecretKey<T, N>) -> Result<Self, Error> {
        let lane = key.message_lane(&container.evaluation_key()?).map_err(|error| {
            Error::new(Kind::Key, format!("its evaluation key does not belong to the key: {error}"))
                .at(container.path())
        })?;
        Ok(Self { key, lane })
    }

    /// Decrypts a tensor of `item` numbers a row.
    fn decrypt(&self, container: &Container, name: &str, item: usize) -> Result<Vec<f64>, Error> {
        let rows = container.tensor(name)?.rows();
        let mut buffer = ReadBuffer::new();
        let mut messages = Vec::with_capacity(rows * item);
        for begin in (0..rows).step_by(CHUNK) {
            interrupt::check()?;
            let end = rows.min(begin + CHUNK);
            let values = container.read_rows::<T>(name, begin..end, &mut buffer)?;
            let form = container.metadata().form;
            let (matrix, row_len) = (form == Form::Matrix, item * form.components(N));
            for (row, values) in values.chunks_exact(row_len).enumerate() {
                for index in 0..item {
                    let message = if matrix {
                        self.key.decrypt(&matrix_at(values, item, index))
                    } else {
                        let lanes = std::array::from_fn(|lane| values[lane * item + index]);
                        self.key.decrypt_spectrum(self.lane, &Spectrum::from_lanes(lanes))
                    };
                    let message = message.map_err(|error| {
                        Error::from(error)
                            .at(container.path())
                            .position(format!("tensor `{name}`, row {}", begin + row))
                    })?;
                    messages.push(T::to_f64(message));
                }
            }
        }
        Ok(messages)
    }
}

fn decrypt_all<T: Real + Element, const N: usize>(
    container: &Container,
    owner: &Owner<'_, T, N>,
) -> Result<Outputs, Error> {
    let metadata = container.metadata();
    let width = metadata.item_len();
    let values = owner.decrypt(container, OUTPUTS, width)?;
    let classes = metadata.classes.len();
    let labels = if container.has(LABELS) {
        let decrypted = owner.decrypt(container, LABELS, classes)?;
        let decode = |(row, one_hot): (usize, &[f64])| {
            one_hot_class(one_hot).ok_or_else(|| {
                Error::new(Kind::Malformed, "the label is not one-hot")
                    .at(container.path())
                    .position(format!("tensor `{LABELS}`, row {row}"))
            })
        };
        Some(decrypted.chunks_exact(classes).enumerate().map(decode).collect::<Result<_, _>>()?)
    } else {
        optional_plain_labels(container)?
    };
    Ok(Outputs { values, width, classes: metadata.classes.clone(), labels })
}

/// The class of a decrypted one-hot vector. Encryption and decryption err by far less than a quarter for every key
/// that more-core allows; what is further off is no label.
fn one_hot_class(values: &[f64]) -> Option<u32> {
    let class = largest(values);
    let close = |(index, value): (usize, &f64)| (value - f64::from(u8::from(index == class))).abs() < 0.25;
    values.iter().enumerate().all(close).then_some(class as u32)
}

fn read_plain<T: Real + Element>(container: &Container) -> Result<Outputs, Error> {
    let metadata = container.metadata();
    let values = plain_tensor::<T>(container, OUTPUTS)?;
    let labels = optional_plain_labels(container)?;
    Ok(Outputs { values, width: metadata.item_len(), classes: metadata.classes.clone(), labels })
}

fn optional_plain_labels(container: &Container) -> Result<Option<Vec<u32>>, Error> {
    match container.has(PLAIN_LABELS) {
        true => plain_labels(container).map(Some),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(values: &[f64], width: usize, labels: Option<&[u32]>) -> Outputs {
        let classes = if width == 1 { 2 } else { width };
        let classes = (0..classes).map(|class| format!("c,{class}")).collect();
        Outputs { values: values.to_vec(), width, classes, labels: labels.map(<[u32]>::to_vec) }
    }

    #[test]
    fn softmax_is_shifted_and_ties_go_to_the_first() {
        let outputs = outputs(&[1000.0, 1000.0, -1000.0, 0.0, 1.0, 2.0], 3, Some(&[0, 1]));
        assert_eq!(outputs.probabilities(0), [0.5, 0.5, 0.0]);
        assert_eq!((outputs.class(0), outputs.class(1)), (0, 2));
        // e^k / (1 + e + e^2), by hand.
        let expected = [0.090_030_573_170_380_46, 0.244_728_471_054_797_64, 0.665_240_955_774_821_9];
        for (value, expected) in outputs.probabilities(1).into_iter().zip(expected) {
            assert!((value - expected).abs() < 4.0 * f64::EPSILON);
        }
        assert_eq!(outputs.accuracy(), Some(0.5));
        let confusion = outputs.confusion().unwrap();
        assert_eq!(confusion.counts, [[1, 0, 0], [0, 0, 1], [0, 0, 0]]);
        assert_eq!([0, 1, 2].map(|label| confusion.recall(label)), [Some(1.0), Some(0.0), None]);
    }

    #[test]
    fn one_output_is_the_probability_of_the_second_class() {
        let outputs = outputs(&[0.75, 0.25], 1, None);
        assert_eq!((outputs.class(0), outputs.class(1), outputs.count()), (1, 0, 2));
        assert_eq!(outputs.probabilities(0), [0.25, 0.75]);
        assert_eq!(outputs.accuracy(), None);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        outputs.write_csv(&path).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            text,
            "index,class,\"probability_c,0\",\"probability_c,1\"\n0,\"c,1\",0.25,0.75\n1,\"c,0\",0.75,0.25\n"
        );
    }

    #[test]
    fn labels_must_be_one_hot() {
        assert_eq!(one_hot_class(&[0.01, 0.99, -0.02]), Some(1));
        assert_eq!(one_hot_class(&[0.5, 0.5]), None);
        assert_eq!(one_hot_class(&[f64::NAN, 1.0]), None);
        assert_eq!(one_hot_class(&[1.0, 1.0]), None);
    }
}
