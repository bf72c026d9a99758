//! The diagonal Pade approximant of the exponential, in its odd and even part.

use crate::{Ciphertext, Real, Scalar};

use super::rounded_once::product;

/// Degrees `m` and the magnitude up to which `[m/m]` is as good as the scalar: there `r(x) = e^(x + h)` with
/// `|h| <= (eps/2) |x|` (N. J. Higham, "The Scaling and Squaring Method for the Matrix Exponential Revisited", SIAM J. Matrix
/// Anal. Appl. 26, 2005, tables 2.3 and 2.1).
///
/// The higher degrees of these tables reach further, to 3.9 and 5.4, but would lose digits: the denominator's lanes are
/// about `e^(-x/2)`, the difference of two numbers near `cosh(x/2)` and `sinh(x/2)`, which multiplies rounding errors by
/// `(1 + e^x)/2`: 4.6 at 2.1, 110 at 5.4. Two squarings more double them twice.
fn degrees<T: Real>() -> &'static [(usize, f64)] {
    match T::SCALAR {
        Scalar::F32 => &[(3, 4.258_730_016_922_831e-1), (5, 1.880_152_677_804_762)],
        Scalar::F64 => &[
            (3, 1.495_585_217_958_292e-2),
            (5, 2.539_398_330_063_23e-1),
            (7, 9.504_178_996_162_932e-1),
            (9, 2.097_847_961_257_068),
        ],
    }
}

/// The degree for arguments up to `bound`, and how often these are to be halved first. `None` for a bound that is not
/// finite.
pub(super) fn degree_and_halvings<T: Real>(bound: f64) -> Option<(usize, i32)> {
    if !bound.is_finite() {
        return None;
    }
    let (mut reached, mut halvings) = (bound, 0);
    loop {
        for (degree, limit) in degrees::<T>() {
            if reached <= *limit {
                return Some((*degree, halvings));
            }
        }
        reached *= 0.5;
        halvings += 1;
    }
}

/// `U` and `V` of the approximant `(V + U) / (V - U)` of `e^A`: the odd and the even part of
/// `sum c_j A^j`, `c_j = (2m - j)! m! / ((2m)! (m - j)! j!)`. All coefficients are positive and so are the lanes of `A^2`:
/// nothing cancels in `V` and in `U = A (..)`.
pub(super) fn odd_and_even<T: Real, const N: usize>(
    a: &Ciphertext<T, N>,
    degree: usize,
) -> (Ciphertext<T, N>, Ciphertext<T, N>) {
    let square = product(a, a);
    // c_(j-1) / c_j = j (2m - j + 1) / (m - j + 1): Horner's scheme from the highest power, nested by these ratios.
    let ratio = |j: usize| {
        let (j, m) = (j as f64, degree as f64);
        T::from_f64((m - j + 1.0) / (j * (2.0 * m - j + 1.0)))
    };
    let (mut odd, mut even) = (Ciphertext::scalar((), T::ONE), Ciphertext::scalar((), T::ONE));
    // sum over powers of the square, 1 + (c_(j+1)/c_(j-1)) A^2 (1 + ..).
    let mut j = degree;
    while j >= 2 {
        let nested = if j % 2 == 1 { &mut odd } else { &mut even };
        *nested = product(nested, &square).scale(ratio(j) * ratio(j - 1)).add_scalar(T::ONE);
        j -= 1;
    }
    (product(a, &odd).scale(ratio(1)), even)
}
