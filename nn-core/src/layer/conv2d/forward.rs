//! `y[o, i, j] = b[o] + sum over c, u, v of w[o, c, u, v] x[c, s i + u, s j + v]`, activation and average pool.

use core::ops::Range;

use super::{Window, local};
use crate::element::{Context, Element, Weigh};
use crate::layer::activation::{Function, real, with_block};
use crate::layout::{blocks_within, register_blocks};
use crate::stage::Stage;
use crate::team::{Divisible, Team, cut_range, share};

/// One stage: convolution, activation and pool in one pass over the input, filter by filter where a team shares it.
///
/// `parameters`: weights, then biases. `kept`, where given, takes the activations in front of the pool (`stage.active`).
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, function")]
pub(crate) fn forward<E: Weigh<W>, W: Copy + Sync, F: Function<E>>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    (kernel, stride): (usize, usize),
    parameters: &[W],
    input: &[E],
    kept: Option<&mut [E]>,
    output: &mut [E],
    function: F,
) {
    let channels = 0..stage.active.channels;
    with_window!(E, kernel, stride, window => {
        share(team, stage.operations(), Filtered {
            context, stage, window, parameters, input, channels, kept, output, function,
        });
    });
}

/// The feature maps of some filters.
struct Filtered<'a, E: Element, W, F, D> {
    context: E::Context,
    stage: &'a Stage,
    window: D,
    parameters: &'a [W],
    input: &'a [E],
    channels: Range<usize>,
    /// Of these channels only, as the output.
    kept: Option<&'a mut [E]>,
    output: &'a mut [E],
    function: F,
}

impl<E: Weigh<W>, W: Copy + Sync, F: Function<E>, D: Window> Divisible for Filtered<'_, E, W, F, D> {
    fn parts(&self) -> usize {
        self.channels.len()
    }

    fn split(self, parts: usize) -> (Self, Self) {
        let (these, others) = cut_range(&self.channels, parts);
        let (kept, other_kept) = match self.kept {
            Some(kept) => {
                let (kept, others) = kept.split_at_mut(parts * self.stage.active.plane());
                (Some(kept), Some(others))
            }
            None => (None, None),
        };
        let (output, other_output) = self.output.split_at_mut(parts * self.stage.output.plane());
        (
            Self { channels: these, kept, output, ..self },
            Self { channels: others, kept: other_kept, output: other_output, ..self },
        )
    }

    fn run(self) {
        let Self { context, stage, window, parameters, input, channels, mut kept, output, function } = self;
        let (weights, biases) = parameters.split_at(stage.weights());
        for row in 0..stage.output_rows {
            for (block, part) in blocks_within(stage.active.channels, channels.clone()) {
                let block_weights = block.weights(weights, stage.fan_in);
                for (at, size) in register_blocks(part, E::BLOCK) {
                    let filters = Filters {
                        first: block.first + at - channels.start,
                        weights: &block_weights[at..],
                        width: block.width,
                        biases: &biases[block.first + at..][..size],
                        window,
                        function,
                    };
                    if stage.pool == 1 {
                        with_block!(
                            context,
                            size,
                            E::BLOCK,
                            plain_row::<E, W, F, D>(context, stage, &filters, input, row, output)
                        );
                        continue;
                    }
                    let kept = kept.as_deref_mut();
                    if const { E::POSITIONS == 2 } && stage.pool == 2 {
                        with_block!(
                            context,
                            size,
                            E::BLOCK,
                            pooled_row_by_two::<E, W, F, D>(
                                context, stage, &filters, input, row, kept, output
                            )
                        );
                    } else {
                        with_block!(
                            context,
                            size,
                            E::BLOCK,
                            pooled_row::<E, W, F, D>(context, stage, &filters, input, row, kept, output)
                        );
                    }
                }
            }
        }
    }
}

/// A register block of filters.
#[derive(Clone, Copy)]
struct Filters<'a, W, F, D> {
    /// The first filter's place among the output's planes.
    first: usize,
    /// The weights of the layout block, from the first filter's on.
    weights: &'a [W],
    /// Filters of the layout block: the distance of weights for neighbouring inputs.
    width: usize,
    biases: &'a [W],
    window: D,
    /// The activation.
    function: F,
}

/// The sums of `SIZE` filters at `POSITIONS` neighbouring positions; `at` is the index of the first window's corner.
#[inline(always)]
fn windows<E: Weigh<W>, W: Copy, F, D: Window, const POSITIONS: usize, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    input: &[E],
    at: usize,
) -> [[E; SIZE]; POSITIONS] {
    let (kernel, stride) = (filters.window.kernel(), filters.window.stride());
    // Known lengths: an array that is ever walked up to a length of run time lives in memory, not in registers.
    let biases = &filters.biases[..SIZE];
    let mut sums = [[E::zero(context); SIZE]; POSITIONS];
    for o in 0..SIZE {
        let bias = E::from_weight(context, biases[o]);
        for position in 0..POSITIONS {
            sums[position][o] = bias;
        }
    }
    let plane = stage.input.plane();
    let mut tap = 0;
    for channel in 0..stage.input.channels {
        for row in 0..kernel {
            let start = channel * plane + row * stage.input.width + at;
            let x = &input[start..start + (POSITIONS - 1) * stride + kernel];
            for column in 0..kernel {
                let weights = &filters.weights[tap..tap + SIZE];
                tap += filters.width;
                for o in 0..SIZE {
                    for position in 0..POSITIONS {
                        sums[position][o] =
                            sums[position][o].weigh_acc(weights[o], x[column + position * stride]);
                    }
                }
            }
        }
    }
    sums
}

/// One row of output without a pool.
#[inline(always)]
fn plain_row<E: Weigh<W>, W: Copy, F: Function<E>, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    input: &[E],
    row: usize,
    output: &mut [E],
) {
    let (stage, filters) = (&local(stage), &local(filters));
    let stride = filters.window.stride();
    let corner = row * stride * stage.input.width;
    let mut column = 0;
    while column < stage.output.width {
        if const { E::POSITIONS == 2 } && column + 2 <= stage.output.width {
            let sums =
                windows::<E, W, F, D, 2, SIZE>(context, stage, filters, input, corner + column * stride);
            store(stage, filters, row, column, &sums[0], output);
            store(stage, filters, row, column + 1, &sums[1], output);
            column += 2;
        } else {
            let [sums] =
                windows::<E, W, F, D, 1, SIZE>(context, stage, filters, input, corner + column * stride);
            store(stage, filters, row, column, &sums, output);
            column += 1;
        }
    }
}

#[inline(always)]
fn store<E: Element, W, F: Function<E>, D, const SIZE: usize>(
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    row: usize,
    column: usize,
    sums: &[E; SIZE],
    output: &mut [E],
) {
    let plane = stage.output.plane();
    let at = filters.first * plane + row * stage.output.width + column;
    for o in 0..SIZE {
        output[at + o * plane] = filters.function.apply(sums[o]);
    }
}

/// One row of output behind a pool of 2 x 2, two positions at a time.
#[inline(always)]
fn pooled_row_by_two<E: Weigh<W>, W: Copy, F: Function<E>, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    input: &[E],
    row: usize,
    mut kept: Option<&mut [E]>,
    output: &mut [E],
) {
    let (stage, filters) = (&local(stage), &local(filters));
    let stride = filters.window.stride();
    for column in 0..stage.output.width {
        let mut total = [E::zero(context); SIZE];
        for y in 2 * row..2 * row + 2 {
            let corner = (y * stage.input.width + 2 * column) * stride;
            let sums = windows::<E, W, F, D, 2, SIZE>(context, stage, filters, input, corner);
            pool_in(stage, filters, y, 2 * column, &sums[0], kept.as_deref_mut(), &mut total);
            pool_in(stage, filters, y, 2 * column + 1, &sums[1], kept.as_deref_mut(), &mut total);
        }
        store_mean(stage, filters.first, row, column, &total, output);
    }
}

/// One row of output behind a pool of any size.
#[inline(always)]
fn pooled_row<E: Weigh<W>, W: Copy, F: Function<E>, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    input: &[E],
    row: usize,
    mut kept: Option<&mut [E]>,
    output: &mut [E],
) {
    let (stage, filters) = (&local(stage), &local(filters));
    let (pool, stride) = (stage.pool, filters.window.stride());
    for column in 0..stage.output.width {
        let mut total = [E::zero(context); SIZE];
        for y in pool * row..pool * (row + 1) {
            for x in pool * column..pool * (column + 1) {
                let corner = (y * stage.input.width + x) * stride;
                let [sums] = windows::<E, W, F, D, 1, SIZE>(context, stage, filters, input, corner);
                pool_in(stage, filters, y, x, &sums, kept.as_deref_mut(), &mut total);
            }
        }
        store_mean(stage, filters.first, row, column, &total, output);
    }
}

/// Activates `sums`, keeps them where asked, and adds them to the pool's `total`.
#[inline(always)]
fn pool_in<E: Element, W, F: Function<E>, D, const SIZE: usize>(
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    row: usize,
    column: usize,
    sums: &[E; SIZE],
    kept: Option<&mut [E]>,
    total: &mut [E; SIZE],
) {
    let mut values = *sums;
    for o in 0..SIZE {
        values[o] = filters.function.apply(values[o]);
        total[o] = total[o].add(values[o]);
    }
    if let Some(kept) = kept {
        let plane = stage.active.plane();
        let at = filters.first * plane + row * stage.active.width + column;
        for o in 0..SIZE {
            kept[at + o * plane] = values[o];
        }
    }
}

#[inline(always)]
fn store_mean<E: Element, const SIZE: usize>(
    stage: &Stage,
    first: usize,
    row: usize,
    column: usize,
    total: &[E; SIZE],
    output: &mut [E],
) {
    let factor = real::<E>(1.0 / (stage.pool * stage.pool) as f64);
    let plane = stage.output.plane();
    let at = first * plane + row * stage.output.width + column;
    for o in 0..SIZE {
        output[at + o * plane] = total[o].scale(factor);
    }
}
