//! Packs of ciphertexts, with every instruction set of this machine, against the oracle of their lanes.

use more_core::{Ciphertext, Spectrum};
use more_tests::generators;
use more_tests::network::case::{Case, case};
use more_tests::network::check::{Check, lane_wise};
use more_tests::tolerance::network::Rounding;
use nn_core::element::Pack;
use nn_core::simd::{InstructionSet, Isa, Job, PackReal};
use nn_core::{Layer, Shape, avg_pool, conv, dense, dropout, strided_conv};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};

struct Packs<'a>(&'a Case);

impl Job<f32> for Packs<'_> {
    type Output = TestCaseResult;

    fn run<I: Isa<Real = f32>>(self, isa: I) -> TestCaseResult {
        let case = self.0;
        let keys = generators::Case {
            seed: case.seed,
            condition: 3.0,
            scale: 1.0,
            spread: generators::Spread::Independent,
            first: [0.0; 8],
            second: [0.0; 8],
        };
        let (_, key, setting) = keys.keys::<f32, 2>();
        let numbers = case.numbers::<f32, 2>(I::SAMPLES);
        let check = Check { case, numbers: &numbers, key: None, rounding: lane_wise::<f32>() };
        check.all::<Spectrum<Pack<I>, 2>, Spectrum<f32, 2>>(isa)?;
        check.infer_with_plain_weights::<Spectrum<Pack<I>, 2>>(isa)?;
        let rounding = Rounding::matrix(&setting, f64::from(f32::MIN_POSITIVE));
        let check = Check { case, numbers: &numbers, key: Some(&key), rounding };
        check.all::<Ciphertext<Pack<I>, 2>, Ciphertext<f32, 2>>(isa)?;
        check.infer_with_plain_weights::<Ciphertext<Pack<I>, 2>>(isa)
    }
}

fn packs(case: &Case) -> TestCaseResult {
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        f32::dispatch(set, Packs(case))
            .map_err(|error| TestCaseError::fail(format!("{}: {error}", set.name())))?;
    }
    Ok(())
}

#[test]
fn every_layer() {
    for seed in 0..5 {
        let layers = vec![
            strided_conv(3, 2, 2),
            Layer::Relu,
            conv(5, 3),
            Layer::Sigmoid,
            avg_pool(2),
            dropout(0.25),
            dense(17),
            Layer::Tanh,
            dropout(0.5),
            dense(4),
        ];
        let case = Case { input: Shape::new(2, 13, 12), layers, seed };
        packs(&case).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

/// Planes and columns enough for Winograd's filtering of numbers, which ciphertexts are computed without.
#[test]
fn winograd() {
    let sizes = [(8, 16, 6, 18), (9, 17, 7, 19), (4, 8, 6, 12)];
    for (seed, (channels, filters, height, width)) in sizes.into_iter().enumerate() {
        let layers =
            vec![conv(channels, 1), Layer::Tanh, conv(filters, 3), Layer::Sigmoid, avg_pool(2), dense(2)];
        let case = Case { input: Shape::new(2, height, width), layers, seed: seed as u64 };
        packs(&case).unwrap_or_else(|error| panic!("{case:?}: {error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/network_encrypted_packs.txt"
        )))),
        ..ProptestConfig::with_cases(60)
    })]
    #[test]
    fn random(case in case(300)) {
        packs(&case)?;
    }
}
