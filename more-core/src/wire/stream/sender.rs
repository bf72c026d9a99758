//! Bytes to frames: [`Sender`].

use heapless::Vec;

use super::frame::{Frame, FrameKind, HEADER, OVERHEAD};
use crate::Error;
use crate::wire::WriteError;
use crate::wire::crc::{Crc32, crc32};

/// Sends transfers over a line as frames of at most `N` bytes, `N` at least 32.
///
/// The sink is a function that takes bytes, one frame at a time: a serial port. It holds one frame of `N` bytes, and another on
/// the stack while it is stuffed.
#[derive(Debug)]
pub struct Sender<W, const N: usize> {
    sink: W,
    sequence: u16,
    transfer: u16,
    frame: Vec<u8, N>,
}

/// The longest payload whose frame, stuffed and with its zero, has at most `n` bytes.
const fn payload_capacity(n: usize) -> usize {
    let mut length = n.saturating_sub(2);
    while length > 0 && cobs::max_encoding_length(length) + 1 > n {
        length -= 1;
    }
    length = length.saturating_sub(OVERHEAD);
    if length > u16::MAX as usize { u16::MAX as usize } else { length }
}

impl<W, const N: usize> Sender<W, N> {
    /// How many bytes of a transfer one frame carries.
    pub const PAYLOAD: usize = payload_capacity(N);

    /// A sender that gives its transfers the numbers `transfer`, `transfer + 1` and so on.
    ///
    /// After a restart begin with a number not used a short time before, a count of restarts times 256 or a random number:
    /// a receiver that missed the restart would else take what follows for the rest of the transfer before.
    #[must_use]
    pub const fn new(transfer: u16, sink: W) -> Self {
        const { assert!(Self::PAYLOAD >= 8, "a frame has at least 32 bytes") };
        Self { sink, sequence: 0, transfer, frame: Vec::new() }
    }

    /// Sends `bytes` as one transfer.
    ///
    /// # Errors
    ///
    /// [`WriteError::Sink`], after which the next transfer starts anew; [`Error::Length`] beyond 2^32 - 1 bytes.
    pub fn send<S>(&mut self, bytes: &[u8]) -> Result<(), WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        let mut transfer = self.begin(bytes.len())?;
        transfer.write(bytes)?;
        transfer.finish()
    }

    /// Begins a transfer of `total` bytes, which are then given piece by piece.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn begin<S>(&mut self, total: usize) -> Result<Transfer<'_, W, N>, WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        let total = u32::try_from(total).map_err(|_| Error::Length)?;
        let number = self.transfer;
        self.transfer = number.wrapping_add(1);
        self.frame.clear();
        // Ends what noise has made of the line before.
        (self.sink)(&[0]).map_err(WriteError::Sink)?;
        let mut transfer = Transfer { sender: self, number, total, offset: 0, crc: Crc32::new() };
        transfer.frame(FrameKind::Begin, 0, &[])?;
        Ok(transfer)
    }

    /// The sink.
    pub const fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Begins the frame `self.frame` with a header.
    fn start(&mut self, frame: Frame<'_>, length: usize) -> Result<(), Error> {
        self.frame.clear();
        self.sequence = self.sequence.wrapping_add(1);
        self.frame.extend_from_slice(&frame.header_bytes(length)).map_err(|_| Error::BufferTooSmall)
    }

    /// Stuffs and sends what is in `self.frame`.
    fn flush<S>(&mut self) -> Result<(), WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        let checksum = crc32(&self.frame).to_le_bytes();
        self.frame.extend_from_slice(&checksum).map_err(|_| Error::BufferTooSmall)?;
        let mut stuffed = [0; N];
        let length = cobs::try_encode(&self.frame, &mut stuffed)
            .map_err(|_| WriteError::Encoding(Error::BufferTooSmall))?;
        self.frame.clear();
        *stuffed.get_mut(length).ok_or(Error::BufferTooSmall)? = 0;
        let bytes = stuffed.get(..=length).ok_or(Error::BufferTooSmall)?;
        (self.sink)(bytes).map_err(WriteError::Sink)
    }
}

/// A transfer that is being sent. If it is dropped before [`finish`](Self::finish), the receiver finds it incomplete.
#[must_use = "a transfer without its end is incomplete"]
#[derive(Debug)]
pub struct Transfer<'a, W, const N: usize> {
    sender: &'a mut Sender<W, N>,
    number: u16,
    total: u32,
    /// How many bytes were given, those in the unfinished frame included.
    offset: u32,
    crc: Crc32,
}

impl<W, const N: usize> Transfer<'_, W, N> {
    /// Sends the next bytes; up to a frame's payload waits for the next call.
    ///
    /// # Errors
    ///
    /// [`WriteError::Sink`]; [`Error::Length`] for more bytes than announced, none of which is then sent.
    pub fn write<S>(&mut self, bytes: &[u8]) -> Result<(), WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        if bytes.len() > self.left() {
            return Err(Error::Length.into());
        }
        self.crc.update(bytes);
        let mut bytes = bytes;
        while !bytes.is_empty() {
            // All frames but the last are full, so the length is known before the payload is.
            let waiting = self.sender.frame.len().saturating_sub(HEADER);
            let begin = self.offset.saturating_sub(waiting as u32);
            let length = (Sender::<W, N>::PAYLOAD).min((self.total.saturating_sub(begin)) as usize);
            if self.sender.frame.is_empty() {
                let frame = self.empty(FrameKind::Data, begin);
                self.sender.start(frame, length)?;
            }
            let (now, later) = bytes.split_at_checked(length.saturating_sub(waiting)).unwrap_or((bytes, &[]));
            self.sender.frame.extend_from_slice(now).map_err(|_| Error::BufferTooSmall)?;
            self.offset = self.offset.saturating_add(now.len() as u32);
            bytes = later;
            if waiting + now.len() >= length {
                self.sender.flush()?;
            }
        }
        Ok(())
    }

    /// How many bytes are still to be given.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.total.saturating_sub(self.offset) as usize
    }

    /// Ends the transfer.
    ///
    /// # Errors
    ///
    /// [`WriteError::Sink`]; [`Error::Length`] if fewer bytes were given than announced.
    pub fn finish<S>(mut self) -> Result<(), WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        if self.offset != self.total {
            return Err(Error::Length.into());
        }
        let checksum = self.crc.value().to_le_bytes();
        self.frame(FrameKind::End, self.total, &checksum)
    }

    fn empty(&self, kind: FrameKind, offset: u32) -> Frame<'static> {
        let (sequence, transfer) = (self.sender.sequence, self.number);
        Frame { kind, sequence, transfer, offset, total: self.total, payload: &[] }
    }

    fn frame<S>(&mut self, kind: FrameKind, offset: u32, payload: &[u8]) -> Result<(), WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        let frame = self.empty(kind, offset);
        self.sender.start(frame, payload.len())?;
        self.sender.frame.extend_from_slice(payload).map_err(|_| Error::BufferTooSmall)?;
        self.sender.flush()
    }
}
