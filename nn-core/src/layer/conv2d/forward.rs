//! `y[o, i, j] = b[o] + sum over c, u, v of w[o, c, u, v] x[c, s i + u, s j + v]`, activation and average pool.

mod place;
mod windows;

use core::ops::Range;

use self::place::Place;
use self::windows::{Filters, windows};
use super::winograd::{self, rows_of_filters};
use super::{Window, local};
use crate::element::{Context, Element, Weigh};
use crate::layer::activation::{Function, with_block};
use crate::layer::avg_pool2d::mean_factor;
use crate::layout::{blocks_within, common_width, register_blocks};
use crate::part::{from, part};
use crate::prefetch::Prefetch;
use crate::stage::Stage;
use crate::team::{Divisible, Team, cut_range, share};

/// One stage: convolution, activation and pool in one pass over the input, filter by filter where a team shares it.
///
/// `parameters`: weights, then biases; `transforms`: of the weights, or none ([`winograd::transform`]). `kept`, where given, takes the
/// activations in front of the pool (`stage.active`).
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, function")]
pub(crate) fn forward<E: Weigh<W>, W: Copy + Sync, F: Function<E>>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    (kernel, stride): (usize, usize),
    (parameters, transforms): (&[W], &[W]),
    input: &[E],
    kept: Option<&mut [E]>,
    output: &mut [E],
    function: F,
) {
    let channels = 0..stage.active.channels;
    // A team may cut a layout block: then register blocks are of any size.
    let width = if team.size() == 1 { common_width(stage.active.channels) } else { None };
    with_window!(E, kernel, stride, width, window => {
        share(team, stage.operations_on_rows(), Filtered {
            team, context, stage, window, parameters, transforms, input, channels, kept, output, function,
        });
    });
}

/// Columns that a row of outputs is asked for ahead.
const COLUMNS_AHEAD: usize = 16;

/// The feature maps of some filters.
struct Filtered<'a, E: Element, W, F, D, T> {
    team: T,
    context: E::Context,
    stage: &'a Stage,
    window: D,
    parameters: &'a [W],
    /// Of the stage's weights, or none.
    transforms: &'a [W],
    input: &'a [E],
    channels: Range<usize>,
    /// Of these channels only, as the output.
    kept: Option<&'a mut [E]>,
    output: &'a mut [E],
    function: F,
}

impl<E: Weigh<W>, W: Copy + Sync, F: Function<E>, D: Window, T: Team> Divisible
    for Filtered<'_, E, W, F, D, T>
{
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
        let Self {
            team,
            context,
            stage,
            window,
            parameters,
            input,
            channels,
            mut kept,
            output,
            function,
            ..
        } = self;
        let biases = from(parameters, stage.weights());
        if winograd::applies::<E, W, D>(stage) {
            for (block, within) in blocks_within(stage.active.channels, channels.clone()) {
                let first = block.first + within.start;
                let filters = winograd::Filters {
                    place: first - channels.start,
                    count: within.len(),
                    weights: from(parameters, block.first * stage.fan_in + within.start),
                    width: block.width,
                    biases: part(biases, first..first + within.len()),
                    transforms: winograd::transforms_of(stage, &block, &within, self.transforms),
                };
                let kept = kept.as_deref_mut();
                context.enter(
                    #[inline(always)]
                    || rows_of_filters(team, context, stage, &filters, function, input, kept, output),
                );
            }
            return;
        }
        for row in stage.first_row..stage.output_rows {
            for (block, within) in blocks_within(stage.active.channels, channels.clone()) {
                // To the end of the parameters, so that every row from `at` on is a whole one: the last ends among the biases.
                let block_weights = from(parameters, block.first * stage.fan_in);
                for (at, size) in register_blocks(within, E::BLOCK) {
                    let filters = Filters {
                        first: block.first + at - channels.start,
                        weights: part(block_weights, at..at + block.width * stage.fan_in),
                        width: block.width,
                        biases: part(biases, block.first + at..block.first + at + size),
                        window,
                        function,
                    };
                    if stage.pool == 1 {
                        with_block!(
                            context,
                            size,
                            (least_block::<E, D>(), E::BLOCK),
                            plain_row::<E, W, F, D>(team, context, stage, &filters, input, row, output)
                        );
                        continue;
                    }
                    let kept = kept.as_deref_mut();
                    if const { E::POSITIONS == 2 } && stage.pool == 2 {
                        with_block!(
                            context,
                            size,
                            (least_block::<E, D>(), E::BLOCK),
                            pooled_row_by_two::<E, W, F, D>(
                                team, context, stage, &filters, input, row, kept, output
                            )
                        );
                    } else {
                        with_block!(
                            context,
                            size,
                            (least_block::<E, D>(), E::BLOCK),
                            pooled_row::<E, W, F, D>(
                                team, context, stage, &filters, input, row, kept, output
                            )
                        );
                    }
                }
            }
        }
    }
}

/// The smallest register block of filters.
const fn least_block<E: Element, D: Window>() -> usize {
    if D::WIDTH == 0 {
        1
    } else if D::WIDTH < E::BLOCK {
        D::WIDTH
    } else {
        E::BLOCK
    }
}

/// One row of output without a pool.
#[inline(always)]
fn plain_row<E: Weigh<W>, W: Copy, F: Function<E>, D: Window, const SIZE: usize>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    input: &[E],
    row: usize,
    output: &mut [E],
) {
    let (stage, filters) = (&local(stage), &local(filters));
    let stride = filters.window.stride();
    let mut column = 0;
    while column < stage.output.width {
        team.meanwhile();
        let corner = (row * stride, column * stride);
        if const { E::POSITIONS == 2 } && column + 2 <= stage.output.width {
            let mut sums = [[E::zero(context); SIZE]; 2];
            if windows::<E, W, F, D, 2, SIZE>(context, stage, filters, input, corner, &mut sums).is_none() {
                return;
            }
            store(stage, filters, row, column, &sums[0], output);
            store(stage, filters, row, column + 1, &sums[1], output);
            column += 2;
        } else {
            let mut sums = [[E::zero(context); SIZE]; 1];
            if windows::<E, W, F, D, 1, SIZE>(context, stage, filters, input, corner, &mut sums).is_none() {
                return;
            }
            store(stage, filters, row, column, &sums[0], output);
            column += 1;
        }
    }
    if const { !E::FUSED } {
        let width = stage.output.width;
        let rows = output.chunks_mut(width.max(1)).skip(filters.first * stage.output.height + row);
        for row in rows.step_by(stage.output.height.max(1)).take(SIZE) {
            filters.function.apply_all(context, row);
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
    let mut place = Place::new(filters.first, stage.output, row, column, output);
    let values = if const { E::FUSED } { filters.function.apply_block(*sums) } else { *sums };
    for o in 0..SIZE {
        place.put(values[o]);
    }
}

/// One row of output behind a pool of 2 x 2, two positions at a time.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "one call site; what a row of output takes")]
fn pooled_row_by_two<E: Weigh<W>, W: Copy, F: Function<E>, D: Window, const SIZE: usize>(
    team: impl Team,
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
    let factor = mean_factor::<E>(2);
    let prefetch = Prefetch::of(output);
    for column in 0..stage.output.width {
        team.meanwhile();
        let mut total = [E::zero(context); SIZE];
        for y in 0..2 {
            let y = 2 * row + y;
            let corner = (y * stride, 2 * column * stride);
            let mut sums = [[E::zero(context); SIZE]; 2];
            if windows::<E, W, F, D, 2, SIZE>(context, stage, filters, input, corner, &mut sums).is_none() {
                return;
            }
            pool_in(context, stage, filters, (y, 2 * column), sums, kept.as_deref_mut(), &mut total);
        }
        store_mean(stage, filters.first, row, column, factor, &total, output);
        if let Some(prefetch) = prefetch {
            for o in 0..SIZE {
                let plane = (filters.first + o) * stage.output.plane();
                prefetch.ask(output, plane + row * stage.output.width + column + COLUMNS_AHEAD);
            }
        }
    }
}

/// One row of output behind a pool of any size.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "one call site; what a row of output takes")]
fn pooled_row<E: Weigh<W>, W: Copy, F: Function<E>, D: Window, const SIZE: usize>(
    team: impl Team,
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
    let factor = mean_factor::<E>(pool);
    for column in 0..stage.output.width {
        team.meanwhile();
        let mut total = [E::zero(context); SIZE];
        for y in pool * row..pool * (row + 1) {
            for x in pool * column..pool * (column + 1) {
                let corner = (y * stride, x * stride);
                let mut sums = [[E::zero(context); SIZE]; 1];
                if windows::<E, W, F, D, 1, SIZE>(context, stage, filters, input, corner, &mut sums).is_none()
                {
                    return;
                }
                pool_in(context, stage, filters, (y, x), sums, kept.as_deref_mut(), &mut total);
            }
        }
        store_mean(stage, filters.first, row, column, factor, &total, output);
    }
}

/// Activates the `sums` of positions from `(row, column)` on, keeps them where asked, and adds them to the pool's `total`.
#[inline(always)]
fn pool_in<E: Element, W, F: Function<E>, D, const POSITIONS: usize, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    at: (usize, usize),
    mut sums: [[E; SIZE]; POSITIONS],
    kept: Option<&mut [E]>,
    total: &mut [E; SIZE],
) {
    if const { E::FUSED } {
        // Two of them not in a loop, which the compiler keeps as one, over sums in memory.
        if let [first, second] = sums.as_mut_slice() {
            *first = filters.function.apply_block(*first);
            *second = filters.function.apply_block(*second);
        } else {
            for sums in &mut sums {
                *sums = filters.function.apply_block(*sums);
            }
        }
        add_in(stage, filters.first, at, &sums, kept, total);
    } else {
        // Calls work on memory: on a copy, since what is ever there does not live in registers.
        let mut values = sums;
        filters.function.apply_all(context, values.as_flattened_mut());
        add_in(stage, filters.first, at, &values, kept, total);
    }
}

/// Adds activations to the pool's `total` and keeps them where asked.
#[inline(always)]
fn add_in<E: Element, const POSITIONS: usize, const SIZE: usize>(
    stage: &Stage,
    first: usize,
    (row, column): (usize, usize),
    values: &[[E; SIZE]; POSITIONS],
    kept: Option<&mut [E]>,
    total: &mut [E; SIZE],
) {
    for position in 0..POSITIONS {
        for o in 0..SIZE {
            total[o] = total[o].add(values[position][o]);
        }
    }
    if let Some(kept) = kept {
        for position in 0..POSITIONS {
            let mut place = Place::new(first, stage.active, row, column + position, kept);
            for o in 0..SIZE {
                place.put(values[position][o]);
            }
        }
    }
}

#[inline(always)]
pub(super) fn store_mean<E: Element, const SIZE: usize>(
    stage: &Stage,
    first: usize,
    row: usize,
    column: usize,
    factor: E::Real,
    total: &[E; SIZE],
    output: &mut [E],
) {
    let mut place = Place::new(first, stage.output, row, column, output);
    for o in 0..SIZE {
        place.put(total[o].scale(factor));
    }
}
