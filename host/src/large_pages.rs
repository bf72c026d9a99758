//! Large pages for memory that is larger than any cache.
//!
//! Each page of 4 KiB that is read after a while costs a walk through the tables of the system, and in a virtual machine through the
//! host's as well, and no memory behind it is asked for ahead. `more-nn bench kernels` prints what one core reads of small pages and
//! of large ones; `docs/performance.md` has the figures. Safe code cannot ask for large pages, hence the one exception in this crate.

use crate::lines::{self, Lines};

/// Memory that is worth it: several large pages, of 2 MiB on most machines.
const LEAST_BYTES: usize = 8 << 20;

/// A multiple of the sizes of small pages that there are.
#[cfg(target_os = "linux")]
const ALIGNMENT: usize = 1 << 16;

/// Makes room for `len` values in all, in large pages if it is new.
pub(crate) fn reserve<T>(memory: &mut Lines<T>, len: usize) {
    if memory.capacity() < len {
        memory.reserve_exact(len - memory.len());
        advise(memory);
    }
}

/// The same values, in large pages where they are many.
pub(crate) fn copied<T: Copy>(values: &[T]) -> Lines<T> {
    let mut memory = lines::empty();
    reserve(&mut memory, values.len());
    memory.extend_from_slice(values);
    memory
}

/// `len` times the same.
#[cfg(feature = "engine")]
pub(crate) fn filled<T: Clone>(value: T, len: usize) -> Lines<T> {
    let mut memory = lines::empty();
    reserve(&mut memory, len);
    memory.resize(len, value);
    memory
}

/// Says that large pages suit this memory behind the values that are in it: best before it is touched. A hint, which a system may not know.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a system call on an address; what it gains is said above")]
fn advise<T>(memory: &mut Lines<T>) {
    let (used, bytes) = (memory.len() * size_of::<T>(), memory.capacity() * size_of::<T>());
    if bytes - used < LEAST_BYTES {
        return;
    }
    let start = memory.as_mut_ptr().cast::<u8>().wrapping_add(used);
    let skipped = start.align_offset(ALIGNMENT);
    let len = (bytes - used).saturating_sub(skipped) / ALIGNMENT * ALIGNMENT;
    // SAFETY: `len` bytes from there on are whole pages within the capacity of `memory`, which is borrowed for writing. The advice changes
    // neither what is in them nor whether they are mapped, only by pages of which size.
    let _ = unsafe {
        rustix::mm::madvise(start.wrapping_add(skipped).cast(), len, rustix::mm::Advice::LinuxHugepage)
    };
}

#[cfg(not(target_os = "linux"))]
fn advise<T>(_: &mut Lines<T>) {}

#[cfg(test)]
mod tests {
    use super::{LEAST_BYTES, reserve};

    #[test]
    fn what_was_there_stays() {
        // Below and above the limit, not aligned.
        for len in [3, LEAST_BYTES / 4 + 77] {
            let mut memory = super::copied(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9_u32]);
            reserve(&mut memory, len);
            assert!(memory.capacity() >= len);
            memory.extend_from_slice(&(10..len as u32).collect::<Vec<_>>());
            assert!(memory.iter().enumerate().all(|(index, value)| *value == index as u32));
        }
    }

    #[test]
    #[cfg(feature = "engine")]
    fn new_memory_holds_what_was_asked_for() {
        let len = LEAST_BYTES / 8 + 3;
        assert_eq!(super::filled(7_u64, len)[..], vec![7; len]);
        for len in [3, len] {
            let values: Vec<u64> = (0..len as u64).collect();
            assert_eq!(super::copied(&values)[..], values);
        }
    }
}
