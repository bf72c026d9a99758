//! From C's pointers to slices.

use core::ops::Range;
use core::slice;

use crate::MoreStatus;

/// The addresses of `count` elements at `pointer`.
///
/// # Errors
///
/// If the pointer is null or not aligned, or no object can have so many elements.
pub(crate) fn addresses<T>(pointer: *const T, count: usize) -> Result<Range<usize>, MoreStatus> {
    if pointer.is_null() {
        return Err(MoreStatus::Null);
    }
    if !pointer.is_aligned() {
        return Err(MoreStatus::Alignment);
    }
    let bytes = count.checked_mul(size_of::<T>()).filter(|bytes| *bytes <= isize::MAX as usize);
    let start = pointer.addr();
    let end = bytes.and_then(|bytes| start.checked_add(bytes)).ok_or(MoreStatus::Length)?;
    Ok(start..end)
}

/// Refuses memory to be written to that overlaps other.
pub(crate) fn apart(written: &Range<usize>, others: &[&Range<usize>]) -> Result<(), MoreStatus> {
    let overlaps = |other: &&Range<usize>| written.start < other.end && other.start < written.end;
    if others.iter().any(overlaps) { Err(MoreStatus::Overlap) } else { Ok(()) }
}

/// # Safety
///
/// `pointer`, unless refused, points to `count` elements with values, which nothing writes to for `'a`.
pub(crate) unsafe fn slice<'a, T>(pointer: *const T, count: usize) -> Result<&'a [T], MoreStatus> {
    addresses(pointer, count)?;
    // SAFETY: not null, aligned, of an allowed size; the rest is the caller's promise.
    Ok(unsafe { slice::from_raw_parts(pointer, count) })
}

/// # Safety
///
/// `pointer`, unless refused, points to `count` elements with values, which nothing else uses for `'a`.
pub(crate) unsafe fn slice_mut<'a, T>(pointer: *mut T, count: usize) -> Result<&'a mut [T], MoreStatus> {
    addresses(pointer, count)?;
    // SAFETY: as above.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, count) })
}

/// # Safety
///
/// As [`slice`], of one element.
pub(crate) unsafe fn reference<'a, T>(pointer: *const T) -> Result<&'a T, MoreStatus> {
    addresses(pointer, 1)?;
    // SAFETY: as above.
    Ok(unsafe { &*pointer })
}

/// # Safety
///
/// As [`slice_mut`], of one element.
pub(crate) unsafe fn reference_mut<'a, T>(pointer: *mut T) -> Result<&'a mut T, MoreStatus> {
    addresses(pointer, 1)?;
    // SAFETY: as above.
    Ok(unsafe { &mut *pointer })
}
