//! The scalars: [`Real`], which is `f32` and `f64`.

use core::fmt::Display;

use zeroize::Zeroize;

use crate::Arithmetic;
#[cfg(feature = "libm")]
use libm as math;

#[cfg(feature = "libm")]
mod elementary;
#[cfg(any(test, not(feature = "libm")))]
mod exact;
#[cfg(not(feature = "libm"))]
use exact as math;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// Which of the two scalars, for files and run-time dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Scalar {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

impl Display for Scalar {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// `f32` or `f64`, with functions from `libm`: the same bits on every platform, with or without an operating system. The
/// trait is sealed.
///
/// Without the feature `libm` the elementary functions, from [`cbrt`](Self::cbrt) to [`silu`](Self::silu), do not exist,
/// and the exact ones are computed in integers, with the same bits. With the feature `micromath` the activations
/// `softplus`, `gelu` and `silu` of `f32`, and those of its [`Arithmetic`], are the approximations of `approximate`.
///
/// In code that is not generic call these as `Real::sqrt(x)`: by dot the standard library's own method wins
/// wherever `std` is linked.
pub trait Real:
    Arithmetic<Real = Self, Context = ()> + PartialOrd + Display + Default + Zeroize + sealed::Sealed
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// 1/2.
    const HALF: Self;
    /// 2.
    const TWO: Self;
    /// The distance from 1 to the next number, twice the unit roundoff.
    const EPSILON: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;
    /// The greatest finite number.
    const MAX: Self;
    /// The least positive normal number.
    const MIN_POSITIVE: Self;
    /// Which scalar this is.
    const SCALAR: Scalar;
    /// Bytes of one encoded number.
    const BYTES: usize;

    /// The nearest number to `value`; infinite beyond the range.
    #[must_use]
    fn from_f64(value: f64) -> Self;
    /// The same number as an `f64`, exactly.
    #[must_use]
    fn to_f64(self) -> f64;
    /// Neither infinite nor NaN.
    #[must_use]
    fn is_finite(self) -> bool;
    /// Not a number.
    #[must_use]
    fn is_nan(self) -> bool;

    /// Writes the little-endian bytes to the first [`BYTES`](Self::BYTES) of `out`; `None` if `out` is shorter.
    #[must_use]
    fn write_le(self, out: &mut [u8]) -> Option<()>;
    /// Reads from the first [`BYTES`](Self::BYTES) of `bytes`; `None` if there are fewer.
    #[must_use]
    fn read_le(bytes: &[u8]) -> Option<Self>;
    /// A uniform number in `[0, 1)` from the upper 24 or 53 of 64 random bits, a multiple of 2^-24 or 2^-53.
    #[must_use]
    fn uniform(bits: u64) -> Self;
    /// A uniform number in `[0, 1)` from the first [`BYTES`](Self::BYTES) of random bytes, read little-endian: the
    /// upper 24 of 32 bits or the upper 53 of 64. `None` if there are fewer bytes.
    #[must_use]
    fn uniform_le(bytes: &[u8]) -> Option<Self>;

    /// `|x|`.
    #[must_use]
    fn abs(self) -> Self;
    /// `|x|` with the sign of `sign`.
    #[must_use]
    fn copysign(self, sign: Self) -> Self;
    /// The greatest integer not above `x`.
    #[must_use]
    fn floor(self) -> Self;
    /// The nearest integer, halves away from zero.
    #[must_use]
    fn round(self) -> Self;
    /// The square root, NaN below zero.
    #[must_use]
    fn sqrt(self) -> Self;
    /// `x^exponent` by repeated multiplication; `x^-k = 1 / x^k`.
    #[must_use]
    fn powi(self, exponent: i32) -> Self;

    #[cfg(feature = "libm")]
    elementary::declare!();
}

macro_rules! implement {
    ($real:ident, $scalar:ident, $bits:ident, $shift:literal, $unit:expr, [$floor:ident, $round:ident, $sqrt:ident]) => {
        impl Real for $real {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const HALF: Self = 0.5;
            const TWO: Self = 2.0;
            const EPSILON: Self = $real::EPSILON;
            const INFINITY: Self = $real::INFINITY;
            const NAN: Self = $real::NAN;
            const MAX: Self = $real::MAX;
            const MIN_POSITIVE: Self = $real::MIN_POSITIVE;
            const SCALAR: Scalar = Scalar::$scalar;
            const BYTES: usize = size_of::<$real>();

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $real
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $real::is_finite(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $real::is_nan(self)
            }
            #[inline]
            fn write_le(self, out: &mut [u8]) -> Option<()> {
                *out.first_chunk_mut()? = self.to_le_bytes();
                Some(())
            }
            #[inline]
            fn read_le(bytes: &[u8]) -> Option<Self> {
                Some($real::from_le_bytes(*bytes.first_chunk()?))
            }
            #[inline]
            fn uniform(bits: u64) -> Self {
                (bits >> (64 - $real::MANTISSA_DIGITS)) as $real * $unit
            }
            #[inline]
            fn uniform_le(bytes: &[u8]) -> Option<Self> {
                let bits = $bits::from_le_bytes(*bytes.first_chunk()?);
                Some((bits >> $shift) as $real * $unit)
            }
            #[inline]
            fn powi(self, exponent: i32) -> Self {
                let mut factor = self;
                let mut left = exponent.unsigned_abs();
                let mut product = 1.0;
                while left != 0 {
                    if left & 1 == 1 {
                        product *= factor;
                    }
                    factor *= factor;
                    left >>= 1;
                }
                if exponent < 0 { 1.0 / product } else { product }
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $real::abs(self)
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $real::copysign(self, sign)
            }
            #[inline]
            fn floor(self) -> Self {
                math::$floor(self)
            }
            #[inline]
            fn round(self) -> Self {
                math::$round(self)
            }
            #[inline]
            fn sqrt(self) -> Self {
                math::$sqrt(self)
            }

            #[cfg(feature = "libm")]
            elementary::implement!($real);
        }
    };
}

implement!(f32, F32, u32, 8, 1.0 / 16_777_216.0, [floorf, roundf, sqrtf]);
implement!(f64, F64, u64, 11, 1.0 / 9_007_199_254_740_992.0, [floor, round, sqrt]);
