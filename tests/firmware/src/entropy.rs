//! Where a device takes its random numbers from.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The generator of masks, and of keys on devices that make their own: ChaCha20 from 256 bits of the hardware's.
///
/// QEMU's boards have no random number generator: this one **always begins with the same seed**, so that a test knows the masks.
/// On a board take the 32 bytes from the microcontroller's generator (`TRNG`, `RNG`) with its health tests switched on, through the
/// `rand_core` traits of its HAL: `ChaCha20Rng::try_from_rng(&mut hardware)`. Seed once after each reset; whoever knows the seed knows
/// every mask, and a seed that occurs twice makes the same masks twice.
#[must_use]
pub fn generator() -> ChaCha20Rng {
    ChaCha20Rng::from_seed(more_scene::SEED)
}
