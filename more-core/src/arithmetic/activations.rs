//! The part of [`Arithmetic`](super::Arithmetic) that exists with `libm` only, as macros: one `cfg` for all of it.

/// The declarations.
macro_rules! declare {
    () => {
        /// `e^x`.
        #[must_use]
        fn exponential(self) -> Self;

        /// The natural logarithm, NaN below zero.
        #[must_use]
        fn logarithm(self) -> Self;

        /// `1 / (1 + e^-x)`.
        #[must_use]
        fn sigmoid(self) -> Self;

        /// `tanh(x)`.
        #[must_use]
        fn hyperbolic_tangent(self) -> Self;
    };
}
pub(super) use declare;

/// The implementations, for one scalar, whose activations are those of a module.
macro_rules! implement {
    ($real:ty, $module:ident) => {
        #[inline(always)]
        fn exponential(self) -> $real {
            $crate::activation::$module::exponential(self)
        }
        #[inline(always)]
        fn logarithm(self) -> $real {
            Real::ln(self)
        }
        #[inline(always)]
        fn sigmoid(self) -> $real {
            $crate::activation::$module::sigmoid(self)
        }
        #[inline(always)]
        fn hyperbolic_tangent(self) -> $real {
            $crate::activation::$module::hyperbolic_tangent(self)
        }
    };
}
pub(super) use implement;
