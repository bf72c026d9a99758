//! The original scheme, on integers modulo a composite number. Feature `integer`.
//!
//! # What it protects, and what not
//!
//! **Whoever knows one message with its ciphertext reads all others under that key**, in closed form and at any size of
//! the modulus: two ciphertexts with two lanes satisfy `C_2 = a I + b C_1`, hence `m_2 = a + b m_1` (Tsaban and
//! Lifshitz, "Cryptanalysis of the MORE symmetric key fully homomorphic encryption scheme", 2014). With more lanes the
//! kernel of `C_1 - m_1 I` does the same. Without any known message, `det(C_1 - C_2) = 0` tells that two messages are
//! equal and `det(C - m I) = 0` that a guess is right. The paper's proof covers one case: uniformly random messages,
//! each encrypted once, none ever known. Nothing is authenticated. A modulus of 2048 bits changes none of this; it only
//! keeps the eigenvalues of random messages from being computed out of a ciphertext alone, which is as hard as factoring
//! it.
//!
//! # What it is
//!
//! In this module the modulus is `M`, since `N` is the number of lanes. The key is an invertible `N x N` matrix `S` over
//! the integers modulo `M`; a message `m` with masks `r_1, .., r_(N-1)` drawn uniformly becomes
//! `C = S diag(m, r_1, ..) S^-1 mod M`, and `m = (S^-1 C S)_11`. Sums, differences, products and quotients of
//! ciphertexts act on the messages, exactly. (Kipnis and Hibshoosh, "Efficient Methods for Practical Fully Homomorphic
//! Symmetric-key Encryption, Randomization and Verification", ePrint 2012/637, with `N = 2`.)
//!
//! | | |
//! | --- | --- |
//! | [`Modulus`] | `M`, with what Montgomery's multiplication needs, kept once; arithmetic on residues |
//! | [`Residue`] | an integer modulo `M`, in Montgomery form and without a copy of `M` |
//! | [`SecretKey`] | encrypts and decrypts |
//! | [`Ciphertext`] | `N x N` residues |
//! | [`FixedPoint`], [`Fraction`] | rational numbers as residues, and where that ends |
//!
//! Why the rest of the crate works on real numbers instead: `docs/integer-scheme.md`.
//!
//! ```
//! use more_core::integer::{Modulus, SecretKey, crypto_bigint::{U256, Uint}};
//! use rand_chacha::ChaCha20Rng;
//! use rand_core::SeedableRng;
//!
//! # fn main() -> Result<(), more_core::Error> {
//! // A fixed seed for the example; a key needs a generator seeded by the system.
//! let mut rng = ChaCha20Rng::from_seed([7; 32]);
//! let modulus = Modulus::<{ U256::LIMBS }>::generate(&mut rng)?;
//! let key = SecretKey::<{ U256::LIMBS }, 2>::generate(&modulus, &mut rng)?;
//! let a = key.encrypt(&modulus.residue(&Uint::from(6_u32))?, &mut rng)?;
//! let b = key.encrypt(&modulus.residue(&Uint::from(7_u32))?, &mut rng)?;
//!
//! // The service knows the modulus and no key.
//! let c = a.mul(&b, &modulus).try_div(&a, &modulus)?;
//! assert_eq!(modulus.integer(&key.decrypt(&c)), U256::from(7_u32));
//! # Ok(())
//! # }
//! ```
//!
//! The number of lanes is part of the type:
//!
//! ```compile_fail,E0308
//! use more_core::integer::{Ciphertext, Modulus};
//!
//! fn mixed(a: Ciphertext<4, 2>, b: Ciphertext<4, 3>, modulus: &Modulus<4>) -> Ciphertext<4, 2> {
//!     a.add(&b, modulus)
//! }
//! ```

mod ciphertext;
mod encoding;
mod key;
mod matrix;
mod modulus;
mod prime;
mod residue;

pub use ciphertext::Ciphertext;
pub use crypto_bigint;
pub use encoding::{FixedPoint, Fraction};
pub use key::SecretKey;
pub use modulus::Modulus;
pub use residue::Residue;
