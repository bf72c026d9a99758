//! The elementary functions, in both forms: with the feature `libm`.

use super::both_forms::{functions, if_in, lifted};
use crate::{Ciphertext, Error, Real, Spectrum};

functions! {
    /// `e^x`.
    try_exp, exp(), |x, _noise| T::exp(x), |_x, y, _q| y;
    /// `e^x - 1`, accurate near 0.
    try_expm1, expm1(), |x, _noise| T::exp_m1(x), |_x, y, _q| y + T::ONE;
    /// `ln x`, for positive lanes.
    try_ln, ln(), |x, _noise| if_in(x > T::ZERO, T::ln(x)), |x, _y, _q| T::ONE / x;
    /// `ln(1 + x)`, accurate near 0, for lanes above -1.
    try_ln_1p, ln_1p(), |x, _noise| if_in(x > -T::ONE, T::ln_1p(x)), |x, _y, _q| T::ONE / (T::ONE + x);
    /// `ln x / ln 10`, for positive lanes.
    try_log10, log10(), |x, _noise| if_in(x > T::ZERO, T::log10(x)),
        |x, _y, _q| T::from_f64(core::f64::consts::LOG10_E) / x;
    /// The real `y` with `y^3 = x`. At 0, where the slope is infinite, the error is the cube root of the argument's.
    try_cbrt, cbrt(), |x, _noise| T::cbrt(x), |_x, _y, quotient| quotient;
    /// `x^exponent`. Outside the domain: a negative power of a lane that is zero, and a power that is no integer of a
    /// lane that is negative; in matrix form a lane negative by rounding then counts as zero.
    try_powf, powf(exponent: T), |x, noise| {
        let x = if exponent == T::floor(exponent) { x } else { lifted(x, noise) };
        if_in(exponent >= T::ZERO || x != T::ZERO, T::powf(x, exponent))
    }, |_x, _y, quotient| quotient;
    /// `sin x`.
    try_sin, sin(), |x, _noise| T::sin(x), |x, _y, _q| T::cos(x);
    /// `cos x`.
    try_cos, cos(), |x, _noise| T::cos(x), |x, _y, _q| -T::sin(x);
    /// `tan x`. Near a pole the error grows with the slope `1 + tan^2 x`; a pole between two lanes is no error.
    try_tan, tan(), |x, _noise| T::tan(x), |_x, _y, quotient| quotient;
    /// `atan x`, in `[-pi/2, pi/2]`.
    try_atan, atan(), |x, _noise| T::atan(x), |x, _y, _q| T::ONE / (T::ONE + x * x);
    /// `sinh x = (e^x - e^-x) / 2`.
    try_sinh, sinh(), |x, _noise| T::sinh(x), |x, _y, _q| T::cosh(x);
    /// `cosh x = (e^x + e^-x) / 2`.
    try_cosh, cosh(), |x, _noise| T::cosh(x), |x, _y, _q| T::sinh(x);
}
