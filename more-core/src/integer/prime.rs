//! Drawing primes.

use core::num::NonZeroU32;

use crypto_bigint::{RandomBits, Uint};
use crypto_primes::hazmat::SmallFactorsSieve;
use crypto_primes::{Flavor, is_prime};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::Error;

/// A start is drawn again only if no prime lies between it and the next power of two. A source that does this is none.
const ATTEMPTS: usize = 100;

/// A prime of the full width with its upper two bits set: the first from a random odd number on.
///
/// The function of `crypto-primes` for this takes a source that cannot fail, and panics.
pub(super) fn random_prime<const LIMBS: usize, G>(rng: &mut G) -> Result<Uint<LIMBS>, Error>
where
    G: TryCryptoRng + ?Sized,
{
    let width = Uint::<LIMBS>::BITS;
    let bits = NonZeroU32::new(width).ok_or(Error::Random)?;
    let upper = Uint::<LIMBS>::MAX.wrapping_shl_vartime(width - 2);
    for _ in 0..ATTEMPTS {
        let drawn = Uint::<LIMBS>::try_random_bits(rng, width).map_err(|_| Error::Random)?;
        let start = Zeroizing::new(drawn | upper | Uint::ONE);
        let sieve = SmallFactorsSieve::new(*start, bits, false).map_err(|_| Error::Random)?;
        if let Some(prime) = sieve.into_iter().find(|candidate| is_prime(Flavor::Any, candidate)) {
            return Ok(prime);
        }
    }
    Err(Error::Random)
}
