//! Packs without any particular instruction: arrays, computed exactly as single numbers are.

use core::marker::PhantomData;

use more_core::Arithmetic;

use super::{Isa, PackReal};
use crate::element::Context;

/// The portable path, with packs of any number of samples. Every sample has the bits that the same network computes on single
/// numbers.
#[derive(Clone, Copy, Debug)]
pub struct Portable<T, const SAMPLES: usize>(PhantomData<T>);

impl<T, const SAMPLES: usize> Portable<T, SAMPLES> {
    /// The token: any machine has it.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T, const SAMPLES: usize> Default for Portable<T, SAMPLES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: PackReal, const SAMPLES: usize> Context for Portable<T, SAMPLES> {
    // Out of line, like a function with instructions of its own: see `with_block`.
    #[inline(never)]
    fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
}

/// `f` of every sample, out of line: inlined, sixteen copies of a function of `libm` would stand in every register block.
#[inline(never)]
fn each<T: Copy, const SAMPLES: usize>(a: [T; SAMPLES], f: fn(T) -> T) -> [T; SAMPLES] {
    a.map(f)
}

macro_rules! portable {
    ($real:ty) => {
        impl<const SAMPLES: usize> Isa for Portable<$real, SAMPLES> {
            type Real = $real;
            type Vector = [$real; SAMPLES];

            const SAMPLES: usize = SAMPLES;
            const BLOCK: usize = 2;
            const POSITIONS: usize = 1;
            const GRADIENT_BLOCK: usize = 1;

            #[inline(always)]
            fn splat(self, x: $real) -> Self::Vector {
                [x; SAMPLES]
            }

            #[inline(always)]
            fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| a[i] + b[i])
            }

            #[inline(always)]
            fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| a[i] - b[i])
            }

            #[inline(always)]
            fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| a[i] * b[i])
            }

            #[inline(always)]
            fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| a[i] / b[i])
            }

            #[inline(always)]
            fn fma(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| a[i] * b[i] + c[i])
            }

            #[inline(always)]
            fn fms(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| a[i] * b[i] - c[i])
            }

            #[inline(always)]
            fn sqrt(self, a: Self::Vector) -> Self::Vector {
                each(a, Arithmetic::square_root)
            }

            #[inline(always)]
            fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
            }

            #[inline(always)]
            fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| if a[i] < b[i] { a[i] } else { b[i] })
            }

            #[inline(always)]
            fn select_less(
                self,
                a: Self::Vector,
                b: Self::Vector,
                x: Self::Vector,
                y: Self::Vector,
            ) -> Self::Vector {
                core::array::from_fn(|i| if a[i] < b[i] { x[i] } else { y[i] })
            }

            #[inline(always)]
            fn nan_or(self, a: Self::Vector, x: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| if a[i].is_nan() { a[i] } else { x[i] })
            }

            #[inline(always)]
            fn copysign(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                core::array::from_fn(|i| more_core::Real::copysign(a[i], b[i]))
            }

            #[inline(always)]
            fn power_of_two(self, a: Self::Vector) -> Self::Vector {
                a.map(|a| <$real>::from_bits(a.to_bits() << (<$real>::MANTISSA_DIGITS - 1)))
            }

            #[inline(always)]
            fn recip(self, a: Self::Vector) -> Self::Vector {
                a.map(|x| 1.0 / x)
            }

            #[inline(always)]
            fn quotient(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                self.div(a, b)
            }

            #[inline(always)]
            fn sum(self, a: Self::Vector) -> $real {
                a.iter().fold(0.0, |sum, x| sum + x)
            }

            #[inline(always)]
            fn exp(self, a: Self::Vector) -> Self::Vector {
                each(a, <$real as Arithmetic>::exponential)
            }

            #[inline(always)]
            fn sigmoids<const N: usize>(self, a: [Self::Vector; N]) -> [Self::Vector; N] {
                a.map(|a| each(a, <$real as Arithmetic>::sigmoid))
            }

            #[inline(always)]
            fn tanhs<const N: usize>(self, a: [Self::Vector; N]) -> [Self::Vector; N] {
                a.map(|a| each(a, <$real as Arithmetic>::hyperbolic_tangent))
            }
        }
    };
}
portable!(f32);
portable!(f64);
