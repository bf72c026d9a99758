//! Root and integer power, in both forms.

use super::both_forms::{functions, if_in, lifted};
use crate::{Ciphertext, Error, Real, Spectrum};

functions! {
    /// `sqrt x`, for lanes that are not negative; in matrix form a lane negative by rounding counts as zero.
    try_sqrt, sqrt(), |x, noise| T::sqrt(lifted(x, noise)),
        |_x, y, _q| if y > T::ZERO { T::HALF / y } else { T::ZERO };
    /// `x^exponent`; a negative power of a lane that is zero is outside the domain.
    try_powi, powi(exponent: i32), |x, _noise| if_in(exponent >= 0 || x != T::ZERO, T::powi(x, exponent)),
        |x, y, _q| if x == T::ZERO { T::ZERO } else { T::from_f64(f64::from(exponent)) * y / x };
}
