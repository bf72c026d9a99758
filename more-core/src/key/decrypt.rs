//! Decryption in both forms.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use super::SecretKey;
use crate::basis::{mean_lane, residual};
use crate::{Ciphertext, Error, Real, Spectrum, tracking};

impl<T: Real, const N: usize> SecretKey<T, N> {
    /// `(S^-1 C S)_11`, the message. A bare ciphertext does not say which key it belongs to: a wrong key gives a
    /// wrong number. See [`decrypt_checked`](Self::decrypt_checked).
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if an entry or the result is not finite.
    pub fn decrypt(&self, c: &Ciphertext<T, N>) -> Result<T, Error> {
        if !c.is_finite() {
            return Err(Error::NonFinite);
        }
        tracking::note(|| self.residual(c), || self.condition);
        let mean = mean_lane(c);
        let centred = c.add_each(-mean);
        let mut message = mean;
        for i in 0..N {
            let mut image = T::ZERO;
            for j in 0..N {
                image = image + centred.columns()[j][i] * self.columns[0][j];
            }
            message = message + self.inverse[i][0] * image;
        }
        if T::is_finite(message) { Ok(message) } else { Err(Error::NonFinite) }
    }

    /// As [`decrypt`](Self::decrypt), and refuses a ciphertext whose [`residual`](Self::residual) is beyond
    /// `kappa sqrt(eps)`: far above what rounding leaves after thousands of operations, far below what another key
    /// leaves of lanes that differ.
    ///
    /// Not detected, and not detectable on a bare ciphertext: a wrong key where all lanes are equal or closer than
    /// that to each other, and a key with the same columns in another order.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] as `decrypt`, [`Error::WrongKey`] as said.
    pub fn decrypt_checked(&self, c: &Ciphertext<T, N>) -> Result<T, Error> {
        let message = self.decrypt(c)?;
        let limit = self.condition * Real::sqrt(T::to_f64(T::EPSILON));
        let accepted = T::to_f64(self.residual(c)) <= limit;
        if accepted { Ok(message) } else { Err(Error::WrongKey) }
    }

    /// The largest off-diagonal entry of `S^-1 C S` over the largest entry of `C`: zero to rounding for a ciphertext
    /// of this key. NaN if an entry is.
    #[must_use]
    pub fn residual(&self, c: &Ciphertext<T, N>) -> T {
        residual(c, &self.columns, &self.inverse)
    }

    /// Lane `lane`, the message. `lane` is [`message_lane`](Self::message_lane) of the evaluation key that the
    /// element was made with. The other lanes are not looked at: a mask may overflow.
    ///
    /// # Errors
    ///
    /// [`Error::Lane`] if `lane` is not below `N`, [`Error::NonFinite`] if the message is not finite.
    pub fn decrypt_spectrum(&self, lane: usize, spectrum: &Spectrum<T, N>) -> Result<T, Error> {
        let message = *spectrum.lanes().get(lane).ok_or(Error::Lane)?;
        if T::is_finite(message) { Ok(message) } else { Err(Error::NonFinite) }
    }
}
