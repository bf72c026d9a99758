//! The MORE scheme over the real numbers, `no_std` and without allocation.
//!
//! # What it protects, and what not
//!
//! MORE over the reals is an encoding. **It does not keep data confidential from a party that sees ciphertexts and
//! cares to look.**
//!
//! - The message is an eigenvalue of its ciphertext. Whoever has one ciphertext with distinct lanes can list all `n`
//!   lanes of every ciphertext under that key, to rounding: [`EvaluationKey::from_ciphertext`] is that computation.
//! - The key hides only which lane is the message, `log2 n` bits for everything under one key. One known pair of
//!   message and ciphertext removes them (Tsaban and Lifshitz, "Cryptanalysis of the MORE symmetric key fully
//!   homomorphic encryption scheme", 2014), and so do smoothness, range or labels unless the masks are drawn to look
//!   like messages. Independent random masks on images tell it at once. More lanes do not change this.
//! - Nothing is authenticated, and floating-point code is not constant time.
//! - No variation repairs it: a scheme with linear decryption and homomorphic sums and products cannot hide messages
//!   from chosen plaintexts (Brakerski, "When Homomorphism Becomes a Liability", 2012).
//!
//! Against third parties, put ciphertexts and keys into an authenticated envelope in transit and at rest; that does
//! nothing against the party that computes on them.
//!
//! # What it is
//!
//! The key is an invertible `S` of `N` unit columns. A message `m` with masks `r_1, .., r_(N-1)` becomes
//! `C = S diag(m, r_1, ..) S^-1`, and `m = (S^-1 C S)_11`. Sums, products and quotients of ciphertexts, and of a
//! ciphertext and a plain number, act on the messages; so do functions, by the eigenvalues. (Kipnis and Hibshoosh,
//! 2012, over integers modulo `N`; Vizitiu and others, "Towards Privacy-Preserving Deep Learning based Medical Imaging
//! Applications", 2019, over the reals.)
//!
//! | | |
//! | --- | --- |
//! | [`SecretKey`] | encrypts and decrypts, in both forms |
//! | [`Ciphertext`] | the matrix form: `N x N` numbers, no key needed to compute |
//! | [`Spectrum`] | the spectral form: the `N` eigenvalues, `N` times the cost of plain numbers |
//! | [`EvaluationKey`] | converts between the two |
//! | [`mask`] | what fills the lanes beside the message |
//! | [`tracking`] | what debug builds watch |
//! | [`wire`] | all of these as bytes, and frames for serial lines |
//!
//! The original scheme, on integers modulo a composite number, is the module `integer` behind the feature of that name.
//!
//! Both forms are generic over [`Arithmetic`]: a number, or a pack of numbers in a SIMD register.
//!
//! # Features
//!
//! | | |
//! | --- | --- |
//! | `libm` | Default. Elementary functions: of [`Real`] and [`Arithmetic`], of ciphertexts and spectra ([`try_exp`](Spectrum::try_exp) to [`try_silu`](Spectrum::try_silu)); matrix functions, functions of two elements and of slices; and what needs them, [`SecretKey::generate`], [`mask::Normal`] and [`mask::Simplex`]. Without it keys come from parts or bytes; encryption, decryption, conversions, the ring, division, comparisons, `sqrt`, `powi`, and functions in pieces have the same bits as with it. |
//! | `micromath` | **Alters results**: activations of `f32`, and nothing else, by approximations that err by less than one part in a thousand where the value exceeds 0.001; module `approximate`. |
//! | `serde` | `Serialize` and `Deserialize` for [`Ciphertext`], [`Spectrum`], [`EvaluationKey`], [`KeyId`] and [`Scalar`], as tuples of numbers. Not for [`SecretKey`], lest a structure that holds one write the secret wherever it is written itself: [`SecretKey::encode`] is the way to ask for it. |
//! | `integer` | The module `integer`: the original scheme on integers modulo a composite number. Brings `libm`. |
//! | `proptest` | For hosts: module `strategy`, strategies for keys, lanes, spectra and ciphertexts. Brings `libm`. |
//! | `arbitrary` | For hosts: `Arbitrary` for keys, key ids, and ciphertexts and spectra of any bits. Brings `libm`. |
//!
//! Secrets are erased by `zeroize` whatever the features.
//!
//! ```
//! use more_core::{EvaluationKey, SecretKey, mask::Uniform};
//! use rand_chacha::ChaCha20Rng;
//! use rand_core::SeedableRng;
//!
//! # fn main() -> Result<(), more_core::Error> {
//! // A fixed seed for the example; a key needs a generator seeded by the system.
//! let mut rng = ChaCha20Rng::from_seed([7; 32]);
//! let key = SecretKey::<f64, 2>::generate(&mut rng)?;
//! let mut masks = Uniform::new(0.0, 1.0)?;
//! let a = key.encrypt(0.25, &mut masks, &mut rng)?;
//! let b = key.encrypt(0.5, &mut masks, &mut rng)?;
//!
//! // The matrix form, without any key.
//! let c = (a * b + a).try_sigmoid()?;
//! let expected = 1.0 / (1.0 + f64::exp(-0.375));
//! // 4 N kappa^2 eps, twice: see docs/numerics.md.
//! assert!((key.decrypt_checked(&c)? - expected).abs() < 3e-14);
//!
//! // The spectral form, with the evaluation key, which does not tell the message's lane.
//! let evaluation = EvaluationKey::from_secret_key(&key, &mut rng)?;
//! let (x, y) = (evaluation.to_spectrum(&a)?, evaluation.to_spectrum(&b)?);
//! let z = (x * y + x).try_sigmoid()?;
//!
//! let lane = key.message_lane(&evaluation)?;
//! assert!((key.decrypt_spectrum(lane, &z)? - expected).abs() < 3e-14);
//! # Ok(())
//! # }
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(any(test, feature = "proptest", feature = "arbitrary"))]
extern crate std;

#[cfg(feature = "libm")]
mod activation;
#[cfg(feature = "micromath")]
pub mod approximate;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod arithmetic;
mod basis;
mod ciphertext;
mod dense;
mod eigen;
mod error;
mod evaluation_key;
mod function;
#[cfg(feature = "integer")]
pub mod integer;
mod key;
mod key_id;
mod lane_rows;
pub mod mask;
mod real;
#[cfg(any(feature = "proptest", feature = "arbitrary"))]
mod seeded;
#[cfg(feature = "serde")]
mod serialization;
mod spectrum;
#[cfg(feature = "proptest")]
pub mod strategy;
pub mod tracking;
pub mod wire;

pub use arithmetic::Arithmetic;
pub use ciphertext::Ciphertext;
pub use error::Error;
pub use evaluation_key::EvaluationKey;
pub use key::{DEFAULT_CONDITION, MAX_LANES, SecretKey, max_condition};
pub use key_id::KeyId;
pub use lane_rows::LaneRows;
pub use mask::Masks;
pub use nalgebra;
pub use rand_core;
pub use real::{Real, Scalar};
pub use spectrum::Spectrum;
