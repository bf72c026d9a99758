//! Comparison with plain numbers, in both forms: 1 in the lanes where it holds, 0 in the others; and what follows from it.
//!
//! Rounding moves a lane by up to `4 N kappa^2 eps l` in matrix form. A lane nearer than that to the jump may give any
//! number from 0 to 1 there; whether equality counts is therefore exact in spectral form only.

use super::both_forms::{functions, if_in, indicator};
use crate::{Arithmetic, Ciphertext, Error, Real, Spectrum};

functions! {
    /// 1 where `x < s`, 0 elsewhere; in matrix form any number from 0 to 1 where `x` is nearer to `s` than its rounding
    /// error. An `s` that is NaN is outside the domain.
    try_less, less(s: T), |x, _noise| if_in(!T::is_nan(s), indicator(x, x < s)), |_x, _y, _q| T::ZERO;
    /// 1 where `x <= s`, 0 elsewhere; in matrix form any number from 0 to 1 where `x` is nearer to `s` than its rounding
    /// error. An `s` that is NaN is outside the domain.
    try_less_or_equal, less_or_equal(s: T), |x, _noise| if_in(!T::is_nan(s), indicator(x, x <= s)),
        |_x, _y, _q| T::ZERO;
    /// 1 where `x > s`, 0 elsewhere; in matrix form any number from 0 to 1 where `x` is nearer to `s` than its rounding
    /// error. An `s` that is NaN is outside the domain.
    try_greater, greater(s: T), |x, _noise| if_in(!T::is_nan(s), indicator(x, x > s)), |_x, _y, _q| T::ZERO;
    /// 1 where `x >= s`, 0 elsewhere; in matrix form any number from 0 to 1 where `x` is nearer to `s` than its rounding
    /// error. An `s` that is NaN is outside the domain.
    try_greater_or_equal, greater_or_equal(s: T), |x, _noise| if_in(!T::is_nan(s), indicator(x, x >= s)),
        |_x, _y, _q| T::ZERO;
    /// 1 where `|x - s| <= tolerance`, 0 elsewhere. In matrix form the tolerance should exceed the rounding error of a
    /// lane. A tolerance that is negative, and an argument that is NaN, is outside the domain.
    try_equal, equal(s: T, tolerance: T), |x, _noise| {
        if_in(tolerance >= T::ZERO && !T::is_nan(s), indicator(x, T::abs(x - s) <= tolerance))
    }, |_x, _y, _q| T::ZERO;
    /// `max(x, s)`. An `s` that is NaN is outside the domain.
    try_maximum_scalar, maximum_scalar(s: T), |x, _noise| Arithmetic::maximum(x, s),
        |x, _y, _q| indicator(x, x > s);
    /// `min(x, s)`. An `s` that is NaN is outside the domain.
    try_minimum_scalar, minimum_scalar(s: T), |x, _noise| Arithmetic::minimum(x, s),
        |x, _y, _q| indicator(x, x < s);
}

impl<R: Arithmetic, const N: usize> Ciphertext<R, N> {
    /// `b + condition (a - b)`: `a` where the condition is 1, `b` where it is 0. No key is needed, and nothing is
    /// checked: what is not finite in either makes the result so.
    #[inline(always)]
    #[must_use]
    pub fn select(condition: Self, a: Self, b: Self) -> Self {
        b.mul_acc(condition, a - b)
    }
}

impl<R: Arithmetic, const N: usize> Spectrum<R, N> {
    /// `condition a + (1 - condition) b`, lane by lane: exactly `a` where the condition is 1, exactly `b` where it is 0,
    /// if both are finite. A lane in which the other is not becomes NaN, as in matrix form.
    #[inline(always)]
    #[must_use]
    pub fn select(condition: Self, a: Self, b: Self) -> Self {
        let rest = (-condition).add_scalar(<R::Real>::ONE);
        (rest * b).mul_acc(condition, a)
    }
}
