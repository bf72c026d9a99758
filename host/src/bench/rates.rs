//! What one core of this machine can do at most: fused multiply-adds and functions in registers, reading of memory.

use std::hint::black_box;
use std::time::Duration;

use more_core::Real;
use nn_core::simd::{InstructionSet, Isa, Job, PackReal};
use serde::Serialize;

use super::statistics::fastest;
use crate::large_pages;

/// The rates of one core with one instruction set.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rates {
    /// Floating-point operations of multiply-adds (two each), in 10^9 a second.
    pub peak_gflops: f64,
    /// Nanoseconds an element of `exp`.
    pub exp_nanoseconds: f64,
    /// Nanoseconds an element of the sigmoid.
    pub sigmoid_nanoseconds: f64,
    /// Nanoseconds an element of the hyperbolic tangent.
    pub tanh_nanoseconds: f64,
    /// What is read, in 10^9 bytes a second, of memory that no second-level cache holds, in pages as the allocator takes them.
    pub small_pages_gigabytes: f64,
    /// The same in large pages, where the system has them.
    pub large_pages_gigabytes: f64,
}

impl Rates {
    /// Measures the rates, spending about `budget` on each.
    #[must_use]
    pub fn measure<T: PackReal>(set: InstructionSet, budget: Duration) -> Self {
        T::dispatch(set, Measurement { budget })
    }

    /// The least seconds for these operations and functions: operations at the peak, functions at the rate of `exp`, which any of
    /// them needs.
    #[must_use]
    pub fn limit(&self, operations: usize, functions: usize) -> f64 {
        operations as f64 / (self.peak_gflops * 1e9) + functions as f64 * self.exp_nanoseconds * 1e-9
    }
}

struct Measurement {
    budget: Duration,
}

/// Words that are read: 128 MiB.
const READ: usize = 1 << 24;

/// Bytes a second that are read of these words, one after the other.
fn read(memory: &[u64], budget: Duration) -> f64 {
    let sum = || {
        black_box(memory.iter().fold(0, |sum: u64, word| sum.wrapping_add(*word)));
    };
    size_of_val(memory) as f64 / fastest(budget, sum)
}

/// Dependent multiply-adds of a chain.
const STEPS: usize = 4096;

impl<T: PackReal> Job<T> for Measurement {
    type Output = Rates;

    fn run<I: Isa<Real = T>>(self, isa: I) -> Rates {
        // 12 chains hide the latency of two units of four cycles in one register each; where a vector takes several registers,
        // fewer chains hide as much, and more would not fit.
        let budget = self.budget / 3;
        let peak = [chains::<I, 12>(isa, budget), chains::<I, 6>(isa, budget), chains::<I, 3>(isa, budget)];
        Rates {
            peak_gflops: peak.into_iter().fold(0.0, f64::max) / 1e9,
            exp_nanoseconds: 1e9
                * function(
                    isa,
                    self.budget,
                    #[inline(always)]
                    |v| isa.exp(v),
                ),
            sigmoid_nanoseconds: 1e9
                * function(
                    isa,
                    self.budget,
                    #[inline(always)]
                    |v| isa.sigmoid(v),
                ),
            tanh_nanoseconds: 1e9
                * function(
                    isa,
                    self.budget,
                    #[inline(always)]
                    |v| isa.tanh(v),
                ),
            small_pages_gigabytes: read(&vec![1; READ], self.budget) / 1e9,
            large_pages_gigabytes: read(&large_pages::filled(1, READ), self.budget) / 1e9,
        }
    }
}

/// Operations a second of `CHAINS` independent chains of dependent multiply-adds.
fn chains<I: Isa, const CHAINS: usize>(isa: I, budget: Duration) -> f64 {
    // `x <- a x + a` goes to `a / (1 - a)`, which is far from subnormal and from infinite.
    let factor = <I::Real as Real>::from_f64(0.999);
    let seconds = fastest(budget, || {
        let factor = black_box(factor);
        let sum = isa.enter(
            #[inline(always)]
            || {
                let a = isa.splat(factor);
                let mut chains = [a; CHAINS];
                for _ in 0..STEPS {
                    for x in &mut chains {
                        *x = isa.fma(*x, a, a);
                    }
                }
                let mut sum = isa.splat(Real::ZERO);
                for x in chains {
                    sum = isa.add(sum, x);
                }
                isa.sum(sum)
            },
        );
        black_box(sum);
    });
    (2 * STEPS * CHAINS * I::SAMPLES) as f64 / seconds
}

/// Vectors that a function is applied to: they stay in the first-level cache.
const VECTORS: usize = 64;

/// Seconds an element of a function, of so many vectors at once as is fastest: several hide its latency, and more do not fit into the
/// registers. `f` must be inlined, and so all it calls.
fn function<I: Isa>(isa: I, budget: Duration, f: impl Fn(I::Vector) -> I::Vector + Copy) -> f64 {
    let budget = budget / 4;
    [
        blocks::<I, 8>(isa, budget, f),
        blocks::<I, 4>(isa, budget, f),
        blocks::<I, 2>(isa, budget, f),
        blocks::<I, 1>(isa, budget, f),
    ]
    .into_iter()
    .fold(f64::INFINITY, f64::min)
}

/// Seconds an element of a function of `BLOCK` vectors at once.
fn blocks<I: Isa, const BLOCK: usize>(
    isa: I,
    budget: Duration,
    f: impl Fn(I::Vector) -> I::Vector + Copy,
) -> f64 {
    // Arguments of activations: from -4 to 4.
    let argument =
        |index: usize| <I::Real as Real>::from_f64(index as f64 * 8.0 / (VECTORS - 1) as f64 - 4.0);
    let arguments: [I::Vector; VECTORS] = std::array::from_fn(|index| isa.splat(argument(index)));
    let mut results = arguments;
    let seconds = fastest(budget, || {
        let (arguments, results) = (black_box(&arguments), black_box(&mut results));
        isa.enter(
            #[inline(always)]
            || {
                let (arguments, results) =
                    (arguments.as_chunks::<BLOCK>().0, results.as_chunks_mut::<BLOCK>().0);
                for (arguments, results) in arguments.iter().zip(results) {
                    let mut block = *arguments;
                    for v in &mut block {
                        *v = f(*v);
                    }
                    *results = block;
                }
            },
        );
        black_box(results);
    });
    seconds / (VECTORS * I::SAMPLES) as f64
}
