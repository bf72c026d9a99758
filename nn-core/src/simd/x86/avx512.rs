//! AVX-512.

use core::arch::x86_64::{__m512, __m512d};
use core::marker::PhantomData;

use pulp::x86::V4;

use super::{LESS, UNORDERED};
use crate::element::Context;
use crate::simd::{Isa, MAX_SAMPLES, PackReal, samples};

/// AVX-512: a vector is one register.
#[derive(Clone, Copy, Debug)]
pub struct Avx512<T> {
    token: V4,
    scalar: PhantomData<T>,
}

impl<T> Avx512<T> {
    /// With the proof that this machine has the instructions.
    #[must_use]
    pub const fn new(token: V4) -> Self {
        Self { token, scalar: PhantomData }
    }
}

impl<T: PackReal> Context for Avx512<T> {
    #[inline(always)]
    fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        self.token.vectorize(f)
    }
}

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
     |$row:ident| $all:expr, |$t:ident, $rows:ident| $transpose:expr) => {
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
            fn transpose(self, $row: impl Fn(usize) -> $vector, mut put: impl FnMut(usize, $vector)) {
                let $t = self.token.avx512f;
                let $rows = $all;
                let columns: [$vector; $samples] = $transpose;
                for k in 0..$samples {
                    put(k, columns[k]);
                }
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
    |row| [
        row(0),
        row(1),
        row(2),
        row(3),
        row(4),
        row(5),
        row(6),
        row(7),
        row(8),
        row(9),
        row(10),
        row(11),
        row(12),
        row(13),
        row(14),
        row(15)
    ],
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
    |row| [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)],
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
