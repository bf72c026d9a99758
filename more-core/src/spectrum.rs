//! The spectral form: [`Spectrum`].

#![allow(clippy::needless_range_loop, reason = "two arrays are walked with one index")]

use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::{Arithmetic, Error, Real};

/// An encoded number in spectral form: the `N` eigenvalues of its [`Ciphertext`](crate::Ciphertext), in the order of
/// one [`EvaluationKey`](crate::EvaluationKey). One lane is the message, the others are masks.
///
/// Every operation acts lane by lane, at `N` times the cost of plain numbers and with their rounding errors. Nothing
/// mixes lanes: neither an overflow nor a NaN of a mask reaches the message.
///
/// In memory it is its lanes and nothing else.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(transparent)]
pub struct Spectrum<R: Arithmetic, const N: usize> {
    lanes: [R; N],
}

impl<R: Arithmetic, const N: usize> Spectrum<R, N> {
    /// The element with the given lanes.
    #[inline(always)]
    #[must_use]
    pub const fn from_lanes(lanes: [R; N]) -> Self {
        Self { lanes }
    }

    /// The lanes, in the order of the evaluation key.
    #[inline(always)]
    #[must_use]
    pub const fn lanes(&self) -> &[R; N] {
        &self.lanes
    }

    /// The lanes, to be changed in place.
    #[inline(always)]
    pub const fn lanes_mut(&mut self) -> &mut [R; N] {
        &mut self.lanes
    }

    /// Zero in every lane.
    #[inline(always)]
    #[must_use]
    pub fn zero(context: R::Context) -> Self {
        Self::scalar(context, <R::Real>::ZERO)
    }

    /// The plain number `s` in every lane.
    #[inline(always)]
    #[must_use]
    pub fn scalar(context: R::Context, s: R::Real) -> Self {
        Self { lanes: [R::splat(context, s); N] }
    }

    /// The context of the lanes.
    #[inline(always)]
    #[must_use]
    pub fn context(&self) -> R::Context {
        self.lanes[0].context()
    }

    /// `f` on every lane.
    #[inline(always)]
    #[must_use]
    pub fn map(mut self, f: impl Fn(R) -> R) -> Self {
        for i in 0..N {
            self.lanes[i] = f(self.lanes[i]);
        }
        self
    }

    /// `f` on every pair of lanes.
    #[inline(always)]
    #[must_use]
    pub fn zip(mut self, other: Self, f: impl Fn(R, R) -> R) -> Self {
        for i in 0..N {
            self.lanes[i] = f(self.lanes[i], other.lanes[i]);
        }
        self
    }

    /// `self * factor` for a plain number.
    #[inline(always)]
    #[must_use]
    pub fn scale(self, factor: R::Real) -> Self {
        self.map(|lane| lane.scale(factor))
    }

    /// `self * factor`, where each sample of a pack has its own plain factor.
    #[inline(always)]
    #[must_use]
    pub fn scale_by(self, factor: R) -> Self {
        self.map(|lane| lane * factor)
    }

    /// `self + s` for a plain number `s`.
    #[inline(always)]
    #[must_use]
    pub fn add_scalar(self, s: R::Real) -> Self {
        let s = self.lanes[0].constant(s);
        self.add_each(s)
    }

    /// `self - s` for a plain number `s`.
    #[inline(always)]
    #[must_use]
    pub fn sub_scalar(self, s: R::Real) -> Self {
        self.add_scalar(-s)
    }

    /// `self + s`, where each sample of a pack has its own plain number.
    #[inline(always)]
    #[must_use]
    pub fn add_each(self, s: R) -> Self {
        self.map(|lane| lane + s)
    }

    /// `self + a b`.
    #[inline(always)]
    #[must_use]
    pub fn mul_acc(mut self, a: Self, b: Self) -> Self {
        for i in 0..N {
            self.lanes[i] = self.lanes[i].mul_acc(a.lanes[i], b.lanes[i]);
        }
        self
    }

    /// `self + s x` for a plain number `s`.
    #[inline(always)]
    #[must_use]
    pub fn mul_acc_scalar(mut self, s: R::Real, x: Self) -> Self {
        for i in 0..N {
            self.lanes[i] = self.lanes[i].mul_acc_scalar(s, x.lanes[i]);
        }
        self
    }

    /// `1 / x` in every lane, without checks.
    #[inline(always)]
    #[must_use]
    pub fn recip_unchecked(self) -> Self {
        self.map(|lane| lane.constant(<R::Real>::ONE) / lane)
    }
}

impl<R: Arithmetic, const N: usize> Add for Spectrum<R, N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl<R: Arithmetic, const N: usize> Sub for Spectrum<R, N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl<R: Arithmetic, const N: usize> Mul for Spectrum<R, N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl<R: Arithmetic, const N: usize> Neg for Spectrum<R, N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|lane| -lane)
    }
}

impl<R: Arithmetic, const N: usize> AddAssign for Spectrum<R, N> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<R: Arithmetic, const N: usize> SubAssign for Spectrum<R, N> {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<R: Arithmetic, const N: usize> MulAssign for Spectrum<R, N> {
    #[inline(always)]
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl<T: Real, const N: usize> Spectrum<T, N> {
    /// Whether every lane is finite. Kernels do not ask: a mask that overflowed is no fault of the message.
    #[inline]
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.lanes.iter().all(|lane| T::is_finite(*lane))
    }

    /// `1 / x` in every lane. Where a lane is so small that this overflows, the infinity passes: it may be a mask's, and
    /// the decryption tells whether it is the message's.
    ///
    /// # Errors
    ///
    /// [`Error::Singular`] if a lane is exactly zero, outside the domain; it does not say which.
    pub fn try_recip(self) -> Result<Self, Error> {
        if self.lanes.contains(&T::ZERO) {
            return Err(Error::Singular);
        }
        Ok(self.recip_unchecked())
    }

    /// `self / divisor` in every lane. What overflows passes, as in [`try_recip`](Self::try_recip).
    ///
    /// # Errors
    ///
    /// [`Error::Singular`] if a lane of the divisor is exactly zero; it does not say which.
    pub fn try_div(self, divisor: Self) -> Result<Self, Error> {
        if divisor.lanes.contains(&T::ZERO) {
            return Err(Error::Singular);
        }
        Ok(self.zip(divisor, |a, b| a / b))
    }
}
