//! The logarithm.

use crate::basis::mean_lane;
use crate::{Ciphertext, Error, Real, Scalar};

use super::rounded_once::{accumulate, inverse, product};
use super::scaling::{lane_bound, normalised};
use super::sign::is_positive;
use super::sqrt::denman_beavers;
use super::{finite, identity};

/// Lanes apart by `1/eps`, the most that is not singular, take seven.
const MOST_ROOTS: usize = 10;

/// Terms of `artanh z = z (1 + z^2/3 + z^4/5 + ..)` for `|z| <= 1/5`: what follows is below
/// `z^(2 k + 1) / (2 k + 1) / (1 - z^2)`, relative to `z` 9.9e-9 after 5 terms and 1.9e-17 after 11.
fn terms<T: Real>() -> usize {
    match T::SCALAR {
        Scalar::F32 => 5,
        Scalar::F64 => 11,
    }
}

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// `ln C` without eigenvalues, as [`try_ln`](Self::try_ln) with them, for positive lanes.
    ///
    /// Inverse scaling and squaring (Higham, "Functions of Matrices", 2008, section 11.5):
    /// `ln C = ln h I + 2^k ln R`, where `h` is the mean lane and `R = (C/h)^(1/2^k)`, square roots by the product form of
    /// the Denman-Beavers iteration until no lane of `R - I` exceeds 1/3. Then `ln R = 2 artanh Z` with
    /// `Z = (R - I)(R + I)^-1`, by its series: no lane of `Z` exceeds 1/5, and since `Z^2` has no negative lane, nothing
    /// cancels.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for entries that are not finite; [`Error::Domain`] if a lane is negative, or zero to rounding;
    /// [`Error::NoConvergence`] if an iteration does not converge.
    ///
    /// ```
    /// use more_core::{Ciphertext, Error};
    ///
    /// // Lanes 1 and 2, for a basis of columns (1, 0) and (1, 1).
    /// let c = Ciphertext::<f64, 2>::from_columns([[1.0, 0.0], [1.0, 2.0]]);
    /// let l = core::f64::consts::LN_2;
    /// for (entry, exact) in c.try_logm()?.columns().as_flattened().iter().zip([0.0, 0.0, l, l]) {
    ///     assert!((entry - exact).abs() < 1e-14);
    /// }
    /// assert_eq!((-c).try_logm(), Err(Error::Domain));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_logm(self) -> Result<Self, Error> {
        match is_positive(self) {
            Ok(true) => (),
            Ok(false) | Err(Error::Singular) => return Err(Error::Domain),
            Err(error) => return Err(error),
        }
        let (scaled, power) = normalised(self);
        let mean = mean_lane(&scaled);
        let mut root = scaled.scale(T::ONE / mean);
        let mut factor = T::TWO;
        let mut roots = 0;
        while lane_bound(&root.sub_scalar(T::ONE)) > 1.0 / 3.0 {
            if roots == MOST_ROOTS {
                return Err(Error::NoConvergence);
            }
            root = denman_beavers(&root)?;
            factor = factor * T::TWO;
            roots += 1;
        }
        let z = product(&root.sub_scalar(T::ONE), &inverse(&root.add_scalar(T::ONE)));
        let square = product(&z, &z);
        let coefficient = |k: usize| T::from_f64(1.0 / (2 * k + 1) as f64);
        let last = terms::<T>() - 1;
        let mut sum = Ciphertext::scalar((), coefficient(last));
        for k in (0..last).rev() {
            sum = accumulate(&identity().scale(coefficient(k)), &square, &sum);
        }
        finite(product(&z, &sum).scale(factor).add_scalar(T::ln(mean) + T::ln(power)))
    }
}
