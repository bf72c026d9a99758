//! Packs: one element holds a sample of each of several images, in SIMD registers.

use core::ops::{Add, Div, Mul, Neg, Sub};

use more_core::{Arithmetic, Real};

use super::number::element_by_arithmetic;
use super::{Element, Learn, Number, Weigh};
use crate::layout::{Block, LAYOUT_BLOCK};
use crate::simd::{Isa, MAX_SAMPLES, samples, samples_mut};

/// [`Isa::SAMPLES`] numbers that arithmetic acts on one by one, with the token of their instruction set.
///
/// With [`Ciphertext<Pack<I>, N>`](more_core::Ciphertext) and [`Spectrum<Pack<I>, N>`](more_core::Spectrum), a pack of
/// ciphertexts.
#[derive(Clone, Copy, Debug)]
pub struct Pack<I: Isa> {
    vector: I::Vector,
    isa: I,
}

impl<I: Isa> Pack<I> {
    /// The samples, in the order of the images.
    #[inline(always)]
    #[must_use]
    pub fn samples(&self) -> &[I::Real] {
        samples::<I>(&self.vector)
    }

    /// The samples, to be written.
    #[inline(always)]
    #[must_use]
    pub fn samples_mut(&mut self) -> &mut [I::Real] {
        samples_mut::<I>(&mut self.vector)
    }

    /// The pack of the first numbers of `values`.
    ///
    /// # Panics
    ///
    /// Where there are fewer than [`Isa::SAMPLES`].
    #[inline(always)]
    #[must_use]
    pub fn load(isa: I, values: &[I::Real]) -> Self {
        let mut vector = isa.splat(Real::ZERO);
        samples_mut::<I>(&mut vector).copy_from_slice(&values[..I::SAMPLES]);
        Self { vector, isa }
    }

    /// The transpose of the matrix whose rows are the first [`Isa::SAMPLES`] packs; what the others become has no meaning.
    #[inline(always)]
    #[must_use]
    pub fn transpose(isa: I, rows: [Self; MAX_SAMPLES]) -> [Self; MAX_SAMPLES] {
        // Loops: `map` of arrays is a call that carries no instruction set.
        let mut vectors = [isa.splat(Real::ZERO); MAX_SAMPLES];
        for (vector, row) in vectors.iter_mut().zip(&rows) {
            *vector = row.vector;
        }
        let mut columns = rows;
        for (column, vector) in columns.iter_mut().zip(isa.transpose(vectors)) {
            column.vector = vector;
        }
        columns
    }

    #[inline(always)]
    fn with(self, vector: I::Vector) -> Self {
        Self { vector, ..self }
    }
}

impl<I: Isa> PartialEq for Pack<I> {
    fn eq(&self, other: &Self) -> bool {
        self.samples() == other.samples()
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<I: Isa> $trait for Pack<I> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.with(self.isa.$method(self.vector, other.vector))
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<I: Isa> Neg for Pack<I> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // -0 - x, so that the sign of a zero changes too.
        self.with(self.isa.sub(self.isa.splat(-<I::Real as Real>::ZERO), self.vector))
    }
}

impl<I: Isa> Arithmetic for Pack<I> {
    type Real = I::Real;
    type Context = I;

    #[inline(always)]
    fn context(self) -> I {
        self.isa
    }

    #[inline(always)]
    fn splat(isa: I, value: I::Real) -> Self {
        Self { vector: isa.splat(value), isa }
    }

    #[inline(always)]
    fn scale(self, factor: I::Real) -> Self {
        self.with(self.isa.mul(self.isa.splat(factor), self.vector))
    }

    #[inline(always)]
    fn mul_acc(self, a: Self, b: Self) -> Self {
        self.with(self.isa.fma(a.vector, b.vector, self.vector))
    }

    #[inline(always)]
    fn mul_acc_scalar(self, a: I::Real, b: Self) -> Self {
        self.with(self.isa.fma(self.isa.splat(a), b.vector, self.vector))
    }

    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        // `max` gives its second operand where one is NaN: the first one is looked at apart.
        let larger = self.isa.max(self.vector, other.vector);
        self.with(self.isa.nan_or(self.vector, larger))
    }

    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        let smaller = self.isa.min(self.vector, other.vector);
        self.with(self.isa.nan_or(self.vector, smaller))
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        self.with(self.isa.copysign(self.vector, self.isa.splat(Real::ONE)))
    }

    #[inline(always)]
    fn square_root(self) -> Self {
        self.with(self.isa.sqrt(self.vector))
    }

    #[inline(always)]
    fn exponential(self) -> Self {
        self.with(self.isa.exp(self.vector))
    }

    #[inline(always)]
    fn logarithm(self) -> Self {
        self.with(self.isa.ln(self.vector))
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        self.with(self.isa.sigmoid(self.vector))
    }

    #[inline(always)]
    fn hyperbolic_tangent(self) -> Self {
        self.with(self.isa.tanh(self.vector))
    }

    #[inline(always)]
    fn select_less(a: Self, b: Self, x: Self, y: Self) -> Self {
        a.with(a.isa.select_less(a.vector, b.vector, x.vector, y.vector))
    }
}

impl<I: Isa> Number for Pack<I> {
    const SAMPLES: usize = I::SAMPLES;
    const BLOCK: usize = I::BLOCK;
    const POSITIONS: usize = I::POSITIONS;
    const FUSED: bool = true;
    const GRADIENT_BLOCK: usize = I::GRADIENT_BLOCK;

    #[inline(always)]
    fn sum(self) -> I::Real {
        self.isa.sum(self.vector)
    }
}

impl<I: Isa> Element for Pack<I> {
    element_by_arithmetic!();
}

impl<I: Isa> Weigh<I::Real> for Pack<I> {
    #[inline(always)]
    fn from_weight(isa: I, weight: I::Real) -> Self {
        Arithmetic::splat(isa, weight)
    }

    #[inline(always)]
    fn weigh_acc(self, weight: I::Real, x: Self) -> Self {
        self.mul_acc_scalar(weight, x)
    }

    #[inline(always)]
    fn first_outputs(isa: I, weights: &[I::Real], biases: &[I::Real], x: &[Self], y: &mut [Self]) -> usize {
        // Where a register is a layout block, and there are registers for the sums of two.
        if const { I::SAMPLES == LAYOUT_BLOCK && I::BLOCK == 8 } {
            two_blocks::<I, 8>(isa, weights, biases, x, y).map_or(0, |()| 2 * LAYOUT_BLOCK)
        } else {
            0
        }
    }
}

/// The first two layout blocks of [`Weigh::first_outputs`], `None` where there are no two. The vectors are the weights of a block, a sample is
/// what is broadcast, for both blocks at once: a load for two products, where each product of a weight with samples takes its own. Each sum
/// is of the same products in the same order.
#[inline(always)]
fn two_blocks<I: Isa, const ROWS: usize>(
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
    for from in (0..MAX_SAMPLES).step_by(ROWS) {
        let mut sums = [biases; ROWS];
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
    for (y, rows) in y.as_chunks_mut::<LAYOUT_BLOCK>().0.iter_mut().zip(rows) {
        for (y, vector) in y.iter_mut().zip(isa.transpose(rows)) {
            *y = Pack { vector, isa };
        }
    }
    Some(())
}

impl<I: Isa> Learn<I::Real> for Pack<I> {
    #[inline(always)]
    fn mul_acc(self, a: Self, b: Self) -> Self {
        Arithmetic::mul_acc(self, a, b)
    }

    #[inline(always)]
    fn sum(self) -> I::Real {
        Number::sum(self)
    }

    /// Outer products: with `d` transposed, a register holds one sample of `SAMPLES` outputs, and each input's sample is
    /// broadcast to it. Sums over the samples of a register (a fifth of the speed) do not come up.
    #[inline(always)]
    fn outer(isa: I, d: &[Self], x: &[Self], gradient: &mut [I::Real]) {
        let mut first = 0;
        while first < d.len() {
            let left = d.len() - first;
            // Two registers of outputs, where there are so many registers: what is broadcast serves both.
            first += match I::BLOCK {
                8 if const { I::BLOCK == 8 } && left >= 2 * I::SAMPLES => {
                    outer_columns::<I, 8, 2>(isa, d, first, x, gradient)
                }
                8 if const { I::BLOCK == 8 } => outer_columns::<I, 8, 1>(isa, d, first, x, gradient),
                4 if const { I::BLOCK == 4 } => outer_columns::<I, 4, 1>(isa, d, first, x, gradient),
                _ => outer_columns::<I, 2, 1>(isa, d, first, x, gradient),
            };
        }
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

/// [`Learn::outer`] of `REGISTERS` registers of outputs from `first` on, for `INPUTS` inputs at once, whose sums stay in registers. Says
/// how many outputs these are.
#[inline(always)]
fn outer_columns<I: Isa, const INPUTS: usize, const REGISTERS: usize>(
    isa: I,
    d: &[Pack<I>],
    first: usize,
    x: &[Pack<I>],
    gradient: &mut [I::Real],
) -> usize {
    let mut columns = [Columns { start: 0, count: 0, stride: 0 }; REGISTERS];
    let mut transposed = [[isa.splat(Real::ZERO); MAX_SAMPLES]; REGISTERS];
    let mut at = first;
    for (columns, transposed) in columns.iter_mut().zip(&mut transposed) {
        let block = Block::of(d.len(), at);
        let count = (d.len() - at).min(I::SAMPLES);
        *columns = Columns { start: block.first * x.len() + at - block.first, count, stride: block.width };
        let mut rows = [isa.splat(Real::ZERO); MAX_SAMPLES];
        for (vector, pack) in rows.iter_mut().zip(&d[at..at + count]) {
            *vector = pack.vector;
        }
        *transposed = isa.transpose(rows);
        at += count;
    }
    let (groups, rest) = x.as_chunks::<INPUTS>();
    for x in groups {
        add_outer(isa, &transposed, x, gradient, &columns);
        columns.iter_mut().for_each(|columns| columns.start += INPUTS * columns.stride);
    }
    for x in rest.as_chunks::<1>().0 {
        add_outer(isa, &transposed, x, gradient, &columns);
        columns.iter_mut().for_each(|columns| columns.start += columns.stride);
    }
    at - first
}

/// `gradient[i][o] += sum over samples s of x[i][s] transposed[s][o]`, for the outputs of `columns`.
#[inline(always)]
fn add_outer<I: Isa, const INPUTS: usize, const REGISTERS: usize>(
    isa: I,
    transposed: &[[I::Vector; MAX_SAMPLES]; REGISTERS],
    x: &[Pack<I>; INPUTS],
    gradient: &mut [I::Real],
    columns: &[Columns; REGISTERS],
) {
    let mut sums = [[isa.splat(Real::ZERO); REGISTERS]; INPUTS];
    for sample in 0..I::SAMPLES {
        for i in 0..INPUTS {
            let x = isa.splat(x[i].samples()[sample]);
            for register in 0..REGISTERS {
                sums[i][register] = isa.fma(x, transposed[register][sample], sums[i][register]);
            }
        }
    }
    for register in 0..REGISTERS {
        let Columns { start, count, stride } = columns[register];
        let rows = &mut gradient[start..];
        let mut at = 0;
        if count == I::SAMPLES {
            for i in 0..INPUTS {
                let row = &mut rows[at..][..I::SAMPLES];
                let sum = isa.add(Pack::load(isa, row).vector, sums[i][register]);
                row.copy_from_slice(samples::<I>(&sum));
                at += stride;
            }
        } else {
            for i in 0..INPUTS {
                let sum = sums[i][register];
                for (g, s) in rows[at..][..count].iter_mut().zip(samples::<I>(&sum)) {
                    *g = *g + *s;
                }
                at += stride;
            }
        }
    }
}
