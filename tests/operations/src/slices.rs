//! Functions of a slice of encoded numbers, in both forms.

use more_core::rand_core::TryCryptoRng;
use more_core::{Ciphertext, Real, Spectrum};

use crate::Visitor;
use crate::inputs::{MESSAGES, opaque, opaque_mut};

/// How many of the messages `try_top_k` looks for.
const GREATEST: usize = MESSAGES / 3;

/// A line for each function of a slice: of `$values`, which stay as they are, or in place of `$results`.
macro_rules! functions {
    ($v:ident, $group:ident, $form:ident, $values:ident, $results:ident) => {
        $v.visit($group, "try_sort", |i| $form::try_sort(opaque_mut(&mut i.$results)));
        $v.visit($group, "try_top_k", |i| {
            $form::try_top_k(opaque(&i.$values), opaque_mut(&mut i.$results[..GREATEST]))
        });
        $v.visit($group, "try_argmax", |i| $form::try_argmax(opaque(&i.$values)));
        $v.visit($group, "try_argmax_one_hot", |i| {
            $form::try_argmax_one_hot(opaque(&i.$values), opaque_mut(&mut i.$results))
        });
        $v.visit($group, "try_softmax", |i| $form::try_softmax(opaque_mut(&mut i.$results)));
        $v.visit($group, "try_log_sum_exp", |i| $form::try_log_sum_exp(opaque(&i.$values)));
    };
}

pub(crate) fn visit<T: Real, const N: usize, G: TryCryptoRng>(v: &mut impl Visitor<T, N, G>) {
    const MATRIX: &str = "matrix slice";
    const SPECTRAL: &str = "spectral slice";
    functions!(v, MATRIX, Ciphertext, ciphertexts, matrices);
    functions!(v, SPECTRAL, Spectrum, eigenvalues, spectra);
}
