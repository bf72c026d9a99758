//! The functions of the scheme that exist in two ways: as matrix functions, and by eigenvalues.

use more_core::{Ciphertext, Error, Real};

use super::sigmoid;

/// A function of one element.
pub type Unary<T, const N: usize> = fn(Ciphertext<T, N>) -> Result<Ciphertext<T, N>, Error>;

/// A function in both ways with its plain value and derivative, and the interval its arguments come from.
pub struct Function<T: Real, const N: usize> {
    /// As reports call it.
    pub name: &'static str,
    /// The least argument.
    pub low: f64,
    /// The greatest argument.
    pub high: f64,
    /// As a matrix function.
    pub matrix: Unary<T, N>,
    /// By eigenvalues.
    pub eigenvalues: Unary<T, N>,
    /// Of a number.
    pub plain: fn(f64) -> f64,
    /// The derivative.
    pub slope: fn(f64) -> f64,
}

fn sigmoid_slope(x: f64) -> f64 {
    sigmoid(x) * sigmoid(-x)
}

fn tanh_slope(x: f64) -> f64 {
    1.0 / x.cosh().powi(2)
}

/// Near lanes reach up to `N` times as far as the intervals named here (see `Case::lanes_within`); results stay in the
/// range of `f32`.
#[must_use]
pub fn functions<T: Real, const N: usize>() -> Vec<Function<T, N>> {
    macro_rules! list {
        ($($name:literal, $low:expr, $high:expr, $matrix:ident, $eigenvalues:ident, $plain:expr, $slope:expr;)*) => {
            vec![$(Function {
                name: $name,
                low: $low,
                high: $high,
                matrix: Ciphertext::$matrix,
                eigenvalues: Ciphertext::$eigenvalues,
                plain: $plain,
                slope: $slope,
            }),*]
        };
    }
    list![
        "exp", -5.0, 5.0, try_expm, try_exp, f64::exp, f64::exp;
        "exp below zero", -9.0, -1.0, try_expm, try_exp, f64::exp, f64::exp;
        "exp of little", -0.01, 0.01, try_expm, try_exp, f64::exp, f64::exp;
        "exp far apart", -19.0, 10.0, try_expm, try_exp, f64::exp, f64::exp;
        "ln", 0.1, 10.0, try_logm, try_ln, f64::ln, |x| 1.0 / x;
        "ln near 1", 0.9, 1.1, try_logm, try_ln, f64::ln, |x| 1.0 / x;
        "ln far apart", 1e-3, 1e3, try_logm, try_ln, f64::ln, |x| 1.0 / x;
        "sqrt", 0.1, 10.0, try_sqrtm, try_sqrt, f64::sqrt, |x| 0.5 / x.sqrt();
        "sqrt far apart", 1e-3, 1e3, try_sqrtm, try_sqrt, f64::sqrt, |x| 0.5 / x.sqrt();
        "tanh", -4.0, 4.0, try_tanhm, try_tanh, f64::tanh, tanh_slope;
        "tanh of little", -1e-3, 1e-3, try_tanhm, try_tanh, f64::tanh, tanh_slope;
        "tanh far apart", -80.0, 80.0, try_tanhm, try_tanh, f64::tanh, tanh_slope;
        "sigmoid", -8.0, 8.0, try_sigmoidm, try_sigmoid, sigmoid, sigmoid_slope;
        "sigmoid below zero", -18.0, -2.0, try_sigmoidm, try_sigmoid, sigmoid, sigmoid_slope;
        "sigmoid far apart", -19.0, 80.0, try_sigmoidm, try_sigmoid, sigmoid, sigmoid_slope;
        "abs", -3.0, 3.0, try_absm, try_abs, f64::abs, |_| 1.0;
        "relu", -3.0, 3.0, try_relum, try_relu, |x| x.max(0.0), |_| 1.0;
    ]
}
