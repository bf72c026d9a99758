//! AVX-512 and AVX2 with FMA, through the safe methods of `pulp`'s tokens.

mod avx2;
mod avx512;

pub use avx2::Avx2;
pub use avx512::Avx512;

/// Ordered, quiet "less than": the immediate operand of the comparisons.
const LESS: i32 = 0x11;
/// "One of them is NaN".
const UNORDERED: i32 = 3;
