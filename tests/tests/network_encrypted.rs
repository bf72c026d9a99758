//! Encrypted networks against the oracle of their lanes: both forms, weights plain and encrypted, inference and training.

use more_core::{Ciphertext, Spectrum};
use more_tests::generators;
use more_tests::network::case::{Case, case};
use more_tests::network::check::{Check, lane_wise};
use more_tests::network::lanes::{Lanes, Samples};
use more_tests::tolerance::network::Rounding;
use nn_core::simd::PackReal;
use nn_core::{Layer, Learn, Shape, Weigh, avg_pool, conv, dense, dropout, strided_conv};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};

fn spectral<T, const N: usize>(case: &Case) -> TestCaseResult
where
    T: PackReal + Samples,
    Spectrum<T, N>: Learn<Spectrum<T, N>, Number = T, Real = T, Context = ()> + Weigh<T> + Lanes<N>,
{
    let numbers = case.numbers::<T, N>(1);
    let check = Check { case, numbers: &numbers, key: None, rounding: lane_wise::<T>() };
    check.all::<Spectrum<T, N>, Spectrum<T, N>>(())?;
    check.infer_with_plain_weights::<Spectrum<T, N>>(())
}

fn matrix<T, const N: usize>(case: &Case) -> TestCaseResult
where
    T: PackReal + Samples,
    Ciphertext<T, N>: Learn<Ciphertext<T, N>, Number = T, Real = T, Context = ()> + Weigh<T> + Lanes<N>,
{
    let keys = generators::Case {
        seed: case.seed,
        condition: 3.0,
        scale: 1.0,
        spread: generators::Spread::Independent,
        first: [0.0; 8],
        second: [0.0; 8],
    };
    let (_, key, setting) = keys.keys::<T, N>();
    let numbers = case.numbers::<T, N>(1);
    let rounding =
        Rounding::matrix(&setting, <T as more_core::Real>::to_f64(<T as more_core::Real>::MIN_POSITIVE));
    let check = Check { case, numbers: &numbers, key: Some(&key), rounding };
    check.all::<Ciphertext<T, N>, Ciphertext<T, N>>(())?;
    check.infer_with_plain_weights::<Ciphertext<T, N>>(())
}

/// A network with every kind of layer.
fn every_layer(seed: u64) -> Case {
    let layers = vec![
        strided_conv(3, 2, 2),
        Layer::Relu,
        conv(5, 3),
        Layer::Sigmoid,
        avg_pool(2),
        dropout(0.25),
        dense(6),
        Layer::Tanh,
        dropout(0.5),
        dense(4),
    ];
    Case { input: Shape::new(2, 13, 12), layers, seed }
}

/// What a mask overflows to in spectral form stays in its lane.
#[test]
fn a_lane_that_overflows_leaves_the_others_alone() {
    fn image<const N: usize>(lane: f32) -> Vec<Spectrum<f32, N>> {
        let pixel = |i: usize| {
            Spectrum::from_lanes(std::array::from_fn(|k| {
                if k == 0 { 0.01 * i as f32 } else { lane * (i + 1) as f32 }
            }))
        };
        (0..2 * 13 * 12).map(pixel).collect()
    }
    let mut case = every_layer(5);
    case.layers.retain(|layer| !matches!(layer, Layer::Sigmoid | Layer::Tanh));
    let network = case.network();
    let weights: Vec<f32> = case.numbers::<f32, 1>(1).parameters.into_iter().map(|[w]| w).collect();
    let run = |lane| more_tests::network::check::run_infer((), &network, &weights, &image::<3>(lane));
    let (quiet, loud) = (run(0.5), run(f32::MAX));
    for (quiet, loud) in quiet.iter().zip(&loud) {
        assert_eq!(quiet.lanes()[0].to_bits(), loud.lanes()[0].to_bits());
        assert!(!loud.lanes()[1].is_finite());
    }
}

/// In matrix form nothing keeps lanes apart: an infinite entry must come out as NaN or infinity, never as a number.
#[test]
fn a_non_finite_entry_reaches_every_output_of_the_matrix_form() {
    for bad in [f64::NAN, f64::INFINITY] {
        for layer in [Layer::Sigmoid, Layer::Tanh, Layer::Relu] {
            let case = Case { input: Shape::new(1, 3, 3), layers: vec![dense(4), layer, dense(2)], seed: 1 };
            let network = case.network();
            let weights: Vec<f64> = case.numbers::<f64, 1>(1).parameters.into_iter().map(|[w]| w).collect();
            let mut image = vec![Ciphertext::<f64, 2>::scalar((), 0.5); 9];
            image[4].columns_mut()[1][0] = bad;
            for y in more_tests::network::check::run_infer((), &network, &weights, &image) {
                assert!(!y.is_finite(), "{layer:?}, {bad}: {y:?}");
            }
            let mut image = vec![Ciphertext::<f64, 3>::scalar((), 0.5); 9];
            image[4].columns_mut()[1][0] = bad;
            for y in more_tests::network::check::run_infer((), &network, &weights, &image) {
                assert!(!y.is_finite(), "{layer:?}, {bad}: {y:?}");
            }
        }
    }
}

macro_rules! suite {
    ($($name:ident: $form:ident, $real:ty, $n:literal, $cases:literal;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn every_layer() {
                for seed in 0..20 {
                    let case = super::every_layer(seed);
                    $form::<$real, $n>(&case).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
                }
            }

            proptest! {
                #![proptest_config(ProptestConfig {
                    failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
                        env!("CARGO_MANIFEST_DIR"),
                        "/proptest-regressions/network_encrypted.txt"
                    )))),
                    ..ProptestConfig::with_cases($cases)
                })]
                #[test]
                fn random(case in case(500)) {
                    $form::<$real, $n>(&case)?;
                }
            }
        }
    )*};
}

suite! {
    spectrum_f32_2: spectral, f32, 2, 100;
    spectrum_f64_2: spectral, f64, 2, 100;
    spectrum_f64_3: spectral, f64, 3, 100;
    spectrum_f64_4: spectral, f64, 4, 100;
    matrix_f32_2: matrix, f32, 2, 100;
    matrix_f64_2: matrix, f64, 2, 200;
    matrix_f64_3: matrix, f64, 3, 100;
    matrix_f64_4: matrix, f64, 4, 100;
}
