//! Random small networks, plain and encrypted, inference and one step of training, against the oracle of their lanes.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use more_core::{Ciphertext, Spectrum};
use more_tests::generators;
use more_tests::network::case::{Case, fitting};
use more_tests::network::check::{Check, lane_wise};
use more_tests::tolerance::network::Rounding;
use nn_core::{Layer, Shape};

#[derive(Arbitrary, Debug)]
struct Input {
    seed: u64,
    condition: u8,
    kind: u8,
    shape: (u8, u8, u8),
    layers: Vec<Wish>,
}

#[derive(Arbitrary, Debug)]
enum Wish {
    Conv(u8, u8, u8),
    Pool(u8),
    Dense(u8),
    Sigmoid,
    Tanh,
    Relu,
    Dropout(u8),
}

/// Networks of this many parameters take milliseconds.
const LARGEST: usize = 300;

fn matrix<const N: usize>(case: &Case, condition: f64)
where
    Ciphertext<f64, N>: more_tests::network::lanes::Lanes<N, Real = f64, Number = f64, Context = ()>,
{
    let keys = generators::Case {
        seed: case.seed,
        condition,
        scale: 1.0,
        spread: generators::Spread::Independent,
        first: [0.0; 8],
        second: [0.0; 8],
    };
    let (_, key, setting) = keys.keys::<f64, N>();
    let numbers = case.numbers::<f64, N>(1);
    let rounding = Rounding::matrix(&setting, f64::MIN_POSITIVE);
    let check = Check { case, numbers: &numbers, key: Some(&key), rounding };
    check.all::<Ciphertext<f64, N>, Ciphertext<f64, N>>(()).expect("training in matrix form");
    check.infer_with_plain_weights::<Ciphertext<f64, N>>(()).expect("plain weights in matrix form");
}

fuzz_target!(|input: Input| {
    let size = |x: u8| 1 + usize::from(x % 12);
    let shape = Shape::new(1 + usize::from(input.shape.0 % 4), size(input.shape.1), size(input.shape.2));
    let wishes: Vec<Layer> = input
        .layers
        .iter()
        .take(8)
        .map(|wish| match wish {
            Wish::Conv(filters, kernel, stride) => nn_core::strided_conv(
                1 + usize::from(filters % 20),
                1 + usize::from(kernel % 5),
                1 + usize::from(stride % 3),
            ),
            Wish::Pool(size) => nn_core::avg_pool(1 + usize::from(size % 4)),
            Wish::Dense(outputs) => nn_core::dense(1 + usize::from(outputs % 40)),
            Wish::Sigmoid => Layer::Sigmoid,
            Wish::Tanh => Layer::Tanh,
            Wish::Relu => Layer::Relu,
            Wish::Dropout(rate) => nn_core::dropout(f32::from(rate % 4) / 4.0),
        })
        .collect();
    let case = Case { input: shape, layers: fitting(shape, &wishes, LARGEST), seed: input.seed };
    let condition = 1.01 + f64::from(input.condition) / 32.0;
    match input.kind % 4 {
        0 => {
            let numbers = case.numbers::<f32, 1>(1);
            let check = Check { case: &case, numbers: &numbers, key: None, rounding: lane_wise::<f32>() };
            check.all::<f32, f32>(()).expect("numbers");
        }
        1 => {
            let numbers = case.numbers::<f64, 2>(1);
            let check = Check { case: &case, numbers: &numbers, key: None, rounding: lane_wise::<f64>() };
            check.all::<Spectrum<f64, 2>, Spectrum<f64, 2>>(()).expect("training in spectral form");
            check.infer_with_plain_weights::<Spectrum<f64, 2>>(()).expect("plain weights in spectral form");
        }
        2 => matrix::<2>(&case, condition),
        _ => matrix::<3>(&case, condition),
    }
});
