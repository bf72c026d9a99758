//! What all firmware of this crate shares: a clock that counts instructions, the depth of the stack, the serial line, the data
//! in flash, how a run ends.

#![no_std]

use core::panic::PanicInfo;

use cortex_m_semihosting::{debug, hprintln};

pub mod clock;
pub mod data;
pub mod edge_box;
pub mod entropy;
pub mod line;
pub mod network;
pub mod passes;
pub mod report;
pub mod stack;
pub mod uart;

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

/// The value, or ends the emulation with exit status 1 and says what was wrong. Without `core::fmt`.
pub fn expect<T, E>(result: Result<T, E>, what: &'static str) -> T {
    match result {
        Ok(value) => value,
        Err(_) => {
            report::line(what, &[]);
            debug::exit(debug::EXIT_FAILURE);
            halt()
        }
    }
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
