//! Fractions and their reconstruction: [`Fraction`].

use crypto_bigint::{NonZero, Uint};

use super::leading::{decompose, leading};
use crate::Error;
use crate::integer::{Modulus, Residue};

/// A rational number `a / b`, as the residue `a b^-1 mod M`.
///
/// All four operations on residues are those on rational numbers, division included. The one who decodes finds `a` and
/// `b` again by the extended Euclidean algorithm, that is from the continued fraction of `residue / M`, as long as
/// `|a|` and `b` are at most `sqrt((M - 1) / 2)` (Wang, "A p-adic algorithm for univariate partial fractions", 1981;
/// Wang, Guy and Davenport, "P-adic reconstruction of rational numbers", 1982).
///
/// Numerators and denominators grow in length with every product, and with every sum of unequal denominators.
/// Beyond the bound [`decode`](Self::decode) gives an error or, more often, some other fraction: about
/// `2 (6 / pi^2) (M / 2)` fractions in lowest terms lie within it, so 61 of 100 residues decode to one.
/// `docs/integer-scheme.md` counts how far each size of `M` gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction<const LIMBS: usize> {
    negative: bool,
    numerator: Uint<LIMBS>,
    /// Not zero.
    denominator: NonZero<Uint<LIMBS>>,
}

impl<const LIMBS: usize> Fraction<LIMBS> {
    /// `numerator / denominator`, or its negative. It need not be in lowest terms.
    ///
    /// # Errors
    ///
    /// [`Error::Domain`] if the denominator is zero.
    pub fn new(negative: bool, numerator: Uint<LIMBS>, denominator: Uint<LIMBS>) -> Result<Self, Error> {
        let denominator = denominator.to_nz_vartime().ok_or(Error::Domain)?;
        Ok(Self { negative, numerator, denominator })
    }

    /// The last convergent of the continued fraction of `x` with a denominator of at most `max_denominator`:
    /// `|x - a / b| < 1 / (b max_denominator)`. `Uint<LIMBS>` has at least 64 bits.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for an infinity or NaN, [`Error::Domain`] if `max_denominator` is zero or the numerator
    /// does not fit 64 bits.
    pub fn from_f64(x: f64, max_denominator: u32) -> Result<Self, Error> {
        const { assert!(Uint::<LIMBS>::BITS >= u64::BITS, "a modulus of at least 64 bits") };
        if !x.is_finite() {
            return Err(Error::NonFinite);
        }
        if max_denominator == 0 {
            return Err(Error::Domain);
        }
        let (mantissa, exponent) = decompose(x);
        // |x| = over / under, exactly; below 2^-65 the convergent is zero anyway.
        let (mut over, mut under) = match exponent {
            0..=10 => (u128::from(mantissa) << exponent, 1),
            -117..0 => (u128::from(mantissa), 1_u128 << -exponent),
            11.. => return Err(Error::Domain),
            _ => (0, 1),
        };
        let (mut before, mut last) = ((0_u128, 1_u128), (1_u128, 0_u128));
        while under != 0 {
            let quotient = over / under;
            // The quotient may be as large as 2^117 only where the denominator would break the bound.
            let step = |before: u128, last: u128| quotient.checked_mul(last)?.checked_add(before);
            let (Some(numerator), Some(denominator)) = (step(before.0, last.0), step(before.1, last.1))
            else {
                break;
            };
            if denominator > u128::from(max_denominator) {
                break;
            }
            (before, last) = (last, (numerator, denominator));
            (over, under) = (under, over % under);
        }
        let numerator = u64::try_from(last.0).map_err(|_| Error::Domain)?;
        let denominator = u64::try_from(last.1).map_err(|_| Error::Domain)?;
        Self::new(x < 0.0, Uint::from(numerator), Uint::from(denominator))
    }

    /// The nearest `f64` but for the roundings of numerator, denominator and quotient.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        let (over, over_exponent) = leading(&self.numerator);
        let (under, under_exponent) = leading(&self.denominator);
        let x = libm::ldexp(over as f64 / under as f64, over_exponent - under_exponent);
        if self.negative { -x } else { x }
    }

    /// Whether it is below zero, or the negative of zero.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.negative
    }

    /// `|a|`.
    #[must_use]
    pub const fn numerator(&self) -> &Uint<LIMBS> {
        &self.numerator
    }

    /// `b`.
    #[must_use]
    pub const fn denominator(&self) -> &Uint<LIMBS> {
        self.denominator.as_ref()
    }

    /// The greatest `|a|` and `b` that [`decode`](Self::decode) finds again: `floor(sqrt((M - 1) / 2))`.
    #[must_use]
    pub fn bound(modulus: &Modulus<LIMBS>) -> Uint<LIMBS> {
        modulus.value().wrapping_shr_vartime(1).floor_sqrt_vartime()
    }

    /// `a b^-1 mod M`.
    ///
    /// # Errors
    ///
    /// [`Error::Domain`] unless numerator and denominator are below `M`, [`Error::Singular`] if the denominator has a
    /// common factor with it.
    pub fn encode(&self, modulus: &Modulus<LIMBS>) -> Result<Residue<LIMBS>, Error> {
        let over = modulus.residue(&self.numerator)?;
        let under = modulus.residue(self.denominator.as_ref())?;
        let magnitude = modulus.mul(&over, &modulus.try_recip(&under)?);
        Ok(if self.negative { modulus.neg(&magnitude) } else { magnitude })
    }

    /// The one fraction in lowest terms with `|a|` and `b` of at most [`bound`](Self::bound) that encodes to `residue`.
    /// Not in constant time.
    ///
    /// # Errors
    ///
    /// [`Error::Domain`] if there is none. A number that has outgrown the bound is reported only by chance: see above.
    pub fn decode(residue: &Residue<LIMBS>, modulus: &Modulus<LIMBS>) -> Result<Self, Error> {
        let bound = Self::bound(modulus);
        // Remainders r_i = +-t_i x mod M; the signs of the t_i alternate, so magnitudes are enough: t_i <= M / r_(i-1).
        let (mut before, mut last) = ((*modulus.value(), Uint::ZERO), (modulus.integer(residue), Uint::ONE));
        let mut negative = false;
        while last.0 > bound {
            let divisor = last.0.to_nz_vartime().ok_or(Error::Domain)?;
            let (quotient, remainder) = before.0.div_rem_vartime(&divisor);
            let factor = before.1.wrapping_add(&quotient.wrapping_mul(&last.1));
            (before, last) = (last, (remainder, factor));
            negative = !negative;
        }
        let (numerator, denominator) = last;
        if denominator > bound || numerator.gcd_vartime(&denominator) != Uint::ONE {
            return Err(Error::Domain);
        }
        Self::new(negative && numerator != Uint::ZERO, numerator, denominator)
    }
}
