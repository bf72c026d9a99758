//! Names and shapes of the tensors of images and outputs.

use super::element::ElementType;
use super::header::Tensor;
use super::metadata::Metadata;
use super::{IMAGES, LABELS, METRICS, OUTPUTS, PLAIN_LABELS};

/// Images: `[count, channels, height, width]` plain, `[count, n, channels, height, width]` in spectral form,
/// `[count, n, n, channels, height, width]` in matrix form, where `[.., i, j, ..]` is row i, column j of the matrices.
#[must_use]
pub fn image_tensor(metadata: &Metadata, count: usize) -> Tensor {
    items(IMAGES, metadata, count, &metadata.shape)
}

/// One-hot labels: `[count, n, classes]` in spectral form, `[count, n, n, classes]` in matrix form.
#[must_use]
pub fn label_tensor(metadata: &Metadata, count: usize) -> Tensor {
    items(LABELS, metadata, count, &[metadata.classes.len()])
}

/// Labels in the clear: `[count]`, of type I64 as PyTorch's loss functions want them.
#[must_use]
pub fn plain_label_tensor(count: usize) -> Tensor {
    Tensor::new(PLAIN_LABELS, ElementType::I64, &[count])
}

/// Outputs of a network: `[count, outputs]` plain, `[count, n, outputs]` in spectral form, `[count, n, n, outputs]` in
/// matrix form; `metadata.shape` is `[outputs]`.
#[must_use]
pub fn output_tensor(metadata: &Metadata, count: usize) -> Tensor {
    items(OUTPUTS, metadata, count, &metadata.shape)
}

/// Loss and accuracy: `[epochs, parts, 2]` plain, `[epochs, n, parts, 2]` in spectral form; `metadata.shape` is
/// `[parts, 2]`.
#[must_use]
pub fn metrics_tensor(metadata: &Metadata, epochs: usize) -> Tensor {
    items(METRICS, metadata, epochs, &metadata.shape)
}

fn items(name: &str, metadata: &Metadata, count: usize, item: &[usize]) -> Tensor {
    let shape = [&[count][..], &metadata.form.extents(metadata.lanes), item].concat();
    Tensor::new(name, ElementType::of_scalar(metadata.scalar), &shape)
}
