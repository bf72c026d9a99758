//! Correctly rounded functions in integer arithmetic, for builds without `libm`: the same bits, under the same names.

pub(super) use binary32::{floor as floorf, round as roundf, sqrt as sqrtf};
pub(super) use binary64::{floor, round, sqrt};

/// `$wide` holds the square of a number of `$real`'s digits, with room.
macro_rules! exact {
    ($module:ident, $real:ident, $bits:ident, $int:ident, $wide:ident) => {
        mod $module {
            const DIGITS: i32 = $real::MANTISSA_DIGITS as i32;
            const FRACTION: $bits = (1 << (DIGITS - 1)) - 1;
            const BIAS: i32 = $real::MAX_EXP - 1;

            /// The integer next to `x` towards zero, with the sign of `x`. `None` where `x` is an integer already for want
            /// of digits, infinite or NaN.
            fn whole(x: $real) -> Option<$real> {
                let fits = $real::abs(x) < 1.0 / $real::EPSILON;
                fits.then(|| $real::copysign(x as $int as $real, x))
            }

            pub(in crate::real) fn floor(x: $real) -> $real {
                match whole(x) {
                    Some(whole) if whole > x => whole - 1.0,
                    Some(whole) => whole,
                    None => x,
                }
            }

            pub(in crate::real) fn round(x: $real) -> $real {
                match whole(x) {
                    // The difference is exact.
                    Some(whole) if $real::abs(x - whole) >= 0.5 => whole + $real::copysign(1.0, x),
                    Some(whole) => whole,
                    None => x,
                }
            }

            /// With `x = m 2^e`, `e` even and `m` of at least `DIGITS` bits: the integer part of `sqrt(m 2^s)` has two bits
            /// more than the result, and a third says whether there is a remainder. The conversion to a float then rounds
            /// as the exact root would.
            pub(in crate::real) fn sqrt(x: $real) -> $real {
                const SHIFT: i32 = (DIGITS + 4) & !1;
                if x == 0.0 || x == $real::INFINITY {
                    return x;
                }
                // Also true for NaN.
                let positive = x > 0.0;
                if !positive {
                    return $real::NAN;
                }
                let bits = x.to_bits();
                let mut mantissa = bits & FRACTION;
                let mut exponent = (bits >> (DIGITS - 1)) as i32;
                if exponent == 0 {
                    let shift = mantissa.leading_zeros() - FRACTION.leading_zeros() + 1;
                    mantissa <<= shift;
                    exponent = 1 - shift as i32;
                } else {
                    mantissa |= FRACTION + 1;
                }
                exponent -= BIAS + DIGITS - 1;
                if exponent & 1 != 0 {
                    mantissa <<= 1;
                    exponent -= 1;
                }
                let square = $wide::from(mantissa) << SHIFT;
                let root = square.isqrt();
                let sticky = root << 1 | $wide::from(root * root != square);
                // The root of any number is normal, and so is this power of two.
                let power = (exponent - SHIFT) / 2 - 1;
                sticky as $bits as $real * $real::from_bits(((power + BIAS) as $bits) << (DIGITS - 1))
            }
        }
    };
}

exact!(binary32, f32, u32, i32, u64);
exact!(binary64, f64, u64, i64, u128);

#[cfg(all(test, feature = "libm"))]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng, SeedableRng};

    macro_rules! agree {
        ($real:ident, $x:expr, $ours:ident, $theirs:path) => {
            let x: $real = $x;
            let (ours, theirs) = (super::$ours(x), $theirs(x));
            let same = ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan());
            assert!(same, "{} of {x:e}: {ours:e} and {theirs:e}", stringify!($ours));
        };
    }

    fn all_of_f32(x: f32) {
        agree!(f32, x, sqrtf, libm::sqrtf);
        agree!(f32, x, floorf, libm::floorf);
        agree!(f32, x, roundf, libm::roundf);
    }

    fn all_of_f64(x: f64) {
        agree!(f64, x, sqrt, libm::sqrt);
        agree!(f64, x, floor, libm::floor);
        agree!(f64, x, round, libm::round);
    }

    /// Any bits, values of size 1 to 2^24, and squares with their neighbours, whose roots are nearest to a tie.
    #[test]
    fn same_bits_as_libm() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..1_000_000 {
            let bits = rng.next_u64();
            all_of_f32(f32::from_bits(bits as u32));
            all_of_f64(f64::from_bits(bits));
            let value = (bits as i32 as f64) / f64::from(1 << (bits >> 32 & 31));
            all_of_f32(value as f32);
            all_of_f64(value);
            // Halves above all.
            all_of_f64(f64::from(bits as i32) + 0.5);
            all_of_f32((bits as i32 >> 9) as f32 + 0.5);
            let (narrow, wide) = (f32::from_bits(bits as u32 >> 2), f64::from_bits(bits >> 2));
            for (narrow, wide) in [
                (narrow * narrow, wide * wide),
                ((narrow * narrow).next_up(), (wide * wide).next_up()),
                ((narrow * narrow).next_down(), (wide * wide).next_down()),
            ] {
                all_of_f32(narrow);
                all_of_f64(wide);
            }
        }
    }

    #[test]
    fn same_bits_as_libm_at_the_edges() {
        for x in [
            0.0,
            f32::MIN_POSITIVE,
            f32::from_bits(1),
            0.5,
            1.0,
            1.5,
            2.5,
            8_388_607.5,
            8_388_608.0,
            f32::MAX,
        ] {
            for x in [x, x.next_up(), x.next_down(), -x, -x.next_up(), -x.next_down()] {
                all_of_f32(x);
            }
        }
        for x in
            [0.0, f64::MIN_POSITIVE, f64::from_bits(1), 0.5, 1.0, 1.5, 2.5, 4_503_599_627_370_495.5, f64::MAX]
        {
            for x in [x, x.next_up(), x.next_down(), -x, -x.next_up(), -x.next_down()] {
                all_of_f64(x);
            }
        }
        for x in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            all_of_f32(x);
            all_of_f64(f64::from(x));
        }
    }

    /// Every mantissa, for an even and an odd exponent: about two to the 24.
    #[test]
    fn every_root_of_a_binade_pair() {
        for bits in 1.0_f32.to_bits()..4.0_f32.to_bits() {
            let x = f32::from_bits(bits);
            agree!(f32, x, sqrtf, libm::sqrtf);
        }
    }
}
