//! Any function in spectral form: lane by lane.

use crate::{Arithmetic, Error, Real, Spectrum};

impl<R: Arithmetic, const N: usize> Spectrum<R, N> {
    /// `f` of every lane, without checks. The derivative is not needed in this form; the argument is there so that
    /// a kernel can be written once for both.
    #[inline(always)]
    #[must_use]
    pub fn apply_unchecked(self, f: impl Fn(R) -> R, _derivative: impl Fn(R) -> R) -> Self {
        self.map(f)
    }

    /// As [`apply_unchecked`](Self::apply_unchecked), with the arguments of the matrix form.
    #[inline(always)]
    #[must_use]
    pub fn apply_with_slope_unchecked(self, f: impl Fn(R) -> R, _slope: impl Fn(R, R) -> R) -> Self {
        self.map(f)
    }
}

impl<T: Real, const N: usize> Spectrum<T, N> {
    /// `f` of every lane.
    ///
    /// # Errors
    ///
    /// [`Error::Domain`] if `f` answers a number with NaN; it does not say in which lane. A lane that was NaN stays
    /// so without an error: it may be a mask.
    pub fn try_apply(self, f: impl Fn(T) -> T) -> Result<Self, Error> {
        self.evaluate(f)
    }

    /// As [`try_apply`](Self::try_apply), with the arguments of the matrix form.
    ///
    /// # Errors
    ///
    /// As [`try_apply`](Self::try_apply).
    pub fn try_apply_with_derivative(
        self,
        f: impl Fn(T) -> T,
        _derivative: impl Fn(T) -> T,
    ) -> Result<Self, Error> {
        self.evaluate(f)
    }

    pub(super) fn evaluate(self, f: impl Fn(T) -> T) -> Result<Self, Error> {
        let result = self.map(f);
        let strayed = self.lanes().iter().zip(result.lanes()).any(|(x, y)| T::is_nan(*y) && !T::is_nan(*x));
        if strayed { Err(Error::Domain) } else { Ok(result) }
    }
}
