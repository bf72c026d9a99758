//! Instruction sets for packs of samples, chosen at run time.
//!
//! An [`Isa`] is a capability token: only a machine that has the instructions can make one, so no call needs `unsafe`. The
//! arithmetic below is all a pack needs; a new instruction set is a file beside the others and a line in [`PackReal`].

mod exp;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
pub use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

use crate::element::{Context, Number};
use exp::Exponential;
use more_core::Real;

/// An instruction set, as a token that proves its presence, and the arithmetic of its vectors.
///
/// All is sample by sample. `[T; SAMPLES]` has the bytes of a vector.
pub trait Isa: Context + core::fmt::Debug {
    /// The scalar type.
    type Real: PackReal;
    /// `SAMPLES` numbers, in one register or a few.
    type Vector: bytemuck::Pod + Send + Sync + core::fmt::Debug;

    /// Samples of a vector: the same for every instruction set, so that work is divided alike everywhere.
    const SAMPLES: usize;
    /// See [`Element::BLOCK`](crate::Element::BLOCK).
    const BLOCK: usize;
    /// See [`Element::POSITIONS`](crate::Element::POSITIONS).
    const POSITIONS: usize;
    /// See [`Number::GRADIENT_BLOCK`].
    const GRADIENT_BLOCK: usize;

    /// `x` in every sample.
    fn splat(self, x: Self::Real) -> Self::Vector;
    /// `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a - b`.
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a b`.
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a / b`.
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a b + c`, rounded once where the set has a fused instruction.
    fn fma(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `a b - c`, rounded as [`fma`](Self::fma).
    fn fms(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `sqrt(a)`.
    fn sqrt(self, a: Self::Vector) -> Self::Vector;
    /// `a` where `a > b`, otherwise `b`, so `b` where one is NaN.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a` where `a < b`, otherwise `b`, so `b` where one is NaN.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `x` where `a < b`, otherwise `y`.
    fn select_less(self, a: Self::Vector, b: Self::Vector, x: Self::Vector, y: Self::Vector) -> Self::Vector;
    /// `a` where it is NaN, otherwise `x`.
    fn nan_or(self, a: Self::Vector, x: Self::Vector) -> Self::Vector;
    /// `|a|` with the sign of `b`.
    fn copysign(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `2^n` for `a = n + b + 1.5 / EPSILON` with the bias `b` of exponents (127 in `f32`, 1023 in `f64`) and an integral `n` such that
    /// `2^n` is a normal number: the last bits of `a` are the exponent's.
    fn power_of_two(self, a: Self::Vector) -> Self::Vector;
    /// `1 / a` to one unit in the last place, for normal `a` whose reciprocal is normal.
    fn recip(self, a: Self::Vector) -> Self::Vector;
    /// `a / b` for `b` whose reciprocal is normal, which is finite, to one unit in the last place.
    fn quotient(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The sum of the samples, in an order that depends on the set alone.
    fn sum(self, a: Self::Vector) -> Self::Real;

    /// A vector whose [`sum`](Self::sum) is that of `c` and of `a b`: `a b + c`, or of vectors of several registers a sum that needs one.
    #[inline(always)]
    fn dot_acc(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        self.fma(a, b, c)
    }

    /// The [`sum`](Self::sum) of each vector.
    #[inline(always)]
    fn sums(self, vectors: [Self::Vector; MAX_SAMPLES]) -> [Self::Real; MAX_SAMPLES] {
        let mut sums = [Real::ZERO; MAX_SAMPLES];
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            *sum = self.sum(vector);
        }
        sums
    }

    /// The transpose of the matrix whose rows are `SAMPLES` vectors: `put` gets each column with its number. Functions, so that nothing
    /// is copied where the rows are and where the columns go; each row may be asked for more than once.
    #[inline(always)]
    fn transpose(self, row: impl Fn(usize) -> Self::Vector, mut put: impl FnMut(usize, Self::Vector)) {
        let mut columns = [self.splat(Self::Real::ZERO); MAX_SAMPLES];
        for i in 0..Self::SAMPLES {
            for (j, value) in samples::<Self>(&row(i)).iter().enumerate() {
                samples_mut::<Self>(&mut columns[j])[i] = *value;
            }
        }
        for j in 0..Self::SAMPLES {
            put(j, columns[j]);
        }
    }

    /// `e^a`: the portable path through `libm`, others as `exp` says.
    #[inline(always)]
    fn exp(self, a: Self::Vector) -> Self::Vector {
        exp::exp(self, a)
    }

    /// `1 / (1 + e^-a)`.
    #[inline(always)]
    fn sigmoid(self, a: Self::Vector) -> Self::Vector {
        let [y] = self.sigmoids([a]);
        y
    }

    /// [`sigmoid`](Self::sigmoid) of several vectors, side by side.
    #[inline(always)]
    fn sigmoids<const N: usize>(self, a: [Self::Vector; N]) -> [Self::Vector; N] {
        exp::sigmoid(self, a)
    }

    /// The hyperbolic tangent.
    #[inline(always)]
    fn tanh(self, a: Self::Vector) -> Self::Vector {
        let [y] = self.tanhs([a]);
        y
    }

    /// [`tanh`](Self::tanh) of several vectors, side by side.
    #[inline(always)]
    fn tanhs<const N: usize>(self, a: [Self::Vector; N]) -> [Self::Vector; N] {
        exp::tanh(self, a)
    }

    /// `ln(a)`, through `libm`: one element in thousands is a loss.
    #[inline(always)]
    fn ln(self, a: Self::Vector) -> Self::Vector {
        let mut out = a;
        for x in samples_mut::<Self>(&mut out) {
            *x = <Self::Real as Real>::ln(*x);
        }
        out
    }
}

/// Asks for the cache line that the first of `values` lies in, to be read soon, into the second-level cache: a hint, without effect
/// where the processor has no instruction for it that safe code can use.
#[inline(always)]
pub fn prefetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        sse._mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T1 }>(values.as_ptr().cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// The most samples any instruction set has in a vector.
pub const MAX_SAMPLES: usize = 16;

/// The samples of a vector.
#[inline(always)]
pub(crate) fn samples<I: Isa>(vector: &I::Vector) -> &[I::Real] {
    bytemuck::cast_slice(core::slice::from_ref(vector))
}

/// The samples of a vector, to be changed.
#[inline(always)]
pub(crate) fn samples_mut<I: Isa>(vector: &mut I::Vector) -> &mut [I::Real] {
    bytemuck::cast_slice_mut(core::slice::from_mut(vector))
}

/// The instruction sets this crate has kernels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionSet {
    /// No particular instructions; `libm` functions and unfused sums, bit-equal to single numbers on a device.
    Portable,
    /// NEON on AArch64.
    Neon,
    /// AVX2 and FMA on x86-64.
    Avx2,
    /// AVX-512 (F, BW, CD, DQ, VL) on x86-64.
    Avx512,
}

impl InstructionSet {
    /// All of them, slowest first.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Neon, Self::Avx2, Self::Avx512];

    /// Whether this machine has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().is_some(),
            // Sets of other processors.
            _ => false,
        }
    }

    /// The fastest one of this machine.
    #[must_use]
    pub fn best() -> Self {
        Self::ALL.into_iter().rev().find(|set| set.is_available()).unwrap_or(Self::Portable)
    }

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

/// Work that is generic over the instruction set: what a closure would be if closures could be generic.
pub trait Job<T: PackReal> {
    /// What the work gives.
    type Output;
    /// Does the work with packs of `I`.
    fn run<I: Isa<Real = T>>(self, isa: I) -> Self::Output;
}

/// The scalar types that packs exist of: `f32` and `f64`.
pub trait PackReal:
    Real + bytemuck::Pod + Exponential + Number + crate::Element<Real = Self, Number = Self, Context = ()>
{
    /// Runs `job` with `set`, or with the portable path where this machine does not have it.
    fn dispatch<J: Job<Self>>(set: InstructionSet, job: J) -> J::Output;

    /// The same for elements that are matrices of packs: the portable path then takes one sample at a time, since an element
    /// of a thousand numbers is nothing that a compiler could keep in registers.
    fn dispatch_matrix<J: Job<Self>>(set: InstructionSet, job: J) -> J::Output;
}

macro_rules! dispatch {
    ($real:ty, $set:ident, $job:ident, $portable:expr) => {
        match $set {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => match pulp::x86::V4::try_new() {
                Some(token) => $job.run(Avx512::<$real>::new(token)),
                None => $job.run($portable),
            },
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => match pulp::x86::V3::try_new() {
                Some(token) => $job.run(Avx2::<$real>::new(token)),
                None => $job.run($portable),
            },
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => match pulp::aarch64::Neon::try_new() {
                Some(token) => $job.run(Neon::<$real>::new(token)),
                None => $job.run($portable),
            },
            _ => $job.run($portable),
        }
    };
}
macro_rules! pack_real {
    ($($real:ty: $samples:literal),*) => {$(
        impl PackReal for $real {
            fn dispatch<J: Job<Self>>(set: InstructionSet, job: J) -> J::Output {
                dispatch!($real, set, job, Portable::<$real, $samples>::new())
            }

            fn dispatch_matrix<J: Job<Self>>(set: InstructionSet, job: J) -> J::Output {
                dispatch!($real, set, job, Portable::<$real, 1>::new())
            }
        }
    )*};
}

pack_real!(f32: 16, f64: 8);
