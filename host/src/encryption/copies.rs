//! Augmented copies of ciphertexts, before they are written.

use nn_core::Shape;

use super::Scalar;
use crate::augmentation::Augmentation;
use crate::error::Error;

/// How often an item is stored.
pub(super) struct Copies {
    /// Times, itself included.
    pub(super) count: usize,
    /// How the copies of images differ, and the shape of an image; what is not an image is repeated.
    pub(super) transformed: Option<(Augmentation, Shape)>,
}

impl Copies {
    /// Makes of the items in `stored`, `item` ciphertexts of so many components each, the copies of each, one after the other. The first
    /// has the number `first` in the data set; `originals` is memory.
    pub(super) fn extend<T: Scalar>(
        &self,
        components: usize,
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
        for (index, original) in originals.chunks_exact(components * item).enumerate() {
            stored.extend_from_slice(original);
            for copy in 1..self.count {
                let start = stored.len();
                stored.extend_from_slice(original);
                if let Some((augmentation, shape)) = self.transformed {
                    // Pixels are weighed by plain numbers, plane by plane.
                    let planes = Shape { channels: components * shape.channels, ..shape };
                    augmentation.apply(planes, first + index, copy, original, &mut stored[start..])?;
                }
            }
        }
        Ok(())
    }
}
