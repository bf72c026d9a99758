//! Parts of buffers whose lengths have been checked when the network was called.
//!
//! Nothing is ever missing, so these never give less than they are asked for. That they *would* give less, rather than panic, lets
//! the compiler see that no panic can be reached: firmware links without any. Debug builds assert.

use core::ops::Range;

/// `slice[range]`.
#[inline(always)]
pub(crate) fn part<T>(slice: &[T], range: Range<usize>) -> &[T] {
    debug_assert!(range.start <= range.end && range.end <= slice.len(), "{range:?} of {}", slice.len());
    slice.get(range).unwrap_or_default()
}

/// `slice[at..]`.
#[inline(always)]
pub(crate) fn from<T>(slice: &[T], at: usize) -> &[T] {
    cut(slice, at).1
}

/// `slice[at..]`, to be changed.
#[inline(always)]
pub(crate) fn from_mut<T>(slice: &mut [T], at: usize) -> &mut [T] {
    cut_mut(slice, at).1
}

/// `slice[range]`, to be changed.
#[inline(always)]
pub(crate) fn part_mut<T>(slice: &mut [T], range: Range<usize>) -> &mut [T] {
    debug_assert!(range.start <= range.end && range.end <= slice.len(), "{range:?} of {}", slice.len());
    slice.get_mut(range).unwrap_or_default()
}

/// The last `len` elements.
#[inline(always)]
pub(crate) fn last<T>(slice: &[T], len: usize) -> &[T] {
    part(slice, slice.len().saturating_sub(len)..slice.len())
}

/// The last `len` elements, to be changed.
#[inline(always)]
pub(crate) fn last_mut<T>(slice: &mut [T], len: usize) -> &mut [T] {
    let end = slice.len();
    part_mut(slice, end.saturating_sub(len)..end)
}

/// The elements before `at`, and the others.
#[inline(always)]
pub(crate) fn cut<T>(slice: &[T], at: usize) -> (&[T], &[T]) {
    debug_assert!(at <= slice.len(), "{at} of {}", slice.len());
    slice.split_at_checked(at).unwrap_or_default()
}

/// [`cut`], to be changed.
#[inline(always)]
pub(crate) fn cut_mut<T>(slice: &mut [T], at: usize) -> (&mut [T], &mut [T]) {
    debug_assert!(at <= slice.len(), "{at} of {}", slice.len());
    slice.split_at_mut_checked(at).unwrap_or_default()
}

/// Copies all of `from`, which is as long as `to`.
#[inline(always)]
pub(crate) fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    debug_assert_eq!(from.len(), to.len());
    if from.len() == to.len() {
        to.copy_from_slice(from);
    }
}
