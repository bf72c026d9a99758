//! The first bytes of every encoding: [`Header`].

use super::crc::Crc32;
use super::elements::Encodable;
use super::shape::Shape;
use super::{CHECKSUM, VERSION};
use crate::{Ciphertext, Error, EvaluationKey, KeyId, MAX_LANES, Real, Scalar, Spectrum};

const MAGIC: [u8; 4] = *b"MORE";
/// What every header has.
const COMMON: usize = 24;
/// Common part, lane order and shape: what the header's own checksum covers.
const CHECKED: usize = 44;
pub(super) const ELEMENTS: usize = CHECKED + CHECKSUM;

/// Which evaluation key the lanes of a [`Spectrum`] are ordered by: the CRC-32 at the end of that key's encoding.
///
/// The key id names the secret key only, of which there may be several evaluation keys with lanes in different orders.
/// Equal orders mean the same evaluation key (another passes for it once in 2^32); with different ones
/// [`EvaluationKey::alignment`] tells which lane is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LaneOrder(pub u32);

impl LaneOrder {
    /// The order of `key`.
    #[must_use]
    pub fn of<T: Real, const N: usize>(key: &EvaluationKey<T, N>) -> Self {
        Self(super::keys::checksum(Kind::EvaluationKey, key.id(), key.columns()))
    }
}

/// What an encoding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A [`SecretKey`](crate::SecretKey).
    SecretKey,
    /// An [`EvaluationKey`].
    EvaluationKey,
    /// Elements in matrix form.
    Ciphertexts {
        /// How they are arranged.
        shape: Shape,
    },
    /// Elements in spectral form.
    Spectra {
        /// How they are arranged.
        shape: Shape,
        /// Which evaluation key orders their lanes.
        order: LaneOrder,
    },
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::SecretKey => 1,
            Self::EvaluationKey => 2,
            Self::Ciphertexts { .. } => 3,
            Self::Spectra { .. } => 4,
        }
    }
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
    /// The length in bytes of a key's header, and of the part that all headers have in common.
    pub const ENCODED_LEN: usize = COMMON;
    /// The length in bytes of the header of ciphertexts and spectra, the longest.
    pub const MAX_ENCODED_LEN: usize = ELEMENTS;

    /// The header of ciphertexts under the key `id`.
    ///
    /// # Errors
    ///
    /// [`Error::WrongShape`] for an image with an extent of zero, or if the encoding would be longer than `usize` counts.
    pub fn ciphertexts<T: Real, const N: usize>(id: KeyId, shape: Shape) -> Result<Self, Error> {
        Self::new::<T, N>(Kind::Ciphertexts { shape }, id).of::<Ciphertext<T, N>>()
    }

    /// The header of spectra with lanes in the order of `key`.
    ///
    /// # Errors
    ///
    /// As [`ciphertexts`](Self::ciphertexts).
    pub fn spectra<T: Real, const N: usize>(key: &EvaluationKey<T, N>, shape: Shape) -> Result<Self, Error> {
        let kind = Kind::Spectra { shape, order: LaneOrder::of(key) };
        Self::new::<T, N>(kind, key.id()).of::<Spectrum<T, N>>()
    }

    pub(super) const fn new<T: Real, const N: usize>(kind: Kind, id: KeyId) -> Self {
        const { assert!(N >= 2 && N <= MAX_LANES, "an encoding has 2 to 8 lanes") };
        Self { kind, version: VERSION, lanes: N as u8, scalar: T::SCALAR, id }
    }

    /// Reads the header at the start of `bytes`. That of a key is not verified by itself: the checksum at the end of
    /// the encoding covers it. That of ciphertexts and spectra has a checksum of its own, so a reader that gets the rest
    /// in pieces can rely on it.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`], [`Error::BadMagic`], [`Error::Version`], [`Error::WrongKind`], [`Error::WrongScalar`] or
    /// [`Error::WrongLanes`] for the first field that is not of this format; of ciphertexts and spectra
    /// [`Error::Checksum`] if the header is damaged and [`Error::WrongShape`] as [`ciphertexts`](Self::ciphertexts).
    pub fn peek(bytes: &[u8]) -> Result<Self, Error> {
        let (magic, _) = bytes.split_first_chunk::<4>().ok_or(Error::Truncated)?;
        if *magic != MAGIC {
            return Err(Error::BadMagic);
        }
        let Some(&[_, _, _, _, version, code, scalar, lanes, ref id @ ..]) = bytes.first_chunk::<COMMON>()
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
        let kind = match code {
            1 => Kind::SecretKey,
            2 => Kind::EvaluationKey,
            3 | 4 => read_kind(bytes)?,
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
        let header = Self { kind, version, lanes, scalar, id: KeyId(*id) };
        if header.checked_len().is_none() {
            return Err(Error::WrongShape);
        }
        Ok(header)
    }

    /// The number of elements; 1 for a key.
    #[must_use]
    pub const fn count(&self) -> usize {
        match self.kind {
            Kind::SecretKey | Kind::EvaluationKey => 1,
            Kind::Ciphertexts { shape } | Kind::Spectra { shape, .. } => shape.count(),
        }
    }

    /// The length of the whole encoding that this header begins; `usize::MAX` if it does not fit, which
    /// [`peek`](Self::peek) and the constructors exclude.
    #[must_use]
    pub const fn total_len(&self) -> usize {
        match self.checked_len() {
            Some(length) => length,
            None => usize::MAX,
        }
    }

    /// Whether `key` is the evaluation key that the spectra of this header need, or one that converts these ciphertexts.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKey`] if the ids differ; [`Error::Misaligned`] for spectra with lanes in the order of another
    /// evaluation key; [`Error::WrongKind`] if this is the header of a key.
    pub fn check_key<T: Real, const N: usize>(&self, key: &EvaluationKey<T, N>) -> Result<(), Error> {
        if key.id() != self.id {
            return Err(Error::WrongKey);
        }
        match self.kind {
            Kind::SecretKey | Kind::EvaluationKey => Err(Error::WrongKind),
            Kind::Spectra { order, .. } if order != LaneOrder::of(key) => Err(Error::Misaligned),
            Kind::Ciphertexts { .. } | Kind::Spectra { .. } => Ok(()),
        }
    }

    const fn checked_len(&self) -> Option<usize> {
        let n = self.lanes as u64;
        let bytes = match self.scalar {
            Scalar::F32 => 4,
            Scalar::F64 => 8,
        };
        let (header, count, element) = match self.kind {
            Kind::SecretKey | Kind::EvaluationKey => (COMMON, Some(1), n * n),
            Kind::Ciphertexts { shape } => (ELEMENTS, shape.checked_count(), n * n),
            Kind::Spectra { shape, .. } => (ELEMENTS, shape.checked_count(), n),
        };
        let Some(count) = count else { return None };
        let Some(payload) = count.checked_mul(element * bytes) else { return None };
        let Some(total) = payload.checked_add((header + CHECKSUM) as u64) else { return None };
        if total <= usize::MAX as u64 { Some(total as usize) } else { None }
    }

    /// This header, if it is one of elements of type `E`.
    pub(super) fn of<E: Encodable>(self) -> Result<Self, Error> {
        let matrix = match self.kind {
            Kind::Ciphertexts { .. } => true,
            Kind::Spectra { .. } => false,
            Kind::SecretKey | Kind::EvaluationKey => return Err(Error::WrongKind),
        };
        if matrix != E::MATRIX {
            return Err(Error::WrongKind);
        }
        if self.scalar != <E::Real as Real>::SCALAR {
            return Err(Error::WrongScalar);
        }
        if usize::from(self.lanes) != E::LANES {
            return Err(Error::WrongLanes(self.lanes));
        }
        if self.checked_len().is_none() {
            return Err(Error::WrongShape);
        }
        Ok(self)
    }

    /// The bytes of a key's header.
    pub(super) fn common_bytes(&self) -> [u8; COMMON] {
        let [m0, m1, m2, m3] = MAGIC;
        let bytes = match self.scalar {
            Scalar::F32 => 4,
            Scalar::F64 => 8,
        };
        let mut out = [0; COMMON];
        let fields = [m0, m1, m2, m3, VERSION, self.kind.code(), bytes, self.lanes];
        for (to, from) in out.iter_mut().zip(fields.iter().chain(&self.id.0)) {
            *to = *from;
        }
        out
    }

    /// The bytes of the header of elements, and the checksum to go on with for the whole encoding.
    pub(super) fn element_bytes(&self) -> ([u8; ELEMENTS], Crc32) {
        let (shape, order) = match self.kind {
            Kind::SecretKey | Kind::EvaluationKey => (Shape::Single, LaneOrder(0)),
            Kind::Ciphertexts { shape } => (shape, LaneOrder(0)),
            Kind::Spectra { shape, order } => (shape, order),
        };
        let [rank, first, second, third] = shape.to_words();
        let words = [order.0, rank, first, second, third].map(u32::to_le_bytes);
        let mut out = [0; ELEMENTS];
        for (to, from) in out.iter_mut().zip(self.common_bytes().iter().chain(words.as_flattened())) {
            *to = *from;
        }
        let mut crc = Crc32::new();
        if let Some((checked, checksum)) = out.split_last_chunk_mut::<CHECKSUM>() {
            crc.update(checked);
            *checksum = crc.value().to_le_bytes();
        }
        (out, crc)
    }
}

/// The checksum of a header of elements, to go on with. The header's checksum itself is left out: a CRC that went over
/// it as well would be the same after every header.
pub(super) fn begin_checksum(header: &[u8; ELEMENTS]) -> Crc32 {
    let mut crc = Crc32::new();
    if let Some(checked) = header.first_chunk::<CHECKED>() {
        crc.update(checked);
    }
    crc
}

fn read_kind(bytes: &[u8]) -> Result<Kind, Error> {
    let header = bytes.first_chunk::<ELEMENTS>().ok_or(Error::Truncated)?;
    let (_, words) = header.split_last_chunk::<{ ELEMENTS - COMMON }>().ok_or(Error::Truncated)?;
    let (words, _) = words.as_chunks::<4>();
    let &[order, rank, first, second, third, checksum] = words else { return Err(Error::Truncated) };
    if begin_checksum(header).value() != u32::from_le_bytes(checksum) {
        return Err(Error::Checksum);
    }
    let shape =
        Shape::from_words([rank, first, second, third].map(u32::from_le_bytes)).ok_or(Error::WrongShape)?;
    let order = LaneOrder(u32::from_le_bytes(order));
    match bytes.get(5) {
        Some(3) if order == LaneOrder(0) => Ok(Kind::Ciphertexts { shape }),
        Some(4) => Ok(Kind::Spectra { shape, order }),
        _ => Err(Error::WrongKind),
    }
}
