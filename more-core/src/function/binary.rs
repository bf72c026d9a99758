//! Maximum and minimum of two encoded numbers. In matrix form no key is needed: they are made of a unary function of
//! the difference, `max(A, B) = (A + B + |A - B|)/2`.

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
    /// As [`maximum`](Self::maximum).
    ///
    /// # Errors
    ///
    /// As [`try_abs`](Self::try_abs) of the difference; [`Error::NonFinite`] if the result is not finite.
    pub fn try_maximum(self, other: Self) -> Result<Self, Error> {
        let magnitude = (self - other).try_abs()?;
        finite((self + other).scale(T::HALF) + magnitude.scale(T::HALF))
    }

    /// As [`minimum`](Self::minimum).
    ///
    /// # Errors
    ///
    /// As [`try_abs`](Self::try_abs) of the difference; [`Error::NonFinite`] if the result is not finite.
    pub fn try_minimum(self, other: Self) -> Result<Self, Error> {
        let magnitude = (self - other).try_abs()?;
        finite((self + other).scale(T::HALF) - magnitude.scale(T::HALF))
    }
}

fn finite<T: Real, const N: usize>(c: Ciphertext<T, N>) -> Result<Ciphertext<T, N>, Error> {
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
