//! No operation exceeds its bound: a short run of what `examples/bounds.rs` does at length.

use more_core::Real;
use more_tests::bounds::{climb, operations, sample};

fn within<T: Real, const N: usize>() {
    for (k, operation) in operations::<T, N>().iter().enumerate() {
        for found in [sample(operation, 300, k as u64), climb(operation, 1500, k as u64)] {
            assert!(found.messages > 0, "{}: nothing tried", operation.name);
            assert!(found.share < 1.0, "{} of n = {N}, {}: {found:?}", operation.name, T::SCALAR);
        }
    }
}

#[test]
fn two_lanes() {
    within::<f32, 2>();
    within::<f64, 2>();
}

#[test]
fn three_lanes() {
    within::<f32, 3>();
    within::<f64, 3>();
}

#[test]
fn four_lanes() {
    within::<f32, 4>();
    within::<f64, 4>();
}
