//! The gradient of the input: down the columns as forward, with the kernels' rows from the last to the first, along the rows by the transpose
//! of that: `dx = A^T (sum over filters of (G w G^T) * (B^T d A^T)) B^T`. Rows of it then need no others.

use super::{
    KERNEL, LINES, SIDE, Sums, TILES, Tiles, columns, kernel_transform, many_registers, products, room,
};
use crate::element::{Element, Weigh};
use crate::layer::conv2d::local;
use crate::layout::{Block, LAYOUT_BLOCK};
use crate::part::from;
use crate::stage::Stage;

/// Columns of the gradient that a strip of tiles reaches.
const COLUMNS: usize = 2 * TILES + 2;

/// At most [`LAYOUT_BLOCK`] channels of the input.
pub(in crate::layer::conv2d) struct Channels {
    pub(in crate::layer::conv2d) first: usize,
    pub(in crate::layer::conv2d) count: usize,
    /// The first one's place among the output's planes.
    pub(in crate::layer::conv2d) place: usize,
}

/// Some rows of some channels' gradients, from an even one on.
#[inline(always)]
pub(in crate::layer::conv2d) fn rows_of_channels<E: Weigh<W>, W: Copy>(
    context: E::Context,
    stage: &Stage,
    weights: &[W],
    channels: &Channels,
    rows: (usize, usize),
    dz: &[E],
    output: &mut [E],
) -> Option<()> {
    if const { many_registers::<E>() } {
        rows_by::<E, W, 8>(context, stage, weights, channels, rows, dz, output)
    } else {
        rows_by::<E, W, 4>(context, stage, weights, channels, rows, dz, output)
    }
}

/// [`rows_of_channels`], `OUTPUTS` channels at a time.
#[inline(always)]
fn rows_by<E: Weigh<W>, W: Copy, const OUTPUTS: usize>(
    context: E::Context,
    stage: &Stage,
    weights: &[W],
    channels: &Channels,
    rows: (usize, usize),
    dz: &[E],
    output: &mut [E],
) -> Option<()> {
    let stage = &local(stage);
    let (filters, zero) = (stage.active.channels, E::zero(context));
    let (mut few_weights, mut many_weights);
    let transforms = room!(few_weights, many_weights, filters, LAYOUT_BLOCK * SIDE * SIDE, *weights.first()?);
    let (transforms, _) = transforms.as_chunks_mut::<OUTPUTS>();
    transform_weights::<E, W, OUTPUTS>(stage, weights, channels, transforms)?;

    let (mut few_tiles, mut many_tiles);
    let tiles = room!(few_tiles, many_tiles, filters, SIDE, [zero; TILES]);
    let mut sums = [[[zero; OUTPUTS]; TILES]; SIDE];
    let mut outputs = [zero; LAYOUT_BLOCK * 2 * COLUMNS];
    let (outputs, _) = outputs.as_chunks_mut::<OUTPUTS>();
    let (outputs, _) = outputs.as_chunks_mut::<COLUMNS>();
    let (outputs, _) = outputs.as_chunks_mut::<2>();
    let strip = Strip { context, stage, channels, weights: transforms, dz };
    let (plane, width) = (stage.input.plane(), stage.input.width);
    for row in (rows.0..rows.1).step_by(2) {
        // What only outputs that the pool dropped look at has no gradient.
        let lines = if row < stage.active.height + KERNEL - 1 { 2 } else { 0 };
        for line in row + lines..rows.1.min(row + 2) {
            for channel in channels.place..channels.place + channels.count {
                let at = channel * plane + line * width;
                output.get_mut(at..at + width)?.fill(zero);
            }
        }
        if lines == 0 {
            continue;
        }
        // The last two columns that a strip reaches are the next one's first.
        for outputs in outputs.as_flattened_mut() {
            (outputs[0], outputs[1]) = ([zero; OUTPUTS], [zero; OUTPUTS]);
        }
        let mut column = 0;
        while column < stage.active.width {
            let at = (row, column);
            column += 2 * if const { E::POSITIONS == TILES } && column + 2 * TILES <= stage.active.width {
                strip.compute::<TILES>(at, tiles, &mut sums, outputs, output)?
            } else {
                strip.compute::<1>(at, tiles, &mut sums, outputs, output)?
            };
        }
        for channel in 0..channels.count {
            for (line, outputs) in outputs.get(channel / OUTPUTS)?.iter().enumerate() {
                let at = (channels.place + channel) * plane + (row + line) * width;
                let (last, dropped) =
                    output.get_mut(at + column..at + width)?.split_first_chunk_mut::<2>()?;
                *last = [outputs[0][channel % OUTPUTS], outputs[1][channel % OUTPUTS]];
                dropped.fill(zero);
            }
        }
    }
    Some(())
}

/// `G w G^T` of the kernels to some channels, with their rows from the last to the first, `[register block][row][column][filter]`.
#[inline(always)]
fn transform_weights<E: Weigh<W>, W: Copy, const OUTPUTS: usize>(
    stage: &Stage,
    weights: &[W],
    channels: &Channels,
    to: &mut [[W; OUTPUTS]],
) -> Option<()> {
    let filters = stage.active.channels;
    let blocks = to.chunks_exact_mut(SIDE * SIDE * filters);
    for (block, to) in blocks.enumerate().take(channels.count.div_ceil(OUTPUTS)) {
        let first = channels.first + block * OUTPUTS;
        for filter in 0..filters {
            let layout = Block::of(filters, filter);
            let taps = from(layout.weights(weights, stage.fan_in), filter - layout.first);
            let mut kernel = [[[*taps.first()?; OUTPUTS]; KERNEL]; KERNEL];
            for o in 0..OUTPUTS.min(stage.input.channels - first) {
                for u in 0..KERNEL {
                    for t in 0..KERNEL {
                        let tap = ((first + o) * KERNEL + KERNEL - 1 - u) * KERNEL + t;
                        kernel[u][t][o] = *taps.get(tap * layout.width)?;
                    }
                }
            }
            let kernel = kernel_transform::<E, W, OUTPUTS>(&kernel)?;
            let places = to.iter_mut().skip(filter).step_by(filters);
            for (place, entry) in places.zip(kernel.as_flattened()) {
                *place = *entry;
            }
        }
    }
    Some(())
}

/// What the strips of tiles have in common.
struct Strip<'a, E: Element, W, const OUTPUTS: usize> {
    context: E::Context,
    stage: &'a Stage,
    channels: &'a Channels,
    weights: &'a [[W; OUTPUTS]],
    dz: &'a [E],
}

impl<E: Weigh<W>, W: Copy, const OUTPUTS: usize> Strip<'_, E, W, OUTPUTS> {
    /// `COUNT` neighbouring tiles, from `(row, column)` on, of all channels. Gives `COUNT`.
    #[inline(always)]
    fn compute<const COUNT: usize>(
        &self,
        (row, column): (usize, usize),
        tiles: &mut Tiles<E>,
        sums: &mut Sums<E, OUTPUTS>,
        outputs: &mut [[[[E; OUTPUTS]; COLUMNS]; 2]],
        output: &mut [E],
    ) -> Option<usize> {
        let Self { context, stage, channels, weights, dz } = *self;
        let filters = stage.active.channels;
        // Of the four rows of gradients that two rows of the input reach.
        let line = |line: usize| {
            let y = (row + line).checked_sub(KERNEL - 1)?;
            (y < stage.active.height).then_some(y * stage.active.width + column)
        };
        for (r, &(first, second)) in LINES.iter().enumerate() {
            let lines = (line(first), line(second));
            if r == 1 {
                transform_gradients::<E, COUNT, true>(context, stage, dz, lines, tiles)?;
            } else {
                transform_gradients::<E, COUNT, false>(context, stage, dz, lines, tiles)?;
            }
            let blocks = weights.chunks_exact(SIDE * SIDE * filters).zip(&mut *outputs).enumerate();
            for (block, (weights, outputs)) in blocks.take(channels.count.div_ceil(OUTPUTS)) {
                let weights = weights.get(r * SIDE * filters..(r + 1) * SIDE * filters)?;
                products::<E, W, COUNT, OUTPUTS>(context, weights, tiles, filters, None, sums);
                add_row::<E, COUNT, OUTPUTS>(r, channels.count - block * OUTPUTS, sums, outputs);
            }
        }
        let (plane, width) = (stage.input.plane(), stage.input.width);
        for (block, outputs) in outputs.iter_mut().enumerate().take(channels.count.div_ceil(OUTPUTS)) {
            for (line, outputs) in outputs.iter_mut().enumerate() {
                for o in 0..OUTPUTS.min(channels.count - block * OUTPUTS) {
                    let place = channels.place + block * OUTPUTS + o;
                    let at = place * plane + (row + line) * width + column;
                    for (to, outputs) in output.get_mut(at..at + 2 * COUNT)?.iter_mut().zip(&*outputs) {
                        *to = outputs[o];
                    }
                }
                (outputs[0], outputs[1]) = (outputs[2 * COUNT], outputs[2 * COUNT + 1]);
            }
        }
        Some(COUNT)
    }
}

/// One row of `B^T d A^T` for `COUNT` tiles, from the sum or the difference of two of the rows of gradients, of which some are beyond the border.
#[inline(always)]
fn transform_gradients<E: Element, const COUNT: usize, const ADD: bool>(
    context: E::Context,
    stage: &Stage,
    dz: &[E],
    (first, second): (Option<usize>, Option<usize>),
    to: &mut Tiles<E>,
) -> Option<()> {
    let zero = E::zero(context);
    for (filter, to) in columns(to, stage.active.channels)?.enumerate() {
        let start = filter * stage.active.plane();
        macro_rules! transform {
            ($at:ident => $value:expr) => {
                for tile in 0..COUNT {
                    let (a, b) = (
                        {
                            let $at = 2 * tile;
                            $value
                        },
                        {
                            let $at = 2 * tile + 1;
                            $value
                        },
                    );
                    to[0][tile] = a;
                    to[1][tile] = a.add(b);
                    to[2][tile] = a.sub(b);
                    to[3][tile] = b;
                }
            };
        }
        match (first, second) {
            (Some(first), Some(second)) => {
                let x = dz.get(start + first..start + first + 2 * COUNT)?;
                let y = dz.get(start + second..start + second + 2 * COUNT)?;
                transform!(at => if ADD { x[at].add(y[at]) } else { x[at].sub(y[at]) });
            }
            (Some(first), None) => {
                let x = dz.get(start + first..start + first + 2 * COUNT)?;
                transform!(at => x[at]);
            }
            (None, Some(second)) => {
                let y = dz.get(start + second..start + second + 2 * COUNT)?;
                transform!(at => if ADD { y[at] } else { zero.sub(y[at]) });
            }
            (None, None) => transform!(_at => zero),
        }
    }
    Some(())
}

/// Adds what one row of the sums gives to two rows of `A^T m B^T` of `count` outputs, whose first two columns hold what the strip before
/// reached.
#[inline(always)]
fn add_row<E: Element, const COUNT: usize, const OUTPUTS: usize>(
    row: usize,
    count: usize,
    sums: &Sums<E, OUTPUTS>,
    [above, below]: &mut [[[E; OUTPUTS]; COLUMNS]; 2],
) {
    // As on the way forward, not unrolled.
    for o in 0..count.min(OUTPUTS) {
        let mut columns = [sums[0][0][o]; COLUMNS];
        for tile in 0..COUNT {
            let [a, b, c, d] = [sums[0][tile][o], sums[1][tile][o], sums[2][tile][o], sums[3][tile][o]];
            let (left, right) = (a, b.sub(c).sub(d));
            (columns[2 * tile], columns[2 * tile + 1]) = if tile == 0 {
                (left, right)
            } else {
                (columns[2 * tile].add(left), columns[2 * tile + 1].add(right))
            };
            (columns[2 * tile + 2], columns[2 * tile + 3]) = (b.add(c).sub(a), d);
        }
        for column in 0..2 * COUNT + 2 {
            let value = columns[column];
            // What stands in the first two columns is there before the first row.
            let is_first = column >= 2;
            let (above, below) = (&mut above[column][o], &mut below[column][o]);
            match row {
                0 if is_first => *above = value,
                0 => *above = above.add(value),
                1 if is_first => (*above, *below) = (above.add(value), value),
                1 => (*above, *below) = (above.add(value), below.add(value)),
                2 => (*above, *below) = (above.add(value), below.sub(value)),
                _ => *below = below.sub(value),
            }
        }
    }
}
