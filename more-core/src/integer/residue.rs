//! An integer modulo `M`: [`Residue`].

use core::fmt;

use crypto_bigint::Uint;
use zeroize::Zeroize;

/// An integer modulo `M`, as `x 2^(width) mod M` (Montgomery, "Modular multiplication without trial division", 1985),
/// where the width is that of `Uint<LIMBS>`.
///
/// It does not hold `M`: a [`Modulus`](super::Modulus) makes residues, computes with them and turns them back. With
/// another modulus than their own the result is a meaningless number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Residue<const LIMBS: usize>(
    /// Below `M`.
    pub(super) Uint<LIMBS>,
);

impl<const LIMBS: usize> Residue<LIMBS> {
    /// Zero, for every modulus.
    pub const ZERO: Self = Self(Uint::ZERO);
}

impl<const LIMBS: usize> fmt::Debug for Residue<LIMBS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Residue(Montgomery form {:x})", self.0)
    }
}

impl<const LIMBS: usize> Zeroize for Residue<LIMBS> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}
