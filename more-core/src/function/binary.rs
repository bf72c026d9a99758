//! Functions of two encoded numbers. In matrix form maximum, minimum and comparisons need no key: they are made of a
//! unary function of the difference, `max(A, B) = (A + B + |A - B|)/2`. All others need the lanes, hence an
//! [`EvaluationKey`](crate::EvaluationKey).

mod comparison;
#[cfg(feature = "libm")]
mod elementary;
mod lanewise;

use crate::{Arithmetic, Ciphertext, Error, Real, Spectrum};

impl<R: Arithmetic, const N: usize> Ciphertext<R, N> {
    /// The greater of the two, lane by lane; NaN where an entry is not finite.
    #[inline(always)]
    #[must_use]
    pub fn maximum(self, other: Self) -> Self {
        let half = <R::Real>::HALF;
        (self + other).scale(half) + (self - other).magnitude_unchecked().scale(half)
    }

    /// The lesser of the two, lane by lane; NaN where an entry is not finite.
    #[inline(always)]
    #[must_use]
    pub fn minimum(self, other: Self) -> Self {
        let half = <R::Real>::HALF;
        (self + other).scale(half) - (self - other).magnitude_unchecked().scale(half)
    }

    #[inline(always)]
    fn magnitude_unchecked(self) -> Self {
        self.apply_unchecked(R::magnitude, |x| {
            let (zero, one) = (x.constant(<R::Real>::ZERO), x.constant(<R::Real>::ONE));
            R::select_less(x, zero, -one, one)
        })
    }
}

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// The greater of the two, lane by lane: `(A + B + |A - B|)/2`, without any key.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for entries or a result that are not finite, [`Error::NoConvergence`] for a difference
    /// that is no ciphertext, of two keys for example.
    pub fn try_maximum(self, other: Self) -> Result<Self, Error> {
        let (mean, radius) = self.mean_and_radius(other)?;
        finite(mean + radius)
    }

    /// The lesser of the two, lane by lane: `(A + B - |A - B|)/2`, without any key.
    ///
    /// # Errors
    ///
    /// As [`try_maximum`](Self::try_maximum).
    pub fn try_minimum(self, other: Self) -> Result<Self, Error> {
        let (mean, radius) = self.mean_and_radius(other)?;
        finite(mean - radius)
    }

    /// The lesser and the greater of the two, at the cost of one: for slices.
    #[cfg(feature = "libm")]
    pub(super) fn ordered(self, other: Self) -> Result<(Self, Self), Error> {
        let (mean, radius) = self.mean_and_radius(other)?;
        Ok((finite(mean - radius)?, finite(mean + radius)?))
    }

    fn mean_and_radius(self, other: Self) -> Result<(Self, Self), Error> {
        let magnitude = self.of_difference(other, |x, _| T::abs(x), |x, _, _| T::copysign(T::ONE, x))?;
        Ok(((self + other).scale(T::HALF), magnitude.scale(T::HALF)))
    }

    /// A function of the difference, with the arguments of [`evaluate`](Self::evaluate).
    pub(super) fn of_difference(
        self,
        other: Self,
        f: impl Fn(T, T) -> T,
        slope: impl Fn(T, T, T) -> T,
    ) -> Result<Self, Error> {
        let entries = self.columns().as_flattened().iter().chain(other.columns().as_flattened());
        let size = entries.fold(T::ZERO, |largest, entry| largest.maximum(T::abs(*entry)));
        (self - other).evaluate_beside(size, f, slope)
    }
}

pub(super) fn finite<T: Real, const N: usize>(c: Ciphertext<T, N>) -> Result<Ciphertext<T, N>, Error> {
    if c.is_finite() { Ok(c) } else { Err(Error::NonFinite) }
}

impl<R: Arithmetic, const N: usize> Spectrum<R, N> {
    /// The greater of the two, lane by lane.
    #[inline(always)]
    #[must_use]
    pub fn maximum(self, other: Self) -> Self {
        self.zip(other, R::maximum)
    }

    /// The lesser of the two, lane by lane.
    #[inline(always)]
    #[must_use]
    pub fn minimum(self, other: Self) -> Self {
        self.zip(other, R::minimum)
    }
}
