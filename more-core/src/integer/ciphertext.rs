//! An encrypted residue: [`Ciphertext`].

use super::matrix::{self, Square};
use super::{Modulus, Residue};
use crate::Error;

/// An encrypted residue: `C = S diag(m, r_1, .., r_(N-1)) S^-1 mod M`.
///
/// `N^2` residues and nothing else; what computes with them is given the modulus, the one of the key. Operations are
/// exact and act on the messages. A product takes `N^3` multiplications modulo `M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ciphertext<const LIMBS: usize, const N: usize> {
    columns: Square<LIMBS, N>,
}

impl<const LIMBS: usize, const N: usize> Ciphertext<LIMBS, N> {
    /// The matrix with the given columns: entry `(i, j)` is `columns[j][i]`.
    #[must_use]
    pub const fn from_columns(columns: [[Residue<LIMBS>; N]; N]) -> Self {
        Self { columns }
    }

    /// The columns: entry `(i, j)` is `columns()[j][i]`.
    #[must_use]
    pub const fn columns(&self) -> &[[Residue<LIMBS>; N]; N] {
        &self.columns
    }

    /// `s I`, an encoding of a plain number that needs no key: every lane is `s`.
    #[must_use]
    pub fn scalar(s: &Residue<LIMBS>) -> Self {
        let mut columns = [[Residue::ZERO; N]; N];
        for (k, column) in columns.iter_mut().enumerate() {
            if let Some(entry) = column.get_mut(k) {
                *entry = *s;
            }
        }
        Self { columns }
    }

    /// `self + other`.
    #[must_use]
    pub fn add(&self, other: &Self, modulus: &Modulus<LIMBS>) -> Self {
        Self { columns: matrix::zip(&self.columns, &other.columns, |a, b| modulus.add(a, b)) }
    }

    /// `self - other`.
    #[must_use]
    pub fn sub(&self, other: &Self, modulus: &Modulus<LIMBS>) -> Self {
        Self { columns: matrix::zip(&self.columns, &other.columns, |a, b| modulus.sub(a, b)) }
    }

    /// `-self`.
    #[must_use]
    pub fn neg(&self, modulus: &Modulus<LIMBS>) -> Self {
        Self { columns: matrix::map(&self.columns, |entry| modulus.neg(entry)) }
    }

    /// `self other`: the matrix product.
    #[must_use]
    pub fn mul(&self, other: &Self, modulus: &Modulus<LIMBS>) -> Self {
        Self { columns: matrix::product(modulus, &self.columns, &other.columns) }
    }

    /// `self + s I` for a plain number `s`.
    #[must_use]
    pub fn add_scalar(&self, s: &Residue<LIMBS>, modulus: &Modulus<LIMBS>) -> Self {
        Self { columns: matrix::add_scalar(modulus, &self.columns, s) }
    }

    /// `self - s I` for a plain number `s`.
    #[must_use]
    pub fn sub_scalar(&self, s: &Residue<LIMBS>, modulus: &Modulus<LIMBS>) -> Self {
        self.add_scalar(&modulus.neg(s), modulus)
    }

    /// `s self` for a plain number `s`.
    #[must_use]
    pub fn scale(&self, s: &Residue<LIMBS>, modulus: &Modulus<LIMBS>) -> Self {
        Self { columns: matrix::map(&self.columns, |entry| modulus.mul(entry, s)) }
    }

    /// `C^-1`: the inverse modulo `M` of every lane. This is the inverse in the ring of residues: of 3 it is the residue
    /// `x` with `3 x = 1 mod M`, which [`FixedPoint`](super::FixedPoint) does not read as a third.
    ///
    /// # Errors
    ///
    /// [`Error::Singular`] if a lane has a common factor with `M`, that is if the determinant, the product of the
    /// lanes, has. It names no lane.
    pub fn try_recip(&self, modulus: &Modulus<LIMBS>) -> Result<Self, Error> {
        Ok(Self { columns: matrix::inverse(modulus, &self.columns)? })
    }

    /// `self divisor^-1`.
    ///
    /// # Errors
    ///
    /// As [`try_recip`](Self::try_recip) of the divisor.
    pub fn try_div(&self, divisor: &Self, modulus: &Modulus<LIMBS>) -> Result<Self, Error> {
        Ok(self.mul(&divisor.try_recip(modulus)?, modulus))
    }
}
