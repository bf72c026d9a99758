//! Keys with elements, drawn at random or moved about by the search.

use more_core::{Ciphertext, EvaluationKey, KeyId, Real, SecretKey};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

use crate::tolerance::Setting;

/// The worst condition number that is tried.
const MOST_CONDITION: f64 = 20.0;

/// Elements drawn for each random key.
const ELEMENTS: usize = 32;

/// What an operation is tried on: a key, and two elements with their lanes.
#[derive(Debug)]
pub struct Instance<T: Real, const N: usize> {
    /// The key.
    pub secret: SecretKey<T, N>,
    /// Its lanes in their order.
    pub key: EvaluationKey<T, N>,
    /// What the bounds depend on.
    pub setting: Setting,
    /// The lanes of the first element.
    pub a: [T; N],
    /// The lanes of the second.
    pub b: [T; N],
    /// The first element.
    pub ca: Ciphertext<T, N>,
    /// The second.
    pub cb: Ciphertext<T, N>,
}

/// The place in the search space that an [`Instance`] is made from.
#[derive(Clone, Debug)]
pub struct Point<const N: usize> {
    /// The columns of the key, of any length.
    pub columns: [[f64; N]; N],
    /// The lanes of the first element.
    pub a: [f64; N],
    /// The lanes of the second.
    pub b: [f64; N],
}

/// A uniform number in `[low, high)`.
pub(super) fn uniform(rng: &mut ChaCha20Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * f64::uniform(rng.next_u64())
}

impl<const N: usize> Point<N> {
    /// The key and the elements, or `None` where the columns make no key of the condition numbers tried.
    #[must_use]
    pub fn instance<T: Real>(&self) -> Option<Instance<T, N>> {
        let columns = self.columns.map(|column| column.map(T::from_f64));
        let secret = SecretKey::from_parts(KeyId([0; 16]), columns).ok()?;
        if secret.condition() > MOST_CONDITION {
            return None;
        }
        Some(Instance::new(secret, self.a.map(T::from_f64), self.b.map(T::from_f64)))
    }

    /// A random key and random lanes.
    ///
    /// # Panics
    ///
    /// If key generation fails, which with a seeded generator it must not.
    #[must_use]
    pub fn draw<T: Real>(rng: &mut ChaCha20Rng, (low, high): (f64, f64)) -> Self {
        let columns = secret::<T, N>(rng).expose_columns().map(|column| column.map(T::to_f64));
        Self { columns, a: lanes(rng, low, high), b: lanes(rng, low, high) }
    }
}

/// A random key. The bounds grow faster with the condition number than most errors do, so half of the keys are conditioned
/// well.
fn secret<T: Real, const N: usize>(rng: &mut ChaCha20Rng) -> SecretKey<T, N> {
    let most = if rng.next_u32().is_multiple_of(2) { 1.5 } else { MOST_CONDITION };
    let bound = uniform(rng, 1.01, most);
    SecretKey::generate_with_condition(rng, bound).expect("a seeded generator")
}

impl<T: Real, const N: usize> Instance<T, N> {
    fn new(secret: SecretKey<T, N>, a: [T; N], b: [T; N]) -> Self {
        let key = EvaluationKey::from_parts(secret.id(), *secret.expose_columns()).expect("columns of a key");
        let setting = Setting { eps: T::to_f64(T::EPSILON), kappa: secret.condition(), n: N };
        let ca = secret.encrypt_lanes(&a).expect("finite lanes");
        let cb = secret.encrypt_lanes(&b).expect("finite lanes");
        Self { secret, key, setting, a, b, ca, cb }
    }
}

/// Lanes in `[low, high]`: independent, equal, all close together, or two close together.
fn lanes<const N: usize>(rng: &mut ChaCha20Rng, low: f64, high: f64) -> [f64; N] {
    let mut lanes: [f64; N] = std::array::from_fn(|_| uniform(rng, low, high));
    let gap = 10.0_f64.powf(uniform(rng, -17.0, 0.0));
    let near = |k: usize| (lanes[0] * (1.0 + gap * k as f64)).clamp(low, high);
    match rng.next_u32() % 8 {
        0 => lanes = [lanes[0]; N],
        1 | 2 => lanes = std::array::from_fn(near),
        3 | 4 => lanes[1] = near(1),
        _ => {}
    }
    lanes
}

/// A random key and some random elements under it.
///
/// # Panics
///
/// If key generation fails, which with a seeded generator it must not.
pub fn random<T: Real, const N: usize>(
    rng: &mut ChaCha20Rng,
    (low, high): (f64, f64),
    mut visit: impl FnMut(&Instance<T, N>),
) {
    let mut instance = Instance::new(secret::<T, N>(rng), [T::ONE; N], [T::ONE; N]);
    for _ in 0..ELEMENTS {
        instance.a = lanes(rng, low, high).map(T::from_f64);
        instance.b = lanes(rng, low, high).map(T::from_f64);
        instance.ca = instance.secret.encrypt_lanes(&instance.a).expect("finite lanes");
        instance.cb = instance.secret.encrypt_lanes(&instance.b).expect("finite lanes");
        visit(&instance);
    }
}
