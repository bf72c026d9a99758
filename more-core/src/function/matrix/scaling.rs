//! Sizes of matrices.

use crate::ciphertext::division::one_norm;
use crate::{Ciphertext, Real};

/// The matrix divided by a power of two, and that power: the largest entry is then in `[1, 2)`, unless all are below the
/// normal numbers. Exact, but for entries that fall below the normal numbers beside the largest.
pub(super) fn normalised<T: Real, const N: usize>(c: Ciphertext<T, N>) -> (Ciphertext<T, N>, T) {
    let mut largest = T::MIN_POSITIVE;
    for entry in c.columns().as_flattened() {
        largest = largest.maximum(entry.magnitude());
    }
    // The exponent alone.
    let power = T::from_f64(f64::from_bits(T::to_f64(largest).to_bits() & f64::INFINITY.to_bits()));
    // In two steps: the reciprocal of the greatest power is not normal.
    (c.scale(T::TWO / power).scale(T::HALF), power)
}

/// A bound on the magnitudes of all lanes: `rho(C) <= |C^16|^(1/16)` in the 1-norm. The power takes the key's condition
/// number from the bound but for its 16th root (Al-Mohy and Higham, "A New Scaling and Squaring Algorithm for the Matrix
/// Exponential", SIAM J. Matrix Anal. Appl. 31, 2009).
pub(super) fn lane_bound<T: Real, const N: usize>(c: &Ciphertext<T, N>) -> f64 {
    let (mut power, scale) = normalised(*c);
    let mut logarithm = 0.0;
    let mut share = 1.0;
    for squarings in 0..5 {
        let norm = one_norm(&power);
        if norm == 0.0 {
            return 0.0;
        }
        logarithm += share * Real::ln(norm);
        if squarings < 4 {
            // Divided by its norm before each squaring, so that it neither overflows nor vanishes.
            power = power.scale(T::from_f64(1.0 / norm));
            power = power * power;
            share *= 0.5;
        }
    }
    T::to_f64(scale) * Real::exp(logarithm)
}

#[cfg(test)]
mod tests {
    use super::{lane_bound, normalised};
    use crate::{Ciphertext, Real};

    fn check<T: Real>() {
        for size in [T::MIN_POSITIVE, T::from_f64(1e-30), T::ONE, T::from_f64(3e30), T::HALF * T::MAX] {
            // Lanes 1 and -1/2 of the size, for a basis of columns (1, 0) and (1, 1).
            let low = -T::HALF * size;
            let c = Ciphertext::<T, 2>::from_columns([[size, T::ZERO], [low - size, low]]);
            let (scaled, power) = normalised(c);
            let largest =
                scaled.columns().as_flattened().iter().fold(T::ZERO, |a, b| a.maximum(b.magnitude()));
            assert!(largest >= T::ONE && largest < T::TWO, "{largest}");
            assert_eq!(scaled.scale(power), c);
            // Up to the rounding errors of the powers.
            let bound = lane_bound(&c) / T::to_f64(size);
            assert!((1.0 - 16.0 * T::to_f64(T::EPSILON)..1.1).contains(&bound), "{bound}");
        }
        assert_eq!(lane_bound(&Ciphertext::<T, 3>::zero(())), 0.0);
    }

    #[test]
    fn sizes() {
        check::<f32>();
        check::<f64>();
    }
}
