//! Functions of encoded numbers.
//!
//! `f(C) = V f(L) V^-1` acts on the message as `f` does, because all lanes are eigenvalues. Nothing here needs a key.
//!
//! Errors, with `kappa` the condition number of the key and `l` the largest lane: to first order
//! `4 N kappa^2 eps (max |f'| l + max |f|)`, the maxima over the interval that the lanes span. Lanes that are equal
//! or nearly so are no special case. `docs/numerics.md` derives this.

mod binary;
mod by_eigenvalues;
mod elementary;
mod lanes;
mod two_lanes;
