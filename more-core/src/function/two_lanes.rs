//! `N = 2` in closed form. With `h` the mean of the diagonal, `d = (c_11 - c_22)/2` and
//! `r = sqrt(d^2 + c_12 c_21)` the eigenvalues are `h +- r`, and
//! `f(C) = (f(h + r) + f(h - r))/2 I + (f(h + r) - f(h - r))/(2r) (C - h I)`.

use crate::{Arithmetic, Ciphertext, Real};

/// The eigenvalues of a 2 x 2 block and what is needed to rebuild a matrix with them.
pub(super) struct Pair<R> {
    mean: R,
    /// The traceless part: `d` and the entries off the diagonal.
    half: R,
    upper: R,
    lower: R,
    radius: R,
    /// The largest entry of the matrix, or what it is judged beside.
    largest: R,
}

impl<R: Arithmetic> Pair<R> {
    /// NaN in every field that matters if an entry is not finite, or if the eigenvalues are not real by more than
    /// what rounding explains: of the largest entry, or of `size` where the matrix is what larger terms left.
    #[inline(always)]
    pub(super) fn of<const N: usize>(c: &Ciphertext<R, N>, size: R::Real) -> Self {
        let c = c.columns();
        let zero = c[0][0].constant(<R::Real>::ZERO);
        let one = zero.constant(<R::Real>::ONE);
        let (a, d) = (c[0][0].scale(<R::Real>::HALF), c[1][1].scale(<R::Real>::HALF));
        let (upper, lower) = (c[1][0], c[0][1]);
        let (mean, half) = (a + d, a - d);
        // Scaled, so that squares neither overflow nor vanish.
        let tiny = zero.constant(<R::Real>::MIN_POSITIVE);
        let spread = half.magnitude().maximum(upper.magnitude()).maximum(lower.magnitude()).maximum(tiny);
        let unit = one / spread;
        let scaled = half * unit;
        let discriminant = (scaled * scaled).mul_acc(upper * unit, lower * unit);
        let radius = spread * discriminant.maximum(zero).square_root();
        let largest = mean.magnitude() + spread;
        // Squares are compared, which saves a root: beside `spread` the limit is no smaller than itself, so its square does
        // not vanish, and one that overflows is no limit.
        let limit = (largest + zero.constant(size)).scale(imaginary_limit::<R::Real>()) * unit;
        let radius = R::select_less(limit * limit, -discriminant, zero.constant(<R::Real>::NAN), radius);
        Self { mean, half, upper, lower, radius, largest }
    }

    /// Judges what is noise beside terms of this size, for a matrix that is what they left of each other.
    #[inline(always)]
    pub(super) fn beside(mut self, size: R) -> Self {
        self.largest = self.largest.maximum(size);
        self
    }

    /// The larger eigenvalue first.
    #[inline(always)]
    pub(super) fn eigenvalues(&self) -> [R; 2] {
        [self.mean + self.radius, self.mean - self.radius]
    }

    #[inline(always)]
    pub(super) fn largest(&self) -> R {
        self.largest
    }

    /// `f(C)` from the values of `f` at the eigenvalues and its slope, which stands in where the gap is rounding noise:
    /// a function of the mean eigenvalue, of the mean of the two values, and of the difference of the values over the
    /// largest gap that counts as noise. Where no slope is known the last will do: it is bounded by the slope, and
    /// taking it for the slope is wrong by no more than a quarter of the noise.
    #[inline(always)]
    pub(super) fn rebuild<const N: usize>(
        &self,
        [first, second]: [R; 2],
        slope: impl FnOnce(R, R, R) -> R,
    ) -> Ciphertext<R, N> {
        let (first, second) = (first.scale(<R::Real>::HALF), second.scale(<R::Real>::HALF));
        let value = first + second;
        // Below this gap the quotient would be rounding error over rounding error, and would be multiplied by
        // entries that can be larger than the gap: noise need not be normal.
        let noise = self.largest.scale(gap_limit::<R::Real>());
        // Never zero: `largest` is at least the smallest normal number, and this product of it a subnormal one.
        let quotient = (first - second) / self.radius.maximum(noise);
        let slope = R::select_less(noise, self.radius, quotient, slope(self.mean, value, quotient));
        let mut out = [[value; N]; N];
        out[0][0] = value.mul_acc(slope, self.half);
        out[1][1] = value.mul_acc(-slope, self.half);
        out[1][0] = slope * self.upper;
        out[0][1] = slope * self.lower;
        Ciphertext::from_columns(out)
    }
}

/// Half the gap of two eigenvalues that counts as none, relative to the largest entry.
#[inline(always)]
fn gap_limit<T: Real>() -> T {
    T::from_f64(16.0) * T::EPSILON
}

/// An imaginary part beyond `sqrt(eps)` of the largest entry is no rounding error: a deep computation in matrix
/// form leaves 1e-5 (`f32`) and 1e-13 (`f64`) of its lanes beside the algebra. A power of two near it.
#[inline(always)]
pub(super) fn imaginary_limit<T: Real>() -> T {
    match T::SCALAR {
        crate::Scalar::F32 => T::from_f64(1.0 / 2048.0),
        crate::Scalar::F64 => T::from_f64(1.0 / 67_108_864.0),
    }
}
