//! `dw[o, c, u, v] = sum over i, j and samples of dz[o, i, j] x[c, s i + u, s j + v]`, `db[o] = sum of dz[o, i, j]`.

use core::ops::Range;

use super::{Window, local};
use crate::element::{Context, Element, Learn};
use crate::layer::activation::with_block;
use crate::layout::{LAYOUT_BLOCK, blocks_within, register_blocks};
use crate::part::{cut_mut, from_mut, part, part_mut};
use crate::stage::Stage;
use crate::team::{Divisible, Team, cut_range, share};

/// Kernel columns whose sums are kept in registers beside each other.
const TAPS: usize = 3;

/// Sums of a bias's gradient that are added to in turn.
const CHAINS: usize = 4;

/// Kernel rows whose sums are computed in turn from what the first-level cache holds.
const ROWS: usize = 3;

/// Columns of the output that are walked through from row to row: few enough for a first-level cache to hold their gradients, and
/// the same for every element, since the order of the sums depends on it.
const STRIP: usize = 32;

/// Bytes of the gradients and of the input that the kernel rows are computed from in turn: most of a first-level cache.
const TILE_BYTES: usize = 20 << 10;

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
        let kernel = self.window.kernel().max(1);
        let Self { context, stage, window, rows, input, dz, filters, kernel_rows, weights, biases } = self;
        let mut start = 0;
        for (block, _) in blocks_within(stage.active.channels, filters.clone()) {
            let len = kernel_rows.len() * kernel * block.width;
            let block_weights = part_mut(weights, start..start + len);
            start += len;
            for (at, size) in register_blocks(0..block.width, E::GRADIENT_BLOCK) {
                let first = block.first + at;
                if !biases.is_empty() {
                    let start = first - filters.start;
                    with_block!(
                        context,
                        size,
                        (1, E::GRADIENT_BLOCK),
                        bias_gradients::<E, W>(
                            context,
                            stage,
                            first,
                            (rows.start, rows.end),
                            dz,
                            part_mut(biases, start..start + size)
                        )
                    );
                }
                let mut kernel_row = kernel_rows.start;
                while kernel_row < kernel_rows.end {
                    let (channel, row) = (kernel_row / kernel, kernel_row % kernel);
                    let count = ROWS.min(kernel - row).min(kernel_rows.end - kernel_row);
                    let mut column = 0;
                    while column < kernel {
                        let tap = Tap {
                            first,
                            channel,
                            rows: (row, count),
                            column,
                            window,
                            band: (rows.start, rows.end),
                            width: block.width,
                        };
                        let index = ((kernel_row - kernel_rows.start) * kernel + column) * block.width + at;
                        let target = from_mut(block_weights, index);
                        if const { E::GRADIENT_TAPS == TAPS } && column + TAPS <= kernel {
                            with_block!(
                                context,
                                size,
                                (1, E::GRADIENT_BLOCK),
                                three_taps::<E, W, D>(context, stage, &tap, input, dz, target)
                            );
                            column += TAPS;
                        } else {
                            with_block!(
                                context,
                                size,
                                (1, E::GRADIENT_BLOCK),
                                one_tap::<E, W, D>(context, stage, &tap, input, dz, target)
                            );
                            column += 1;
                        }
                    }
                    kernel_row += count;
                }
            }
        }
    }
}

/// `biases[o] += ..` for `SIZE` filters from `first` on: a kernel of its own, since its sums would take registers from the others.
#[inline(always)]
fn bias_gradients<E, W, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    first: usize,
    band: (usize, usize),
    dz: &[E],
    biases: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let (plane, width) = (stage.active.plane(), stage.active.width);
    for (o, bias) in biases.iter_mut().enumerate().take(SIZE) {
        let start = (first + o) * plane;
        // Added to in turn, so that one sum need not wait for the other.
        let mut sums = [E::zero(context); CHAINS];
        let (chunks, rest) = part(dz, start + band.0 * width..start + band.1 * width).as_chunks::<CHAINS>();
        for chunk in chunks {
            for i in 0..CHAINS {
                sums[i] = sums[i].add(chunk[i]);
            }
        }
        for d in rest {
            sums[0] = sums[0].add(*d);
        }
        let [sum, others @ ..] = sums;
        *bias = bias.add(others.into_iter().fold(sum, Element::add).sum());
    }
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

#[inline(always)]
fn three_taps<E, W, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap<D>,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    taps::<E, W, D, TAPS, SIZE>(context, stage, tap, input, dz, gradient);
}

#[inline(always)]
fn one_tap<E, W, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap<D>,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    taps::<E, W, D, 1, SIZE>(context, stage, tap, input, dz, gradient);
}

/// `gradient[(u * kernel + t) * width + o] += ..` for the rows `u`, `COUNT` taps of each and `SIZE` filters.
#[inline(always)]
fn taps<E, W, D: Window, const COUNT: usize, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap<D>,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let stage = &local(stage);
    let stride = tap.window.stride();
    let mut sums = [[[E::zero(context); SIZE]; COUNT]; ROWS];
    let mut column = 0;
    while column < stage.active.width {
        let strip = STRIP.min(stage.active.width - column);
        let tile = (TILE_BYTES / (strip * (SIZE + 1) * size_of::<E>()).max(1)).max(1);
        let mut row = tap.band.0;
        while row < tap.band.1 {
            let rows = tile.min(tap.band.1 - row);
            // From the tile's first gradient on, of each filter.
            let mut gradients = [dz; SIZE];
            for o in 0..SIZE {
                let at = (tap.first + o) * stage.active.plane() + row * stage.active.width + column;
                let Some(gradient) = dz.get(at..) else { return };
                gradients[o] = gradient;
            }
            let at = tap.channel * stage.input.plane() + (row * stride + tap.rows.0) * stage.input.width;
            let mut at = at + column * stride + tap.column;
            for sums in sums.iter_mut().take(tap.rows.1) {
                let Some(x) = input.get(at..) else { return };
                // A copy, which lives in registers as long as this loop runs.
                let mut of_row = *sums;
                if tile_products::<E, W, D, COUNT, SIZE>(
                    stage,
                    tap,
                    (rows, strip),
                    x,
                    &gradients,
                    &mut of_row,
                )
                .is_none()
                {
                    return;
                }
                *sums = of_row;
                at += stage.input.width;
            }
            row += rows;
        }
        column += strip;
    }
    for (u, sums) in sums.into_iter().enumerate().take(tap.rows.1) {
        for (t, sums) in sums.into_iter().enumerate() {
            let index = (u * tap.window.kernel() + t) * tap.width;
            for (sum, g) in sums.into_iter().zip(from_mut(gradient, index)) {
                *g = g.add(sum.sum());
            }
        }
    }
}

/// Adds the products of some rows and columns of `gradients` with the windows of the input that begin with `x`.
#[inline(always)]
fn tile_products<E, W, D: Window, const COUNT: usize, const SIZE: usize>(
    stage: &Stage,
    tap: &Tap<D>,
    (rows, columns): (usize, usize),
    x: &[E],
    gradients: &[&[E]; SIZE],
    sums: &mut [[E; SIZE]; COUNT],
) -> Option<()>
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let stride = tap.window.stride();
    let (mut at, mut at_input) = (0, 0);
    for _ in 0..rows {
        let mut lines = *gradients;
        for o in 0..SIZE {
            lines[o] = gradients[o].get(at..at + columns)?;
        }
        let x = x.get(at_input..at_input + (columns - 1) * stride + COUNT)?;
        for column in 0..columns {
            let window = x.get(column * stride..column * stride + COUNT)?;
            for o in 0..SIZE {
                let d = *lines[o].get(column)?;
                for t in 0..COUNT {
                    sums[t][o] = sums[t][o].mul_acc(d, window[t]);
                }
            }
        }
        at += stage.active.width;
        at_input += stride * stage.input.width;
    }
    Some(())
}
