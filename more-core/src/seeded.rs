//! Keys from seeds, for tests: what [`strategy`](crate::strategy) and the implementations of `Arbitrary` share.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Error, EvaluationKey, Real, SecretKey};

/// A key of any scalar and number of lanes, by the seed of its generator (ChaCha20) and the bound on its condition number.
///
/// For tests only: the key is as easy to guess as the seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeySeed {
    /// What the generator is seeded with.
    pub seed: u64,
    /// The bound on the condition number.
    pub condition: f64,
}

impl KeySeed {
    /// [`SecretKey::generate_with_condition`] with this seed and bound.
    ///
    /// # Errors
    ///
    /// [`Error::Condition`] for a bound that no key of this scalar may have.
    pub fn secret_key<T: Real, const N: usize>(self) -> Result<SecretKey<T, N>, Error> {
        SecretKey::generate_with_condition(&mut ChaCha20Rng::seed_from_u64(self.seed), self.condition)
    }

    /// The evaluation key of that secret key whose lanes are in the order of its columns: lane 0 is the message. A key for
    /// use must not have that order, which gives the scheme's secret away; in a test it shows every lane.
    ///
    /// # Errors
    ///
    /// As [`secret_key`](Self::secret_key).
    pub fn ordered_evaluation_key<T: Real, const N: usize>(self) -> Result<EvaluationKey<T, N>, Error> {
        let key = self.secret_key::<T, N>()?;
        EvaluationKey::from_parts(key.id(), *key.expose_columns())
    }

    /// An evaluation key of that secret key, in an order of its own.
    ///
    /// # Errors
    ///
    /// As [`secret_key`](Self::secret_key).
    pub fn evaluation_key<T: Real, const N: usize>(self) -> Result<EvaluationKey<T, N>, Error> {
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed);
        let key = SecretKey::<T, N>::generate_with_condition(&mut rng, self.condition)?;
        EvaluationKey::from_secret_key(&key, &mut rng)
    }
}
