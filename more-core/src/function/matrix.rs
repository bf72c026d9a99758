//! Matrix functions that never look at an eigenvalue: the first of the two ways that Vizitiu and others (2019) name for
//! non-linear functions of ciphertexts. Sums, products and inverses only; every iteration is bounded.
//!
//! | function | method |
//! | --- | --- |
//! | exponential | scaling and squaring with Pade approximants |
//! | logarithm | inverse scaling and squaring with the series of the inverse hyperbolic tangent |
//! | square root | product form of the scaled Denman-Beavers iteration |
//! | sign, absolute value, relu | scaled Newton iteration |
//! | hyperbolic tangent, sigmoid | Pade approximants, scaling and doubling |
//!
//! After N. J. Higham, "Functions of Matrices: Theory and Computation", SIAM, 2008, cited below as Higham. A ciphertext
//! is diagonalisable, `r(C) = S r(L) S^-1`, so truncation errors are those of the scalar function on each lane, and what
//! bounds the lanes is enough to choose degrees and scalings.
//!
//! Products and inverses are rounded once ([`rounded_once`]), which keeps these functions within the bound of the
//! functions by eigenvalues: `docs/numerics.md` derives it. A matrix that is no ciphertext can have a matrix function too,
//! so these do not detect one.

mod exp;
mod ln;
mod pade;
mod rounded_once;
mod scaling;
mod sign;
mod sqrt;
mod tanh;

use crate::{Ciphertext, Error, Real};

fn finite<T: Real, const N: usize>(c: Ciphertext<T, N>) -> Result<Ciphertext<T, N>, Error> {
    if c.is_finite() { Ok(c) } else { Err(Error::NonFinite) }
}

fn identity<T: Real, const N: usize>() -> Ciphertext<T, N> {
    Ciphertext::scalar((), T::ONE)
}
