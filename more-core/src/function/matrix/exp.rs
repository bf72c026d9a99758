//! The exponential.

use crate::basis::mean_lane;
use crate::{Ciphertext, Error, Real};

use super::rounded_once::{inverse, product};
use super::scaling::lane_bound;
use super::{finite, identity, pade};

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// `e^C` without eigenvalues, as [`try_exp`](Self::try_exp) with them.
    ///
    /// Scaling and squaring, `e^C = (e^(h/2^s) r(A/2^s))^(2^s)`, where `h` is the mean lane, `A = C - h I` and `r` a
    /// diagonal Pade approximant (Higham, "The Scaling and Squaring Method for the Matrix Exponential Revisited", 2005).
    /// `s` is chosen by `|A^16|^(1/16)`, after Al-Mohy and Higham (2009).
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for entries that are not finite, or a result out of range.
    ///
    /// ```
    /// use more_core::{Ciphertext, Error};
    ///
    /// // Lanes 0 and ln 2, for a basis of columns (1, 0) and (1, 1).
    /// let l = core::f64::consts::LN_2;
    /// let c = Ciphertext::<f64, 2>::from_columns([[0.0, 0.0], [l, l]]);
    /// let e = c.try_expm()?;
    /// for (entry, exact) in e.columns().as_flattened().iter().zip([1.0, 0.0, 1.0, 2.0]) {
    ///     assert!((entry - exact).abs() < 1e-15);
    /// }
    /// assert_eq!(Ciphertext::<f64, 2>::scalar((), 710.0).try_expm(), Err(Error::NonFinite));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_expm(self) -> Result<Self, Error> {
        let mean = mean_lane(&self);
        let centred = finite(self.sub_scalar(mean))?;
        let (degree, halvings) =
            pade::degree_and_halvings::<T>(lane_bound(&centred)).ok_or(Error::NonFinite)?;
        let scale = T::powi(T::HALF, halvings);
        let (odd, even) = pade::odd_and_even(&centred.scale(scale), degree);
        // (V + U)/(V - U) = I + 2 (V - U)^-1 U, which keeps what is near the identity near it.
        let root = identity() + product(&inverse(&(even - odd)), &odd).scale(T::TWO);
        // The mean's share in every root: no power on the way exceeds both 1 and the result.
        let mut power = root.scale(T::exp(mean * scale));
        for _ in 0..halvings {
            power = product(&power, &power);
        }
        finite(power)
    }
}
