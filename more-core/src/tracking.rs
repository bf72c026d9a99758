//! What debug builds watch: how far from the algebra ciphertexts are when they are read, and how well conditioned the keys
//! are that read them.
//!
//! Rounding of products leaves entries beside the algebra, about `kappa^3 eps` each time; a computation too deep for its
//! scalar shows first here. Where `debug_assertions` are on, [`SecretKey::decrypt`](crate::SecretKey::decrypt) and
//! [`EvaluationKey::to_spectrum`](crate::EvaluationKey::to_spectrum), and what is built on them, note the residual
//! of what they read. Elsewhere nothing is noted and nothing is spent. The figures are of the whole program; readers in
//! other threads may be missed by a [`reset`] at the same time.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::Real;

/// What has been read since the last [`reset`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Ciphertexts read; stops at the greatest number.
    pub read: u32,
    /// The largest residual: the largest entry of `S^-1 C S` off the diagonal over the largest of `C`. Re-project
    /// ([`EvaluationKey::project`](crate::EvaluationKey::project)) long before `sqrt(eps)`.
    pub residual: f32,
    /// The largest condition number of a key that read.
    pub condition: f32,
}

// Loads and stores only: not every microcontroller can exchange.
static READ: AtomicU32 = AtomicU32::new(0);
static RESIDUAL: AtomicU32 = AtomicU32::new(0);
static CONDITION: AtomicU32 = AtomicU32::new(0);

/// What has been read since the last [`reset`]; `None` in builds without `debug_assertions`.
#[must_use]
pub fn report() -> Option<Report> {
    cfg!(debug_assertions).then(|| Report {
        read: READ.load(Relaxed),
        residual: f32::from_bits(RESIDUAL.load(Relaxed)),
        condition: f32::from_bits(CONDITION.load(Relaxed)),
    })
}

/// Begins anew.
pub fn reset() {
    for figure in [&READ, &RESIDUAL, &CONDITION] {
        figure.store(0, Relaxed);
    }
}

/// Notes one reading. The closures run in debug builds only.
#[inline(always)]
pub(crate) fn note<T: Real>(residual: impl FnOnce() -> T, condition: impl FnOnce() -> f64) {
    if cfg!(debug_assertions) {
        READ.store(READ.load(Relaxed).saturating_add(1), Relaxed);
        raise(&RESIDUAL, T::to_f64(residual()));
        raise(&CONDITION, condition());
    }
}

/// Bits of numbers that are not negative are in the order of the numbers, with NaN on top.
fn raise(figure: &AtomicU32, value: f64) {
    let bits = (value as f32).to_bits() & (u32::MAX >> 1);
    if bits > figure.load(Relaxed) {
        figure.store(bits, Relaxed);
    }
}
