//! Ciphertexts and spectra from bytes, in pieces: [`Reader`].

use super::CHECKSUM;
use super::crc::Crc32;
use super::elements::Encodable;
use super::header::{self, Header};
use crate::{Error, Real};

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    Elements,
    Checksum,
    Whole,
    Failed(Error),
}

/// Reads an encoding from pieces of any size, element by element; it holds one element and the header.
///
/// The checksum comes last: elements are **not verified** before [`finish`](Self::finish) says so. The header is, by its
/// own checksum, before the first of them.
///
/// ```
/// use more_core::{Error, KeyId, Ciphertext};
/// use more_core::wire::{self, Header, Reader, Shape};
///
/// # fn main() -> Result<(), Error> {
/// let header = Header::ciphertexts::<f64, 2>(KeyId([7; 16]), Shape::Slice { count: 3 })?;
/// let mut bytes = [0; wire::encoded_len::<Ciphertext<f64, 2>>(3)];
/// wire::encode(&header, &[Ciphertext::<f64, 2>::scalar((), 0.5); 3], &mut bytes)?;
///
/// let mut reader = Reader::<Ciphertext<f64, 2>>::new();
/// let mut sum = Ciphertext::<f64, 2>::zero(());
/// for mut piece in bytes.chunks(7) {
///     while let Some(element) = reader.read(&mut piece)? {
///         sum += element;
///     }
/// }
/// assert_eq!(reader.finish()?, header);
/// assert_eq!(sum, Ciphertext::scalar((), 1.5));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Reader<E> {
    state: State,
    header: Option<Header>,
    crc: Crc32,
    /// The first `filled` bytes of the header, the next number, or the checksum.
    buffer: [u8; Header::MAX_ENCODED_LEN],
    filled: usize,
    /// Elements that are not complete yet.
    left: usize,
    element: E,
    /// How many numbers of it are there.
    scalars: usize,
}

impl<E: Encodable> Default for Reader<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Encodable> Reader<E> {
    /// A reader at the start of an encoding.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: State::Header,
            header: None,
            crc: Crc32::new(),
            buffer: [0; Header::MAX_ENCODED_LEN],
            filled: 0,
            left: 0,
            element: E::ZERO,
            scalars: 0,
        }
    }

    /// The header, once it is there.
    #[must_use]
    pub const fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The next element, and takes what it needs from the front of `input`; `None` once `input` is used up or the encoding
    /// is at its end. Bytes after the end are left.
    ///
    /// # Errors
    ///
    /// As [`Header::peek`]; [`Error::WrongKind`], [`Error::WrongScalar`] or [`Error::WrongLanes`] for an encoding of
    /// another type; [`Error::Checksum`]. After an error always the same.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<E>, Error> {
        let result = self.advance(input);
        if let Err(error) = result {
            self.state = State::Failed(error);
        }
        result
    }

    /// The header, if the whole encoding was read and its checksum is right.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] if bytes are missing, else what [`read`](Self::read) said.
    pub fn finish(self) -> Result<Header, Error> {
        match (self.state, self.header) {
            (State::Failed(error), _) => Err(error),
            (State::Whole, Some(header)) => Ok(header),
            _ => Err(Error::Truncated),
        }
    }

    fn advance(&mut self, input: &mut &[u8]) -> Result<Option<E>, Error> {
        loop {
            match self.state {
                State::Header => {
                    let whole = self.fill(Header::MAX_ENCODED_LEN, input);
                    let header = match Header::peek(self.buffer.get(..self.filled).unwrap_or_default()) {
                        Err(Error::Truncated) if !whole => return Ok(None),
                        header => header?.of::<E>()?,
                    };
                    self.header = Some(header);
                    self.crc = header::begin_checksum(&self.buffer);
                    self.left = header.count();
                    self.next(if self.left == 0 { State::Checksum } else { State::Elements });
                }
                State::Elements => {
                    if !self.fill(<E::Real as Real>::BYTES, input) {
                        return Ok(None);
                    }
                    self.crc.update(self.buffer.get(..<E::Real as Real>::BYTES).unwrap_or_default());
                    if let Some(scalar) = self.element.scalars_mut().get_mut(self.scalars) {
                        *scalar = E::Real::read_le(&self.buffer).ok_or(Error::Truncated)?;
                    }
                    self.filled = 0;
                    self.scalars += 1;
                    if self.scalars == E::SCALARS {
                        self.scalars = 0;
                        self.left = self.left.saturating_sub(1);
                        if self.left == 0 {
                            self.next(State::Checksum);
                        }
                        return Ok(Some(self.element));
                    }
                }
                State::Checksum => {
                    if !self.fill(CHECKSUM, input) {
                        return Ok(None);
                    }
                    let checksum = self.buffer.first_chunk().ok_or(Error::Truncated)?;
                    if self.crc.value() != u32::from_le_bytes(*checksum) {
                        return Err(Error::Checksum);
                    }
                    self.next(State::Whole);
                }
                State::Whole => return Ok(None),
                State::Failed(error) => return Err(error),
            }
        }
    }

    fn next(&mut self, state: State) {
        self.state = state;
        self.filled = 0;
    }

    /// Moves bytes from `input` to the buffer until `wanted` are there; whether they are.
    fn fill(&mut self, wanted: usize, input: &mut &[u8]) -> bool {
        let room = self.buffer.get_mut(self.filled..wanted).unwrap_or_default();
        let (taken, rest) = input.split_at_checked(room.len()).unwrap_or((*input, &[]));
        for (to, from) in room.iter_mut().zip(taken) {
            *to = *from;
        }
        self.filled += taken.len();
        *input = rest;
        self.filled >= wanted
    }
}
