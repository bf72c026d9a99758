//! One frame, before stuffing: [`Frame`].

use super::VERSION;
use crate::Error;
use crate::wire::CHECKSUM;
use crate::wire::crc::crc32;

pub(super) const HEADER: usize = 16;
/// Bytes beside the payload.
pub(super) const OVERHEAD: usize = HEADER + CHECKSUM;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// A transfer begins. No payload.
    Begin,
    /// Bytes of a transfer.
    Data,
    /// A transfer ends. The payload is the CRC-32 of all its bytes.
    End,
}

/// A frame whose checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is for.
    pub kind: FrameKind,
    /// Its number on the line, modulo 2^16.
    pub sequence: u16,
    /// The number of its transfer, modulo 2^16.
    pub transfer: u16,
    /// Where its payload belongs in the transfer: 0 in the first frame, `total` in the last.
    pub offset: u32,
    /// The length of the transfer in bytes.
    pub total: u32,
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The header for a payload of `length` bytes, which may be yet to come.
    pub(super) fn header_bytes(&self, length: usize) -> [u8; HEADER] {
        let kind = match self.kind {
            FrameKind::Begin => 1,
            FrameKind::Data => 2,
            FrameKind::End => 3,
        };
        let [l0, l1] = (length as u16).to_le_bytes();
        let [s0, s1] = self.sequence.to_le_bytes();
        let [t0, t1] = self.transfer.to_le_bytes();
        let [o0, o1, o2, o3] = self.offset.to_le_bytes();
        let [n0, n1, n2, n3] = self.total.to_le_bytes();
        [VERSION, kind, l0, l1, s0, s1, t0, t1, o0, o1, o2, o3, n0, n1, n2, n3]
    }

    /// Reads a frame and its checksum.
    pub(super) fn verify(bytes: &'a [u8]) -> Result<(Self, u32), Error> {
        let (body, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(Error::Truncated)?;
        let checksum = u32::from_le_bytes(*checksum);
        if crc32(body) != checksum {
            return Err(Error::Checksum);
        }
        // Of a later version the header may be shorter than ours.
        match body.first() {
            None => return Err(Error::Truncated),
            Some(&version) if version != VERSION => return Err(Error::Version(version)),
            Some(_) => {}
        }
        let (&header, payload) = body.split_first_chunk::<HEADER>().ok_or(Error::Truncated)?;
        let [_, kind, l0, l1, s0, s1, t0, t1, o0, o1, o2, o3, n0, n1, n2, n3] = header;
        let kind = match kind {
            1 => FrameKind::Begin,
            2 => FrameKind::Data,
            3 => FrameKind::End,
            _ => return Err(Error::WrongKind),
        };
        let offset = u32::from_le_bytes([o0, o1, o2, o3]);
        let total = u32::from_le_bytes([n0, n1, n2, n3]);
        let fits = match kind {
            FrameKind::Begin => payload.is_empty() && offset == 0,
            FrameKind::Data => total.checked_sub(offset).is_some_and(|room| payload.len() <= room as usize),
            FrameKind::End => payload.len() == CHECKSUM && offset == total,
        };
        if !fits || payload.len() != usize::from(u16::from_le_bytes([l0, l1])) {
            return Err(Error::Length);
        }
        let (sequence, transfer) = (u16::from_le_bytes([s0, s1]), u16::from_le_bytes([t0, t1]));
        Ok((Self { kind, sequence, transfer, offset, total, payload }, checksum))
    }
}
