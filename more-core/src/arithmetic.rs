//! What an entry of a ciphertext can do: [`Arithmetic`].

use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::Real;

#[cfg(feature = "libm")]
mod activations;

/// A real number, or a fixed pack of real numbers that arithmetic acts on sample by sample.
///
/// [`Ciphertext`](crate::Ciphertext) and [`Spectrum`](crate::Spectrum) are generic over this trait, so that one
/// implementation of the ring serves a single value and a SIMD register of values. A pack carries a token of its
/// instruction set, hence constants are made from a [`Context`](Self::Context) and not from thin air.
///
/// NaN propagates through every operation except [`select_less`](Self::select_less), whose comparison with NaN is
/// false. An implementation for packs must be inlined at every call, or it leaves the context that enables its
/// instruction set.
///
/// `exponential`, `logarithm`, `sigmoid` and `hyperbolic_tangent` are there with the feature `libm` only, which a crate with
/// an implementation of its own therefore asks for.
pub trait Arithmetic:
    Copy
    + PartialEq
    + Debug
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The scalar of one sample.
    type Real: Real;
    /// What it takes to make a constant: `()` for a number, the instruction set's token for a pack.
    type Context: Copy + Send + Sync + 'static;

    /// The context this value was made with.
    #[must_use]
    fn context(self) -> Self::Context;

    /// `value` in every sample.
    #[must_use]
    fn splat(context: Self::Context, value: Self::Real) -> Self;

    /// `value` in every sample, with this value's context.
    #[inline(always)]
    #[must_use]
    fn constant(self, value: Self::Real) -> Self {
        Self::splat(self.context(), value)
    }

    /// `self * factor`, the factor broadcast.
    #[must_use]
    fn scale(self, factor: Self::Real) -> Self;

    /// `self + a b`: fused where a pack's instruction set has it, a rounded product and a sum on `f32` and `f64`.
    #[must_use]
    fn mul_acc(self, a: Self, b: Self) -> Self;

    /// `self + a b` with `a` broadcast, rounded as [`mul_acc`](Self::mul_acc).
    #[must_use]
    fn mul_acc_scalar(self, a: Self::Real, b: Self) -> Self;

    /// The greater of the two; NaN if either is.
    #[must_use]
    fn maximum(self, other: Self) -> Self;

    /// The lesser of the two; NaN if either is.
    #[must_use]
    fn minimum(self, other: Self) -> Self;

    /// `|x|`.
    #[must_use]
    fn magnitude(self) -> Self;

    /// `sqrt(x)`, NaN below zero.
    #[must_use]
    fn square_root(self) -> Self;

    /// Sample by sample, `x` where `a < b` and `y` elsewhere.
    #[must_use]
    fn select_less(a: Self, b: Self, x: Self, y: Self) -> Self;

    #[cfg(feature = "libm")]
    activations::declare!();
}

macro_rules! implement {
    ($real:ty, $activations:ident) => {
        impl Arithmetic for $real {
            type Real = $real;
            type Context = ();

            #[inline(always)]
            fn context(self) {}
            #[inline(always)]
            fn splat((): (), value: $real) -> $real {
                value
            }
            #[inline(always)]
            fn scale(self, factor: $real) -> $real {
                self * factor
            }
            #[inline(always)]
            fn mul_acc(self, a: $real, b: $real) -> $real {
                self + a * b
            }
            #[inline(always)]
            fn mul_acc_scalar(self, a: $real, b: $real) -> $real {
                self + a * b
            }
            #[inline(always)]
            fn maximum(self, other: $real) -> $real {
                if self > other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn minimum(self, other: $real) -> $real {
                if self < other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn magnitude(self) -> $real {
                Real::abs(self)
            }
            #[inline(always)]
            fn square_root(self) -> $real {
                Real::sqrt(self)
            }
            #[inline(always)]
            fn select_less(a: $real, b: $real, x: $real, y: $real) -> $real {
                if a < b { x } else { y }
            }

            #[cfg(feature = "libm")]
            activations::implement!($real, $activations);
        }
    };
}

implement!(f32, of_f32);
implement!(f64, of_f64);

#[cfg(test)]
mod tests {
    use super::{Arithmetic, Real};

    #[test]
    fn nan_reaches_the_result_from_either_side() {
        for (a, b) in [(f32::NAN, 1.0), (1.0, f32::NAN), (f32::NAN, f32::NEG_INFINITY)] {
            assert!(Arithmetic::maximum(a, b).is_nan());
            assert!(Arithmetic::minimum(a, b).is_nan());
        }
        assert_eq!(Arithmetic::maximum(-1.0_f32, 2.0), 2.0);
        assert_eq!(Arithmetic::minimum(-1.0_f32, 2.0), -1.0);
    }

    #[test]
    fn accumulation_rounds_twice() {
        // Fused, the result would be 2^-60; rounded twice, the product is exactly 1 + 2^-29.
        let a = 1.0 + Real::powi(2.0_f64, -30);
        assert_eq!(Arithmetic::mul_acc(-(1.0 + Real::powi(2.0_f64, -29)), a, a), 0.0);
    }
}
