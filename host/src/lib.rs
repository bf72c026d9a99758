//! Neural networks on data encrypted by the MORE scheme, on a workstation: data sets, containers, encryption, training,
//! inference, decryption. The command line `more-nn` is the binary, which also makes types of scalars and numbers of lanes: what is
//! generic here is compiled once, there.
//!
//! What MORE over the real numbers protects: nothing from a party that holds ciphertexts and cares to look, since the
//! message is an eigenvalue of its ciphertext. See [`more_core`] before using it.

#[cfg(feature = "engine")]
mod ahead;
#[cfg(feature = "engine")]
pub mod architecture;
pub mod augmentation;
#[cfg(feature = "engine")]
pub mod bench;
#[cfg(feature = "engine")]
pub mod comparison;
#[cfg(feature = "engine")]
pub mod components;
pub mod container;
#[cfg(feature = "engine")]
mod crew;
#[cfg(feature = "engine")]
pub mod curve;
pub mod dataset;
pub mod decryption;
mod dispatch;
pub mod encryption;
pub mod error;
#[cfg(feature = "engine")]
pub mod export;
#[cfg(feature = "engine")]
pub mod image_reader;
#[cfg(feature = "engine")]
pub mod inference;
pub mod ingest;
pub mod interrupt;
pub mod key_file;
mod large_pages;
mod lines;
#[cfg(feature = "engine")]
pub mod metrics;
#[cfg(feature = "engine")]
pub mod model;
pub mod output_file;
#[cfg(feature = "engine")]
pub mod plan;
#[cfg(feature = "engine")]
pub mod preview;
pub mod progress;
mod registers;
#[cfg(feature = "engine")]
mod rows;
#[cfg(feature = "engine")]
pub mod samples;
#[cfg(feature = "sources")]
mod shuffle;
pub mod standardization;
#[cfg(feature = "engine")]
pub mod training;

pub use error::{Error, Kind};

/// The code in the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
