//! The elementary functions and activations, in both forms.

use crate::{Arithmetic, Ciphertext, Error, Real, Spectrum};

/// One function for both forms: the value at `x`, where `noise` is the rounding error of a lane, and the slope from
/// `x` and the value.
macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $name:ident($($parameter:ident: $type:ty),*), |$x:ident, $noise:ident| $value:expr,
        |$p:ident, $y:ident| $slope:expr;
    )*) => {
        impl<T: Real, const N: usize> Ciphertext<T, N> {$(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`Error::NonFinite`] for entries that are not finite or a result out of range, [`Error::Domain`] for
            /// a lane outside the domain, [`Error::NoConvergence`] for a matrix that is no ciphertext.
            pub fn $name(self $(, $parameter: $type)*) -> Result<Self, Error> {
                self.evaluate(
                    |$x, largest| {
                        let $noise = largest * T::from_f64(16.0 * N as f64) * T::EPSILON;
                        $value
                    },
                    |$p, $y, _| $slope,
                )
            }
        )*}

        impl<T: Real, const N: usize> Spectrum<T, N> {$(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`Error::Domain`] for a lane outside the domain; a lane that is NaN or overflows passes through, and
            /// the decryption tells whether it is the message.
            pub fn $name(self $(, $parameter: $type)*) -> Result<Self, Error> {
                self.evaluate(|$x| {
                    let $noise = T::ZERO;
                    $value
                })
            }
        )*}
    };
}

/// `x` if the condition holds, NaN if not, which means "outside the domain".
#[inline(always)]
fn if_in<T: Real>(domain: bool, x: T) -> T {
    if domain { x } else { T::NAN }
}

/// A lane that is negative by rounding only counts as zero.
#[inline(always)]
fn lifted<T: Real>(x: T, noise: T) -> T {
    if x < T::ZERO && x >= -noise { T::ZERO } else { x }
}

#[inline(always)]
fn step<T: Real>(x: T) -> T {
    if x > T::ZERO { T::ONE } else { T::ZERO }
}

functions! {
    /// `e^x`.
    try_exp(), |x, _noise| T::exp(x), |_x, y| y;
    /// `ln x`, for positive lanes.
    try_ln(), |x, _noise| if_in(x > T::ZERO, T::ln(x)), |x, _y| T::ONE / x;
    /// `sqrt x`, for lanes that are not negative; in matrix form a lane negative by rounding counts as zero.
    try_sqrt(), |x, noise| T::sqrt(lifted(x, noise)), |_x, y| if y > T::ZERO { T::HALF / y } else { T::ZERO };
    /// `1 / (1 + e^-x)`.
    try_sigmoid(), |x, _noise| T::sigmoid(x), |_x, y| y * (T::ONE - y);
    /// `tanh x`.
    try_tanh(), |x, _noise| T::tanh(x), |_x, y| T::ONE - y * y;
    /// `ln(1 + e^x)`.
    try_softplus(), |x, _noise| T::softplus(x), |x, _y| T::sigmoid(x);
    /// `max(x, 0)`.
    try_relu(), |x, _noise| Arithmetic::maximum(x, T::ZERO), |x, _y| step(x);
    /// `x^exponent`; a negative power of a lane that is zero is outside the domain.
    try_powi(exponent: i32), |x, _noise| if_in(exponent >= 0 || x != T::ZERO, T::powi(x, exponent)),
        |x, y| if x == T::ZERO { T::ZERO } else { T::from_f64(f64::from(exponent)) * y / x };
    /// `|x|`.
    try_abs(), |x, _noise| T::abs(x), |x, _y| T::copysign(T::ONE, x);
}
