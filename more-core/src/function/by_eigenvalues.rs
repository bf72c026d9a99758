//! Any function, by the eigenvalues.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use super::two_lanes::{Pair, imaginary_limit};
use crate::eigen::{self, Diagonalised};
use crate::{Arithmetic, Ciphertext, Error, Real};

impl<R: Arithmetic, const N: usize> Ciphertext<R, N> {
    /// `f(C)` without checks and without branches on values, for kernels: `derivative` is `f'`, used where lanes are
    /// equal to rounding. Any bounded function in its place is right to rounding too.
    ///
    /// Entries that are not finite, or a matrix without real eigenvalues, give NaN, never a number. Kernels compute with
    /// values of size 1, whose differences can be nothing but rounding errors, which need not have real eigenvalues:
    /// what is imaginary counts beside 1 where all entries are smaller.
    #[inline(always)]
    #[must_use]
    pub fn apply_unchecked(self, f: impl Fn(R) -> R, derivative: impl Fn(R) -> R) -> Self {
        self.apply_with_slope_unchecked(
            f,
            #[inline(always)]
            |x, _| derivative(x),
        )
    }

    /// As [`apply_unchecked`](Self::apply_unchecked) with the derivative as a function of `x` and `f(x)`, for those
    /// that are cheaper so: `f (1 - f)` for the sigmoid.
    #[inline(always)]
    #[must_use]
    pub fn apply_with_slope_unchecked(self, f: impl Fn(R) -> R, slope: impl Fn(R, R) -> R) -> Self {
        if N == 2 {
            let pair = Pair::of(&self, <R::Real>::ONE);
            let [first, second] = pair.eigenvalues();
            return pair.rebuild(
                [f(first), f(second)],
                #[inline(always)]
                |x, y, _| slope(x, y),
            );
        }
        let (scaled, largest) = eigen::scaled(self);
        let found = eigen::diagonalise(&scaled);
        let one = largest.constant(<R::Real>::ONE);
        let limit = (largest + one).scale(imaginary_limit::<R::Real>());
        let residual = found.residual * largest;
        let nan = largest.constant(<R::Real>::NAN);
        let mut values = found.values;
        for k in 0..N {
            values[k] = f(R::select_less(limit, residual, nan, values[k] * largest));
        }
        rebuild(&found, &values)
    }
}

/// `T diag(values) T^-1`, in the form that gives equal values exactly.
#[inline(always)]
fn rebuild<R: Arithmetic, const N: usize>(found: &Diagonalised<R, N>, values: &[R; N]) -> Ciphertext<R, N> {
    let base = values[N - 1];
    let mut c = Ciphertext::<R, N>::zero(base.context());
    let out = c.columns_mut();
    for k in 0..N - 1 {
        let difference = values[k] - base;
        for j in 0..N {
            let factor = difference * found.rows[k][j];
            for i in 0..N {
                out[j][i] = out[j][i].mul_acc(found.columns[k][i], factor);
            }
        }
    }
    c.add_each(base)
}

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// `f(C)` for any function: `f` of every lane.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if an entry or a value of `f` is infinite, or an entry is NaN; [`Error::Domain`] if `f`
    /// answers with NaN; [`Error::NoConvergence`] if the matrix has no real eigenvalues, hence is no ciphertext.
    pub fn try_apply(self, f: impl Fn(T) -> T) -> Result<Self, Error> {
        self.evaluate(|x, _| f(x), |_, _, quotient| quotient)
    }

    /// As [`try_apply`](Self::try_apply), with the derivative of `f`, which `N = 2` uses where the lanes are equal to
    /// rounding. What it adds is no larger than rounding errors unless the derivative is large.
    ///
    /// # Errors
    ///
    /// As [`try_apply`](Self::try_apply).
    pub fn try_apply_with_derivative(
        self,
        f: impl Fn(T) -> T,
        derivative: impl Fn(T) -> T,
    ) -> Result<Self, Error> {
        self.evaluate(|x, _| f(x), |x, _, _| derivative(x))
    }

    /// `f` gets a lane and the largest entry; `slope` what [`Pair::rebuild`] hands it.
    pub(super) fn evaluate(self, f: impl Fn(T, T) -> T, slope: impl Fn(T, T, T) -> T) -> Result<Self, Error> {
        self.evaluate_beside(T::ZERO, f, slope)
    }

    /// As [`evaluate`](Self::evaluate) for a difference of terms with entries up to `size`. It can be nothing but their
    /// rounding errors, which need not have real eigenvalues, nor independent eigenvectors: gaps are judged beside
    /// `size`, not beside the largest entry, which `f` gets only where it is greater.
    pub(super) fn evaluate_beside(
        self,
        size: T,
        f: impl Fn(T, T) -> T,
        slope: impl Fn(T, T, T) -> T,
    ) -> Result<Self, Error> {
        if !self.is_finite() {
            return Err(Error::NonFinite);
        }
        let value = |x: T, largest: T| {
            let y = f(x, largest);
            if T::is_nan(y) {
                Err(Error::Domain)
            } else if T::is_finite(y) {
                Ok(y)
            } else {
                Err(Error::NonFinite)
            }
        };
        let result = if N == 2 {
            let pair = Pair::of(&self, size).beside(size);
            let [first, second] = pair.eigenvalues();
            if T::is_nan(first) {
                return Err(Error::NoConvergence);
            }
            let largest = pair.largest();
            pair.rebuild([value(first, largest)?, value(second, largest)?], slope)
        } else {
            let (scaled, largest) = eigen::scaled_beside(self, size);
            let found = eigen::diagonalise(&scaled);
            // Also true where the iteration has ended in NaN.
            let converged = found.residual <= imaginary_limit::<T>();
            if !converged {
                return Err(Error::NoConvergence);
            }
            let mut values = found.values;
            for entry in &mut values {
                *entry = value(*entry * largest, largest)?;
            }
            rebuild(&found, &values)
        };
        if result.is_finite() { Ok(result) } else { Err(Error::NonFinite) }
    }
}
