//! Seeded keys and ciphertexts against values computed independently by `scripts/known_answers.py`: its own ChaCha20,
//! Python's elementary functions, exact rational arithmetic for the ciphertext.

use more_core::mask::Uniform;
use more_core::{Masks, SecretKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The script's logarithm, cosine and sums differ from ours by a few units in the last place of numbers of size 1,
/// which orthogonalisation and the division by a column's norm multiply by the condition numbers of the Gaussian
/// matrices, below 20 for these seeds.
const COLUMNS: f64 = 100.0 * f64::EPSILON;

fn check<const N: usize>(
    seed: u8,
    id: &str,
    columns: [[f64; N]; N],
    lanes: [f64; N],
    ciphertext: [[f64; N]; N],
) {
    let key =
        SecretKey::<f64, N>::generate(&mut ChaCha20Rng::from_seed([seed; 32])).expect("a seeded generator");
    assert_eq!(key.id().to_string(), id);
    for (ours, theirs) in key.expose_columns().as_flattened().iter().zip(columns.as_flattened()) {
        assert!((ours - theirs).abs() <= COLUMNS, "{ours} for {theirs}");
    }
    // The ciphertext is that of the script's columns, so it inherits their difference, times the lanes.
    let bound = (4 * N) as f64 * COLUMNS * key.condition().powi(2) * 2.0;
    let c = key.encrypt_lanes(&lanes).expect("finite");
    for (ours, theirs) in c.columns().as_flattened().iter().zip(ciphertext.as_flattened()) {
        assert!((ours - theirs).abs() <= bound, "{ours} for {theirs}");
    }
    // Of the script's own columns, only our rounding is left.
    let key = SecretKey::from_parts(key.id(), columns).expect("unit columns");
    let c = key.encrypt_lanes(&lanes).expect("finite");
    let bound = (4 * N) as f64 * f64::EPSILON * key.condition().powi(2) * 2.0;
    for (ours, theirs) in c.columns().as_flattened().iter().zip(ciphertext.as_flattened()) {
        assert!((ours - theirs).abs() <= bound, "{ours} for {theirs}");
    }
}

#[test]
fn two_lanes() {
    check(
        42,
        "98191f46e5830216445436978803697a",
        [[0.6636629628504576, -0.7480317317738281], [0.7413046846841721, 0.6711686557530082]],
        [0.75, -0.5],
        [[0.05681550636242172, -0.6276011934037312], [-0.6150018178488256, 0.19318449363757828]],
    );
}

#[test]
fn three_lanes() {
    check(
        7,
        "f400927857aaf64114f561baacb37970",
        [
            [0.9385707702233103, 0.2034611065504513, -0.27872654592573026],
            [0.433124658374536, -0.12343664812721086, 0.8928417688521637],
            [-0.23027846384964698, 0.950943847378799, 0.20658564378836727],
        ],
        [0.75, -0.5, 2.0],
        [
            [0.6245907414634199, -0.12924030804322764, -0.3854765440658463],
            [-0.20829382416632475, 1.8834970764313244, 0.3972070277483374],
            [-0.5743448504290447, 0.3922173742558363, -0.2580878178947443],
        ],
    );
}

/// The keystream of ChaCha20 under the zero key begins 76b8e0ad a0f13d90 405d6ae5 5386bd28 (RFC 8439, appendix A.1,
/// test vector 1). Masks are its words, little-endian: the upper 24 bits of 32, or 53 of 64.
#[test]
fn masks_are_the_words_of_the_generator() {
    let mut out = [0.0_f32; 4];
    let mut masks = Uniform::new(0.0_f32, 1.0).expect("a range");
    masks.fill(&mut ChaCha20Rng::from_seed([0; 32]), 0.0, &mut out).expect("a seeded generator");
    let words = [0xade0b8_u32, 0x903df1, 0xe56a5d, 0x28bd86];
    assert_eq!(out, words.map(|word| word as f32 / 16_777_216.0));

    let mut out = [0.0; 2];
    let mut masks = Uniform::new(-1.0, 1.0).expect("a range");
    masks.fill(&mut ChaCha20Rng::from_seed([0; 32]), 0.0, &mut out).expect("a seeded generator");
    let words = [0x903d_f1a0_ade0_b876_u64, 0x28bd_8653_e56a_5d40];
    assert_eq!(out, words.map(|word| -1.0 + 2.0 * ((word >> 11) as f64 / 9_007_199_254_740_992.0)));
}
