//! Convolutions of 3 x 3 by Winograd's minimal filtering `F(2 x 2, 3 x 3)`: four outputs, a tile of two rows and two columns, from sixteen
//! products instead of thirty-six.
//!
//! `y = A^T (sum over channels of (G w G^T) * (B^T x B)) A` for the outputs `y` of a tile, the taps `w` of a kernel and the 4 x 4 inputs
//! `x` under a tile, where `*` multiplies entry by entry and
//!
//! ```text
//!       | 1  0 -1  0 |        |  1    0   0  |
//! B^T = | 0  1  1  0 |    G = | 1/2  1/2 1/2 |    A^T = | 1  1  1  0 |
//!       | 0 -1  1  0 |        | 1/2 -1/2 1/2 |          | 0  1 -1 -1 |
//!       | 0  1  0 -1 |        |  0    0   1  |
//! ```
//!
//! A row of the transforms after the other is computed, multiplied and summed over planes, and what it gives is added to the outputs, so that
//! a first-level cache holds all that is between inputs and outputs. Gradients are transposes of the same transforms; `A d` is kept with the
//! other sign in its last place, where it is a copy of `d` then.
//!
//! What a transform saves of the products it costs in additions, for each plane that is read and written: stages of few channels are faster as
//! they are. Where there are few registers, direct kernels wait for their operands, and fewer channels are enough.
//!
//! Source: S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin, S. Gray, Fast Algorithms for Convolutional Neural
//! Networks (CVPR 2016).

mod forward;
mod input_gradient;
mod weight_gradient;

pub(super) use forward::{Filters, rows_of_filters, transforms_of};
pub(super) use input_gradient::{Channels, rows_of_channels};
pub(super) use weight_gradient::{Block, gradients_of_block};

use super::{Three, Window};
use crate::element::{Element, Weigh};
use crate::layout::LAYOUT_BLOCK;
use crate::stage::{Linear, Stage};

/// Rows and columns of a kernel.
const KERNEL: usize = 3;

/// Rows and columns of a tile's transform.
const SIDE: usize = 4;

/// The two of the four lines under a tile that a row of `B^T` takes: it adds them in the second row, and takes the difference in the others.
/// A constant, not an array of a loop: that is stored first, and what reads it waits for all stores in front of it, which may go to memory.
const LINES: [(usize, usize); SIDE] = [(0, 2), (1, 2), (2, 1), (1, 3)];

/// Neighbouring tiles that are computed at once, at most.
const TILES: usize = 2;

/// Planes that are summed over, where there is little room for their transforms.
const FEW_PLANES: usize = 8;

/// Planes that are summed over at most.
const MOST_PLANES: usize = 32;

/// Planes of the input and of the output that outweigh the transforms.
const LEAST_PLANES: (usize, usize) = (8, 16);

/// The same without [`many_registers`].
const LEAST_PLANES_FOR_FEW: (usize, usize) = (4, 8);

/// The same without [`many_registers`], for gradients of the input: to transform gradients takes more than to transform inputs.
const LEAST_PLANES_FOR_FEW_BACK: (usize, usize) = (8, 8);

/// Columns of tiles that outweigh the transform of the weights, which is computed anew for each row where rows come one by one.
const LEAST_COLUMNS: usize = 5;

/// Whether a stage's convolution is computed this way: whatever the team and the rows, since results have other bits.
#[inline(always)]
pub(super) const fn applies<E: Weigh<W>, W: Copy, D: Window>(stage: &Stage) -> bool {
    has_tiles::<E, W, D>(stage, LEAST_PLANES_FOR_FEW)
}

/// Whether its input gradient is.
#[inline(always)]
pub(super) const fn has_input_gradient<E: Weigh<W>, W: Copy, D: Window>(stage: &Stage) -> bool {
    has_tiles::<E, W, D>(stage, LEAST_PLANES_FOR_FEW_BACK)
}

#[inline(always)]
const fn has_tiles<E: Weigh<W>, W: Copy, D: Window>(stage: &Stage, least_for_few: (usize, usize)) -> bool {
    let least = if const { many_registers::<E>() } { LEAST_PLANES } else { least_for_few };
    (const { E::WINOGRAD }) && has_planes::<D>(stage, least) && stage.output.width >= LEAST_COLUMNS
}

/// Elements of the [transforms](transform) of a stage's weights, 0 where it is not computed this way.
pub(crate) const fn transforms<E: Weigh<W>, W: Copy>(stage: &Stage) -> usize {
    // `Three` is what `with_window` takes then.
    let is_three =
        (const { E::UNROLLED }) && matches!(stage.linear, Linear::Conv2d { kernel: KERNEL, stride: 1 });
    if !is_three || !applies::<E, W, Three<0>>(stage) {
        return 0;
    }
    SIDE * SIDE * stage.input.channels * LAYOUT_BLOCK * stage.active.channels.div_ceil(LAYOUT_BLOCK)
}

/// `G w G^T` of the kernels of all filters, `[layout block][register block][row][column][channel][filter of the register block]`; the
/// layout blocks are all as long as whole ones.
pub(crate) fn transform<E: Weigh<W>, W: Copy>(stage: &Stage, parameters: &[W], transforms: &mut [W]) {
    if !transforms.is_empty() {
        // Lengths have been checked: nothing is missing.
        let _ = forward::transform::<E, W>(stage, parameters, transforms);
    }
}

/// Whether the weight gradient is computed this way. It transforms no weights, so that narrow maps gain too; but its registers are of
/// filters, and fewer than [`LEAST_PLANES`] do not fill them.
#[inline(always)]
pub(super) fn has_weight_gradient<E: Weigh<W>, W: Copy, D: Window>(stage: &Stage) -> bool {
    (const { E::WINOGRAD }) && has_planes::<D>(stage, LEAST_PLANES)
}

/// Whether there are tiles, and planes enough for their transforms to be worth it.
#[inline(always)]
const fn has_planes<D: Window>(stage: &Stage, (least_inputs, least_outputs): (usize, usize)) -> bool {
    let (inputs, outputs) = (stage.input.channels, stage.active.channels);
    D::KERNEL == KERNEL
        && stage.pool == 2
        && least_inputs <= inputs
        && inputs <= MOST_PLANES
        && least_outputs <= outputs
        && outputs <= MOST_PLANES
}

/// Whether there are registers for the sums of eight outputs of two tiles, or of two columns of eight channels; four outputs or channels, of
/// one, otherwise.
const fn many_registers<E: Element>() -> bool {
    E::BLOCK == 8
}

/// One row of the transforms of neighbouring tiles, `[column][plane]`.
type Tiles<E> = [[E; TILES]];

/// One row of sums over planes of a register block of outputs, `[column][tile][output]`.
type Sums<E, const OUTPUTS: usize> = [[[E; OUTPUTS]; TILES]; SIDE];

/// `sum over planes of w * x` for `COUNT` tiles and one row of the transforms, from a bias on where there is one; weights and tiles
/// `[column][plane]`.
#[inline(always)]
fn products<E: Weigh<W>, W: Copy, const COUNT: usize, const OUTPUTS: usize>(
    context: E::Context,
    weights: &[[W; OUTPUTS]],
    tiles: &Tiles<E>,
    planes: usize,
    biases: Option<&[W; OUTPUTS]>,
    sums: &mut Sums<E, OUTPUTS>,
) {
    let columns = weights.chunks_exact(planes.max(1)).zip(tiles.chunks_exact(planes.max(1)));
    for (column, ((weights, tiles), to)) in columns.zip(sums).enumerate() {
        let mut sums = [[E::zero(context); OUTPUTS]; COUNT];
        // The second column of `A^T` is (1, 1): a sum there is added to all outputs.
        if let (1, Some(biases)) = (column, biases) {
            for o in 0..OUTPUTS {
                for tile in 0..COUNT {
                    sums[tile][o] = E::from_weight(context, biases[o]);
                }
            }
        }
        for (w, x) in weights.iter().zip(tiles) {
            for o in 0..OUTPUTS {
                for tile in 0..COUNT {
                    sums[tile][o] = sums[tile][o].weigh_acc(w[o], x[tile]);
                }
            }
        }
        // One by one: a copy of the whole is made from memory.
        #[expect(clippy::manual_memcpy, reason = "the sums are in registers")]
        for tile in 0..COUNT {
            to[tile] = sums[tile];
        }
    }
}

/// `G w G^T` of kernels of several outputs.
#[inline(always)]
fn kernel_transform<E: Weigh<W>, W: Copy, const OUTPUTS: usize>(
    kernel: &[[[W; OUTPUTS]; KERNEL]; KERNEL],
) -> Option<[[[W; OUTPUTS]; SIDE]; SIDE]> {
    let [first, second, third] = kernel;
    let (first, second, third) =
        (E::winograd_taps(*first)?, E::winograd_taps(*second)?, E::winograd_taps(*third)?);
    let mut transform = [first; SIDE];
    for k in 0..SIDE {
        let column = E::winograd_taps([first[k], second[k], third[k]])?;
        for r in 0..SIDE {
            transform[r][k] = column[r];
        }
    }
    Some(transform)
}

/// The columns of a row of transforms, a plane after the other.
#[inline(always)]
fn columns<T>(tiles: &mut [T], planes: usize) -> Option<impl Iterator<Item = [&mut T; SIDE]>> {
    let (first, rest) = tiles.split_at_mut_checked(planes)?;
    let (second, rest) = rest.split_at_mut_checked(planes)?;
    let (third, rest) = rest.split_at_mut_checked(planes)?;
    let fourth = rest.get_mut(..planes)?;
    let columns = first.iter_mut().zip(second).zip(third).zip(fourth);
    Some(columns.map(
        #[inline(always)]
        |(((first, second), third), fourth)| [first, second, third, fourth],
    ))
}

/// `value` as often as so many planes take, in an array of one of two sizes, of which the other is never written: a kernel's memory is on the
/// stack, and to fill much of it for few planes would show.
macro_rules! room {
    ($few:ident, $many:ident, $planes:expr, $per_plane:expr, $value:expr) => {{
        let (planes, value) = ($planes, $value);
        let room: &mut [_] = if planes <= $crate::layer::conv2d::winograd::FEW_PLANES {
            $few = [value; { $per_plane } * $crate::layer::conv2d::winograd::FEW_PLANES];
            &mut $few
        } else {
            $many = [value; { $per_plane } * $crate::layer::conv2d::winograd::MOST_PLANES];
            &mut $many
        };
        $crate::part::part_mut(room, 0..{ $per_plane } * planes)
    }};
}
use room;
