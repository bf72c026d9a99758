//! Lanes from single rows: which rows, and how far from the lanes that were encrypted. `scheme_bounds.rs` searches for the worst.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;

use more_core::{Ciphertext, EvaluationKey, KeyId, LaneRows, Real, SecretKey, Spectrum};
use more_tests::generators::{case, largest};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The rows of a key with these columns.
fn rows<const N: usize>(columns: [[f64; N]; N]) -> LaneRows<f64, N> {
    LaneRows::new(&EvaluationKey::from_parts(KeyId([7; 16]), columns).unwrap())
}

#[test]
fn a_row_and_its_ratios_are_those_of_paper_and_pencil() {
    // Beside its length the first entry of (0.5, 4) is 0.12, the second 0.99; of (1, -2) they are 0.45 and 0.89: row 1 serves best.
    let rows = rows([[1.0, -2.0], [0.5, 4.0]]);
    assert_eq!((rows.id(), rows.rows()), (KeyId([7; 16]), &[1, 1]));
    assert_eq!((rows.ratios(0), rows.ratios(1)), (&[-0.5, 0.0], &[0.125, 0.0]));
    // The rows (1, 3) and (2, 4): lanes 4 - 1 and 4 + 0.25, whatever stands in the row that is not looked at.
    for first in [[1.0, 3.0], [f64::NAN, f64::INFINITY]] {
        let c = Ciphertext::<f64, 2>::from_columns([[first[0], 2.0], [first[1], 4.0]]);
        assert_eq!(rows.to_spectrum(&c), Spectrum::from_lanes([3.0, 4.25]));
    }
}

#[test]
fn as_few_rows_are_taken_as_serve_all_lanes() {
    // Each lane has its own.
    let mut columns = [[0.01; 4]; 4];
    for (k, column) in columns.iter_mut().enumerate() {
        column[(k + 1) % 4] = 1.0;
    }
    assert_eq!(rows(columns).rows(), &[1, 2, 3, 0]);
    // Row 3 serves all but lane 0.
    for column in &mut columns[1..] {
        column[3] = 0.9;
    }
    assert_eq!(rows(columns).rows(), &[1, 3, 3, 3]);
    // And now that one, too: a sixteenth of its length is 1/8 of 1/sqrt(4).
    columns[0][3] = -0.06;
    assert_eq!(rows(columns).rows(), &[1, 3, 3, 3]);
    columns[0][3] = -0.07;
    assert_eq!(rows(columns).rows(), &[3, 3, 3, 3]);
    // Of two rows that serve, the one whose least entry is larger.
    assert_eq!(rows([[1.0, 0.6], [-0.5, 1.0]]).rows(), &[1, 1]);
    assert_eq!(rows([[0.6, 1.0], [1.0, -0.5]]).rows(), &[0, 0]);
}

#[test]
fn columns_of_any_length_have_rows() {
    let unit = rows([[0.6, 0.8], [0.8, -0.6]]);
    let scaled = rows([[0.6e-100, 0.8e-100], [-0.8e100, 0.6e100]]);
    assert_eq!(unit.rows(), scaled.rows());
    for lane in 0..2 {
        for (a, b) in unit.ratios(lane).iter().zip(scaled.ratios(lane)) {
            assert!((a - b).abs() <= 4.0 * f64::EPSILON * a.abs(), "{a} {b}");
        }
    }
}

fn check<T: Real, const N: usize>(case: &more_tests::generators::Case) -> Result<(), TestCaseError> {
    let (_, key, setting) = case.keys::<T, N>();
    let rows = LaneRows::new(&key);
    for lane in 0..N {
        let ratios = rows.ratios(lane).map(T::to_f64);
        prop_assert_eq!(ratios[rows.rows()[lane]], 0.0);
        let errors = ratios.iter().fold(1.0, |sum, ratio| sum + ratio * ratio).sqrt();
        prop_assert!(
            errors <= 8.0 * (N as f64).sqrt() * (1.0 + 4.0 * setting.eps),
            "lane {}: {}",
            lane,
            errors
        );
    }
    let lanes: [T; N] = case.lanes(&case.first);
    let found = rows.to_spectrum(&key.to_ciphertext(&Spectrum::from_lanes(lanes)));
    let bound = setting.rows(largest(&lanes));
    for (found, lane) in found.lanes().iter().zip(lanes) {
        let error = (T::to_f64(*found) - T::to_f64(lane)).abs();
        prop_assert!(error <= bound, "{} beyond {}", error, bound);
    }
    let equal = Spectrum::from_lanes([lanes[0]; N]);
    prop_assert_eq!(rows.to_spectrum(&key.to_ciphertext(&equal)), equal);
    Ok(())
}

/// How many of 500 keys as `keygen` draws them take one row, two, or more.
fn counted<const N: usize>() -> [usize; 3] {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut counts = [0; 3];
    for _ in 0..500 {
        let key = SecretKey::<f64, N>::generate(&mut rng).unwrap();
        let rows = *LaneRows::new(&EvaluationKey::from_secret_key(&key, &mut rng).unwrap()).rows();
        counts[BTreeSet::from(rows).len().min(3) - 1] += 1;
    }
    counts
}

#[test]
fn one_row_is_enough_for_nearly_all_keys_and_two_for_all() {
    for counts in [
        counted::<2>(),
        counted::<3>(),
        counted::<4>(),
        counted::<5>(),
        counted::<6>(),
        counted::<7>(),
        counted::<8>(),
    ] {
        assert!(counts[0] > 470 && counts[2] == 0, "{counts:?}");
    }
}

proptest! {
    #[test]
    fn lanes_are_those_that_were_encrypted(case in case()) {
        check::<f32, 2>(&case)?;
        check::<f64, 2>(&case)?;
        check::<f32, 3>(&case)?;
        check::<f64, 4>(&case)?;
        check::<f32, 8>(&case)?;
    }
}
