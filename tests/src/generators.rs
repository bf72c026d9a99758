//! Keys and lanes for the property tests.

pub use more_core::strategy::Spread;
use more_core::strategy::{KeySeed, key_seed, positions, spread};
use more_core::{EvaluationKey, Real, SecretKey};
use proptest::prelude::*;

use crate::tolerance::Setting;

/// A key by its seed and bound, and lanes by numbers in `[-1, 1]` that [`Case::lanes`] turns into an element.
#[derive(Clone, Debug)]
pub struct Case {
    /// Seed of the key.
    pub seed: u64,
    /// Bound on its condition number.
    pub condition: f64,
    /// The size of the lanes.
    pub scale: f64,
    /// How they lie.
    pub spread: Spread,
    /// Where they come from.
    pub first: [f64; 8],
    /// The same for a second element.
    pub second: [f64; 8],
}

/// Cases with lanes of sizes 10^-3 to 10^3.
pub fn case() -> impl Strategy<Value = Case> {
    (key_seed(1.01..20.0), -3.0..3.0_f64, spread(), positions(), positions()).prop_map(
        |(KeySeed { seed, condition }, exponent, spread, first, second)| Case {
            seed,
            condition,
            scale: 10.0_f64.powf(exponent),
            spread,
            first,
            second,
        },
    )
}

impl Case {
    /// The key, and the evaluation key that keeps its lane order so that tests see every lane.
    ///
    /// # Panics
    ///
    /// If key generation fails, which with a seeded generator it must not.
    #[must_use]
    pub fn keys<T: Real, const N: usize>(&self) -> (SecretKey<T, N>, EvaluationKey<T, N>, Setting) {
        let seed = KeySeed { seed: self.seed, condition: self.condition };
        let key = seed.secret_key().expect("a seeded generator does not fail");
        let lanes = seed.ordered_evaluation_key().expect("valid columns");
        let setting = Setting { eps: T::to_f64(T::EPSILON), kappa: key.condition(), n: N };
        (key, lanes, setting)
    }

    /// Lanes from `source`, spread and scaled as this case says.
    #[must_use]
    pub fn lanes<T: Real, const N: usize>(&self, source: &[f64; 8]) -> [T; N] {
        self.lanes_within(source, -self.scale, self.scale)
    }

    /// Lanes from `source`, spread as this case says, between `low` and `high` and by at most the gap above.
    #[must_use]
    pub fn lanes_within<T: Real, const N: usize>(&self, source: &[f64; 8], low: f64, high: f64) -> [T; N] {
        self.spread.lanes(source, low, high)
    }
}

/// The largest magnitude.
#[must_use]
pub fn largest<T: Real, const N: usize>(lanes: &[T; N]) -> f64 {
    lanes.iter().fold(0.0, |a: f64, b| a.max(T::to_f64(*b).abs()))
}

/// The smallest magnitude.
#[must_use]
pub fn smallest<T: Real, const N: usize>(lanes: &[T; N]) -> f64 {
    lanes.iter().fold(f64::INFINITY, |a: f64, b| a.min(T::to_f64(*b).abs()))
}
