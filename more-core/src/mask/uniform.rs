use rand_core::TryCryptoRng;

use super::{Masks, independent};
use crate::{Arithmetic, Error, Real};

/// Independent masks, uniform over the range `[low, high)`, which rounding may close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform<T: Real> {
    low: T,
    high: T,
}

impl<T: Real> Uniform<T> {
    /// Masks between `low` and `high`, best the range of the messages.
    ///
    /// # Errors
    ///
    /// [`Error::Masks`] unless `low <= high` and `high - low` are finite.
    pub fn new(low: T, high: T) -> Result<Self, Error> {
        // A NaN fails the comparison.
        if low <= high && T::is_finite(low) && T::is_finite(high - low) {
            Ok(Self { low, high })
        } else {
            Err(Error::Masks)
        }
    }

    #[inline(always)]
    fn at(&self, u: T) -> T {
        Arithmetic::minimum(self.low + (self.high - self.low) * u, self.high)
    }
}

impl<T: Real> Masks<T> for Uniform<T> {
    fn fill<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        _message: T,
        out: &mut [T],
    ) -> Result<(), Error> {
        independent::fill(rng, out, |[u]| self.at(u))
    }

    /// The same masks as one call of `fill` for each message, for generators that emit whole words in order, as
    /// ChaCha does.
    #[inline]
    fn fill_many<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        messages: &[T],
        lanes: usize,
        put: impl FnMut(usize, usize, T),
    ) -> Result<(), Error> {
        independent::fill_many(rng, messages.len(), lanes, |[u]| self.at(u), put)
    }
}
