//! Ciphertexts in spectral form: every operation lane by lane.

#![allow(
    clippy::redundant_closure,
    reason = "a function handed over by name is called through a shim without the instruction set, fifty times slower"
)]

use more_core::{Arithmetic, Real, Spectrum};

use super::{Element, Learn, Number, Weigh, number, outer_by_sums};
use crate::Gradient;

/// The largest power of two that is at most `budget / n`, and at least 1.
pub(super) const fn share(budget: usize, n: usize) -> usize {
    let mut block = 1;
    while 2 * block * n <= budget {
        block *= 2;
    }
    block
}

impl<R: Number, const N: usize> Element for Spectrum<R, N> {
    type Real = R::Real;
    type Number = R;
    type Context = R::Context;

    const SAMPLES: usize = R::SAMPLES;
    const BLOCK: usize = share(R::BLOCK, N);
    // The lanes of packs fill all registers.
    const POSITIONS: usize = if R::SAMPLES == 1 { R::POSITIONS } else { 1 };
    const GRADIENT_BLOCK: usize = share(R::GRADIENT_BLOCK, N);
    const GRADIENT_TAPS: usize = 3;
    const GRADIENT_ROWS: usize = 1;
    const FUSED: bool = R::FUSED;
    const UNROLLED: bool = true;

    #[inline(always)]
    fn zero(context: Self::Context) -> Self {
        Self::from_lanes([R::splat(context, Real::ZERO); N])
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
        Spectrum::scale(self, factor)
    }

    #[inline(always)]
    fn scale_by(self, factor: R) -> Self {
        Spectrum::scale_by(self, factor)
    }

    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        self.zip(
            other,
            #[inline(always)]
            |x, y| x.maximum(y),
        )
    }

    #[inline(always)]
    fn exp(self) -> Self {
        self.map(
            #[inline(always)]
            |x| Arithmetic::exponential(x),
        )
    }

    #[inline(always)]
    fn ln(self) -> Self {
        self.map(
            #[inline(always)]
            |x| Arithmetic::logarithm(x),
        )
    }

    #[inline(always)]
    fn recip(self) -> Self {
        self.map(
            #[inline(always)]
            |x| number::recip(x),
        )
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        self.map(
            #[inline(always)]
            |x| Arithmetic::sigmoid(x),
        )
    }

    #[inline(always)]
    fn softplus(self) -> Self {
        self.map(
            #[inline(always)]
            |x| number::softplus(x),
        )
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        self.map(
            #[inline(always)]
            |x| Arithmetic::hyperbolic_tangent(x),
        )
    }

    #[inline(always)]
    fn relu(self) -> Self {
        self.map(
            #[inline(always)]
            |x| number::relu(x),
        )
    }

    #[inline(always)]
    fn step(self) -> Self {
        self.map(
            #[inline(always)]
            |x| number::step(x),
        )
    }
}

/// Plain weights: each is loaded once for all lanes.
macro_rules! weigh_with_plain {
    ($($real:ty),*) => {$(
        impl<R: Number<Real = $real>, const N: usize> Weigh<$real> for Spectrum<R, N> {
            #[inline(always)]
            fn from_weight(context: Self::Context, weight: $real) -> Self {
                Self::from_lanes([R::splat(context, weight); N])
            }

            #[inline(always)]
            fn weigh_acc(self, weight: $real, x: Self) -> Self {
                self.zip(x, #[inline(always)] |acc, x| acc.mul_acc_scalar(weight, x))
            }
        }
    )*};
}
weigh_with_plain!(f32, f64);

/// Weights of the same kind: each lane has its own.
impl<T: Real, R: Number<Real = T>, const N: usize> Weigh<Spectrum<T, N>> for Spectrum<R, N> {
    #[inline(always)]
    fn from_weight(context: Self::Context, weight: Spectrum<T, N>) -> Self {
        let mut lanes = [R::splat(context, Real::ZERO); N];
        for lane in 0..N {
            lanes[lane] = R::splat(context, weight.lanes()[lane]);
        }
        Self::from_lanes(lanes)
    }

    #[inline(always)]
    fn weigh_acc(self, weight: Spectrum<T, N>, x: Self) -> Self {
        let mut lanes = *self.lanes();
        for lane in 0..N {
            lanes[lane] = lanes[lane].mul_acc_scalar(weight.lanes()[lane], x.lanes()[lane]);
        }
        Self::from_lanes(lanes)
    }
}

impl<T: Real + Number, R: Number<Real = T>, const N: usize> Learn<Spectrum<T, N>> for Spectrum<R, N> {
    #[inline(always)]
    fn dot_acc(self, a: Self, b: Self) -> Self {
        let mut lanes = *self.lanes();
        for lane in 0..N {
            lanes[lane] = lanes[lane].dot_acc(a.lanes()[lane], b.lanes()[lane]);
        }
        Self::from_lanes(lanes)
    }

    #[inline(always)]
    fn sum(self) -> Spectrum<T, N> {
        // Loops: `map` of arrays is a call that carries no instruction set.
        let mut lanes = [T::ZERO; N];
        for lane in 0..N {
            lanes[lane] = self.lanes()[lane].sum();
        }
        Spectrum::from_lanes(lanes)
    }

    #[inline(always)]
    fn outer(_: Self::Context, d: &[Self], x: &[Self], gradient: Gradient<'_, Spectrum<T, N>>) {
        outer_by_sums(d, x, gradient);
    }
}
