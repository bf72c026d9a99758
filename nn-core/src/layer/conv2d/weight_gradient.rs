//! `dw[o, c, u, v] = sum over i, j and samples of dz[o, i, j] x[c, s i + u, s j + v]`.

mod source;

use core::ops::Range;

use self::source::{Computed, Source, Stored};
use super::{Three, Window, local, winograd};
use crate::element::{Context, Element, Learn};
use crate::layer::activation::{Function, with_block};
use crate::layout::{LAYOUT_BLOCK, blocks_within, register_blocks};
use crate::part::{cut_mut, from_mut, part_mut};
use crate::stage::{Linear, Stage};
use crate::team::{Divisible, Team, cut_range, share};

/// Kernel columns whose sums are kept in registers beside each other.
const TAPS: usize = 3;

/// Kernel rows whose sums are computed together, from what registers or the first-level cache hold.
const ROWS: usize = 3;

/// Columns of the output that are walked through from row to row: few enough for a first-level cache to hold their gradients, and
/// the same for every element, since the order of the sums depends on it.
const STRIP: usize = 32;

/// Bytes of the gradients and of the input that the kernel rows are computed from in turn, where registers do not hold the sums of
/// all: most of a first-level cache.
const TILE_BYTES: usize = 24 << 10;

/// Adds what `rows` of `dz` contribute to the gradient of a convolution's weights; sums stay in registers over these rows.
/// A team shares the blocks of filters, or the kernel rows of a single one.
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, part")]
pub(crate) fn weight_gradient<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    (kernel, stride): (usize, usize),
    rows: Range<usize>,
    input: &[E],
    dz: &[E],
    weights: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let filters = 0..stage.active.channels;
    let kernel_rows = 0..stage.input.channels * kernel;
    let (operations, source, biases) = (operations(stage, &rows), Stored(dz), &mut [][..]);
    with_window!(E, kernel, stride, window => {
        let taps = Taps { context, stage, window, rows, input, source, filters, kernel_rows, weights, biases };
        share(team, operations, taps);
    });
}

/// Multiply-accumulates for a sample of some rows.
const fn operations(stage: &Stage, rows: &Range<usize>) -> usize {
    stage.fan_in * stage.active.channels * stage.active.width * (rows.end - rows.start)
}

/// Whether [`first_gradient`] takes less time than to write the gradients in front of the activation to memory: where each is
/// used once.
pub(crate) const fn has_first_gradient<E: Element>(stage: &Stage) -> bool {
    E::GRADIENT_ROWS == ROWS
        && matches!(stage.linear, Linear::Conv2d { kernel: 3, stride: 1 })
        && stage.input.channels == 1
        && stage.pool == 2
        && stage.masks() == 0
}

/// What `rows` add to the gradient of the parameters of a network's first stage, `dz` being `f'(y) d / 4` with the activations `y` and
/// the gradients `d` of the pool's output: computed where it is used and not kept, since the network's input takes no gradient.
/// Of `output_gradient`, a channel has `plane` elements, from the first row of the stage's output on.
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, part")]
pub(crate) fn first_gradient<E, W, F: Function<E>>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    rows: Range<usize>,
    input: &[E],
    activations: &[E],
    (output_gradient, plane): (&[E], usize),
    function: F,
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    // Never called then, and so not compiled either.
    if const { E::GRADIENT_ROWS != ROWS } {
        return;
    }
    let window = Three::<0>;
    let source = Computed { activations, output_gradient, plane, function };
    let (weights, biases) = cut_mut(gradient, stage.weights());
    let (filters, kernel_rows) = (0..stage.active.channels, 0..window.kernel());
    let operations = operations(stage, &rows);
    share(
        team,
        operations,
        Taps { context, stage, window, rows, input, source, filters, kernel_rows, weights, biases },
    );
}

/// The gradients of some filters, whole blocks of them, or of some kernel rows of one block.
struct Taps<'a, E: Element, W, D, S> {
    context: E::Context,
    stage: &'a Stage,
    window: D,
    /// Of the output.
    rows: Range<usize>,
    input: &'a [E],
    source: S,
    filters: Range<usize>,
    /// Rows of the kernel, counted through the input's channels.
    kernel_rows: Range<usize>,
    /// Of these filters and rows only.
    weights: &'a mut [W],
    /// Of these filters, with the first row of the kernel and a computed source; otherwise none.
    biases: &'a mut [W],
}

impl<E, W, D: Window, S: Source<E>> Divisible for Taps<'_, E, W, D, S>
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    fn parts(&self) -> usize {
        match self.filters.len().div_ceil(LAYOUT_BLOCK) {
            1 => self.kernel_rows.len() / self.part(),
            blocks => blocks,
        }
    }

    fn split(self, parts: usize) -> (Self, Self) {
        if self.filters.len() > LAYOUT_BLOCK {
            let parts = parts * LAYOUT_BLOCK;
            let (these, others) = cut_range(&self.filters, parts);
            let (weights, other_weights) = self.weights.split_at_mut(parts * self.stage.fan_in);
            let (biases, other_biases) = self.biases.split_at_mut(parts.min(self.biases.len()));
            (
                Self {
                    filters: these,
                    rows: self.rows.clone(),
                    kernel_rows: self.kernel_rows.clone(),
                    weights,
                    biases,
                    ..self
                },
                Self { filters: others, weights: other_weights, biases: other_biases, ..self },
            )
        } else {
            let parts = parts * self.part();
            let (these, others) = cut_range(&self.kernel_rows, parts);
            let row = self.window.kernel() * self.filters.len();
            let (weights, other_weights) = self.weights.split_at_mut(parts * row);
            (
                Self {
                    filters: self.filters.clone(),
                    rows: self.rows.clone(),
                    kernel_rows: these,
                    weights,
                    biases: self.biases,
                    ..self
                },
                Self { kernel_rows: others, weights: other_weights, biases: &mut [], ..self },
            )
        }
    }

    fn run(self) {
        let kernel = self.window.kernel().max(1);
        let Self { context, stage, window, rows, input, source, filters, kernel_rows, weights, biases } =
            self;
        let by_tiles = source.stored().filter(|_| winograd::has_weight_gradient::<E, W, D>(stage));
        let mut start = 0;
        for (block, _) in blocks_within(stage.active.channels, filters.clone()) {
            let len = kernel_rows.len() * kernel * block.width;
            let block_weights = part_mut(weights, start..start + len);
            start += len;
            // The constant again, so that it is not compiled for other elements.
            if let (true, Some(dz)) = (const { E::WINOGRAD }, by_tiles) {
                let block = winograd::Block {
                    first_filter: block.first,
                    filters: block.width,
                    first_channel: kernel_rows.start / kernel,
                    channels: kernel_rows.len() / kernel,
                };
                let rows = (rows.start, rows.end);
                context.enter(
                    #[inline(always)]
                    || winograd::gradients_of_block(context, stage, &block, rows, input, dz, block_weights),
                );
                continue;
            }
            for (at, size) in register_blocks(0..block.width, E::GRADIENT_BLOCK) {
                let first = block.first + at;
                let mut kernel_row = kernel_rows.start;
                while kernel_row < kernel_rows.end {
                    let (channel, row) = (kernel_row / kernel, kernel_row % kernel);
                    let count = ROWS.min(kernel - row).min(kernel_rows.end - kernel_row);
                    let mut column = 0;
                    while column < kernel {
                        let taps_at_once = taps_at_once::<E>(kernel - column);
                        let tap = Tap {
                            first,
                            channel,
                            rows: (row, count),
                            column,
                            window,
                            band: (rows.start, rows.end),
                            width: block.width,
                        };
                        let index = ((kernel_row - kernel_rows.start) * kernel + column) * block.width;
                        let target = from_mut(block_weights, index + at);
                        let takes_biases = S::COMPUTED && kernel_row == 0 && column == 0;
                        let biases =
                            if takes_biases { from_mut(biases, first - filters.start) } else { &mut [] };
                        macro_rules! add {
                            ($rows:tt, $taps:tt) => {
                                with_block!(
                                    context,
                                    size,
                                    (1, E::GRADIENT_BLOCK),
                                    taps::<E, W, D, S, $rows, $taps>(
                                        context, stage, &tap, input, source, target, biases
                                    )
                                )
                            };
                        }
                        match taps_at_once {
                            TAPS if const { E::GRADIENT_ROWS == ROWS } && count == ROWS => add!(ROWS, TAPS),
                            TAPS if const { E::GRADIENT_TAPS == TAPS } => add!(1, TAPS),
                            _ => add!(1, 1),
                        }
                        column += taps_at_once;
                    }
                    kernel_row += count;
                }
            }
        }
    }
}

impl<E: Learn<W>, W: Copy, D: Window, S: Source<E>> Taps<'_, E, W, D, S> {
    /// Kernel rows that are computed together.
    fn part(&self) -> usize {
        if winograd::has_weight_gradient::<E, W, D>(self.stage) && self.source.stored().is_some() {
            self.window.kernel()
        } else {
            1
        }
    }
}

/// Neighbouring taps that are computed at once, where `left` are left of a kernel's row.
const fn taps_at_once<E: Element>(left: usize) -> usize {
    if left < E::GRADIENT_TAPS { 1 } else { E::GRADIENT_TAPS }
}

/// Which weights a kernel computes the gradient of: a register block of filters, some rows of their kernels and the first column.
struct Tap<D> {
    first: usize,
    channel: usize,
    /// The first row, and how many, at most [`ROWS`].
    rows: (usize, usize),
    column: usize,
    window: D,
    /// Rows of the output.
    band: (usize, usize),
    /// Filters of the layout block: the distance of weights of neighbouring taps.
    width: usize,
}

/// `gradient[(u * kernel + t) * width + o] += ..` for the rows `u`, `AT_ONCE` of them at a time, `COUNT` taps of each and `SIZE`
/// filters, and `biases[o] += ..`.
#[inline(always)]
fn taps<E, W, D: Window, S: Source<E>, const AT_ONCE: usize, const COUNT: usize, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap<D>,
    input: &[E],
    source: S,
    gradient: &mut [W],
    biases: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let stage = &local(stage);
    let stride = tap.window.stride();
    let mut sums = [[[E::zero(context); SIZE]; COUNT]; ROWS];
    let mut bias_sums = [E::zero(context); SIZE];
    let mut column = 0;
    while column < stage.active.width {
        let strip = STRIP.min(stage.active.width - column);
        let tile = if const { AT_ONCE == ROWS } {
            tap.band.1 - tap.band.0
        } else {
            TILE_BYTES / (strip * (SIZE + 1) * size_of::<E>()).max(1)
        };
        let mut row = tap.band.0;
        while row < tap.band.1 {
            let rows = tile.max(1).min(tap.band.1 - row);
            let at = tap.channel * stage.input.plane() + (row * stride + tap.rows.0) * stage.input.width;
            let mut at = at + column * stride + tap.column;
            for (u, sums) in sums.as_chunks_mut::<AT_ONCE>().0.iter_mut().enumerate().take(tap.rows.1) {
                let Some(x) = input.get(at..) else { return };
                // A copy, which lives in registers as long as this loop runs: the sums are walked through afterwards, and so in memory.
                let (mut of_rows, mut of_biases) = (*sums, bias_sums);
                let sums_of = (&mut of_rows, &mut of_biases);
                if source
                    .tile_products::<W, D, AT_ONCE, COUNT, SIZE>(
                        stage,
                        tap,
                        (row, column),
                        (rows, strip),
                        x,
                        sums_of,
                    )
                    .is_none()
                {
                    return;
                }
                *sums = of_rows;
                // Once, whatever the rows of the kernel.
                if u == 0 {
                    bias_sums = of_biases;
                }
                at += AT_ONCE * stage.input.width;
            }
            row += rows;
        }
        column += strip;
    }
    for sum in sums.as_flattened_mut().as_flattened_mut() {
        *sum = source.scale(*sum);
    }
    let mut totals = [[[W::zero(()); SIZE]; COUNT]; ROWS];
    E::sums(sums.as_flattened().as_flattened(), totals.as_flattened_mut().as_flattened_mut());
    for (u, totals) in totals.iter().enumerate().take(tap.rows.1) {
        for (t, totals) in totals.iter().enumerate() {
            let index = (u * tap.window.kernel() + t) * tap.width;
            for (total, g) in totals.iter().zip(from_mut(gradient, index)) {
                *g = g.add(*total);
            }
        }
    }
    if const { S::COMPUTED } {
        for (sum, g) in bias_sums.iter().zip(biases) {
            *g = g.add(source.scale(*sum).sum());
        }
    }
}
