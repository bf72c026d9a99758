//! Square matrices over the integers modulo `M`, by columns: entry `(i, j)` is `a[j][i]`.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use core::num::NonZeroU8;

use zeroize::Zeroizing;

use super::{Modulus, Residue};
use crate::Error;

pub(super) type Square<const LIMBS: usize, const N: usize> = [[Residue<LIMBS>; N]; N];

/// `f` on every entry.
pub(super) fn map<const LIMBS: usize, const N: usize>(
    a: &Square<LIMBS, N>,
    f: impl Fn(&Residue<LIMBS>) -> Residue<LIMBS>,
) -> Square<LIMBS, N> {
    let mut out = [[Residue::ZERO; N]; N];
    for j in 0..N {
        for i in 0..N {
            out[j][i] = f(&a[j][i]);
        }
    }
    out
}

/// `f` on every pair of entries.
pub(super) fn zip<const LIMBS: usize, const N: usize>(
    a: &Square<LIMBS, N>,
    b: &Square<LIMBS, N>,
    f: impl Fn(&Residue<LIMBS>, &Residue<LIMBS>) -> Residue<LIMBS>,
) -> Square<LIMBS, N> {
    let mut out = [[Residue::ZERO; N]; N];
    for j in 0..N {
        for i in 0..N {
            out[j][i] = f(&a[j][i], &b[j][i]);
        }
    }
    out
}

/// `a b`.
pub(super) fn product<const LIMBS: usize, const N: usize>(
    modulus: &Modulus<LIMBS>,
    a: &Square<LIMBS, N>,
    b: &Square<LIMBS, N>,
) -> Square<LIMBS, N> {
    let mut out = [[Residue::ZERO; N]; N];
    for j in 0..N {
        for i in 0..N {
            let mut sum = modulus.mul(&a[0][i], &b[j][0]);
            for k in 1..N {
                sum = modulus.add(&sum, &modulus.mul(&a[k][i], &b[j][k]));
            }
            out[j][i] = sum;
        }
    }
    out
}

/// `a diag(lanes)`.
pub(super) fn scale_columns<const LIMBS: usize, const N: usize>(
    modulus: &Modulus<LIMBS>,
    a: &Square<LIMBS, N>,
    lanes: &[Residue<LIMBS>; N],
) -> Square<LIMBS, N> {
    let mut out = *a;
    for j in 0..N {
        for i in 0..N {
            out[j][i] = modulus.mul(&a[j][i], &lanes[j]);
        }
    }
    out
}

/// `a + s I`.
pub(super) fn add_scalar<const LIMBS: usize, const N: usize>(
    modulus: &Modulus<LIMBS>,
    a: &Square<LIMBS, N>,
    s: &Residue<LIMBS>,
) -> Square<LIMBS, N> {
    let mut out = *a;
    for k in 0..N {
        out[k][k] = modulus.add(&out[k][k], s);
    }
    out
}

/// `a^-1`, or [`Error::Singular`] if and only if the determinant is no unit.
///
/// Modulo a composite number Gauss-Jordan elimination needs an invertible pivot in every column, and an invertible
/// matrix need not have one: its column may be `(p, q)`. Hence the method of Leverrier, Souriau and Faddeev, which has no
/// pivots and one inversion: with `B_1 = I`, `c_k = -tr(A B_k) / k` and `B_(k+1) = A B_k + c_k I`, Cayley and Hamilton
/// say `A B_N = -c_N I`, where `c_N` is the determinant up to its sign.
pub(super) fn inverse<const LIMBS: usize, const N: usize>(
    modulus: &Modulus<LIMBS>,
    a: &Square<LIMBS, N>,
) -> Result<Square<LIMBS, N>, Error> {
    let mut b = Zeroizing::new(add_scalar(modulus, &[[Residue::ZERO; N]; N], &modulus.one()));
    let mut k = NonZeroU8::MIN;
    for _ in 1..N {
        let image = Zeroizing::new(product(modulus, a, &b));
        let mut trace = Residue::ZERO;
        for i in 0..N {
            trace = modulus.add(&trace, &image[i][i]);
        }
        let c = modulus.neg(&modulus.mul(&trace, &modulus.recip_small(k)));
        *b = add_scalar(modulus, &image, &c);
        k = k.saturating_add(1);
    }
    // A B_N = -c_N I, so one diagonal entry is enough.
    let mut scalar = Residue::ZERO;
    for k in 0..N {
        scalar = modulus.add(&scalar, &modulus.mul(&a[k][0], &b[0][k]));
    }
    let unit = modulus.try_recip(&scalar)?;
    Ok(map(&b, |entry| modulus.mul(entry, &unit)))
}
