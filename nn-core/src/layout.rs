//! Where a weight stands in memory.
//!
//! Files keep PyTorch's order: `[output][input]`, for convolutions `[filter][channel][row][column]`. Kernels read the
//! weights of neighbouring outputs for the same input together, so they are stored in blocks of [`LAYOUT_BLOCK`] outputs:
//! `[block][input][output in the block]`. The last block is as narrow as the outputs that are left: nothing is padded, and a
//! layer's parameters (weights, then one bias an output) take the same space in both orders.

use core::ops::Range;

use crate::part::{part, part_mut};
use crate::{Error, Network};

/// Outputs whose weights for one input stand together.
pub const LAYOUT_BLOCK: usize = 16;

/// One block of outputs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// Its first output.
    pub(crate) first: usize,
    /// Its number of outputs.
    pub(crate) width: usize,
}

/// The blocks of a layer with `outputs` outputs.
#[inline(always)]
pub(crate) fn blocks(outputs: usize) -> impl Iterator<Item = Block> + Clone {
    (0..outputs.div_ceil(LAYOUT_BLOCK)).map(move |block| Block::of(outputs, block * LAYOUT_BLOCK))
}

/// The number of outputs of a block, where all blocks of a layer have the same.
pub(crate) const fn common_width(outputs: usize) -> Option<usize> {
    if outputs < LAYOUT_BLOCK {
        Some(outputs)
    } else if outputs.is_multiple_of(LAYOUT_BLOCK) {
        Some(LAYOUT_BLOCK)
    } else {
        None
    }
}

impl Block {
    /// The block of an output, of a layer with `outputs`.
    #[inline(always)]
    pub(crate) fn of(outputs: usize, output: usize) -> Self {
        let first = output - output % LAYOUT_BLOCK;
        Self { first, width: (outputs - first).min(LAYOUT_BLOCK) }
    }

    /// The weights of this block.
    #[inline(always)]
    pub(crate) fn weights<'a, W>(&self, weights: &'a [W], fan_in: usize) -> &'a [W] {
        part(weights, self.first * fan_in..(self.first + self.width) * fan_in)
    }

    /// The weights of this block, to be changed.
    #[inline(always)]
    pub(crate) fn weights_mut<'a, W>(&self, weights: &'a mut [W], fan_in: usize) -> &'a mut [W] {
        part_mut(weights, self.first * fan_in..(self.first + self.width) * fan_in)
    }
}

/// The blocks that a range of a layer's outputs touches, each with the part of the range in it, counted from its first output.
#[inline(always)]
pub(crate) fn blocks_within(
    outputs: usize,
    range: Range<usize>,
) -> impl Iterator<Item = (Block, Range<usize>)> {
    blocks(outputs).filter_map(move |block| {
        let start = range.start.max(block.first);
        let end = range.end.min(block.first + block.width);
        (start < end).then(|| (block, start - block.first..end - block.first))
    })
}

/// Cuts a range into register blocks of `largest` or, at the end, the powers of two below: `(first, size)`.
#[inline(always)]
pub(crate) fn register_blocks(range: Range<usize>, largest: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = range.start;
    core::iter::from_fn(move || {
        let left = range.end - at;
        if left == 0 {
            return None;
        }
        let mut size = largest;
        while size > left {
            size /= 2;
        }
        at += size;
        Some((at - size, size))
    })
}

/// Index, in a layer's weights as kernels read them, of the weight from `input` to `output`.
#[inline]
const fn kernel_index(outputs: usize, fan_in: usize, output: usize, input: usize) -> usize {
    let first = output - output % LAYOUT_BLOCK;
    let left = outputs - first;
    let width = if left < LAYOUT_BLOCK { left } else { LAYOUT_BLOCK };
    first * fan_in + input * width + (output - first)
}

/// Copies a network's parameters from the order of files to the order of the kernels.
///
/// Both are a layer's weights, then its biases, layer after layer; see the [module](self) for the order of the weights.
///
/// # Errors
///
/// [`Error::Weights`] where a slice has not [`Network::parameters`] elements.
pub fn to_kernel<W: Copy>(network: &Network<'_>, file: &[W], kernel: &mut [W]) -> Result<(), Error> {
    permute(network, file.len(), kernel.len(), |file_index, kernel_index| {
        kernel[kernel_index] = file[file_index]
    })
}

/// Copies a network's parameters from the order of the kernels to the order of files: the inverse of [`to_kernel`].
///
/// # Errors
///
/// [`Error::Weights`] where a slice has not [`Network::parameters`] elements.
pub fn to_file<W: Copy>(network: &Network<'_>, kernel: &[W], file: &mut [W]) -> Result<(), Error> {
    permute(network, file.len(), kernel.len(), |file_index, kernel_index| {
        file[file_index] = kernel[kernel_index]
    })
}

fn permute(
    network: &Network<'_>,
    file: usize,
    kernel: usize,
    mut copy: impl FnMut(usize, usize),
) -> Result<(), Error> {
    let expected = network.parameters();
    if file != expected || kernel != expected {
        return Err(Error::Weights { expected });
    }
    for group in network.parameter_groups() {
        for output in 0..group.outputs {
            for input in 0..group.fan_in {
                copy(
                    group.first + output * group.fan_in + input,
                    group.first + kernel_index(group.outputs, group.fan_in, output, input),
                );
            }
        }
        for bias in group.weights()..group.len() {
            copy(group.first + bias, group.first + bias);
        }
    }
    Ok(())
}
