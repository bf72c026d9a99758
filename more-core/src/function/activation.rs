//! Smooth activations of neural networks, in both forms: with the feature `libm`.

use super::both_forms::functions;
use crate::{Ciphertext, Error, Real, Spectrum};

functions! {
    /// `1 / (1 + e^-x)`.
    try_sigmoid, sigmoid(), |x, _noise| T::sigmoid(x), |_x, y, _q| y * (T::ONE - y);
    /// `tanh x = (e^x - e^-x) / (e^x + e^-x)`.
    try_tanh, tanh(), |x, _noise| T::hyperbolic_tangent(x), |_x, y, _q| T::ONE - y * y;
    /// `ln(1 + e^x)`.
    try_softplus, softplus(), |x, _noise| T::softplus(x), |x, _y, _q| T::sigmoid(x);
    /// `x Phi(x) = x erfc(-x / sqrt 2) / 2`, with `Phi` the standard normal distribution (Hendrycks and Gimpel, "Gaussian
    /// Error Linear Units", 2016). The function itself, not one of its approximations by `tanh` or a sigmoid.
    try_gelu, gelu(), |x, _noise| T::gelu(x), |_x, _y, quotient| quotient;
    /// `x / (1 + e^-x)`, also called swish.
    try_silu, silu(), |x, _noise| T::silu(x), |x, y, _q| {
        let s = T::sigmoid(x);
        s + y * (T::ONE - s)
    };
}
