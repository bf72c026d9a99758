use rand_core::TryCryptoRng;

use super::classes::Classes;
use super::{Masks, unit};
use crate::{Error, Real};

/// Masks for soft labels: every mask lane is a random probability vector, uniform over all vectors of its length
/// (Dirichlet's distribution with all parameters 1).
///
/// The entries are not negative and sum to 1 to within `classes eps / 2`. For labels that are 0 or 1 take
/// [`OneHot`](super::OneHot): a soft mask beside a hard label tells which lane is the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simplex {
    classes: Classes,
}

impl Simplex {
    /// Probability vectors of `classes` entries.
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

    /// The entries of a probability vector.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes.get()
    }
}

impl<T: Real> Masks<T> for Simplex {
    /// Always [`Error::Masks`]: a probability vector has no single entries. Encrypt whole vectors as a slice.
    fn fill<G: TryCryptoRng + ?Sized>(
        &mut self,
        _rng: &mut G,
        _message: T,
        _out: &mut [T],
    ) -> Result<(), Error> {
        Err(Error::Masks)
    }

    /// `messages` is a whole number of probability vectors, one after the other.
    ///
    /// A stick of length 1 is broken piece by piece: of what is left for `k` further entries, the next takes the share
    /// `1 - (1 - u)^(1/k)`, which is distributed as Beta(1, k) (Devroye, Non-Uniform Random Variate Generation, 1986, XI.4).
    /// Unlike normalised exponentials this needs no room for the whole vector.
    fn fill_many<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        messages: &[T],
        lanes: usize,
        mut put: impl FnMut(usize, usize, T),
    ) -> Result<(), Error> {
        for vector in 0..self.classes.vectors(messages.len())? {
            for lane in 0..lanes {
                let mut left = T::ONE;
                for (i, further) in (0..self.classes.count().get()).rev().enumerate() {
                    let piece = if further == 0 {
                        left
                    } else {
                        let u: T = unit(rng)?;
                        // 0 - x rather than -x: no entry is -0.
                        let power = T::ln(T::ONE - u) / T::from_f64(f64::from(further));
                        left * (T::ZERO - T::exp_m1(power))
                    };
                    left = left - piece;
                    put(vector * self.classes() + i, lane, piece);
                }
            }
        }
        Ok(())
    }
}
