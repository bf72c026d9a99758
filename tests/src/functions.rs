//! The unary functions of the scheme, each in every form it has, with its plain value and derivative.

pub mod matrix;

use more_core::{Arithmetic, Ciphertext, Error, Real, Spectrum};

/// A function of both forms with its plain value and derivative, and the interval its arguments come from.
pub struct Function<T: Real, const N: usize> {
    /// As reports call it.
    pub name: &'static str,
    /// The least argument.
    pub low: f64,
    /// The greatest argument.
    pub high: f64,
    /// By eigenvalues.
    pub matrix: fn(Ciphertext<T, N>) -> Result<Ciphertext<T, N>, Error>,
    /// Lane by lane, checked.
    pub spectral: fn(Spectrum<T, N>) -> Result<Spectrum<T, N>, Error>,
    /// Lane by lane, without checks.
    pub lanewise: fn(Spectrum<T, N>) -> Spectrum<T, N>,
    /// Of a number.
    pub plain: fn(f64) -> f64,
    /// The derivative; at most its magnitude matters.
    pub slope: fn(f64) -> f64,
}

/// The greatest magnitude of `slope` between the lanes, which it takes at an end or at zero.
#[must_use]
pub fn steepest<const N: usize>(slope: fn(f64) -> f64, lanes: &[f64; N]) -> f64 {
    let (low, high) =
        lanes.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    let zero = 0.0_f64.clamp(low, high);
    [low, zero, high].into_iter().map(|x| slope(x).abs()).fold(0.0, f64::max)
}

/// The greatest magnitude of `plain` at a lane.
#[must_use]
pub fn highest<const N: usize>(plain: fn(f64) -> f64, lanes: &[f64; N]) -> f64 {
    lanes.iter().map(|x| plain(*x).abs()).fold(0.0, f64::max)
}

impl<T: Real, const N: usize> Function<T, N> {
    /// The greatest slope between the lanes: all functions of the list have their extreme slopes at the ends or at zero.
    #[must_use]
    pub fn steepest(&self, lanes: &[f64; N]) -> f64 {
        steepest(self.slope, lanes)
    }

    /// The greatest value at a lane.
    #[must_use]
    pub fn highest(&self, lanes: &[f64; N]) -> f64 {
        highest(self.plain, lanes)
    }

    /// The largest difference quotient of two lanes, which stands for the slope of a function that jumps.
    #[must_use]
    pub fn quotient(&self, lanes: &[f64; N]) -> f64 {
        let mut slope = 0.0_f64;
        for (k, x) in lanes.iter().enumerate() {
            for y in &lanes[..k] {
                let (fx, fy) = ((self.plain)(*x), (self.plain)(*y));
                if fx != fy {
                    slope = slope.max(((fx - fy) / (x - y)).abs());
                }
            }
        }
        slope
    }
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

/// `1 / (1 + e^-x)`.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
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

/// All that are continuous.
#[must_use]
pub fn functions<T: Real, const N: usize>() -> Vec<Function<T, N>> {
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
pub struct Jumping<T: Real, const N: usize> {
    /// The function.
    pub function: Function<T, N>,
    /// From the nearest jump.
    pub distance: fn(f64) -> f64,
}

/// All that jump.
#[must_use]
pub fn jumping<T: Real, const N: usize>() -> Vec<Jumping<T, N>> {
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
