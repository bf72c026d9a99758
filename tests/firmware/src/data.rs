//! What lies in flash. The files' lengths are checked when they are included: another one does not build.

use more_scene::{Cell, LEARNER, PIXELS};
use nn_core::{ANGIOGRAPHY, MNIST};
use zerocopy::transmute;

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name))
    };
}

/// Of the device that encrypts. On a board it lies where the debugger cannot read it.
pub static SECRET_KEY: &[u8] = file!("secret_key");

/// Orders the lanes of what the device encrypts.
pub static EVALUATION_KEY: &[u8] = file!("evaluation_key");

const IMAGE_BYTES: usize = size_of::<[f32; PIXELS]>();

/// How many images there are.
pub const IMAGE_COUNT: usize = file!("images").len() / IMAGE_BYTES;

/// The images, as a sensor would give them.
pub static IMAGES: [[f32; PIXELS]; IMAGE_COUNT] = transmute!(*file!("images"));

/// Plain weights of [`MNIST`], in the order of the kernels.
pub static WEIGHTS: [f32; MNIST.parameters()] = transmute!(*file!("weights"));

/// Plain weights of [`ANGIOGRAPHY`].
pub static ANGIOGRAPHY_WEIGHTS: [f32; ANGIOGRAPHY.parameters()] = transmute!(*file!("angiography_weights"));

/// Encrypted weights of [`MNIST`].
pub static ENCRYPTED_WEIGHTS: [Cell; MNIST.parameters()] = cells(transmute!(*file!("encrypted_weights")));

/// Encrypted weights of [`LEARNER`] to begin with.
pub static LEARNER_WEIGHTS: [Cell; LEARNER.parameters()] = cells(transmute!(*file!("learner_weights")));

/// Spectra from their lanes, computed by the compiler.
const fn cells<const LEN: usize>(lanes: [[f32; 2]; LEN]) -> [Cell; LEN] {
    let mut cells = [Cell::from_lanes([0.0; 2]); LEN];
    let mut index = 0;
    while index < LEN {
        cells[index] = Cell::from_lanes(lanes[index]);
        index += 1;
    }
    cells
}
