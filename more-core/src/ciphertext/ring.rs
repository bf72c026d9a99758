//! Ring operations in matrix form. Index loops over arrays: they are inlined into a pack's instruction set context,
//! where `nalgebra`'s own arithmetic would be calls.

#![allow(clippy::needless_range_loop, reason = "two arrays are walked with one index")]

use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::Ciphertext;
use crate::Arithmetic;

impl<R: Arithmetic, const N: usize> Ciphertext<R, N> {
    /// `f` on every entry.
    #[inline(always)]
    fn map(mut self, f: impl Fn(R) -> R) -> Self {
        let entries = self.columns_mut();
        for j in 0..N {
            for i in 0..N {
                entries[j][i] = f(entries[j][i]);
            }
        }
        self
    }

    /// `f` on every pair of entries.
    #[inline(always)]
    fn zip(mut self, other: &Self, f: impl Fn(R, R) -> R) -> Self {
        let entries = self.columns_mut();
        for j in 0..N {
            for i in 0..N {
                entries[j][i] = f(entries[j][i], other.columns()[j][i]);
            }
        }
        self
    }

    /// `self * factor` for a plain number.
    #[inline(always)]
    #[must_use]
    pub fn scale(self, factor: R::Real) -> Self {
        self.map(|entry| entry.scale(factor))
    }

    /// `self * factor`, where each sample of a pack has its own plain factor.
    #[inline(always)]
    #[must_use]
    pub fn scale_by(self, factor: R) -> Self {
        self.map(|entry| entry * factor)
    }

    /// `self + s I` for a plain number `s`.
    #[inline(always)]
    #[must_use]
    pub fn add_scalar(self, s: R::Real) -> Self {
        let s = self.columns()[0][0].constant(s);
        self.add_each(s)
    }

    /// `self - s I` for a plain number `s`.
    #[inline(always)]
    #[must_use]
    pub fn sub_scalar(self, s: R::Real) -> Self {
        self.add_scalar(-s)
    }

    /// `self + s I`, where each sample of a pack has its own plain number.
    #[inline(always)]
    #[must_use]
    pub fn add_each(mut self, s: R) -> Self {
        for i in 0..N {
            let entry = &mut self.columns_mut()[i][i];
            *entry = *entry + s;
        }
        self
    }

    /// `self + a b`.
    #[inline(always)]
    #[must_use]
    pub fn mul_acc(mut self, a: Self, b: Self) -> Self {
        let (a, b) = (a.columns(), b.columns());
        let out = self.columns_mut();
        for j in 0..N {
            for k in 0..N {
                for i in 0..N {
                    out[j][i] = out[j][i].mul_acc(a[k][i], b[j][k]);
                }
            }
        }
        self
    }

    /// `self + s x` for a plain number `s`.
    #[inline(always)]
    #[must_use]
    pub fn mul_acc_scalar(self, s: R::Real, x: Self) -> Self {
        self.zip(&x, |sum, entry| sum.mul_acc_scalar(s, entry))
    }
}

impl<R: Arithmetic, const N: usize> Add for Ciphertext<R, N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(&other, |a, b| a + b)
    }
}

impl<R: Arithmetic, const N: usize> Sub for Ciphertext<R, N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(&other, |a, b| a - b)
    }
}

impl<R: Arithmetic, const N: usize> Mul for Ciphertext<R, N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (a, b) = (self.columns(), other.columns());
        let mut product = self;
        let out = product.columns_mut();
        for j in 0..N {
            for i in 0..N {
                let mut sum = a[0][i] * b[j][0];
                for k in 1..N {
                    sum = sum.mul_acc(a[k][i], b[j][k]);
                }
                out[j][i] = sum;
            }
        }
        product
    }
}

impl<R: Arithmetic, const N: usize> Neg for Ciphertext<R, N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|entry| -entry)
    }
}

impl<R: Arithmetic, const N: usize> AddAssign for Ciphertext<R, N> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<R: Arithmetic, const N: usize> SubAssign for Ciphertext<R, N> {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<R: Arithmetic, const N: usize> MulAssign for Ciphertext<R, N> {
    #[inline(always)]
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}
