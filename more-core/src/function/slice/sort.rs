//! Sorting by exchanges whose order does not depend on the values: all that ciphertexts allow.

use super::form::Form;
use crate::{Error, Real};

/// Knuth's Algorithm M, in its own letters: pass `p` merges runs whose indices differ in the bit `p`.
pub(super) fn sort<T: Real, F: Form<T>>(values: &mut [F]) -> Result<(), Error> {
    if values.is_empty() {
        return Err(Error::Length);
    }
    // For a single value both are 1, and there is nothing at that distance.
    let top = values.len().next_power_of_two().max(2) / 2;
    let mut p = top;
    while p > 0 {
        let (mut q, mut r, mut d) = (top, 0, p);
        loop {
            for i in 0..values.len().saturating_sub(d) {
                if i & p == r
                    && let Ok([first, second]) = values.get_disjoint_mut([i, i + d])
                {
                    (*first, *second) = first.ordered(*second)?;
                }
            }
            if q == p {
                break;
            }
            d = q - p;
            q /= 2;
            r = p;
        }
        p /= 2;
    }
    Ok(())
}

/// Every value sinks through those found so far, each of which keeps the greater of the two.
pub(super) fn top_k<T: Real, F: Form<T>>(values: &[F], out: &mut [F]) -> Result<(), Error> {
    if out.is_empty() || out.len() > values.len() {
        return Err(Error::Length);
    }
    for (i, value) in values.iter().enumerate() {
        let mut sinking = *value;
        for kept in out.iter_mut().take(i) {
            (sinking, *kept) = sinking.ordered(*kept)?;
        }
        if let Some(free) = out.get_mut(i) {
            *free = sinking;
        }
    }
    Ok(())
}

/// The greatest value of every lane.
pub(super) fn maximum<T: Real, F: Form<T>>(values: &[F]) -> Result<F, Error> {
    let (first, others) = values.split_first().ok_or(Error::Length)?;
    let mut greatest = *first;
    for value in others {
        (_, greatest) = greatest.ordered(*value)?;
    }
    Ok(greatest)
}
