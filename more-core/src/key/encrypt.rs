//! Encryption in both forms.

use rand_core::TryCryptoRng;

use super::{MAX_LANES, SecretKey};
use crate::basis::compose;
use crate::{Ciphertext, Error, Masks, Real, Spectrum};

impl<T: Real, const N: usize> SecretKey<T, N> {
    /// `S diag(message, r_1, ..) S^-1` with masks from `masks`.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] and [`Error::Masks`] from the masks, [`Error::NonFinite`] if the message or a mask is not
    /// finite or the matrix overflows.
    pub fn encrypt<G: TryCryptoRng + ?Sized, M: Masks<T>>(
        &self,
        message: T,
        masks: &mut M,
        rng: &mut G,
    ) -> Result<Ciphertext<T, N>, Error> {
        let mut lanes = [message; N];
        masks.fill(rng, message, lanes.get_mut(1..).ok_or(Error::Lane)?)?;
        self.encrypt_lanes(&lanes)
    }

    /// `S diag(lanes) S^-1`; `lanes[0]` is the message.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if a lane is not finite or the matrix overflows.
    pub fn encrypt_lanes(&self, lanes: &[T; N]) -> Result<Ciphertext<T, N>, Error> {
        let c = compose(lanes, &self.columns, &self.inverse);
        // A lane that is not finite makes every diagonal entry so.
        if c.is_finite() { Ok(c) } else { Err(Error::NonFinite) }
    }

    /// [`encrypt`](Self::encrypt) for every message; needed for masks that come in vectors.
    ///
    /// # Errors
    ///
    /// As [`encrypt`](Self::encrypt), and [`Error::Length`] unless `out` is as long as `messages`. After an error
    /// `out` holds zeros.
    pub fn encrypt_slice<G: TryCryptoRng + ?Sized, M: Masks<T>>(
        &self,
        messages: &[T],
        masks: &mut M,
        rng: &mut G,
        out: &mut [Ciphertext<T, N>],
    ) -> Result<(), Error> {
        let result = self.fill_and_compose(messages, masks, rng, out);
        if result.is_err() {
            // What is left there may be masks that were never mixed with the key.
            out.fill(Ciphertext::zero(()));
        }
        result
    }

    fn fill_and_compose<G: TryCryptoRng + ?Sized, M: Masks<T>>(
        &self,
        messages: &[T],
        masks: &mut M,
        rng: &mut G,
        out: &mut [Ciphertext<T, N>],
    ) -> Result<(), Error> {
        if messages.len() != out.len() {
            return Err(Error::Length);
        }
        // The masks wait in the first column of the result, so that no buffer is needed.
        masks.fill_many(rng, messages, N - 1, |i, lane, mask| {
            if let Some(c) = out.get_mut(i)
                && let Some(place) = c.columns_mut()[0].get_mut(lane + 1)
            {
                *place = mask;
            }
        })?;
        let mut finite = true;
        for (c, message) in out.iter_mut().zip(messages) {
            let mut lanes = c.columns()[0];
            lanes[0] = *message;
            *c = compose(&lanes, &self.columns, &self.inverse);
            finite &= c.is_finite();
        }
        if finite { Ok(()) } else { Err(Error::NonFinite) }
    }

    /// The message in lane `lane` and masks in the others. `lane` is [`message_lane`](Self::message_lane) of the
    /// evaluation key that the result is used with.
    ///
    /// # Errors
    ///
    /// As [`encrypt`](Self::encrypt), and [`Error::Lane`] if `lane` is not below `N`.
    pub fn encrypt_spectrum<G: TryCryptoRng + ?Sized, M: Masks<T>>(
        &self,
        lane: usize,
        message: T,
        masks: &mut M,
        rng: &mut G,
    ) -> Result<Spectrum<T, N>, Error> {
        const { assert!(N >= 2 && N <= MAX_LANES, "a key has 2 to 8 lanes") };
        let mut lanes = [message; N];
        masks.fill(rng, message, lanes.get_mut(1..).ok_or(Error::Lane)?)?;
        lanes.get_mut(..=lane).ok_or(Error::Lane)?.rotate_left(1);
        let spectrum = Spectrum::from_lanes(lanes);
        if spectrum.is_finite() { Ok(spectrum) } else { Err(Error::NonFinite) }
    }

    /// [`encrypt_spectrum`](Self::encrypt_spectrum) for every message, with the same masks as
    /// [`encrypt_slice`](Self::encrypt_slice) draws.
    ///
    /// # Errors
    ///
    /// As [`encrypt_spectrum`](Self::encrypt_spectrum), and [`Error::Length`] unless `out` is as long as `messages`.
    /// After an error `out` holds zeros.
    pub fn encrypt_spectrum_slice<G: TryCryptoRng + ?Sized, M: Masks<T>>(
        &self,
        lane: usize,
        messages: &[T],
        masks: &mut M,
        rng: &mut G,
        out: &mut [Spectrum<T, N>],
    ) -> Result<(), Error> {
        if lane >= N {
            return Err(Error::Lane);
        }
        if messages.len() != out.len() {
            return Err(Error::Length);
        }
        let filled = masks.fill_many(rng, messages, N - 1, |i, mask_lane, mask| {
            // Mask lanes keep their order and leave out the message's lane.
            let place = if mask_lane < lane { mask_lane } else { mask_lane + 1 };
            if let Some(spectrum) = out.get_mut(i)
                && let Some(value) = spectrum.lanes_mut().get_mut(place)
            {
                *value = mask;
            }
        });
        let mut finite = true;
        for (spectrum, message) in out.iter_mut().zip(messages) {
            spectrum.lanes_mut()[lane] = *message;
            finite &= spectrum.is_finite();
        }
        let result = filled.and(if finite { Ok(()) } else { Err(Error::NonFinite) });
        if result.is_err() {
            out.fill(Spectrum::zero(()));
        }
        result
    }
}
