//! AVX-512 and AVX2 with FMA, through the safe methods of `pulp`'s tokens.

use core::arch::x86_64::{__m256, __m256d, __m512, __m512d};
use core::marker::PhantomData;

use pulp::x86::{V3, V4};

use super::{Isa, MAX_SAMPLES, PackReal, samples};
use crate::element::Context;

/// AVX-512: a vector is one register.
#[derive(Clone, Copy, Debug)]
pub struct Avx512<T> {
    token: V4,
    scalar: PhantomData<T>,
}

/// AVX2 and FMA: a vector is two registers.
#[derive(Clone, Copy, Debug)]
pub struct Avx2<T> {
    token: V3,
    scalar: PhantomData<T>,
}

impl<T> Avx512<T> {
    /// With the proof that this machine has the instructions.
    #[must_use]
    pub const fn new(token: V4) -> Self {
        Self { token, scalar: PhantomData }
    }
}

impl<T> Avx2<T> {
    /// With the proof that this machine has the instructions.
    #[must_use]
    pub const fn new(token: V3) -> Self {
        Self { token, scalar: PhantomData }
    }
}

impl<T: PackReal> Context for Avx512<T> {
    #[inline(always)]
    fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        self.token.vectorize(f)
    }
}

impl<T: PackReal> Context for Avx2<T> {
    #[inline(always)]
    fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        self.token.vectorize(f)
    }
}

/// Ordered, quiet "less than": the immediate operand of the comparisons.
const LESS: i32 = 0x11;
/// "One of them is NaN".
const UNORDERED: i32 = 3;
/// Of halves of two registers: the first of each.
const LOW: i32 = 0x20;
/// The second of each.
const HIGH: i32 = 0x31;
/// Of four parts of two registers: the first two of each.
const FIRST: i32 = 0x44;
/// The last two.
const SECOND: i32 = 0xEE;
/// The first and third.
const EVEN: i32 = 0x88;
/// The second and fourth.
const ODD: i32 = 0xDD;

macro_rules! avx512 {
    ($real:ty, $vector:ty, $samples:literal, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $fma:ident,
     $fms:ident, $sqrt:ident, $max:ident, $min:ident, $compare:ident, $blend:ident, $sum:ident,
     |$s:ident, $magnitude:ident, $sign:ident| $copysign:expr, |$p:ident, $n:ident| $power:expr,
     |$this:ident, $a:ident| $recip:expr,
     |$q:ident, $dividend:ident, $divisor:ident| $quotient:expr, |$summing:ident, $vectors:ident| $sums:expr,
     |$t:ident, $rows:ident| $transpose:expr) => {
        impl Isa for Avx512<$real> {
            type Real = $real;
            type Vector = $vector;

            const SAMPLES: usize = $samples;
            const BLOCK: usize = 8;
            const POSITIONS: usize = 2;
            const GRADIENT_BLOCK: usize = 8;

            #[inline(always)]
            fn splat(self, x: $real) -> $vector {
                self.token.avx512f.$splat(x)
            }

            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                self.token.avx512f.$add(a, b)
            }

            #[inline(always)]
            fn sub(self, a: $vector, b: $vector) -> $vector {
                self.token.avx512f.$sub(a, b)
            }

            #[inline(always)]
            fn mul(self, a: $vector, b: $vector) -> $vector {
                self.token.avx512f.$mul(a, b)
            }

            #[inline(always)]
            fn div(self, a: $vector, b: $vector) -> $vector {
                self.token.avx512f.$div(a, b)
            }

            #[inline(always)]
            fn fma(self, a: $vector, b: $vector, c: $vector) -> $vector {
                self.token.avx512f.$fma(a, b, c)
            }

            #[inline(always)]
            fn fms(self, a: $vector, b: $vector, c: $vector) -> $vector {
                self.token.avx512f.$fms(a, b, c)
            }

            #[inline(always)]
            fn sqrt(self, a: $vector) -> $vector {
                self.token.avx512f.$sqrt(a)
            }

            #[inline(always)]
            fn max(self, a: $vector, b: $vector) -> $vector {
                self.token.avx512f.$max(a, b)
            }

            #[inline(always)]
            fn min(self, a: $vector, b: $vector) -> $vector {
                self.token.avx512f.$min(a, b)
            }

            #[inline(always)]
            fn select_less(self, a: $vector, b: $vector, x: $vector, y: $vector) -> $vector {
                let less = self.token.avx512f.$compare::<LESS>(a, b);
                self.token.avx512f.$blend(less, y, x)
            }

            #[inline(always)]
            fn nan_or(self, a: $vector, x: $vector) -> $vector {
                let nan = self.token.avx512f.$compare::<UNORDERED>(a, a);
                self.token.avx512f.$blend(nan, x, a)
            }

            #[inline(always)]
            fn copysign(self, $magnitude: $vector, $sign: $vector) -> $vector {
                let $s = self;
                $copysign
            }

            #[inline(always)]
            fn power_of_two(self, $n: $vector) -> $vector {
                let $p = self;
                $power
            }

            #[inline(always)]
            fn quotient(self, $dividend: $vector, $divisor: $vector) -> $vector {
                let $q = self;
                $quotient
            }

            #[inline(always)]
            fn recip(self, $a: $vector) -> $vector {
                let $this = self;
                $recip
            }

            #[inline(always)]
            fn sum(self, a: $vector) -> $real {
                self.token.avx512f.$sum(a)
            }

            #[inline(always)]
            fn sums(self, $vectors: [$vector; MAX_SAMPLES]) -> [$real; MAX_SAMPLES] {
                let $summing = self;
                $sums
            }

            #[inline(always)]
            fn transpose(self, $rows: [$vector; MAX_SAMPLES]) -> [$vector; MAX_SAMPLES] {
                let $t = self.token.avx512f;
                $transpose
            }
        }
    };
}

avx512!(
    f32,
    __m512,
    16,
    _mm512_set1_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_div_ps,
    _mm512_fmadd_ps,
    _mm512_fmsub_ps,
    _mm512_sqrt_ps,
    _mm512_max_ps,
    _mm512_min_ps,
    _mm512_cmp_ps_mask,
    _mm512_mask_blend_ps,
    _mm512_reduce_add_ps,
    |isa, a, b| {
        let avx512f = isa.token.avx512f;
        let bits = |x| avx512f._mm512_castps_si512(x);
        // Of each bit: that of b where the sign's mask has one, that of a elsewhere.
        let chosen = avx512f._mm512_ternarylogic_epi32::<0xD8>(bits(a), bits(b), bits(isa.splat(-0.0)));
        avx512f._mm512_castsi512_ps(chosen)
    },
    |isa, n| {
        let avx512f = isa.token.avx512f;
        avx512f._mm512_castsi512_ps(avx512f._mm512_slli_epi32::<23>(avx512f._mm512_castps_si512(n)))
    },
    |isa, a| {
        // 14 bits from the table, 28 after one step of Newton: y (1 + (1 - a y)).
        let y = isa.token.avx512f._mm512_rcp14_ps(a);
        let error = isa.token.avx512f._mm512_fnmadd_ps(a, y, isa.splat(1.0));
        isa.fma(y, error, y)
    },
    |isa, a, b| {
        // The quotient by the table's reciprocal, corrected by its remainder.
        let y = isa.token.avx512f._mm512_rcp14_ps(b);
        let quotient = isa.mul(a, y);
        let remainder = isa.token.avx512f._mm512_fnmadd_ps(b, quotient, a);
        isa.fma(remainder, y, quotient)
    },
    |isa, vectors| {
        // Halves of two vectors are added at a time, then quarters, .., as in the sum of one: a register holds parts of 2, 4, 8 and 16.
        let avx512f = isa.token.avx512f;
        let halves = |a, b| {
            let first = avx512f._mm512_shuffle_f32x4::<FIRST>(a, b);
            isa.add(first, avx512f._mm512_shuffle_f32x4::<SECOND>(a, b))
        };
        let quarters = |a, b| {
            let even = avx512f._mm512_shuffle_f32x4::<EVEN>(a, b);
            isa.add(even, avx512f._mm512_shuffle_f32x4::<ODD>(a, b))
        };
        let pairs = |a, b| {
            let first = avx512f._mm512_shuffle_ps::<FIRST>(a, b);
            isa.add(first, avx512f._mm512_shuffle_ps::<SECOND>(a, b))
        };
        let singles = |a, b| {
            let even = avx512f._mm512_shuffle_ps::<EVEN>(a, b);
            isa.add(even, avx512f._mm512_shuffle_ps::<ODD>(a, b))
        };
        let mut eights = [vectors[0]; 4];
        for (k, eight) in eights.iter_mut().enumerate() {
            let [a, b, c, d] = [0, 1, 2, 3].map(|v| vectors[4 * k + v]);
            *eight = quarters(halves(a, b), halves(c, d));
        }
        let sums = singles(pairs(eights[0], eights[1]), pairs(eights[2], eights[3]));
        // Each quarter of the register has those of every fourth vector.
        let mut ordered = [0.0; MAX_SAMPLES];
        for (k, sum) in samples::<Self>(&sums).iter().enumerate() {
            ordered[4 * (k % 4) + k / 4] = *sum;
        }
        ordered
    },
    |avx512f, rows| {
        // Pairs of rows, then fours, inside the quarters of registers; then the quarters themselves.
        let mut pairs = [avx512f._mm512_setzero_pd(); 16];
        for i in (0..16).step_by(2) {
            pairs[i] = avx512f._mm512_castps_pd(avx512f._mm512_unpacklo_ps(rows[i], rows[i + 1]));
            pairs[i + 1] = avx512f._mm512_castps_pd(avx512f._mm512_unpackhi_ps(rows[i], rows[i + 1]));
        }
        let mut fours = rows;
        for i in (0..16).step_by(4) {
            for j in 0..2 {
                let (a, b) = (pairs[i + j], pairs[i + j + 2]);
                fours[i + 2 * j] = avx512f._mm512_castpd_ps(avx512f._mm512_unpacklo_pd(a, b));
                fours[i + 2 * j + 1] = avx512f._mm512_castpd_ps(avx512f._mm512_unpackhi_pd(a, b));
            }
        }
        let mut columns = fours;
        for k in 0..4 {
            let (a, b, c, d) = (fours[k], fours[4 + k], fours[8 + k], fours[12 + k]);
            let even =
                [avx512f._mm512_shuffle_f32x4::<EVEN>(a, b), avx512f._mm512_shuffle_f32x4::<EVEN>(c, d)];
            let odd = [avx512f._mm512_shuffle_f32x4::<ODD>(a, b), avx512f._mm512_shuffle_f32x4::<ODD>(c, d)];
            columns[k] = avx512f._mm512_shuffle_f32x4::<EVEN>(even[0], even[1]);
            columns[4 + k] = avx512f._mm512_shuffle_f32x4::<EVEN>(odd[0], odd[1]);
            columns[8 + k] = avx512f._mm512_shuffle_f32x4::<ODD>(even[0], even[1]);
            columns[12 + k] = avx512f._mm512_shuffle_f32x4::<ODD>(odd[0], odd[1]);
        }
        columns
    }
);
avx512!(
    f64,
    __m512d,
    8,
    _mm512_set1_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    _mm512_div_pd,
    _mm512_fmadd_pd,
    _mm512_fmsub_pd,
    _mm512_sqrt_pd,
    _mm512_max_pd,
    _mm512_min_pd,
    _mm512_cmp_pd_mask,
    _mm512_mask_blend_pd,
    _mm512_reduce_add_pd,
    |isa, a, b| {
        let avx512f = isa.token.avx512f;
        let bits = |x| avx512f._mm512_castpd_si512(x);
        // Of each bit: that of b where the sign's mask has one, that of a elsewhere.
        let chosen = avx512f._mm512_ternarylogic_epi64::<0xD8>(bits(a), bits(b), bits(isa.splat(-0.0)));
        avx512f._mm512_castsi512_pd(chosen)
    },
    |isa, n| {
        let avx512f = isa.token.avx512f;
        avx512f._mm512_castsi512_pd(avx512f._mm512_slli_epi64::<52>(avx512f._mm512_castpd_si512(n)))
    },
    |isa, a| isa.div(isa.splat(1.0), a),
    |isa, a, b| isa.div(a, b),
    |isa, vectors| {
        let avx512f = isa.token.avx512f;
        let halves = |a, b| {
            let first = avx512f._mm512_shuffle_f64x2::<FIRST>(a, b);
            isa.add(first, avx512f._mm512_shuffle_f64x2::<SECOND>(a, b))
        };
        let quarters = |a, b| {
            let even = avx512f._mm512_shuffle_f64x2::<EVEN>(a, b);
            isa.add(even, avx512f._mm512_shuffle_f64x2::<ODD>(a, b))
        };
        let mut ordered = [0.0; MAX_SAMPLES];
        for (eight, ordered) in vectors.chunks_exact(8).zip(ordered.chunks_exact_mut(8)) {
            let first = quarters(halves(eight[0], eight[1]), halves(eight[2], eight[3]));
            let second = quarters(halves(eight[4], eight[5]), halves(eight[6], eight[7]));
            let even = avx512f._mm512_unpacklo_pd(first, second);
            let sums = isa.add(even, avx512f._mm512_unpackhi_pd(first, second));
            for (k, sum) in samples::<Self>(&sums).iter().enumerate() {
                ordered[4 * (k % 2) + k / 2] = *sum;
            }
        }
        ordered
    },
    |avx512f, rows| {
        let mut pairs = rows;
        for i in (0..8).step_by(2) {
            pairs[i] = avx512f._mm512_unpacklo_pd(rows[i], rows[i + 1]);
            pairs[i + 1] = avx512f._mm512_unpackhi_pd(rows[i], rows[i + 1]);
        }
        let mut columns = pairs;
        for k in 0..2 {
            let (a, b, c, d) = (pairs[k], pairs[2 + k], pairs[4 + k], pairs[6 + k]);
            let even =
                [avx512f._mm512_shuffle_f64x2::<EVEN>(a, b), avx512f._mm512_shuffle_f64x2::<EVEN>(c, d)];
            let odd = [avx512f._mm512_shuffle_f64x2::<ODD>(a, b), avx512f._mm512_shuffle_f64x2::<ODD>(c, d)];
            columns[k] = avx512f._mm512_shuffle_f64x2::<EVEN>(even[0], even[1]);
            columns[2 + k] = avx512f._mm512_shuffle_f64x2::<EVEN>(odd[0], odd[1]);
            columns[4 + k] = avx512f._mm512_shuffle_f64x2::<ODD>(even[0], even[1]);
            columns[6 + k] = avx512f._mm512_shuffle_f64x2::<ODD>(odd[0], odd[1]);
        }
        columns
    }
);

macro_rules! avx2 {
    ($real:ty, $vector:ty, $samples:literal, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $fma:ident,
     $fms:ident, $sqrt:ident, $max:ident, $min:ident, $compare:ident, $blend:ident,
     $and:ident, $andnot:ident, $or:ident, |$this:ident, $n:ident| $power:expr,
     |$t:ident, $rows:ident| $transpose:expr) => {
        impl Isa for Avx2<$real> {
            type Real = $real;
            type Vector = [$vector; 2];

            const SAMPLES: usize = $samples;
            const BLOCK: usize = 4;
            const POSITIONS: usize = 1;
            const GRADIENT_BLOCK: usize = 2;

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
            fn transpose(self, rows: [Self::Vector; MAX_SAMPLES]) -> [Self::Vector; MAX_SAMPLES] {
                const HALF: usize = $samples / 2;
                let $t = self.token.avx;
                let mut columns = rows;
                // Quarter by quarter, each of which changes its place with its opposite.
                for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let mut $rows = [rows[0][0]; HALF];
                    for k in 0..HALF {
                        $rows[k] = rows[i * HALF + k][j];
                    }
                    let quarter: [$vector; HALF] = $transpose;
                    for k in 0..HALF {
                        columns[j * HALF + k][i] = quarter[k];
                    }
                }
                columns
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
    |avx, rows| {
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
    |avx, rows| {
        let low = [avx._mm256_unpacklo_pd(rows[0], rows[1]), avx._mm256_unpacklo_pd(rows[2], rows[3])];
        let high = [avx._mm256_unpackhi_pd(rows[0], rows[1]), avx._mm256_unpackhi_pd(rows[2], rows[3])];
        [
            avx._mm256_permute2f128_pd::<LOW>(low[0], low[1]),
            avx._mm256_permute2f128_pd::<LOW>(high[0], high[1]),
            avx._mm256_permute2f128_pd::<HIGH>(low[0], low[1]),
            avx._mm256_permute2f128_pd::<HIGH>(high[0], high[1]),
        ]
    }
);
