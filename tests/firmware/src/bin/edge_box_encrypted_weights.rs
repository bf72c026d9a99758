//! An edge box without a key: an encrypted image in, encrypted weights in flash, encrypted logits out.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use more_firmware::edge_box::{ENCODED, Memory, run};
use more_firmware::{data, succeed};
use more_scene::{Cell, PIXELS};
use nn_core::MNIST;

#[entry]
fn main() -> ! {
    // `entry` hands these over as references, once.
    static mut ENCODING: [u8; ENCODED] = [0; ENCODED];
    static mut IMAGE: [Cell; PIXELS] = [Cell::from_lanes([0.0; 2]); PIXELS];
    static mut SCRATCH: [Cell; MNIST.scratch()] = [Cell::from_lanes([0.0; 2]); MNIST.scratch()];
    static mut OUTPUT: [Cell; MNIST.outputs()] = [Cell::from_lanes([0.0; 2]); MNIST.outputs()];
    run(
        &data::ENCRYPTED_WEIGHTS,
        &mut Memory { encoding: ENCODING, image: IMAGE, scratch: SCRATCH, output: OUTPUT },
    );
    succeed()
}
