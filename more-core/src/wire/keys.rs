//! Keys as bytes.

use super::crc::{Crc32, crc32};
use super::{CHECKSUM, Header, Kind};
use crate::dense::Square;
use crate::{Error, EvaluationKey, KeyId, Real, SecretKey};

const fn encoded_len<T: Real, const N: usize>() -> usize {
    Header::ENCODED_LEN + N * N * T::BYTES + CHECKSUM
}

fn encode<T: Real, const N: usize>(
    kind: Kind,
    id: KeyId,
    columns: &Square<T, N>,
    out: &mut [u8],
) -> Result<usize, Error> {
    let length = encoded_len::<T, N>();
    let out = out.get_mut(..length).ok_or(Error::BufferTooSmall)?;
    let (body, checksum) = out.split_last_chunk_mut::<CHECKSUM>().ok_or(Error::BufferTooSmall)?;
    let (header, entries) = body.split_first_chunk_mut().ok_or(Error::BufferTooSmall)?;
    *header = Header::new::<T, N>(kind, id).common_bytes();
    for (bytes, entry) in entries.chunks_exact_mut(T::BYTES).zip(columns.as_flattened()) {
        entry.write_le(bytes).ok_or(Error::BufferTooSmall)?;
    }
    *checksum = crc32(body).to_le_bytes();
    Ok(length)
}

/// The checksum that [`encode`] writes, without a buffer.
pub(super) fn checksum<T: Real, const N: usize>(kind: Kind, id: KeyId, columns: &Square<T, N>) -> u32 {
    let mut crc = Crc32::new();
    crc.update(&Header::new::<T, N>(kind, id).common_bytes());
    for entry in columns.as_flattened() {
        let mut bytes = [0; 8];
        if entry.write_le(&mut bytes).is_some() {
            crc.update(bytes.get(..T::BYTES).unwrap_or_default());
        }
    }
    crc.value()
}

fn decode<T: Real, const N: usize>(kind: Kind, bytes: &[u8]) -> Result<(KeyId, Square<T, N>), Error> {
    let header = Header::peek(bytes)?;
    if header.kind != kind {
        return Err(Error::WrongKind);
    }
    if header.scalar != T::SCALAR {
        return Err(Error::WrongScalar);
    }
    if usize::from(header.lanes) != N {
        return Err(Error::WrongLanes(header.lanes));
    }
    let length = encoded_len::<T, N>();
    let encoding = bytes.get(..length).ok_or(Error::Truncated)?;
    if bytes.len() != length {
        return Err(Error::TrailingBytes);
    }
    let (body, checksum) = encoding.split_last_chunk::<CHECKSUM>().ok_or(Error::Truncated)?;
    if crc32(body) != u32::from_le_bytes(*checksum) {
        return Err(Error::Checksum);
    }
    let (_, entries) = body.split_at_checked(Header::ENCODED_LEN).ok_or(Error::Truncated)?;
    let mut columns = [[T::ZERO; N]; N];
    for (entry, bytes) in columns.as_flattened_mut().iter_mut().zip(entries.chunks_exact(T::BYTES)) {
        *entry = T::read_le(bytes).ok_or(Error::Truncated)?;
    }
    Ok((header.id, columns))
}

impl<T: Real, const N: usize> SecretKey<T, N> {
    /// The length of the encoding in bytes.
    pub const ENCODED_LEN: usize = encoded_len::<T, N>();

    /// Writes the key to the start of `out` and returns the length, [`ENCODED_LEN`](Self::ENCODED_LEN).
    ///
    /// The bytes are the secret itself: erase the buffer after use, and seal the file.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`].
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Error> {
        encode(Kind::SecretKey, self.id(), self.expose_columns(), out)
    }

    /// Reads what [`encode`](Self::encode) wrote, bit by bit the same key.
    ///
    /// # Errors
    ///
    /// As [`Header::peek`]; [`Error::WrongKind`], [`Error::WrongScalar`] or [`Error::WrongLanes`] for an encoding of
    /// another type; [`Error::Truncated`], [`Error::TrailingBytes`], [`Error::Checksum`]; and as
    /// [`from_parts`](Self::from_parts).
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (id, columns) = decode(Kind::SecretKey, bytes)?;
        Self::from_parts(id, *zeroize::Zeroizing::new(columns))
    }
}

impl<T: Real, const N: usize> EvaluationKey<T, N> {
    /// The length of the encoding in bytes.
    pub const ENCODED_LEN: usize = encoded_len::<T, N>();

    /// Writes the key to the start of `out` and returns the length, [`ENCODED_LEN`](Self::ENCODED_LEN).
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`].
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Error> {
        encode(Kind::EvaluationKey, self.id(), self.columns(), out)
    }

    /// Reads what [`encode`](Self::encode) wrote, bit by bit the same key.
    ///
    /// # Errors
    ///
    /// As [`SecretKey::decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (id, columns) = decode(Kind::EvaluationKey, bytes)?;
        Self::from_parts(id, columns)
    }
}
