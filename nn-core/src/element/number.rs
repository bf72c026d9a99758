//! Plain numbers: one sample, not encrypted.

use more_core::{Arithmetic, Real};

use super::{Context, Element, Learn, Weigh, outer_by_sums};
use crate::Gradient;

/// What the entries of an element are: a plain number or a pack of them, with what kernels need to know of its registers.
pub trait Number: Arithmetic<Context: Context> {
    /// See [`Element::SAMPLES`].
    const SAMPLES: usize;
    /// See [`Element::BLOCK`].
    const BLOCK: usize;
    /// See [`Element::POSITIONS`].
    const POSITIONS: usize;
    /// Filters whose [sums](Self::dot_acc) of three taps fill the registers that a convolution's weight gradient has for sums: 1, 2, 4 or 8.
    const GRADIENT_BLOCK: usize;
    /// See [`Element::FUSED`].
    const FUSED: bool;

    /// The sum over the samples.
    fn sum(self) -> Self::Real;

    /// See [`Learn::dot_acc`].
    #[inline(always)]
    #[must_use]
    fn dot_acc(self, a: Self, b: Self) -> Self {
        Arithmetic::mul_acc(self, a, b)
    }

    /// The [`sum`](Self::sum) of each value: as many `sums` as `values`.
    #[inline(always)]
    fn sums(values: &[Self], sums: &mut [Self::Real]) {
        for (value, sum) in values.iter().zip(sums) {
            *sum = value.sum();
        }
    }

    /// See [`Element::sigmoids`].
    #[inline(always)]
    fn sigmoids<const N: usize>(mut values: [Self; N]) -> [Self; N] {
        for value in &mut values {
            *value = Arithmetic::sigmoid(*value);
        }
        values
    }

    /// See [`Element::tanhs`].
    #[inline(always)]
    fn tanhs<const N: usize>(mut values: [Self; N]) -> [Self; N] {
        for value in &mut values {
            *value = Arithmetic::hyperbolic_tangent(*value);
        }
        values
    }
}

macro_rules! element_of_number {
    ($name:ty) => {
        impl Number for $name {
            const SAMPLES: usize = 1;
            const BLOCK: usize = 8;
            // Sixteen sums, for the thirty-two registers of a Cortex-M4F and of AArch64.
            const POSITIONS: usize = 2;
            const GRADIENT_BLOCK: usize = 4;
            // A call of `libm`.
            const FUSED: bool = false;

            #[inline(always)]
            fn sum(self) -> Self {
                self
            }
        }

        impl Element for $name {
            element_by_arithmetic!();
        }

        impl Weigh<Self> for $name {
            #[inline(always)]
            fn from_weight((): (), weight: Self) -> Self {
                weight
            }

            #[inline(always)]
            fn weigh_acc(self, weight: Self, x: Self) -> Self {
                Arithmetic::mul_acc(self, weight, x)
            }
        }

        impl Learn<Self> for $name {
            #[inline(always)]
            fn dot_acc(self, a: Self, b: Self) -> Self {
                Arithmetic::mul_acc(self, a, b)
            }

            #[inline(always)]
            fn sum(self) -> Self {
                self
            }

            #[inline(always)]
            fn outer((): (), d: &[Self], x: &[Self], gradient: Gradient<'_, Self>) {
                outer_by_sums(d, x, gradient);
            }
        }
    };
}

/// The functions of an element that is a number to [`Arithmetic`].
macro_rules! element_by_arithmetic {
    () => {
        type Real = <Self as Arithmetic>::Real;
        type Number = Self;
        type Context = <Self as Arithmetic>::Context;

        const SAMPLES: usize = <Self as Number>::SAMPLES;
        const BLOCK: usize = <Self as Number>::BLOCK;
        const POSITIONS: usize = <Self as Number>::POSITIONS;
        // Of packs, where registers hold them, whole kernels of fewer filters: each gradient is loaded once for nine taps.
        const GRADIENT_BLOCK: usize = if Self::GRADIENT_ROWS == 3 {
            <Self as Number>::GRADIENT_BLOCK / 4
        } else {
            <Self as Number>::GRADIENT_BLOCK
        };
        const GRADIENT_TAPS: usize = 3;
        const GRADIENT_ROWS: usize =
            if <Self as Number>::SAMPLES > 1 && <Self as Number>::GRADIENT_BLOCK >= 4 { 3 } else { 1 };
        const FUSED: bool = <Self as Number>::FUSED;
        const UNROLLED: bool = true;

        #[inline(always)]
        fn zero(context: <Self as Element>::Context) -> Self {
            Arithmetic::splat(context, Real::ZERO)
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
        fn scale(self, factor: <Self as Element>::Real) -> Self {
            Arithmetic::scale(self, factor)
        }

        #[inline(always)]
        fn scale_by(self, factor: Self) -> Self {
            self * factor
        }

        #[inline(always)]
        fn maximum(self, other: Self) -> Self {
            Arithmetic::maximum(self, other)
        }

        #[inline(always)]
        fn exp(self) -> Self {
            Arithmetic::exponential(self)
        }

        #[inline(always)]
        fn ln(self) -> Self {
            Arithmetic::logarithm(self)
        }

        #[inline(always)]
        fn recip(self) -> Self {
            crate::element::number::recip(self)
        }

        #[inline(always)]
        fn sigmoid(self) -> Self {
            Arithmetic::sigmoid(self)
        }

        #[inline(always)]
        fn sigmoids<const N: usize>(values: [Self; N]) -> [Self; N] {
            <Self as Number>::sigmoids(values)
        }

        #[inline(always)]
        fn softplus(self) -> Self {
            crate::element::number::softplus(self)
        }

        #[inline(always)]
        fn tanh(self) -> Self {
            Arithmetic::hyperbolic_tangent(self)
        }

        #[inline(always)]
        fn tanhs<const N: usize>(values: [Self; N]) -> [Self; N] {
            <Self as Number>::tanhs(values)
        }

        #[inline(always)]
        fn relu(self) -> Self {
            crate::element::number::relu(self)
        }

        #[inline(always)]
        fn step(self) -> Self {
            crate::element::number::step(self)
        }
    };
}
#[cfg(feature = "simd")]
pub(super) use element_by_arithmetic;

/// `max(x, 0) + ln(1 + exp(-|x|))`, which neither overflows nor cancels.
#[inline(always)]
pub(crate) fn softplus<R: Arithmetic>(x: R) -> R {
    let zero = x.constant(R::Real::ZERO);
    let one = x.constant(R::Real::ONE);
    x.maximum(zero) + (one + (-x.magnitude()).exponential()).logarithm()
}

/// `1 / x`.
#[inline(always)]
pub(crate) fn recip<R: Arithmetic>(x: R) -> R {
    x.constant(R::Real::ONE) / x
}

/// `max(x, 0)`.
#[inline(always)]
pub(crate) fn relu<R: Arithmetic>(x: R) -> R {
    x.maximum(x.constant(R::Real::ZERO))
}

/// 1 where `x > 0`, otherwise 0.
#[inline(always)]
pub(crate) fn step<R: Arithmetic>(x: R) -> R {
    let zero = x.constant(R::Real::ZERO);
    R::select_less(zero, x, x.constant(R::Real::ONE), zero)
}

element_of_number!(f32);
element_of_number!(f64);
