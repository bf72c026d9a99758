//! Activations of neural networks, in both forms.

use super::both_forms::{functions, if_in, indicator};
use crate::{Arithmetic, Ciphertext, Error, Real, Spectrum};

functions! {
    /// `1 / (1 + e^-x)`.
    try_sigmoid, sigmoid(), |x, _noise| T::sigmoid(x), |_x, y, _q| y * (T::ONE - y);
    /// `ln(1 + e^x)`.
    try_softplus, softplus(), |x, _noise| T::softplus(x), |x, _y, _q| T::sigmoid(x);
    /// `max(x, 0)`.
    try_relu, relu(), |x, _noise| Arithmetic::maximum(x, T::ZERO), |x, _y, _q| indicator(x, x > T::ZERO);
    /// `x` where `x > 0`, `slope x` elsewhere. A slope that is not finite is outside the domain.
    try_leaky_relu, leaky_relu(slope: T), |x, _noise| {
        if_in(T::is_finite(slope), leaky_relu(x, slope))
    }, |x, _y, _q| if x > T::ZERO { T::ONE } else { slope };
    /// `x Phi(x) = x erfc(-x / sqrt 2) / 2`, with `Phi` the standard normal distribution (Hendrycks and Gimpel, "Gaussian
    /// Error Linear Units", 2016). The function itself, not one of its approximations by `tanh` or a sigmoid.
    try_gelu, gelu(), |x, _noise| gelu(x), |_x, _y, quotient| quotient;
    /// `x / (1 + e^-x)`, also called swish.
    try_silu, silu(), |x, _noise| silu(x), |x, y, _q| {
        let s = T::sigmoid(x);
        s + y * (T::ONE - s)
    };
}

fn leaky_relu<T: Real>(x: T, slope: T) -> T {
    // At minus infinity with a slope of 0 the product would be NaN.
    if x > T::ZERO || T::is_nan(x) {
        x
    } else if slope == T::ZERO {
        T::ZERO
    } else {
        slope * x
    }
}

fn gelu<T: Real>(x: T) -> T {
    // At minus infinity the product would be inf * 0; the limit is 0.
    let tail = T::erfc(x * T::from_f64(-core::f64::consts::FRAC_1_SQRT_2));
    if tail == T::ZERO { T::ZERO } else { T::HALF * x * tail }
}

fn silu<T: Real>(x: T) -> T {
    let s = T::sigmoid(x);
    if s == T::ZERO { T::ZERO } else { x * s }
}
