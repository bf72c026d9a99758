//! What fills the lanes beside the message: [`Masks`].
//!
//! Masks hide nothing from a party that sees ciphertexts: it sees every lane. They decide only whether it can tell
//! which lane is the message. Independent uniform or normal masks on images tell it at once; see the crate page.
//!
//! | | |
//! | --- | --- |
//! | [`Uniform`], [`Normal`] | independent numbers of a range, or around a mean |
//! | [`Decoys`] | values of the caller's, such as a public data set that looks like the messages |
//! | [`OneHot`], [`Simplex`] | label vectors, hard and soft: valid probability vectors in every mask lane |
//! | [`Masks`] | what a source of your own implements |
//!
//! Random numbers come from the generator that the caller passes, elementary functions from `libm`: a seeded generator
//! gives the same masks, to the bit, on every platform.

use rand_core::TryCryptoRng;

use crate::{Error, MAX_LANES, Real};

mod classes;
mod decoys;
mod independent;
#[cfg(feature = "libm")]
pub(crate) mod normal;
mod one_hot;
#[cfg(feature = "libm")]
mod simplex;
mod uniform;

pub use decoys::Decoys;
#[cfg(feature = "libm")]
pub use normal::Normal;
pub use one_hot::OneHot;
#[cfg(feature = "libm")]
pub use simplex::Simplex;
pub use uniform::Uniform;

/// A source of masks. Implement [`fill`](Self::fill) for masks of your own, and [`fill_many`](Self::fill_many) where
/// the masks of several messages depend on each other or can be drawn faster together.
///
/// ```
/// use more_core::mask::{Masks, Uniform};
/// use more_core::rand_core::TryCryptoRng;
/// use more_core::{Error, SecretKey};
/// use rand_chacha::ChaCha20Rng;
/// use rand_core::SeedableRng;
///
/// /// Grey levels as the messages have them, `0/255` to `255/255`.
/// struct GreyLevels;
///
/// impl Masks<f32> for GreyLevels {
///     fn fill<G: TryCryptoRng + ?Sized>(
///         &mut self,
///         rng: &mut G,
///         _message: f32,
///         out: &mut [f32],
///     ) -> Result<(), Error> {
///         Uniform::new(0.0, 256.0)?.fill(rng, 0.0, out)?;
///         for mask in out {
///             *mask = mask.floor().min(255.0) / 255.0;
///         }
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), Error> {
/// let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let key = SecretKey::<f32, 3>::generate(&mut rng)?;
/// let spectrum = key.encrypt_spectrum(0, 17.0 / 255.0, &mut GreyLevels, &mut rng)?;
/// for lane in spectrum.lanes() {
///     assert_eq!((lane * 255.0).round() / 255.0, *lane);
/// }
/// # Ok(())
/// # }
/// ```
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
