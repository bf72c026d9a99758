//! Every public operation of `more-core` as one table.
//!
//! Who needs each of them, compiled for one scalar and number of lanes, implements [`Visitor`] and calls
//! [`visit_all`]: the proof that none can panic (`tests/no-panic`), the firmware that measures their stack and
//! instructions (`tests/firmware`), and the host test that compares the firmware's bits with its own
//! (`tests/tests/firmware.rs`). Benchmarks (`tests/benches/operations.rs`, `tests/examples/operation_counts.rs`) put plain
//! numbers beside it, [`visit_plain`]. A new operation is one more line in the module of its group.

#![no_std]
#![forbid(unsafe_code)]

use more_core::Real;
use more_core::rand_core::{SeedableRng, TryCryptoRng};
use rand_chacha::ChaCha20Rng;

mod inputs;
mod keys;
mod masks;
mod matrix;
mod outcome;
mod plain;
mod slices;
mod spectral;
mod stream;
mod wire;

pub use inputs::Inputs;
pub use outcome::{Digest, Outcome, Plain};
pub use plain::{plain_name, visit_plain};

/// What is done with every operation. The inputs of the operations are opaque if those of the visitor are: slices among
/// them have unknown lengths.
pub trait Visitor<T: Real, const N: usize, G: TryCryptoRng> {
    /// One operation, a name without commas that is unique within its group.
    fn visit<R: Outcome>(
        &mut self,
        group: &'static str,
        name: &'static str,
        operation: impl Fn(&mut Inputs<T, N, G>) -> R,
    );
}

/// The source that device and host use, so that their results can be compared.
pub type Source = ChaCha20Rng;

/// It, always from the same seed.
#[must_use]
pub fn source() -> Source {
    Source::from_seed([9; 32])
}

/// Shows every operation to the visitor.
pub fn visit_all<T: Real, const N: usize, G: TryCryptoRng>(visitor: &mut impl Visitor<T, N, G>) {
    keys::visit(visitor);
    masks::visit(visitor);
    matrix::visit(visitor);
    spectral::visit(visitor);
    slices::visit(visitor);
    wire::visit(visitor);
    stream::visit(visitor);
}

/// Runs a visitor for both scalars and the numbers of lanes that are proven and measured.
pub trait Configuration {
    /// One scalar and number of lanes.
    fn run<T: Real, const N: usize>(&mut self);
}

/// `f32` and `f64`, two and three lanes.
pub fn for_each_configuration(configuration: &mut impl Configuration) {
    configuration.run::<f32, 2>();
    configuration.run::<f32, 3>();
    configuration.run::<f64, 2>();
    configuration.run::<f64, 3>();
}
