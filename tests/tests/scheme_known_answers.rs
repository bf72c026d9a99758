//! Seeded keys and ciphertexts against values computed independently by `scripts/known_answers.py`: its own ChaCha20,
//! Python's elementary functions, exact rational arithmetic for the ciphertext.

use more_core::mask::{Decoys, Normal, OneHot, Simplex, Uniform};
use more_core::{Masks, Real, SecretKey};
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

fn drawn<T: Real>(masks: &mut impl Masks<T>, messages: usize, lanes: usize) -> Vec<Vec<T>> {
    let mut out = vec![vec![T::NAN; messages]; lanes];
    masks
        .fill_many(&mut ChaCha20Rng::from_seed([0; 32]), &vec![T::ZERO; messages], lanes, |i, lane, mask| {
            out[lane][i] = mask;
        })
        .expect("a seeded generator");
    out
}

/// Bit for bit what every platform must give, and beside it what the script has computed to 40 digits. All values and
/// pieces lie in [0, 1] and are made of five operations or fewer after the uniform number; the angle of the normal
/// ones adds `2 pi eps` times a radius of 2 and a deviation of 1/4: 8 `eps`.
fn pinned<T: Real>(found: &[T], pinned: &[T], script: &[f64]) {
    assert_eq!(found, pinned);
    for (ours, theirs) in found.iter().zip(script) {
        assert!((T::to_f64(*ours) - theirs).abs() <= 8.0 * T::to_f64(T::EPSILON), "{ours} for {theirs}");
    }
}

#[test]
fn normal_masks() {
    pinned(
        &drawn(&mut Normal::new(0.5_f32, 0.25).expect("a distribution"), 4, 1)[0],
        &[0.15256992, 0.7875192, 0.8145267, 0.57731533],
        &[0.15256991982460022, 0.7875191569328308, 0.8145266771316528, 0.5773151516914368],
    );
    pinned(
        &drawn(&mut Normal::new(0.5_f64, 0.25).expect("a distribution"), 4, 1)[0],
        &[0.6739333572945324, 0.5203006701516277, 0.5671833914540501, 0.3797424609255232],
        &[0.6739333572945324, 0.5203006701516277, 0.5671833914540501, 0.3797424609255233],
    );
}

#[test]
fn soft_labels() {
    let drawn32 = drawn::<f32>(&mut Simplex::new(4).expect("not empty"), 4, 2);
    pinned(
        &drawn32[0],
        &[0.31544733, 0.232253, 0.40533024, 0.046969414],
        &[0.3154473602771759, 0.23225298523902893, 0.40533024072647095, 0.04696941003203392],
    );
    pinned(
        &drawn32[1],
        &[0.056140024, 0.44365337, 0.05261535, 0.44759125],
        &[0.056140024214982986, 0.4436533451080322, 0.05261535197496414, 0.44759127497673035],
    );
    let drawn64 = drawn::<f64>(&mut Simplex::new(4).expect("not empty"), 4, 2);
    pinned(
        &drawn64[0],
        &[0.24139984610905255, 0.06297660142021225, 0.07317074568975047, 0.6224528067809848],
        &[0.24139984610905255, 0.06297660142021225, 0.07317074568975047, 0.6224528067809847],
    );
    pinned(
        &drawn64[1],
        &[0.3940855662938022, 0.20030691532491007, 0.08760547160106323, 0.3180020467802245],
        &[0.3940855662938022, 0.2003069153249101, 0.08760547160106323, 0.3180020467802245],
    );
}

/// The classes of the script: for each vector in turn, one for each lane.
#[test]
fn hard_labels() {
    fn check<T: Real>() {
        let lanes = drawn::<T>(&mut OneHot::new(10).expect("not empty"), 20, 3);
        let mut found = Vec::new();
        for vector in 0..2 {
            for lane in &lanes {
                let vector = &lane[10 * vector..10 * (vector + 1)];
                assert_eq!(vector.iter().filter(|x| **x == T::ZERO).count(), 9);
                found.push(vector.iter().position(|x| *x == T::ONE).expect("one class"));
            }
        }
        assert_eq!(found, [4, 6, 2, 1, 3, 4]);
    }
    check::<f32>();
    check::<f64>();
}

/// The words of RFC 8439 again, in bulk, lane by lane of each message.
#[test]
fn uniform_masks_in_bulk_and_decoys() {
    let found = drawn(&mut Uniform::new(0.0_f32, 1.0).expect("a range"), 2, 2);
    let at = |word: u32| word as f32 / 16_777_216.0;
    assert_eq!(found, [[at(0xade0b8), at(0xe56a5d)], [at(0x903df1), at(0x28bd86)]]);
    let found = drawn(&mut Uniform::new(0.0_f64, 1.0).expect("a range"), 1, 2);
    let at = |word: u64| (word >> 11) as f64 / 9_007_199_254_740_992.0;
    assert_eq!(found, [[at(0x903d_f1a0_ade0_b876)], [at(0x28bd_8653_e56a_5d40)]]);
    assert_eq!(drawn(&mut Decoys::new(&[1.0_f32, 2.0, 3.0, 4.0]), 2, 2), [[1.0, 3.0], [2.0, 4.0]]);
}
