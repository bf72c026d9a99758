//! Weights of convolutions by Winograd's minimal filtering, transformed beforehand: what every row of an image, and every image, would
//! do again.

use crate::element::Weigh;
use crate::execute::check;
use crate::layer::conv2d;
use crate::part::{cut_mut, part};
use crate::{Error, Network};

impl Network<'_> {
    /// Elements that [`transform_weights`] writes for inference on elements `E`: 0 where there is nothing to transform, as on single numbers.
    #[must_use]
    pub const fn transforms<E: Weigh<W>, W: Copy>(&self) -> usize {
        let (mut stages, mut sum) = (self.stages(), 0);
        while let Ok(Some(stage)) = stages.advance() {
            sum += conv2d::transforms::<E, W>(&stage);
        }
        sum
    }
}

/// Writes what [`RowStream::with_transforms`](crate::RowStream::with_transforms) takes: `G w G^T` of the kernels `w` of all stages that are
/// computed by Winograd's minimal filtering on elements `E`.
///
/// `parameters` in the order of the kernels ([`to_kernel`](crate::layout::to_kernel)); `transforms` has [`Network::transforms`] elements, of which
/// some, behind a layout block that is not whole, are left as they are: nothing reads them.
///
/// # Errors
///
/// Names the buffer that has the wrong length; nothing has been written then.
pub fn transform_weights<E: Weigh<W>, W: Copy>(
    network: &Network<'_>,
    parameters: &[W],
    transforms: &mut [W],
) -> Result<(), Error> {
    check(parameters.len(), network.parameters(), |expected| Error::Weights { expected })?;
    check(transforms.len(), network.transforms::<E, W>(), |expected| Error::Transforms { expected })?;
    let mut rest = transforms;
    for stage in network.stages() {
        let (own, others) = cut_mut(rest, conv2d::transforms::<E, W>(&stage));
        conv2d::transform::<E, W>(&stage, part(parameters, stage.parameter_range()), own);
        rest = others;
    }
    Ok(())
}
