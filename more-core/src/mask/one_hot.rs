use rand_core::TryCryptoRng;

use super::Masks;
use super::classes::Classes;
use crate::{Error, Real};

/// Masks for label vectors: every mask lane is a valid one-hot vector of a random class.
///
/// Mask labels that do not sum to 1 make the training of that lane diverge, and in matrix form rounding then carries
/// the damage over to the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneHot {
    classes: Classes,
}

impl OneHot {
    /// Label vectors of `classes` entries.
    ///
    /// # Errors
    ///
    /// [`Error::Masks`] if `classes` is 0 or beyond 2^24.
    pub const fn new(classes: usize) -> Result<Self, Error> {
        match Classes::new(classes) {
            Ok(classes) => Ok(Self { classes }),
            Err(error) => Err(error),
        }
    }

    /// The entries of a label vector.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes.get()
    }

    /// A uniform class: words beyond the last whole multiple of `classes` are drawn again.
    fn class<G: TryCryptoRng + ?Sized>(&self, rng: &mut G) -> Result<usize, Error> {
        let reject_from = u32::MAX - u32::MAX % self.classes.count();
        loop {
            let word = rng.try_next_u32().map_err(|_| Error::Random)?;
            if word < reject_from {
                return Ok((word % self.classes.count()) as usize);
            }
        }
    }
}

impl<T: Real> Masks<T> for OneHot {
    /// Always [`Error::Masks`]: a one-hot vector has no single entries. Encrypt whole vectors as a slice.
    fn fill<G: TryCryptoRng + ?Sized>(
        &mut self,
        _rng: &mut G,
        _message: T,
        _out: &mut [T],
    ) -> Result<(), Error> {
        Err(Error::Masks)
    }

    /// `messages` is a whole number of label vectors, one after the other.
    fn fill_many<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        messages: &[T],
        lanes: usize,
        mut put: impl FnMut(usize, usize, T),
    ) -> Result<(), Error> {
        for vector in 0..self.classes.vectors(messages.len())? {
            for lane in 0..lanes {
                let class = self.class(rng)?;
                for i in 0..self.classes() {
                    let value = if i == class { T::ONE } else { T::ZERO };
                    put(vector * self.classes() + i, lane, value);
                }
            }
        }
        Ok(())
    }
}
