//! Between lanes and matrices, for a known basis.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use crate::dense::Square;
use crate::{Arithmetic, Ciphertext};

/// `V diag(lanes) V^-1 = l_N I + sum_k (l_k - l_N) v_k w_k^T`, where `v_k` are the columns of `V` and `w_k^T` the
/// rows of `V^-1`. Equal lanes give exactly `l I` in this form, and one rank-one term is saved.
#[inline(always)]
pub(crate) fn compose<R: Arithmetic, const N: usize>(
    lanes: &[R; N],
    columns: &Square<R::Real, N>,
    inverse: &Square<R::Real, N>,
) -> Ciphertext<R, N> {
    let base = lanes[N - 1];
    let mut c = Ciphertext::<R, N>::zero(base.context());
    let out = c.columns_mut();
    for k in 0..N - 1 {
        let difference = lanes[k] - base;
        for j in 0..N {
            for i in 0..N {
                out[j][i] = out[j][i].mul_acc_scalar(columns[k][i] * inverse[j][k], difference);
            }
        }
    }
    c.add_each(base)
}

/// The diagonal of `V^-1 C V`. The mean lane is taken off first: rounding then acts on the spread of the lanes only.
#[inline(always)]
pub(crate) fn decompose<R: Arithmetic, const N: usize>(
    c: &Ciphertext<R, N>,
    columns: &Square<R::Real, N>,
    inverse: &Square<R::Real, N>,
) -> [R; N] {
    let mean = mean_lane(c);
    let centred = c.add_each(-mean);
    let entries = centred.columns();
    let mut lanes = [mean; N];
    for k in 0..N {
        for i in 0..N {
            let mut image = entries[0][i].scale(columns[k][0]);
            for j in 1..N {
                image = image.mul_acc_scalar(columns[k][j], entries[j][i]);
            }
            lanes[k] = lanes[k].mul_acc_scalar(inverse[i][k], image);
        }
    }
    lanes
}

/// The trace over `N`, each term divided first so that the sum cannot overflow.
#[inline(always)]
pub(crate) fn mean_lane<R: Arithmetic, const N: usize>(c: &Ciphertext<R, N>) -> R {
    let share = <R::Real as crate::Real>::ONE / <R::Real as crate::Real>::from_f64(N as f64);
    let mut mean = c.columns()[0][0].scale(share);
    for i in 1..N {
        mean = mean.mul_acc_scalar(share, c.columns()[i][i]);
    }
    mean
}

/// The largest off-diagonal entry of `V^-1 C V` over the largest entry of `C`: how far `C` is from the algebra that
/// `V` diagonalises. Zero for a zero matrix.
pub(crate) fn residual<T: crate::Real, const N: usize>(
    c: &Ciphertext<T, N>,
    columns: &Square<T, N>,
    inverse: &Square<T, N>,
) -> T {
    let mut largest = T::ZERO;
    for entry in c.columns().as_flattened() {
        largest = largest.maximum(T::abs(*entry));
    }
    if largest == T::ZERO {
        return T::ZERO;
    }
    let scaled = c.scale(T::HALF / largest).scale(T::TWO);
    let centred = scaled.add_each(-mean_lane(&scaled));
    let image = (Ciphertext::from_columns(*inverse) * centred) * Ciphertext::from_columns(*columns);
    let mut off = T::ZERO;
    for j in 0..N {
        for i in 0..N {
            if i != j {
                off = off.maximum(T::abs(image.columns()[j][i]));
            }
        }
    }
    off
}
