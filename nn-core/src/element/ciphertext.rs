//! Ciphertexts in matrix form: the paper's literal n x n arithmetic, without an evaluation key.

#![allow(
    clippy::redundant_closure,
    reason = "a function handed over by name is called through a shim without the instruction set, fifty times slower"
)]

use more_core::{Arithmetic, Ciphertext, Real};

use super::spectrum::share;
use super::{Context, Element, Learn, Number, Weigh, number, outer_by_sums};
use crate::Gradient;

/// A function of a ciphertext, out of line: it is long beside a call, and kernels would else hold a copy for every register
/// block, function and instruction set.
#[inline(never)]
fn outlined<R: Number, const N: usize>(
    x: Ciphertext<R, N>,
    f: impl Fn(Ciphertext<R, N>) -> Ciphertext<R, N>,
) -> Ciphertext<R, N> {
    x.columns()[0][0].context().enter(
        #[inline(always)]
        || f(x),
    )
}

impl<R: Number, const N: usize> Element for Ciphertext<R, N> {
    type Real = R::Real;
    type Number = R;
    type Context = R::Context;

    const SAMPLES: usize = R::SAMPLES;
    const BLOCK: usize = share(R::BLOCK * R::POSITIONS, N * N);
    const POSITIONS: usize = 1;
    const GRADIENT_BLOCK: usize = share(R::GRADIENT_BLOCK, N * N);
    // Three taps of a single filter may be more than the registers hold.
    const GRADIENT_TAPS: usize = if R::GRADIENT_BLOCK < N * N { 1 } else { 3 };
    const GRADIENT_ROWS: usize = 1;
    const FUSED: bool = false;
    const UNROLLED: bool = false;

    #[inline(always)]
    fn zero(context: Self::Context) -> Self {
        Self::from_columns([[R::splat(context, Real::ZERO); N]; N])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self - other
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    fn scale(self, factor: Self::Real) -> Self {
        Ciphertext::scale(self, factor)
    }

    #[inline(always)]
    fn scale_by(self, factor: R) -> Self {
        Ciphertext::scale_by(self, factor)
    }

    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        // max(a, b) = b + max(a - b, 0): a unary function of the difference, so no common eigenbasis is needed.
        other + (self - other).relu()
    }

    #[inline(always)]
    fn exp(self) -> Self {
        outlined(
            self,
            #[inline(always)]
            |x| {
                x.apply_with_slope_unchecked(
                    #[inline(always)]
                    |x| Arithmetic::exponential(x),
                    #[inline(always)]
                    |_, y| y,
                )
            },
        )
    }

    #[inline(always)]
    fn ln(self) -> Self {
        outlined(
            self,
            #[inline(always)]
            |x| {
                x.apply_unchecked(
                    #[inline(always)]
                    |x| Arithmetic::logarithm(x),
                    #[inline(always)]
                    |x| number::recip(x),
                )
            },
        )
    }

    #[inline(always)]
    fn recip(self) -> Self {
        outlined(
            self,
            #[inline(always)]
            |x| x.recip_unchecked(),
        )
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        outlined(
            self,
            #[inline(always)]
            |x| {
                x.apply_with_slope_unchecked(
                    #[inline(always)]
                    |x| Arithmetic::sigmoid(x),
                    #[inline(always)]
                    |_, y| y - y * y,
                )
            },
        )
    }

    #[inline(always)]
    fn softplus(self) -> Self {
        outlined(
            self,
            #[inline(always)]
            |x| {
                x.apply_unchecked(
                    #[inline(always)]
                    |x| number::softplus(x),
                    #[inline(always)]
                    |x| Arithmetic::sigmoid(x),
                )
            },
        )
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        outlined(
            self,
            #[inline(always)]
            |x| {
                x.apply_with_slope_unchecked(
                    #[inline(always)]
                    |x| Arithmetic::hyperbolic_tangent(x),
                    #[inline(always)]
                    |x, y| x.constant(Real::ONE) - y * y,
                )
            },
        )
    }

    #[inline(always)]
    fn relu(self) -> Self {
        outlined(
            self,
            #[inline(always)]
            |x| {
                x.apply_unchecked(
                    #[inline(always)]
                    |x| number::relu(x),
                    #[inline(always)]
                    |x| number::step(x),
                )
            },
        )
    }

    #[inline(always)]
    fn step(self) -> Self {
        // Of a rectified matrix, the lanes that were negative are zero up to rounding errors of either sign: lanes below
        // what rounding leaves of the largest one count as zero.
        outlined(
            self,
            #[inline(always)]
            |x| {
                let mut largest = x.columns()[0][0].magnitude();
                for column in x.columns() {
                    for entry in column {
                        largest = largest.maximum(entry.magnitude());
                    }
                }
                let factor = <R::Real as Real>::from_f64(256.0 * N as f64) * <R::Real as Real>::EPSILON;
                let noise = largest.scale(factor);
                x.apply_unchecked(
                    #[inline(always)]
                    |x| number::step(x - noise),
                    #[inline(always)]
                    |x| x.constant(Real::ZERO),
                )
            },
        )
    }
}

/// Plain weights: a scalar multiple of the matrix.
macro_rules! weigh_with_plain {
    ($($real:ty),*) => {$(
        impl<R: Number<Real = $real>, const N: usize> Weigh<$real> for Ciphertext<R, N> {
            #[inline(always)]
            fn from_weight(context: <Self as Element>::Context, weight: $real) -> Self {
                let mut columns = [[R::splat(context, Real::ZERO); N]; N];
                for (i, column) in columns.iter_mut().enumerate() {
                    column[i] = R::splat(context, weight);
                }
                Self::from_columns(columns)
            }

            #[inline(always)]
            fn weigh_acc(self, weight: $real, x: Self) -> Self {
                self.mul_acc_scalar(weight, x)
            }
        }
    )*};
}
weigh_with_plain!(f32, f64);

/// Encrypted weights: a product of matrices, the weight's entries broadcast over the samples.
impl<T: Real, R: Number<Real = T>, const N: usize> Weigh<Ciphertext<T, N>> for Ciphertext<R, N> {
    #[inline(always)]
    fn from_weight(context: <Self as Element>::Context, weight: Ciphertext<T, N>) -> Self {
        let mut columns = [[R::splat(context, Real::ZERO); N]; N];
        for j in 0..N {
            for i in 0..N {
                columns[j][i] = R::splat(context, weight.columns()[j][i]);
            }
        }
        Self::from_columns(columns)
    }

    #[inline(always)]
    fn weigh_acc(self, weight: Ciphertext<T, N>, x: Self) -> Self {
        let mut columns = *self.columns();
        let (w, x) = (weight.columns(), x.columns());
        for k in 0..N {
            for j in 0..N {
                for i in 0..N {
                    columns[j][i] = columns[j][i].mul_acc_scalar(w[k][i], x[j][k]);
                }
            }
        }
        Self::from_columns(columns)
    }
}

/// Entries that are summed over their samples at once: as many packs as an instruction set takes.
const ENTRIES: usize = 16;

impl<T: Real + Number, R: Number<Real = T>, const N: usize> Learn<Ciphertext<T, N>> for Ciphertext<R, N> {
    #[inline(always)]
    fn dot_acc(self, a: Self, b: Self) -> Self {
        let (mut columns, a, b) = (*self.columns(), a.columns(), b.columns());
        for j in 0..N {
            for k in 0..N {
                for i in 0..N {
                    columns[j][i] = columns[j][i].dot_acc(a[k][i], b[j][k]);
                }
            }
        }
        Self::from_columns(columns)
    }

    #[inline(always)]
    fn sum(self) -> Ciphertext<T, N> {
        // Loops: `map` of arrays is a call that carries no instruction set.
        let mut columns = [[T::ZERO; N]; N];
        for j in 0..N {
            for i in 0..N {
                columns[j][i] = self.columns()[j][i].sum();
            }
        }
        Ciphertext::from_columns(columns)
    }

    #[inline(always)]
    fn sums(values: &[Self], sums: &mut [Ciphertext<T, N>]) {
        // Single numbers are their sums, and large matrices have enough entries of their own.
        if const { R::SAMPLES == 1 || N * N >= ENTRIES } {
            for (value, sum) in values.iter().zip(sums) {
                Number::sums(value.columns().as_flattened(), sum.columns_mut().as_flattened_mut());
            }
            return;
        }
        let at_once = const { ENTRIES / (N * N) };
        for (values, sums) in values.chunks(at_once).zip(sums.chunks_mut(at_once)) {
            let [first, ..] = values else { return };
            let mut entries = [first.columns()[0][0]; ENTRIES];
            for (entries, value) in entries.chunks_exact_mut(N * N).zip(values) {
                entries.copy_from_slice(value.columns().as_flattened());
            }
            let mut totals = [T::ZERO; ENTRIES];
            Number::sums(&entries, &mut totals);
            for (sum, totals) in sums.iter_mut().zip(totals.chunks_exact(N * N)) {
                sum.columns_mut().as_flattened_mut().copy_from_slice(totals);
            }
        }
    }

    #[inline(always)]
    fn outer(
        _: <Self as Element>::Context,
        d: &[Self],
        x: &[Self],
        gradient: Gradient<'_, Ciphertext<T, N>>,
    ) {
        outer_by_sums(d, x, gradient);
    }
}
