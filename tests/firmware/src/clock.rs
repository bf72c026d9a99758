//! Executed instructions, to the single one.
//!
//! With `-icount shift=8` QEMU's machine advances by 256 ns for every instruction, whatever the host's speed. The timer
//! counts at 25 MHz, one tick in 40 ns, so an instruction takes 6.4 ticks. A reading is cut off to whole ticks, which
//! puts less than two into a difference of differences: not half an instruction. (At the usual `shift=0` a tick is 40
//! instructions.)

/// CMSDK timer 0 of the MPS2 boards (Arm, "Cortex-M System Design Kit", 4.1 "APB timer"): 32 bits, counting down.
const CONTROL: *mut u32 = 0x4000_0000 as *mut u32;
const VALUE: *mut u32 = 0x4000_0004 as *mut u32;
const RELOAD: *mut u32 = 0x4000_0008 as *mut u32;

/// The timer, running.
pub struct Clock {
    /// Ticks between two readings with nothing in between.
    idle: u32,
}

impl Clock {
    /// Starts the timer.
    #[must_use]
    pub fn start() -> Self {
        // SAFETY: registers of this board, which nothing else in the image uses; see the addresses.
        unsafe {
            RELOAD.write_volatile(u32::MAX);
            VALUE.write_volatile(u32::MAX);
            CONTROL.write_volatile(1);
        }
        let mut clock = Self { idle: 0 };
        let before = clock.now();
        clock.idle = clock.since(before);
        clock
    }

    /// A reading, to be given to [`instructions_since`](Self::instructions_since).
    #[inline(always)]
    #[must_use]
    pub fn now(&self) -> u32 {
        // SAFETY: as in `start`; reading has no effect.
        unsafe { VALUE.read_volatile() }
    }

    #[inline(always)]
    fn since(&self, before: u32) -> u32 {
        before.wrapping_sub(self.now())
    }

    /// Instructions between that reading and this one, for up to 671 million.
    #[inline(always)]
    #[must_use]
    pub fn instructions_since(&self, before: u32) -> u32 {
        let ticks = self.since(before).saturating_sub(self.idle);
        ((u64::from(ticks) * 5 + 16) / 32) as u32
    }
}
