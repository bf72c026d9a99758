//! The depth of the stack that a call reaches, by painting it first.

use core::arch::asm;

/// What is painted, and the depth that can be measured.
pub const MEASURED: usize = 32 * 1024;

/// Unlikely as data: no number near 1, no address.
const PAINT: u32 = 0xA5C3_96E1;

#[inline(always)]
fn pointer() -> usize {
    let pointer: usize;
    // SAFETY: copies a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// Calls `f`, which must not be inlined, and returns its result with the bytes of stack that it wrote to below the
/// caller's: its frames, those of what it calls, and return addresses. What a frame reserves below everything it
/// writes to is not seen.
#[inline(always)]
pub fn depth_of<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let top = pointer() & !3;
    let bottom = top - MEASURED;
    // Volatile in loops of this frame: a call would use the stack that is painted.
    let mut at = bottom;
    while at < top {
        // SAFETY: below the stack pointer nothing is alive; the memory there is RAM, as the data ends far below.
        unsafe { (at as *mut u32).write_volatile(PAINT) };
        at += 4;
    }
    let result = f();
    let mut at = bottom;
    // SAFETY: as above; painted words.
    while at < top && unsafe { (at as *const u32).read_volatile() } == PAINT {
        at += 4;
    }
    (result, top - at)
}
