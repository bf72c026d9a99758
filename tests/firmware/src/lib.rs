//! What all firmware of this crate shares: a clock that counts instructions, the depth of the stack, how a run ends.

#![no_std]

use core::panic::PanicInfo;

use cortex_m_semihosting::{debug, hprintln};

pub mod clock;
pub mod stack;

/// Ends the emulation with exit status 0.
pub fn succeed() -> ! {
    debug::exit(debug::EXIT_SUCCESS);
    halt()
}

/// Prints why and ends the emulation with exit status 1.
pub fn fail(reason: &dyn core::fmt::Display) -> ! {
    hprintln!("{}", reason);
    debug::exit(debug::EXIT_FAILURE);
    halt()
}

fn halt() -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    fail(info)
}
