//! Checks the instruments on code whose instructions and stack are known.

#![no_std]
#![no_main]

use core::arch::asm;
use core::hint::black_box;

use cortex_m_rt::entry;
use cortex_m_semihosting::hprintln;
use more_firmware::clock::Clock;
use more_firmware::{fail, stack, succeed};

/// Two instructions a round.
#[inline(never)]
fn spin(rounds: u32) {
    // SAFETY: a loop over one register.
    unsafe { asm!("2: subs {0}, #1", "bne 2b", inout(reg) rounds => _, options(nomem, nostack)) };
}

fn instructions(clock: &Clock, rounds: u32) -> u32 {
    let before = clock.now();
    spin(rounds);
    clock.instructions_since(before)
}

/// A frame of `N` bytes, all written to.
#[inline(never)]
fn fill<const N: usize>() -> u8 {
    let mut frame = [1; N];
    black_box(&mut frame)[N / 2]
}

fn depth<const N: usize>() -> usize {
    stack::depth_of(fill::<N>).1
}

#[entry]
fn main() -> ! {
    let clock = Clock::start();
    let fixed = instructions(&clock, 1) - 2;
    hprintln!("call: {fixed} instructions");
    for rounds in [2, 3, 10, 1000, 1_000_000] {
        let counted = instructions(&clock, rounds) - fixed;
        if counted != 2 * rounds {
            fail(&format_args!("{rounds} rounds: {counted} instructions"));
        }
    }
    let small = depth::<64>() - 64;
    hprintln!("call: {small} bytes of stack");
    for (size, depth) in [(256, depth::<256>()), (1024, depth::<1024>()), (16_384, depth::<16_384>())] {
        // Frames are multiples of eight bytes, and a large one saves a register more.
        if !(size..=size + small + 8).contains(&depth) {
            fail(&format_args!("a frame of {size} bytes: {depth}"));
        }
    }
    succeed()
}
