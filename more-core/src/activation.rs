//! Activations of plain numbers, through `libm`. What `f32` takes depends on a feature: it is chosen here and nowhere else.

use crate::{Arithmetic, Real};

#[cfg(not(feature = "micromath"))]
pub(crate) use self as of_f32;
pub(crate) use self as of_f64;
#[cfg(feature = "micromath")]
pub(crate) use crate::approximate as of_f32;

/// `e^x`.
#[inline(always)]
pub(crate) fn exponential<T: Real>(x: T) -> T {
    T::exp(x)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<T: Real>(x: T) -> T {
    // e^-|x| cannot overflow, and neither quotient cancels.
    let decay = T::exp(-T::abs(x));
    if x < T::ZERO { decay / (T::ONE + decay) } else { T::ONE / (T::ONE + decay) }
}

/// `tanh x`.
#[inline(always)]
pub(crate) fn hyperbolic_tangent<T: Real>(x: T) -> T {
    T::tanh(x)
}

/// `ln(1 + e^x)`.
#[inline]
pub(crate) fn softplus<T: Real>(x: T) -> T {
    Arithmetic::maximum(x, T::ZERO) + T::ln_1p(T::exp(-T::abs(x)))
}

/// `x Phi(x)`.
#[inline]
pub(crate) fn gelu<T: Real>(x: T) -> T {
    // At minus infinity the product would be inf * 0; the limit is 0.
    let tail = T::erfc(x * T::from_f64(-core::f64::consts::FRAC_1_SQRT_2));
    if tail == T::ZERO { T::ZERO } else { T::HALF * x * tail }
}

/// `x / (1 + e^-x)`.
#[inline]
pub(crate) fn silu<T: Real>(x: T) -> T {
    let s = T::sigmoid(x);
    if s == T::ZERO { T::ZERO } else { x * s }
}
