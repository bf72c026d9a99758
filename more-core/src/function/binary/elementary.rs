//! The elementary functions of two encoded numbers: `atan2`, `hypot`, `pow`.

use super::super::both_forms::{if_in, lifted};
use crate::{Ciphertext, Error, EvaluationKey, Real, Spectrum};

/// Each entry: the checked and the plain name, the two arguments, and the value, where `noise` is the rounding error of
/// a lane of the first.
macro_rules! functions_of_two {
    ($(
        $(#[$doc:meta])*
        $checked:ident, $plain:ident($a:ident, $b:ident), |$noise:ident| $value:expr;
    )*) => {
        impl<T: Real, const N: usize> EvaluationKey<T, N> {$(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// As [`try_apply2`](Self::try_apply2).
            pub fn $checked(
                &self,
                $a: &Ciphertext<T, N>,
                $b: &Ciphertext<T, N>,
            ) -> Result<Ciphertext<T, N>, Error> {
                let size = $a.columns().as_flattened().iter().fold(T::ZERO, |largest, entry| largest.maximum(T::abs(*entry)));
                let $noise = size * T::from_f64(16.0 * N as f64) * T::EPSILON;
                self.try_apply2($a, $b, |$a, $b| $value)
            }
        )*}

        impl<T: Real, const N: usize> Spectrum<T, N> {$(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`Error::Domain`] for a lane outside the domain; a lane that is NaN or overflows passes through, and
            /// the decryption tells whether it is the message.
            pub fn $checked(self, $b: Self) -> Result<Self, Error> {
                let $noise = T::ZERO;
                self.try_zip($b, |$a, $b| $value)
            }

            $(#[$doc])*
            ///
            /// Without checks: NaN in a lane outside the domain.
            #[must_use]
            pub fn $plain(self, $b: Self) -> Self {
                let $noise = T::ZERO;
                self.zip($b, |$a, $b| $value)
            }
        )*}
    };
}

functions_of_two! {
    /// The angle of the point `(x, y)` in `[-pi, pi]`, of `y` and `x` in this order; 0 at the origin. In matrix form, a
    /// point nearer to the origin than its rounding error has any angle, and one as near to the negative half of
    /// the x axis has either sign.
    try_atan2, atan2(y, x), |_noise| T::atan2(y, x);
    /// `sqrt(a^2 + b^2)`, without overflow in between.
    try_hypot, hypot(a, b), |_noise| T::hypot(a, b);
    /// `base^exponent`. Outside the domain: a negative power of a lane that is zero, and a power that is no integer of
    /// a lane that is negative. In matrix form a lane negative by rounding counts as zero then, and rounding
    /// turns an integer into none unless all lanes of the exponent are equal.
    try_pow, pow(base, exponent), |noise| power(base, exponent, noise);
}

fn power<T: Real>(base: T, exponent: T, noise: T) -> T {
    let base = if exponent == T::floor(exponent) { base } else { lifted(base, noise) };
    if_in(exponent >= T::ZERO || base != T::ZERO, T::powf(base, exponent))
}
