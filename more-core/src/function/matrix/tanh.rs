//! The hyperbolic tangent and the sigmoid.

use crate::basis::mean_lane;
use crate::{Ciphertext, Error, Real};

use super::rounded_once::{inverse, product};
use super::scaling::lane_bound;
use super::{finite, identity, pade};

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// `tanh C` without eigenvalues, as [`try_tanh`](Self::try_tanh) with them.
    ///
    /// `tanh(x/2) = u/v` for the odd and even part of a Pade approximant `(v + u)/(v - u)` of `e^x`, on the argument halved
    /// until the approximant holds; then as many doublings `tanh 2x = 2 tanh x / (1 + tanh^2 x)`. The denominators' lanes
    /// are `v >= 1` and between 1 and 2: nothing overflows or cancels, and large lanes end at -1 and 1.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for entries that are not finite or so large that a norm of them is not.
    ///
    /// ```
    /// use more_core::{Ciphertext, Error};
    ///
    /// // Lanes 0 and 1000, for a basis of columns (1, 0) and (1, 1).
    /// let c = Ciphertext::<f64, 2>::from_columns([[0.0, 0.0], [1000.0, 1000.0]]);
    /// let t = c.try_tanhm()?;
    /// for (entry, exact) in t.columns().as_flattened().iter().zip([0.0, 0.0, 1.0, 1.0]) {
    ///     assert!((entry - exact).abs() < 1e-15);
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_tanhm(self) -> Result<Self, Error> {
        let twice = finite(self)?.scale(T::TWO);
        let (degree, halvings) =
            pade::degree_and_halvings::<T>(lane_bound(&finite(twice)?)).ok_or(Error::NonFinite)?;
        let (odd, even) = pade::odd_and_even(&twice.scale(T::powi(T::HALF, halvings)), degree);
        let mut tangent = product(&odd, &inverse(&even));
        for _ in 0..halvings {
            let denominator = identity() + product(&tangent, &tangent);
            tangent = product(&tangent, &inverse(&denominator)).scale(T::TWO);
        }
        finite(tangent)
    }

    /// `1 / (1 + e^-C)` without eigenvalues, as [`try_sigmoid`](Self::try_sigmoid) with them.
    ///
    /// `(1 + tanh(C/2))/2`, which no lane makes overflow. Where all lanes are negative, the result is small and would be
    /// lost beside the 1: if `e^C` has a trace of at most 1, the result is `e^C / (1 + e^C)`.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for entries that are not finite or so large that a norm of them is not.
    ///
    /// ```
    /// use more_core::{Ciphertext, Error};
    ///
    /// // Lanes 0 and 1000, for a basis of columns (1, 0) and (1, 1).
    /// let c = Ciphertext::<f64, 2>::from_columns([[0.0, 0.0], [1000.0, 1000.0]]);
    /// let s = c.try_sigmoidm()?;
    /// for (entry, exact) in s.columns().as_flattened().iter().zip([0.5, 0.0, 0.5, 1.0]) {
    ///     assert!((entry - exact).abs() < 1e-15);
    /// }
    /// let small = Ciphertext::<f64, 2>::scalar((), -700.0).try_sigmoidm()?.columns()[0][0];
    /// assert!((small / f64::exp(-700.0) - 1.0).abs() < 1e-15);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_sigmoidm(self) -> Result<Self, Error> {
        // A lane of mean size or above exists: with a mean of 0 or more the result is not small.
        if mean_lane(&finite(self)?) < T::ZERO
            && let Ok(power) = self.try_expm()
            && trace(&power) <= T::ONE
        {
            return finite(product(&power, &inverse(&power.add_scalar(T::ONE))));
        }
        Ok(self.scale(T::HALF).try_tanhm()?.scale(T::HALF).add_scalar(T::HALF))
    }
}

fn trace<T: Real, const N: usize>(c: &Ciphertext<T, N>) -> T {
    mean_lane(c) * T::from_f64(N as f64)
}
