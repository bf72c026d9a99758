//! AVX2 with FMA.

use core::arch::x86_64::{__m256, __m256d};
use core::marker::PhantomData;

use pulp::core_arch::x86::Avx;
use pulp::x86::V3;

use super::{LESS, UNORDERED};
use crate::element::Context;
use crate::simd::{Isa, MAX_SAMPLES, PackReal};

/// AVX2 and FMA: a vector is two registers.
#[derive(Clone, Copy, Debug)]
pub struct Avx2<T> {
    token: V3,
    scalar: PhantomData<T>,
}

impl<T> Avx2<T> {
    /// With the proof that this machine has the instructions.
    #[must_use]
    pub const fn new(token: V3) -> Self {
        Self { token, scalar: PhantomData }
    }
}

impl<T: PackReal> Context for Avx2<T> {
    #[inline(always)]
    fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        self.token.vectorize(f)
    }
}

/// Of halves of two registers: the first of each.
const LOW: i32 = 0x20;
/// The second of each.
const HIGH: i32 = 0x31;

/// Of halves of two registers: their first two numbers.
const FIRST_PAIRS: i32 = 0x44;
/// Their last two.
const SECOND_PAIRS: i32 = 0xEE;
/// Their first and third.
const EVEN: i32 = 0x88;
/// Their second and fourth.
const ODD: i32 = 0xDD;

macro_rules! avx2 {
    ($real:ty, $vector:ty, $samples:literal, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $fma:ident,
     $fms:ident, $sqrt:ident, $max:ident, $min:ident, $compare:ident, $blend:ident,
     $and:ident, $andnot:ident, $or:ident, |$this:ident, $n:ident| $power:expr,
     [$($k:literal),*], $quarter:ident, $permute:ident, $sums:ident) => {
        impl Isa for Avx2<$real> {
            type Real = $real;
            type Vector = [$vector; 2];

            const SAMPLES: usize = $samples;
            const BLOCK: usize = 4;
            const POSITIONS: usize = 1;
            const GRADIENT_BLOCK: usize = 4;

            #[inline(always)]
            fn splat(self, x: $real) -> Self::Vector {
                [self.token.avx.$splat(x); 2]
            }

            #[inline(always)]
            fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                [self.token.avx.$add(a[0], b[0]), self.token.avx.$add(a[1], b[1])]
            }

            #[inline(always)]
            fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                [self.token.avx.$sub(a[0], b[0]), self.token.avx.$sub(a[1], b[1])]
            }

            #[inline(always)]
            fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                [self.token.avx.$mul(a[0], b[0]), self.token.avx.$mul(a[1], b[1])]
            }

            #[inline(always)]
            fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                [self.token.avx.$div(a[0], b[0]), self.token.avx.$div(a[1], b[1])]
            }

            #[inline(always)]
            fn fma(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                [self.token.fma.$fma(a[0], b[0], c[0]), self.token.fma.$fma(a[1], b[1], c[1])]
            }

            #[inline(always)]
            fn fms(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                [self.token.fma.$fms(a[0], b[0], c[0]), self.token.fma.$fms(a[1], b[1], c[1])]
            }

            #[inline(always)]
            fn sqrt(self, a: Self::Vector) -> Self::Vector {
                [self.token.avx.$sqrt(a[0]), self.token.avx.$sqrt(a[1])]
            }

            #[inline(always)]
            fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                [self.token.avx.$max(a[0], b[0]), self.token.avx.$max(a[1], b[1])]
            }

            #[inline(always)]
            fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                [self.token.avx.$min(a[0], b[0]), self.token.avx.$min(a[1], b[1])]
            }

            #[inline(always)]
            fn select_less(
                self,
                a: Self::Vector,
                b: Self::Vector,
                x: Self::Vector,
                y: Self::Vector,
            ) -> Self::Vector {
                let select = |i: usize| {
                    let less = self.token.avx.$compare::<LESS>(a[i], b[i]);
                    self.token.avx.$blend(y[i], x[i], less)
                };
                [select(0), select(1)]
            }

            #[inline(always)]
            fn nan_or(self, a: Self::Vector, x: Self::Vector) -> Self::Vector {
                let select = |i: usize| {
                    let nan = self.token.avx.$compare::<UNORDERED>(a[i], a[i]);
                    self.token.avx.$blend(x[i], a[i], nan)
                };
                [select(0), select(1)]
            }

            #[inline(always)]
            fn copysign(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                let copied = |i: usize| {
                    let sign = self.token.avx.$splat(-0.0);
                    self.token.avx.$or(self.token.avx.$and(sign, b[i]), self.token.avx.$andnot(sign, a[i]))
                };
                [copied(0), copied(1)]
            }

            #[inline(always)]
            fn power_of_two(self, a: Self::Vector) -> Self::Vector {
                let power = |$n: $vector| {
                    let $this = self;
                    $power
                };
                [power(a[0]), power(a[1])]
            }

            #[inline(always)]
            fn quotient(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                self.div(a, b)
            }

            #[inline(always)]
            fn recip(self, a: Self::Vector) -> Self::Vector {
                self.div(self.splat(1.0), a)
            }

            #[inline(always)]
            fn sum(self, a: Self::Vector) -> $real {
                // Halves of the register, then of the half, ..: an order the compiler can keep in registers.
                let sum = self.token.avx.$add(a[0], a[1]);
                let lanes: [$real; $samples / 2] = bytemuck::cast(sum);
                let mut width = $samples / 4;
                let mut lanes = lanes;
                while width > 0 {
                    for i in 0..width {
                        lanes[i] += lanes[i + width];
                    }
                    width /= 2;
                }
                lanes[0]
            }

            #[inline(always)]
            fn sums(self, vectors: [Self::Vector; MAX_SAMPLES]) -> [$real; MAX_SAMPLES] {
                // In the order of the sum of one: the registers of each vector, then the halves of two.
                let avx = self.token.avx;
                let mut halves = [vectors[0][0]; MAX_SAMPLES / 2];
                for (halves, [a, b]) in halves.iter_mut().zip(vectors.as_chunks::<2>().0) {
                    let (a, b) = (avx.$add(a[0], a[1]), avx.$add(b[0], b[1]));
                    *halves = avx.$add(avx.$permute::<LOW>(a, b), avx.$permute::<HIGH>(a, b));
                }
                $sums(avx, &halves)
            }

            #[inline(always)]
            fn dot_acc(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                // The second register of a sum stays what it was: zero, which takes none.
                [self.token.fma.$fma(a[1], b[1], self.token.fma.$fma(a[0], b[0], c[0])), c[1]]
            }

            #[inline(always)]
            fn transpose(
                self,
                row: impl Fn(usize) -> Self::Vector,
                mut put: impl FnMut(usize, Self::Vector),
            ) {
                const HALF: usize = $samples / 2;
                let avx = self.token.avx;
                // Quarter by quarter, each of which changes its place with its opposite. Rows one by one: a loop would put them on the stack
                // first.
                let above = $quarter(avx, [$(row($k)[0]),*]);
                let below = $quarter(avx, [$(row(HALF + $k)[0]),*]);
                for k in 0..HALF {
                    put(k, [above[k], below[k]]);
                }
                let above = $quarter(avx, [$(row($k)[1]),*]);
                let below = $quarter(avx, [$(row(HALF + $k)[1]),*]);
                for k in 0..HALF {
                    put(HALF + k, [above[k], below[k]]);
                }
            }
        }
    };
}

avx2!(
    f32,
    __m256,
    16,
    _mm256_set1_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_div_ps,
    _mm256_fmadd_ps,
    _mm256_fmsub_ps,
    _mm256_sqrt_ps,
    _mm256_max_ps,
    _mm256_min_ps,
    _mm256_cmp_ps,
    _mm256_blendv_ps,
    _mm256_and_ps,
    _mm256_andnot_ps,
    _mm256_or_ps,
    |isa, n| {
        let (avx, avx2) = (isa.token.avx, isa.token.avx2);
        avx._mm256_castsi256_ps(avx2._mm256_slli_epi32::<23>(avx._mm256_castps_si256(n)))
    },
    [0, 1, 2, 3, 4, 5, 6, 7],
    transpose_eights,
    _mm256_permute2f128_ps,
    sums_of_fours
);
avx2!(
    f64,
    __m256d,
    8,
    _mm256_set1_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_div_pd,
    _mm256_fmadd_pd,
    _mm256_fmsub_pd,
    _mm256_sqrt_pd,
    _mm256_max_pd,
    _mm256_min_pd,
    _mm256_cmp_pd,
    _mm256_blendv_pd,
    _mm256_and_pd,
    _mm256_andnot_pd,
    _mm256_or_pd,
    |isa, n| {
        let (avx, avx2) = (isa.token.avx, isa.token.avx2);
        avx._mm256_castsi256_pd(avx2._mm256_slli_epi64::<52>(avx._mm256_castpd_si256(n)))
    },
    [0, 1, 2, 3],
    transpose_fours,
    _mm256_permute2f128_pd,
    sums_of_twos
);

/// The columns of eight rows.
#[inline(always)]
fn transpose_eights(avx: Avx, rows: [__m256; 8]) -> [__m256; 8] {
    // Pairs of rows, then fours, inside the halves of registers; then the halves themselves.
    let mut pairs = [avx._mm256_setzero_pd(); 8];
    for i in (0..8).step_by(2) {
        pairs[i] = avx._mm256_castps_pd(avx._mm256_unpacklo_ps(rows[i], rows[i + 1]));
        pairs[i + 1] = avx._mm256_castps_pd(avx._mm256_unpackhi_ps(rows[i], rows[i + 1]));
    }
    let mut fours = rows;
    for i in [0, 4] {
        for j in 0..2 {
            let (a, b) = (pairs[i + j], pairs[i + j + 2]);
            fours[i + 2 * j] = avx._mm256_castpd_ps(avx._mm256_unpacklo_pd(a, b));
            fours[i + 2 * j + 1] = avx._mm256_castpd_ps(avx._mm256_unpackhi_pd(a, b));
        }
    }
    let mut columns = fours;
    for k in 0..4 {
        columns[k] = avx._mm256_permute2f128_ps::<LOW>(fours[k], fours[4 + k]);
        columns[4 + k] = avx._mm256_permute2f128_ps::<HIGH>(fours[k], fours[4 + k]);
    }
    columns
}

/// The columns of four rows.
#[inline(always)]
fn transpose_fours(avx: Avx, rows: [__m256d; 4]) -> [__m256d; 4] {
    let low = [avx._mm256_unpacklo_pd(rows[0], rows[1]), avx._mm256_unpacklo_pd(rows[2], rows[3])];
    let high = [avx._mm256_unpackhi_pd(rows[0], rows[1]), avx._mm256_unpackhi_pd(rows[2], rows[3])];
    [
        avx._mm256_permute2f128_pd::<LOW>(low[0], low[1]),
        avx._mm256_permute2f128_pd::<LOW>(high[0], high[1]),
        avx._mm256_permute2f128_pd::<HIGH>(low[0], low[1]),
        avx._mm256_permute2f128_pd::<HIGH>(high[0], high[1]),
    ]
}

/// The sums of four numbers each, which halves of registers hold: of pairs, then of single numbers.
#[inline(always)]
fn sums_of_fours(avx: Avx, halves: &[__m256; MAX_SAMPLES / 2]) -> [f32; MAX_SAMPLES] {
    let mut sums = [0.0; MAX_SAMPLES];
    for ([a, b, c, d], sums) in halves.as_chunks::<4>().0.iter().zip(sums.as_chunks_mut::<8>().0) {
        let pairs = |a, b| {
            let first = avx._mm256_shuffle_ps::<FIRST_PAIRS>(a, b);
            avx._mm256_add_ps(first, avx._mm256_shuffle_ps::<SECOND_PAIRS>(a, b))
        };
        let (first, second) = (pairs(*a, *b), pairs(*c, *d));
        let even = avx._mm256_shuffle_ps::<EVEN>(first, second);
        let odd = avx._mm256_shuffle_ps::<ODD>(first, second);
        // Those of the registers' first halves come first.
        let ordered: [f32; 8] = bytemuck::cast(avx._mm256_add_ps(even, odd));
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum = ordered[k % 2 * 4 + k / 2];
        }
    }
    sums
}

/// The sums of two numbers each.
#[inline(always)]
fn sums_of_twos(avx: Avx, halves: &[__m256d; MAX_SAMPLES / 2]) -> [f64; MAX_SAMPLES] {
    let mut sums = [0.0; MAX_SAMPLES];
    for ([a, b], sums) in halves.as_chunks::<2>().0.iter().zip(sums.as_chunks_mut::<4>().0) {
        let (first, second) = (avx._mm256_unpacklo_pd(*a, *b), avx._mm256_unpackhi_pd(*a, *b));
        let ordered: [f64; 4] = bytemuck::cast(avx._mm256_add_pd(first, second));
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum = ordered[k % 2 * 2 + k / 2];
        }
    }
    sums
}
