//! `dw[o, c, u, v] = sum over i, j and samples of dz[o, i, j] x[c, s i + u, s j + v]`, `db[o] = sum of dz[o, i, j]`.

use core::ops::Range;

use super::{Window, local};
use crate::element::{Context, Element, Learn};
use crate::layer::activation::with_block;
use crate::layout::{LAYOUT_BLOCK, blocks_within, register_blocks};
use crate::part::{cut_mut, from, from_mut, part, part_mut};
use crate::stage::Stage;
use crate::team::{Divisible, Team, cut_range, share};

/// Kernel columns whose sums are kept in registers beside each other.
const TAPS: usize = 3;

/// Sums that are added in turn, so that one need not wait for the other.
const CHAINS: usize = 4;

/// Adds what `rows` of `dz` contribute to the gradient of a convolution's parameters; sums stay in registers over these rows.
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
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let operations = stage.fan_in * stage.active.channels * stage.active.width * rows.len();
    let (weights, biases) = cut_mut(gradient, stage.weights());
    let filters = 0..stage.active.channels;
    let kernel_rows = 0..stage.input.channels * kernel;
    with_window!(E, kernel, stride, window => {
        share(team, operations, Taps { context, stage, window, rows, input, dz, filters, kernel_rows, weights, biases });
    });
}

/// The gradients of some filters, whole blocks of them, or of some kernel rows of one block.
struct Taps<'a, E: Element, W, D> {
    context: E::Context,
    stage: &'a Stage,
    window: D,
    /// Of the output.
    rows: Range<usize>,
    input: &'a [E],
    dz: &'a [E],
    filters: Range<usize>,
    /// Rows of the kernel, counted through the input's channels.
    kernel_rows: Range<usize>,
    /// Of these filters and rows only.
    weights: &'a mut [W],
    /// Of these filters, or of none.
    biases: &'a mut [W],
}

impl<E, W, D: Window> Divisible for Taps<'_, E, W, D>
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    fn parts(&self) -> usize {
        match self.filters.len().div_ceil(LAYOUT_BLOCK) {
            1 => self.kernel_rows.len(),
            blocks => blocks,
        }
    }

    fn split(self, parts: usize) -> (Self, Self) {
        if self.filters.len() > LAYOUT_BLOCK {
            let parts = parts * LAYOUT_BLOCK;
            let (these, others) = cut_range(&self.filters, parts);
            let (weights, other_weights) = self.weights.split_at_mut(parts * self.stage.fan_in);
            let (biases, other_biases) = self.biases.split_at_mut(parts);
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
            let (these, others) = cut_range(&self.kernel_rows, parts);
            let row = self.window.kernel() * self.filters.len();
            let (weights, other_weights) = self.weights.split_at_mut(parts * row);
            (
                Self {
                    filters: self.filters.clone(),
                    rows: self.rows.clone(),
                    kernel_rows: these,
                    weights,
                    ..self
                },
                Self { kernel_rows: others, weights: other_weights, biases: &mut [], ..self },
            )
        }
    }

    fn run(self) {
        let Self { context, stage, window, rows, input, dz, filters, kernel_rows, weights, biases } = self;
        if !biases.is_empty() {
            let dz = from(dz, filters.start * stage.active.plane());
            context.enter(
                #[inline(always)]
                || bias_gradient(context, stage, &rows, dz, biases),
            );
        }
        accumulate(context, stage, window, &rows, input, dz, &filters, &kernel_rows, weights);
    }
}

#[inline(always)]
fn bias_gradient<E, W>(context: E::Context, stage: &Stage, band: &Range<usize>, dz: &[E], biases: &mut [W])
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let width = stage.active.width;
    for (bias, dz) in biases.iter_mut().zip(dz.chunks_exact(stage.active.plane().max(1))) {
        let dz = part(dz, band.start * width..band.end * width);
        let mut sums = [E::zero(context); CHAINS];
        let chunks = dz.chunks_exact(CHAINS);
        for d in chunks.remainder() {
            sums[0] = sums[0].add(*d);
        }
        for chunk in chunks {
            for (sum, d) in sums.iter_mut().zip(chunk) {
                *sum = sum.add(*d);
            }
        }
        let [first, others @ ..] = sums;
        *bias = bias.add(others.into_iter().fold(first, Element::add).sum());
    }
}

#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, part")]
fn accumulate<E, W, D: Window>(
    context: E::Context,
    stage: &Stage,
    window: D,
    band: &Range<usize>,
    input: &[E],
    dz: &[E],
    filters: &Range<usize>,
    kernel_rows: &Range<usize>,
    weights: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let kernel = window.kernel().max(1);
    let mut start = 0;
    for (block, _) in blocks_within(stage.active.channels, filters.clone()) {
        let len = kernel_rows.len() * kernel * block.width;
        let block_weights = part_mut(weights, start..start + len);
        start += len;
        for (at, size) in register_blocks(0..block.width, E::GRADIENT_BLOCK) {
            for (index, kernel_row) in kernel_rows.clone().enumerate() {
                let (channel, row) = (kernel_row / kernel, kernel_row % kernel);
                let mut column = 0;
                while column < kernel {
                    let tap = Tap {
                        first: block.first + at,
                        channel,
                        row,
                        column,
                        window,
                        band: (band.start, band.end),
                    };
                    let target = from_mut(block_weights, (index * kernel + column) * block.width + at);
                    if column + TAPS <= kernel {
                        with_block!(
                            context,
                            size,
                            (1, E::GRADIENT_BLOCK),
                            three_taps::<E, W, D>(context, stage, &tap, input, dz, target, block.width)
                        );
                        column += TAPS;
                    } else {
                        with_block!(
                            context,
                            size,
                            (1, E::GRADIENT_BLOCK),
                            one_tap::<E, W, D>(context, stage, &tap, input, dz, target, block.width)
                        );
                        column += 1;
                    }
                }
            }
        }
    }
}

/// Which weights a kernel computes the gradient of: a register block of filters and the first tap.
struct Tap<D> {
    first: usize,
    channel: usize,
    row: usize,
    column: usize,
    window: D,
    /// Rows of the output.
    band: (usize, usize),
}

#[inline(always)]
fn three_taps<E, W, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap<D>,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
    width: usize,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    taps::<E, W, D, TAPS, SIZE>(context, stage, tap, input, dz, gradient, width);
}

#[inline(always)]
fn one_tap<E, W, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap<D>,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
    width: usize,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    taps::<E, W, D, 1, SIZE>(context, stage, tap, input, dz, gradient, width);
}

/// `gradient[t * width + o] += ..` for `COUNT` taps and `SIZE` filters.
#[inline(always)]
fn taps<E, W, D: Window, const COUNT: usize, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap<D>,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
    width: usize,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let stage = &local(stage);
    let stride = tap.window.stride();
    let (plane, columns) = (stage.active.plane(), stage.active.width);
    let mut sums = [[E::zero(context); SIZE]; COUNT];
    for row in tap.band.0..tap.band.1 {
        let start =
            tap.channel * stage.input.plane() + (row * stride + tap.row) * stage.input.width + tap.column;
        let Some(x) = input.get(start..start + (columns - 1) * stride + COUNT) else { return };
        let mut lines = [dz; SIZE];
        for o in 0..SIZE {
            let start = (tap.first + o) * plane + row * columns;
            let Some(line) = dz.get(start..start + columns) else { return };
            lines[o] = line;
        }
        for column in 0..columns {
            let Some(window) = x.get(column * stride..column * stride + COUNT) else { return };
            for o in 0..SIZE {
                let d = lines[o][column];
                for t in 0..COUNT {
                    sums[t][o] = sums[t][o].mul_acc(d, window[t]);
                }
            }
        }
    }
    for (t, sums) in sums.into_iter().enumerate() {
        for (sum, g) in sums.into_iter().zip(from_mut(gradient, t * width)) {
            *g = g.add(sum.sum());
        }
    }
}
