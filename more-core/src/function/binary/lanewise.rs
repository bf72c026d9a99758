//! Any function of two encoded numbers, by their lanes: in spectral form, and in matrix form under an evaluation key.
//!
//! In matrix form `f(A, B) = V diag(f(a_k, b_k)) V^-1`. Errors, per lane: `4 N kappa^2 eps (|df/da| l_a + |df/db| l_b + max |f|)`,
//! the slopes those of the lane itself: nothing is divided by the gap of two lanes.

use super::super::both_forms::{if_in, lifted};
use super::finite;
use crate::{Ciphertext, Error, EvaluationKey, Real, Spectrum};

impl<T: Real, const N: usize> Spectrum<T, N> {
    /// `f` of every pair of lanes.
    ///
    /// # Errors
    ///
    /// [`Error::Domain`] if `f` answers two numbers with NaN; it does not say in which lane. A lane in which either is
    /// NaN passes without an error: it may be a mask.
    pub fn try_zip(self, other: Self, f: impl Fn(T, T) -> T) -> Result<Self, Error> {
        let result = self.zip(other, f);
        let arguments = self.lanes().iter().zip(other.lanes());
        let strayed = arguments
            .zip(result.lanes())
            .any(|((a, b), value)| T::is_nan(*value) && !T::is_nan(*a) && !T::is_nan(*b));
        if strayed { Err(Error::Domain) } else { Ok(result) }
    }
}

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

impl<T: Real, const N: usize> EvaluationKey<T, N> {
    /// `V diag(f(a_k, b_k)) V^-1`: any function of two ciphertexts of this key.
    ///
    /// Ciphertexts of another key give wrong numbers; [`to_spectrum_checked`](Self::to_spectrum_checked) can tell.
    ///
    /// ```
    /// use more_core::{EvaluationKey, SecretKey, mask::Uniform};
    /// use rand_chacha::ChaCha20Rng;
    /// use rand_core::SeedableRng;
    ///
    /// # fn main() -> Result<(), more_core::Error> {
    /// let mut rng = ChaCha20Rng::from_seed([3; 32]);
    /// let key = SecretKey::<f64, 2>::generate(&mut rng)?;
    /// let evaluation = EvaluationKey::from_secret_key(&key, &mut rng)?;
    /// let mut masks = Uniform::new(1.0, 4.0)?;
    /// let a = key.encrypt(3.0, &mut masks, &mut rng)?;
    /// let b = key.encrypt(2.0, &mut masks, &mut rng)?;
    /// let remainder = evaluation.try_apply2(&a, &b, |a, b| a % b)?;
    /// // 4 N kappa^2 eps (l_a + l_b floor(a / b) + max |f|) with kappa = 3: see docs/numerics.md.
    /// assert!((key.decrypt(&remainder)? - 1.0).abs() < 72.0 * f64::EPSILON * 12.0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if an entry, a lane or a value of `f` is infinite, or an entry is NaN; [`Error::Domain`] if
    /// `f` answers with NaN. Neither names a lane.
    pub fn try_apply2(
        &self,
        a: &Ciphertext<T, N>,
        b: &Ciphertext<T, N>,
        f: impl Fn(T, T) -> T,
    ) -> Result<Ciphertext<T, N>, Error> {
        let values = self.to_spectrum(a)?.try_zip(self.to_spectrum(b)?, f)?;
        // A lane that is not finite makes every diagonal entry so.
        finite(self.to_ciphertext(&values))
    }
}
