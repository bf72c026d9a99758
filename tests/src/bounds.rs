//! How much of each bound of the tolerance table an operation uses: the largest quotient of error and bound, over random
//! messages and over a search for the worst.

mod operation;
mod point;
mod search;

pub use operation::{Operation, operations};
pub use point::{Instance, Point, random};
pub use search::climb;

use more_core::Real;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// What was found for one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Use {
    /// The largest quotient of error and bound.
    pub share: f64,
    /// Where: the condition number of the key.
    pub kappa: f64,
    /// How many messages counted: those whose lanes are not at a jump.
    pub messages: usize,
}

impl Use {
    fn note<T: Real, const N: usize>(&mut self, share: Option<f64>, instance: &Instance<T, N>) {
        if let Some(share) = share {
            self.messages += 1;
            // A NaN is a failure of the operation, not a small error.
            if share.is_nan() || share > self.share {
                *self = Self { share, kappa: instance.setting.kappa, ..*self };
            }
        }
    }
}

/// The share over `messages` random elements: keys, lanes and how they lie drawn with this seed.
///
/// # Panics
///
/// If the operation fails on valid elements.
#[must_use]
pub fn sample<T: Real, const N: usize>(operation: &Operation<T, N>, messages: usize, seed: u64) -> Use {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut found = Use::default();
    while found.messages < messages {
        let before = found.messages;
        random::<T, N>(&mut rng, (operation.low, operation.high), |instance| {
            found.note((operation.share)(instance), instance);
        });
        assert!(found.messages > before, "{}: no message away from the jumps", operation.name);
    }
    found
}
