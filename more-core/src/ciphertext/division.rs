//! Reciprocal and quotient in matrix form.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use super::Ciphertext;
use crate::{Arithmetic, Error, Real};

impl<R: Arithmetic, const N: usize> Ciphertext<R, N> {
    /// `C^-1`, without checks: entries that are not finite where a lane is zero or not finite.
    ///
    /// For `N = 2` the adjugate over the determinant, for larger `N` Gauss-Jordan elimination with partial
    /// pivoting; both scaled by the largest entry, so that only the result can overflow, and free of branches on
    /// values.
    #[inline(always)]
    #[must_use]
    pub fn recip_unchecked(self) -> Self {
        let zero = self.columns()[0][0].constant(<R::Real>::ZERO);
        let tiny = zero.constant(<R::Real>::MIN_POSITIVE);
        let mut largest = tiny;
        for j in 0..N {
            for i in 0..N {
                largest = largest.maximum(self.columns()[j][i].magnitude());
            }
        }
        let unit = zero.constant(<R::Real>::ONE) / largest;
        let scaled = self.scale_by(unit);
        let inverse = if N == 2 { adjugate_over_determinant(scaled) } else { gauss_jordan(scaled) };
        inverse.scale_by(unit)
    }
}

/// `x`, or NaN where it is zero, so that a division by it is never an infinity that a later quotient hides.
#[inline(always)]
fn nan_at_zero<R: Arithmetic>(x: R) -> R {
    let zero = x.constant(<R::Real>::ZERO);
    R::select_less(zero, x.magnitude(), x, x.constant(<R::Real>::NAN))
}

#[inline(always)]
fn adjugate_over_determinant<R: Arithmetic, const N: usize>(c: Ciphertext<R, N>) -> Ciphertext<R, N> {
    let a = c.columns();
    let determinant = nan_at_zero(a[0][0] * a[1][1] - a[1][0] * a[0][1]);
    let mut adjugate = c;
    let out = adjugate.columns_mut();
    out[0][0] = a[1][1] / determinant;
    out[1][1] = a[0][0] / determinant;
    out[0][1] = -(a[0][1] / determinant);
    out[1][0] = -(a[1][0] / determinant);
    adjugate
}

#[inline(always)]
fn gauss_jordan<R: Arithmetic, const N: usize>(c: Ciphertext<R, N>) -> Ciphertext<R, N> {
    // Rows of C and, beside them, of what becomes the inverse: elimination works on the transpose of the columns,
    // and the inverse of the transpose is the transpose of the inverse.
    let mut left = *c.columns();
    let mut right = *Ciphertext::<R, N>::scalar(c.context(), <R::Real>::ONE).columns();
    for k in 0..N {
        for i in k + 1..N {
            // The larger pivot moves up.
            let (upper, lower) = (left[k][k].magnitude(), left[i][k].magnitude());
            for j in 0..N {
                let (a, b) = (left[k][j], left[i][j]);
                left[k][j] = R::select_less(upper, lower, b, a);
                left[i][j] = R::select_less(upper, lower, a, b);
                let (a, b) = (right[k][j], right[i][j]);
                right[k][j] = R::select_less(upper, lower, b, a);
                right[i][j] = R::select_less(upper, lower, a, b);
            }
        }
        let pivot = nan_at_zero(left[k][k]);
        for j in 0..N {
            left[k][j] = left[k][j] / pivot;
            right[k][j] = right[k][j] / pivot;
        }
        for i in 0..N {
            if i != k {
                let factor = -left[i][k];
                for j in 0..N {
                    left[i][j] = left[i][j].mul_acc(factor, left[k][j]);
                    right[i][j] = right[i][j].mul_acc(factor, right[k][j]);
                }
            }
        }
    }
    Ciphertext::from_columns(right)
}

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// `C^-1`: the reciprocal of every lane.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if an entry is not finite or the result overflows, [`Error::Singular`] if a lane is zero
    /// to rounding: the 1-norm condition number `|C| |C^-1|` exceeds `1 / (4 N eps)`. Neither names a lane.
    pub fn try_recip(self) -> Result<Self, Error> {
        if !self.is_finite() {
            return Err(Error::NonFinite);
        }
        let inverse = self.recip_unchecked();
        if inverse.columns().as_flattened().iter().any(|entry| T::is_nan(*entry)) {
            return Err(Error::Singular);
        }
        // Norms in f64, where the product of two f32 norms cannot overflow; in f64 an infinity is singular too.
        if one_norm(&self) * one_norm(&inverse) >= condition_limit::<T, N>() {
            return Err(Error::Singular);
        }
        if inverse.is_finite() { Ok(inverse) } else { Err(Error::NonFinite) }
    }

    /// `self / divisor`.
    ///
    /// # Errors
    ///
    /// As [`try_recip`](Self::try_recip) of the divisor; [`Error::NonFinite`] if the result is not finite.
    pub fn try_div(self, divisor: Self) -> Result<Self, Error> {
        let quotient = self * divisor.try_recip()?;
        if quotient.is_finite() { Ok(quotient) } else { Err(Error::NonFinite) }
    }
}

/// The 1-norm condition number, `1 / (4 N eps)`, from which on a lane counts as zero.
pub(crate) fn condition_limit<T: Real, const N: usize>() -> f64 {
    1.0 / (4.0 * N as f64 * T::to_f64(T::EPSILON))
}

/// The largest column sum of magnitudes.
pub(crate) fn one_norm<T: Real, const N: usize>(c: &Ciphertext<T, N>) -> f64 {
    let mut norm = 0.0;
    for column in c.columns() {
        let sum: f64 = column.iter().map(|entry| T::to_f64(T::abs(*entry))).sum();
        norm = Arithmetic::maximum(norm, sum);
    }
    norm
}
