//! Trained networks: their parameters in memory and in files.

use std::path::Path;

use more_core::KeyId;
use serde_json::Value;

use crate::architecture::Architecture;
use crate::components::{Scalar, Weight};
use crate::container::{
    Container, ContainerWriter, Content, ElementType, Form, Metadata, ReadBuffer, Target, Tensor, read_finite,
};
use crate::error::{Error, Kind};
use crate::samples::entries_to_lanes;
use crate::standardization::Standardization;
use crate::with_lanes;

/// The mean loss of each epoch, in a model file: `[epochs]`, `[epochs, n]` or `[epochs, n, n]`, like all its numbers.
pub(crate) const LOSS: &str = "training_loss";

/// A network with its parameters: plain, or encrypted in either form.
#[derive(Clone, Debug)]
pub struct Model<T> {
    /// The network.
    pub architecture: Architecture,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// How the parameters are represented.
    pub form: Form,
    /// Number of lanes, 1 for a plain model.
    pub lanes: usize,
    /// The key's id and the encoding of the evaluation key, for an encrypted model.
    pub key: Option<(KeyId, Vec<u8>)>,
    /// The parameters: a plane a component, each in the order of files (PyTorch's).
    pub planes: Vec<Vec<T>>,
    /// The mean loss of each epoch, `[epoch][component]`.
    pub loss: Vec<Vec<T>>,
    /// The map that images go through first.
    pub standardization: Option<Standardization>,
    /// How it was trained, for people: goes into the file's metadata.
    pub training: Option<Value>,
}

impl<T: Scalar> Model<T> {
    /// The parameters as weights of a kind, component by component from `first` on.
    pub(crate) fn weights<W: Weight + nn_core::Element<Real = T>>(&self, first: usize) -> Vec<W> {
        let parameters = self.architecture.network().parameters();
        (0..parameters)
            .map(|index| W::from_components(|component| self.planes[first + component][index]))
            .collect()
    }

    /// Writes the model; a file of that name is replaced at once or not at all.
    ///
    /// # Errors
    /// Writing errors.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        self.write_to(&path.into())
    }

    /// The same for any target.
    ///
    /// # Errors
    /// Writing errors.
    pub fn write_to(&self, target: &Target) -> Result<(), Error> {
        let network = self.architecture.network();
        let input = network.input();
        let shape = [input.channels, input.height, input.width];
        let mut metadata = Metadata::plain(Content::Model, T::SCALAR, &shape, &self.classes);
        if let Some((id, _)) = &self.key {
            metadata = metadata.encrypted(self.form, self.lanes, *id);
        }
        metadata.network = Some(self.architecture.name().to_owned());
        metadata.standardization = self.standardization;
        if let Some(training) = &self.training {
            metadata.extra.insert("training".to_owned(), training.clone());
        }
        let mut tensors = self.tensors();
        if !self.loss.is_empty() {
            tensors.push(self.loss_tensor(self.loss.len()));
        }
        let key = self.key.as_ref().map(|(_, bytes)| bytes.as_slice());
        let mut writer = ContainerWriter::start(target, &metadata, key, tensors)?;
        let mut values = Vec::new();
        let mut put = |name: &str, planes: &mut dyn Iterator<Item = &[T]>| {
            values.clear();
            planes.for_each(|plane| values.extend_from_slice(plane));
            writer.write(name, &values)
        };
        for group in network.parameter_groups() {
            let (weight, bias) = names(group.layer);
            let (first, bias_at) = (group.first, group.first + group.weights());
            put(&weight, &mut self.planes.iter().map(|plane| &plane[first..bias_at]))?;
            put(&bias, &mut self.planes.iter().map(|plane| &plane[bias_at..first + group.len()]))?;
        }
        for loss in &self.loss {
            writer.write(LOSS, loss)?;
        }
        writer.finish()
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`Kind::WrongFile`] for another container; [`Kind::Malformed`] for a network that is not known;
    /// [`Kind::Shape`]; [`Kind::NonFinite`]; reading errors.
    ///
    /// # Panics
    /// Where `T` is not the file's scalar.
    pub fn read(container: &Container) -> Result<Self, Error> {
        let metadata = container.metadata();
        assert_eq!(metadata.scalar, T::SCALAR, "the scalar is looked up first");
        let architecture = architecture_of(container)?;
        let network = architecture.network();
        let components = metadata.form.components(metadata.lanes);
        let key = match metadata.key_id {
            Some(id) => Some((id, container.evaluation_key_bytes()?)),
            None => None,
        };
        let mut model = Self {
            architecture,
            classes: metadata.classes.clone(),
            form: metadata.form,
            lanes: metadata.lanes,
            key,
            planes: vec![vec![T::ZERO; network.parameters()]; components],
            loss: Vec::new(),
            standardization: metadata.standardization,
            training: metadata.extra.get("training").cloned(),
        };
        let mut buffer = ReadBuffer::new();
        for tensor in model.tensors() {
            container.expect(&tensor.name, tensor.element, &tensor.shape)?;
        }
        for group in network.parameter_groups() {
            let (weight, bias) = names(group.layer);
            let bias_at = group.first + group.weights();
            for (name, range) in [(weight, group.first..bias_at), (bias, bias_at..group.first + group.len())]
            {
                let rows = 0..container.tensor(&name)?.rows();
                let values: &[T] = read_finite(container, &name, rows, &mut buffer)?;
                for (plane, values) in model.planes.iter_mut().zip(values.chunks_exact(range.len())) {
                    plane[range.clone()].copy_from_slice(values);
                }
            }
        }
        if container.has(LOSS) {
            let epochs = container.tensor(LOSS)?.rows();
            let tensor = model.loss_tensor(epochs);
            container.expect(&tensor.name, tensor.element, &tensor.shape)?;
            // A mask's lane may have diverged: its loss need not be finite.
            let values = container.read_all::<T>(LOSS)?;
            model.loss = values.chunks_exact(components).map(<[T]>::to_vec).collect();
        }
        Ok(model)
    }

    /// The same model in spectral form, its lanes in the order of its evaluation key.
    ///
    /// # Errors
    /// [`Kind::Scheme`] for a matrix that is no ciphertext.
    pub(crate) fn into_spectral(self, container: &Container) -> Result<Self, Error> {
        if self.form != Form::Matrix {
            return Ok(self);
        }
        with_lanes!(self.lanes, N => {
            let key = container.evaluation_key::<T, N>()?;
            let convert = |entries: Vec<T>| Ok::<_, Error>(entries_to_lanes::<T, N>(&key, &entries)?.to_vec());
            let mut planes = vec![Vec::new(); N];
            for index in 0..self.planes[0].len() {
                let lanes = convert(self.planes.iter().map(|plane| plane[index]).collect())
                    .map_err(|error| error.at(container.path()))?;
                for (plane, lane) in planes.iter_mut().zip(lanes) {
                    plane.push(lane);
                }
            }
            let loss = self.loss.into_iter().map(convert).collect::<Result<_, _>>()?;
            Self { form: Form::Spectral, planes, loss, ..self }
        })
    }

    fn tensors(&self) -> Vec<Tensor> {
        let mut tensors = Vec::new();
        for group in self.architecture.network().parameter_groups() {
            let (weight, bias) = names(group.layer);
            let weights = match group.kernel {
                Some(kernel) => vec![group.outputs, group.fan_in / (kernel * kernel), kernel, kernel],
                None => vec![group.outputs, group.fan_in],
            };
            tensors.push(self.tensor(&weight, &weights));
            tensors.push(self.tensor(&bias, &[group.outputs]));
        }
        tensors
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Tensor {
        let shape = [&self.form.extents(self.lanes), shape].concat();
        Tensor::new(name, ElementType::of_scalar(T::SCALAR), &shape)
    }

    fn loss_tensor(&self, epochs: usize) -> Tensor {
        let shape = [&[epochs][..], &self.form.extents(self.lanes)].concat();
        Tensor::new(LOSS, ElementType::of_scalar(T::SCALAR), &shape)
    }
}

/// The network that a model's file names.
///
/// # Errors
/// [`Kind::Malformed`], with the file's name.
pub fn architecture_of(container: &Container) -> Result<Architecture, Error> {
    let at = |error: Error| error.at(container.path()).position("metadata");
    let name = container.metadata().network.as_deref();
    let name = name.ok_or_else(|| at(Error::new(Kind::Malformed, "the model names no network")))?;
    let architecture = Architecture::from_name(name).map_err(at)?;
    let shape = &container.metadata().shape;
    let shape = <[usize; 3]>::try_from(shape.as_slice())
        .map_err(|_| at(Error::new(Kind::Shape, "the input's shape has not three extents")))?;
    architecture.check_data(shape, container.metadata().classes.len()).map_err(at)?;
    Ok(architecture)
}

/// The names of a layer's parameters, as PyTorch's `nn.Sequential` forms them.
fn names(layer: usize) -> (String, String) {
    (format!("{layer}.weight"), format!("{layer}.bias"))
}
