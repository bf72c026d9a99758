//! Products and inverses whose rounding error is that of the result, not that of the terms.
//!
//! Two factors with lanes of size 1 have entries of size `kappa`, so the terms of their product are of size `kappa^2` and
//! plain rounding leaves `kappa^2 eps`, although the product is no larger than `kappa`. Summed in twice the working
//! precision the product is off by `kappa eps`, one power of `kappa` less. Error-free transformations do that in the
//! working precision itself: T. Ogita, S. M. Rump, S. Oishi, "Accurate Sum and Dot Product", SIAM J. Sci. Comput. 26,
//! 2005, algorithm 5.3 (`Dot2`), with the product split after Veltkamp and Dekker.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use crate::ciphertext::division::one_norm;
use crate::dense::Square;
use crate::{Ciphertext, Real, Scalar};

use super::identity;

/// `x` as a sum of two numbers of half its digits. Overflows for `x` within a factor `2^13` (`f32`) or `2^28` (`f64`) of
/// the greatest number.
#[inline(always)]
fn split<T: Real>(x: T) -> (T, T) {
    let factor = T::from_f64(match T::SCALAR {
        Scalar::F32 => 4_097.0,
        Scalar::F64 => 134_217_729.0,
    });
    let scaled = factor * x;
    let high = scaled - (scaled - x);
    (high, x - high)
}

fn split_all<T: Real, const N: usize>(a: &Ciphertext<T, N>) -> (Square<T, N>, Square<T, N>) {
    let (mut high, mut low) = (*a.columns(), *a.columns());
    for j in 0..N {
        for i in 0..N {
            (high[j][i], low[j][i]) = split(a.columns()[j][i]);
        }
    }
    (high, low)
}

/// `start + a b`, every entry as if summed in twice the working precision and rounded at the end.
pub(super) fn accumulate<T: Real, const N: usize>(
    start: &Ciphertext<T, N>,
    a: &Ciphertext<T, N>,
    b: &Ciphertext<T, N>,
) -> Ciphertext<T, N> {
    let (a_high, a_low) = split_all(a);
    let (b_high, b_low) = split_all(b);
    let (a, b) = (a.columns(), b.columns());
    let mut result = *start;
    let out = result.columns_mut();
    for j in 0..N {
        for i in 0..N {
            let (mut sum, mut error) = (out[j][i], T::ZERO);
            for k in 0..N {
                // term + product_error = a b and next + sum_error = sum + term, exactly.
                let term = a[k][i] * b[j][k];
                let (xh, xl, yh, yl) = (a_high[k][i], a_low[k][i], b_high[j][k], b_low[j][k]);
                let product_error = ((xh * yh - term) + xh * yl + xl * yh) + xl * yl;
                let next = sum + term;
                let virtual_term = next - sum;
                let sum_error = (sum - (next - virtual_term)) + (term - virtual_term);
                sum = next;
                error = error + (product_error + sum_error);
            }
            out[j][i] = sum + error;
        }
    }
    result
}

/// `a b`.
pub(super) fn product<T: Real, const N: usize>(
    a: &Ciphertext<T, N>,
    b: &Ciphertext<T, N>,
) -> Ciphertext<T, N> {
    accumulate(&Ciphertext::zero(()), a, b)
}

/// `a^-1` by elimination and one Newton step `X + X (I - A X)` (Higham, "Accuracy and Stability of Numerical Algorithms",
/// section 14.3.2), which squares the error of `A X = I`. Not finite where there is no inverse.
pub(super) fn inverse<T: Real, const N: usize>(a: &Ciphertext<T, N>) -> Ciphertext<T, N> {
    let first = a.recip_unchecked();
    let residual = accumulate(&identity(), &-*a, &first);
    // Beyond, the matrix is singular to rounding and the step would not converge.
    if one_norm(&residual) < 0.5 { accumulate(&first, &first, &residual) } else { first }
}

#[cfg(test)]
mod tests {
    use super::{accumulate, inverse, product};
    use crate::{Ciphertext, Real};

    fn check<T: Real>() {
        let eps = T::EPSILON;
        let c = |columns| Ciphertext::<T, 2>::from_columns(columns);
        // (1 + eps)(1 - eps) - 1 = -eps^2, far below the rounding of a plain product.
        let a = c([[T::ONE + eps, T::ZERO], [T::ZERO, T::ONE - eps]]);
        let b = c([[T::ONE - eps, T::ZERO], [T::ZERO, T::ONE + eps]]);
        let minus_one = Ciphertext::scalar((), -T::ONE);
        assert_eq!(accumulate(&minus_one, &a, &b), Ciphertext::scalar((), -eps * eps));
        assert_eq!(minus_one.mul_acc(a, b), Ciphertext::zero(()));
        // Terms that cancel: 1/eps^2 + 3 - 1/eps^2, in three columns.
        let large = T::ONE / (eps * eps);
        let row = Ciphertext::<T, 3>::from_columns([[large, T::ZERO, T::ZERO], [T::ONE; 3], [-large; 3]]);
        let column =
            Ciphertext::from_columns([[T::ONE, T::from_f64(3.0), T::ONE], [T::ZERO; 3], [T::ZERO; 3]]);
        assert_eq!(product(&row, &column).columns()[0][0], T::from_f64(3.0));
        // Condition number 441; the inverse has integers for entries.
        let a = c([[T::from_f64(10.0), T::from_f64(9.0)], [T::from_f64(11.0), T::from_f64(10.0)]]);
        let exact = c([[T::from_f64(10.0), T::from_f64(-9.0)], [T::from_f64(-11.0), T::from_f64(10.0)]]);
        assert_ne!(a.recip_unchecked(), exact);
        assert_eq!(inverse(&a), exact);
    }

    #[test]
    fn twice_the_working_precision() {
        check::<f32>();
        check::<f64>();
    }
}
