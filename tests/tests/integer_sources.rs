//! Sources of random numbers that fail or are stuck end in an error, not in a key.

use core::convert::Infallible;

use more_core::Error;
use more_core::integer::crypto_bigint::U256;
use more_core::integer::{Modulus, SecretKey};
use more_core::rand_core::{TryCryptoRng, TryRng};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A source that fails after so many bytes.
struct Failing {
    left: usize,
}

#[derive(Debug)]
struct Exhausted;

impl core::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("exhausted")
    }
}

impl core::error::Error for Exhausted {}

impl TryRng for Failing {
    type Error = Exhausted;

    fn try_next_u32(&mut self) -> Result<u32, Exhausted> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Exhausted> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(out.len()).ok_or(Exhausted)?;
        // Not all ones, which would be rejected as beyond the modulus for ever.
        out.iter_mut().enumerate().for_each(|(k, byte)| *byte = (17 * k + self.left) as u8);
        Ok(())
    }
}

impl TryCryptoRng for Failing {}

/// A source that gives zeros.
struct Stuck;

impl TryRng for Stuck {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for Stuck {}

#[test]
fn sources_that_fail() {
    type Key = SecretKey<{ U256::LIMBS }, 2>;
    let failing = |left| Failing { left };
    assert_eq!(Modulus::<{ U256::LIMBS }>::generate(&mut failing(31)).err(), Some(Error::Random));
    assert!(Modulus::<{ U256::LIMBS }>::generate(&mut failing(32)).is_ok());
    assert_eq!(Modulus::<{ U256::LIMBS }>::generate(&mut Stuck).err(), Some(Error::Random));

    let modulus = Modulus::generate(&mut ChaCha20Rng::seed_from_u64(5)).expect("a seeded generator");
    assert_eq!(Key::generate(&modulus, &mut failing(100)).err(), Some(Error::Random));
    assert_eq!(Key::generate(&modulus, &mut Stuck).err(), Some(Error::Random));
    let key = Key::generate(&modulus, &mut ChaCha20Rng::seed_from_u64(6)).expect("a seeded generator");
    assert_eq!(key.encrypt(&modulus.one(), &mut failing(31)).err(), Some(Error::Random));
}
