//! The MORE scheme over the real numbers.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(test)]
extern crate std;

mod arithmetic;
mod basis;
mod ciphertext;
mod dense;
mod eigen;
mod error;
mod evaluation_key;
mod function;
mod key;
mod key_id;
pub mod mask;
mod real;
mod spectrum;
pub mod wire;

pub use arithmetic::Arithmetic;
pub use ciphertext::Ciphertext;
pub use error::Error;
pub use evaluation_key::EvaluationKey;
pub use key::{DEFAULT_CONDITION, MAX_LANES, SecretKey, max_condition};
pub use key_id::KeyId;
pub use mask::Masks;
pub use nalgebra;
pub use rand_core;
pub use real::{Real, Scalar};
pub use spectrum::Spectrum;
