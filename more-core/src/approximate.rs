//! Activations of `f32` by approximations: feature `micromath`.
//!
//! With this feature they stand behind the activations of `f32` everywhere: [`Arithmetic`](crate::Arithmetic)'s
//! `exponential`, `sigmoid` and `hyperbolic_tangent`, hence the layers of a network, and the functions of ciphertexts and spectra of
//! these names, `softplus`, `gelu` and `silu`. Keys, conversions, masks, square roots, `f64` and the functions named `exp`
//! never use them. Without the feature `libm` they are all there is: [`Spectrum::map`](crate::Spectrum::map) and
//! [`Ciphertext::try_apply`](crate::Ciphertext::try_apply) take them.
//!
//! One exponential by `micromath` is behind each: `2^n` times four terms of a series for the fraction. It is called with
//! arguments that are not negative, where its relative error is smallest. `docs/numerics.md` has the errors measured. NaN
//! gives NaN, and infinities their limits.

/// `e^88.7` is finite, `e^88.8` is not.
const LARGEST: f32 = 88.7;

/// `e^x` for `x >= 0`, infinite from 88.7.
#[inline]
fn growth(x: f32) -> f32 {
    if x < LARGEST { micromath::F32(x).exp().0 } else { f32::INFINITY }
}

/// `e^x`; infinite from 88.7, 0 from -88.7.
#[inline]
#[must_use]
pub fn exponential(x: f32) -> f32 {
    if x.is_nan() {
        x
    } else if x < 0.0 {
        1.0 / growth(-x)
    } else {
        growth(x)
    }
}

/// `1 / (1 + e^-x)`.
#[inline]
#[must_use]
pub fn sigmoid(x: f32) -> f32 {
    if x.is_nan() {
        return x;
    }
    let decay = 1.0 / (1.0 + growth(f32::abs(x)));
    if x < 0.0 { decay } else { 1.0 - decay }
}

/// `tanh x = 1 - 2 / (e^2x + 1)`; for `|x| < 1/2`, where that cancels, the quotient `x (15 + x^2) / (15 + 6 x^2)` of
/// Lambert's continued fraction.
#[inline]
#[must_use]
pub fn hyperbolic_tangent(x: f32) -> f32 {
    if x.is_nan() {
        return x;
    }
    let size = f32::abs(x);
    if size < 0.5 {
        let square = x * x;
        return x * (15.0 + square) / (15.0 + 6.0 * square);
    }
    f32::copysign(1.0 - 2.0 / (growth(2.0 * size) + 1.0), x)
}

/// `ln(1 + e^x) = max(x, 0) + 2 artanh(s)` with `s = 1 / (1 + 2 e^|x|)`: four terms of the series, since `s <= 1/3`.
#[inline]
#[must_use]
pub fn softplus(x: f32) -> f32 {
    if x.is_nan() {
        return x;
    }
    let s = 1.0 / (1.0 + 2.0 * growth(f32::abs(x)));
    let square = s * s;
    let series = 1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0)));
    let positive = if x > 0.0 { x } else { 0.0 };
    positive + 2.0 * s * series
}

/// `x Phi(x)`, with `Phi(-|x|) = e^(-x^2/2) t (a_1 + .. + a_5 t^4) / 2` and `t = 1 / (1 + p |x| / sqrt 2)` (Abramowitz and
/// Stegun, 7.1.26).
#[inline]
#[must_use]
pub fn gelu(x: f32) -> f32 {
    const A: [f32; 5] = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
    if x.is_nan() {
        return x;
    }
    let size = f32::abs(x);
    let t = 1.0 / (1.0 + 0.327_591_1 * core::f32::consts::FRAC_1_SQRT_2 * size);
    let series = A.into_iter().fold(0.0, |sum, a| sum * t + a) * t;
    let tail = 0.5 * series / growth(0.5 * size * size);
    // Beyond 14 the tail is far below the least number; at infinity the product would be NaN.
    let tail = if size > 14.0 { 0.0 } else { size * tail };
    if x > 0.0 { x - tail } else { -tail }
}

/// `x / (1 + e^-x)`.
#[inline]
#[must_use]
pub fn silu(x: f32) -> f32 {
    // At minus infinity the product would be NaN.
    let s = sigmoid(x);
    if s == 0.0 { 0.0 } else { x * s }
}
