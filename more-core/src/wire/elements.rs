//! Ciphertexts and spectra as bytes, whole.

use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::slice::ChunksExact;

use super::CHECKSUM;
use super::header::{self, Header};
use crate::{Ciphertext, Error, Real, Spectrum};

pub(super) mod sealed {
    use crate::{Ciphertext, Real, Spectrum};

    pub trait Sealed: Copy {
        type Real: Real;
        const MATRIX: bool;
        const LANES: usize;
        const SCALARS: usize;
        const ZERO: Self;
        fn scalars(&self) -> &[Self::Real];
        fn scalars_mut(&mut self) -> &mut [Self::Real];
    }

    impl<T: Real, const N: usize> Sealed for Ciphertext<T, N> {
        type Real = T;
        const MATRIX: bool = true;
        const LANES: usize = N;
        const SCALARS: usize = N * N;
        const ZERO: Self = Self::from_columns([[T::ZERO; N]; N]);

        #[inline]
        fn scalars(&self) -> &[T] {
            self.columns().as_flattened()
        }
        #[inline]
        fn scalars_mut(&mut self) -> &mut [T] {
            self.columns_mut().as_flattened_mut()
        }
    }

    impl<T: Real, const N: usize> Sealed for Spectrum<T, N> {
        type Real = T;
        const MATRIX: bool = false;
        const LANES: usize = N;
        const SCALARS: usize = N;
        const ZERO: Self = Self::from_lanes([T::ZERO; N]);

        #[inline]
        fn scalars(&self) -> &[T] {
            self.lanes()
        }
        #[inline]
        fn scalars_mut(&mut self) -> &mut [T] {
            self.lanes_mut()
        }
    }
}

/// What has an encoding in lists and images: [`Ciphertext`] and [`Spectrum`] of numbers. The trait is sealed.
pub trait Encodable: sealed::Sealed {
    /// Bytes of one element: `N^2` numbers column by column in matrix form, `N` in spectral form.
    const ENCODED_LEN: usize = Self::SCALARS * <Self::Real as Real>::BYTES;
}

impl<T: Real, const N: usize> Encodable for Ciphertext<T, N> {}
impl<T: Real, const N: usize> Encodable for Spectrum<T, N> {}

/// The length of the encoding of `count` elements, for buffers: header, elements, checksum.
///
/// ```
/// use more_core::{Spectrum, wire};
///
/// static BUFFER: [u8; wire::encoded_len::<Spectrum<f32, 2>>(28 * 28)] = [0; 48 + 8 * 784 + 4];
/// # assert_eq!(BUFFER.len(), 6324);
/// ```
#[must_use]
pub const fn encoded_len<E: Encodable>(count: usize) -> usize {
    Header::MAX_ENCODED_LEN + count * E::ENCODED_LEN + CHECKSUM
}

/// Writes `header` and `elements` to the start of `out` and returns the length, [`Header::total_len`].
///
/// ```
/// use more_core::{EvaluationKey, KeyId, Spectrum};
/// use more_core::wire::{self, Header, Shape};
///
/// # fn main() -> Result<(), more_core::Error> {
/// let key = EvaluationKey::<f32, 2>::from_parts(KeyId([7; 16]), [[1.0, 2.0], [-2.0, 1.0]])?;
/// let image = [[0.25, 0.5], [0.75, 0.0]].map(Spectrum::from_lanes);
/// let header = Header::spectra(&key, Shape::Image { channels: 1, height: 1, width: 2 })?;
/// let mut bytes = [0; wire::encoded_len::<Spectrum<f32, 2>>(2)];
/// wire::encode(&header, &image, &mut bytes)?;
///
/// let mut back = [Spectrum::<f32, 2>::zero(()); 2];
/// let met = wire::decode(&bytes, &mut back)?;
/// met.check_key(&key)?;
/// assert_eq!((met, back), (header, image));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::WrongKind`], [`Error::WrongScalar`], [`Error::WrongLanes`] or [`Error::WrongShape`] for a header that is not
/// one of such elements; [`Error::Length`] for another number of elements than it says; [`Error::BufferTooSmall`].
pub fn encode<E: Encodable>(header: &Header, elements: &[E], out: &mut [u8]) -> Result<usize, Error> {
    let header = header.of::<E>()?;
    if elements.len() != header.count() {
        return Err(Error::Length);
    }
    let length = header.total_len();
    let out = out.get_mut(..length).ok_or(Error::BufferTooSmall)?;
    let (head, rest) = out.split_first_chunk_mut().ok_or(Error::BufferTooSmall)?;
    let (payload, checksum) = rest.split_last_chunk_mut::<CHECKSUM>().ok_or(Error::BufferTooSmall)?;
    let (bytes, mut crc) = header.element_bytes();
    *head = bytes;
    let scalars = elements.iter().flat_map(|element| element.scalars());
    for (bytes, scalar) in payload.chunks_exact_mut(<E::Real as Real>::BYTES).zip(scalars) {
        scalar.write_le(bytes).ok_or(Error::BufferTooSmall)?;
    }
    crc.update(payload);
    *checksum = crc.value().to_le_bytes();
    Ok(length)
}

/// Reads what [`encode`] wrote to the start of `out`, bit by bit the same elements, and returns the header, whose
/// [`count`](Header::count) says how many there are. Lanes that are not finite are no error here: a mask may overflow.
///
/// # Errors
///
/// As [`elements`]; [`Error::BufferTooSmall`] if `out` has fewer elements. `out` is then as it was.
pub fn decode<E: Encodable>(bytes: &[u8], out: &mut [E]) -> Result<Header, Error> {
    let (header, elements) = elements::<E>(bytes)?;
    let out = out.get_mut(..header.count()).ok_or(Error::BufferTooSmall)?;
    for (to, element) in out.iter_mut().zip(elements) {
        *to = element;
    }
    Ok(header)
}

/// The header of an encoding and an iterator that decodes its elements one by one; the checksum is verified first.
///
/// # Errors
///
/// As [`Header::peek`]; [`Error::WrongKind`], [`Error::WrongScalar`] or [`Error::WrongLanes`] for an encoding of another
/// type; [`Error::Truncated`], [`Error::TrailingBytes`], [`Error::Checksum`].
pub fn elements<E: Encodable>(bytes: &[u8]) -> Result<(Header, Elements<'_, E>), Error> {
    let header = Header::peek(bytes)?.of::<E>()?;
    let length = header.total_len();
    let encoding = bytes.get(..length).ok_or(Error::Truncated)?;
    if bytes.len() != length {
        return Err(Error::TrailingBytes);
    }
    let (body, checksum) = encoding.split_last_chunk::<CHECKSUM>().ok_or(Error::Truncated)?;
    let (head, payload) = body.split_first_chunk().ok_or(Error::Truncated)?;
    let mut crc = header::begin_checksum(head);
    crc.update(payload);
    if crc.value() != u32::from_le_bytes(*checksum) {
        return Err(Error::Checksum);
    }
    let chunks = payload.chunks_exact(const { element_len::<E>() });
    Ok((header, Elements { chunks, form: PhantomData }))
}

const fn element_len<E: Encodable>() -> usize {
    assert!(E::LANES >= 2 && E::LANES <= crate::MAX_LANES, "an encoding has 2 to 8 lanes");
    E::ENCODED_LEN
}

/// The elements of a verified encoding, decoded one by one. Made by [`elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a, E> {
    chunks: ChunksExact<'a, u8>,
    form: PhantomData<E>,
}

impl<E: Encodable> Iterator for Elements<'_, E> {
    type Item = E;

    #[inline]
    fn next(&mut self) -> Option<E> {
        let bytes = self.chunks.next()?;
        let mut element = E::ZERO;
        let numbers = bytes.chunks_exact(<E::Real as Real>::BYTES);
        for (scalar, bytes) in element.scalars_mut().iter_mut().zip(numbers) {
            *scalar = E::Real::read_le(bytes)?;
        }
        Some(element)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chunks.size_hint()
    }
}

impl<E: Encodable> ExactSizeIterator for Elements<'_, E> {}
impl<E: Encodable> FusedIterator for Elements<'_, E> {}
