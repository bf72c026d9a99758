//! Unary functions, comparisons and max/min in both forms, against plain `f64`.

#![allow(clippy::needless_range_loop, reason = "two arrays are walked with one index")]

use more_core::{Ciphertext, Error, Real, Spectrum};
use more_tests::functions::{Jumping, functions, jumping, sigmoid};
use more_tests::generators::{Case, case, largest};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn unary<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    for function in functions::<T, N>() {
        let name = function.name;
        let lanes = case.lanes_within::<T, N>(&case.first, function.low, function.high);
        let exact = lanes.map(T::to_f64);
        let (slope, value) = (function.steepest(&exact), function.highest(&exact));
        let bound = setting.function(largest(&lanes), slope, value);

        let c = secret.encrypt_lanes(&lanes).expect("finite");
        let result = (function.matrix)(c);
        prop_assert!(result.is_ok(), "{name} of {lanes:?}: {result:?}");
        let spectrum = key.to_spectrum(&result.expect("checked")).expect("finite");
        for k in 0..N {
            let error = (T::to_f64(spectrum.lanes()[k]) - (function.plain)(exact[k])).abs();
            prop_assert!(error <= bound, "{name} of {lanes:?}, lane {k}: off {error:e} > {bound:e}");
        }

        let spectrum = (function.spectral)(Spectrum::from_lanes(lanes)).expect("in the domain");
        prop_assert_eq!(spectrum, (function.lanewise)(Spectrum::from_lanes(lanes)));
        for k in 0..N {
            let expected = (function.plain)(exact[k]);
            let error = (T::to_f64(spectrum.lanes()[k]) - expected).abs();
            let bound = if name == "gelu" {
                // x phi(x) + Phi(x), with its share beside Phi = value / x: phi(x) = e^(-x^2/2) / sqrt(2 pi).
                let x = exact[k];
                setting.composed(expected, x * (-0.5 * x * x).exp() * 0.4, x)
            } else {
                setting.elementary(expected)
            };
            prop_assert!(error <= bound, "{name} in spectral form, lane {k}: off {error:e} > {bound:e}");
        }
    }
    Ok(())
}

/// Functions that jump, where no lane is nearer to a jump than its own error. What stands for the slope is the largest
/// difference quotient of the lanes: see `docs/numerics.md`.
fn jumps<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    for Jumping { function, distance } in jumping::<T, N>() {
        let name = function.name;
        let lanes = case.lanes_within::<T, N>(&case.first, function.low, function.high);
        let exact = lanes.map(T::to_f64);
        let expected = exact.map(function.plain);
        let lanewise = (function.lanewise)(Spectrum::from_lanes(lanes));
        prop_assert_eq!(lanewise.lanes().map(T::to_f64), expected, "{} in spectral form", name);
        prop_assert_eq!((function.spectral)(Spectrum::from_lanes(lanes)), Ok(lanewise));

        if exact.iter().any(|x| distance(*x) <= setting.conversion(largest(&lanes))) {
            continue;
        }
        let (slope, value) = (function.quotient(&exact), function.highest(&exact));
        let bound = setting.function(largest(&lanes), slope, value);
        let c = (function.matrix)(secret.encrypt_lanes(&lanes).expect("finite")).expect("a ciphertext");
        let spectrum = key.to_spectrum(&c).expect("finite");
        for k in 0..N {
            let error = (T::to_f64(spectrum.lanes()[k]) - expected[k]).abs();
            prop_assert!(error <= bound, "{name} of {lanes:?}, lane {k}: off {error:e} > {bound:e}");
        }
    }
    Ok(())
}

/// The absolute value by comparison and selection, in both forms.
fn selection<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let lanes = case.lanes_within::<T, N>(&case.first, 0.5, 3.0);
    let mut lanes = lanes;
    lanes[0] = -lanes[0];
    let l = largest(&lanes);
    let spectrum = Spectrum::from_lanes(lanes);
    let chosen = Spectrum::select(spectrum.less(T::ZERO), -spectrum, spectrum);
    prop_assert_eq!(*chosen.lanes(), lanes.map(T::abs));

    let c = secret.encrypt_lanes(&lanes).expect("finite");
    let condition = c.try_less(T::ZERO).expect("a ciphertext");
    let chosen = key.to_spectrum(&Ciphertext::select(condition, -c, c)).expect("finite");
    // One product of a condition, off by its own error, with a difference of at most 2 l; and sums.
    let bound =
        2.0 * l * setting.function(l, 1.0, 1.0) + setting.product(2.0 * l) + setting.conversion(3.0 * l);
    for k in 0..N {
        let error = (T::to_f64(chosen.lanes()[k]) - T::to_f64(lanes[k]).abs()).abs();
        prop_assert!(error <= bound, "lane {k}: off {error:e} > {bound:e}");
    }
    Ok(())
}

#[test]
fn outside_the_domain() {
    let nan = f64::NAN;
    let key = more_core::SecretKey::<f64, 2>::generate(&mut ChaCha20Rng::seed_from_u64(3)).expect("seeded");
    let lanes = [-2.0, 0.75];
    let c = key.encrypt_lanes(&lanes).expect("finite");
    let s = Spectrum::from_lanes(lanes);
    macro_rules! refused {
        ($($checked:ident $lanewise:ident($($p:expr),*), $nan:expr;)*) => {$(
            assert_eq!(c.$checked($($p),*), Err(Error::Domain), stringify!($checked));
            assert_eq!(s.$checked($($p),*), Err(Error::Domain), stringify!($checked));
            assert_eq!(s.$lanewise($($p),*).lanes().map(f64::is_nan), $nan, stringify!($lanewise));
        )*};
    }
    refused! {
        try_ln ln(), [true, false];
        try_ln_1p ln_1p(), [true, false];
        try_log10 log10(), [true, false];
        try_sqrt sqrt(), [true, false];
        try_powf powf(0.5), [true, false];
        try_powf powf(nan), [true; 2];
        try_leaky_relu leaky_relu(nan), [true; 2];
        try_leaky_relu leaky_relu(f64::INFINITY), [true; 2];
        try_clamp clamp(1.0, 0.0), [true; 2];
        try_clamp clamp(nan, 0.0), [true; 2];
        try_less less(nan), [true; 2];
        try_less_or_equal less_or_equal(nan), [true; 2];
        try_greater greater(nan), [true; 2];
        try_greater_or_equal greater_or_equal(nan), [true; 2];
        try_equal equal(nan, 1.0), [true; 2];
        try_equal equal(0.0, nan), [true; 2];
        try_equal equal(0.0, -1.0), [true; 2];
        try_maximum_scalar maximum_scalar(nan), [true; 2];
        try_minimum_scalar minimum_scalar(nan), [true; 2];
    }
    // Zero itself, and a lane that was NaN before.
    assert_eq!(Ciphertext::<f64, 2>::zero(()).try_powf(-0.5), Err(Error::Domain));
    assert_eq!(Ciphertext::<f64, 2>::zero(()).try_sign(), Ok(Ciphertext::zero(())));
    assert_eq!(Ciphertext::<f64, 2>::scalar((), 2.0).try_equal(2.0, 0.0), Ok(Ciphertext::scalar((), 1.0)));
    let partly = Spectrum::from_lanes([nan, f64::NEG_INFINITY]);
    macro_rules! passes {
        ($($checked:ident($($p:expr),*) = $value:expr;)*) => {$(
            let lanes = *partly.$checked($($p),*).expect("NaN is no fault of the function").lanes();
            assert!(lanes[0].is_nan() && lanes[1] == $value, "{} {lanes:?}", stringify!($checked));
        )*};
    }
    passes! {
        try_sign() = -1.0; try_step() = 0.0; try_less(0.0) = 1.0; try_greater(0.0) = 0.0; try_less_or_equal(0.0) = 1.0;
        try_greater_or_equal(0.0) = 0.0; try_equal(0.0, 1.0) = 0.0; try_clamp(-1.0, 1.0) = -1.0; try_relu() = 0.0;
        try_leaky_relu(0.0) = 0.0; try_gelu() = 0.0; try_silu() = 0.0; try_maximum_scalar(-4.0) = -4.0;
        try_floor() = f64::NEG_INFINITY;
    }
}

/// The kernels' variant has the same values, up to the slope at equal lanes, and both give what the other does.
fn unchecked<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let lanes = case.lanes_within::<T, N>(&case.first, -4.0, 4.0);
    let c = secret.encrypt_lanes(&lanes).expect("finite");
    let slope = |y: T| y * (T::ONE - y);
    let by_derivative = c.apply_unchecked(T::sigmoid, |x| slope(T::sigmoid(x)));
    let by_value = c.apply_with_slope_unchecked(T::sigmoid, |_, y| slope(y));
    let bound = setting.function(largest(&lanes), 0.25, 1.0);
    for result in [by_derivative, by_value] {
        let spectrum = key.to_spectrum(&result).expect("finite");
        for k in 0..N {
            let error = (T::to_f64(spectrum.lanes()[k]) - sigmoid(T::to_f64(lanes[k]))).abs();
            prop_assert!(error <= bound, "lane {k}: off {error:e} > {bound:e}");
        }
    }
    Ok(())
}

/// A function of a product: the argument carries the product's rounding error, which lies beside the algebra.
fn composed<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let a = case.lanes_within::<T, N>(&case.first, -2.0, 2.0);
    let b = case.lanes_within::<T, N>(&case.second, -2.0, 2.0);
    let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));
    let spectrum = key.to_spectrum(&(ca * cb).try_tanh().expect("a ciphertext")).expect("finite");
    let l = largest(&a) * largest(&b);
    let bound = setting.product(l) + setting.function(l, 1.0, 1.0);
    for k in 0..N {
        let error = (T::to_f64(spectrum.lanes()[k]) - (T::to_f64(a[k]) * T::to_f64(b[k])).tanh()).abs();
        prop_assert!(error <= bound, "lane {k}: off {error:e} > {bound:e}");
    }
    Ok(())
}

fn extremes<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let (a, b) = (case.lanes::<T, N>(&case.first), case.lanes::<T, N>(&case.second));
    let (ca, cb) = (secret.encrypt_lanes(&a).expect("finite"), secret.encrypt_lanes(&b).expect("finite"));
    let l = largest(&a) + largest(&b);
    let bound = setting.conversion(l) + setting.function(l, 1.0, l);
    let maximum = key.to_spectrum(&ca.try_maximum(cb).expect("ciphertexts")).expect("finite");
    let minimum = key.to_spectrum(&ca.try_minimum(cb).expect("ciphertexts")).expect("finite");
    let unchecked = key.to_spectrum(&ca.maximum(cb)).expect("finite");
    for k in 0..N {
        let (x, y) = (T::to_f64(a[k]), T::to_f64(b[k]));
        prop_assert!((T::to_f64(maximum.lanes()[k]) - x.max(y)).abs() <= bound);
        prop_assert!((T::to_f64(unchecked.lanes()[k]) - x.max(y)).abs() <= bound);
        prop_assert!((T::to_f64(minimum.lanes()[k]) - x.min(y)).abs() <= bound);
    }
    Ok(())
}

/// `sqrt` at zero: the argument is off by up to `kappa^2 eps l`, hence the result by the root of that.
fn root_at_zero<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let mut lanes = case.lanes_within::<T, N>(&case.first, 0.1, 2.0);
    lanes[0] = T::ZERO;
    let c = secret.encrypt_lanes(&lanes).expect("finite");
    match c.try_sqrt() {
        Ok(root) => {
            let message = T::to_f64(key.to_spectrum(&root).expect("finite").lanes()[0]);
            let bound =
                setting.conversion(largest(&lanes)).sqrt() + setting.function(largest(&lanes), 5.0, 2.0);
            prop_assert!(message.abs() <= bound, "off {message:e} > {bound:e}");
        }
        // Allowed where the key's condition number makes rounding errors larger than what counts as zero.
        Err(error) => {
            prop_assert_eq!(error, Error::Domain);
            prop_assert!(setting.kappa > 3.0, "kappa {}", setting.kappa);
        }
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
                        "/proptest-regressions/scheme_functions.txt"
                    )))),
                    ..ProptestConfig::with_cases($cases)
                })]
                #[test]
                fn unary(case in case()) {
                    super::unary::<$real, $n>(&case)?;
                }
                #[test]
                fn jumps(case in case()) {
                    super::jumps::<$real, $n>(&case)?;
                }
                #[test]
                fn selection(case in case()) {
                    super::selection::<$real, $n>(&case)?;
                }
                #[test]
                fn unchecked(case in case()) {
                    super::unchecked::<$real, $n>(&case)?;
                }
                #[test]
                fn composed(case in case()) {
                    super::composed::<$real, $n>(&case)?;
                }
                #[test]
                fn extremes(case in case()) {
                    super::extremes::<$real, $n>(&case)?;
                }
                #[test]
                fn root_at_zero(case in case()) {
                    super::root_at_zero::<$real, $n>(&case)?;
                }
            }
        }
    )*};
}

suite! { 1000:
    f32_2: f32, 2; f64_2: f64, 2; f32_3: f32, 3; f64_3: f64, 3; f32_4: f32, 4; f64_4: f64, 4;
}
suite! { 100:
    f32_5: f32, 5; f64_5: f64, 5; f32_6: f32, 6; f64_6: f64, 6; f32_7: f32, 7; f64_7: f64, 7; f32_8: f32, 8;
    f64_8: f64, 8;
}
