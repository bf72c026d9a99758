//! Functions of a slice of encoded numbers, lane by lane, in both forms; in matrix form without any key.
//!
//! Each is written once over [`Form`], the few operations in which the forms differ, and made a function of both.

mod argmax;
mod form;
mod softmax;
mod sort;

use crate::{Ciphertext, Error, Real, Spectrum};

macro_rules! functions_of_slices {
    ($($form:ident)*) => {$(
        impl<T: Real, const N: usize> $form<T, N> {
            /// Sorts each lane on its own into ascending order: after it, `values[i]` holds in every lane the lane's
            /// `i`-th smallest number.
            ///
            /// Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, Algorithm M): about
            /// `n (log2 n)^2 / 4` exchanges `(min, max)` for `n` values, in an order that does not depend on them.
            ///
            /// In spectral form exact, with NaN as the greatest, behind infinity. In matrix form every value passes
            /// through up to `t (t + 1) / 2` exchanges, `t = ceil(log2 n)`, and takes the rounding error of a maximum from
            /// each; ties and near ties are no special case.
            ///
            /// # Errors
            ///
            /// [`Error::Length`] for an empty slice; in matrix form also what [`Ciphertext::try_maximum`] gives. After
            /// an error the values are unspecified.
            pub fn try_sort(values: &mut [Self]) -> Result<(), Error> {
                sort::sort(values)
            }

            /// The `out.len()` greatest numbers of every lane, in descending order; at a cost of as many exchanges
            /// `(min, max)` for each value.
            ///
            /// In spectral form exact, with NaN as the greatest. In matrix form errors add up over at most
            /// `values.len() + out.len()` exchanges.
            ///
            /// # Errors
            ///
            /// [`Error::Length`] if `out` is empty or longer than `values`; in matrix form also what
            /// [`Ciphertext::try_maximum`] gives. After an error `out` is unspecified.
            pub fn try_top_k(values: &[Self], out: &mut [Self]) -> Result<(), Error> {
                sort::top_k(values, out)
            }

            /// The index of the greatest value in every lane, counted from 0, as an encoded number; of equal values
            /// the first.
            ///
            /// In spectral form exact, and NaN in a lane in which a value is. In matrix form, a lane in which the
            /// greatest values are nearer to each other than their rounding errors gives a mixture of their indices,
            /// weighted by comparisons at a tie: see [`Ciphertext::try_less_than`].
            ///
            /// ```
            /// use more_core::Spectrum;
            ///
            /// let values = [[3.0, 0.5], [7.0, 0.25], [7.0, 0.75]].map(Spectrum::<f64, 2>::from_lanes);
            /// assert_eq!(Spectrum::try_argmax(&values), Ok(Spectrum::from_lanes([1.0, 2.0])));
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::Length`] for an empty slice and for one longer than `2 / eps`, whose indices are no exact
            /// numbers; in matrix form also what [`Ciphertext::try_maximum`] gives.
            pub fn try_argmax(values: &[Self]) -> Result<Self, Error> {
                argmax::index(values)
            }

            /// The greatest value in every lane as a vector: `out[i]` is 1 in the lanes in which `values[i]` is the
            /// greatest, of equal values the first, and 0 in the others.
            ///
            /// In spectral form exact, and NaN in a lane in which a value is. In matrix form, a lane in which the
            /// greatest values are nearer to each other than their rounding errors divides the 1 between them, by
            /// comparisons at a tie: see [`Ciphertext::try_less_than`]. The sum stays 1 to rounding.
            ///
            /// # Errors
            ///
            /// [`Error::Length`] for an empty slice and unless `out` is as long as `values`; in matrix form also what
            /// [`Ciphertext::try_maximum`] gives. After an error `out` is unspecified.
            pub fn try_argmax_one_hot(values: &[Self], out: &mut [Self]) -> Result<(), Error> {
                argmax::one_hot(values, out)
            }

            /// `exp(z_i - max z) / sum exp(z_j - max z)` in every lane, in place. Nothing overflows, whatever the
            /// values: the largest exponent is 0 and the sum lies between 1 and their number.
            ///
            /// In spectral form a lane in which a value is NaN or plus infinity, or all are minus infinity, becomes
            /// NaN.
            ///
            /// ```
            /// use more_core::{Ciphertext, SecretKey, mask::Uniform};
            /// use rand_chacha::ChaCha20Rng;
            /// use rand_core::SeedableRng;
            ///
            /// # fn main() -> Result<(), more_core::Error> {
            /// let mut rng = ChaCha20Rng::from_seed([5; 32]);
            /// let key = SecretKey::<f64, 2>::generate(&mut rng)?;
            /// let mut values = [Ciphertext::zero(()); 3];
            /// key.encrypt_slice(&[1000.0, 1000.0, 900.0], &mut Uniform::new(900.0, 1000.0)?, &mut rng, &mut values)?;
            /// Ciphertext::try_softmax(&mut values)?;
            /// // The derivation in docs/numerics.md, with kappa = 3 and l = 1000, gives 1.1e-9.
            /// for (value, expected) in values.iter().zip([0.5, 0.5, 0.0]) {
            ///     assert!((key.decrypt(value)? - expected).abs() < 1.1e-9);
            /// }
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::Length`] for an empty slice; in matrix form also what [`Ciphertext::try_maximum`] gives. After
            /// an error the values are unspecified.
            pub fn try_softmax(values: &mut [Self]) -> Result<(), Error> {
                softmax::softmax(values)
            }

            /// `max z + ln sum exp(z_i - max z) = ln sum exp z_i` in every lane, without overflow.
            ///
            /// In spectral form a lane in which a value is NaN is NaN, one in which a value is plus infinity is plus
            /// infinity, and one in which all are minus infinity is minus infinity.
            ///
            /// # Errors
            ///
            /// [`Error::Length`] for an empty slice; in matrix form also what [`Ciphertext::try_maximum`] gives.
            pub fn try_log_sum_exp(values: &[Self]) -> Result<Self, Error> {
                softmax::log_sum_exp(values)
            }
        }
    )*};
}

functions_of_slices! { Ciphertext Spectrum }
