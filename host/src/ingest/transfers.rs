//! From bytes to transfers.

use more_core::Error as CoreError;
use more_core::wire::stream::{Assembler, Event, FrameKind, Progress, Receiver};

use super::Taken;
use super::finding::{Finding, What};
use crate::error::Error;

/// Longer than any frame: 65,535 bytes of payload, stuffed.
const LONGEST_FRAME: usize = 66_000;

/// The longest transfer: 4096 x 4096 pixels of 2 x 2 matrices of `f32`, and their header.
const LONGEST_TRANSFER: usize = (1 << 28) + 64;

/// Stretches of a transfer that are told apart.
const GAPS: usize = 32;

/// Transfers missing altogether are named if they are so few; otherwise the sender counts from another number.
const NUMBERS: u16 = 1 << 10;

/// A transfer that is whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer<'a> {
    pub(super) number: u16,
    pub(super) bytes: &'a [u8],
    /// Bytes of the line before its end.
    pub(super) byte: u64,
}

/// Finds the transfers in what comes over the line.
pub(super) struct Transfers<'b> {
    receiver: Box<Receiver<LONGEST_FRAME>>,
    assembler: Assembler<'b, GAPS>,
    /// The transfer of the last frame.
    last: Option<u16>,
    /// The transfer that is in the assembler.
    held: u16,
    bytes: u64,
}

/// Room for a transfer. The operating system gives the memory when it is written to.
pub(super) fn room() -> Vec<u8> {
    vec![0; LONGEST_TRANSFER]
}

impl<'b> Transfers<'b> {
    pub(super) fn new(room: &'b mut [u8]) -> Self {
        let receiver = Box::new(Receiver::new());
        Self { receiver, assembler: Assembler::new(room), last: None, held: 0, bytes: 0 }
    }

    /// Bytes that have come.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the next bytes and hands over what they complete, until `take` says that it is enough; whether it did.
    pub(super) fn feed(
        &mut self,
        input: &[u8],
        take: &mut impl FnMut(Taken<'_>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let Self { receiver, assembler, last, held, bytes } = self;
        let begin = *bytes;
        let mut rest = input;
        while let Some(event) = receiver.feed(&mut rest) {
            *bytes = begin + (input.len() - rest.len()) as u64;
            let byte = *bytes;
            let finding = |what| Taken::Finding(Finding { byte, what });
            let frame = match event {
                Event::Frame(frame) => frame,
                Event::Damaged(error) => {
                    take(finding(What::Damaged { reason: error.to_string() }))?;
                    continue;
                }
                Event::Lost { from, to } => {
                    take(finding(What::Lost { from, to }))?;
                    continue;
                }
                Event::Restarted { .. } => {
                    *last = None;
                    continue;
                }
                // A frame that came twice is no loss.
                _ => continue,
            };
            if assembler.is_other(&frame) {
                take(finding(incomplete(assembler, *held)))?;
            }
            let number = frame.transfer;
            if let Some(last) = last.replace(number)
                && (2..NUMBERS).contains(&number.wrapping_sub(last))
            {
                take(finding(What::Absent { from: last.wrapping_add(1), to: number.wrapping_sub(1) }))?;
            }
            let progress = assembler.accept(&frame);
            if progress != Err(CoreError::BufferTooSmall) {
                *held = number;
            }
            match progress {
                Ok(Progress::Complete) => {
                    if take(Taken::Transfer(Transfer { number, bytes: assembler.bytes(), byte }))? {
                        return Ok(true);
                    }
                }
                Ok(_) => {}
                // Once is enough.
                Err(CoreError::BufferTooSmall) if frame.kind != FrameKind::End => {}
                Err(error) => {
                    take(finding(What::Refused { transfer: number, reason: error.to_string() }))?;
                }
            }
        }
        *bytes = begin + input.len() as u64;
        Ok(false)
    }

    /// The line has come to its end.
    pub(super) fn end(
        &mut self,
        take: &mut impl FnMut(Taken<'_>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        if !self.assembler.is_complete() && !self.assembler.bytes().is_empty() {
            let what = incomplete(&self.assembler, self.held);
            take(Taken::Finding(Finding { byte: self.bytes, what }))?;
        }
        Ok(true)
    }
}

fn incomplete(assembler: &Assembler<'_, GAPS>, transfer: u16) -> What {
    let (total, missing) = (assembler.bytes().len(), assembler.missing().collect());
    What::Incomplete { transfer, total, missing }
}
