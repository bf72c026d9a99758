//! The scalars: [`Real`], which is `f32` and `f64`.

use core::fmt::Display;

use zeroize::Zeroize;

use crate::Arithmetic;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// Which of the two scalars, for files and run-time dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// `f32` or `f64`, with elementary functions from `libm`: the same bits on every platform, with or without an
/// operating system. The trait is sealed.
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
    /// The cube root.
    #[must_use]
    fn cbrt(self) -> Self;
    /// `sqrt(x^2 + y^2)` without overflow in between.
    #[must_use]
    fn hypot(self, y: Self) -> Self;
    /// `e^x`.
    #[must_use]
    fn exp(self) -> Self;
    /// `e^x - 1`, accurate near 0.
    #[must_use]
    fn exp_m1(self) -> Self;
    /// The natural logarithm, NaN below zero.
    #[must_use]
    fn ln(self) -> Self;
    /// `ln(1 + x)`, accurate near 0.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// The logarithm to base 10.
    #[must_use]
    fn log10(self) -> Self;
    /// `x^exponent` by repeated multiplication; `x^-k = 1 / x^k`.
    #[must_use]
    fn powi(self, exponent: i32) -> Self;
    /// `x^exponent`.
    #[must_use]
    fn powf(self, exponent: Self) -> Self;
    /// The sine.
    #[must_use]
    fn sin(self) -> Self;
    /// The cosine.
    #[must_use]
    fn cos(self) -> Self;
    /// The tangent.
    #[must_use]
    fn tan(self) -> Self;
    /// The arc tangent.
    #[must_use]
    fn atan(self) -> Self;
    /// The angle of the point `(x, self)`, in `[-pi, pi]`.
    #[must_use]
    fn atan2(self, x: Self) -> Self;
    /// The hyperbolic sine.
    #[must_use]
    fn sinh(self) -> Self;
    /// The hyperbolic cosine.
    #[must_use]
    fn cosh(self) -> Self;
    /// The hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// `1 - erf(x)`, the complementary error function, accurate where it is small.
    #[must_use]
    fn erfc(self) -> Self;

    /// `ln(1 + e^x)`, without overflow and accurate for large negative `x`.
    #[inline]
    #[must_use]
    fn softplus(self) -> Self {
        let positive = Arithmetic::maximum(self, Self::ZERO);
        positive + Self::ln_1p(Self::exp(-Self::abs(self)))
    }
}

macro_rules! implement {
    ($real:ident, $scalar:ident, $bits:ident, $shift:literal, $unit:expr, {$($method:ident = $function:ident),* $(,)?}) => {
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
            #[inline]
            fn powf(self, exponent: Self) -> Self {
                implement!(@pow $real)(self, exponent)
            }
            #[inline]
            fn copysign(self, sign: Self) -> Self {
                implement!(@copysign $real)(self, sign)
            }
            #[inline]
            fn hypot(self, y: Self) -> Self {
                implement!(@hypot $real)(self, y)
            }
            #[inline]
            fn atan2(self, x: Self) -> Self {
                implement!(@atan2 $real)(self, x)
            }
            $(
                #[inline]
                fn $method(self) -> Self {
                    libm::$function(self)
                }
            )*
        }
    };
    (@pow f32) => { libm::powf };
    (@pow f64) => { libm::pow };
    (@copysign f32) => { libm::copysignf };
    (@copysign f64) => { libm::copysign };
    (@hypot f32) => { libm::hypotf };
    (@hypot f64) => { libm::hypot };
    (@atan2 f32) => { libm::atan2f };
    (@atan2 f64) => { libm::atan2 };
}

implement!(f32, F32, u32, 8, 1.0 / 16_777_216.0, {
    abs = fabsf, floor = floorf, round = roundf, sqrt = sqrtf, cbrt = cbrtf, exp = expf, exp_m1 = expm1f, ln = logf,
    ln_1p = log1pf, log10 = log10f, sin = sinf, cos = cosf, tan = tanf, atan = atanf, sinh = sinhf, cosh = coshf,
    tanh = tanhf, erfc = erfcf,
});

implement!(f64, F64, u64, 11, 1.0 / 9_007_199_254_740_992.0, {
    abs = fabs, floor = floor, round = round, sqrt = sqrt, cbrt = cbrt, exp = exp, exp_m1 = expm1, ln = log,
    ln_1p = log1p, log10 = log10, sin = sin, cos = cos, tan = tan, atan = atan, sinh = sinh, cosh = cosh,
    tanh = tanh, erfc = erfc,
});
