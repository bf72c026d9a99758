//! Packs: one element holds a sample of each of several images, in SIMD registers.

mod dense;

use core::ops::{Add, Div, Mul, Neg, Sub};

use more_core::{Arithmetic, Real};

use super::number::element_by_arithmetic;
use super::{Element, Learn, Number, Weigh};
use crate::Gradient;
use crate::layout::LAYOUT_BLOCK;
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

    /// The transpose of the matrix whose rows are the [`Isa::SAMPLES`] packs `row(0)`, `row(1)`, ..: `put` gets each column with its number.
    #[inline(always)]
    pub fn transpose(isa: I, row: impl Fn(usize) -> Self, mut put: impl FnMut(usize, Self)) {
        isa.transpose(
            #[inline(always)]
            |i| row(i).vector,
            #[inline(always)]
            |j, vector| put(j, Self { vector, isa }),
        );
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

    #[inline(always)]
    fn dot_acc(self, a: Self, b: Self) -> Self {
        self.with(self.isa.dot_acc(a.vector, b.vector, self.vector))
    }

    #[inline(always)]
    fn sums(values: &[Self], sums: &mut [I::Real]) {
        let (groups, rest) = values.as_chunks::<MAX_SAMPLES>();
        let (group_sums, rest_sums) = sums.as_chunks_mut::<MAX_SAMPLES>();
        for (group, sums) in groups.iter().zip(group_sums) {
            let [first, ..] = group;
            *sums = first.isa.sums(vectors(group));
        }
        for (value, sum) in rest.iter().zip(rest_sums) {
            *sum = Number::sum(*value);
        }
    }

    #[inline(always)]
    fn sigmoids<const N: usize>(mut values: [Self; N]) -> [Self; N] {
        if let (true, Some(first)) = (many_registers::<I>(), values.first()) {
            return from_vectors(first.isa, first.isa.sigmoids(vectors(&values)));
        }
        let (pairs, rest) = values.as_chunks_mut::<2>();
        for [a, b] in pairs {
            [a.vector, b.vector] = a.isa.sigmoids([a.vector, b.vector]);
        }
        for value in rest {
            value.vector = value.isa.sigmoid(value.vector);
        }
        values
    }

    #[inline(always)]
    fn tanhs<const N: usize>(mut values: [Self; N]) -> [Self; N] {
        if let (true, Some(first)) = (many_registers::<I>(), values.first()) {
            return from_vectors(first.isa, first.isa.tanhs(vectors(&values)));
        }
        let (pairs, rest) = values.as_chunks_mut::<2>();
        for [a, b] in pairs {
            [a.vector, b.vector] = a.isa.tanhs([a.vector, b.vector]);
        }
        for value in rest {
            value.vector = value.isa.tanh(value.vector);
        }
        values
    }
}

/// Whether registers hold what functions of several vectors need at a time.
const fn many_registers<I: Isa>() -> bool {
    I::BLOCK == 8
}

#[inline(always)]
fn vectors<I: Isa, const N: usize>(packs: &[Pack<I>; N]) -> [I::Vector; N] {
    core::array::from_fn(
        #[inline(always)]
        |k| packs[k].vector,
    )
}

#[inline(always)]
fn from_vectors<I: Isa, const N: usize>(isa: I, vectors: [I::Vector; N]) -> [Pack<I>; N] {
    core::array::from_fn(
        #[inline(always)]
        |k| Pack { vector: vectors[k], isa },
    )
}

impl<I: Isa> Element for Pack<I> {
    element_by_arithmetic!();
}

impl<I: Isa> Weigh<I::Real> for Pack<I> {
    // Not the portable path, which has the bits of single numbers, and not NEON, on which nothing was timed.
    const WINOGRAD: bool = I::GRADIENT_BLOCK > 1;

    #[inline(always)]
    fn from_weight(isa: I, weight: I::Real) -> Self {
        Arithmetic::splat(isa, weight)
    }

    #[inline(always)]
    fn weigh_acc(self, weight: I::Real, x: Self) -> Self {
        self.mul_acc_scalar(weight, x)
    }

    #[inline(always)]
    fn winograd_taps<const N: usize>([a, b, c]: [[I::Real; N]; 3]) -> Option<[[I::Real; N]; 4]> {
        let mut transform = [a, a, a, c];
        for k in 0..N {
            let (outer, inner) = (I::Real::HALF * (a[k] + c[k]), I::Real::HALF * b[k]);
            (transform[1][k], transform[2][k]) = (outer + inner, outer - inner);
        }
        Some(transform)
    }

    #[inline(always)]
    fn first_outputs(isa: I, weights: &[I::Real], biases: &[I::Real], x: &[Self], y: &mut [Self]) -> usize {
        // Where a register is a layout block, and there are registers for the sums of two.
        if const { I::SAMPLES == LAYOUT_BLOCK && I::BLOCK == 8 } {
            dense::two_blocks(isa, weights, biases, x, y).map_or(0, |()| 2 * LAYOUT_BLOCK)
        } else {
            0
        }
    }
}

impl<I: Isa> Learn<I::Real> for Pack<I> {
    #[inline(always)]
    fn dot_acc(self, a: Self, b: Self) -> Self {
        Number::dot_acc(self, a, b)
    }

    #[inline(always)]
    fn sum(self) -> I::Real {
        Number::sum(self)
    }

    #[inline(always)]
    fn sums(values: &[Self], sums: &mut [I::Real]) {
        Number::sums(values, sums);
    }

    #[inline(always)]
    fn transpose(isa: I, value: impl Fn(usize) -> Self, columns: &mut [Self; LAYOUT_BLOCK]) {
        Self::transpose(
            isa,
            value,
            #[inline(always)]
            |j, column| columns[j] = column,
        );
    }

    #[inline(always)]
    fn add_outer(self, x: &Self, sample: usize, d: Self) -> Self {
        self.mul_acc_scalar(x.samples()[sample], d)
    }

    #[inline(always)]
    fn as_weights(&self) -> &[I::Real] {
        self.samples()
    }

    #[inline(always)]
    fn outer(isa: I, d: &[Self], x: &[Self], gradient: Gradient<'_, I::Real>) {
        dense::outer(isa, d, x, gradient);
    }
}
