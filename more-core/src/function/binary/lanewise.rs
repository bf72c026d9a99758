//! Any function of two encoded numbers, by their lanes: in spectral form, and in matrix form under an evaluation key.
//!
//! In matrix form `f(A, B) = V diag(f(a_k, b_k)) V^-1`. Errors, per lane: `4 N kappa^2 eps (|df/da| l_a + |df/db| l_b + max |f|)`,
//! the slopes those of the lane itself: nothing is divided by the gap of two lanes.

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
