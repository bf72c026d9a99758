//! Scaled integers: [`FixedPoint`].

use crypto_bigint::Uint;

use super::leading::{decompose, leading};
use crate::Error;
use crate::integer::{Modulus, Residue};

/// Rational numbers as scaled integers: `x` becomes `round(x 2^f) mod M`, with negative numbers in the upper half of the
/// residues.
///
/// Sums of numbers of one scale keep it. A product of `k` numbers has the scale `2^(k f)`, whatever the numbers are, and
/// nothing takes it away again: a ciphertext cannot be rounded. The one who decodes must know `k`. Once
/// `|x| 2^(k f)` reaches `M / 2` the result wraps around, and nothing tells.
///
/// Division is not there: `round(a 2^f) round(b 2^f)^-1 mod M` is the integer `a / b` if there is one, at scale 1,
/// and a number near `M` in size otherwise. `docs/integer-scheme.md` counts how far each size of `M` gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPoint {
    fraction_bits: u32,
}

impl FixedPoint {
    /// Numbers with `f = fraction_bits` bits behind the binary point.
    #[must_use]
    pub const fn new(fraction_bits: u32) -> Self {
        Self { fraction_bits }
    }

    /// `round(x 2^f) mod M`, ties to even. `Uint<LIMBS>` has at least 64 bits.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for an infinity or NaN, [`Error::Domain`] if the integer is not below `M / 2` in magnitude.
    pub fn encode<const LIMBS: usize>(
        self,
        x: f64,
        modulus: &Modulus<LIMBS>,
    ) -> Result<Residue<LIMBS>, Error> {
        const { assert!(Uint::<LIMBS>::BITS >= u64::BITS, "a modulus of at least 64 bits") };
        if !x.is_finite() {
            return Err(Error::NonFinite);
        }
        let (mantissa, exponent) = decompose(x);
        let shift = i64::from(exponent) + i64::from(self.fraction_bits);
        let magnitude = if shift < 0 {
            Uint::from(shift_right_to_even(mantissa, shift.unsigned_abs()))
        } else {
            let shift = u32::try_from(shift).map_err(|_| Error::Domain)?;
            let bits = u64::BITS - mantissa.leading_zeros();
            if mantissa != 0 && shift >= Uint::<LIMBS>::BITS - bits {
                return Err(Error::Domain);
            }
            Uint::from(mantissa).wrapping_shl_vartime(shift)
        };
        if magnitude > modulus.value().wrapping_shr_vartime(1) {
            return Err(Error::Domain);
        }
        let residue = modulus.reduced(&magnitude);
        Ok(if x < 0.0 { modulus.neg(&residue) } else { residue })
    }

    /// The number that `residue` stands for at the scale `2^(factors f)`, correctly rounded if it is a normal number:
    /// `factors` is 1 for sums of encoded numbers, `k` for products of `k`, 0 for a quotient of two of one scale. An infinity where an `f64` ends.
    #[must_use]
    pub fn decode<const LIMBS: usize>(
        self,
        residue: &Residue<LIMBS>,
        factors: u32,
        modulus: &Modulus<LIMBS>,
    ) -> f64 {
        let integer = modulus.integer(residue);
        let negative = integer > modulus.value().wrapping_shr_vartime(1);
        let magnitude = if negative { modulus.value().wrapping_sub(&integer) } else { integer };
        let (head, exponent) = leading(&magnitude);
        let scale = u64::from(factors) * u64::from(self.fraction_bits);
        let exponent = i64::from(exponent) - i64::try_from(scale).unwrap_or(i64::MAX);
        // Beyond these bounds it is a zero or an infinity anyway.
        let exponent = exponent.clamp(-10_000, 10_000) as i32;
        let x = libm::ldexp(head as f64, exponent);
        if negative { -x } else { x }
    }
}

/// `x / 2^shift`, rounded to the nearest integer, ties to even.
fn shift_right_to_even(x: u64, shift: u64) -> u64 {
    let Ok(shift @ 1..64) = u32::try_from(shift) else {
        // The mantissa is below 2^53.
        return if shift == 0 { x } else { 0 };
    };
    let (quotient, rest, half) = (x >> shift, x & ((1 << shift) - 1), 1 << (shift - 1));
    quotient + u64::from(rest > half || rest == half && quotient % 2 == 1)
}
