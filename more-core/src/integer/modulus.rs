//! The modulus and arithmetic on residues: [`Modulus`].

use core::num::NonZeroU8;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Limb, Odd, RandomMod, SplitEven, Uint};
use crypto_primes::{Flavor, is_prime};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::prime::random_prime;
use super::residue::Residue;
use crate::Error;

/// What `M` must be coprime to, beside 2, so that it is to every number up to the greatest number of lanes.
const SMALL_PRIMES: [NonZeroU8; 3] =
    [NonZeroU8::MIN.saturating_add(2), NonZeroU8::MIN.saturating_add(4), NonZeroU8::MIN.saturating_add(6)];

/// The modulus `M` with the parameters of Montgomery's multiplication.
///
/// `M` is public: whoever computes on ciphertexts needs it. Its factors are not, and nothing in this crate needs them.
///
/// Addition, multiplication and inversion of residues take the same time whatever the residues are (as far as
/// `crypto-bigint` keeps it); what depends only on `M` does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modulus<const LIMBS: usize> {
    /// Of an odd composite number without factors below 11.
    params: FixedMontyParams<LIMBS>,
}

impl<const LIMBS: usize> Modulus<LIMBS> {
    /// The modulus `value`, a product of two primes that only the caller knows.
    ///
    /// # Errors
    ///
    /// [`Error::Modulus`] for a number that cannot be one: less than 2, a multiple of 2, 3, 5 or 7 (the inverse of a
    /// ciphertext divides by the numbers up to [`MAX_LANES`](crate::MAX_LANES)), or a prime, by the test of Baillie,
    /// Pomerance, Selfridge and Wagstaff: modulo a prime, eigenvalues are roots of a polynomial over a field, found in
    /// polynomial time. That `value` has no small factors beyond these is the caller's care.
    pub fn new(value: Uint<LIMBS>) -> Result<Self, Error> {
        let odd: Odd<_> = Odd::new(value).into_option().ok_or(Error::Modulus)?;
        let small_factor = SMALL_PRIMES.iter().any(|prime| value.rem_limb((*prime).into()) == Limb::ZERO);
        if value == Uint::ONE || small_factor || is_prime(Flavor::Any, &value) {
            return Err(Error::Modulus);
        }
        Ok(Self { params: FixedMontyParams::new_vartime(odd) })
    }

    /// `p q` for two random primes of half the width each, their upper two bits set, so that the product has the full
    /// width. The primes are forgotten.
    ///
    /// Each prime is the first from a random odd number on, by sieving and the test of Baillie, Pomerance, Selfridge
    /// and Wagstaff (`crypto-primes`). This takes as long as finding RSA primes does: on a microcontroller, make the
    /// modulus elsewhere. What the search leaves on the stack is not erased, and `crypto-primes` has panics for states that it
    /// cannot be in.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source fails or is stuck.
    pub fn generate<const HALF: usize, G: TryCryptoRng + ?Sized>(rng: &mut G) -> Result<Self, Error>
    where
        Uint<LIMBS>: SplitEven<Output = Uint<HALF>>,
    {
        let p = Zeroizing::new(random_prime::<HALF, G>(rng)?);
        let q = Zeroizing::new(random_prime::<HALF, G>(rng)?);
        if *p == *q {
            return Err(Error::Random);
        }
        Self::product(&p, &q)
    }

    /// `p q` for two primes that the caller has drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Modulus`] unless both are primes, different, and above 7.
    pub fn from_primes<const HALF: usize>(p: &Uint<HALF>, q: &Uint<HALF>) -> Result<Self, Error>
    where
        Uint<LIMBS>: SplitEven<Output = Uint<HALF>>,
    {
        if p == q || !is_prime(Flavor::Any, p) || !is_prime(Flavor::Any, q) {
            return Err(Error::Modulus);
        }
        Self::product(p, q)
    }

    fn product<const HALF: usize>(p: &Uint<HALF>, q: &Uint<HALF>) -> Result<Self, Error> {
        let (low, high) = p.widening_mul(q);
        Self::new(low.concat_resize(&high))
    }

    /// `M`.
    #[must_use]
    pub const fn value(&self) -> &Uint<LIMBS> {
        self.params.modulus().as_ref()
    }

    /// The residue of `value`.
    ///
    /// # Errors
    ///
    /// [`Error::Domain`] unless `value` is below `M`.
    pub fn residue(&self, value: &Uint<LIMBS>) -> Result<Residue<LIMBS>, Error> {
        if value < self.value() { Ok(self.reduced(value)) } else { Err(Error::Domain) }
    }

    /// The residue of a number below `M`.
    pub(super) fn reduced(&self, value: &Uint<LIMBS>) -> Residue<LIMBS> {
        Residue(FixedMontyForm::new(value, &self.params).to_montgomery())
    }

    /// The integer in `[0, M)` that `residue` stands for.
    #[must_use]
    pub fn integer(&self, residue: &Residue<LIMBS>) -> Uint<LIMBS> {
        // The product with the plain number 1: x R 1 R^-1. Unlike `retrieve` it accepts a residue of another modulus.
        self.mul(residue, &Residue(Uint::ONE)).0
    }

    /// A uniformly distributed residue, by rejection.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source fails.
    pub fn random<G: TryCryptoRng + ?Sized>(&self, rng: &mut G) -> Result<Residue<LIMBS>, Error> {
        // A bijection maps uniform integers to uniform Montgomery forms, so the form itself could be drawn; the integer
        // is, so that a seed gives the same numbers whatever the width of a limb.
        let drawn = Uint::try_random_mod_vartime(rng, self.params.modulus().as_nz_ref());
        Ok(self.reduced(&*Zeroizing::new(drawn.map_err(|_| Error::Random)?)))
    }

    /// One.
    #[must_use]
    pub const fn one(&self) -> Residue<LIMBS> {
        Residue(*self.params.one())
    }

    /// `a + b`.
    #[must_use]
    pub const fn add(&self, a: &Residue<LIMBS>, b: &Residue<LIMBS>) -> Residue<LIMBS> {
        Residue(a.0.add_mod(&b.0, self.params.modulus().as_nz_ref()))
    }

    /// `a - b`.
    #[must_use]
    pub const fn sub(&self, a: &Residue<LIMBS>, b: &Residue<LIMBS>) -> Residue<LIMBS> {
        Residue(a.0.sub_mod(&b.0, self.params.modulus().as_nz_ref()))
    }

    /// `-a`.
    #[must_use]
    pub const fn neg(&self, a: &Residue<LIMBS>) -> Residue<LIMBS> {
        self.sub(&Residue::ZERO, a)
    }

    /// `a b`.
    #[must_use]
    pub const fn mul(&self, a: &Residue<LIMBS>, b: &Residue<LIMBS>) -> Residue<LIMBS> {
        let a = FixedMontyForm::from_montgomery(a.0, &self.params);
        let b = FixedMontyForm::from_montgomery(b.0, &self.params);
        Residue(a.mul(&b).to_montgomery())
    }

    /// `a^-1`.
    ///
    /// # Errors
    ///
    /// [`Error::Singular`] if `a` has a common factor with `M`. (Unless `a` is zero, that factor factors `M`.)
    pub fn try_recip(&self, a: &Residue<LIMBS>) -> Result<Residue<LIMBS>, Error> {
        let inverse = FixedMontyForm::from_montgomery(a.0, &self.params).invert();
        Ok(Residue(inverse.into_option().ok_or(Error::Singular)?.to_montgomery()))
    }

    /// `1 / k` for a `k` from 1 to 8, without Euclid's algorithm: `(t M + 1) / k` for the `t < k` that makes it whole.
    pub(super) fn recip_small(&self, k: NonZeroU8) -> Residue<LIMBS> {
        let (quotient, remainder) = self.value().div_rem_limb(k.into());
        // Below k, so a byte holds it, and what follows: at most 7 * 7 + 1.
        let remainder = remainder.0 as u8;
        let whole = |t: &u8| (t * remainder + 1) % k == 0;
        let t = (0..k.get()).find(whole).unwrap_or(0);
        // t (quotient k + remainder) + 1, over k: below M, so the wrapping operations do not wrap.
        let tail = Uint::from((t * remainder + 1) / k);
        self.reduced(&quotient.wrapping_mul(&Uint::<LIMBS>::from(t)).wrapping_add(&tail))
    }
}
