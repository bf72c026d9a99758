//! Containers: safetensors files for encrypted and plain images, models and outputs.
//!
//! A container is a safetensors file with one metadata entry, `more`, that holds sorted JSON ([`Metadata`]), the
//! evaluation key as the tensor `evaluation_key`, and, last in the file, the tensor `checksums`. It is written in one
//! pass ([`ContainerWriter`]) and read by position ([`Container`]), from several threads if need be.
//! `docs/formats.md` has the format in full.

mod checksum;
mod element;
mod header;
mod images;
mod keys;
mod lanes;
mod layout;
mod memory;
mod metadata;
mod positioned;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

pub use element::{Element, ElementType};
pub use header::{Tensor, TensorInfo};
pub use images::{ImagesFile, LabelKind};
pub(crate) use images::{plain_labels, read_finite};
pub(crate) use keys::key_error;
pub use keys::{align_keys, check_same_key, header_of};
#[cfg(feature = "engine")]
pub(crate) use lanes::{LaneOfTwo, LanePlanes};
pub(crate) use lanes::{matrix_at, put_matrices};
pub use layout::{image_tensor, label_tensor, metrics_tensor, output_tensor, plain_label_tensor};
pub use memory::{MemoryFile, Target};
pub use metadata::{Content, FORMAT_VERSION, Form, Metadata, scalar_name};
#[cfg(feature = "sources")]
pub(crate) use positioned::PositionedFile;
pub use reader::{Container, ReadBuffer};
pub use writer::ContainerWriter;

/// The images' tensor.
pub const IMAGES: &str = "images";
/// The encrypted one-hot labels' tensor.
pub const LABELS: &str = "labels";
/// The tensor of labels in the clear.
pub const PLAIN_LABELS: &str = "plain_labels";
/// The outputs' tensor.
pub const OUTPUTS: &str = "outputs";
/// The tensor of loss and accuracy.
pub const METRICS: &str = "metrics";
/// The evaluation key's tensor: more-core's encoding, padded by zeros to a multiple of 8 bytes.
pub const EVALUATION_KEY: &str = "evaluation_key";
/// The checksums' tensor, last in every container.
pub const CHECKSUMS: &str = "checksums";
