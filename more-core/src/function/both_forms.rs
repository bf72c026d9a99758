//! One definition of a function for both forms.

use crate::Real;

/// Each entry: the checked and the plain name, the value at `x`, where `noise` is the rounding error of a lane, and the
/// slope from `x`, the value, and the quotient that [`Pair::rebuild`](super::two_lanes::Pair::rebuild) hands on.
macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $checked:ident, $plain:ident($($parameter:ident: $type:ty),*), |$x:ident, $noise:ident| $value:expr,
        |$p:ident, $y:ident, $quotient:ident| $slope:expr;
    )*) => {
        impl<T: Real, const N: usize> Ciphertext<T, N> {$(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`Error::NonFinite`] for entries that are not finite or a result out of range, [`Error::Domain`] for
            /// a lane or parameter outside the domain, [`Error::NoConvergence`] for a matrix that is no ciphertext.
            pub fn $checked(self $(, $parameter: $type)*) -> Result<Self, Error> {
                self.evaluate(
                    |$x, largest| {
                        let $noise = largest * T::from_f64(16.0 * N as f64) * T::EPSILON;
                        $value
                    },
                    |$p, $y, $quotient| $slope,
                )
            }
        )*}

        impl<T: Real, const N: usize> Spectrum<T, N> {$(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`Error::Domain`] for a lane or parameter outside the domain; a lane that is NaN or overflows passes
            /// through, and the decryption tells whether it is the message.
            pub fn $checked(self $(, $parameter: $type)*) -> Result<Self, Error> {
                self.evaluate(|$x| {
                    let $noise = T::ZERO;
                    $value
                })
            }

            $(#[$doc])*
            ///
            /// Without checks: NaN in a lane outside the domain, and in every lane for such a parameter.
            #[must_use]
            pub fn $plain(self $(, $parameter: $type)*) -> Self {
                self.map(|$x| {
                    let $noise = T::ZERO;
                    $value
                })
            }
        )*}
    };
}
pub(super) use functions;

/// `x` if the condition holds, NaN if not, which means "outside the domain".
#[inline(always)]
pub(super) fn if_in<T: Real>(domain: bool, x: T) -> T {
    if domain { x } else { T::NAN }
}

/// A lane that is negative by rounding only counts as zero.
#[inline(always)]
pub(super) fn lifted<T: Real>(x: T, noise: T) -> T {
    if x < T::ZERO && x >= -noise { T::ZERO } else { x }
}

/// 1 where a condition on `x` holds, 0 where not, NaN where `x` is.
#[inline(always)]
pub(super) fn indicator<T: Real>(x: T, condition: bool) -> T {
    if T::is_nan(x) {
        x
    } else if condition {
        T::ONE
    } else {
        T::ZERO
    }
}
