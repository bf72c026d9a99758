//! Plain weights in 16 or 8 bits, widened where they are used: half or a quarter of the flash, the same kernels.
//!
//! Widening is exact, so outputs have the bits of a network with the rounded weights in `f32`. Exponent and fraction are moved to
//! their places in an `f32` and the difference of the biases made up for by a product with a power of two, which is right for
//! subnormals as well (on a processor that does not flush them to zero).

use half::f16;
use more_core::{Ciphertext, Real, Spectrum};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::{Number, Weigh};

/// A number in 8 bits: sign, 4 bits of exponent, 3 of fraction; E4M3 without its NaN.
///
/// `(-1)^s 2^(e - 7) (1 + f / 8)`, for `e = 0` `(-1)^s 2^-6 f / 8`: magnitudes from 2^-9 to 448, with a relative error of at most
/// 1/16 above 2^-6. The codes of E4M3's NaN are not to be used; they read as 480.
///
/// Source: Micikevicius and others, "FP8 Formats for Deep Learning", 2022, table 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(transparent)]
pub struct F8(u8);

impl F8 {
    /// The largest magnitude.
    pub const MAX: f32 = 448.0;

    /// The number of that code.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The code.
    #[must_use]
    pub const fn to_bits(self) -> u8 {
        self.0
    }

    /// The nearest number, of two the one with an even code; what is beyond [`F8::MAX`], and a NaN, gives `None`.
    #[must_use]
    pub fn from_f32(value: f32) -> Option<Self> {
        let magnitude = Real::abs(value);
        if !Real::is_finite(value) || magnitude > Self::MAX {
            return None;
        }
        // Codes ascend with the magnitudes.
        let mut code = 0;
        while code < 0x7E && widen_8(code + 1) <= magnitude {
            code += 1;
        }
        if code < 0x7E {
            let (below, above) = (magnitude - widen_8(code), widen_8(code + 1) - magnitude);
            if above < below || (above == below && code % 2 == 1) {
                code += 1;
            }
        }
        Some(Self(code | if value.is_sign_negative() { 0x80 } else { 0 }))
    }

    /// The same number.
    #[inline(always)]
    #[must_use]
    pub fn to_f32(self) -> f32 {
        widen_8(self.0)
    }
}

/// The sign is extended when the code is loaded, so that one shift takes it and the rest to their places; what it fills in between is
/// cleared.
#[inline(always)]
fn widen_8(bits: u8) -> f32 {
    let bits = (i32::from(bits.cast_signed()) << 20).cast_unsigned();
    // 2^120: biases of 127 and 7.
    f32::from_bits(bits & 0x87F0_0000) * f32::from_bits((120 + 127) << 23)
}

/// For finite numbers; as [`widen_8`].
#[inline(always)]
fn widen_16(value: f16) -> f32 {
    let bits = (i32::from(value.to_bits().cast_signed()) << 13).cast_unsigned();
    // 2^112: biases of 127 and 15.
    f32::from_bits(bits & 0x8FFF_E000) * f32::from_bits((112 + 127) << 23)
}

// For each element by name: packs take the numbers of their instruction set, whatever these are.
macro_rules! weigh_with_stored {
    ($($stored:ty => $widen:expr),*) => {$(
        weigh_with_stored!(@ $stored, $widen, [], f32);
        weigh_with_stored!(@ $stored, $widen, [R: Number<Real = f32>, const N: usize], Spectrum<R, N>);
        weigh_with_stored!(@ $stored, $widen, [R: Number<Real = f32>, const N: usize], Ciphertext<R, N>);
    )*};
    (@ $stored:ty, $widen:expr, [$($generics:tt)*], $element:ty) => {
        impl<$($generics)*> Weigh<$stored> for $element {
            #[inline(always)]
            fn from_weight(context: Self::Context, weight: $stored) -> Self {
                <Self as Weigh<f32>>::from_weight(context, $widen(weight))
            }

            #[inline(always)]
            fn weigh_acc(self, weight: $stored, x: Self) -> Self {
                <Self as Weigh<f32>>::weigh_acc(self, $widen(weight), x)
            }
        }
    };
}
weigh_with_stored!(f16 => widen_16, F8 => F8::to_f32);

#[cfg(test)]
mod tests {
    use super::*;

    /// `value` as the format's definition says.
    fn defined(bits: u8) -> f64 {
        let (exponent, fraction) = (i32::from(bits >> 3 & 0xF), f64::from(bits & 7));
        let magnitude = match exponent {
            0 => libm::ldexp(fraction / 8.0, -6),
            _ => libm::ldexp(1.0 + fraction / 8.0, exponent - 7),
        };
        if bits & 0x80 == 0 { magnitude } else { -magnitude }
    }

    #[test]
    fn every_code_widens_to_what_it_is_defined_as_and_back() {
        for bits in 0..=u8::MAX {
            let number = F8::from_bits(bits);
            assert_eq!(f64::from(number.to_f32()), defined(bits), "{bits:#x}");
            assert_eq!(number.to_f32().is_sign_negative(), bits >= 0x80);
            let back = F8::from_f32(number.to_f32());
            assert_eq!(back, (bits & 0x7F != 0x7F).then_some(number), "{bits:#x}");
        }
    }

    #[test]
    fn the_nearest_code_is_taken_and_of_two_the_even_one() {
        for code in 0..0x7E_u8 {
            let (low, high) = (F8(code).to_f32(), F8(code + 1).to_f32());
            let middle = f32::midpoint(low, high);
            let even = F8(code + code % 2);
            assert_eq!(F8::from_f32(middle), Some(even), "{code:#x}");
            assert_eq!(F8::from_f32(middle.next_down()), Some(F8(code)));
            assert_eq!(F8::from_f32(-middle.next_up()), Some(F8((code + 1) | 0x80)));
        }
        for refused in [F8::MAX.next_up(), f32::INFINITY, f32::NAN] {
            assert_eq!(F8::from_f32(refused), None);
        }
    }

    #[test]
    fn every_finite_half_widens_as_its_crate_says() {
        for number in (0..=u16::MAX).map(f16::from_bits).filter(|number| number.is_finite()) {
            assert_eq!(widen_16(number).to_bits(), number.to_f32().to_bits());
        }
    }
}
