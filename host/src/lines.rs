//! Memory in whole cache lines: [`Lines`].

use aligned_vec::{AVec, ConstAlign};

/// Bytes of a cache line.
pub(crate) const LINE_BYTES: usize = 64;

/// Values from the beginning of a cache line on. What fills a register of the widest kind is then one line where it follows others like it;
/// across two lines it takes two loads, or two stores.
pub(crate) type Lines<T> = AVec<T, ConstAlign<LINE_BYTES>>;

/// None.
pub(crate) fn empty<T>() -> Lines<T> {
    Lines::new(LINE_BYTES)
}
