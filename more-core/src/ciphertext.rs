//! The matrix form: [`Ciphertext`].

use nalgebra::{ArrayStorage, Matrix, SMatrix};

use crate::{Arithmetic, Real};

pub(crate) mod division;
mod ring;

/// An encoded number in matrix form: `C = S diag(m, r_1, .., r_(N-1)) S^-1`.
///
/// `R` is a real number, or a pack of them with one ciphertext a sample. Sums, differences, products and quotients
/// of ciphertexts under one key act on their messages. Rounding grows with the condition number of `S`: a product
/// is good to about `N kappa^3 eps` times the largest lane.
///
/// Lanes mix in this form: an overflow of a mask destroys the message. What does not fail at once is reported by
/// the next decryption, function or conversion as [`Error::NonFinite`](crate::Error::NonFinite).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ciphertext<R: Arithmetic, const N: usize> {
    matrix: SMatrix<R, N, N>,
}

impl<R: Arithmetic, const N: usize> Ciphertext<R, N> {
    /// The matrix with the given columns: entry `(i, j)` is `columns[j][i]`.
    #[inline(always)]
    #[must_use]
    pub const fn from_columns(columns: [[R; N]; N]) -> Self {
        Self { matrix: Matrix::from_array_storage(ArrayStorage(columns)) }
    }

    /// The columns: entry `(i, j)` is `columns()[j][i]`.
    #[inline(always)]
    #[must_use]
    pub const fn columns(&self) -> &[[R; N]; N] {
        &self.matrix.data.0
    }

    /// The columns, to be changed in place.
    #[inline(always)]
    pub const fn columns_mut(&mut self) -> &mut [[R; N]; N] {
        &mut self.matrix.data.0
    }

    /// The matrix as `nalgebra` has it.
    #[inline(always)]
    #[must_use]
    pub const fn matrix(&self) -> &SMatrix<R, N, N> {
        &self.matrix
    }

    /// An encoding of zero that needs no key: every lane is zero.
    #[inline(always)]
    #[must_use]
    pub fn zero(context: R::Context) -> Self {
        Self::from_columns([[R::splat(context, <R::Real>::ZERO); N]; N])
    }

    /// `s I`, an encoding of a plain number that needs no key: every lane is `s`.
    #[inline(always)]
    #[must_use]
    pub fn scalar(context: R::Context, s: R::Real) -> Self {
        Self::zero(context).add_scalar(s)
    }

    /// The context of the entries.
    #[inline(always)]
    #[must_use]
    pub fn context(&self) -> R::Context {
        self.columns()[0][0].context()
    }
}

impl<T: Real, const N: usize> Ciphertext<T, N> {
    /// Whether every entry is finite.
    #[inline]
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.columns().as_flattened().iter().all(|entry| T::is_finite(*entry))
    }
}
