//! The square root.

use crate::ciphertext::division::one_norm;
use crate::{Ciphertext, Error, Real};

use super::rounded_once::{inverse, product};
use super::scaling::normalised;
use super::sign::is_positive;
use super::{finite, identity};

/// Lanes as wide apart as the scalar allows pass the tests with nine.
const MOST_STEPS: usize = 16;

/// The root of a matrix with positive lanes: the product form of the Denman-Beavers iteration, from `X = M = A`,
///
/// `X <- mu X (I + (mu^2 M)^-1) / 2`, `M <- (I + (mu^2 M + (mu^2 M)^-1)/2) / 2`
///
/// (Cheng, Higham, Kenney and Laub, "Approximating the Logarithm of a Matrix to Specified Accuracy", SIAM J. Matrix Anal.
/// Appl. 22, 2001; Higham, (6.17) and (6.29)), with `mu^4 = |M^-1| / |M|` in place of the determinant. `M` tends to the
/// identity and `X` to the root.
pub(super) fn denman_beavers<T: Real, const N: usize>(
    a: &Ciphertext<T, N>,
) -> Result<Ciphertext<T, N>, Error> {
    let near = 0.25 * Real::sqrt(T::to_f64(T::EPSILON));
    let (mut x, mut m) = (*a, *a);
    for _ in 0..MOST_STEPS {
        let reciprocal = inverse(&m);
        let (norm, reciprocal_norm) = (one_norm(&m), one_norm(&reciprocal));
        if !reciprocal_norm.is_finite() {
            return Err(Error::Singular);
        }
        // No lane of M is further from 1, and the step taken below squares the distance.
        let distance = one_norm(&m.sub_scalar(T::ONE));
        let factor = if distance < 0.5 { 1.0 } else { Real::sqrt(Real::sqrt(reciprocal_norm / norm)) };
        let square = factor * factor;
        let reciprocal = reciprocal.scale(T::from_f64(1.0 / square));
        x = product(&x, &(identity() + reciprocal)).scale(T::from_f64(0.5 * factor));
        if distance <= near {
            return Ok(x);
        }
        m = (m.scale(T::from_f64(square)) + reciprocal).scale(T::HALF).add_scalar(T::ONE).scale(T::HALF);
    }
    Err(Error::NoConvergence)
}

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// `sqrt C` without eigenvalues, as [`try_sqrt`](Self::try_sqrt) with them, for positive lanes.
    ///
    /// The product form of the scaled Denman-Beavers iteration (Higham, "Functions of Matrices", 2008, (6.29)), once the
    /// matrix sign has told that all lanes are positive: pairs of negative lanes have complex roots, and rounding can
    /// make these look like a root of the matrix.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for entries that are not finite; [`Error::Domain`] if a lane is negative;
    /// [`Error::Singular`] if a lane is zero to rounding, where the iteration has no limit;
    /// [`Error::NoConvergence`] if an iteration does not converge.
    ///
    /// ```
    /// use more_core::{Ciphertext, Error};
    ///
    /// // Lanes 4 and 9, for a basis of columns (1, 0) and (1, 1).
    /// let c = Ciphertext::<f64, 2>::from_columns([[4.0, 0.0], [5.0, 9.0]]);
    /// let r = c.try_sqrtm()?;
    /// for (entry, exact) in r.columns().as_flattened().iter().zip([2.0, 0.0, 1.0, 3.0]) {
    ///     assert!((entry - exact).abs() < 1e-14);
    /// }
    /// assert_eq!((-c).try_sqrtm(), Err(Error::Domain));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_sqrtm(self) -> Result<Self, Error> {
        if !is_positive(self)? {
            return Err(Error::Domain);
        }
        let (scaled, power) = normalised(self);
        finite(denman_beavers(&scaled)?.scale(T::sqrt(power)))
    }
}
