//! NEON on AArch64, through the safe methods of `pulp`'s token.

use core::arch::aarch64::{float32x4_t, float64x2_t};
use core::marker::PhantomData;

use pulp::aarch64::Neon as Token;

use super::{Isa, PackReal};
use crate::element::Context;

/// NEON: a vector is four registers.
#[derive(Clone, Copy, Debug)]
pub struct Neon<T> {
    token: Token,
    scalar: PhantomData<T>,
}

impl<T> Neon<T> {
    /// With the proof that this machine has the instructions.
    #[must_use]
    pub const fn new(token: Token) -> Self {
        Self { token, scalar: PhantomData }
    }
}

impl<T: PackReal> Context for Neon<T> {
    // Out of line, see `with_block`: NEON is part of the target, so that nothing keeps the compiler from inlining `vectorize`.
    #[inline(never)]
    fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        self.token.vectorize(f)
    }
}

/// `f` of the registers, one after the other.
#[inline(always)]
fn registers<V>(f: impl Fn(usize) -> V) -> [V; 4] {
    [f(0), f(1), f(2), f(3)]
}

macro_rules! neon {
    ($real:ty, $vector:ty, $samples:literal, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $fma:ident,
     $negate:ident, $sqrt:ident, $less:ident, $greater:ident, $equal:ident, $blend:ident,
     $splat_bits:ident, $shift:ident, $bits:ident, $from_bits:ident) => {
        impl Isa for Neon<$real> {
            type Real = $real;
            type Vector = [$vector; 4];

            const SAMPLES: usize = $samples;
            const BLOCK: usize = 4;
            const POSITIONS: usize = 1;
            // The sums of two filters, three taps each, are 24 registers: with the operands the compiler runs out of them.
            const GRADIENT_BLOCK: usize = 1;

            #[inline(always)]
            fn splat(self, x: $real) -> Self::Vector {
                [self.token.neon.$splat(x); 4]
            }

            #[inline(always)]
            fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$add(a[i], b[i]))
            }

            #[inline(always)]
            fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$sub(a[i], b[i]))
            }

            #[inline(always)]
            fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$mul(a[i], b[i]))
            }

            #[inline(always)]
            fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$div(a[i], b[i]))
            }

            #[inline(always)]
            fn fma(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$fma(c[i], a[i], b[i]))
            }

            #[inline(always)]
            fn fms(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                // The instruction that subtracts gives c - a b; its negative would have the other sign where it is zero.
                registers(|i| self.token.neon.$fma(self.token.neon.$negate(c[i]), a[i], b[i]))
            }

            #[inline(always)]
            fn sqrt(self, a: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$sqrt(a[i]))
            }

            // The instructions for maximum and minimum give NaN where either operand is one, or the other operand.
            #[inline(always)]
            fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$blend(self.token.neon.$greater(a[i], b[i]), a[i], b[i]))
            }

            #[inline(always)]
            fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$blend(self.token.neon.$less(a[i], b[i]), a[i], b[i]))
            }

            #[inline(always)]
            fn select_less(
                self,
                a: Self::Vector,
                b: Self::Vector,
                x: Self::Vector,
                y: Self::Vector,
            ) -> Self::Vector {
                registers(|i| self.token.neon.$blend(self.token.neon.$less(a[i], b[i]), x[i], y[i]))
            }

            #[inline(always)]
            fn nan_or(self, a: Self::Vector, x: Self::Vector) -> Self::Vector {
                registers(|i| self.token.neon.$blend(self.token.neon.$equal(a[i], a[i]), x[i], a[i]))
            }

            #[inline(always)]
            fn copysign(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                // Of each bit: that of b where the sign's mask has one, that of a elsewhere.
                let sign = self.token.neon.$splat_bits(<$real>::to_bits(-0.0));
                registers(|i| self.token.neon.$blend(sign, b[i], a[i]))
            }

            #[inline(always)]
            fn power_of_two(self, a: Self::Vector) -> Self::Vector {
                const FRACTION: i32 = <$real>::MANTISSA_DIGITS as i32 - 1;
                registers(|i| {
                    self.token
                        .neon
                        .$from_bits(self.token.neon.$shift::<FRACTION>(self.token.neon.$bits(a[i])))
                })
            }

            #[inline(always)]
            fn recip(self, a: Self::Vector) -> Self::Vector {
                self.div(self.splat(1.0), a)
            }

            #[inline(always)]
            fn quotient(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                self.div(a, b)
            }

            #[inline(always)]
            fn sum(self, a: Self::Vector) -> $real {
                let halves = [self.token.neon.$add(a[0], a[1]), self.token.neon.$add(a[2], a[3])];
                // Pairs of neighbours, written out: the sum "across" a register may be taken in any order.
                let mut lanes: [$real; $samples / 4] =
                    bytemuck::cast(self.token.neon.$add(halves[0], halves[1]));
                let mut width = $samples / 8;
                while width > 0 {
                    for i in 0..width {
                        lanes[i] = lanes[2 * i] + lanes[2 * i + 1];
                    }
                    width /= 2;
                }
                lanes[0]
            }
        }
    };
}

neon!(
    f32,
    float32x4_t,
    16,
    vdupq_n_f32,
    vaddq_f32,
    vsubq_f32,
    vmulq_f32,
    vdivq_f32,
    vfmaq_f32,
    vnegq_f32,
    vsqrtq_f32,
    vcltq_f32,
    vcgtq_f32,
    vceqq_f32,
    vbslq_f32,
    vdupq_n_u32,
    vshlq_n_u32,
    vreinterpretq_u32_f32,
    vreinterpretq_f32_u32
);
neon!(
    f64,
    float64x2_t,
    8,
    vdupq_n_f64,
    vaddq_f64,
    vsubq_f64,
    vmulq_f64,
    vdivq_f64,
    vfmaq_f64,
    vnegq_f64,
    vsqrtq_f64,
    vcltq_f64,
    vcgtq_f64,
    vceqq_f64,
    vbslq_f64,
    vdupq_n_u64,
    vshlq_n_u64,
    vreinterpretq_u64_f64,
    vreinterpretq_f64_u64
);
