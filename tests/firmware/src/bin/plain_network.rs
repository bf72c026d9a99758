//! The baseline: the same network on plain images. The image is in flash, the logits go out as four bytes each.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use more_core::wire::stream::Sender;
use more_firmware::clock::Clock;
use more_firmware::uart::Uart;
use more_firmware::{data, expect, network, succeed};
use more_scene::FRAME;
use nn_core::MNIST;

#[entry]
fn main() -> ! {
    static mut SCRATCH: [f32; MNIST.scratch()] = [0.0; MNIST.scratch()];
    let clock = Clock::start();
    let mut uart = Uart::start();
    let mut output = [0.0; MNIST.outputs()];
    let image = &data::IMAGES[0];
    expect(network::run(&clock, &MNIST, &data::WEIGHTS, image, SCRATCH, &mut output), "wrong sizes");
    let bytes = output.map(f32::to_le_bytes);
    let mut sender = Sender::<_, FRAME>::new(0, |bytes: &[u8]| uart.write(bytes));
    expect(sender.send(bytes.as_flattened()), "the logits cannot be sent");
    succeed()
}
