//! Dense layers on packs: kernels that broadcast samples, where the general ones broadcast weights.

use more_core::Real;

use super::Pack;
use crate::Gradient;
use crate::layout::{Block, LAYOUT_BLOCK};
use crate::simd::{Isa, MAX_SAMPLES, samples};

/// Samples whose sums of two layout blocks stay in registers.
const ROWS: usize = 8;

/// Inputs whose weights and samples a first-level cache holds between the first rows and the last.
const INPUTS: usize = 128;

/// The first two layout blocks of [`Weigh::first_outputs`](crate::Weigh::first_outputs), `None` where there are no two.
///
/// A register holds the weights of a block, and a sample is broadcast to both blocks: one load for two products, where the product of a
/// broadcast weight with a pack takes its own. [`ROWS`] samples at a time keep their sums in registers, of the same products in the same
/// order.
#[inline(always)]
pub(super) fn two_blocks<I: Isa>(
    isa: I,
    weights: &[I::Real],
    biases: &[I::Real],
    x: &[Pack<I>],
    y: &mut [Pack<I>],
) -> Option<()> {
    let y = y.get_mut(..2 * LAYOUT_BLOCK)?;
    let biases = biases.get(..2 * LAYOUT_BLOCK)?.as_chunks::<LAYOUT_BLOCK>().0;
    let (first, second) = weights.get(..2 * LAYOUT_BLOCK * x.len())?.split_at(LAYOUT_BLOCK * x.len());
    let (first, second) = (first.as_chunks::<LAYOUT_BLOCK>().0, second.as_chunks::<LAYOUT_BLOCK>().0);
    let biases = [Pack::load(isa, &biases[0]).vector, Pack::load(isa, &biases[1]).vector];
    // Sample by sample, the outputs of a block.
    let mut rows = [[biases[0]; MAX_SAMPLES], [biases[1]; MAX_SAMPLES]];
    for ((x, first), second) in x.chunks(INPUTS).zip(first.chunks(INPUTS)).zip(second.chunks(INPUTS)) {
        for from in (0..MAX_SAMPLES).step_by(ROWS) {
            let mut sums = [biases; ROWS];
            for row in 0..ROWS {
                sums[row] = [rows[0][from + row], rows[1][from + row]];
            }
            for ((x, first), second) in x.iter().zip(first).zip(second) {
                let (first, second) = (Pack::load(isa, first).vector, Pack::load(isa, second).vector);
                let samples = x.samples().get(from..)?.first_chunk::<ROWS>()?;
                for row in 0..ROWS {
                    let x = isa.splat(samples[row]);
                    sums[row][0] = isa.fma(x, first, sums[row][0]);
                    sums[row][1] = isa.fma(x, second, sums[row][1]);
                }
            }
            let done = sums;
            for row in 0..ROWS {
                rows[0][from + row] = done[row][0];
                rows[1][from + row] = done[row][1];
            }
        }
    }
    for (y, rows) in y.as_chunks_mut::<LAYOUT_BLOCK>().0.iter_mut().zip(&rows) {
        isa.transpose(
            #[inline(always)]
            |i| rows[i],
            #[inline(always)]
            |j, vector| y[j] = Pack { vector, isa },
        );
    }
    Some(())
}

/// Samples of a register that are gone through between two branches.
const STEP: usize = 4;

/// [`Learn::outer`](crate::Learn::outer) by outer products: with `d` transposed, a register holds one sample of `SAMPLES` outputs, and each
/// input's sample is broadcast to it. Sums over the samples of a register (a fifth of the speed) do not come up.
#[inline(always)]
pub(super) fn outer<I: Isa>(isa: I, d: &[Pack<I>], x: &[Pack<I>], gradient: Gradient<'_, I::Real>) {
    let (gradient, adds) = gradient.into_parts();
    let mut first = 0;
    while first < d.len() {
        let left = d.len() - first;
        macro_rules! columns {
            ($inputs:literal, $registers:literal) => {
                if left >= $registers * I::SAMPLES {
                    outer_columns::<I, $inputs, $registers, true>(isa, d, first, x, gradient, adds)
                } else {
                    outer_columns::<I, $inputs, 1, false>(isa, d, first, x, gradient, adds)
                }
            };
        }
        // Two registers of outputs, where there are so many registers: what is broadcast serves both.
        first += match I::BLOCK {
            8 if const { I::BLOCK == 8 } && left >= 2 * I::SAMPLES => columns!(8, 2),
            8 if const { I::BLOCK == 8 } => columns!(8, 1),
            4 if const { I::BLOCK == 4 } => columns!(4, 1),
            _ => columns!(2, 1),
        };
    }
}

/// Outputs whose gradients one register holds, and where those of the first input stand.
#[derive(Clone, Copy)]
struct Columns {
    start: usize,
    count: usize,
    /// From one input to the next.
    stride: usize,
}

/// [`outer`] of `REGISTERS` registers of outputs from `first` on, `FULL` ones or not, for `INPUTS` inputs at once, whose sums stay in
/// registers. Says how many outputs these are.
#[inline(always)]
fn outer_columns<I: Isa, const INPUTS: usize, const REGISTERS: usize, const FULL: bool>(
    isa: I,
    d: &[Pack<I>],
    first: usize,
    x: &[Pack<I>],
    gradient: &mut [I::Real],
    adds: bool,
) -> usize {
    let mut columns = [Columns { start: 0, count: 0, stride: 0 }; REGISTERS];
    let mut transposed = [[isa.splat(Real::ZERO); MAX_SAMPLES]; REGISTERS];
    let mut at = first;
    for (columns, transposed) in columns.iter_mut().zip(&mut transposed) {
        let block = Block::of(d.len(), at);
        let count = if const { FULL } { I::SAMPLES } else { (d.len() - at).min(I::SAMPLES) };
        *columns = Columns { start: block.first * x.len() + at - block.first, count, stride: block.width };
        let (d, zero) = (&d[at..at + count], isa.splat(Real::ZERO));
        isa.transpose(
            #[inline(always)]
            |i| {
                d.get(i).map_or(
                    zero,
                    #[inline(always)]
                    |pack| pack.vector,
                )
            },
            #[inline(always)]
            |j, column| transposed[j] = column,
        );
        at += count;
    }
    let (groups, rest) = x.as_chunks::<INPUTS>();
    for x in groups {
        put_outer::<I, INPUTS, REGISTERS, FULL>(isa, &transposed, x, gradient, &columns, adds);
        for columns in &mut columns {
            columns.start += INPUTS * columns.stride;
        }
    }
    for x in rest.as_chunks::<1>().0 {
        put_outer::<I, 1, REGISTERS, FULL>(isa, &transposed, x, gradient, &columns, adds);
        for columns in &mut columns {
            columns.start += columns.stride;
        }
    }
    at - first
}

/// `sum over samples s of x[i][s] transposed[s][o]` for the outputs of `columns`, added to `gradient[i][o]` or written over it.
#[inline(always)]
fn put_outer<I: Isa, const INPUTS: usize, const REGISTERS: usize, const FULL: bool>(
    isa: I,
    transposed: &[[I::Vector; MAX_SAMPLES]; REGISTERS],
    x: &[Pack<I>; INPUTS],
    gradient: &mut [I::Real],
    columns: &[Columns; REGISTERS],
    adds: bool,
) {
    const { assert!(I::SAMPLES.is_multiple_of(STEP), "samples would be left out") };
    let mut sums = [[isa.splat(Real::ZERO); REGISTERS]; INPUTS];
    for step in 0..const { I::SAMPLES / STEP } {
        for k in 0..STEP {
            for i in 0..INPUTS {
                let x = isa.splat(x[i].samples().as_chunks::<STEP>().0[step][k]);
                for register in 0..REGISTERS {
                    let d = transposed[register].as_chunks::<STEP>().0[step][k];
                    sums[i][register] = isa.fma(x, d, sums[i][register]);
                }
            }
        }
    }
    for register in 0..REGISTERS {
        let Columns { start, count, stride } = columns[register];
        let rows = &mut gradient[start..];
        let mut at = 0;
        for i in 0..INPUTS {
            let sum = sums[i][register];
            if const { FULL } {
                let row = &mut rows[at..][..I::SAMPLES];
                let sum = if adds { isa.add(Pack::load(isa, row).vector, sum) } else { sum };
                row.copy_from_slice(samples::<I>(&sum));
            } else {
                for (g, s) in rows[at..][..count].iter_mut().zip(samples::<I>(&sum)) {
                    *g = if adds { *g + *s } else { *s };
                }
            }
            at += stride;
        }
    }
}
