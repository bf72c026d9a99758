//! Keys as bytes. All numbers are little-endian; `docs/formats.md` has the layout.

use crate::dense::Square;
use crate::{Error, EvaluationKey, KeyId, MAX_LANES, Real, Scalar, SecretKey};

mod crc;

/// The format version that this crate writes and reads.
pub const VERSION: u8 = 1;

const MAGIC: [u8; 4] = *b"MORE";
const HEADER: usize = 24;
const CHECKSUM: usize = 4;

/// What an encoding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A [`SecretKey`].
    SecretKey,
    /// An [`EvaluationKey`].
    EvaluationKey,
}

/// The first bytes of an encoding, which tell how to read the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it holds.
    pub kind: Kind,
    /// The format version.
    pub version: u8,
    /// The number of lanes.
    pub lanes: u8,
    /// The scalar.
    pub scalar: Scalar,
    /// The id of the secret key.
    pub id: KeyId,
}

impl Header {
    /// The length of a header in bytes.
    pub const ENCODED_LEN: usize = HEADER;

    /// Reads the header at the start of `bytes`. It is not verified by itself: the checksum at the end of the
    /// encoding covers it.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`], [`Error::BadMagic`], [`Error::Version`], [`Error::WrongKind`], [`Error::WrongScalar`] or
    /// [`Error::WrongLanes`] for the first field that is not of this format.
    pub fn peek(bytes: &[u8]) -> Result<Self, Error> {
        let (magic, _) = bytes.split_first_chunk::<4>().ok_or(Error::Truncated)?;
        if *magic != MAGIC {
            return Err(Error::BadMagic);
        }
        let Some(&[_, _, _, _, version, kind, scalar, lanes, ref id @ ..]) = bytes.first_chunk::<HEADER>()
        else {
            // Of a later version the header may be shorter than ours.
            return Err(match bytes.get(4) {
                Some(version) if *version != VERSION => Error::Version(*version),
                _ => Error::Truncated,
            });
        };
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let kind = match kind {
            1 => Kind::SecretKey,
            2 => Kind::EvaluationKey,
            _ => return Err(Error::WrongKind),
        };
        let scalar = match scalar {
            4 => Scalar::F32,
            8 => Scalar::F64,
            _ => return Err(Error::WrongScalar),
        };
        if !(2..=MAX_LANES).contains(&usize::from(lanes)) {
            return Err(Error::WrongLanes(lanes));
        }
        Ok(Self { kind, version, lanes, scalar, id: KeyId(*id) })
    }

    /// The length of the whole encoding that this header begins.
    #[must_use]
    pub const fn total_len(&self) -> usize {
        let bytes = match self.scalar {
            Scalar::F32 => 4,
            Scalar::F64 => 8,
        };
        HEADER + self.lanes as usize * self.lanes as usize * bytes + CHECKSUM
    }
}

const fn encoded_len<T: Real, const N: usize>() -> usize {
    HEADER + N * N * T::BYTES + CHECKSUM
}

fn encode<T: Real, const N: usize>(
    kind: Kind,
    id: KeyId,
    columns: &Square<T, N>,
    out: &mut [u8],
) -> Result<usize, Error> {
    let length = encoded_len::<T, N>();
    let out = out.get_mut(..length).ok_or(Error::BufferTooSmall)?;
    let kind = match kind {
        Kind::SecretKey => 1,
        Kind::EvaluationKey => 2,
    };
    let (body, checksum) = out.split_at_mut(length - CHECKSUM);
    let (header, entries) = body.split_at_mut(HEADER);
    header[..4].copy_from_slice(&MAGIC);
    header[4..8].copy_from_slice(&[VERSION, kind, T::BYTES as u8, N as u8]);
    header[8..].copy_from_slice(&id.0);
    for (bytes, entry) in entries.chunks_exact_mut(T::BYTES).zip(columns.as_flattened()) {
        entry.write_le(bytes).ok_or(Error::BufferTooSmall)?;
    }
    checksum.copy_from_slice(&crc::crc32(body).to_le_bytes());
    Ok(length)
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
    if crc::crc32(body) != u32::from_le_bytes(*checksum) {
        return Err(Error::Checksum);
    }
    let mut columns = [[T::ZERO; N]; N];
    for (entry, bytes) in columns.as_flattened_mut().iter_mut().zip(body[HEADER..].chunks_exact(T::BYTES)) {
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
