//! Keys: condition, erasure of form, wrong keys, lanes, ciphertexts alone.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use more_core::mask::{Decoys, Normal, OneHot, Uniform};
use more_core::{Ciphertext, Error, EvaluationKey, KeyId, Masks, Real, SecretKey, Spectrum, max_condition};
use more_tests::generators::{case, largest};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Fails after some words.
struct Failing(usize);

impl TryRng for Failing {
    type Error = std::io::Error;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| std::io::Error::other("no entropy"))?;
        let mut source = rng(self.0 as u64);
        source.fill_bytes(out);
        Ok(())
    }
}

impl TryCryptoRng for Failing {}

fn generated<T: Real, const N: usize>() {
    let mut rng = rng(3);
    for bound in [1.01, 1.5, 3.0, 20.0, 100.0] {
        for _ in 0..100 {
            let key = SecretKey::<T, N>::generate_with_condition(&mut rng, bound).expect("in range");
            assert!((1.0..=bound).contains(&key.condition()), "{} > {bound}", key.condition());
            for column in key.expose_columns() {
                let norm = column.iter().map(|entry| T::to_f64(*entry).powi(2)).sum::<f64>().sqrt();
                // Each entry is rounded by half an eps of itself, so the norm is off by at most that; twice for f64,
                // where the norm itself is rounded too.
                assert!((norm - 1.0).abs() <= 2.0 * T::to_f64(T::EPSILON), "column of length {norm}");
            }
        }
    }
    for bad in [f64::NAN, 0.0, 1.0, -3.0, f64::INFINITY, max_condition::<T>() * 1.01] {
        let result = SecretKey::<T, N>::generate_with_condition(&mut rng, bad);
        assert_eq!(result.map(|key| key.id()), Err(Error::Condition));
    }
}

#[test]
fn generated_keys_keep_the_bound_and_have_unit_columns() {
    generated::<f32, 2>();
    generated::<f64, 2>();
    generated::<f32, 3>();
    generated::<f64, 4>();
    generated::<f64, 8>();
}

#[test]
fn condition_matches_the_definition() {
    // Unit columns at an angle t: singular values sqrt(1 +- cos t).
    for degrees in [10.0_f64, 45.0, 80.0, 90.0, 170.0] {
        let t = degrees.to_radians();
        let key = SecretKey::<f64, 2>::from_parts(KeyId([0; 16]), [[3.0, 0.0], [t.cos(), t.sin()]]).unwrap();
        let cos = t.cos().abs();
        let expected = ((1.0 + cos) / (1.0 - cos)).sqrt();
        // 1 - cos cancels: its relative error is eps / (1 - cos).
        let bound = 4.0 * f64::EPSILON / (1.0 - cos);
        assert!((key.condition() / expected - 1.0).abs() <= bound, "{} for {expected}", key.condition());
    }
}

#[test]
fn columns_that_make_no_key_are_refused() {
    let id = KeyId([1; 16]);
    let parts = |columns| SecretKey::<f64, 2>::from_parts(id, columns).map(|key| key.id());
    assert_eq!(parts([[1.0, 2.0], [2.0, 4.0]]), Err(Error::Condition));
    assert_eq!(parts([[0.0, 0.0], [2.0, 4.0]]), Err(Error::Condition));
    assert_eq!(parts([[1.0, 0.0], [1.0, 1e-7]]), Err(Error::Condition));
    assert_eq!(parts([[1.0, f64::NAN], [2.0, 4.0]]), Err(Error::NonFinite));
    assert_eq!(parts([[1.0, f64::INFINITY], [2.0, 4.0]]), Err(Error::NonFinite));
    assert_eq!(parts([[1e300, 0.0], [0.0, 1e-300]]), Ok(id));
    let parts = |columns| EvaluationKey::<f32, 2>::from_parts(id, columns).map(|key| key.id());
    assert_eq!(parts([[1.0, 2.0], [2.0, 4.0]]), Err(Error::Condition));
    assert_eq!(parts([[f32::NAN, 2.0], [2.0, 4.0]]), Err(Error::NonFinite));
    assert_eq!(parts([[5.0, 0.0], [0.0, -0.25]]), Ok(id));
}

#[test]
fn a_failing_source_is_an_error_wherever_it_fails() {
    // Key id, 4 x 2 Gaussians of two numbers, two singular values: 19 draws at least.
    for draws in 0..19 {
        let result = SecretKey::<f32, 2>::generate(&mut Failing(draws));
        assert_eq!(result.map(|key| key.id()), Err(Error::Random), "after {draws}");
    }
    assert!(SecretKey::<f32, 2>::generate(&mut Failing(1000)).is_ok());
    let key = SecretKey::<f32, 2>::generate(&mut rng(1)).unwrap();
    assert_eq!(EvaluationKey::from_secret_key(&key, &mut Failing(1)), Err(Error::Random));
    let mut masks = Uniform::new(0.0, 1.0).unwrap();
    assert_eq!(key.encrypt(1.0, &mut masks, &mut Failing(0)), Err(Error::Random));
    let mut out = [Ciphertext::scalar((), 1.0); 600];
    // The first block of masks is drawn, the second is not: nothing half-made may stay.
    assert_eq!(key.encrypt_slice(&[0.5; 600], &mut masks, &mut Failing(1), &mut out), Err(Error::Random));
    assert_eq!(out, [Ciphertext::zero(()); 600]);
    let mut out = [Spectrum::scalar((), 1.0); 600];
    let result = key.encrypt_spectrum_slice(0, &[0.5; 600], &mut masks, &mut Failing(1), &mut out);
    assert_eq!((result, out), (Err(Error::Random), [Spectrum::zero(()); 600]));
}

#[test]
fn debug_hides_the_key() {
    let key = SecretKey::<f64, 2>::generate(&mut rng(2)).unwrap();
    let text = format!("{key:?} {key:#?}");
    assert!(text.contains(&key.id().to_string()));
    for entry in key.expose_columns().as_flattened() {
        let digits = format!("{:.3}", entry.abs());
        assert!(!text.contains(&digits), "{text} shows {digits}");
    }
    assert!(!text.contains(&format!("{:.3}", key.condition())));
}

#[test]
fn ids_are_random_and_not_a_function_of_the_columns() {
    let columns = [[1.0, 0.2], [0.1, 1.0]];
    let a = SecretKey::<f64, 2>::from_parts(KeyId::generate(&mut rng(1)).unwrap(), columns).unwrap();
    let b = SecretKey::<f64, 2>::from_parts(KeyId::generate(&mut rng(2)).unwrap(), columns).unwrap();
    assert_eq!(a.expose_columns(), b.expose_columns());
    assert_ne!(a.id(), b.id());
    // Another continuation of the same stream: the id is drawn, not derived.
    let key = SecretKey::<f64, 2>::generate(&mut rng(1)).unwrap();
    assert_eq!(key.id(), a.id());
    assert_ne!(key.expose_columns(), a.expose_columns());
}

fn wrong_key<T: Real, const N: usize>() {
    let mut rng = rng(11);
    let mut masks = Uniform::new(T::ZERO, T::ONE).unwrap();
    let mut missed = 0;
    for _ in 0..500 {
        let key = SecretKey::<T, N>::generate(&mut rng).unwrap();
        let other = SecretKey::<T, N>::generate(&mut rng).unwrap();
        let c = key.encrypt(T::HALF, &mut masks, &mut rng).unwrap();
        assert!(key.decrypt_checked(&c).is_ok());
        missed += usize::from(other.decrypt_checked(&c).is_ok());
        let evaluation = EvaluationKey::from_secret_key(&key, &mut rng).unwrap();
        assert!(evaluation.to_spectrum_checked(&c).is_ok());
        assert_eq!(other.message_lane(&evaluation), Err(Error::WrongKey));
        let foreign = EvaluationKey::from_secret_key(&other, &mut rng).unwrap();
        assert_eq!(evaluation.alignment(&foreign), Err(Error::Misaligned));
        // The same id does not help another key.
        let forged = EvaluationKey::from_parts(key.id(), *foreign.columns()).unwrap();
        assert_eq!(key.message_lane(&forged), Err(Error::WrongKey));
        assert_eq!(evaluation.alignment(&forged), Err(Error::Misaligned));
        // Equal lanes look the same under every key, and so does a permuted one: nothing there to detect.
        let equal = key.encrypt_lanes(&[T::HALF; N]).unwrap();
        assert_eq!(other.decrypt_checked(&equal), Ok(T::HALF));
        let mut columns = *key.expose_columns();
        columns.rotate_left(1);
        let permuted = SecretKey::from_parts(key.id(), columns).unwrap();
        assert!(permuted.decrypt_checked(&c).is_ok());
    }
    // Missed only where the lanes are within kappa^2 sqrt(eps) of each other or the keys agree as closely, which for
    // uniform masks has a probability of about 18 sqrt(eps) = 0.6 % in f32.
    let allowed = if T::BYTES == 4 { 12 } else { 0 };
    assert!(missed <= allowed, "{missed} of 500");
}

#[test]
fn wrong_keys_are_detected_where_they_can_be() {
    wrong_key::<f32, 2>();
    wrong_key::<f64, 2>();
    wrong_key::<f32, 3>();
    wrong_key::<f64, 3>();
    wrong_key::<f64, 4>();
}

#[test]
fn what_is_not_finite_is_an_error_in_matrix_form() {
    let key = SecretKey::<f64, 3>::generate(&mut rng(5)).unwrap();
    let evaluation = EvaluationKey::from_secret_key(&key, &mut rng(6)).unwrap();
    let good = key.encrypt_lanes(&[0.3, 0.5, 0.9]).unwrap();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for lane in 0..3 {
            let mut lanes = [0.5; 3];
            lanes[lane] = bad;
            assert_eq!(key.encrypt_lanes(&lanes), Err(Error::NonFinite));
        }
        for place in 0..9 {
            let mut c = good;
            c.columns_mut().as_flattened_mut()[place] = bad;
            assert_eq!(key.decrypt(&c), Err(Error::NonFinite));
            assert_eq!(key.decrypt_checked(&c), Err(Error::NonFinite));
            assert_eq!(evaluation.to_spectrum(&c), Err(Error::NonFinite));
            assert!(evaluation.to_spectrum_unchecked(&c).lanes().iter().all(|lane| !lane.is_finite()));
            assert_eq!(EvaluationKey::from_ciphertext(&c, key.id()), Err(Error::NonFinite));
            assert_eq!(c.try_recip(), Err(Error::NonFinite));
            assert_eq!(c.try_div(good), Err(Error::NonFinite));
            assert_eq!(good.try_div(c), Err(Error::NonFinite));
            assert_eq!(c.try_sigmoid(), Err(Error::NonFinite));
            assert_eq!(c.try_exp(), Err(Error::NonFinite));
            assert_eq!(c.try_relu(), Err(Error::NonFinite));
            assert_eq!(c.try_powi(0), Err(Error::NonFinite));
            assert_eq!(c.try_apply(|_| 1.0), Err(Error::NonFinite));
            assert_eq!(c.try_maximum(good), Err(Error::NonFinite));
            assert!(!c.apply_unchecked(|x| x, |_| 1.0).is_finite());
        }
    }
    assert_eq!(key.encrypt_lanes(&[800.0, 0.0, 0.0]).unwrap().try_exp(), Err(Error::NonFinite));
    assert_eq!(good.sub_scalar(0.5).try_ln(), Err(Error::Domain));
    assert_eq!(good.sub_scalar(0.5).try_sqrt(), Err(Error::Domain));
    assert_eq!(Ciphertext::<f64, 3>::zero(()).try_powi(-1), Err(Error::Domain));
    assert_eq!(Ciphertext::<f64, 3>::zero(()).try_recip(), Err(Error::Singular));
    assert_eq!(key.encrypt_lanes(&[1.0, 1.0, 1e-17]).unwrap().try_recip(), Err(Error::Singular));
}

#[test]
fn what_is_not_finite_is_an_error_for_two_lanes_too() {
    let good = SecretKey::<f32, 2>::generate(&mut rng(5)).unwrap().encrypt_lanes(&[0.3, 0.5]).unwrap();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for place in 0..4 {
            let mut c = good;
            c.columns_mut().as_flattened_mut()[place] = bad;
            assert_eq!(c.try_sigmoid(), Err(Error::NonFinite));
            assert_eq!(c.try_recip(), Err(Error::NonFinite));
            for result in [
                c.apply_unchecked(more_core::Arithmetic::sigmoid, |_| 0.0),
                c.apply_unchecked(|_| 1.0, |_| 0.0),
                c.maximum(good),
                c.recip_unchecked(),
            ] {
                assert!(!result.is_finite(), "{bad} at {place} became {result:?}");
            }
        }
    }
}

#[test]
fn a_matrix_without_real_eigenvalues_is_no_ciphertext() {
    let rotation = Ciphertext::from_columns([[0.0, 1.0], [-1.0, 0.0]]);
    assert_eq!(rotation.try_sigmoid(), Err(Error::NoConvergence));
    assert!(!rotation.apply_unchecked(|x: f64| x, |_| 1.0).is_finite());
    assert_eq!(EvaluationKey::from_ciphertext(&rotation, KeyId([0; 16])), Err(Error::NoConvergence));
    let rotation = Ciphertext::from_columns([[0.0_f32, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
    assert_eq!(rotation.try_sigmoid(), Err(Error::NoConvergence));
    assert!(!rotation.apply_unchecked(|x| x, |_| 1.0).is_finite());
    assert_eq!(EvaluationKey::from_ciphertext(&rotation, KeyId([0; 16])), Err(Error::NoConvergence));
    // A Jordan block has real eigenvalues but no basis of eigenvectors.
    let jordan = Ciphertext::from_columns([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 2.0]]);
    assert!(EvaluationKey::<f64, 3>::from_ciphertext(&jordan, KeyId([0; 16])).is_err());
}

#[test]
fn a_mask_that_overflows_does_not_reach_the_message_in_spectral_form() {
    let key = SecretKey::<f32, 3>::generate(&mut rng(8)).unwrap();
    for bad in [f32::MAX, f32::INFINITY, f32::NAN] {
        for lane in 0..3 {
            let mut lanes = [bad; 3];
            lanes[lane] = 0.5;
            let x = Spectrum::from_lanes(lanes);
            let y = Spectrum::from_lanes({
                let mut lanes = [0.0; 3];
                lanes[lane] = 0.25;
                lanes
            });
            let z = (x * x + x - y).scale(2.0).add_scalar(0.5).maximum(y).try_sigmoid().unwrap();
            let z = z.mul_acc(x, y).try_apply(|x| x * x).unwrap();
            let plain = {
                let (x, y) = (0.5_f32, 0.25_f32);
                let z = more_core::Arithmetic::sigmoid(((x * x + x - y) * 2.0 + 0.5).max(y));
                (z + x * y) * (z + x * y)
            };
            assert_eq!(key.decrypt_spectrum(lane, &z), Ok(plain));
            for other in (0..3).filter(|other| *other != lane) {
                assert_eq!(key.decrypt_spectrum(other, &x.scale(4.0)), Err(Error::NonFinite));
            }
        }
    }
    assert_eq!(key.decrypt_spectrum(3, &Spectrum::zero(())), Err(Error::Lane));
}

fn alone<T: Real, const N: usize>() {
    let mut rng = rng(13);
    let mut masks = Uniform::new(T::ZERO, T::ONE).unwrap();
    let mut solved = 0;
    for _ in 0..300 {
        let key = SecretKey::<T, N>::generate(&mut rng).unwrap();
        let c = key.encrypt(T::uniform(rng.next_u64()), &mut masks, &mut rng).unwrap();
        let found = match EvaluationKey::from_ciphertext(&c, key.id()) {
            Ok(found) => found,
            Err(error) => {
                assert_eq!(error, Error::EqualLanes);
                continue;
            }
        };
        solved += 1;
        let lane = key.message_lane(&found).expect("the eigenvectors of this key");
        let issued = EvaluationKey::from_secret_key(&key, &mut rng).unwrap();
        let order = found.alignment(&issued).expect("one key");
        assert_eq!(order[lane], key.message_lane(&issued).unwrap());
        // The key found opens another ciphertext, to what its eigenvectors are worth: see `from_ciphertext`.
        let x = T::uniform(rng.next_u64());
        let other = key.encrypt(x, &mut masks, &mut rng).unwrap();
        let spectrum = found.to_spectrum(&other).unwrap();
        let error = (T::to_f64(spectrum.lanes()[lane]) - T::to_f64(x)).abs();
        let bound = 4.0 * T::to_f64(T::EPSILON).cbrt() * key.condition();
        assert!(error <= bound, "off {error:e} > {bound:e}");
    }
    assert!(solved >= 285, "{solved} of 300 ciphertexts gave the key");
    let key = SecretKey::<T, N>::generate(&mut rng).unwrap();
    for equal in [T::ZERO, T::HALF] {
        let c = key.encrypt_lanes(&[equal; N]).unwrap();
        assert_eq!(EvaluationKey::from_ciphertext(&c, key.id()), Err(Error::EqualLanes));
    }
}

#[test]
fn one_ciphertext_gives_the_evaluation_key() {
    alone::<f32, 2>();
    alone::<f64, 2>();
    alone::<f32, 3>();
    alone::<f64, 3>();
    alone::<f32, 4>();
    alone::<f64, 4>();
    alone::<f64, 8>();
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/scheme_keys.txt"
        )))),
        ..ProptestConfig::with_cases(500)
    })]

    /// Projection takes off what lies beside the algebra and leaves what lies in it.
    #[test]
    fn projection_removes_what_lies_beside_the_algebra(case in case(), noise in prop::array::uniform9(-1.0..1.0_f64)) {
        let (secret, key, setting) = case.keys::<f64, 3>();
        let lanes = case.lanes::<f64, 3>(&case.first);
        let l = largest(&lanes);
        let mut c = secret.encrypt_lanes(&lanes).unwrap();
        let before = key.to_spectrum(&c).unwrap();
        // Noise with a zero diagonal in the key's basis: V F V^-1.
        let mut f = Ciphertext::from_columns([[0.0; 3]; 3]);
        for j in 0..3 {
            for i in (0..3).filter(|i| *i != j) {
                f.columns_mut()[j][i] = noise[3 * j + i] * l * 1e-3;
            }
        }
        let v = Ciphertext::from_columns(*key.columns());
        c += v * f * v.recip_unchecked();
        prop_assert!(key.residual(&c) > 0.0);
        let projected = key.project(&c);
        prop_assert!(key.residual(&projected) <= setting.residual());
        let after = key.to_spectrum(&projected).unwrap();
        for k in 0..3 {
            prop_assert!((after.lanes()[k] - before.lanes()[k]).abs() <= 3.0 * setting.product(l));
        }
    }

    /// Bulk encryption is single encryption, mask for mask, in both forms.
    #[test]
    fn slices_are_encrypted_as_single_messages_are(seed: u64, messages in prop::collection::vec(-1.0..1.0_f32, 0..700)) {
        let key = SecretKey::<f32, 3>::generate(&mut rng(seed)).unwrap();
        let mut masks = Uniform::new(-1.0, 1.0).unwrap();
        let mut out = vec![Ciphertext::zero(()); messages.len()];
        key.encrypt_slice(&messages, &mut masks, &mut rng(!seed), &mut out).unwrap();
        let mut single = rng(!seed);
        for (message, c) in messages.iter().zip(&out) {
            prop_assert_eq!(key.encrypt(*message, &mut masks, &mut single), Ok(*c));
        }
        for lane in 0..3 {
            let mut out = vec![Spectrum::zero(()); messages.len()];
            key.encrypt_spectrum_slice(lane, &messages, &mut masks, &mut rng(!seed), &mut out).unwrap();
            let mut single = rng(!seed);
            for (message, spectrum) in messages.iter().zip(&out) {
                prop_assert_eq!(key.encrypt_spectrum(lane, *message, &mut masks, &mut single), Ok(*spectrum));
                prop_assert_eq!(key.decrypt_spectrum(lane, spectrum), Ok(*message));
            }
        }
    }
}

#[test]
fn slices_that_do_not_fit_are_refused() {
    let key = SecretKey::<f32, 2>::generate(&mut rng(1)).unwrap();
    let mut masks = Uniform::new(0.0, 1.0).unwrap();
    let mut out = [Ciphertext::zero(()); 3];
    assert_eq!(key.encrypt_slice(&[0.0; 2], &mut masks, &mut rng(1), &mut out), Err(Error::Length));
    assert_eq!(
        key.encrypt_slice(&[0.0, 1.0, f32::NAN], &mut masks, &mut rng(1), &mut out),
        Err(Error::NonFinite)
    );
    assert_eq!(out, [Ciphertext::zero(()); 3]);
    let mut out = [Spectrum::zero(()); 3];
    assert_eq!(
        key.encrypt_spectrum_slice(0, &[0.0; 2], &mut masks, &mut rng(1), &mut out),
        Err(Error::Length)
    );
    assert_eq!(key.encrypt_spectrum_slice(2, &[0.0; 3], &mut masks, &mut rng(1), &mut out), Err(Error::Lane));
    assert_eq!(key.encrypt_spectrum(2, 0.0, &mut masks, &mut rng(1)), Err(Error::Lane));
}

#[test]
fn masks_follow_their_distributions() {
    let n = 200_000;
    let messages = vec![0.0_f64; n];
    let draw = |masks: &mut dyn FnMut(&mut Vec<f64>)| {
        let mut values = Vec::with_capacity(2 * n);
        masks(&mut values);
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count, values)
    };
    let (mean, variance, values) = draw(&mut |values| {
        let mut masks = Uniform::new(-1.0, 3.0).unwrap();
        masks.fill_many(&mut rng(1), &messages, 2, |_, _, mask| values.push(mask)).unwrap();
    });
    assert_eq!(values.len(), 2 * n);
    assert!(values.iter().all(|x| (-1.0..=3.0).contains(x)));
    // Five standard errors: variance 16/12 of a value, fourth moment 256/80.
    let count = (2 * n) as f64;
    assert!((mean - 1.0).abs() < 5.0 * (4.0 / 3.0 / count).sqrt());
    assert!((variance - 4.0 / 3.0).abs() < 5.0 * ((3.2 - 16.0 / 9.0) / count).sqrt());
    let (mean, variance, _) = draw(&mut |values| {
        let mut masks = Normal::new(2.0, 0.5).unwrap();
        masks.fill_many(&mut rng(2), &messages, 2, |_, _, mask| values.push(mask)).unwrap();
    });
    assert!((mean - 2.0).abs() < 5.0 * 0.5 / count.sqrt());
    assert!((variance - 0.25).abs() < 5.0 * 0.25 * (2.0 / count).sqrt());
    assert_eq!(Uniform::new(1.0, 0.0), Err(Error::Masks));
    assert_eq!(Uniform::new(0.0, f32::NAN), Err(Error::Masks));
    assert_eq!(Uniform::new(-f32::MAX, f32::MAX), Err(Error::Masks));
    assert_eq!(Normal::new(0.0, -1.0), Err(Error::Masks));
    assert_eq!(OneHot::new(0), Err(Error::Masks));
}

#[test]
fn label_masks_are_one_hot_vectors_of_uniform_classes() {
    let classes = 10;
    let vectors = 20_000;
    let mut masks = OneHot::new(classes).unwrap();
    let mut labels = vec![[0.0_f32; 2]; classes * vectors];
    let messages = vec![0.0; classes * vectors];
    masks.fill_many(&mut rng(4), &messages, 2, |i, lane, mask| labels[i][lane] = mask).unwrap();
    let mut counts = [[0_u32; 10]; 2];
    let mut equal = 0;
    for vector in labels.chunks(classes) {
        let mut found = [0; 2];
        for lane in 0..2 {
            let ones = vector.iter().filter(|entry| entry[lane] == 1.0).count();
            let zeros = vector.iter().filter(|entry| entry[lane] == 0.0).count();
            assert_eq!((ones, zeros), (1, classes - 1));
            found[lane] = vector.iter().position(|entry| entry[lane] == 1.0).unwrap();
            counts[lane][found[lane]] += 1;
        }
        equal += u32::from(found[0] == found[1]);
    }
    // Five standard deviations of a binomial count with p = 1/10.
    let bound = 5.0 * (vectors as f64 * 0.09).sqrt();
    for count in counts.as_flattened().iter().chain([&equal]) {
        assert!((f64::from(*count) - vectors as f64 / 10.0).abs() < bound, "{counts:?} {equal}");
    }
    let key = SecretKey::<f32, 2>::generate(&mut rng(1)).unwrap();
    assert_eq!(key.encrypt(1.0, &mut masks, &mut rng(1)), Err(Error::Masks));
    let mut out = [Ciphertext::zero(()); 15];
    assert_eq!(key.encrypt_slice(&[0.0; 15], &mut masks, &mut rng(1), &mut out), Err(Error::Length));
}

#[test]
fn decoys_are_used_in_order_and_run_out() {
    let key = SecretKey::<f64, 3>::generate(&mut rng(1)).unwrap();
    let values = [1.0, 2.0, 3.0, 4.0];
    let mut out = [Spectrum::zero(()); 2];
    key.encrypt_spectrum_slice(1, &[8.0, 9.0], &mut Decoys::new(&values), &mut rng(1), &mut out).unwrap();
    assert_eq!(out.map(|x| *x.lanes()), [[1.0, 8.0, 2.0], [3.0, 9.0, 4.0]]);
    let mut short = Decoys::new(&values[..3]);
    let result = key.encrypt_spectrum_slice(1, &[8.0, 9.0], &mut short, &mut rng(1), &mut out);
    assert_eq!((result, out), (Err(Error::Masks), [Spectrum::zero(()); 2]));
}
