//! Unary functions, comparisons and max/min in both forms, against plain `f64`.

#![allow(clippy::needless_range_loop, reason = "two arrays are walked with one index")]

use more_core::{Arithmetic, Ciphertext, Error, Real, Spectrum};
use more_tests::generators::{Case, case, largest};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A function of both forms with its plain value and derivative, and the interval its arguments come from.
struct Function<T: Real, const N: usize> {
    name: &'static str,
    low: f64,
    high: f64,
    matrix: fn(Ciphertext<T, N>) -> Result<Ciphertext<T, N>, Error>,
    spectral: fn(Spectrum<T, N>) -> Result<Spectrum<T, N>, Error>,
    lanewise: fn(Spectrum<T, N>) -> Spectrum<T, N>,
    plain: fn(f64) -> f64,
    slope: fn(f64) -> f64,
}

macro_rules! function {
    ($name:literal, $low:expr, $high:expr, $checked:ident $lanewise:ident($($parameter:expr),*), $plain:expr, $slope:expr) => {
        Function {
            name: $name,
            low: $low,
            high: $high,
            matrix: |c| c.$checked($($parameter),*),
            spectral: |c| c.$checked($($parameter),*),
            lanewise: |c| c.$lanewise($($parameter),*),
            plain: $plain,
            slope: $slope,
        }
    };
}

fn sigmoid(x: f64) -> f64 {
    Arithmetic::sigmoid(x)
}

/// `erfc` for the GELU: the series with positive terms for small `|x|`, the continued fraction from its 1000th term for
/// large (Abramowitz and Stegun 7.1.6 and 7.1.14). Both converge to rounding well within their terms.
fn erfc(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < 0.7 {
        let (mut term, mut sum) = (x, x);
        for k in 1..40 {
            term *= 2.0 * x * x / f64::from(2 * k + 1);
            sum += term;
        }
        return 1.0 - 2.0 / PI.sqrt() * (-x * x).exp() * sum;
    }
    let tail = (1..1000).rev().fold(x, |tail, k| x + 0.5 * f64::from(k) / tail);
    (-x * x).exp() / (PI.sqrt() * tail)
}

fn gelu(x: f64) -> f64 {
    0.5 * x * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

fn functions<T: Real, const N: usize>() -> Vec<Function<T, N>> {
    let mut list = elementary();
    list.extend(activations());
    list
}

/// Near lanes reach up to `N` times as far as the intervals named here: see `Case::lanes_within`.
fn elementary<T: Real, const N: usize>() -> Vec<Function<T, N>> {
    vec![
        function!("exp", -5.0, 5.0, try_exp exp(), f64::exp, f64::exp),
        function!("expm1", -5.0, 5.0, try_expm1 expm1(), f64::exp_m1, f64::exp),
        function!("ln", 0.1, 10.0, try_ln ln(), f64::ln, |x| 1.0 / x),
        function!("ln_1p", -0.1, 9.0, try_ln_1p ln_1p(), f64::ln_1p, |x| 1.0 / (1.0 + x)),
        function!("log10", 0.1, 10.0, try_log10 log10(), f64::log10, |x| 0.5 / x),
        function!("sqrt", 0.1, 10.0, try_sqrt sqrt(), f64::sqrt, |x| 0.5 / x.sqrt()),
        function!("cbrt", 0.1, 10.0, try_cbrt cbrt(), f64::cbrt, |x| x.cbrt().powi(-2) / 3.0),
        function!("cbrt below zero", -9.0, -0.1, try_cbrt cbrt(), f64::cbrt, |x| x.cbrt().powi(-2) / 3.0),
        function!("cube", -3.0, 3.0, try_powi powi(3), |x| x * x * x, |x| 3.0 * x * x),
        function!("power -2", 0.5, 3.0, try_powi powi(-2), |x| 1.0 / (x * x), |x| 2.0 / (x * x * x)),
        function!("power 0", -3.0, 3.0, try_powi powi(0), |_| 1.0, |_| 0.0),
        function!("power 2.5", 0.1, 3.0, try_powf powf(T::from_f64(2.5)), |x| x.powf(2.5), |x| 2.5 * x.powf(1.5)),
        function!("power -1.5", 0.5, 3.0, try_powf powf(T::from_f64(-1.5)), |x| x.powf(-1.5), |x| 1.5 * x.powf(-2.5)),
        function!("power 3.0", -3.0, 3.0, try_powf powf(T::from_f64(3.0)), |x| x.powf(3.0), |x| 3.0 * x * x),
        function!("sin", -9.0, 9.0, try_sin sin(), f64::sin, |_| 1.0),
        function!("cos", -9.0, 9.0, try_cos cos(), f64::cos, |_| 1.0),
        function!("tan", -0.15, 0.15, try_tan tan(), f64::tan, |x| 1.0 + x.tan().powi(2)),
        function!("atan", -9.0, 9.0, try_atan atan(), f64::atan, |x| 1.0 / (1.0 + x * x)),
        function!("sinh", -4.0, 4.0, try_sinh sinh(), f64::sinh, f64::cosh),
        function!("cosh", -4.0, 4.0, try_cosh cosh(), f64::cosh, f64::sinh),
        function!("tanh", -4.0, 4.0, try_tanh tanh(), f64::tanh, |x| 1.0 - x.tanh().powi(2)),
    ]
}

fn activations<T: Real, const N: usize>() -> Vec<Function<T, N>> {
    vec![
        function!("sigmoid", -8.0, 8.0, try_sigmoid sigmoid(), sigmoid, |x| sigmoid(x) * sigmoid(-x)),
        function!("softplus", -8.0, 8.0, try_softplus softplus(), |x| x.exp().ln_1p(), sigmoid),
        function!("relu", -3.0, 3.0, try_relu relu(), |x| x.max(0.0), |_| 1.0),
        function!("leaky relu", -3.0, 3.0, try_leaky_relu leaky_relu(T::from_f64(0.125)), |x| x.max(0.125 * x), |_| 1.0),
        // The greatest slopes, at sqrt 2 and 2.4.
        function!("gelu", -1.5, 1.5, try_gelu gelu(), gelu, |_| 1.13),
        function!("silu", -8.0, 8.0, try_silu silu(), |x| x / (1.0 + (-x).exp()), |_| 1.1),
        function!("abs", -3.0, 3.0, try_abs abs(), f64::abs, |_| 1.0),
        function!(
            "clamp",
            -3.0,
            3.0,
            try_clamp clamp(T::from_f64(-0.5), T::from_f64(1.25)),
            |x| x.clamp(-0.5, 1.25),
            |_| 1.0
        ),
        function!("at most", -3.0, 3.0, try_minimum_scalar minimum_scalar(T::from_f64(0.5)), |x| x.min(0.5), |_| 1.0),
        function!("at least", -3.0, 3.0, try_maximum_scalar maximum_scalar(T::from_f64(0.5)), |x| x.max(0.5), |_| 1.0),
    ]
}

/// Functions that jump, and how far `x` is from the nearest jump.
struct Jumping<T: Real, const N: usize> {
    function: Function<T, N>,
    distance: fn(f64) -> f64,
}

fn jumping<T: Real, const N: usize>() -> Vec<Jumping<T, N>> {
    fn flag(condition: bool) -> f64 {
        f64::from(u8::from(condition))
    }
    macro_rules! jumping {
        ($($name:literal, $checked:ident $plain:ident($($p:expr),*), $value:expr, $distance:expr;)*) => {
            vec![$(Jumping {
                function: function!($name, -3.0, 3.0, $checked $plain($($p),*), $value, |_| 0.0),
                distance: $distance,
            }),*]
        };
    }
    jumping![
        "sign", try_sign sign(), f64::signum, f64::abs;
        "step", try_step step(), |x| flag(x > 0.0), f64::abs;
        "floor", try_floor floor(), f64::floor, |x| (x - x.round()).abs();
        "round", try_round round(), f64::round, |x| 0.5 - (x - x.round()).abs();
        "less", try_less less(T::HALF), |x| flag(x < 0.5), |x| (x - 0.5).abs();
        "less or equal", try_less_or_equal less_or_equal(T::HALF), |x| flag(x <= 0.5), |x| (x - 0.5).abs();
        "greater", try_greater greater(T::HALF), |x| flag(x > 0.5), |x| (x - 0.5).abs();
        "greater or equal", try_greater_or_equal greater_or_equal(T::HALF), |x| flag(x >= 0.5), |x| (x - 0.5).abs();
        "equal", try_equal equal(T::HALF, T::ONE), |x| flag((x - 0.5).abs() <= 1.0), |x| ((x - 0.5).abs() - 1.0).abs();
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
        let mut slope = 0.0_f64;
        for k in 0..N {
            for m in 0..k {
                if expected[k] != expected[m] {
                    slope = slope.max(((expected[k] - expected[m]) / (exact[k] - exact[m])).abs());
                }
            }
        }
        let value = expected.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
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
