//! `dx[c, y, x] = sum over o, u, v of w[o, c, u, v] dz[o, (y - u) / s, (x - v) / s]`, over the positions that exist.

use core::ops::Range;

use super::{Window, local};
use crate::element::{Context, Element, Weigh};
use crate::layer::activation::with_block;
use crate::layout::{Block, LAYOUT_BLOCK, blocks, register_blocks};
use crate::part::{from, part, part_mut};
use crate::stage::Stage;
use crate::team::{Divisible, Team, cut_range, share};

/// The gradient of a convolution with respect to some rows of its input, written over `output` (`stage.input`), from `dz`
/// (`stage.active`). With a stride all rows are written.
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, part")]
pub(crate) fn input_gradient<E: Weigh<W>, W: Copy + Sync>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    (kernel, stride): (usize, usize),
    rows: Range<usize>,
    weights: &[W],
    dz: &[E],
    output: &mut [E],
) {
    if stride == 1 {
        let operations = stage.fan_in * stage.active.channels * stage.active.width * rows.len();
        let channels = 0..stage.input.channels;
        with_window!(E, kernel, stride, window => {
            share(team, operations, Channels { context, stage, window, rows, weights, dz, channels, output });
        });
    } else {
        context.enter(
            #[inline(always)]
            || strided(context, stage, (kernel, stride), weights, dz, output),
        );
    }
}

/// The gradients of some input channels, for stride 1: the kernel is clipped at the borders, so nothing is padded and no product
/// is wasted.
struct Channels<'a, E: Element, W, D> {
    context: E::Context,
    stage: &'a Stage,
    window: D,
    rows: Range<usize>,
    weights: &'a [W],
    dz: &'a [E],
    channels: Range<usize>,
    /// Of these channels only.
    output: &'a mut [E],
}

impl<E: Weigh<W>, W: Copy + Sync, D: Window> Divisible for Channels<'_, E, W, D> {
    fn parts(&self) -> usize {
        self.channels.len()
    }

    fn split(self, parts: usize) -> (Self, Self) {
        let (these, others) = cut_range(&self.channels, parts);
        let (output, other_output) = self.output.split_at_mut(parts * self.stage.input.plane());
        (
            Self { channels: these, output, rows: self.rows.clone(), ..self },
            Self { channels: others, output: other_output, ..self },
        )
    }

    fn run(self) {
        let Self { context, stage, window, rows, weights, dz, channels, output } = self;
        for row in rows {
            for (first, size) in register_blocks(channels.clone(), E::BLOCK) {
                let place = first - channels.start;
                with_block!(
                    context,
                    size,
                    (1, E::BLOCK),
                    channels_row::<E, W, D>(context, stage, window, weights, dz, (first, place), row, output)
                );
            }
        }
    }
}

/// One row of `SIZE` channels from `first` on, which stand in the output from `place` on.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, position")]
fn channels_row<E: Weigh<W>, W: Copy, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    window: D,
    weights: &[W],
    dz: &[E],
    (first, place): (usize, usize),
    row: usize,
    output: &mut [E],
) {
    let stage = &local(stage);
    let kernel = window.kernel();
    let width = stage.active.width;
    // Columns where every tap of the kernel meets an output.
    let inner = (kernel - 1).min(stage.input.width)..width.max(kernel - 1).min(stage.input.width);
    let reached = width + kernel - 1;
    let mut column = 0;
    while column < stage.input.width {
        if column >= reached {
            // Only outputs that the pool dropped look at this column.
            store(stage, place, row, column, &[E::zero(context); SIZE], output);
            column += 1;
            continue;
        }
        let is_inner = inner.contains(&column);
        let taps =
            if is_inner { 0..kernel } else { column.saturating_sub(width - 1)..kernel.min(column + 1) };
        if const { E::POSITIONS == 2 } && is_inner && column + 1 < inner.end {
            let sums = gradients::<E, W, 2, SIZE>(
                context,
                stage,
                kernel,
                0..kernel,
                weights,
                dz,
                first,
                row,
                column,
            );
            store(stage, place, row, column, &sums[0], output);
            store(stage, place, row, column + 1, &sums[1], output);
            column += 2;
        } else {
            let [sums] = if is_inner {
                gradients::<E, W, 1, SIZE>(context, stage, kernel, 0..kernel, weights, dz, first, row, column)
            } else {
                gradients::<E, W, 1, SIZE>(context, stage, kernel, taps, weights, dz, first, row, column)
            };
            store(stage, place, row, column, &sums, output);
            column += 1;
        }
    }
}

/// The sums for `SIZE` channels at `POSITIONS` neighbouring columns, over the taps (kernel columns) given.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, position")]
fn gradients<E: Weigh<W>, W: Copy, const POSITIONS: usize, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    kernel: usize,
    taps: core::ops::Range<usize>,
    weights: &[W],
    dz: &[E],
    first: usize,
    row: usize,
    column: usize,
) -> [[E; SIZE]; POSITIONS] {
    let (plane, width) = (stage.active.plane(), stage.active.width);
    let rows = row.saturating_sub(stage.active.height - 1)..kernel.min(row + 1);
    let mut sums = [[E::zero(context); SIZE]; POSITIONS];
    for block in blocks(stage.active.channels) {
        let block_weights = block.weights(weights, stage.fan_in);
        // Distance of the weights of neighbouring channels.
        let channel = kernel * kernel * block.width;
        for o in 0..block.width {
            for u in rows.clone() {
                let start = (block.first + o) * plane + (row - u) * width;
                let line = part(dz, start..start + width);
                let line_weights = from(block_weights, first * channel + u * kernel * block.width + o);
                // Taps from the last to the first read `dz` forwards.
                let start = column + 1 - taps.end;
                let Some(x) = line.get(start..start + taps.len() + POSITIONS - 1) else { return sums };
                for i in 0..taps.len() {
                    let v = taps.end - 1 - i;
                    for c in 0..SIZE {
                        let Some(weight) = line_weights.get(v * block.width + c * channel) else {
                            return sums;
                        };
                        for position in 0..POSITIONS {
                            let Some(x) = x.get(i + position) else { return sums };
                            sums[position][c] = sums[position][c].weigh_acc(*weight, *x);
                        }
                    }
                }
            }
        }
    }
    sums
}

#[inline(always)]
fn store<E: Element, const SIZE: usize>(
    stage: &Stage,
    first: usize,
    row: usize,
    column: usize,
    sums: &[E; SIZE],
    output: &mut [E],
) {
    let plane = stage.input.plane();
    let at = first * plane + row * stage.input.width + column;
    for c in 0..SIZE {
        if let Some(place) = output.get_mut(at + c * plane) {
            *place = sums[c];
        }
    }
}

/// Any stride: every output spreads its gradient over its window.
#[inline(always)]
fn strided<E: Weigh<W>, W: Copy>(
    context: E::Context,
    stage: &Stage,
    (kernel, stride): (usize, usize),
    weights: &[W],
    dz: &[E],
    output: &mut [E],
) {
    output.fill(E::zero(context));
    let plane = stage.active.plane();
    for o in 0..stage.active.channels {
        let block = Block {
            first: o - o % LAYOUT_BLOCK,
            width: LAYOUT_BLOCK.min(stage.active.channels - (o - o % LAYOUT_BLOCK)),
        };
        let block_weights = from(block.weights(weights, stage.fan_in), o - block.first);
        for row in 0..stage.active.height {
            for column in 0..stage.active.width {
                let Some(&d) = dz.get(o * plane + row * stage.active.width + column) else { return };
                let mut tap = 0;
                for c in 0..stage.input.channels {
                    for u in 0..kernel {
                        let start = c * stage.input.plane()
                            + (row * stride + u) * stage.input.width
                            + column * stride;
                        for x in part_mut(output, start..start + kernel) {
                            let Some(weight) = block_weights.get(tap) else { return };
                            *x = x.weigh_acc(*weight, d);
                            tap += block.width;
                        }
                    }
                }
            }
        }
    }
}
