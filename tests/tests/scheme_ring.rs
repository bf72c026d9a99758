//! Ring identities: the matrix form within its bounds of the exact result, the spectral form with the bits of plain
//! arithmetic.

use more_core::{Ciphertext, Error, EvaluationKey, Real, Spectrum};
use more_tests::generators::{Case, case, largest, smallest};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};

fn exact<T: Real, const N: usize>(lanes: &[T; N]) -> [f64; N] {
    lanes.map(T::to_f64)
}

/// Every lane of `c` within `bound` of what `expected` says.
fn check<T: Real, const N: usize>(
    name: &str,
    key: &EvaluationKey<T, N>,
    c: Ciphertext<T, N>,
    bound: f64,
    expected: impl Fn(usize) -> f64,
) -> TestCaseResult {
    let lanes = exact(key.to_spectrum(&c).expect("finite").lanes());
    for (k, lane) in lanes.into_iter().enumerate() {
        let error = (lane - expected(k)).abs();
        prop_assert!(
            error <= bound,
            "{name}, lane {k}: {lane} for {}, off {error:e} > {bound:e}",
            expected(k)
        );
    }
    Ok(())
}

fn matrix_form<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let (a, b) = (case.lanes::<T, N>(&case.first), case.lanes::<T, N>(&case.second));
    let (la, lb) = (largest(&a), largest(&b));
    let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));
    let (x, y) = (exact(&a), exact(&b));
    let plain = case.second[7];
    let s = T::from_f64(plain);
    let plain = T::to_f64(s);

    let error = (T::to_f64(secret.decrypt(&ca).expect("finite")) - x[0]).abs();
    prop_assert!(error <= setting.conversion(la), "decryption off by {error:e}");
    prop_assert_eq!(secret.decrypt_checked(&ca), secret.decrypt(&ca));
    prop_assert!(T::to_f64(secret.residual(&ca)) <= setting.residual());

    check("conversion", &key, ca, setting.conversion(la), |k| x[k])?;
    check("sum", &key, ca + cb, setting.conversion(la + lb), |k| x[k] + y[k])?;
    check("difference", &key, ca - cb, setting.conversion(la + lb), |k| x[k] - y[k])?;
    check("negative", &key, -ca, setting.conversion(la), |k| -x[k])?;
    check("product", &key, ca * cb, setting.product(la * lb), |k| x[k] * y[k])?;
    let bound = setting.product(la * lb) + setting.conversion(la);
    check("mul_acc", &key, ca.mul_acc(ca, cb), bound, |k| x[k] + x[k] * y[k])?;
    check("scale", &key, ca.scale(s), setting.conversion(la * plain.abs()), |k| x[k] * plain)?;
    prop_assert_eq!(ca.scale_by(s), ca.scale(s));
    check("add_scalar", &key, ca.add_scalar(s), setting.conversion(la + plain.abs()), |k| x[k] + plain)?;
    check("sub_scalar", &key, ca.sub_scalar(s), setting.conversion(la + plain.abs()), |k| x[k] - plain)?;
    let bound = setting.conversion(la + lb * plain.abs());
    check("mul_acc_scalar", &key, ca.mul_acc_scalar(s, cb), bound, |k| x[k] + plain * y[k])?;
    check("projection", &key, key.project(&(ca * cb)), 2.0 * setting.product(la * lb), |k| x[k] * y[k])?;

    // A common factor commutes and distributes to rounding, and what needs no key is exact.
    let bound = 2.0 * setting.product(la * (la + lb));
    check("distributivity", &key, (ca + cb) * ca - (ca * ca + cb * ca), bound, |_| 0.0)?;
    check("commutator", &key, ca * cb - cb * ca, 2.0 * setting.product(la * lb), |_| 0.0)?;
    prop_assert_eq!(ca + Ciphertext::zero(()), ca);
    prop_assert_eq!(ca * Ciphertext::scalar((), T::ONE), ca);
    let same = ca;
    prop_assert_eq!(ca - same, Ciphertext::zero(()));

    let mut c = ca;
    c += cb;
    prop_assert_eq!(c, ca + cb);
    c -= ca;
    prop_assert_eq!(c, ca + cb - ca);
    c *= cb;
    prop_assert_eq!(c, (ca + cb - ca) * cb);
    Ok(())
}

fn matrix_division<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let a = case.lanes::<T, N>(&case.first);
    let b = case.lanes_within::<T, N>(&case.second, 0.5 * case.scale, 2.0 * case.scale);
    let (x, y) = (exact(&a), exact(&b));
    let (la, lb, sb) = (largest(&a), largest(&b), smallest(&b));
    let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));

    let bound = setting.reciprocal(lb, sb);
    check("reciprocal", &key, cb.try_recip().expect("lanes away from zero"), bound, |k| 1.0 / y[k])?;
    prop_assert_eq!(cb.try_recip(), Ok(cb.recip_unchecked()));
    // The reciprocal's error times a, and the product's own.
    let bound = la * bound + setting.product(la / sb);
    check("quotient", &key, ca.try_div(cb).expect("lanes away from zero"), bound, |k| x[k] / y[k])?;
    prop_assert_eq!(ca.try_div(Ciphertext::zero(())), Err(Error::Singular));
    Ok(())
}

fn spectral_form<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (a, b) = (case.lanes::<T, N>(&case.first), case.lanes::<T, N>(&case.second));
    let (x, y) = (Spectrum::from_lanes(a), Spectrum::from_lanes(b));
    let s = T::from_f64(case.second[7]);
    let lanes = |f: &dyn Fn(T, T) -> T| Spectrum::from_lanes(std::array::from_fn(|k| f(a[k], b[k])));

    prop_assert_eq!(x + y, lanes(&|a, b| a + b));
    prop_assert_eq!(x - y, lanes(&|a, b| a - b));
    prop_assert_eq!(x * y, lanes(&|a, b| a * b));
    prop_assert_eq!(-x, lanes(&|a, _| -a));
    prop_assert_eq!(x.scale(s), lanes(&|a, _| a * s));
    prop_assert_eq!(x.scale_by(s), lanes(&|a, _| a * s));
    prop_assert_eq!(x.add_scalar(s), lanes(&|a, _| a + s));
    prop_assert_eq!(x.sub_scalar(s), lanes(&|a, _| a - s));
    prop_assert_eq!(x.mul_acc(x, y), lanes(&|a, b| a + a * b));
    prop_assert_eq!(x.mul_acc_scalar(s, y), lanes(&|a, b| a + s * b));
    prop_assert_eq!(x.maximum(y), lanes(&|a, b| if a > b { a } else { b }));
    prop_assert_eq!(x.minimum(y), lanes(&|a, b| if a < b { a } else { b }));
    let mut z = x;
    z += y;
    z *= x;
    z -= y;
    prop_assert_eq!(z, (x + y) * x - y);
    if b.contains(&T::ZERO) {
        prop_assert_eq!(x.try_div(y), Err(Error::Singular));
    } else {
        prop_assert_eq!(x.try_div(y), Ok(lanes(&|a, b| a / b)));
        prop_assert_eq!(y.try_recip(), Ok(lanes(&|_, b| T::ONE / b)));
    }
    prop_assert_eq!(x.try_div(Spectrum::zero(())), Err(Error::Singular));
    Ok(())
}

/// The two forms against each other: there and back, in a shuffled and scaled basis.
fn conversion<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, ordered, setting) = case.keys::<T, N>();
    let key = EvaluationKey::from_secret_key(
        &secret,
        &mut <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(!case.seed),
    )
    .expect("a seeded generator does not fail");
    let a = case.lanes::<T, N>(&case.first);
    let l = largest(&a);
    let c = secret.encrypt_lanes(&a).expect("finite");
    let spectrum = key.to_spectrum_checked(&c).expect("of this key");
    let lane = secret.message_lane(&key).expect("of this key");
    let message = T::to_f64(secret.decrypt_spectrum(lane, &spectrum).expect("finite"));
    prop_assert!((message - T::to_f64(a[0])).abs() <= setting.conversion(l));
    let order = ordered.alignment(&key).expect("of one key");
    prop_assert_eq!(order[0], lane);
    for k in 0..N {
        let error = (T::to_f64(spectrum.lanes()[order[k]]) - T::to_f64(a[k])).abs();
        prop_assert!(error <= setting.conversion(l), "lane {k} off by {error:e}");
    }
    check("round trip", &ordered, key.to_ciphertext(&spectrum), 2.0 * setting.conversion(l), |k| {
        T::to_f64(a[k])
    })?;
    if a.iter().all(|lane| *lane == a[0]) {
        // Equal lanes are a multiple of the identity, without any rounding.
        prop_assert_eq!(c, Ciphertext::scalar((), a[0]));
    }
    Ok(())
}

macro_rules! suite {
    ($cases:literal: $($name:ident: $real:ty, $n:literal;)*) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(ProptestConfig {
                    failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
                        env!("CARGO_MANIFEST_DIR"),
                        "/proptest-regressions/scheme_ring.txt"
                    )))),
                    ..ProptestConfig::with_cases($cases)
                })]
                #[test]
                fn matrix_form(case in case()) {
                    super::matrix_form::<$real, $n>(&case)?;
                }
                #[test]
                fn matrix_division(case in case()) {
                    super::matrix_division::<$real, $n>(&case)?;
                }
                #[test]
                fn spectral_form(case in case()) {
                    super::spectral_form::<$real, $n>(&case)?;
                }
                #[test]
                fn conversion(case in case()) {
                    super::conversion::<$real, $n>(&case)?;
                }
            }
        }
    )*};
}

suite! { 2000:
    f32_2: f32, 2; f64_2: f64, 2; f32_3: f32, 3; f64_3: f64, 3; f32_4: f32, 4; f64_4: f64, 4;
}
suite! { 200:
    f32_5: f32, 5; f64_5: f64, 5; f32_6: f32, 6; f64_6: f64, 6; f32_7: f32, 7; f64_7: f64, 7; f32_8: f32, 8;
    f64_8: f64, 8;
}
