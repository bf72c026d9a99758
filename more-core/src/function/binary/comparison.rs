//! Comparison of two encoded numbers, in both forms: 1 in the lanes where it holds, 0 in the others.
//!
//! In matrix form, of the difference; no key is needed. Rounding moves its lanes by up to `8 N kappa^2 eps (l_a + l_b)`.
//! A lane nearer to a tie than that may give any number from 0 to 1, or beyond by at most `N^2 kappa^2 / 4` where
//! other lanes are as near; it leaves lanes that are further apart as they are. In spectral form comparisons are exact.

use super::super::both_forms::{if_in, indicator};
use crate::{Arithmetic, Ciphertext, Error, Real, Spectrum};

/// Each entry: the checked and the plain name, the condition on two lanes, and on their difference.
macro_rules! comparisons {
    ($(
        $(#[$doc:meta])*
        $checked:ident, $plain:ident($($parameter:ident: $type:ty),*), |$a:ident, $b:ident| $lanes:expr,
        |$d:ident| $difference:expr;
    )*) => {
        impl<T: Real, const N: usize> Ciphertext<T, N> {$(
            $(#[$doc])*
            ///
            /// No key is needed. Where `a` and `b` are nearer to each other than the rounding error of their difference
            /// the result is a number from 0 to 1, to within `N^2 kappa^2 / 4`.
            ///
            /// # Errors
            ///
            /// [`Error::NonFinite`] for entries or a difference that are not finite, [`Error::Domain`] for a parameter
            /// outside the domain, [`Error::NoConvergence`] for a difference that is no ciphertext.
            pub fn $checked(self, other: Self $(, $parameter: $type)*) -> Result<Self, Error> {
                self.of_difference(other, |$d, _| $difference, |_, _, _| T::ZERO)
            }
        )*}

        impl<T: Real, const N: usize> Spectrum<T, N> {$(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`Error::Domain`] for a parameter outside the domain; a lane in which either is NaN is NaN without an
            /// error.
            pub fn $checked(self, other: Self $(, $parameter: $type)*) -> Result<Self, Error> {
                self.try_zip(other, |$a, $b| $lanes)
            }

            $(#[$doc])*
            ///
            /// Without checks: NaN in a lane in which either is, and in every lane for a parameter outside the domain.
            #[must_use]
            pub fn $plain(self, other: Self $(, $parameter: $type)*) -> Self {
                self.zip(other, |$a, $b| $lanes)
            }
        )*}
    };
}

comparisons! {
    /// 1 where `a < b`, 0 elsewhere.
    try_less_than, less_than(), |a, b| where_numbers(a, b, a < b), |d| indicator(d, d < T::ZERO);
    /// 1 where `a <= b`, 0 elsewhere.
    try_less_than_or_equal, less_than_or_equal(), |a, b| where_numbers(a, b, a <= b),
        |d| indicator(d, d <= T::ZERO);
    /// 1 where `a > b`, 0 elsewhere.
    try_greater_than, greater_than(), |a, b| where_numbers(a, b, a > b), |d| indicator(d, d > T::ZERO);
    /// 1 where `a >= b`, 0 elsewhere.
    try_greater_than_or_equal, greater_than_or_equal(), |a, b| where_numbers(a, b, a >= b),
        |d| indicator(d, d >= T::ZERO);
    /// 1 where `|a - b| <= tolerance`, or both are the same infinity, 0 elsewhere. A tolerance that is negative or NaN
    /// is outside the domain; in matrix form it should exceed the rounding error of the difference.
    try_equal_to, equal_to(tolerance: T), |a, b| {
        if_in(tolerance >= T::ZERO, where_numbers(a, b, a == b || T::abs(a - b) <= tolerance))
    }, |d| if_in(tolerance >= T::ZERO, indicator(d, T::abs(d) <= tolerance));
}

/// 1 where the condition holds, 0 where not, NaN where `a` or `b` is.
#[inline(always)]
fn where_numbers<T: Real>(a: T, b: T, condition: bool) -> T {
    // The maximum is NaN if either is.
    indicator(Arithmetic::maximum(a, b), condition)
}
