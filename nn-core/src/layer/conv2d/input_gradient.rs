//! `dx[c, y, x] = sum over o, u, v of w[o, c, u, v] dz[o, (y - u) / s, (x - v) / s]`, over the positions that exist.

use core::ops::Range;

use super::winograd::{self, rows_of_channels};
use super::{Window, local};
use crate::element::{Context, Element, Weigh};
use crate::layer::activation::with_block;
use crate::layout::{Block, LAYOUT_BLOCK, register_blocks};
use crate::part::{from, part, part_mut};
use crate::stage::Stage;
use crate::team::{Divisible, Team, cut_range, share};

/// Whether [`input_gradient`] can compute some rows of the input alone.
pub(crate) const fn has_rows(kernel: usize, stride: usize) -> bool {
    stride == 1 && kernel * kernel <= CHUNK
}

/// The gradient of a convolution with respect to some rows of its input, written over `output` (`stage.input`), from `dz`
/// (`stage.active`). All rows are written where these do not stand alone ([`has_rows`]).
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
    if has_rows(kernel, stride) {
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
        if winograd::has_input_gradient::<E, W, D>(stage) {
            for first in channels.clone().step_by(LAYOUT_BLOCK) {
                let count = LAYOUT_BLOCK.min(channels.end - first);
                let group = winograd::Channels { first, count, place: first - channels.start };
                let rows = (rows.start, rows.end);
                context.enter(
                    #[inline(always)]
                    || rows_of_channels(context, stage, weights, &group, rows, dz, output),
                );
            }
            return;
        }
        for (first, size) in register_blocks(channels.clone(), E::BLOCK) {
            let place = first - channels.start;
            for outputs in chunks::<E>(stage.active.channels, window.kernel()) {
                with_block!(
                    context,
                    size,
                    (1, E::BLOCK),
                    outputs_of_chunk::<E, W, D>(
                        context,
                        stage,
                        window,
                        weights,
                        dz,
                        (first, place),
                        (outputs.start, outputs.end),
                        (rows.start, rows.end),
                        output
                    )
                );
            }
        }
    }
}

/// Taps whose weights are copied side by side, for each channel of a register block: those of a layout block of 3 x 3 kernels.
const CHUNK: usize = LAYOUT_BLOCK * 9;

/// The same on a device, whose stack is small, where kernels are as well.
const SMALL_CHUNK: usize = 4 * 9;

/// Taps that are copied for kernels of a size.
#[inline(always)]
const fn chunk_of<E: Element>(kernel: usize) -> usize {
    if E::SAMPLES == 1 && kernel * kernel <= SMALL_CHUNK { SMALL_CHUNK } else { CHUNK }
}

/// The outputs, a chunk at a time.
fn chunks<E: Element>(outputs: usize, kernel: usize) -> impl Iterator<Item = Range<usize>> {
    let size = (chunk_of::<E>(kernel) / (kernel * kernel).max(1)).max(1);
    (0..outputs.div_ceil(size)).map(move |chunk| chunk * size..outputs.min((chunk + 1) * size))
}

/// What some outputs add to some rows of `SIZE` channels from `first` on, which stand in the output from `place` on; the first
/// outputs write them.
///
/// Neighbouring channels' weights stand far apart in the layout, which is made for the way forward. They are copied side by side,
/// in the order in which they are read, once for all rows.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, position")]
fn outputs_of_chunk<E: Weigh<W>, W: Copy, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    window: D,
    weights: &[W],
    dz: &[E],
    (first, place): (usize, usize),
    (first_output, end): (usize, usize),
    (first_row, end_row): (usize, usize),
    output: &mut [E],
) {
    let Some(any) = weights.first() else { return };
    let chunk = Chunk { first, place, outputs: (first_output, end), rows: (first_row, end_row) };
    if chunk_of::<E>(window.kernel()) == SMALL_CHUNK {
        let mut taps = [[*any; SIZE]; SMALL_CHUNK];
        rows_of_chunk(context, stage, window, weights, dz, &chunk, &mut taps, output);
    } else {
        let mut taps = [[*any; SIZE]; CHUNK];
        rows_of_chunk(context, stage, window, weights, dz, &chunk, &mut taps, output);
    }
}

/// Which gradients are computed from what.
struct Chunk {
    /// The first of the channels, and where it stands in the output.
    first: usize,
    place: usize,
    outputs: (usize, usize),
    rows: (usize, usize),
}

/// [`outputs_of_chunk`], with room for its taps.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, position")]
fn rows_of_chunk<E: Weigh<W>, W: Copy, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    window: D,
    weights: &[W],
    dz: &[E],
    chunk: &Chunk,
    taps: &mut [[W; SIZE]],
    output: &mut [E],
) {
    let stage = &local(stage);
    let outputs = chunk.outputs.0..chunk.outputs.1;
    let copied = copy_taps(stage, window.kernel(), weights, chunk.first, outputs.clone(), taps);
    let Some(taps) = copied else { return };
    let dz = part(dz, outputs.start * stage.active.plane()..outputs.end * stage.active.plane());
    for row in chunk.rows.0..chunk.rows.1 {
        channels_row(context, stage, window, taps, dz, chunk.place, row, outputs.start == 0, output);
    }
}

/// Copies the weights from some outputs to `SIZE` channels from `first` on: the taps of an output's kernel row by row.
#[inline(always)]
fn copy_taps<'a, W: Copy, const SIZE: usize>(
    stage: &Stage,
    kernel: usize,
    weights: &[W],
    first: usize,
    outputs: Range<usize>,
    taps: &'a mut [[W; SIZE]],
) -> Option<&'a [[W; SIZE]]> {
    let mut copied = 0;
    for o in outputs {
        let block = Block::of(stage.active.channels, o);
        let block_weights = from(block.weights(weights, stage.fan_in), o - block.first);
        for row in 0..kernel {
            // From the last column to the first: then `dz` is read forwards.
            for column in (0..kernel).rev() {
                let tap = taps.get_mut(copied)?;
                for c in 0..SIZE {
                    let index = ((first + c) * kernel + row) * kernel + column;
                    tap[c] = *block_weights.get(index * block.width)?;
                }
                copied += 1;
            }
        }
    }
    taps.get(..copied)
}

/// One row of `SIZE` channels, which stand in the output from `place` on.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, position")]
fn channels_row<E: Weigh<W>, W: Copy, D: Window, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    window: D,
    weights: &[[W; SIZE]],
    dz: &[E],
    place: usize,
    row: usize,
    is_first: bool,
    output: &mut [E],
) {
    let kernel = window.kernel();
    let width = stage.active.width;
    // Columns where every tap of the kernel meets an output.
    let inner = (kernel - 1).min(stage.input.width)..width.max(kernel - 1).min(stage.input.width);
    let place = (place, row);
    // The two columns at each border that look at less than three outputs.
    let pairs = const { D::KERNEL == 3 && E::POSITIONS == 2 && E::SAMPLES > 1 } && width >= 2;
    let mut column = 0;
    macro_rules! columns {
        ($border:ident, $positions:literal, $taps:expr) => {
            columns::<E, W, D, $border, $positions, SIZE>(
                context, stage, window, $taps, weights, dz, place, column, is_first, output,
            )
        };
    }
    while column < stage.input.width {
        let left = inner.end.saturating_sub(column);
        let done = if pairs && column == 0 {
            columns!(LEFT, 2, 0..kernel)
        } else if pairs && column == width {
            columns!(RIGHT, 2, 0..kernel)
        } else if !inner.contains(&column) {
            // Empty where only outputs that the pool dropped look at this column.
            columns!(INNER, 1, column.saturating_sub(width - 1)..kernel.min(column + 1))
        } else if const { E::SAMPLES > 1 && E::POSITIONS == 2 && 2 * SIZE <= E::BLOCK } && left >= 4 {
            // Of few channels twice as many positions as of many: there are as many sums, which hide how long each takes.
            columns!(INNER, 4, 0..kernel)
        } else if const { E::POSITIONS == 2 } && left >= 2 {
            columns!(INNER, 2, 0..kernel)
        } else {
            columns!(INNER, 1, 0..kernel)
        };
        let Some(done) = done else { return };
        column += done;
    }
}

/// No border: all taps given meet an output at all positions.
const INNER: usize = 0;

/// The first two columns of a row, where a kernel of three columns meets one output and two.
const LEFT: usize = 1;

/// The first two columns behind the outputs' width, where it meets two outputs and one.
const RIGHT: usize = 2;

/// `SIZE` channels at `POSITIONS` neighbouring columns, over the taps (kernel columns) given. Says how many columns.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, position")]
fn columns<
    E: Weigh<W>,
    W: Copy,
    D: Window,
    const BORDER: usize,
    const POSITIONS: usize,
    const SIZE: usize,
>(
    context: E::Context,
    stage: &Stage,
    window: D,
    taps: Range<usize>,
    weights: &[[W; SIZE]],
    dz: &[E],
    (place, row): (usize, usize),
    column: usize,
    is_first: bool,
    output: &mut [E],
) -> Option<usize> {
    let mut sums = [[E::zero(context); SIZE]; POSITIONS];
    if !is_first {
        for position in 0..POSITIONS {
            sums[position] = loaded(context, stage, place, row, column + position, output);
        }
    }
    if !taps.is_empty() {
        gradients::<E, W, D, BORDER, POSITIONS, SIZE>(
            stage, window, taps, weights, dz, row, column, &mut sums,
        )?;
    }
    for position in 0..POSITIONS {
        store(stage, place, row, column + position, &sums[position], output);
    }
    Some(POSITIONS)
}

/// Adds the products for `SIZE` channels at `POSITIONS` neighbouring columns, over the taps (kernel columns) given, or over those of
/// three that meet an output where these are the columns of a border.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, position")]
fn gradients<
    E: Weigh<W>,
    W: Copy,
    D: Window,
    const BORDER: usize,
    const POSITIONS: usize,
    const SIZE: usize,
>(
    stage: &Stage,
    window: D,
    taps: Range<usize>,
    weights: &[[W; SIZE]],
    dz: &[E],
    row: usize,
    column: usize,
    sums: &mut [[E; SIZE]; POSITIONS],
) -> Option<()> {
    let kernel = window.kernel();
    let width = stage.active.width;
    let rows = row.saturating_sub(stage.active.height - 1)..kernel.min(row + 1);
    // Not by `len` of ranges, which asserts what the compiler does not see here.
    let (row_count, count) = (rows.end.saturating_sub(rows.start), taps.end.saturating_sub(taps.start));
    if row_count == 0 {
        // Only outputs that the pool dropped look at this row.
        return Some(());
    }
    // Of the copied weights of a kernel row, whose last column stands first.
    let skipped = kernel - taps.end;
    // On the left the first output that there is, where a kernel's last column would meet the second in front of it.
    let first = if const { BORDER == LEFT } { 0 } else { column + 1 - taps.end };
    let mut line = (row - rows.start) * width + first;
    let to_next_output = stage.active.plane() + (row_count - 1) * width;
    let mut weights = weights.get(rows.start * kernel..)?;
    let weights_to_next = (kernel - row_count + 1) * kernel;
    let mut rows_left = row_count;
    // In one loop over the kernel rows of all outputs, as on the way forward.
    loop {
        let x = dz.get(line..line + if const { BORDER == INNER } { count + POSITIONS - 1 } else { 2 })?;
        let row_weights = weights.get(skipped..skipped + count)?;
        for i in 0..count {
            for c in 0..SIZE {
                for position in 0..POSITIONS {
                    let Some(at) = output_of::<BORDER>(i + position) else { continue };
                    sums[position][c] = sums[position][c].weigh_acc(row_weights[i][c], *x.get(at)?);
                }
            }
        }
        rows_left -= 1;
        let step = if rows_left == 0 { weights_to_next } else { kernel };
        if rows_left == 0 {
            rows_left = row_count;
            line += to_next_output;
        } else {
            line -= width;
        }
        match weights.get(step..) {
            Some(others) if !others.is_empty() => weights = others,
            _ => return Some(()),
        }
    }
}

/// Which of the outputs at hand the tap `i` meets at the position `p`, from `i + p`.
#[inline(always)]
const fn output_of<const BORDER: usize>(tap_and_position: usize) -> Option<usize> {
    match BORDER {
        LEFT => tap_and_position.checked_sub(2),
        RIGHT if tap_and_position > 1 => None,
        _ => Some(tap_and_position),
    }
}

/// What stands in the output at one place of `SIZE` channels.
#[inline(always)]
fn loaded<E: Element, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    first: usize,
    row: usize,
    column: usize,
    output: &[E],
) -> [E; SIZE] {
    let plane = stage.input.plane();
    let at = first * plane + row * stage.input.width + column;
    let mut values = [E::zero(context); SIZE];
    for c in 0..SIZE {
        if let Some(value) = output.get(at + c * plane) {
            values[c] = *value;
        }
    }
    values
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
        let block = Block::of(stage.active.channels, o);
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
