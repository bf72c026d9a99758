//! The secret key: [`SecretKey`].

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::dense::{self, Square};
use crate::evaluation_key::matching_tolerance;
use crate::{Error, EvaluationKey, KeyId, Real};

mod decrypt;
mod encrypt;
#[cfg(feature = "libm")]
mod generate;

/// The bound on the condition number that [`SecretKey::generate`] keeps. It costs nothing against an attacker, who
/// reads the lanes at any condition number, and saves precision.
pub const DEFAULT_CONDITION: f64 = 3.0;

/// The most lanes a key can have.
pub const MAX_LANES: usize = 8;

/// The greatest condition number a key may have, `eps^(-1/3)`: 203 for `f32`, 165140 for `f64`. Beyond it not even
/// the product of two ciphertexts, good to `kappa^3 eps`, has a correct digit.
#[must_use]
pub fn max_condition<T: Real>() -> f64 {
    1.0 / dense::cbrt_epsilon::<T>()
}

/// The secret key: an invertible `S` with unit columns. The first column is the message's.
///
/// Erased when dropped; printed without its content. Floating-point arithmetic is not constant time, and copies
/// that the compiler makes on the stack are out of reach.
pub struct SecretKey<T: Real, const N: usize> {
    id: KeyId,
    /// Unit columns to rounding, finite, condition number at most `max_condition`.
    columns: Square<T, N>,
    /// The inverse of `columns` as they are after rounding, found in `f64`.
    inverse: Square<T, N>,
    condition: f64,
}

impl<T: Real, const N: usize> SecretKey<T, N> {
    /// The key with the given columns of `S`, which are divided by their norms.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if an entry is not finite, [`Error::Condition`] if the matrix with unit columns is
    /// singular or conditioned worse than [`max_condition`].
    pub fn from_parts(id: KeyId, columns: [[T; N]; N]) -> Result<Self, Error> {
        const { assert!(N >= 2 && N <= MAX_LANES, "a key has 2 to 8 lanes") };
        let columns = Zeroizing::new(columns);
        if !dense::is_finite(&columns) {
            return Err(Error::NonFinite);
        }
        let mut exact = Zeroizing::new(dense::widen(&columns));
        let mut rounded = Zeroizing::new(*columns);
        // Unit columns that were rounded once stay as they are, so that a key survives encoding bit by bit.
        let slack = 2.0 * N as f64 * T::to_f64(T::EPSILON);
        if exact.iter().any(|column| Real::abs(dense::norm(column) - 1.0) > slack) {
            *exact = dense::unit_columns(&exact);
            *rounded = dense::narrow(&exact);
            *exact = dense::widen(&rounded);
        }
        let condition = dense::condition(&exact);
        if condition > max_condition::<T>() {
            return Err(Error::Condition);
        }
        let inverse = Zeroizing::new(dense::inverse(&exact));
        let inverse = Zeroizing::new(dense::narrow::<T, N>(&inverse));
        if !dense::is_finite(&inverse) {
            return Err(Error::Condition);
        }
        Ok(Self { id, columns: *rounded, inverse: *inverse, condition })
    }

    /// The name of this key.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The ratio of the extreme singular values of `S` with unit columns.
    #[must_use]
    pub const fn condition(&self) -> f64 {
        self.condition
    }

    /// The columns of `S`: the secret itself.
    #[must_use]
    pub const fn expose_columns(&self) -> &[[T; N]; N] {
        &self.columns
    }

    /// The lane of `key` that is the message: the column of `V` that is a multiple of the first column of `S`, to
    /// within `4 eps^(1/3)`, which keys found by [`EvaluationKey::from_ciphertext`] keep. Another key is told by its
    /// id: two random keys can be within that of each other, in `f32` more often than one would think.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKey`] if the ids differ or `S^-1 V` is no scaled permutation.
    pub fn message_lane(&self, key: &EvaluationKey<T, N>) -> Result<usize, Error> {
        if self.id != key.id() {
            return Err(Error::WrongKey);
        }
        let (columns, inverse) = (dense::widen(&self.columns), dense::widen(&self.inverse));
        let lanes =
            dense::matching(&columns, &inverse, &dense::widen(key.columns()), matching_tolerance::<T>());
        Ok(lanes.ok_or(Error::WrongKey)?[0])
    }
}

impl<T: Real, const N: usize> fmt::Debug for SecretKey<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<T: Real, const N: usize> Drop for SecretKey<T, N> {
    fn drop(&mut self) {
        self.columns.zeroize();
        self.inverse.zeroize();
        self.condition.zeroize();
    }
}

impl<T: Real, const N: usize> ZeroizeOnDrop for SecretKey<T, N> {}
