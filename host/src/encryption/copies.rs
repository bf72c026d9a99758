//! Augmented copies of ciphertexts, before they are written.

use more_core::Ciphertext;
use nn_core::Shape;

use super::Scalar;
use crate::augmentation::Augmentation;
use crate::container::{Form, matrix_entries, put_matrix_entries};
use crate::error::Error;

/// How often an item is stored.
pub(super) struct Copies {
    /// Times, itself included.
    pub(super) count: usize,
    /// How the copies of images differ, and the shape of an image; what is not an image is repeated.
    pub(super) transformed: Option<(Augmentation, Shape)>,
}

impl Copies {
    /// Makes of the items in `stored`, `item` ciphertexts each, the copies of each, one after the other. The first has the number
    /// `first` in the data set; `originals` is memory.
    pub(super) fn extend<T: Scalar, const N: usize>(
        &self,
        form: Form,
        first: usize,
        item: usize,
        stored: &mut Vec<T>,
        originals: &mut Vec<T>,
    ) -> Result<(), Error> {
        if self.count == 1 {
            return Ok(());
        }
        std::mem::swap(stored, originals);
        stored.clear();
        let length = item * if form == Form::Matrix { N * N } else { N };
        for (index, original) in originals.chunks_exact(length).enumerate() {
            stored.extend_from_slice(original);
            for copy in 1..self.count {
                let start = stored.len();
                stored.extend_from_slice(original);
                if let Some((augmentation, shape)) = self.transformed {
                    let copy = (augmentation, shape, first + index, copy);
                    transform::<T, N>(form, copy, original, &mut stored[start..])?;
                }
            }
        }
        Ok(())
    }
}

/// One copy of one image, as it is stored.
fn transform<T: Scalar, const N: usize>(
    form: Form,
    (augmentation, shape, image, copy): (Augmentation, Shape, usize, usize),
    original: &[T],
    out: &mut [T],
) -> Result<(), Error> {
    if form != Form::Matrix {
        let planes = Shape { channels: N * shape.channels, ..shape };
        return augmentation.apply(planes, image, copy, original, out);
    }
    let input: Vec<Ciphertext<T, N>> = original.chunks_exact(N * N).map(matrix_entries).collect();
    let mut output = input.clone();
    augmentation.apply(shape, image, copy, &input, &mut output)?;
    for (ciphertext, entries) in output.iter().zip(out.chunks_exact_mut(N * N)) {
        put_matrix_entries(ciphertext, entries);
    }
    Ok(())
}
