//! Functions of encoded numbers.
//!
//! `f(C) = V f(L) V^-1` acts on the message as `f` does, because all lanes are eigenvalues. Nothing here needs a key.
//!
//! Errors, with `kappa` the condition number of the key and `l` the largest lane: the result is that of a matrix
//! within `kappa^2 eps l` of the argument, rounded, hence good to about
//! `kappa^2 (max |f'| kappa^2 l + max |f|) eps` with the maxima over the interval that the lanes span. Lanes that
//! are equal or nearly so are no special case. `docs/numerics.md` derives this.

mod binary;
mod by_eigenvalues;
mod elementary;
mod lanes;
mod two_lanes;
