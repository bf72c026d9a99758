use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroize;

use crate::MoreStatus;
use crate::memory::{reference_mut, slice};

/// A generator of masks: ChaCha20 from a seed, the same numbers on every machine. Fields are the library's.
#[derive(Debug)]
#[repr(C)]
pub struct MoreGenerator {
    /// The seed.
    seed: [u8; 32],
    /// Words of 32 bits that were drawn.
    position: u64,
    /// Whether there is one.
    state: u64,
}

const SEEDED: u64 = 0x6765_6E65_7261_746F;

impl MoreGenerator {
    /// What `draw` makes of the generator, which goes on from there the next time.
    pub(crate) fn with<R>(&mut self, draw: impl FnOnce(&mut ChaCha20Rng) -> R) -> Result<R, MoreStatus> {
        if self.state != SEEDED {
            return Err(MoreStatus::NotInitialised);
        }
        let mut rng = ChaCha20Rng::from_seed(self.seed);
        rng.set_word_pos(self.position.into());
        let result = draw(&mut rng);
        // No device draws 2^64 words.
        self.position = rng.get_word_pos() as u64;
        Ok(result)
    }
}

/// Seeds a generator with 32 bytes of a hardware source of random numbers. Seed once after each reset, never twice with the same
/// bytes: the masks would be the same too. Whoever knows the seed knows every mask.
///
/// # Safety
///
/// Pointers that are not refused point to as many elements as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_generator_seed(
    generator: *mut MoreGenerator,
    seed: *const u8,
    seed_bytes: usize,
) -> MoreStatus {
    let run = || {
        // SAFETY: the caller's promise.
        let seed = unsafe { slice(seed, seed_bytes)? };
        let seed = seed.try_into().map_err(|_| MoreStatus::Length)?;
        // SAFETY: the caller's promise.
        let generator = unsafe { reference_mut(generator)? };
        *generator = MoreGenerator { seed, position: 0, state: SEEDED };
        Ok(())
    };
    MoreStatus::of(run())
}

/// Overwrites the seed.
///
/// # Safety
///
/// As of `more_generator_seed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_generator_erase(generator: *mut MoreGenerator) -> MoreStatus {
    let run = || {
        // SAFETY: the caller's promise.
        let generator = unsafe { reference_mut(generator)? };
        generator.seed.zeroize();
        generator.state.zeroize();
        Ok(())
    };
    MoreStatus::of(run())
}
