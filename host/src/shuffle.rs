//! A uniform permutation.

use rand_core::Rng;

/// Permutes the items, every order with the same probability (Fisher and Yates).
pub(crate) fn shuffle<T>(items: &mut [T], generator: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        // The high word of a product with 64 random bits: the bias is below 2^-32 for any count that fits in memory.
        let other = ((u128::from(generator.next_u64()) * (last as u128 + 1)) >> 64) as usize;
        items.swap(last, other);
    }
}
