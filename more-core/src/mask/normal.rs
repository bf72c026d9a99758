use rand_core::TryCryptoRng;

use super::{Masks, independent, unit};
use crate::{Error, Real};

/// Independent normal masks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal<T: Real> {
    mean: T,
    deviation: T,
}

impl<T: Real> Normal<T> {
    /// Masks of this mean and standard deviation.
    ///
    /// # Errors
    ///
    /// [`Error::Masks`] unless both are finite and the deviation is not negative.
    pub fn new(mean: T, deviation: T) -> Result<Self, Error> {
        if T::is_finite(mean) && T::is_finite(deviation) && deviation >= T::ZERO {
            Ok(Self { mean, deviation })
        } else {
            Err(Error::Masks)
        }
    }

    #[inline(always)]
    fn at(&self, uniform: [T; 2]) -> T {
        self.mean + self.deviation * box_muller(uniform)
    }
}

impl<T: Real> Masks<T> for Normal<T> {
    /// Box and Muller's method, two uniform numbers a mask.
    fn fill<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        _message: T,
        out: &mut [T],
    ) -> Result<(), Error> {
        independent::fill(rng, out, |uniform| self.at(uniform))
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
        independent::fill_many(rng, messages.len(), lanes, |uniform| self.at(uniform), put)
    }
}

pub(crate) fn standard_normal<T: Real, G: TryCryptoRng + ?Sized>(rng: &mut G) -> Result<T, Error> {
    Ok(box_muller([unit(rng)?, unit(rng)?]))
}

/// `sqrt(-2 ln(1 - u)) cos(2 pi v)` (Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958).
fn box_muller<T: Real>([u, v]: [T; 2]) -> T {
    let angle = T::from_f64(core::f64::consts::TAU) * v;
    T::sqrt(-T::TWO * T::ln(T::ONE - u)) * T::cos(angle)
}
