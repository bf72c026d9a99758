//! Encodings over the serial line.

use more_core::wire::stream::{Assembler, Event, Progress, Receiver};
use more_scene::FRAME;

use crate::report;
use crate::uart::Uart;

/// The stretches of a transfer that can be missing and be named.
pub const GAPS: usize = 8;

/// The receiving side of the line.
pub struct Line {
    receiver: Receiver<FRAME>,
}

impl Line {
    /// A line that nothing was heard on.
    #[must_use]
    pub const fn new() -> Self {
        Self { receiver: Receiver::new() }
    }

    /// Waits for the next transfer that is whole: it is then in `assembler`. What is lost or damaged before is reported:
    ///
    /// - `damaged`: bytes that are no frame;
    /// - `lost,FROM,TO`: frames with these sequence numbers;
    /// - `incomplete,MISSING`: a transfer that ends, or gives way to another, without so many bytes.
    pub fn receive(&mut self, uart: &mut Uart, assembler: &mut Assembler<'_, GAPS>) {
        loop {
            let byte = [uart.read()];
            let mut piece = &byte[..];
            while let Some(event) = self.receiver.feed(&mut piece) {
                match event {
                    Event::Damaged(_) => report::line("damaged", &[]),
                    Event::Lost { from, to } => report::line("lost", &[from.into(), to.into()]),
                    Event::Frame(frame) => {
                        if assembler.is_other(&frame) {
                            incomplete(assembler);
                        }
                        match assembler.accept(&frame) {
                            Ok(Progress::Complete) => return,
                            Ok(Progress::Incomplete) => incomplete(assembler),
                            Ok(_) => {}
                            Err(_) => report::line("refused", &[]),
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

fn incomplete(assembler: &Assembler<'_, GAPS>) {
    let missing = assembler.missing().map(|gap| gap.len() as u32).sum();
    report::line("incomplete", &[missing]);
}
