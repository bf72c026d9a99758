//! `y = A^T (sum over channels of (G w G^T) * (B^T x B)) A`, activation and average pool: a tile is a window of the pool.

use core::ops::Range;

use super::{
    KERNEL, LINES, SIDE, Sums, TILES, Tiles, columns, kernel_transform, many_registers, products, room,
};
use crate::element::{Element, Weigh};
use crate::layer::activation::Function;
use crate::layer::avg_pool2d::mean_factor;
use crate::layer::conv2d::forward::store_mean;
use crate::layer::conv2d::local;
use crate::layout::{Block, LAYOUT_BLOCK, blocks};
use crate::part::{from, part};
use crate::prefetch::Prefetch;
use crate::stage::Stage;
use crate::team::Team;

/// Some filters of a layout block.
pub(in crate::layer::conv2d) struct Filters<'a, W> {
    /// The first one's place among the output's planes.
    pub(in crate::layer::conv2d) place: usize,
    pub(in crate::layer::conv2d) count: usize,
    /// From the first filter's first weight on, with some that follow the block.
    pub(in crate::layer::conv2d) weights: &'a [W],
    /// Filters of the layout block: the distance of weights for neighbouring inputs.
    pub(in crate::layer::conv2d) width: usize,
    /// Of these filters.
    pub(in crate::layer::conv2d) biases: &'a [W],
    /// The transforms of these filters' weights, or none: they are computed then.
    pub(in crate::layer::conv2d) transforms: &'a [W],
}

/// The part of a stage's `transforms` that is of some filters of a layout block. None where a team has cut the block: its register
/// blocks are others then.
pub(in crate::layer::conv2d) fn transforms_of<'a, W>(
    stage: &Stage,
    block: &Block,
    within: &Range<usize>,
    transforms: &'a [W],
) -> &'a [W] {
    if transforms.is_empty() || within.len() < block.width {
        return &[];
    }
    let len = LAYOUT_BLOCK * SIDE * SIDE * stage.input.channels;
    let first = block.first / LAYOUT_BLOCK * len;
    part(transforms, first..first + len)
}

/// The transforms of a stage's weights, a layout block after the other.
pub(super) fn transform<E: Weigh<W>, W: Copy>(
    stage: &Stage,
    parameters: &[W],
    transforms: &mut [W],
) -> Option<()> {
    let channels = stage.input.channels;
    let places = transforms.chunks_exact_mut((LAYOUT_BLOCK * SIDE * SIDE * channels).max(1));
    for (block, place) in blocks(stage.active.channels).zip(places) {
        // To the end of the parameters: registers are read of the last, narrow block, too.
        let weights = from(parameters, block.first * stage.fan_in);
        if const { many_registers::<E>() } {
            let (place, _) = place.as_chunks_mut::<8>();
            transform_weights::<E, W, 8>(weights, (block.width, block.width), channels, place)?;
        } else {
            let (place, _) = place.as_chunks_mut::<4>();
            transform_weights::<E, W, 4>(weights, (block.width, block.width), channels, place)?;
        }
    }
    Some(())
}

/// All rows of some filters.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, function")]
pub(in crate::layer::conv2d) fn rows_of_filters<E: Weigh<W>, W: Copy, F: Function<E>>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W>,
    function: F,
    input: &[E],
    kept: Option<&mut [E]>,
    output: &mut [E],
) -> Option<()> {
    if const { many_registers::<E>() } {
        rows_by::<E, W, F, 8>(team, context, stage, filters, function, input, kept, output)
    } else {
        rows_by::<E, W, F, 4>(team, context, stage, filters, function, input, kept, output)
    }
}

/// [`rows_of_filters`], `OUTPUTS` filters at a time.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, function")]
fn rows_by<E: Weigh<W>, W: Copy, F: Function<E>, const OUTPUTS: usize>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W>,
    function: F,
    input: &[E],
    mut kept: Option<&mut [E]>,
    output: &mut [E],
) -> Option<()> {
    let stage = &local(stage);
    let (channels, zero) = (stage.input.channels, E::zero(context));
    let any = *filters.weights.first()?;
    let (mut few_weights, mut many_weights);
    let weights = if filters.transforms.is_empty() {
        let weights = room!(few_weights, many_weights, channels, LAYOUT_BLOCK * SIDE * SIDE, any);
        let (weights, _) = weights.as_chunks_mut::<OUTPUTS>();
        transform_weights::<E, W, OUTPUTS>(
            filters.weights,
            (filters.count, filters.width),
            channels,
            weights,
        )?;
        &*weights
    } else {
        filters.transforms.as_chunks::<OUTPUTS>().0
    };
    let mut biases = [any; LAYOUT_BLOCK];
    for (place, bias) in biases.iter_mut().zip(filters.biases) {
        *place = *bias;
    }
    let (biases, _) = biases.as_chunks::<OUTPUTS>();

    let (mut few_tiles, mut many_tiles);
    let tiles = room!(few_tiles, many_tiles, channels, SIDE, [zero; TILES]);
    let mut sums = [[[zero; OUTPUTS]; TILES]; SIDE];
    let mut outputs = [zero; LAYOUT_BLOCK * TILES * 4];
    let (outputs, _) = outputs.as_chunks_mut::<OUTPUTS>();
    let (outputs, _) = outputs.as_chunks_mut::<4>();
    let (outputs, _) = outputs.as_chunks_mut::<TILES>();
    let strip = Strip { context, stage, filters, weights, biases, function };
    for row in stage.first_row..stage.output_rows {
        let mut column = 0;
        while column < stage.output.width {
            team.meanwhile();
            let (at, kept) = ((row, column), kept.as_deref_mut());
            column += if const { E::POSITIONS == TILES } && column + TILES <= stage.output.width {
                strip.compute::<TILES>(at, input, tiles, &mut sums, outputs, kept, output)?
            } else {
                strip.compute::<1>(at, input, tiles, &mut sums, outputs, kept, output)?
            };
        }
    }
    Some(())
}

/// `G w G^T` of the kernels of `count` filters of a layout block of `width`, `[register block][row][column][channel]`.
#[inline(always)]
fn transform_weights<E: Weigh<W>, W: Copy, const OUTPUTS: usize>(
    weights: &[W],
    (count, width): (usize, usize),
    channels: usize,
    to: &mut [[W; OUTPUTS]],
) -> Option<()> {
    let blocks = to.chunks_exact_mut(SIDE * SIDE * channels);
    for (block, to) in blocks.enumerate().take(count.div_ceil(OUTPUTS)) {
        for channel in 0..channels {
            let taps = from(weights, block * OUTPUTS + channel * KERNEL * KERNEL * width);
            let mut kernel = [[*taps.first_chunk::<OUTPUTS>()?; KERNEL]; KERNEL];
            for u in 0..KERNEL {
                for t in 0..KERNEL {
                    kernel[u][t] = *taps.get((u * KERNEL + t) * width..)?.first_chunk::<OUTPUTS>()?;
                }
            }
            let kernel = kernel_transform::<E, W, OUTPUTS>(&kernel)?;
            let places = to.iter_mut().skip(channel).step_by(channels);
            for (place, entry) in places.zip(kernel.as_flattened()) {
                *place = *entry;
            }
        }
    }
    Some(())
}

/// What the strips of tiles have in common.
struct Strip<'a, E: Element, W, F, const OUTPUTS: usize> {
    context: E::Context,
    stage: &'a Stage,
    filters: &'a Filters<'a, W>,
    weights: &'a [[W; OUTPUTS]],
    /// Of each register block.
    biases: &'a [[W; OUTPUTS]],
    function: F,
}

impl<E: Weigh<W>, W: Copy, F: Function<E>, const OUTPUTS: usize> Strip<'_, E, W, F, OUTPUTS> {
    /// `COUNT` neighbouring outputs of the pool, from `(row, column)` on, of all filters. Gives `COUNT`.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "one caller, whose memory it works on")]
    fn compute<const COUNT: usize>(
        &self,
        (row, column): (usize, usize),
        input: &[E],
        tiles: &mut Tiles<E>,
        sums: &mut Sums<E, OUTPUTS>,
        outputs: &mut [[[[E; OUTPUTS]; 4]; TILES]],
        mut kept: Option<&mut [E]>,
        output: &mut [E],
    ) -> Option<usize> {
        let Self { context, stage, filters, weights, biases, .. } = *self;
        let channels = stage.input.channels;
        for (r, &lines) in LINES.iter().enumerate() {
            let at = (row, column);
            if r == 1 {
                transform_inputs::<E, COUNT, true>(stage, input, at, lines, tiles)?;
            } else {
                transform_inputs::<E, COUNT, false>(stage, input, at, lines, tiles)?;
            }
            let blocks = weights.chunks_exact(SIDE * SIDE * channels).zip(&mut *outputs).enumerate();
            for (block, (weights, outputs)) in blocks.take(filters.count.div_ceil(OUTPUTS)) {
                let weights = weights.get(r * SIDE * channels..(r + 1) * SIDE * channels)?;
                let biases = if r == 1 { biases.get(block) } else { None };
                products::<E, W, COUNT, OUTPUTS>(context, weights, tiles, channels, biases, sums);
                for tile in 0..COUNT {
                    add_row(r, filters.count - block * OUTPUTS, tile, sums, &mut outputs[tile]);
                }
            }
        }

        let factor = mean_factor::<E>(2);
        let prefetch = Prefetch::of(kept.as_deref().unwrap_or_default());
        for (block, outputs) in outputs.iter_mut().enumerate().take(filters.count.div_ceil(OUTPUTS)) {
            for tile in 0..COUNT {
                // In place: a copy of all four would go through memory.
                for values in &mut outputs[tile] {
                    *values = self.function.apply_block(*values);
                }
                let [a, b, c, d] = &outputs[tile];
                for o in 0..OUTPUTS.min(filters.count - block * OUTPUTS) {
                    let place = filters.place + block * OUTPUTS + o;
                    let total = [a[o].add(b[o]).add(c[o]).add(d[o])];
                    store_mean(stage, place, row, column + tile, factor, &total, output);
                    if let Some(kept) = kept.as_deref_mut() {
                        let (plane, width) = (stage.active.plane(), stage.active.width);
                        let at = place * plane + 2 * row * width + 2 * (column + tile);
                        *kept.get_mut(at..)?.first_chunk_mut()? = [a[o], b[o]];
                        *kept.get_mut(at + width..)?.first_chunk_mut()? = [c[o], d[o]];
                        if let Some(prefetch) = prefetch {
                            // Of a strip or two ahead, which are computed in the meantime.
                            for line in 0..2 {
                                for right in 0..2 {
                                    prefetch.ask(kept, at + line * width + right + 2 * TILES);
                                }
                            }
                        }
                    }
                }
            }
        }
        Some(COUNT)
    }
}

/// One row of `B^T x B` for `COUNT` tiles, from the sum or the difference of two of the lines under them. The rows of the input go on at
/// its start behind the last.
#[inline(always)]
fn transform_inputs<E: Element, const COUNT: usize, const ADD: bool>(
    stage: &Stage,
    input: &[E],
    (row, column): (usize, usize),
    (first, second): (usize, usize),
    to: &mut Tiles<E>,
) -> Option<()> {
    let (plane, height) = (stage.input.plane(), stage.input.height);
    let place = |line: usize| {
        let y = 2 * row + line + stage.first_input_row;
        (if y < height { y } else { y - height }) * stage.input.width + 2 * column
    };
    let (mut first, mut second) = (place(first), place(second));
    for to in columns(to, stage.input.channels)? {
        let x = input.get(first..first + 2 * COUNT + 2)?;
        let y = input.get(second..second + 2 * COUNT + 2)?;
        macro_rules! column {
            ($at:expr) => {
                if ADD { x[$at].add(y[$at]) } else { x[$at].sub(y[$at]) }
            };
        }
        let (mut a, mut b) = (column!(0), column!(1));
        for tile in 0..COUNT {
            let (c, d) = (column!(2 * tile + 2), column!(2 * tile + 3));
            to[0][tile] = a.sub(c);
            to[1][tile] = b.add(c);
            to[2][tile] = c.sub(b);
            to[3][tile] = b.sub(d);
            (a, b) = (c, d);
        }
        (first, second) = (first + plane, second + plane);
    }
    Some(())
}

/// Adds what one row of a tile's sums gives to `A^T m A` of `count` outputs.
#[inline(always)]
fn add_row<E: Element, const OUTPUTS: usize>(
    row: usize,
    count: usize,
    tile: usize,
    sums: &Sums<E, OUTPUTS>,
    outputs: &mut [[E; OUTPUTS]; 4],
) {
    let [above_left, above_right, below_left, below_right] = outputs;
    // Up to a number that the compiler does not know: unrolled, it would read more ahead than there are registers.
    for o in 0..count.min(OUTPUTS) {
        let [a, b, c, d] = [sums[0][tile][o], sums[1][tile][o], sums[2][tile][o], sums[3][tile][o]];
        let (left, right) = (a.add(b).add(c), b.sub(c).sub(d));
        match row {
            0 => (above_left[o], above_right[o]) = (left, right),
            1 => {
                (above_left[o], above_right[o]) = (above_left[o].add(left), above_right[o].add(right));
                (below_left[o], below_right[o]) = (left, right);
            }
            2 => {
                (above_left[o], above_right[o]) = (above_left[o].add(left), above_right[o].add(right));
                (below_left[o], below_right[o]) = (below_left[o].sub(left), below_right[o].sub(right));
            }
            _ => (below_left[o], below_right[o]) = (below_left[o].sub(left), below_right[o].sub(right)),
        }
    }
}
