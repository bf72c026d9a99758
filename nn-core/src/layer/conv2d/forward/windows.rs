//! The sums over windows, for a register block of filters at neighbouring positions.

use crate::element::Weigh;
use crate::layer::conv2d::Window;
use crate::stage::Stage;
use crate::stream::Band;

/// A register block of filters.
#[derive(Clone, Copy)]
pub(super) struct Filters<'a, W, F, D> {
    /// The first filter's place among the output's planes.
    pub(super) first: usize,
    /// From the first filter's first weight on, as many as the layout block has.
    pub(super) weights: &'a [W],
    /// See [`width`](Self::width).
    pub(super) width: usize,
    pub(super) biases: &'a [W],
    pub(super) window: D,
    /// The activation.
    pub(super) function: F,
}

impl<W, F, D: Window> Filters<'_, W, F, D> {
    /// Filters of the layout block: the distance of weights for neighbouring inputs.
    #[inline(always)]
    fn width(&self) -> usize {
        if const { D::WIDTH > 0 } { D::WIDTH } else { self.width }
    }
}

/// The sums of `SIZE` filters at `POSITIONS` neighbouring positions, of which the first has its window's corner at `(row, column)`.
///
/// Lengths have been checked when the network was called, so nothing is ever missing; to say so by an `Option` rather than to index
/// lets the compiler see that nothing panics.
#[inline(always)]
pub(super) fn windows<E: Weigh<W>, W: Copy, F, D: Window, const POSITIONS: usize, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    input: &[E],
    (row, column): (usize, usize),
    sums: &mut [[E; SIZE]; POSITIONS],
) -> Option<()> {
    // Known lengths: an array that is ever walked up to a length of run time lives in memory, not in registers.
    let biases = filters.biases.first_chunk::<SIZE>()?;
    for o in 0..SIZE {
        let bias = E::from_weight(context, biases[o]);
        for position in 0..POSITIONS {
            sums[position][o] = bias;
        }
    }
    if const { E::SAMPLES == 1 && D::WIDTH > 0 } {
        return add_planes(stage, filters, input, (row, column), sums);
    }
    let mut row = row;
    if const { Band::rotates::<E>() } {
        row += stage.first_input_row;
        if row >= stage.input.height {
            row -= stage.input.height;
        }
    }
    add_rows(stage, filters, input, (row, column), sums)
}

/// Adds all products to the sums, in one loop over the rows of all channels' kernels: two loops, one in the other, or one unrolled
/// further, are more than the registers hold. The input's rows go on at its start behind the last.
#[inline(always)]
fn add_rows<E: Weigh<W>, W: Copy, F, D: Window, const POSITIONS: usize, const SIZE: usize>(
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    input: &[E],
    (row, column): (usize, usize),
    sums: &mut [[E; SIZE]; POSITIONS],
) -> Option<()> {
    let (kernel, width) = (filters.window.kernel(), filters.width());
    let (line, plane) = (stage.input.width, stage.input.plane());
    let rows_at_start =
        if const { Band::rotates::<E>() } { (row + kernel).saturating_sub(stage.input.height) } else { 0 };
    // From one row to the next, and from the last to the next channel's first. Steps back are additions that wrap around.
    let to_start = line.wrapping_sub(plane);
    let mut to_next_channel = plane.wrapping_sub((kernel - 1) * line);
    if rows_at_start > 0 {
        to_next_channel = to_next_channel.wrapping_add(plane);
    }
    let mut at = row * line + column;
    let mut x = input.get(at..)?;
    let mut rows = filters.weights;
    let (mut channels_left, mut rows_left) = (stage.input.channels, kernel);
    // No way around the loop, since there is at least one row: sums stay in the registers they are used in.
    loop {
        let (weights, others) = rows.split_at_checked(kernel * width)?;
        rows = others;
        add_row(filters, x, weights, sums)?;
        rows_left -= 1;
        let mut step = line;
        if const { Band::rotates::<E>() } && rows_left == rows_at_start {
            step = to_start;
        }
        if rows_left == 0 {
            channels_left -= 1;
            if channels_left == 0 {
                return Some(());
            }
            rows_left = kernel;
            step = to_next_channel;
        }
        if const { Band::rotates::<E>() } {
            at = at.wrapping_add(step);
            x = input.get(at..)?;
        } else {
            x = x.get(step..)?;
        }
    }
}

/// [`add_rows`] for single numbers, whose products are so cheap that a loop's own instructions count, and kernels of known size: rows
/// of the image and of kernels are cut to lengths that no loop changes, so that bounds are compared in front of the loops.
#[inline(always)]
fn add_planes<E: Weigh<W>, W: Copy, F, D: Window, const POSITIONS: usize, const SIZE: usize>(
    stage: &Stage,
    filters: &Filters<'_, W, F, D>,
    input: &[E],
    (row, column): (usize, usize),
    sums: &mut [[E; SIZE]; POSITIONS],
) -> Option<()> {
    let (kernel, width) = (filters.window.kernel(), filters.width());
    let line = stage.input.width;
    let planes = input.chunks_exact(stage.input.plane().max(1));
    let mut channels = planes.zip(filters.weights.chunks_exact((kernel * kernel * width).max(1)));
    let (mut plane, mut weights) = channels.next()?;
    // No way around these loops either.
    loop {
        let lines = plane.get(row * line..)?.chunks_exact(line.max(1));
        // The number of rows is then known to be the kernel's.
        if lines.len() < kernel {
            return None;
        }
        let mut rows = lines.zip(weights.chunks_exact((kernel * width).max(1)));
        let (mut x, mut row_weights) = rows.next()?;
        loop {
            add_row(filters, x.get(column..)?, row_weights, sums)?;
            let Some(next) = rows.next() else { break };
            (x, row_weights) = next;
        }
        let Some(next) = channels.next() else { return Some(()) };
        (plane, weights) = next;
    }
}

/// Adds the products of a row of the kernels with the line that begins at the first window.
#[inline(always)]
fn add_row<E: Weigh<W>, W: Copy, F, D: Window, const POSITIONS: usize, const SIZE: usize>(
    filters: &Filters<'_, W, F, D>,
    line: &[E],
    weights: &[W],
    sums: &mut [[E; SIZE]; POSITIONS],
) -> Option<()> {
    let (kernel, stride) = (filters.window.kernel(), filters.window.stride());
    let x = line.get(..(POSITIONS - 1) * stride + kernel)?;
    for column in 0..kernel {
        let weights = weights.get(column * filters.width()..)?.first_chunk::<SIZE>()?;
        for o in 0..SIZE {
            for position in 0..POSITIONS {
                let x = *x.get(column + position * stride)?;
                sums[position][o] = sums[position][o].weigh_acc(weights[o], x);
            }
        }
    }
    Some(())
}
