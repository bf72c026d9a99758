//! Ciphertexts and spectra as bytes, in pieces: [`Writer`].

use core::fmt;
use core::marker::PhantomData;

use super::crc::Crc32;
use super::elements::Encodable;
use super::header::Header;
use crate::{Error, Real};

/// Why bytes could not be written to a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError<E> {
    /// The sink's own error. What it has taken before is not a whole encoding.
    Sink(E),
    /// The header or the number of elements or bytes is not what it must be. Nothing of this call was written.
    Encoding(Error),
}

impl<E> From<Error> for WriteError<E> {
    fn from(error: Error) -> Self {
        Self::Encoding(error)
    }
}

impl<E: fmt::Display> fmt::Display for WriteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sink(error) => write!(f, "the sink failed: {error}"),
            Self::Encoding(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for WriteError<E> {}

/// Writes an encoding to a sink piece by piece, the same bytes as [`encode`](super::encode()): a device that holds one row
/// of an image encodes it row by row.
///
/// The sink is a function that takes bytes, at most 64 at a time: a serial port, a file, a
/// [`stream::Transfer`](super::stream::Transfer).
///
/// ```
/// use more_core::{Ciphertext, KeyId};
/// use more_core::wire::{self, Header, Shape, WriteError, Writer};
///
/// # fn main() -> Result<(), WriteError<&'static str>> {
/// let header = Header::ciphertexts::<f32, 2>(KeyId([7; 16]), Shape::Image { channels: 1, height: 3, width: 4 })?;
/// let mut sent = heapless::Vec::<u8, 256>::new();
/// let mut writer = Writer::<Ciphertext<f32, 2>, _>::new(&header, |bytes: &[u8]| sent.extend_from_slice(bytes).map_err(|_| "line is full"))?;
/// for y in 0..3 {
///     let row = [Ciphertext::scalar((), y as f32); 4];
///     writer.write(&row)?;
/// }
/// writer.finish()?;
/// assert_eq!(sent.len(), wire::encoded_len::<Ciphertext<f32, 2>>(12));
/// # Ok(())
/// # }
/// ```
#[must_use = "an encoding without its end is not one"]
#[derive(Debug)]
pub struct Writer<E, W> {
    sink: W,
    crc: Crc32,
    left: usize,
    form: PhantomData<E>,
}

impl<E: Encodable, W> Writer<E, W> {
    /// Writes the header.
    ///
    /// # Errors
    ///
    /// [`WriteError::Sink`]; [`WriteError::Encoding`] as [`encode`](super::encode()) for a header that does not fit.
    pub fn new<S>(header: &Header, mut sink: W) -> Result<Self, WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        let header = header.of::<E>()?;
        let (bytes, crc) = header.element_bytes();
        sink(&bytes).map_err(WriteError::Sink)?;
        Ok(Self { sink, crc, left: header.count(), form: PhantomData })
    }

    /// Writes the next elements, in the order of the [`Shape`](super::Shape).
    ///
    /// # Errors
    ///
    /// [`WriteError::Sink`]; [`Error::Length`] for more elements than the header says.
    pub fn write<S>(&mut self, elements: &[E]) -> Result<(), WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        self.left = self.left.checked_sub(elements.len()).ok_or(Error::Length)?;
        let mut block = [0; 64];
        for element in elements {
            for scalars in element.scalars().chunks(const { 64 / <E::Real as Real>::BYTES }) {
                let mut length = 0;
                for (bytes, scalar) in block.chunks_exact_mut(<E::Real as Real>::BYTES).zip(scalars) {
                    scalar.write_le(bytes).ok_or(Error::BufferTooSmall)?;
                    length += <E::Real as Real>::BYTES;
                }
                let bytes = block.get(..length).unwrap_or_default();
                self.crc.update(bytes);
                (self.sink)(bytes).map_err(WriteError::Sink)?;
            }
        }
        Ok(())
    }

    /// How many elements are still to be written.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left
    }

    /// Writes the checksum.
    ///
    /// # Errors
    ///
    /// [`WriteError::Sink`]; [`Error::Length`] if elements are missing.
    pub fn finish<S>(mut self) -> Result<(), WriteError<S>>
    where
        W: FnMut(&[u8]) -> Result<(), S>,
    {
        if self.left != 0 {
            return Err(Error::Length.into());
        }
        (self.sink)(&self.crc.value().to_le_bytes()).map_err(WriteError::Sink)
    }
}
