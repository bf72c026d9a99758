//! Keys and lanes for the property tests.

use more_core::{EvaluationKey, Real, SecretKey};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::tolerance::Setting;

/// How the lanes of one element lie to each other.
#[derive(Clone, Copy, Debug)]
pub enum Spread {
    /// Independent.
    Independent,
    /// All equal.
    Equal,
    /// Each a gap of this from the one before.
    Near(f64),
    /// The first two a gap of this apart, the rest independent.
    Pair(f64),
}

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

fn spread() -> impl Strategy<Value = Spread> {
    let gap = (0.0..17.0).prop_map(|digits: f64| 10.0_f64.powf(-digits));
    prop_oneof![
        2 => Just(Spread::Independent),
        1 => Just(Spread::Equal),
        2 => gap.clone().prop_map(Spread::Near),
        2 => gap.prop_map(Spread::Pair),
    ]
}

/// Cases with lanes of sizes 10^-3 to 10^3.
pub fn case() -> impl Strategy<Value = Case> {
    let lanes = || prop::array::uniform8(-1.0..1.0_f64);
    (any::<u64>(), 1.01..20.0_f64, -3.0..3.0_f64, spread(), lanes(), lanes()).prop_map(
        |(seed, condition, exponent, spread, first, second)| Case {
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
        let key =
            SecretKey::generate_with_condition(&mut ChaCha20Rng::seed_from_u64(self.seed), self.condition)
                .expect("a seeded generator does not fail");
        let lanes = EvaluationKey::from_parts(key.id(), *key.expose_columns()).expect("valid columns");
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
        let at = |x: f64| low + (high - low) * f64::midpoint(1.0, x);
        let mut lanes = [0.0; N];
        for k in 0..N {
            lanes[k] = match self.spread {
                Spread::Equal => at(source[0]),
                Spread::Near(gap) => at(source[0]) * (1.0 + gap * k as f64),
                Spread::Pair(gap) if k == 1 => at(source[0]) * (1.0 + gap),
                _ => at(source[k]),
            };
        }
        lanes.map(T::from_f64)
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
