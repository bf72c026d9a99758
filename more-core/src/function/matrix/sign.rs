//! The sign, and what is made of it.

use crate::ciphertext::division::{condition_limit, one_norm};
use crate::{Ciphertext, Error, Real};

use super::finite;
use super::rounded_once::{inverse, product};
use super::scaling::normalised;

/// Lanes as wide apart as the scalar allows pass the tests with eleven; complex eigenvalues, which a matrix that is no
/// ciphertext may have, take any number.
const MOST_STEPS: usize = 16;

/// Newton's iteration for `X^2 = I`, `X <- (mu X + (mu X)^-1)/2` from the matrix itself, with
/// `mu = sqrt(|X^-1| / |X|)` while it is far from the limit (Higham, sections 5.3 and 5.5). `Singular` where a 1-norm
/// condition number is beyond `limit`.
fn newton<T: Real, const N: usize>(c: &Ciphertext<T, N>, limit: f64) -> Result<Ciphertext<T, N>, Error> {
    // The distance that one more step squares. An error of one lane is no larger than the norm.
    let near = 0.25 * Real::sqrt(T::to_f64(T::EPSILON));
    let mut x = *c;
    let mut change = f64::INFINITY;
    for step in 0..MOST_STEPS {
        let reciprocal = inverse(&x);
        let (norm, reciprocal_norm) = (one_norm(&x), one_norm(&reciprocal));
        let regular = reciprocal_norm.is_finite() && (step > 0 || norm * reciprocal_norm < limit);
        if !regular {
            return Err(Error::Singular);
        }
        let factor = if change < 0.1 { 1.0 } else { Real::sqrt(reciprocal_norm / norm) };
        let next = x.scale(T::from_f64(0.5 * factor)) + reciprocal.scale(T::from_f64(0.5 / factor));
        change = one_norm(&(next - x)) / one_norm(&next);
        if change <= near {
            return Ok(next);
        }
        x = next;
    }
    Err(Error::NoConvergence)
}

/// Whether all lanes are positive: then, and only then, is the sign the identity. Errors as `try_signm`.
pub(super) fn is_positive<T: Real, const N: usize>(c: Ciphertext<T, N>) -> Result<bool, Error> {
    let sign = c.try_signm()?;
    Ok(one_norm(&sign.sub_scalar(T::ONE)) < 0.5)
}

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// The sign of every lane, -1 or 1, without eigenvalues, as [`try_sign`](Self::try_sign) with them.
    ///
    /// Newton's iteration `X <- (mu X + (mu X)^-1)/2` from `C`, scaled by `mu = sqrt(|X^-1| / |X|)` (Higham, "Functions of
    /// Matrices", 2008, sections 5.3 and 5.5). A lane nearer to zero than its rounding error may give either sign.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for entries that are not finite; [`Error::Singular`] if a lane is zero to rounding, as in
    /// [`try_recip`](Self::try_recip); [`Error::NoConvergence`] if the iteration does not converge, which for a
    /// ciphertext can only be for lanes within rounding of zero.
    ///
    /// ```
    /// use more_core::{Ciphertext, Error};
    ///
    /// // Lanes -2 and 3, for a basis of columns (1, 0) and (1, 1).
    /// let c = Ciphertext::<f64, 2>::from_columns([[-2.0, 0.0], [5.0, 3.0]]);
    /// let s = c.try_signm()?;
    /// for (entry, exact) in s.columns().as_flattened().iter().zip([-1.0, 0.0, 2.0, 1.0]) {
    ///     assert!((entry - exact).abs() < 1e-15);
    /// }
    /// let zero_lane = Ciphertext::<f64, 2>::from_columns([[0.0, 0.0], [3.0, 3.0]]);
    /// assert_eq!(zero_lane.try_signm(), Err(Error::Singular));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_signm(self) -> Result<Self, Error> {
        newton(&normalised(finite(self)?).0, condition_limit::<T, N>())
    }

    /// `|C| = C sign(C)` without eigenvalues, as [`try_abs`](Self::try_abs) with them.
    ///
    /// The sign is that of `C + N eps c I`, or of `C + 2 N eps c I` if that one has none, `c` the largest entry to a power
    /// of two: a lane of zero would have no sign, and for a lane that small either will do.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for entries that are not finite; [`Error::Singular`] and [`Error::NoConvergence`] where the
    /// sign's iteration fails on the matrix so moved.
    ///
    /// ```
    /// use more_core::{Ciphertext, Error};
    ///
    /// // Lanes -2 and 3, for a basis of columns (1, 0) and (1, 1).
    /// let c = Ciphertext::<f64, 2>::from_columns([[-2.0, 0.0], [5.0, 3.0]]);
    /// let a = c.try_absm()?;
    /// for (entry, exact) in a.columns().as_flattened().iter().zip([2.0, 0.0, 1.0, 3.0]) {
    ///     assert!((entry - exact).abs() < 1e-14);
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_absm(self) -> Result<Self, Error> {
        let (scaled, power) = normalised(finite(self)?);
        if scaled == Self::zero(()) {
            return Ok(self);
        }
        let noise = T::from_f64(N as f64) * T::EPSILON;
        let moved = |by: T| newton(&scaled.add_scalar(by), f64::INFINITY);
        // The first may have moved a lane to zero.
        let sign = moved(noise).or_else(|_| moved(noise * T::TWO))?;
        finite(product(&scaled, &sign).scale(power))
    }

    /// `max(C, 0) = (C + |C|)/2` without eigenvalues, as [`try_relu`](Self::try_relu) with them.
    ///
    /// # Errors
    ///
    /// As [`try_absm`](Self::try_absm).
    ///
    /// ```
    /// use more_core::{Ciphertext, Error};
    ///
    /// // Lanes -2 and 3, for a basis of columns (1, 0) and (1, 1).
    /// let c = Ciphertext::<f64, 2>::from_columns([[-2.0, 0.0], [5.0, 3.0]]);
    /// let r = c.try_relum()?;
    /// for (entry, exact) in r.columns().as_flattened().iter().zip([0.0, 0.0, 3.0, 3.0]) {
    ///     assert!((entry - exact).abs() < 1e-14);
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_relum(self) -> Result<Self, Error> {
        finite(self.scale(T::HALF) + self.try_absm()?.scale(T::HALF))
    }
}
