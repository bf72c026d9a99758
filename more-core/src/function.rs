//! Functions of encoded numbers.
//!
//! `f(C) = V f(L) V^-1` acts on the message as `f` does, because all lanes are eigenvalues. Nothing here needs a key.
//!
//! Errors, with `kappa` the condition number of the key and `l` the largest lane: to first order
//! `4 N kappa^2 eps (max |f'| l + max |f|)`, the maxima over the interval that the lanes span. Lanes that are equal
//! or nearly so are no special case. Where `f` jumps, its largest difference quotient on the lanes takes the place of
//! `max |f'|`, for lanes further from the jump than their rounding errors. `docs/numerics.md` derives this.

#[cfg(feature = "libm")]
mod activation;
mod algebraic;
mod binary;
mod both_forms;
mod by_eigenvalues;
mod comparison;
#[cfg(feature = "libm")]
mod elementary;
mod lanes;
#[cfg(feature = "libm")]
mod matrix;
mod piecewise;
#[cfg(feature = "libm")]
mod slice;
mod two_lanes;
