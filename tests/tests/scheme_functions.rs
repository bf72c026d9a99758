//! Unary functions and max/min in both forms, against plain `f64`.

#![allow(clippy::needless_range_loop, reason = "two arrays are walked with one index")]

use more_core::{Arithmetic, Ciphertext, Error, Real, Spectrum};
use more_tests::generators::{Case, case, largest};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};

/// A function of both forms with its plain value and derivative, and the interval its arguments come from.
struct Function<T: Real, const N: usize> {
    name: &'static str,
    low: f64,
    high: f64,
    matrix: fn(Ciphertext<T, N>) -> Result<Ciphertext<T, N>, Error>,
    spectral: fn(Spectrum<T, N>) -> Result<Spectrum<T, N>, Error>,
    plain: fn(f64) -> f64,
    slope: fn(f64) -> f64,
}

macro_rules! function {
    ($name:literal, $low:expr, $high:expr, |$c:ident| $both:expr, $plain:expr, $slope:expr) => {
        Function {
            name: $name,
            low: $low,
            high: $high,
            matrix: |$c| $both,
            spectral: |$c| $both,
            plain: $plain,
            slope: $slope,
        }
    };
}

fn sigmoid(x: f64) -> f64 {
    Arithmetic::sigmoid(x)
}

fn functions<T: Real, const N: usize>() -> Vec<Function<T, N>> {
    vec![
        function!("exp", -5.0, 5.0, |c| c.try_exp(), f64::exp, f64::exp),
        function!("ln", 0.1, 10.0, |c| c.try_ln(), f64::ln, |x| 1.0 / x),
        function!("sqrt", 0.1, 10.0, |c| c.try_sqrt(), f64::sqrt, |x| 0.5 / x.sqrt()),
        function!("sigmoid", -8.0, 8.0, |c| c.try_sigmoid(), sigmoid, |x| sigmoid(x) * sigmoid(-x)),
        function!("tanh", -4.0, 4.0, |c| c.try_tanh(), f64::tanh, |x| 1.0 - x.tanh().powi(2)),
        function!("softplus", -8.0, 8.0, |c| c.try_softplus(), |x| x.exp().ln_1p(), sigmoid),
        function!("relu", -3.0, 3.0, |c| c.try_relu(), |x| x.max(0.0), |_| 1.0),
        function!("abs", -3.0, 3.0, |c| c.try_abs(), f64::abs, |_| 1.0),
        function!("cube", -3.0, 3.0, |c| c.try_powi(3), |x| x * x * x, |x| 3.0 * x * x),
        function!("power -2", 0.5, 3.0, |c| c.try_powi(-2), |x| 1.0 / (x * x), |x| 2.0 / (x * x * x)),
        function!("power 0", -3.0, 3.0, |c| c.try_powi(0), |_| 1.0, |_| 0.0),
        function!("sine", -3.0, 3.0, |c| c.try_apply(T::sin), f64::sin, |_| 1.0),
        function!(
            "cosine",
            -3.0,
            3.0,
            |c| c.try_apply_with_derivative(T::cos, |x| -T::sin(x)),
            f64::cos,
            |_| 1.0
        ),
    ]
}

fn unary<T: Real, const N: usize>(case: &Case) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    for function in functions::<T, N>() {
        let name = function.name;
        let lanes = case.lanes_within::<T, N>(&case.first, function.low, function.high);
        let exact = lanes.map(T::to_f64);
        let (low, high) =
            exact.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
        // All functions of the list have their extreme slopes at the ends or at zero.
        let zero = 0.0_f64.clamp(low, high);
        let slope = [low, zero, high].into_iter().map(|x| (function.slope)(x).abs()).fold(0.0, f64::max);
        let value = exact.iter().map(|x| (function.plain)(*x).abs()).fold(0.0, f64::max);
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
        for k in 0..N {
            let expected = (function.plain)(exact[k]);
            let error = (T::to_f64(spectrum.lanes()[k]) - expected).abs();
            prop_assert!(
                error <= setting.elementary(expected),
                "{name} in spectral form, lane {k}: off {error:e}"
            );
        }
    }
    Ok(())
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
