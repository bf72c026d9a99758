//! Functions of two elements in both forms, against plain `f64`: comparisons without a key, others under an evaluation
//! key, and division by a lane near zero.

#![allow(clippy::needless_range_loop, reason = "two arrays are walked with one index")]

use more_core::{Ciphertext, Error, EvaluationKey, Real, SecretKey, Spectrum};
use more_tests::generators::{Case, case, largest};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

type Checked<E> = fn(E, E) -> Result<E, Error>;
type Keyed<K, E> = fn(&K, &E, &E) -> Result<E, Error>;

struct Comparison<T: Real, const N: usize> {
    name: &'static str,
    matrix: Checked<Ciphertext<T, N>>,
    spectral: Checked<Spectrum<T, N>>,
    lanewise: fn(Spectrum<T, N>, Spectrum<T, N>) -> Spectrum<T, N>,
    plain: fn(f64, f64) -> bool,
    /// How far two lanes are from where the comparison turns.
    distance: fn(f64, f64) -> f64,
}

fn comparisons<T: Real, const N: usize>() -> Vec<Comparison<T, N>> {
    macro_rules! comparisons {
        ($($checked:ident $lanewise:ident($($p:expr),*), $plain:expr, $distance:expr;)*) => {
            vec![$(Comparison {
                name: stringify!($checked),
                matrix: |a, b| a.$checked(b $(, $p)*),
                spectral: |a, b| a.$checked(b $(, $p)*),
                lanewise: |a, b| a.$lanewise(b $(, $p)*),
                plain: $plain,
                distance: $distance,
            }),*]
        };
    }
    let gap = |a: f64, b: f64| (a - b).abs();
    comparisons![
        try_less_than less_than(), |a, b| a < b, gap;
        try_less_than_or_equal less_than_or_equal(), |a, b| a <= b, gap;
        try_greater_than greater_than(), |a, b| a > b, gap;
        try_greater_than_or_equal greater_than_or_equal(), |a, b| a >= b, gap;
        try_equal_to equal_to(T::ONE), |a, b| (a - b).abs() <= 1.0, |a, b| ((a - b).abs() - 1.0).abs();
    ]
}

fn flag(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

fn exact<T: Real, const N: usize>(lanes: &[T; N]) -> [f64; N] {
    lanes.map(T::to_f64)
}

/// Exact in spectral form. In matrix form within the bound of a function that jumps, where no lane is nearer to a tie
/// than its error; at a tie bounded.
fn comparison<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let a = case.lanes_within::<T, N>(&case.first, -2.0, 2.0);
    let b = case.lanes_within::<T, N>(&case.second, -2.0, 2.0);
    let (x, y) = (exact(&a), exact(&b));
    let l = largest(&a) + largest(&b);
    let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));
    for Comparison { name, matrix, spectral, lanewise, plain, distance } in comparisons::<T, N>() {
        let expected: [f64; N] = std::array::from_fn(|k| flag(plain(x[k], y[k])));
        let (sa, sb) = (Spectrum::from_lanes(a), Spectrum::from_lanes(b));
        let exactly = lanewise(sa, sb);
        // Equality within a tolerance rounds the difference.
        if name != "try_equal_to" || (0..N).all(|k| distance(x[k], y[k]) > setting.rounded(l)) {
            prop_assert_eq!(exact(exactly.lanes()), expected, "{} in spectral form", name);
        }
        prop_assert_eq!(spectral(sa, sb), Ok(exactly));

        let found = key.to_spectrum(&matrix(ca, cb).expect("ciphertexts")).expect("finite");
        let found = exact(found.lanes());
        let clear = |k: usize| distance(x[k], y[k]) > setting.tie(l);
        if (0..N).all(clear) {
            let mut slope = 0.0_f64;
            for k in 0..N {
                for m in 0..k {
                    if expected[k] != expected[m] {
                        slope = slope.max(1.0 / ((x[k] - y[k]) - (x[m] - y[m])).abs());
                    }
                }
            }
            let bound = setting.function(l, slope, 1.0);
            for k in 0..N {
                let error = (found[k] - expected[k]).abs();
                prop_assert!(
                    error <= bound,
                    "{name} of {x:?} and {y:?}, lane {k}: off {error:e} > {bound:e}"
                );
            }
        } else {
            for value in found {
                let overshoot = (value - 0.5).abs() - 0.5;
                prop_assert!(overshoot <= setting.overshoot(), "{name} of {x:?} and {y:?}: {value}");
            }
        }
    }
    Ok(())
}

/// The same numbers by another way: the difference is nothing but rounding errors beside the algebra. Comparisons stay
/// bounded, maximum and minimum exact to rounding.
fn ties<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let (a, b) = (case.lanes::<T, N>(&case.first), case.lanes::<T, N>(&case.second));
    let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));
    let same = (ca + cb) - cb;
    let l = 2.0 * (largest(&a) + largest(&b));
    let bound = setting.conversion(l) + setting.extreme(l);
    let maximum = key.to_spectrum(&ca.try_maximum(same).expect("ciphertexts")).expect("finite");
    let minimum = key.to_spectrum(&same.try_minimum(ca).expect("ciphertexts")).expect("finite");
    for k in 0..N {
        for value in [maximum.lanes()[k], minimum.lanes()[k]] {
            let error = (T::to_f64(value) - T::to_f64(a[k])).abs();
            prop_assert!(error <= bound, "lane {k}: off {error:e} > {bound:e}");
        }
    }
    for Comparison { name, matrix, .. } in comparisons::<T, N>() {
        let result = matrix(ca, same);
        prop_assert!(result.is_ok(), "{name}: {result:?}");
        let found = key.to_spectrum(&result.expect("checked")).expect("finite");
        for value in exact(found.lanes()) {
            let overshoot = (value - 0.5).abs() - 0.5;
            prop_assert!(overshoot <= setting.overshoot(), "{name} of {a:?}: {value}");
        }
    }
    Ok(())
}

/// A tie in lane 0 leaves lanes that are apart as they are.
fn one_tie<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let a = case.lanes_within::<T, N>(&case.first, 0.5, 2.0);
    let mut b = a.map(|lane| lane - T::ONE);
    b[0] = a[0];
    let l = largest(&a) + largest(&b);
    let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));
    let found = key.to_spectrum(&ca.try_greater_than(cb).expect("ciphertexts")).expect("finite");
    let found = exact(found.lanes());
    // The tie's value and those of the others differ by at most this, over gaps of 1.
    let most = 1.0 + setting.overshoot();
    prop_assert!((found[0] - 0.5).abs() - 0.5 <= setting.overshoot(), "{found:?}");
    let bound = setting.function(l, most, most);
    for value in &found[1..] {
        prop_assert!((value - 1.0).abs() <= bound, "{found:?}");
    }
    Ok(())
}

struct Lanewise<T: Real, const N: usize> {
    name: &'static str,
    /// The intervals of the arguments.
    first: (f64, f64),
    second: (f64, f64),
    matrix: Keyed<EvaluationKey<T, N>, Ciphertext<T, N>>,
    spectral: Checked<Spectrum<T, N>>,
    lanewise: fn(Spectrum<T, N>, Spectrum<T, N>) -> Spectrum<T, N>,
    plain: fn(f64, f64) -> f64,
    /// `|df/da|` and `|df/db|`.
    slopes: fn(f64, f64) -> (f64, f64),
}

fn lanewise_functions<T: Real, const N: usize>() -> Vec<Lanewise<T, N>> {
    vec![
        Lanewise {
            name: "atan2",
            first: (0.5, 3.0),
            second: (-3.0, 3.0),
            matrix: |key, a, b| key.try_atan2(a, b),
            spectral: |a, b| a.try_atan2(b),
            lanewise: |a, b| a.atan2(b),
            plain: f64::atan2,
            slopes: |y, x| ((x / (x * x + y * y)).abs(), (y / (x * x + y * y)).abs()),
        },
        Lanewise {
            name: "hypot",
            first: (0.5, 3.0),
            second: (-3.0, 3.0),
            matrix: |key, a, b| key.try_hypot(a, b),
            spectral: |a, b| a.try_hypot(b),
            lanewise: |a, b| a.hypot(b),
            plain: f64::hypot,
            slopes: |_, _| (1.0, 1.0),
        },
        Lanewise {
            name: "pow",
            first: (0.5, 3.0),
            second: (-3.0, 3.0),
            matrix: |key, a, b| key.try_pow(a, b),
            spectral: |a, b| a.try_pow(b),
            lanewise: |a, b| a.pow(b),
            plain: f64::powf,
            slopes: |x, y| ((y * x.powf(y - 1.0)).abs(), (x.ln() * x.powf(y)).abs()),
        },
        Lanewise {
            name: "a closure",
            first: (-2.0, 2.0),
            second: (-2.0, 2.0),
            matrix: |key, a, b| key.try_apply2(a, b, |x, y| T::sin(x * y)),
            spectral: |a, b| a.try_zip(b, |x, y| T::sin(x * y)),
            lanewise: |a, b| (a * b).sin(),
            plain: |x, y| (x * y).sin(),
            slopes: |x, y| (y.abs(), x.abs()),
        },
    ]
}

fn lanewise<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    for function in lanewise_functions::<T, N>() {
        let name = function.name;
        let a = case.lanes_within::<T, N>(&case.first, function.first.0, function.first.1);
        let b = case.lanes_within::<T, N>(&case.second, function.second.0, function.second.1);
        let (x, y) = (exact(&a), exact(&b));
        let value = (0..N).map(|k| (function.plain)(x[k], y[k]).abs()).fold(0.0, f64::max);
        let (la, lb) = (largest(&a), largest(&b));

        let (sa, sb) = (Spectrum::from_lanes(a), Spectrum::from_lanes(b));
        let spectrum = (function.spectral)(sa, sb).expect("in the domain");
        prop_assert_eq!(spectrum, (function.lanewise)(sa, sb));
        let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));
        let c = (function.matrix)(&key, &ca, &cb).expect("in the domain");
        let found = key.to_spectrum(&c).expect("finite");
        for k in 0..N {
            let expected = (function.plain)(x[k], y[k]);
            let (first, second) = (function.slopes)(x[k], y[k]);
            let error = (T::to_f64(spectrum.lanes()[k]) - expected).abs();
            // The closure rounds its product first.
            let rounded =
                setting.composed(expected, 1.0, if name == "a closure" { x[k] * y[k] } else { 0.0 });
            prop_assert!(error <= rounded, "{name} in spectral form, lane {k}: off {error:e} > {rounded:e}");
            let bound = rounded + setting.conversion(first * la + second * lb + value);
            let error = (T::to_f64(found.lanes()[k]) - expected).abs();
            prop_assert!(error <= bound, "{name} of {x:?} and {y:?}, lane {k}: off {error:e} > {bound:e}");
        }
    }
    Ok(())
}

/// A divisor with one lane that is zero to rounding, whatever the others are.
fn zero_divisor<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, _, setting) = case.keys::<T, N>();
    let a = case.lanes::<T, N>(&case.first);
    let mut b = case.lanes_within::<T, N>(&case.second, 0.5 * case.scale, 2.0 * case.scale);
    let place = (case.seed % N as u64) as usize;
    // Far below the error of a fresh ciphertext: the largest lane passes 1/(4 n eps) times this.
    b[place] = T::from_f64(case.scale * setting.eps * setting.eps);
    let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));
    match ca.try_div(cb) {
        Err(error) => prop_assert_eq!(error, Error::Singular),
        // A condition that large leaves the lane further from zero than the limit, by its own rounding error.
        Ok(_) => prop_assert!(setting.kappa > 2.0, "kappa {}", setting.kappa),
    }
    // In spectral form the quotient is what it is, and may overflow; exactly zero is refused.
    let (sa, mut sb) = (Spectrum::from_lanes(a), Spectrum::from_lanes(b));
    let quotient = sa.try_div(sb).expect("no lane is zero");
    for k in 0..N {
        prop_assert_eq!(quotient.lanes()[k], a[k] / b[k]);
    }
    sb.lanes_mut()[place] = T::ZERO;
    prop_assert_eq!(sa.try_div(sb), Err(Error::Singular));
    prop_assert_eq!(sb.try_recip(), Err(Error::Singular));
    Ok(())
}

#[test]
fn division_names_no_lane_and_lets_masks_overflow() {
    let key = SecretKey::<f64, 2>::generate(&mut ChaCha20Rng::seed_from_u64(1)).expect("seeded");
    let one = key.encrypt_lanes(&[1.0, 1.0]).expect("finite");
    let divided = |lanes: [f64; 2]| one.try_div(key.encrypt_lanes(&lanes).expect("finite"));
    // The message's lane or a mask's: the same error.
    assert_eq!(divided([1e-17, 1.0]), Err(Error::Singular));
    assert_eq!(divided([1.0, 1e-17]), Err(Error::Singular));
    assert_eq!(divided([0.0, 0.0]), Err(Error::Singular));
    assert_eq!(one.try_div(Ciphertext::scalar((), f64::NAN)), Err(Error::NonFinite));

    let one = Spectrum::from_lanes([1.0, 1.0]);
    assert_eq!(one.try_div(Spectrum::from_lanes([0.0, 1.0])), Err(Error::Singular));
    assert_eq!(one.try_div(Spectrum::from_lanes([1.0, -0.0])), Err(Error::Singular));
    let tiny = Spectrum::from_lanes([4.0, 1e-310]);
    assert_eq!(one.try_div(tiny), Ok(Spectrum::from_lanes([0.25, f64::INFINITY])));
    assert_eq!(tiny.try_recip(), Ok(Spectrum::from_lanes([0.25, f64::INFINITY])));
    let partly = one.try_div(Spectrum::from_lanes([2.0, f64::NAN])).expect("NaN is no zero");
    assert!(partly.lanes()[0] == 0.5 && partly.lanes()[1].is_nan());
}

#[test]
fn outside_the_domain() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let secret = SecretKey::<f64, 2>::generate(&mut rng).expect("seeded");
    let key = EvaluationKey::from_secret_key(&secret, &mut rng).expect("seeded");
    let encrypt = |lanes: [f64; 2]| secret.encrypt_lanes(&lanes).expect("finite");
    let spectrum = Spectrum::<f64, 2>::from_lanes;
    let (a, b) = (encrypt([-2.0, 0.75]), encrypt([0.5, 0.25]));
    assert_eq!(key.try_pow(&a, &b), Err(Error::Domain));
    assert_eq!(spectrum([-2.0, 0.75]).try_pow(spectrum([0.5, 0.25])), Err(Error::Domain));
    assert_eq!(spectrum([-2.0, 0.75]).pow(spectrum([0.5, 0.0])).lanes().map(f64::is_nan), [true, false]);
    assert_eq!(spectrum([0.0, 1.0]).try_pow(spectrum([-1.0, 1.0])), Err(Error::Domain));
    // An integer in every lane, in spectral form each on its own.
    let cube = key.try_pow(&a, &Ciphertext::scalar((), 3.0)).expect("an integer exponent");
    // 4 n kappa^2 eps (12 * 2 + 8), with kappa at most 3.
    assert!((secret.decrypt(&cube).expect("finite") + 8.0).abs() < 72.0 * f64::EPSILON * 32.0);
    assert_eq!(spectrum([-2.0, 3.0]).try_pow(spectrum([3.0, -1.0])), Ok(spectrum([-8.0, 1.0 / 3.0])));
    // What is negative by rounding only counts as zero; a square root then errs by the root of that.
    let zero = encrypt([0.0, 2.0]);
    let root = key.try_pow(&zero, &encrypt([0.5, 0.5])).expect("zero to rounding");
    assert!(secret.decrypt(&root).expect("finite").abs() < (72.0 * f64::EPSILON * 2.0).sqrt());

    assert_eq!(key.try_apply2(&a, &b, |_, _| f64::NAN), Err(Error::Domain));
    assert_eq!(key.try_apply2(&a, &b, |_, _| f64::INFINITY), Err(Error::NonFinite));
    assert_eq!(key.try_hypot(&a, &Ciphertext::scalar((), f64::NAN)), Err(Error::NonFinite));
    assert_eq!(key.try_hypot(&Ciphertext::scalar((), f64::INFINITY), &b), Err(Error::NonFinite));

    for tolerance in [-1.0, f64::NAN] {
        assert_eq!(a.try_equal_to(b, tolerance), Err(Error::Domain));
        assert_eq!(spectrum([1.0, 2.0]).try_equal_to(spectrum([1.0, 2.0]), tolerance), Err(Error::Domain));
        assert!(spectrum([1.0, 2.0]).equal_to(spectrum([1.0, 2.0]), tolerance).lanes()[0].is_nan());
    }
    for other in [f64::INFINITY, f64::NAN] {
        assert_eq!(a.try_less_than(Ciphertext::scalar((), other)), Err(Error::NonFinite));
        assert_eq!(a.try_maximum(Ciphertext::scalar((), other)), Err(Error::NonFinite));
    }
    // A rotation has no real eigenvalues.
    let rotation = Ciphertext::from_columns([[0.0, 1.0], [-1.0, 0.0]]);
    assert_eq!(a.try_greater_than(a + rotation), Err(Error::NoConvergence));
}

#[test]
fn nan_and_infinity_stay_in_their_lanes() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let a = Spectrum::from_lanes([nan, inf, -inf, 1.0]);
    let b = Spectrum::from_lanes([0.0, inf, inf, nan]);
    for Comparison { name, spectral, plain, .. } in comparisons::<f64, 4>() {
        let lanes = *spectral(a, b).expect("NaN is no fault of a comparison").lanes();
        assert!(lanes[0].is_nan() && lanes[3].is_nan(), "{name} {lanes:?}");
        let same = flag(plain(inf, inf) || name == "try_equal_to");
        assert_eq!([lanes[1], lanes[2]], [same, flag(plain(-inf, inf))], "{name}");
    }
    let lanes = *a.try_hypot(b).expect("NaN passes").lanes();
    assert!(lanes[0].is_nan() && lanes[1] == inf && lanes[2] == inf && lanes[3].is_nan());
}

macro_rules! suite {
    ($cases:literal: $($name:ident: $real:ty, $n:literal;)*) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(ProptestConfig {
                    failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
                        env!("CARGO_MANIFEST_DIR"),
                        "/proptest-regressions/scheme_binary.txt"
                    )))),
                    ..ProptestConfig::with_cases($cases)
                })]
                #[test]
                fn comparison(case in case()) {
                    super::comparison::<$real, $n>(&case)?;
                }
                #[test]
                fn ties(case in case()) {
                    super::ties::<$real, $n>(&case)?;
                }
                #[test]
                fn one_tie(case in case()) {
                    super::one_tie::<$real, $n>(&case)?;
                }
                #[test]
                fn lanewise(case in case()) {
                    super::lanewise::<$real, $n>(&case)?;
                }
                #[test]
                fn zero_divisor(case in case()) {
                    super::zero_divisor::<$real, $n>(&case)?;
                }
            }
        }
    )*};
}

suite! { 1000:
    f32_2: f32, 2; f64_2: f64, 2; f32_3: f32, 3; f64_3: f64, 3; f32_4: f32, 4; f64_4: f64, 4;
}
