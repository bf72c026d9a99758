//! Strategies of `proptest` for keys, lanes, spectra and ciphertexts, for tests of what is built on this crate: feature
//! `proptest`, for hosts.
//!
//! Keys shrink towards well-conditioned ones; lanes towards independent ones in the middle of their range. A [`SecretKey`] is
//! printed without its content: where a failure should print what it takes to repeat it, let the test take a [`KeySeed`].
//!
//! ```
//! use more_core::strategy::{ciphertext, key_seed, lanes};
//! use proptest::prelude::*;
//!
//! proptest!(|(seed in key_seed(1.01..20.0), lanes in lanes::<f64, 3>(-1.0..1.0))| {
//!     let key = seed.secret_key::<f64, 3>()?;
//!     let c = key.encrypt_lanes(&lanes)?;
//!     // 4 N kappa^2 eps: see docs/numerics.md.
//!     let bound = 12.0 * key.condition() * key.condition() * f64::EPSILON;
//!     prop_assert!((key.decrypt(&c)? - lanes[0]).abs() <= bound);
//! });
//! ```

use core::ops::Range;

use proptest::prelude::*;

pub use crate::seeded::KeySeed;
use crate::{Ciphertext, EvaluationKey, KeyId, MAX_LANES, Real, SecretKey, Spectrum};

/// How the lanes of one element lie to each other. Equal and near lanes are where functions by eigenvalues go wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// Independent.
    Independent,
    /// All equal.
    Equal,
    /// Each a gap of this, relative to the first, from the one before.
    Near(f64),
    /// The first two a gap of this apart, relative to the first, the rest independent.
    Pair(f64),
}

impl Spread {
    /// Lanes at `positions`, numbers in `[-1, 1]` that stand for `low` to `high`; beyond `high` by at most the gap.
    #[must_use]
    pub fn lanes<T: Real, const N: usize>(self, positions: &[f64; MAX_LANES], low: f64, high: f64) -> [T; N] {
        const { assert!(N <= MAX_LANES, "a key has 2 to 8 lanes") };
        let at = |x: f64| low + (high - low) * f64::midpoint(1.0, x);
        let [first, ..] = *positions;
        let mut lanes = [T::ZERO; N];
        for (k, (lane, position)) in lanes.iter_mut().zip(positions).enumerate() {
            *lane = T::from_f64(match self {
                Self::Equal => at(first),
                Self::Near(gap) => at(first) * (1.0 + gap * k as f64),
                Self::Pair(gap) if k == 1 => at(first) * (1.0 + gap),
                _ => at(*position),
            });
        }
        lanes
    }
}

/// Any spread, with gaps from 1 to `10^-17`.
pub fn spread() -> impl Strategy<Value = Spread> {
    let gap = (0.0..17.0).prop_map(|digits: f64| Real::powf(10.0_f64, -digits));
    prop_oneof![
        2 => Just(Spread::Independent),
        1 => Just(Spread::Equal),
        2 => gap.clone().prop_map(Spread::Near),
        2 => gap.prop_map(Spread::Pair),
    ]
}

/// What [`Spread::lanes`] places.
pub fn positions() -> impl Strategy<Value = [f64; MAX_LANES]> {
    prop::array::uniform8(-1.0..1.0_f64)
}

/// Lanes of any spread within `range`, or above it by the gap of near lanes.
pub fn lanes<T: Real, const N: usize>(range: Range<f64>) -> impl Strategy<Value = [T; N]> {
    (spread(), positions())
        .prop_map(move |(spread, positions)| spread.lanes(&positions, range.start, range.end))
}

/// Elements in spectral form, with lanes as [`lanes`] draws them.
pub fn spectrum<T: Real, const N: usize>(range: Range<f64>) -> impl Strategy<Value = Spectrum<T, N>> {
    lanes(range).prop_map(Spectrum::from_lanes)
}

/// Elements in matrix form under `key`, with lanes as [`lanes`] draws them: the lanes, the first of which is the message,
/// and the ciphertext.
pub fn ciphertext<T: Real, const N: usize>(
    key: &SecretKey<T, N>,
    range: Range<f64>,
) -> impl Strategy<Value = ([T; N], Ciphertext<T, N>)> + use<T, N> {
    // A secret key has no copies; the evaluation key of the same columns composes the same matrices.
    let columns = EvaluationKey::from_parts(key.id(), *key.expose_columns());
    lanes(range).prop_filter_map("a key whose columns are no evaluation key", move |lanes| {
        let key = columns.as_ref().ok()?;
        Some((lanes, key.to_ciphertext(&Spectrum::from_lanes(lanes))))
    })
}

/// Any name.
pub fn key_id() -> impl Strategy<Value = KeyId> {
    any::<[u8; 16]>().prop_map(KeyId)
}

/// Any seed, with a bound on the condition number from `condition`.
pub fn key_seed(condition: Range<f64>) -> impl Strategy<Value = KeySeed> {
    (any::<u64>(), condition).prop_map(|(seed, condition)| KeySeed { seed, condition })
}

/// Secret keys with a bound on the condition number from `condition`. A bound that no key of this scalar may have, below
/// 1.01 or beyond [`max_condition`](crate::max_condition), is rejected.
pub fn secret_key<T: Real, const N: usize>(condition: Range<f64>) -> impl Strategy<Value = SecretKey<T, N>> {
    key_seed(condition).prop_filter_map("a bound that no key may have", |seed| seed.secret_key().ok())
}

/// Evaluation keys, with lanes in random order, of the keys that [`secret_key`] draws.
pub fn evaluation_key<T: Real, const N: usize>(
    condition: Range<f64>,
) -> impl Strategy<Value = EvaluationKey<T, N>> {
    key_seed(condition).prop_filter_map("a bound that no key may have", |seed| seed.evaluation_key().ok())
}
