//! Measures the kernels of both networks.

#![no_std]
#![no_main]

use core::ptr::addr_of_mut;

use cortex_m_rt::entry;
use more_core::{Ciphertext, Spectrum};
use more_firmware::passes::Measurement;
use more_firmware::{fail, succeed};
use more_kernels::{Buffers, visit_angiography, visit_mnist};
use nn_core::{ANGIOGRAPHY, MNIST};

type Pair = Spectrum<f32, 2>;
type Matrix = Ciphertext<f32, 2>;

const NOTHING: Pair = Spectrum::from_lanes([0.0; 2]);
const ZERO: Matrix = Ciphertext::from_columns([[0.0; 2]; 2]);
/// Elements of the longest input or output of a stage, and of the memory of a stream.
const LONGEST: usize = 1352;

static mut PLAIN_WEIGHTS: [f32; ANGIOGRAPHY.parameters()] = [0.0; ANGIOGRAPHY.parameters()];
static mut WEIGHTS: [Pair; MNIST.parameters()] = [NOTHING; MNIST.parameters()];
static mut PLAIN_INPUT: [f32; ANGIOGRAPHY.input().len()] = [0.0; ANGIOGRAPHY.input().len()];
static mut INPUT: [Pair; ANGIOGRAPHY.input().len()] = [NOTHING; ANGIOGRAPHY.input().len()];
static mut PLAIN_OUTPUT: [f32; ANGIOGRAPHY.stream_memory()] = [0.0; ANGIOGRAPHY.stream_memory()];
static mut OUTPUT: [Pair; ANGIOGRAPHY.stream_memory()] = [NOTHING; ANGIOGRAPHY.stream_memory()];
static mut MATRIX_WEIGHTS: [Matrix; MNIST.parameters()] = [ZERO; MNIST.parameters()];
static mut MATRIX_INPUT: [Matrix; LONGEST] = [ZERO; LONGEST];
static mut MATRIX_OUTPUT: [Matrix; LONGEST] = [ZERO; LONGEST];

#[entry]
fn main() -> ! {
    // SAFETY: one thread, and nothing else names these arrays.
    let (plain_weights, weights, plain_input, input, plain_output, output) = unsafe {
        (
            &mut *addr_of_mut!(PLAIN_WEIGHTS),
            &mut *addr_of_mut!(WEIGHTS),
            &mut *addr_of_mut!(PLAIN_INPUT),
            &mut *addr_of_mut!(INPUT),
            &mut *addr_of_mut!(PLAIN_OUTPUT),
            &mut *addr_of_mut!(OUTPUT),
        )
    };
    // SAFETY: as above.
    let (matrix_weights, matrix_input, matrix_output) = unsafe {
        (
            &mut *addr_of_mut!(MATRIX_WEIGHTS),
            &mut *addr_of_mut!(MATRIX_INPUT),
            &mut *addr_of_mut!(MATRIX_OUTPUT),
        )
    };
    let visitor = &mut Measurement::start();
    macro_rules! measure {
        ($visit:ident, $network:ident, $name:literal, $weights:ident, $input:ident, $output:ident) => {{
            let buffers = Buffers {
                weights: &mut $weights[..$network.parameters()],
                input: &mut $input[..],
                output: &mut $output[..],
            };
            if let Err(error) = $visit(visitor, $name, buffers) {
                fail(&error);
            }
        }};
    }
    measure!(visit_mnist, MNIST, "plain", plain_weights, plain_input, plain_output);
    measure!(visit_mnist, MNIST, "two lanes, plain weights", plain_weights, input, output);
    measure!(visit_mnist, MNIST, "two lanes, encrypted weights", weights, input, output);
    measure!(visit_mnist, MNIST, "matrix, plain weights", plain_weights, matrix_input, matrix_output);
    measure!(visit_mnist, MNIST, "matrix, encrypted weights", matrix_weights, matrix_input, matrix_output);
    measure!(visit_angiography, ANGIOGRAPHY, "plain", plain_weights, plain_input, plain_output);
    measure!(visit_angiography, ANGIOGRAPHY, "two lanes, plain weights", plain_weights, input, output);
    succeed()
}
