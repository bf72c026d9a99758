use rand_core::TryCryptoRng;

use super::{Masks, unit};
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
}

impl<T: Real> Masks<T> for Normal<T> {
    /// Box and Muller's method, two uniform numbers a mask.
    fn fill<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        _message: T,
        out: &mut [T],
    ) -> Result<(), Error> {
        for mask in out {
            *mask = self.mean + self.deviation * standard_normal(rng)?;
        }
        Ok(())
    }
}

/// `sqrt(-2 ln(1 - u)) cos(2 pi v)`.
pub(crate) fn standard_normal<T: Real, G: TryCryptoRng + ?Sized>(rng: &mut G) -> Result<T, Error> {
    let u: T = unit(rng)?;
    let v: T = unit(rng)?;
    let angle = T::from_f64(core::f64::consts::TAU) * v;
    Ok(T::sqrt(-T::TWO * T::ln(T::ONE - u)) * T::cos(angle))
}
