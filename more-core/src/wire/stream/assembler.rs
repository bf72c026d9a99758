//! Transfers from frames: [`Assembler`].

use core::ops::Range;

use heapless::Vec;

use super::frame::{Frame, FrameKind};
use crate::Error;
use crate::wire::crc::crc32;

/// What a frame was for an [`Assembler`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The begin of a transfer.
    Begun,
    /// Bytes, which are now in the buffer.
    Received,
    /// The end, all bytes are there and their checksum is right: [`Assembler::bytes`].
    Complete,
    /// The end, but bytes are missing: [`Assembler::missing`]. Sent again with the same number of the transfer, they are filled
    /// in.
    Incomplete,
    /// Of a transfer that is complete already.
    Ignored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Current {
    number: u16,
    total: u32,
    complete: bool,
}

/// Puts the frames of one transfer at a time into a buffer and keeps a list of at most `GAPS` stretches that are missing.
///
/// Every frame has its place and the length of the transfer, so it does not matter which are lost, the first and the last
/// included. Frames of another transfer begin that one: [`is_other`](Self::is_other) tells before. With more than `GAPS`
/// gaps the two with the least between them become one, so bytes that are there may be listed as missing, never the other
/// way round. `GAPS` is at least 2.
#[derive(Debug)]
pub struct Assembler<'b, const GAPS: usize> {
    buffer: &'b mut [u8],
    current: Option<Current>,
    /// In ascending order; not empty, and with received bytes between them.
    missing: Vec<Range<u32>, GAPS>,
}

impl<'b, const GAPS: usize> Assembler<'b, GAPS> {
    /// An assembler that has nothing yet; transfers must fit into `buffer`.
    #[must_use]
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        const { assert!(GAPS >= 2, "a list of at least two gaps") };
        Self { buffer, current: None, missing: Vec::new() }
    }

    /// Whether [`accept`](Self::accept) would leave a transfer that is not complete for the one of `frame`: the last chance to
    /// look at [`missing`](Self::missing) and [`bytes`](Self::bytes).
    #[must_use]
    pub fn is_other(&self, frame: &Frame<'_>) -> bool {
        self.current.is_some_and(|current| !current.complete && begins(&current, frame))
    }

    /// Takes a frame.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`] for a frame of a transfer that is longer than the buffer, which is not taken;
    /// [`Error::Checksum`] if all bytes are there but are not what was sent: the transfer is then missing as a whole.
    pub fn accept(&mut self, frame: &Frame<'_>) -> Result<Progress, Error> {
        if self.buffer.get(..frame.total as usize).is_none() {
            return Err(Error::BufferTooSmall);
        }
        let current = match self.current {
            Some(current) if !begins(&current, frame) => current,
            _ => {
                let new = Current { number: frame.transfer, total: frame.total, complete: false };
                self.restart(new);
                new
            }
        };
        if current.complete {
            return Ok(Progress::Ignored);
        }
        match frame.kind {
            FrameKind::Begin => Ok(Progress::Begun),
            FrameKind::Data => {
                self.store(frame)?;
                Ok(Progress::Received)
            }
            FrameKind::End if !self.missing.is_empty() => Ok(Progress::Incomplete),
            FrameKind::End => {
                if frame.payload != crc32(self.bytes()).to_le_bytes() {
                    self.restart(current);
                    return Err(Error::Checksum);
                }
                self.current = Some(Current { complete: true, ..current });
                Ok(Progress::Complete)
            }
        }
    }

    /// The transfer's bytes; where they are [`missing`](Self::missing), whatever was in the buffer.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        let total = self.current.map_or(0, |current| current.total);
        self.buffer.get(..total as usize).unwrap_or_default()
    }

    /// The stretches of [`bytes`](Self::bytes) that are missing, in ascending order.
    pub fn missing(&self) -> impl Iterator<Item = Range<usize>> {
        self.missing.iter().map(|gap| gap.start as usize..gap.end as usize)
    }

    /// Whether the current transfer has come to its end with all bytes and the right checksum.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.current.is_some_and(|current| current.complete)
    }

    fn restart(&mut self, current: Current) {
        self.current = Some(current);
        self.missing.clear();
        if current.total > 0 {
            // There is room in a list of two or more.
            let _ = self.missing.push(0..current.total);
        }
    }

    fn store(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        let start = frame.offset;
        let end = start.saturating_add(frame.payload.len() as u32);
        let to = self.buffer.get_mut(start as usize..end as usize).ok_or(Error::BufferTooSmall)?;
        for (to, from) in to.iter_mut().zip(frame.payload) {
            *to = *from;
        }
        if start < end {
            self.receive(start..end);
        }
        Ok(())
    }

    /// Takes `got` off the list.
    fn receive(&mut self, got: Range<u32>) {
        let inside = |gap: &Range<u32>| gap.start < got.start && got.end < gap.end;
        if self.missing.is_full() && self.missing.iter().any(inside) {
            self.merge_nearest();
        }
        let mut rest = None;
        for gap in &mut self.missing {
            if inside(gap) {
                rest = Some(got.end..gap.end);
                gap.end = got.start;
            } else if got.start <= gap.start && gap.start < got.end {
                gap.start = got.end.min(gap.end);
            } else if got.start < gap.end && gap.end <= got.end {
                gap.end = got.start.max(gap.start);
            }
        }
        self.missing.retain(|gap| gap.start < gap.end);
        if let Some(rest) = rest {
            // There is room: a full list was made shorter. Then to its place.
            let _ = self.missing.push(rest);
            for at in (1..self.missing.len()).rev() {
                if let Some([before, after]) = self.missing.get_mut(at - 1..=at)
                    && after.start < before.start
                {
                    core::mem::swap(before, after);
                }
            }
        }
    }

    /// Makes one of the two neighbours with the least between them.
    fn merge_nearest(&mut self) {
        let pairs = || self.missing.iter().zip(self.missing.iter().skip(1));
        let Some(second) = pairs()
            .enumerate()
            .min_by_key(|(_, (a, b))| b.start.saturating_sub(a.end))
            .map(|(first, _)| first + 1)
        else {
            return;
        };
        let Some(end) = self.missing.get(second).map(|gap| gap.end) else { return };
        if let Some(gap) = self.missing.get_mut(second - 1) {
            gap.end = end;
        }
        let mut at = 0;
        self.missing.retain(|_| {
            at += 1;
            at - 1 != second
        });
    }
}

/// Whether `frame` begins another transfer than `current`. One that says so does even under the same number: the sender
/// has started again.
fn begins(current: &Current, frame: &Frame<'_>) -> bool {
    frame.kind == FrameKind::Begin || (frame.transfer, frame.total) != (current.number, current.total)
}
