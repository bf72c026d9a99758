//! Functions in pieces, in both forms.
//!
//! Rounding moves a lane by up to `4 N kappa^2 eps l` in matrix form. Where that carries it over a jump of the function,
//! the result is any number between the two values.

use super::both_forms::{functions, if_in, indicator};
use crate::{Arithmetic, Ciphertext, Error, Real, Spectrum};

functions! {
    /// `|x|`.
    try_abs, abs(), |x, _noise| T::abs(x), |x, _y, _q| T::copysign(T::ONE, x);
    /// -1 below zero, 0 at zero, 1 above. In matrix form a lane nearer to the jump at 0 than its rounding error may
    /// give anything from -1 to 1.
    try_sign, sign(), |x, _noise| {
        if x > T::ZERO { T::ONE } else if x < T::ZERO { -T::ONE } else { x }
    }, |_x, _y, _q| T::ZERO;
    /// 1 for `x > 0`, 0 elsewhere (Heaviside's function with 0 at 0). In matrix form a lane nearer to the jump than its
    /// rounding error may give anything from 0 to 1.
    try_step, step(), |x, _noise| indicator(x, x > T::ZERO), |_x, _y, _q| T::ZERO;
    /// `min(max(x, low), high)`. Limits with `low > high`, or NaN, are outside the domain.
    try_clamp, clamp(low: T, high: T), |x, _noise| {
        if_in(low <= high, Arithmetic::minimum(Arithmetic::maximum(x, low), high))
    }, |x, _y, _q| indicator(x, low < x && x < high);
    /// The greatest integer not above `x`. In matrix form a lane nearer to an integer than its rounding error may give
    /// anything between the two values there.
    try_floor, floor(), |x, _noise| T::floor(x), |_x, _y, _q| T::ZERO;
    /// The nearest integer, halves away from zero. In matrix form a lane nearer to a half than its rounding error may
    /// give anything between the two values there.
    try_round, round(), |x, _noise| T::round(x), |_x, _y, _q| T::ZERO;
    /// `max(x, 0)`.
    try_relu, relu(), |x, _noise| Arithmetic::maximum(x, T::ZERO), |x, _y, _q| indicator(x, x > T::ZERO);
    /// `x` where `x > 0`, `slope x` elsewhere. A slope that is not finite is outside the domain.
    try_leaky_relu, leaky_relu(slope: T), |x, _noise| {
        if_in(T::is_finite(slope), leaky_relu(x, slope))
    }, |x, _y, _q| if x > T::ZERO { T::ONE } else { slope };
}

fn leaky_relu<T: Real>(x: T, slope: T) -> T {
    // At minus infinity with a slope of 0 the product would be NaN.
    if x > T::ZERO || T::is_nan(x) {
        x
    } else if slope == T::ZERO {
        T::ZERO
    } else {
        slope * x
    }
}
