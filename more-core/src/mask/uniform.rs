use rand_core::TryCryptoRng;

use super::{Masks, unit};
use crate::{Arithmetic, Error, Real};

/// Independent masks, uniform over `[low, high)`, which rounding may close.
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
        for mask in out {
            *mask = self.at(unit(rng)?);
        }
        Ok(())
    }

    /// The same masks as one call of `fill` for each message, for generators that emit whole words in order, as
    /// ChaCha does.
    #[inline]
    fn fill_many<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        messages: &[T],
        lanes: usize,
        mut put: impl FnMut(usize, usize, T),
    ) -> Result<(), Error> {
        // Four blocks of ChaCha at a time, the unit in which vectorised generators work.
        let mut buffer = [0; 1024];
        let mut values = [T::ZERO; 256];
        let (mut message, mut lane) = (0, 0);
        let mut left = messages.len() * lanes;
        while left != 0 {
            let count = left.min(buffer.len() / T::BYTES);
            let bytes = buffer.get_mut(..count * T::BYTES).ok_or(Error::Random)?;
            rng.try_fill_bytes(bytes).map_err(|_| Error::Random)?;
            for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(T::BYTES)) {
                *value = self.at(T::uniform_le(bytes).ok_or(Error::Random)?);
            }
            for value in values.iter().take(count) {
                put(message, lane, *value);
                lane += 1;
                if lane == lanes {
                    lane = 0;
                    message += 1;
                }
            }
            left -= count;
        }
        Ok(())
    }
}
