//! Between integers of any size and `f64`.

use crypto_bigint::{U64, Uint};

/// `x` as `head 2^exponent` with `head` below `2^64`. What does not fit is not rounded but kept as a lowest bit that is
/// set, so that rounding `head` to 53 bits rounds `x`.
pub(super) fn leading<const LIMBS: usize>(x: &Uint<LIMBS>) -> (u64, i32) {
    let excess = x.bits_vartime().saturating_sub(u64::BITS);
    let head = u64::from(x.wrapping_shr_vartime(excess).resize::<{ U64::LIMBS }>());
    let sticky = u64::from(excess > 0 && x.trailing_zeros_vartime() < excess);
    // Below 2^31: no integer has as many bits.
    (head | sticky, excess as i32)
}

/// A finite `|x|` as `mantissa 2^exponent` with `mantissa` below `2^53`, exactly.
pub(super) fn decompose(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52 & 0x7ff) as i32 {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    }
}
