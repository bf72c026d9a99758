//! The exponential function on packs, and what is made of it.
//!
//! `e^x = 2^n e^r` with `n = round(x / ln 2)` and `r = x - n ln 2` in `[-ln 2 / 2, ln 2 / 2]`. The product with `ln 2` is taken in
//! two parts, the first of which is exact (Cody and Waite, "Software Manual for the Elementary Functions", 1980), so that `r` is rounded
//! once, and not at all where `n` is zero.
//! `e^r - 1 = r + r^2 q(r)` with the minimax polynomial `q` for the relative error of `e^r - 1` (Remez exchange with 60 digits):
//! degree 4 for `f32` (error 1.3e-8), degree 9 for `f64` (1.8e-17). The largest errors found, in sweeps of 10^6 arguments of all
//! sizes, in units in the last place:
//!
//! | | exp | sigmoid | tanh |
//! | --- | --- | --- | --- |
//! | `f32` | 1.02 | 2.16 | 2.39 |
//! | `f64` | 1.02 | 1.99 | 1.86 |
//! | the portable path, both | 0.88 | 2.09 | 2.09 |
//!
//! Sigmoid and hyperbolic tangent take several vectors at a time, step by step side by side: each step waits for the one before, and a
//! core that has just come to them sees too few of the vectors behind to be busy otherwise.
//!
//! Arguments are clamped to where no power of two leaves the normal numbers: below, `e^x` stays at its least value (2.4e-38
//! in `f32`, 4.5e-308 in `f64`) instead of falling to zero. NaN passes through.

use super::Isa;

/// Constants of the exponential function for one scalar type.
pub trait Exponential: Copy + core::ops::Neg<Output = Self> + 'static {
    /// `1 / ln 2`, rounded.
    const LOG2_E: Self;
    /// `ln 2` rounded to so few bits that its products with all exponents `n`, and `x - n LN_2_HIGH`, are exact.
    const LN_2_HIGH: Self;
    /// `ln 2 - LN_2_HIGH`.
    const LN_2_LOW: Self;
    /// `ln 2 / 2`, rounded.
    const HALF_LN_2: Self;
    /// `1.5 / EPSILON` and the bias of exponents: a sum with it is an integer above it, whose last bits are the exponent of `2^n`.
    const ROUNDING: Self;
    /// Coefficients of `q`, from the highest.
    const Q: &'static [Self];
    /// Those of `2 q(2 s)` as a polynomial of `s`.
    const DOUBLE_Q: &'static [Self];
    /// Least argument.
    const LOWEST: Self;
    /// An argument whose exponential overflows.
    const HIGHEST: Self;
    /// The hyperbolic tangent of it is 1 to the last bit.
    const TANH_HIGHEST: Self;
    /// Whether a unit in the last place is worth some operations more.
    const PRECISE: bool;
    /// 1.
    const UNIT: Self;
    /// 2.
    const DOUBLE: Self;
    /// 1/2.
    const HALF: Self;
}

/// `q` for `f32`.
const Q_F32: [f32; 5] = [1.388_252_3e-3, 8.366_514e-3, 4.166_72e-2, 1.666_654_4e-1, 4.999_999_8e-1];

/// `q` for `f64`.
const Q_F64: [f64; 10] = [
    2.505_377_245_389_105_7e-8,
    2.762_602_393_898_309_7e-7,
    2.755_740_751_203_369e-6,
    2.480_150_530_712_217e-5,
    1.984_126_971_908_177_8e-4,
    1.388_888_893_153_884_7e-3,
    8.333_333_333_389_507e-3,
    4.166_666_666_657_683e-2,
    1.666_666_666_666_659e-1,
    0.500_000_000_000_000_5,
];

/// The coefficients of `2 q(2 s)`, from those of `q(r)`.
macro_rules! doubled {
    ($q:expr) => {
        &const {
            let mut doubled = *$q;
            let mut index = doubled.len();
            let mut factor = 1.0;
            while index > 0 {
                index -= 1;
                factor *= 2.0;
                doubled[index] *= factor;
            }
            doubled
        }
    };
}

impl Exponential for f32 {
    const LOG2_E: f32 = core::f32::consts::LOG2_E;
    const LN_2_HIGH: f32 = 0.693_145_75;
    const LN_2_LOW: f32 = 1.428_606_8e-6;
    const HALF_LN_2: f32 = core::f32::consts::LN_2 / 2.0;
    const ROUNDING: f32 = 1.5 / f32::EPSILON + 127.0;
    const Q: &'static [f32] = &Q_F32;
    const DOUBLE_Q: &'static [f32] = doubled!(&Q_F32);
    const LOWEST: f32 = -86.6;
    const HIGHEST: f32 = 89.0;
    const TANH_HIGHEST: f32 = 10.0;
    const PRECISE: bool = false;
    const UNIT: f32 = 1.0;
    const DOUBLE: f32 = 2.0;
    const HALF: f32 = 0.5;
}

impl Exponential for f64 {
    const LOG2_E: f64 = core::f64::consts::LOG2_E;
    const LN_2_HIGH: f64 = 0.693_147_180_559_890_3;
    const LN_2_LOW: f64 = 5.497_923_018_708_371e-14;
    const HALF_LN_2: f64 = core::f64::consts::LN_2 / 2.0;
    const ROUNDING: f64 = 1.5 / f64::EPSILON + 1023.0;
    const Q: &'static [f64] = &Q_F64;
    const DOUBLE_Q: &'static [f64] = doubled!(&Q_F64);
    const LOWEST: f64 = -707.7;
    const HIGHEST: f64 = 710.0;
    const TANH_HIGHEST: f64 = 20.0;
    const PRECISE: bool = true;
    const UNIT: f64 = 1.0;
    const DOUBLE: f64 = 2.0;
    const HALF: f64 = 0.5;
}

/// The polynomials of `r` with these coefficients from the highest, each with the sign for its power.
#[inline(always)]
fn polynomial<I: Isa, const N: usize>(
    isa: I,
    coefficients: &[I::Real],
    r: &[I::Vector; N],
    sign: impl Fn(usize, I::Real) -> I::Real,
) -> [I::Vector; N] {
    let mut q = [isa.splat(sign(coefficients.len() - 1, coefficients[0])); N];
    for (index, coefficient) in coefficients.iter().enumerate().skip(1) {
        let coefficient = isa.splat(sign(coefficients.len() - 1 - index, *coefficient));
        for k in 0..N {
            q[k] = isa.fma(q[k], r[k], coefficient);
        }
    }
    q
}

#[inline(always)]
pub(super) fn exp<I: Isa>(isa: I, x: I::Vector) -> I::Vector {
    let rounding = isa.splat(I::Real::ROUNDING);
    let x = isa.max(isa.splat(I::Real::LOWEST), isa.min(isa.splat(I::Real::HIGHEST), x));
    let t = isa.fma(x, isa.splat(I::Real::LOG2_E), rounding);
    let n = isa.sub(t, rounding);
    let r = isa.fma(n, isa.splat(-I::Real::LN_2_HIGH), x);
    let r = isa.fma(n, isa.splat(-I::Real::LN_2_LOW), r);
    let [q] = polynomial(
        isa,
        I::Real::Q,
        &[r],
        #[inline(always)]
        |_, coefficient| coefficient,
    );
    let p = isa.fma(isa.mul(r, r), q, r);
    // The greatest power of two is no number where e^x still is one: the last doubling is a sum.
    let half_power = isa.power_of_two(isa.sub(t, isa.splat(I::Real::UNIT)));
    let half = isa.fma(half_power, p, half_power);
    isa.add(half, half)
}

/// `1 / (1 + e^-x)`; `-x` is clamped from above too, where the sum's reciprocal is no longer normal.
#[inline(always)]
pub(super) fn sigmoid<I: Isa, const N: usize>(isa: I, x: [I::Vector; N]) -> [I::Vector; N] {
    let one = isa.splat(I::Real::UNIT);
    let rounding = isa.splat(I::Real::ROUNDING);
    // t and r of -x, by the signs of constants: what stands in r is -r.
    let (mut t, mut r) = (x, x);
    for k in 0..N {
        r[k] = isa.max(isa.splat(I::Real::LOWEST), isa.min(isa.splat(-I::Real::LOWEST), x[k]));
    }
    for k in 0..N {
        t[k] = isa.fma(r[k], isa.splat(-I::Real::LOG2_E), rounding);
    }
    for k in 0..N {
        let n = isa.sub(t[k], rounding);
        r[k] = isa.fma(n, isa.splat(I::Real::LN_2_HIGH), r[k]);
        r[k] = isa.fma(n, isa.splat(I::Real::LN_2_LOW), r[k]);
    }
    let q = polynomial(
        isa,
        I::Real::Q,
        &r,
        #[inline(always)]
        |power, coefficient| if power % 2 == 1 { -coefficient } else { coefficient },
    );
    let mut sum = q;
    for k in 0..N {
        let power = isa.power_of_two(t[k]);
        sum[k] = if I::Real::PRECISE {
            isa.add(isa.fma(power, isa.fms(isa.mul(r[k], r[k]), q[k], r[k]), power), one)
        } else {
            // 1 - r + r^2 q as one polynomial, rounded beside its 1.
            isa.fma(power, isa.fma(r[k], isa.fms(r[k], q[k], one), one), one)
        };
    }
    for k in 0..N {
        sum[k] = isa.recip(sum[k]);
    }
    sum
}

/// `(e^2|x| - 1) / (e^2|x| + 1)` with the sign of `x`. `e^2|x| - 1 = 2^n (e^r - 1) + (2^n - 1)` does not cancel near zero, and
/// of the large `e^2|x|` nothing is left of the rounding errors.
#[inline(always)]
pub(super) fn tanh<I: Isa, const N: usize>(isa: I, x: [I::Vector; N]) -> [I::Vector; N] {
    let mut magnitude = x;
    for k in 0..N {
        magnitude[k] = isa.copysign(x[k], isa.splat(I::Real::UNIT));
        magnitude[k] = isa.min(isa.splat(I::Real::TANH_HIGHEST), magnitude[k]);
    }
    let mut tanh = if I::Real::PRECISE { precise_tanh(isa, magnitude) } else { fast_tanh(isa, magnitude) };
    for k in 0..N {
        tanh[k] = isa.copysign(tanh[k], x[k]);
    }
    tanh
}

/// The hyperbolic tangent of `x >= 0` as `y / (y + 1)` with `y = (e^2x - 1) / 2`.
#[inline(always)]
fn fast_tanh<I: Isa, const N: usize>(isa: I, x: [I::Vector; N]) -> [I::Vector; N] {
    let one = isa.splat(I::Real::UNIT);
    let half = isa.splat(I::Real::HALF);
    let rounding = isa.splat(I::Real::ROUNDING);
    let (mut t, mut s) = (x, x);
    for k in 0..N {
        t[k] = isa.fma(x[k], isa.splat(I::Real::LOG2_E + I::Real::LOG2_E), rounding);
    }
    // s = r / 2. One part of ln 2 is enough: n is small here, and the larger it is, the less of the tangent is made of r.
    for k in 0..N {
        s[k] = isa.fma(isa.sub(t[k], rounding), isa.splat(-I::Real::HALF_LN_2), x[k]);
    }
    // (e^r - 1) / 2 = s + s^2 2 q(2 s), with the powers of two in the coefficients.
    let q = polynomial(
        isa,
        I::Real::DOUBLE_Q,
        &s,
        #[inline(always)]
        |_, coefficient| coefficient,
    );
    let mut y = q;
    for k in 0..N {
        let p = isa.fma(isa.mul(s[k], s[k]), q[k], s[k]);
        let power = isa.power_of_two(t[k]);
        y[k] = isa.fma(power, p, isa.fms(power, half, half));
    }
    for k in 0..N {
        y[k] = isa.quotient(y[k], isa.add(y[k], one));
    }
    y
}

/// The hyperbolic tangent of `x >= 0`, with `r` in two parts, of which the small one joins the small part of the polynomial.
#[inline(always)]
fn precise_tanh<I: Isa, const N: usize>(isa: I, x: [I::Vector; N]) -> [I::Vector; N] {
    let one = isa.splat(I::Real::UNIT);
    let double = isa.splat(I::Real::DOUBLE);
    let rounding = isa.splat(I::Real::ROUNDING);
    let low = isa.splat(-I::Real::LN_2_LOW);
    let mut tanh = x;
    for x in &mut tanh {
        let twice = isa.add(*x, *x);
        let t = isa.fma(twice, isa.splat(I::Real::LOG2_E), rounding);
        let n = isa.sub(t, rounding);
        let exact = isa.fma(n, isa.splat(-I::Real::LN_2_HIGH), twice);
        let r = isa.fma(n, low, exact);
        let rest = isa.fma(n, low, isa.sub(exact, r));
        let [q] = polynomial(
            isa,
            I::Real::Q,
            &[r],
            #[inline(always)]
            |_, coefficient| coefficient,
        );
        let power = isa.power_of_two(t);
        let large = isa.fma(power, r, isa.sub(power, one));
        let expm1 = isa.fma(power, isa.fma(isa.mul(r, r), q, rest), large);
        // The quotient corrected by its remainder, which knows the sum before it was rounded.
        let recip = isa.recip(isa.add(expm1, double));
        let negative = isa.mul(expm1, isa.sub(isa.splat(I::Real::default()), recip));
        let remainder = isa.fma(negative, expm1, isa.fma(negative, double, expm1));
        *x = isa.fms(remainder, recip, negative);
    }
    tanh
}
