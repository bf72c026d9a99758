//! What fills the lanes beside the message: [`Masks`].
//!
//! Masks hide nothing from a party that sees ciphertexts: it sees every lane. They decide only whether it can tell
//! which lane is the message. Independent uniform or normal masks on images tell it at once; see the crate page.

use rand_core::TryCryptoRng;

use crate::{Error, MAX_LANES, Real};

mod decoys;
#[cfg(feature = "libm")]
pub(crate) mod normal;
mod one_hot;
mod uniform;

pub use decoys::Decoys;
#[cfg(feature = "libm")]
pub use normal::Normal;
pub use one_hot::OneHot;
pub use uniform::Uniform;

/// A source of masks. Implement [`fill`](Self::fill) for masks of your own, and [`fill_many`](Self::fill_many) where
/// the masks of several messages depend on each other or can be drawn faster together.
pub trait Masks<T: Real> {
    /// Writes one mask to every element of `out`, for one message.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source of random numbers fails, [`Error::Masks`] if there are no masks to give.
    fn fill<G: TryCryptoRng + ?Sized>(&mut self, rng: &mut G, message: T, out: &mut [T])
    -> Result<(), Error>;

    /// Draws `lanes` masks for each of `messages` and hands them over as `put(message, lane, mask)`, where `lane`
    /// counts the mask lanes from 0.
    ///
    /// # Errors
    ///
    /// As [`fill`](Self::fill); [`Error::Lane`] for more than [`MAX_LANES`] - 1 lanes, [`Error::Length`] if the
    /// distribution is one of vectors and `messages` is no whole number of them.
    fn fill_many<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        messages: &[T],
        lanes: usize,
        mut put: impl FnMut(usize, usize, T),
    ) -> Result<(), Error> {
        let mut buffer = [T::ZERO; MAX_LANES - 1];
        let masks = buffer.get_mut(..lanes).ok_or(Error::Lane)?;
        for (i, message) in messages.iter().enumerate() {
            self.fill(rng, *message, masks)?;
            for (lane, mask) in masks.iter().enumerate() {
                put(i, lane, *mask);
            }
        }
        Ok(())
    }
}

/// One uniform number in `[0, 1)`: 4 random bytes for an `f32`, 8 for an `f64`.
fn unit<T: Real, G: TryCryptoRng + ?Sized>(rng: &mut G) -> Result<T, Error> {
    let mut bytes = [0; 8];
    let bytes = bytes.get_mut(..T::BYTES).ok_or(Error::Random)?;
    rng.try_fill_bytes(bytes).map_err(|_| Error::Random)?;
    T::uniform_le(bytes).ok_or(Error::Random)
}
