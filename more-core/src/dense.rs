//! Small dense linear algebra in `f64`, for keys only.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use crate::{Arithmetic, Ciphertext, Real, Scalar};

/// `columns[j][i]` is entry `(i, j)`.
pub(crate) type Square<T, const N: usize> = [[T; N]; N];

pub(crate) fn widen<T: Real, const N: usize>(a: &Square<T, N>) -> Square<f64, N> {
    let mut out = [[0.0; N]; N];
    for (to, from) in out.as_flattened_mut().iter_mut().zip(a.as_flattened()) {
        *to = T::to_f64(*from);
    }
    out
}

pub(crate) fn narrow<T: Real, const N: usize>(a: &Square<f64, N>) -> Square<T, N> {
    let mut out = [[T::ZERO; N]; N];
    for (to, from) in out.as_flattened_mut().iter_mut().zip(a.as_flattened()) {
        *to = T::from_f64(*from);
    }
    out
}

pub(crate) fn is_finite<T: Real, const N: usize>(a: &Square<T, N>) -> bool {
    a.as_flattened().iter().all(|entry| T::is_finite(*entry))
}

pub(crate) fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    let mut sum = 0.0;
    for i in 0..N {
        sum += a[i] * b[i];
    }
    sum
}

pub(crate) fn norm<const N: usize>(a: &[f64; N]) -> f64 {
    // Scaled: the columns of a caller's matrix may be of any size.
    let mut largest = 0.0;
    for entry in a {
        largest = Arithmetic::maximum(largest, Real::abs(*entry));
    }
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let mut scaled = *a;
    for entry in &mut scaled {
        *entry /= largest;
    }
    largest * Real::sqrt(dot(&scaled, &scaled))
}

/// `eps^(1/3)`, on which the limits of keys rest. A constant, for builds without a cube root.
pub(crate) fn cbrt_epsilon<T: Real>() -> f64 {
    match T::SCALAR {
        // cbrt(2^-23) = 2^-8 cbrt(2), cbrt(2^-52) = 2^-18 cbrt(4).
        Scalar::F32 => 1.259_921_049_894_873_2 / 256.0,
        Scalar::F64 => 1.587_401_051_968_199_6 / 262_144.0,
    }
}

/// `a b`.
pub(crate) fn product<const N: usize>(a: &Square<f64, N>, b: &Square<f64, N>) -> Square<f64, N> {
    *(Ciphertext::from_columns(*a) * Ciphertext::from_columns(*b)).columns()
}

/// The inverse `X`, entries right to about a unit in the last place of the largest beside them; entries that are not finite
/// if there is none.
///
/// Elimination, and one Newton step `X + X (I - A X)` whose residual is summed in twice the precision (Ogita, Rump and
/// Oishi, "Accurate sum and dot product", 2005): what every encryption and conversion multiplies with should err by its
/// own rounding only.
pub(crate) fn inverse<const N: usize>(a: &Square<f64, N>) -> Square<f64, N> {
    let inverse = *Ciphertext::from_columns(*a).recip_unchecked().columns();
    let mut residual = inverse;
    for j in 0..N {
        for i in 0..N {
            let (mut sum, mut rest) = (if i == j { 1.0 } else { 0.0 }, 0.0);
            for k in 0..N {
                let (product, lost) = two_product(-a[k][i], inverse[j][k]);
                let (total, dropped) = two_sum(sum, product);
                sum = total;
                rest += lost + dropped;
            }
            residual[j][i] = sum + rest;
        }
    }
    let correction = product(&inverse, &residual);
    let mut refined = inverse;
    for j in 0..N {
        for i in 0..N {
            refined[j][i] += correction[j][i];
        }
    }
    // Entries so large that splitting them overflows stay as elimination found them.
    if is_finite(&refined) { refined } else { inverse }
}

/// `a + b` and its rounding error (Knuth).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let other = sum - a;
    (sum, (a - (sum - other)) + (b - other))
}

/// `a b` and its rounding error (Dekker, with Veltkamp's splitting).
fn two_product(a: f64, b: f64) -> (f64, f64) {
    fn split(x: f64) -> (f64, f64) {
        // 2^27 + 1 halves the 53 bits.
        let scaled = 134_217_729.0 * x;
        let high = scaled - (scaled - x);
        (high, x - high)
    }
    let product = a * b;
    let ((a, a_low), (b, b_low)) = (split(a), split(b));
    (product, a_low * b_low - (((product - a * b) - a_low * b) - a * b_low))
}

/// The columns divided by their norms; not finite if one is zero.
pub(crate) fn unit_columns<const N: usize>(a: &Square<f64, N>) -> Square<f64, N> {
    let mut out = *a;
    for column in &mut out {
        // The norm of a column of tiny numbers is rounded to few bits: such a column is moved up first, exactly.
        let mut largest = 0.0;
        for entry in &*column {
            largest = Arithmetic::maximum(largest, Real::abs(*entry));
        }
        if largest < f64::MIN_POSITIVE / f64::EPSILON {
            for entry in &mut *column {
                *entry *= TWO_TO_200;
            }
        }
        let norm = norm(column);
        for entry in column {
            *entry /= norm;
        }
    }
    out
}

const TWO_TO_200: f64 = f64::from_bits((1023 + 200) << 52);

/// The ratio of the extreme singular values, by one-sided Jacobi rotations: columns are made orthogonal in pairs,
/// after which their norms are the singular values. Infinite for a singular matrix, or where the iteration has not
/// converged, which for at most eight columns takes fewer than ten sweeps.
pub(crate) fn condition<const N: usize>(a: &Square<f64, N>) -> f64 {
    let mut a = *a;
    for _ in 0..40 {
        let mut converged = true;
        for p in 0..N {
            for q in p + 1..N {
                let (alpha, beta, gamma) = (dot(&a[p], &a[p]), dot(&a[q], &a[q]), dot(&a[p], &a[q]));
                // Also true for NaN, which then ends as an infinite condition number.
                let orthogonal = Real::abs(gamma) <= 4.0 * f64::EPSILON * Real::sqrt(alpha * beta);
                if orthogonal {
                    continue;
                }
                converged = false;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let t = Real::copysign(1.0, zeta) / (Real::abs(zeta) + norm(&[1.0, zeta]));
                let cos = 1.0 / norm(&[1.0, t]);
                let sin = cos * t;
                for i in 0..N {
                    let (x, y) = (a[p][i], a[q][i]);
                    a[p][i] = cos * x - sin * y;
                    a[q][i] = sin * x + cos * y;
                }
            }
        }
        if converged {
            let (mut low, mut high) = (f64::INFINITY, 0.0);
            for column in &a {
                let norm = norm(column);
                low = Arithmetic::minimum(low, norm);
                high = Arithmetic::maximum(high, norm);
            }
            let ratio = high / low;
            return if ratio.is_nan() { f64::INFINITY } else { ratio };
        }
    }
    f64::INFINITY
}

/// For each column of the first basis, the column of the second that is a multiple of it: `inverse` is that of the
/// first, whose columns are `first`. `None` unless `inverse second` is a scaled permutation to within `tolerance`.
pub(crate) fn matching<const N: usize>(
    first: &Square<f64, N>,
    inverse: &Square<f64, N>,
    second: &Square<f64, N>,
    tolerance: f64,
) -> Option<[usize; N]> {
    let coefficients = product(inverse, second);
    let mut partner = [usize::MAX; N];
    for (j, column) in coefficients.iter().enumerate() {
        // Column j of the second is the sum of the first's columns with these coefficients; compared as lengths.
        let mut lengths = *column;
        let mut best = 0;
        for i in 0..N {
            lengths[i] = Real::abs(lengths[i]) * norm(&first[i]);
            if lengths[i] > lengths[best] {
                best = i;
            }
        }
        for i in 0..N {
            let negligible = lengths[i] <= tolerance * lengths[best];
            if i != best && !negligible {
                return None;
            }
        }
        if !(lengths[best] > 0.0 && lengths[best].is_finite()) || partner[best] != usize::MAX {
            return None;
        }
        partner[best] = j;
    }
    Some(partner)
}

#[cfg(test)]
mod tests {
    use crate::Real;

    #[cfg(feature = "libm")]
    use super::cbrt_epsilon;
    use super::{condition, inverse, matching, product, unit_columns};

    #[test]
    fn condition_of_known_matrices() {
        assert_eq!(condition(&[[1.0, 0.0], [0.0, 1.0]]), 1.0);
        // Columns (1, 0) and (1, 1): singular values are the golden ratio and its reciprocal.
        let golden = f64::midpoint(1.0, Real::sqrt(5.0_f64));
        assert!((condition(&[[1.0, 0.0], [1.0, 1.0]]) - golden * golden).abs() < 1e-14);
        assert_eq!(condition(&[[1.0, 2.0], [0.0, 0.0]]), f64::INFINITY);
        assert_eq!(condition(&[[f64::NAN, 2.0], [0.0, 1.0]]), f64::INFINITY);
        // Hilbert matrix of order 3: 524.0567775860644 (Todd 1954).
        let hilbert = [[1.0, 1.0 / 2.0, 1.0 / 3.0], [1.0 / 2.0, 1.0 / 3.0, 0.25], [1.0 / 3.0, 0.25, 0.2]];
        assert!((condition(&hilbert) / 524.056_777_586_064_4 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn tiny_columns_are_made_unit() {
        let tiny = f64::from_bits(1);
        let unit = unit_columns(&[[3.0 * tiny, 4.0 * tiny], [3e300, -4e300]]);
        for (column, exact) in unit.iter().zip([[0.6, 0.8], [0.6, -0.8]]) {
            for (entry, exact) in column.iter().zip(exact) {
                assert!((entry - exact).abs() <= f64::EPSILON, "{entry} for {exact}");
            }
        }
    }

    #[test]
    #[cfg(feature = "libm")]
    fn constants_are_cube_roots() {
        assert_eq!(cbrt_epsilon::<f32>(), Real::cbrt(f64::from(f32::EPSILON)));
        assert_eq!(cbrt_epsilon::<f64>(), Real::cbrt(f64::EPSILON));
    }

    #[test]
    fn inverse_needs_pivoting() {
        let a = [[0.0, 2.0, 1.0], [1.0, 0.0, 0.0], [3.0, 4.0, 0.0]];
        let identity = product(&a, &inverse(&a));
        for (j, column) in identity.iter().enumerate() {
            for (i, entry) in column.iter().enumerate() {
                assert!((entry - f64::from(u8::from(i == j))).abs() < 1e-15);
            }
        }
        assert!(inverse(&[[1.0, 2.0], [2.0, 4.0]])[0][0].is_nan());
    }

    #[test]
    fn inverse_is_right_to_its_last_place() {
        // The Hilbert matrix of order 4, rounded; its inverse from exact rational arithmetic, rounded once.
        let a: [[f64; 4]; 4] = core::array::from_fn(|j| core::array::from_fn(|i| 1.0 / (i + j + 1) as f64));
        let exact = [
            [15.999_999_999_998_93, -119.999_999_999_987_34, 239.999_999_999_968_88, -139.999_999_999_979_5],
            [
                -119.999_999_999_987_34,
                1_199.999_999_999_851_3,
                -2_699.999_999_999_636,
                1_679.999_999_999_761_3,
            ],
        ];
        for (column, exact) in inverse(&a).iter().zip(exact) {
            for (entry, exact) in column.iter().zip(exact) {
                assert!((entry / exact - 1.0).abs() <= 4.0 * f64::EPSILON, "{entry:?} for {exact:?}");
            }
        }
    }

    #[test]
    fn matching_accepts_scaled_permutations_only() {
        let first = [[1.0, 0.0, 0.0], [1.0, 2.0, 0.0], [0.0, 1.0, 1.0]];
        let second = [[0.0, -3.0, -3.0], [0.5, 0.0, 0.0], [7.0, 14.0, 0.0]];
        assert_eq!(matching(&first, &inverse(&first), &second, 1e-9), Some([1, 2, 0]));
        let twice = [second[0], second[1], second[1]];
        assert_eq!(matching(&first, &inverse(&first), &twice, 1e-9), None);
        let mixed = [second[0], second[1], [7.0, 14.0, 1e-3]];
        assert_eq!(matching(&first, &inverse(&first), &mixed, 1e-9), None);
    }
}
