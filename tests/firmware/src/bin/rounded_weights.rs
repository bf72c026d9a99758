//! Measures the kernels of MNIST with plain weights in 32, 16 and 8 bits.

#![no_std]
#![no_main]

use core::ptr::addr_of_mut;

use cortex_m_rt::entry;
use more_core::Spectrum;
use more_firmware::passes::Measurement;
use more_firmware::{fail, succeed};
use more_kernels::{Buffers, visit_mnist};
use nn_core::MNIST;
use nn_core::element::{F8, f16};

type Pair = Spectrum<f32, 2>;

const NOTHING: Pair = Spectrum::from_lanes([0.0; 2]);
/// Elements of the longest input or output of a stage, and of the memory of a stream.
const LONGEST: usize = 1352;

static mut WEIGHTS: [f32; MNIST.parameters()] = [0.0; MNIST.parameters()];
static mut HALVES: [f16; MNIST.parameters()] = [f16::ZERO; MNIST.parameters()];
static mut BYTES: [F8; MNIST.parameters()] = [F8::from_bits(0); MNIST.parameters()];
static mut PLAIN_INPUT: [f32; LONGEST] = [0.0; LONGEST];
static mut PLAIN_OUTPUT: [f32; LONGEST] = [0.0; LONGEST];
static mut INPUT: [Pair; LONGEST] = [NOTHING; LONGEST];
static mut OUTPUT: [Pair; LONGEST] = [NOTHING; LONGEST];

#[entry]
fn main() -> ! {
    // SAFETY: one thread, and nothing else names these arrays.
    let (weights, halves, bytes) =
        unsafe { (&mut *addr_of_mut!(WEIGHTS), &mut *addr_of_mut!(HALVES), &mut *addr_of_mut!(BYTES)) };
    // SAFETY: as above.
    let (plain_input, plain_output, input, output) = unsafe {
        (
            &mut *addr_of_mut!(PLAIN_INPUT),
            &mut *addr_of_mut!(PLAIN_OUTPUT),
            &mut *addr_of_mut!(INPUT),
            &mut *addr_of_mut!(OUTPUT),
        )
    };
    let visitor = &mut Measurement::start();
    macro_rules! measure {
        ($name:literal, $weights:ident, $input:ident, $output:ident) => {{
            let buffers = Buffers { weights: $weights, input: $input, output: $output };
            if let Err(error) = visit_mnist(visitor, $name, buffers) {
                fail(&error);
            }
        }};
    }
    measure!("plain, f32", weights, plain_input, plain_output);
    measure!("plain, f16", halves, plain_input, plain_output);
    measure!("plain, f8", bytes, plain_input, plain_output);
    measure!("two lanes, f32", weights, input, output);
    measure!("two lanes, f16", halves, input, output);
    measure!("two lanes, f8", bytes, input, output);
    succeed()
}
