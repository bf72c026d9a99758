//! What the two forms do differently.

use core::ops::{Add, Mul, Sub};

use super::super::binary::finite;
use crate::{Ciphertext, Error, Real, Spectrum};

/// An element of which slices are taken. In spectral form nothing fails: a lane that is NaN or infinite may be a mask, and
/// stays in its lane.
pub(super) trait Form<T: Real>:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self>
{
    /// The plain number `s` in every lane.
    fn constant(s: T) -> Self;
    /// The lesser and the greater; of a number and NaN, in this order.
    fn ordered(self, other: Self) -> Result<(Self, Self), Error>;
    /// 1 where `self > other`, 0 elsewhere; NaN where either is.
    fn greater(self, other: Self) -> Result<Self, Error>;
    /// Zero in the lanes that are not finite.
    fn where_finite(self) -> Self;
    /// `exp(self - other)`.
    fn exp_of_difference(self, other: Self) -> Result<Self, Error>;
    /// The natural logarithm of what is not negative.
    fn logarithm(self) -> Result<Self, Error>;
    /// `1 / self`.
    fn reciprocal(self) -> Result<Self, Error>;
    /// An error in place of what only this form must not hold.
    fn checked(self) -> Result<Self, Error>;
}

impl<T: Real, const N: usize> Form<T> for Ciphertext<T, N> {
    fn constant(s: T) -> Self {
        Self::scalar((), s)
    }

    fn ordered(self, other: Self) -> Result<(Self, Self), Error> {
        self.ordered(other)
    }

    fn greater(self, other: Self) -> Result<Self, Error> {
        self.try_greater_than(other)
    }

    fn where_finite(self) -> Self {
        self
    }

    fn exp_of_difference(self, other: Self) -> Result<Self, Error> {
        // The slope at equal lanes is the value.
        self.of_difference(other, |x, _| T::exp(x), |_, y, _| y)
    }

    fn logarithm(self) -> Result<Self, Error> {
        self.try_ln()
    }

    fn reciprocal(self) -> Result<Self, Error> {
        self.try_recip()
    }

    fn checked(self) -> Result<Self, Error> {
        finite(self)
    }
}

impl<T: Real, const N: usize> Form<T> for Spectrum<T, N> {
    fn constant(s: T) -> Self {
        Self::scalar((), s)
    }

    fn ordered(self, other: Self) -> Result<(Self, Self), Error> {
        // A lane keeps its place unless it must move, so that zeros of both signs are kept.
        let moves = |a: T, b: T| a > b || (T::is_nan(a) && !T::is_nan(b));
        Ok((
            self.zip(other, |a, b| if moves(a, b) { b } else { a }),
            self.zip(other, |a, b| if moves(a, b) { a } else { b }),
        ))
    }

    fn greater(self, other: Self) -> Result<Self, Error> {
        Ok(self.greater_than(other))
    }

    fn where_finite(self) -> Self {
        self.map(|lane| if T::is_finite(lane) { lane } else { T::ZERO })
    }

    fn exp_of_difference(self, other: Self) -> Result<Self, Error> {
        Ok((self - other).map(T::exp))
    }

    fn logarithm(self) -> Result<Self, Error> {
        Ok(self.map(T::ln))
    }

    fn reciprocal(self) -> Result<Self, Error> {
        Ok(self.recip_unchecked())
    }

    fn checked(self) -> Result<Self, Error> {
        Ok(self)
    }
}
