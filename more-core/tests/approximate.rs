//! The approximations of the feature `micromath`: their errors, as a table (`-- --nocapture`) and against bounds, and where
//! they are used.

use more_core::{Arithmetic, Ciphertext, Real, Spectrum, approximate};

/// The exponential is `2^n` times four terms of the series of `e^y` with `0 <= y < ln 2`: what is left out, relative, is
/// largest at the upper end.
fn series_error() -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..=4 {
        term *= core::f64::consts::LN_2 / f64::from(k);
        sum += term;
    }
    1.0 - sum / 2.0
}

/// Every 1021st number from 2^-20 to 120, and their negatives, in order of their bits. 1021 is prime: no digit is left out.
fn arguments() -> impl Iterator<Item = f32> {
    let bits = f32::from_bits((127 - 20) << 23).to_bits()..=120.0_f32.to_bits();
    bits.step_by(1021).map(f32::from_bits).flat_map(|x| [x, -x])
}

#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    approximate: fn(f32) -> f32,
    exact: fn(f64) -> f64,
    /// The greatest error allowed but for roundings; `delta` is the relative error of the exponential.
    absolute: fn(delta: f64) -> f64,
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

fn softplus(x: f64) -> f64 {
    libm::fmax(x, 0.0) + libm::log1p(libm::exp(-libm::fabs(x)))
}

fn gelu(x: f64) -> f64 {
    0.5 * x * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
}

/// With `E = e^|x|` off by `delta E`: the sigmoid's slope in `ln E` is `E / (1 + E)^2 <= 1/4`, that of tanh, which takes
/// `e^2|x|`, twice that, that of `ln(1 + 1/E)` at most 1/2. `|x| E / (1 + E)^2 <= 0.2240` and `|x| Phi(-|x|) <= 0.1700` at
/// their maxima. The series of the softplus leaves out less than `2 s^9 / 9 / (1 - s^2)` at `s = 1/3`, the polynomial of the
/// gelu 1.5e-7 of `2 Phi`, for `|x| < 14`.
const ROWS: [Row; 5] = [
    Row { name: "sigmoid", approximate: approximate::sigmoid, exact: sigmoid, absolute: |delta| delta / 4.0 },
    Row {
        name: "tanh",
        approximate: approximate::hyperbolic_tangent,
        exact: libm::tanh,
        absolute: |delta| delta / 2.0,
    },
    Row {
        name: "softplus",
        approximate: approximate::softplus,
        exact: softplus,
        absolute: |delta| delta / 2.0 + 2.0 / 9.0 / 19_683.0 * 9.0 / 8.0,
    },
    Row {
        name: "gelu",
        approximate: approximate::gelu,
        exact: gelu,
        absolute: |delta| delta * 0.17 + 14.0 * 0.75e-7,
    },
    Row {
        name: "silu",
        approximate: approximate::silu,
        exact: |x| x * sigmoid(x),
        absolute: |delta| delta * 0.224,
    },
];

#[test]
fn errors_are_within_their_bounds() {
    // Roundings: ten operations of half an eps each, more than any of them takes, and those of `y`, which the exponential
    // multiplies by at most 120 before it takes the fraction.
    let eps = f64::from(f32::EPSILON);
    let rounded = 5.0 * eps;
    let delta = series_error() + rounded + 120.0 * eps;

    let mut worst = (0.0, 0.0_f32);
    for x in arguments().filter(|x| libm::fabsf(*x) < 87.0) {
        let exact = libm::exp(f64::from(x));
        let error = libm::fabs(f64::from(approximate::exponential(x)) - exact) / exact;
        worst = if error > worst.0 { (error, x) } else { worst };
    }
    println!(
        "| function | largest absolute error | at | largest relative error where the value exceeds 0.001 | at |"
    );
    println!("| --- | --- | --- | --- | --- |");
    println!("| `exponential`, to 87 | | | {:.2e} | {} |", worst.0, worst.1);
    assert!(worst.0 <= delta, "exponential of {}: {:e}, more than {delta:e}", worst.1, worst.0);

    for row in ROWS {
        let (mut absolute, mut relative) = ((0.0, 0.0_f32), (0.0, 0.0_f32));
        for x in arguments() {
            let exact = (row.exact)(f64::from(x));
            let error = libm::fabs(f64::from((row.approximate)(x)) - exact);
            let bound = (row.absolute)(delta) + rounded * libm::fmax(libm::fabs(exact), 1.0);
            assert!(error <= bound, "{} of {x}: off by {error:e}, more than {bound:e}", row.name);
            absolute = if error > absolute.0 { (error, x) } else { absolute };
            let error = error / libm::fabs(exact);
            if libm::fabs(exact) > 1e-3 && error > relative.0 {
                relative = (error, x);
            }
        }
        let ((a, at), (r, there)) = (absolute, relative);
        println!("| `{}` | {a:.2e} | {at:.4} | {r:.2e} | {there:.4} |", row.name);
    }
}

#[test]
fn limits() {
    let infinity = f32::INFINITY;
    for (function, below, zero, above) in [
        (approximate::exponential as fn(f32) -> f32, 0.0, 1.0, infinity),
        (approximate::sigmoid, 0.0, 0.5, 1.0),
        (approximate::hyperbolic_tangent, -1.0, 0.0, 1.0),
        (approximate::gelu, 0.0, 0.0, infinity),
        (approximate::silu, 0.0, 0.0, infinity),
    ] {
        assert!(function(f32::NAN).is_nan());
        assert_eq!([-infinity, 0.0, infinity].map(function), [below, zero, above]);
    }
    // At 0, ln 2, the series of the logarithm is cut off: in the table above.
    assert!(approximate::softplus(f32::NAN).is_nan());
    assert_eq!([-infinity, infinity].map(approximate::softplus), [0.0, infinity]);
}

/// Activations of `f32`, and nothing else.
#[test]
fn used_where_it_says() {
    let (x, wide) = (0.6_f32, 0.6_f64);
    assert_eq!(Arithmetic::sigmoid(x), approximate::sigmoid(x));
    assert_eq!(Arithmetic::exponential(x), approximate::exponential(x));
    assert_eq!(Arithmetic::hyperbolic_tangent(x), approximate::hyperbolic_tangent(x));
    let s = Spectrum::from_lanes([x, -x]);
    for (ours, theirs) in [
        (s.sigmoid(), s.map(approximate::sigmoid)),
        (s.tanh(), s.map(approximate::hyperbolic_tangent)),
        (s.softplus(), s.map(approximate::softplus)),
        (s.gelu(), s.map(approximate::gelu)),
        (s.silu(), s.map(approximate::silu)),
    ] {
        assert_eq!(ours, theirs);
    }
    // A ciphertext with equal lanes has no rounding of its own.
    let c = Ciphertext::<f32, 2>::scalar((), x).try_sigmoid().expect("finite");
    assert_eq!(c, Ciphertext::scalar((), approximate::sigmoid(x)));

    assert_eq!(Real::exp(x), libm::expf(x));
    assert_eq!(Real::tanh(x), libm::tanhf(x));
    assert_eq!(s.exp().lanes()[0], libm::expf(x));
    assert_eq!(Arithmetic::square_root(x), libm::sqrtf(x));
    assert_eq!(Arithmetic::logarithm(x), libm::logf(x));
    assert_eq!(Arithmetic::exponential(wide), libm::exp(wide));
    assert_eq!(Arithmetic::hyperbolic_tangent(wide), libm::tanh(wide));
    assert_ne!(approximate::sigmoid(x), 1.0 / (1.0 + libm::expf(-x)), "an approximation");
}
