//! The part of [`Real`](super::Real) that exists with `libm` only, as macros: one `cfg` for all of it.

/// The declarations.
macro_rules! declare {
    () => {
        /// The cube root.
        #[must_use]
        fn cbrt(self) -> Self;
        /// `sqrt(x^2 + y^2)` without overflow in between.
        #[must_use]
        fn hypot(self, y: Self) -> Self;
        /// `e^x`.
        #[must_use]
        fn exp(self) -> Self;
        /// `e^x - 1`, accurate near 0.
        #[must_use]
        fn exp_m1(self) -> Self;
        /// The natural logarithm, NaN below zero.
        #[must_use]
        fn ln(self) -> Self;
        /// `ln(1 + x)`, accurate near 0.
        #[must_use]
        fn ln_1p(self) -> Self;
        /// The logarithm to base 10.
        #[must_use]
        fn log10(self) -> Self;
        /// `x^exponent`.
        #[must_use]
        fn powf(self, exponent: Self) -> Self;
        /// The sine.
        #[must_use]
        fn sin(self) -> Self;
        /// The cosine.
        #[must_use]
        fn cos(self) -> Self;
        /// The tangent.
        #[must_use]
        fn tan(self) -> Self;
        /// The arc tangent.
        #[must_use]
        fn atan(self) -> Self;
        /// The angle of the point `(x, self)`, in `[-pi, pi]`.
        #[must_use]
        fn atan2(self, x: Self) -> Self;
        /// The hyperbolic sine.
        #[must_use]
        fn sinh(self) -> Self;
        /// The hyperbolic cosine.
        #[must_use]
        fn cosh(self) -> Self;
        /// The hyperbolic tangent.
        #[must_use]
        fn tanh(self) -> Self;
        /// `1 - erf(x)`, the complementary error function, accurate where it is small.
        #[must_use]
        fn erfc(self) -> Self;

        /// `ln(1 + e^x)`, without overflow and accurate for large negative `x`.
        #[must_use]
        fn softplus(self) -> Self;
        /// `x Phi(x) = x erfc(-x / sqrt 2) / 2`, with `Phi` the standard normal distribution.
        #[must_use]
        fn gelu(self) -> Self;
        /// `x / (1 + e^-x)`.
        #[must_use]
        fn silu(self) -> Self;
    };
}
pub(super) use declare;

/// The implementations, for one scalar.
macro_rules! implement {
    (f32) => {
        $crate::real::elementary::implement!(@functions $crate::activation::of_f32, {
            cbrt = cbrtf, exp = expf, exp_m1 = expm1f, ln = logf, ln_1p = log1pf, log10 = log10f, sin = sinf, cos = cosf,
            tan = tanf, atan = atanf, sinh = sinhf, cosh = coshf, tanh = tanhf, erfc = erfcf,
        }, { hypot = hypotf, powf = powf, atan2 = atan2f });
    };
    (f64) => {
        $crate::real::elementary::implement!(@functions $crate::activation::of_f64, {
            cbrt = cbrt, exp = exp, exp_m1 = expm1, ln = log, ln_1p = log1p, log10 = log10, sin = sin, cos = cos,
            tan = tan, atan = atan, sinh = sinh, cosh = cosh, tanh = tanh, erfc = erfc,
        }, { hypot = hypot, powf = pow, atan2 = atan2 });
    };
    (
        @functions $activation:path,
        {$($unary:ident = $of_one:ident),* $(,)?}, {$($binary:ident = $of_two:ident),*}
    ) => {
        $(
            #[inline]
            fn $unary(self) -> Self {
                libm::$of_one(self)
            }
        )*
        $(
            #[inline]
            fn $binary(self, other: Self) -> Self {
                libm::$of_two(self, other)
            }
        )*
        #[inline]
        fn softplus(self) -> Self {
            use $activation as activation;
            activation::softplus(self)
        }
        #[inline]
        fn gelu(self) -> Self {
            use $activation as activation;
            activation::gelu(self)
        }
        #[inline]
        fn silu(self) -> Self {
            use $activation as activation;
            activation::silu(self)
        }
    };
}
pub(super) use implement;
