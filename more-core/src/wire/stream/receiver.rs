//! Frames from bytes: [`Receiver`].

use cobs::{DecodeResult, DecoderState};
use heapless::Vec;

use super::frame::Frame;
use crate::Error;

/// What a [`Receiver`] has found.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A frame whose checksum is right.
    Frame(Frame<'a>),
    /// Bytes between two zeros that are no frame: noise, one or more damaged frames, or part of one.
    /// [`Error::Version`] is a frame of another version whose checksum is right; [`Error::BufferTooSmall`] are more bytes
    /// than the receiver's longest frame has; else [`Error::Truncated`], [`Error::Checksum`], [`Error::WrongKind`] or
    /// [`Error::Length`].
    Damaged(Error),
    /// These sequence numbers, both included, are missing before the frame that follows, those of damaged frames among
    /// them; `to` is below `from` where the numbers have started again at 0.
    Lost {
        /// The first missing.
        from: u16,
        /// The last missing.
        to: u16,
    },
    /// A frame with a number other than the next and not ahead of it: the sender has started again, or sends again. The frame
    /// follows.
    Restarted {
        /// Its number.
        sequence: u16,
    },
    /// The last frame once more; it is dropped.
    Repeated {
        /// Its number.
        sequence: u16,
    },
}

/// Finds the frames in bytes that come in pieces of any size. It holds one frame of at most `N` bytes and never waits.
///
/// After damage, be it lost, changed or inserted bytes, everything up to the next zero is dropped; what follows is
/// received. Losses before the first frame are not noticed, nor losses of a whole multiple of 2^16 frames, nor
/// more than 2^15 at once, which look like a restart; the [`Assembler`](super::Assembler) goes by offsets and finds these too.
#[derive(Debug)]
pub struct Receiver<const N: usize> {
    stuffing: DecoderState,
    frame: Vec<u8, N>,
    too_long: bool,
    /// `frame` is whole and was announced by another event.
    pending: bool,
    /// Number and checksum of the last frame.
    last: Option<(u16, u32)>,
}

impl<const N: usize> Default for Receiver<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Receiver<N> {
    /// A receiver that has heard nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { stuffing: DecoderState::Idle, frame: Vec::new(), too_long: false, pending: false, last: None }
    }

    /// The next event, and takes what it needs from the front of `input`; `None` once `input` is used up.
    ///
    /// Call it until it says `None`: an event may be followed by another without further input.
    pub fn feed(&mut self, input: &mut &[u8]) -> Option<Event<'_>> {
        if !self.pending {
            loop {
                let (byte, rest) = input.split_first()?;
                *input = rest;
                match self.advance(*byte) {
                    None => {}
                    Some(Err(error)) => return Some(Event::Damaged(error)),
                    Some(Ok(())) => break,
                }
            }
        }
        let (frame, checksum) = match Frame::verify(&self.frame) {
            Ok(verified) => verified,
            Err(error) => return Some(Event::Damaged(error)),
        };
        let sequence = frame.sequence;
        if !core::mem::take(&mut self.pending)
            && let Some(last) = self.last.replace((sequence, checksum))
        {
            if last == (sequence, checksum) {
                return Some(Event::Repeated { sequence });
            }
            let expected = last.0.wrapping_add(1);
            let ahead = sequence.wrapping_sub(expected);
            if ahead != 0 {
                self.pending = true;
                return Some(if ahead < 1 << 15 {
                    Event::Lost { from: expected, to: sequence.wrapping_sub(1) }
                } else {
                    Event::Restarted { sequence }
                });
            }
        }
        Some(Event::Frame(frame))
    }

    /// Takes one byte; whether `frame` is now whole.
    fn advance(&mut self, byte: u8) -> Option<Result<(), Error>> {
        match self.stuffing.feed(byte) {
            Ok(DecodeResult::NoData) => None,
            Ok(DecodeResult::DataStart) => {
                self.frame.clear();
                self.too_long = false;
                None
            }
            Ok(DecodeResult::DataContinue(byte)) => {
                self.too_long |= self.frame.push(byte).is_err();
                None
            }
            Ok(DecodeResult::DataComplete) if self.too_long => Some(Err(Error::BufferTooSmall)),
            Ok(DecodeResult::DataComplete) => Some(Ok(())),
            Err(_) if self.too_long => Some(Err(Error::BufferTooSmall)),
            Err(_) => Some(Err(Error::Truncated)),
        }
    }
}
