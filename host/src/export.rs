//! Trained models as sources for devices: a crate for a microcontroller, C files, or a model rounded to what these hold.
//!
//! Weights are written in the order of the kernels ([`nn_core::layout`]), so that a device reads them from flash as they are. The
//! standardization that a model was trained with is made part of its first layer. No secret key is read or written.

mod c;
mod folder;
mod rust;
mod sample;
mod standardized;
mod weight_format;

use std::path::Path;

use nn_core::{Network, layout};

use crate::architecture::Architecture;
use crate::container::{Container, Form};
use crate::error::{Error, Kind};
use crate::model::Model;
use crate::samples::Input;
use crate::training::internal;

pub use weight_format::WeightFormat;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// A folder: a crate with a main function for a Cortex-M4F.
    Rust,
    /// A folder: C sources for the library of the package more-nn-capi.
    C,
    /// A model file with the weights as the device has them, for `predict` and `compare`.
    Model,
}

/// How a model is exported.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// What is written.
    pub target: Target,
    /// How weights are stored.
    pub weights: WeightFormat,
    /// Where the exported crate finds nn-core: the folder of this workspace, or the address of its repository.
    pub crates: Option<&'a str>,
    /// The data whose first image the exported program runs on; an image of zeros without it.
    pub sample: Option<&'a Input>,
}

/// What was written.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// Weights and biases.
    pub parameters: usize,
    /// Bytes that they take.
    pub weight_bytes: usize,
}

/// A model as a device has it.
struct DeviceModel {
    architecture: Architecture,
    /// Lanes of the elements that it computes on, 1 for plain ones.
    element_lanes: usize,
    /// Lanes of its weights, 1 for plain ones.
    weight_lanes: usize,
    format: WeightFormat,
    /// The weights in the order of the kernels, lane after lane.
    weights: Vec<Vec<f32>>,
    /// The evaluation key, where the weights are encrypted.
    key: Option<Vec<u8>>,
    /// `[pixel][lane]`.
    sample: Vec<f32>,
}

impl DeviceModel {
    fn network(&self) -> Network<'static> {
        self.architecture.network()
    }

    /// The weights' bytes, `[parameter][lane]`.
    fn weight_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for index in 0..self.network().parameters() {
            for plane in &self.weights {
                self.format.put(plane[index], &mut bytes)?;
            }
        }
        Ok(bytes)
    }
}

/// Writes the model in `container` to `out`: a folder that must not exist yet, or a file.
///
/// # Errors
/// [`Kind::Shape`] for a model of `f64`, or of a number of lanes that the target does not have; [`Kind::Usage`] for encrypted weights in
/// less than 32 bits, an encrypted model with a plain sample, or a crate without [`Options::crates`]; [`Kind::Malformed`] for weights
/// beyond the format; [`Kind::Key`] for a sample of another key; [`Kind::Exists`]; reading and writing errors. Nothing is left at
/// `out` then.
pub fn export(container: &Container, options: &Options<'_>, out: &Path) -> Result<Summary, Error> {
    if container.metadata().scalar != more_core::Scalar::F32 {
        return Err(Error::new(Kind::Shape, "the model is of f64, devices compute in f32")
            .at(container.path())
            .with_hint("train it with --scalar f32"));
    }
    let mut model = Model::<f32>::read(container)?.into_spectral(container)?;
    standardized::fold(&mut model).map_err(|error| error.at(container.path()))?;
    if model.form != Form::Plain && options.weights != WeightFormat::F32 {
        let message = format!("encrypted weights cannot be stored as {}", options.weights.name());
        return Err(Error::usage(message).with_hint("leave out --weights, or export a plain model"));
    }
    for plane in &mut model.planes {
        for (index, weight) in plane.iter_mut().enumerate() {
            *weight = options
                .weights
                .rounded(*weight)
                .map_err(|error| error.at(container.path()).position(format!("parameter {index}")))?;
        }
    }
    let network = model.architecture.network();
    let parameters = network.parameters();
    let summary =
        Summary { parameters, weight_bytes: parameters * model.planes.len() * options.weights.bytes() };
    if options.target == Target::Model {
        model.write(out)?;
        return Ok(summary);
    }
    let (element_lanes, sample) = sample::read(options.sample, &model, container)?;
    let weights = model.planes.iter().map(|plane| {
        let mut kernel = vec![0.0; plane.len()];
        layout::to_kernel(&network, plane, &mut kernel).map_err(internal)?;
        Ok(kernel)
    });
    let model = DeviceModel {
        architecture: model.architecture,
        element_lanes,
        weight_lanes: model.planes.len(),
        format: options.weights,
        weights: weights.collect::<Result<_, Error>>()?,
        key: model.key.map(|(_, bytes)| bytes),
        sample,
    };
    let files = match options.target {
        Target::C => c::files(&model)?,
        _ => rust::files(&model, options.crates)?,
    };
    folder::write(out, &files)?;
    Ok(summary)
}
