//! What firmware and the host's tests agree on: the form of ciphertexts, the length of frames, the small network that
//! learns on a device, and what seeds the stand-in for a hardware random number generator.

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

use more_core::Spectrum;
use nn_core::Layer::Sigmoid;
use nn_core::{ANGIOGRAPHY, Element, MNIST, Network, avg_pool, conv, dense};

/// An element of an encrypted image: spectral form, two lanes.
pub type Cell = Spectrum<f32, 2>;

/// The longest frame on the line, in bytes.
pub const FRAME: usize = 256;

/// Pixels of an image.
pub const PIXELS: usize = MNIST.input().len();

/// The network that learns on the device, the paper's with half the filters and no hidden dense layer: with weights,
/// gradient, workspace and a sample it takes less than 96 KiB.
pub const LEARNER: Network<'static> = Network::new(
    MNIST.input(),
    &[conv(4, 3), Sigmoid, avg_pool(2), conv(8, 3), Sigmoid, avg_pool(2), dense(10)],
);

/// Samples that it learns from, one a step.
pub const STEPS: usize = 4;

/// Its learning rate.
pub const RATE: f32 = 0.25;

/// What the stand-in for a hardware random number generator gives first.
pub const SEED: [u8; 32] = *b"no entropy: a stand-in for tests";

/// The update of a step of stochastic gradient descent, `w -= RATE g`, and `g = 0` for the next.
pub fn descend(parameters: &mut [Cell], gradient: &mut [Cell]) {
    for (w, g) in parameters.iter_mut().zip(gradient) {
        *w = Element::sub(*w, Element::scale(*g, RATE));
        *g = Cell::from_lanes([0.0; 2]);
    }
}

/// The files of firmware's data, of little-endian numbers, and their lengths in bytes; `images` are one or more.
pub const FILES: [(&str, usize); 7] = [
    ("secret_key", more_core::SecretKey::<f32, 2>::ENCODED_LEN),
    ("evaluation_key", more_core::EvaluationKey::<f32, 2>::ENCODED_LEN),
    ("images", size_of::<[f32; PIXELS]>()),
    ("weights", size_of::<[f32; MNIST.parameters()]>()),
    ("angiography_weights", size_of::<[f32; ANGIOGRAPHY.parameters()]>()),
    ("encrypted_weights", size_of::<[[f32; 2]; MNIST.parameters()]>()),
    ("learner_weights", size_of::<[[f32; 2]; LEARNER.parameters()]>()),
];
