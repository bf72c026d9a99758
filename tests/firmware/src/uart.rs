//! UART 0 of the MPS2 boards, a CMSDK APB UART (Arm, "Cortex-M System Design Kit Technical Reference Manual", 4.3).

use core::convert::Infallible;

const DATA: *mut u32 = 0x4000_4000 as *mut u32;
const STATE: *mut u32 = 0x4000_4004 as *mut u32;
const CONTROL: *mut u32 = 0x4000_4008 as *mut u32;
const DIVISOR: *mut u32 = 0x4000_4010 as *mut u32;

/// In `STATE`.
const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 2;
/// In `CONTROL`.
const TRANSMIT: u32 = 1;
const RECEIVE: u32 = 2;
/// The boards' clock is 25 MHz: 25 MHz / 217 = 115,207 baud.
const BAUD_115200: u32 = 217;

/// The serial line, polled.
pub struct Uart(());

impl Uart {
    /// Switches it on, for both directions.
    #[must_use]
    pub fn start() -> Self {
        // SAFETY: registers of this board, which nothing else in the image uses; see the addresses.
        unsafe {
            DIVISOR.write_volatile(BAUD_115200);
            CONTROL.write_volatile(TRANSMIT | RECEIVE);
        }
        Self(())
    }

    /// Sends bytes, and waits until the last is on its way.
    ///
    /// # Errors
    ///
    /// None: of the type that a sink has.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        for byte in bytes {
            // SAFETY: as in `start`; reading the state has no effect.
            while unsafe { STATE.read_volatile() } & TRANSMIT_FULL != 0 {}
            // SAFETY: as in `start`.
            unsafe { DATA.write_volatile(u32::from(*byte)) };
        }
        Ok(())
    }

    /// The next byte, which it waits for.
    pub fn read(&mut self) -> u8 {
        // SAFETY: as in `write`.
        while unsafe { STATE.read_volatile() } & RECEIVE_FULL == 0 {}
        // SAFETY: as in `start`; takes the byte that is there.
        unsafe { DATA.read_volatile() as u8 }
    }
}
