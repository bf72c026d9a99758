//! The secret key over the integers modulo `M`: [`SecretKey`].

use core::fmt;

use rand_core::TryCryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::matrix::{self, Square};
use super::{Ciphertext, Modulus, Residue};
use crate::{Error, MAX_LANES};

/// Modulo a product of two large primes almost every matrix is invertible; modulo 121, the smallest modulus, nine of ten
/// are. A source that fails this often is none.
const ATTEMPTS: usize = 100;

/// The secret key: an invertible `N x N` matrix `S` over the integers modulo `M`. The first column is the message's.
///
/// Erased when dropped; printed without its content. Copies that the compiler makes on the stack are out of reach.
pub struct SecretKey<const LIMBS: usize, const N: usize> {
    modulus: Modulus<LIMBS>,
    columns: Square<LIMBS, N>,
    /// The inverse of `columns`.
    inverse: Square<LIMBS, N>,
}

impl<const LIMBS: usize, const N: usize> SecretKey<LIMBS, N> {
    /// A key drawn uniformly from the invertible matrices: entries uniform in `[0, M)`, drawn again while the matrix
    /// is not invertible.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source fails or is stuck.
    pub fn generate<G: TryCryptoRng + ?Sized>(modulus: &Modulus<LIMBS>, rng: &mut G) -> Result<Self, Error> {
        for _ in 0..ATTEMPTS {
            let mut columns = Zeroizing::new([[Residue::ZERO; N]; N]);
            for entry in columns.as_flattened_mut() {
                *entry = modulus.random(rng)?;
            }
            if let Ok(key) = Self::from_columns(modulus, &columns) {
                return Ok(key);
            }
        }
        Err(Error::Random)
    }

    /// The key with the given columns of `S`: entry `(i, j)` is `columns[j][i]`.
    ///
    /// # Errors
    ///
    /// [`Error::Singular`] if the determinant has a common factor with `M`.
    pub fn from_columns(modulus: &Modulus<LIMBS>, columns: &[[Residue<LIMBS>; N]; N]) -> Result<Self, Error> {
        const { assert!(N >= 2 && N <= MAX_LANES, "a key has 2 to 8 lanes") };
        let inverse = Zeroizing::new(matrix::inverse(modulus, columns)?);
        Ok(Self { modulus: modulus.clone(), columns: *columns, inverse: *inverse })
    }

    /// The modulus, which is public.
    #[must_use]
    pub const fn modulus(&self) -> &Modulus<LIMBS> {
        &self.modulus
    }

    /// The columns of `S`: the secret itself.
    #[must_use]
    pub const fn expose_columns(&self) -> &[[Residue<LIMBS>; N]; N] {
        &self.columns
    }

    /// `S diag(message, r_1, ..) S^-1` with masks drawn uniformly.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source fails.
    pub fn encrypt<G: TryCryptoRng + ?Sized>(
        &self,
        message: &Residue<LIMBS>,
        rng: &mut G,
    ) -> Result<Ciphertext<LIMBS, N>, Error> {
        let mut lanes = Zeroizing::new([*message; N]);
        for mask in lanes.iter_mut().skip(1) {
            *mask = self.modulus.random(rng)?;
        }
        Ok(self.encrypt_lanes(&lanes))
    }

    /// `S diag(lanes) S^-1`; `lanes[0]` is the message.
    #[must_use]
    pub fn encrypt_lanes(&self, lanes: &[Residue<LIMBS>; N]) -> Ciphertext<LIMBS, N> {
        let scaled = Zeroizing::new(matrix::scale_columns(&self.modulus, &self.columns, lanes));
        Ciphertext::from_columns(matrix::product(&self.modulus, &scaled, &self.inverse))
    }

    /// `(S^-1 C S)_11`, the message. A ciphertext does not say which key it belongs to: a wrong key gives a wrong
    /// number. See [`decrypt_checked`](Self::decrypt_checked).
    #[must_use]
    pub fn decrypt(&self, c: &Ciphertext<LIMBS, N>) -> Residue<LIMBS> {
        let image = self.image(c, &self.columns[0]);
        self.row(0, &image)
    }

    /// As [`decrypt`](Self::decrypt), and refuses what does not commute with the ciphertexts of this key: `S^-1 C S`
    /// must be diagonal, exactly.
    ///
    /// Not detected: a wrong key where all lanes are equal, and a key with the same columns in another order.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKey`] as said, and for an entry that is no residue of this modulus.
    pub fn decrypt_checked(&self, c: &Ciphertext<LIMBS, N>) -> Result<Residue<LIMBS>, Error> {
        let foreign = |entry: &Residue<LIMBS>| entry.0 >= *self.modulus.value();
        if c.columns().as_flattened().iter().any(foreign) {
            return Err(Error::WrongKey);
        }
        for (j, column) in self.columns.iter().enumerate() {
            let image = self.image(c, column);
            if (0..N).any(|i| i != j && self.row(i, &image) != Residue::ZERO) {
                return Err(Error::WrongKey);
            }
        }
        Ok(self.decrypt(c))
    }

    /// `C x`.
    fn image(&self, c: &Ciphertext<LIMBS, N>, x: &[Residue<LIMBS>; N]) -> [Residue<LIMBS>; N] {
        let mut image = [Residue::ZERO; N];
        for (column, factor) in c.columns().iter().zip(x) {
            for (sum, entry) in image.iter_mut().zip(column) {
                *sum = self.modulus.add(sum, &self.modulus.mul(entry, factor));
            }
        }
        image
    }

    /// Entry `i` of `S^-1 x`; `i < N`.
    fn row(&self, i: usize, x: &[Residue<LIMBS>; N]) -> Residue<LIMBS> {
        let mut sum = Residue::ZERO;
        for (column, factor) in self.inverse.iter().zip(x) {
            sum = self.modulus.add(&sum, &self.modulus.mul(&column[i], factor));
        }
        sum
    }
}

impl<const LIMBS: usize, const N: usize> fmt::Debug for SecretKey<LIMBS, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("modulus", self.modulus.value()).finish_non_exhaustive()
    }
}

impl<const LIMBS: usize, const N: usize> Drop for SecretKey<LIMBS, N> {
    fn drop(&mut self) {
        self.columns.zeroize();
        self.inverse.zeroize();
    }
}

impl<const LIMBS: usize, const N: usize> ZeroizeOnDrop for SecretKey<LIMBS, N> {}
