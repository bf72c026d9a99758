//! Large pages for memory that is larger than any cache.
//!
//! Each page of 4 KiB that is read after a while costs a walk through the tables of the system, and in a virtual machine through the
//! host's as well, and no memory behind it is asked for ahead. `more-nn bench kernels` prints what one core reads of small pages and
//! of large ones; `docs/performance.md` has the figures. Safe code cannot ask for large pages, hence the one exception in this crate.

/// Memory that is worth it: several large pages, of 2 MiB on most machines.
const LEAST_BYTES: usize = 8 << 20;

/// A multiple of the sizes of small pages that there are.
#[cfg(target_os = "linux")]
const ALIGNMENT: usize = 1 << 16;

/// Makes room for `len` values in all, in large pages if it is new.
pub(crate) fn reserve<T>(memory: &mut Vec<T>, len: usize) {
    if memory.capacity() < len {
        memory.reserve_exact(len - memory.len());
        advise(memory.spare_capacity_mut());
    }
}

/// The same values in large pages, where they are many.
pub(crate) fn moved<T: Copy>(values: Vec<T>) -> Vec<T> {
    if !cfg!(target_os = "linux") || size_of_val(&values[..]) < LEAST_BYTES {
        return values;
    }
    let mut memory = Vec::new();
    reserve(&mut memory, values.len());
    memory.extend_from_slice(&values);
    memory
}

/// `len` times the same.
#[cfg(feature = "engine")]
pub(crate) fn filled<T: Clone>(value: T, len: usize) -> Vec<T> {
    let mut memory = Vec::new();
    reserve(&mut memory, len);
    memory.resize(len, value);
    memory
}

/// Says that large pages suit these values: best before they are touched. A hint, which a system may not know.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a system call on an address; what it gains is said above")]
fn advise<T>(memory: &mut [T]) {
    if size_of_val(memory) < LEAST_BYTES {
        return;
    }
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(ALIGNMENT);
    let len = size_of_val(memory).saturating_sub(skipped) / ALIGNMENT * ALIGNMENT;
    // SAFETY: `len` bytes from there on are whole pages within `memory`, which is borrowed for writing. The advice changes neither what is
    // in them nor whether they are mapped, only by pages of which size.
    let _ = unsafe {
        rustix::mm::madvise(start.wrapping_add(skipped).cast(), len, rustix::mm::Advice::LinuxHugepage)
    };
}

#[cfg(not(target_os = "linux"))]
fn advise<T>(_: &mut [T]) {}

#[cfg(test)]
mod tests {
    use super::{LEAST_BYTES, reserve};

    #[test]
    fn what_was_there_stays() {
        // Below and above the limit, not aligned.
        for len in [3, LEAST_BYTES / 4 + 77] {
            let mut memory: Vec<u32> = (0..10).collect();
            reserve(&mut memory, len);
            assert!(memory.capacity() >= len);
            memory.extend(10..len as u32);
            assert!(memory.iter().enumerate().all(|(index, value)| *value == index as u32));
        }
    }

    #[test]
    #[cfg(feature = "engine")]
    fn new_memory_holds_what_was_asked_for() {
        let len = LEAST_BYTES / 8 + 3;
        assert_eq!(super::filled(7_u64, len), vec![7; len]);
        for len in [3, len] {
            let values: Vec<u64> = (0..len as u64).collect();
            assert_eq!(super::moved(values.clone()), values);
        }
    }
}
