//! Masks: bulk drawing, probability vectors, sources of the caller's own.

use more_core::mask::{Normal, Simplex, Uniform};
use more_core::rand_core::TryCryptoRng;
use more_core::{Ciphertext, Error, Masks, Real, SecretKey, Spectrum};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Over the length of the buffer, and for lanes that do not divide it.
fn bulk<T: Real>(mut masks: impl Masks<T>) {
    for (count, lanes) in [(0, 3), (1, 1), (257, 1), (128, 2), (300, 3), (100, 7)] {
        let messages = vec![T::ONE; count];
        let mut many = Vec::new();
        masks
            .fill_many(&mut rng(count as u64), &messages, lanes, |message, lane, mask| {
                assert_eq!(message * lanes + lane, many.len());
                many.push(mask);
            })
            .expect("a seeded generator");
        assert_eq!(many.len(), count * lanes);
        let mut single = rng(count as u64);
        for found in many.chunks(lanes) {
            let mut out = vec![T::NAN; lanes];
            masks.fill(&mut single, T::ONE, &mut out).expect("a seeded generator");
            assert_eq!(found, out);
        }
    }
}

#[test]
fn bulk_drawing_gives_the_masks_of_single_drawing() {
    bulk(Uniform::new(-1.0_f32, 2.0).expect("a range"));
    bulk(Uniform::new(-1.0_f64, 2.0).expect("a range"));
    bulk(Normal::new(1.0_f32, 0.5).expect("a distribution"));
    bulk(Normal::new(1.0_f64, 0.5).expect("a distribution"));
}

fn simplex<T: Real>() {
    let (classes, vectors) = (4, 50_000);
    let mut masks = Simplex::new(classes).expect("not empty");
    let messages = vec![T::ZERO; classes * vectors];
    let mut labels = vec![[0.0_f64; 2]; messages.len()];
    masks
        .fill_many(&mut rng(5), &messages, 2, |i, lane, mask| labels[i][lane] = T::to_f64(mask))
        .expect("a seeded generator");
    let eps = T::to_f64(T::EPSILON);
    for lane in 0..2 {
        // First and second moments of an entry and the mean of a product, as Dirichlet's distribution has them: 1/c,
        // 2/(c (c + 1)), 1/(c (c + 1)). Five standard errors, with variances bounded by the means: entries are in [0, 1].
        let c = classes as f64;
        for i in 0..classes {
            let next = (i + 1) % classes;
            let (mut first, mut second, mut mixed) = (0.0, 0.0, 0.0);
            for vector in labels.chunks(classes) {
                first += vector[i][lane] / vectors as f64;
                second += vector[i][lane].powi(2) / vectors as f64;
                mixed += vector[i][lane] * vector[next][lane] / vectors as f64;
            }
            for (found, expected) in
                [(first, 1.0 / c), (second, 2.0 / (c * (c + 1.0))), (mixed, 1.0 / (c * (c + 1.0)))]
            {
                let bound = 5.0 * (expected / vectors as f64).sqrt();
                assert!((found - expected).abs() < bound, "entry {i}: {found} for {expected}");
            }
        }
        for vector in labels.chunks(classes) {
            assert!(vector.iter().all(|entry| entry[lane] >= 0.0 && entry[lane].is_sign_positive()));
            let sum: f64 = vector.iter().map(|entry| entry[lane]).sum();
            assert!((sum - 1.0).abs() <= 0.5 * c * eps, "{sum}");
        }
    }
}

#[test]
fn soft_labels_are_uniform_probability_vectors() {
    simplex::<f32>();
    simplex::<f64>();
    // Of one class there is one vector.
    let mut found = Vec::new();
    let mut masks = Simplex::new(1).expect("not empty");
    masks
        .fill_many(&mut rng(1), &[0.0_f32; 2], 1, |_, _, mask| found.push(mask))
        .expect("a seeded generator");
    assert_eq!((found, masks.classes()), (vec![1.0; 2], 1));
}

#[test]
fn label_vectors_that_do_not_fit_are_refused() {
    assert_eq!(Simplex::new(0), Err(Error::Masks));
    assert_eq!(Simplex::new((1 << 24) + 1), Err(Error::Masks));
    let key = SecretKey::<f32, 2>::generate(&mut rng(1)).expect("seeded");
    let mut masks = Simplex::new(10).expect("not empty");
    assert_eq!(key.encrypt(1.0, &mut masks, &mut rng(1)), Err(Error::Masks));
    let mut out = [Ciphertext::zero(()); 15];
    assert_eq!(key.encrypt_slice(&[0.0; 15], &mut masks, &mut rng(1), &mut out), Err(Error::Length));
}

/// Masks that depend on each other: the same for all messages of a call.
struct Shared;

impl Masks<f64> for Shared {
    fn fill<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        _message: f64,
        out: &mut [f64],
    ) -> Result<(), Error> {
        for mask in out {
            *mask = f64::uniform(rng.try_next_u64().map_err(|_| Error::Random)?);
        }
        Ok(())
    }

    fn fill_many<G: TryCryptoRng + ?Sized>(
        &mut self,
        rng: &mut G,
        messages: &[f64],
        lanes: usize,
        mut put: impl FnMut(usize, usize, f64),
    ) -> Result<(), Error> {
        let mut masks = vec![0.0; lanes];
        self.fill(rng, 0.0, &mut masks)?;
        for i in 0..messages.len() {
            for (lane, mask) in masks.iter().enumerate() {
                put(i, lane, *mask);
            }
        }
        Ok(())
    }
}

#[test]
fn a_source_of_the_callers_own() {
    let key = SecretKey::<f64, 3>::generate(&mut rng(1)).expect("seeded");
    let mut out = [Spectrum::zero(()); 2];
    key.encrypt_spectrum_slice(0, &[8.0, 9.0], &mut Shared, &mut rng(2), &mut out).expect("seeded");
    let single = key.encrypt_spectrum(0, 8.0, &mut Shared, &mut rng(2)).expect("seeded");
    assert_eq!(out[0], single);
    assert_eq!(out[1].lanes()[1..], single.lanes()[1..]);
    assert_eq!(out[1].lanes()[0], 9.0);
}
