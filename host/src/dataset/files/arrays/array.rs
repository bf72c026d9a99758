//! One array, read by position.

use std::fmt;
use std::path::PathBuf;

use crate::container::PositionedFile;
use crate::error::{Error, Kind};

/// The type of an array's numbers, with its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Unsigned(usize),
    Signed(usize),
    Float(usize),
}

impl Element {
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Unsigned(bytes) | Self::Signed(bytes) | Self::Float(bytes) => bytes,
        }
    }

    /// The number in up to eight bytes, the least significant first.
    fn number(self, bytes: &[u8]) -> f64 {
        let bits = bytes.iter().rev().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let unused = 64 - 8 * bytes.len() as u32;
        match self {
            Self::Unsigned(_) => bits as f64,
            Self::Signed(_) => (((bits << unused) as i64) >> unused) as f64,
            Self::Float(4) => f64::from(f32::from_bits(bits as u32)),
            Self::Float(_) => f64::from_bits(bits),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (letter, bytes) = match self {
            Self::Unsigned(bytes) => ('u', bytes),
            Self::Signed(bytes) => ('i', bytes),
            Self::Float(bytes) => ('f', bytes),
        };
        write!(f, "{letter}{}", 8 * bytes)
    }
}

/// Where an array's bytes are.
#[derive(Debug)]
pub(super) enum Bytes {
    /// In a file from this position on.
    File(PositionedFile, u64),
    /// In memory: they were compressed.
    Memory(Vec<u8>),
}

/// An array whose size was checked to be that of its bytes.
#[derive(Debug)]
pub(super) struct Array {
    path: PathBuf,
    name: String,
    shape: Vec<usize>,
    element: Element,
    big_endian: bool,
    bytes: Bytes,
}

impl Array {
    /// An array of the file at `path`, which has `available` bytes for it.
    ///
    /// # Errors
    /// [`Kind::Truncated`] where these are too few.
    pub(super) fn new(
        path: PathBuf,
        name: &str,
        shape: Vec<usize>,
        (element, big_endian): (Element, bool),
        bytes: Bytes,
        available: u64,
    ) -> Result<Self, Error> {
        let needed = shape.iter().try_fold(element.bytes(), |product, extent| product.checked_mul(*extent));
        if needed.is_none_or(|needed| needed as u64 > available) {
            let message = format!("the shape {shape:?} of {element} needs more than {available} bytes");
            let error = Error::new(Kind::Truncated, message).at(path);
            return Err(error.position(format!("array `{name}`")));
        }
        Ok(Self { path, name: name.to_owned(), shape, element, big_endian, bytes })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn element(&self) -> Element {
        self.element
    }

    /// Reads numbers from index `first` on, which the array must have.
    ///
    /// # Errors
    /// [`Kind::Io`], [`Kind::Truncated`].
    pub(super) fn read(&self, first: usize, out: &mut [f64]) -> Result<(), Error> {
        let width = self.element.bytes();
        let (begin, length) = (first * width, out.len() * width);
        let mut read;
        let bytes = match &self.bytes {
            Bytes::Memory(bytes) => bytes.get(begin..begin + length).unwrap_or_default(),
            Bytes::File(file, start) => {
                read = vec![0; length];
                file.read_exact_at(&mut read, start + begin as u64)
                    .map_err(|error| Error::io(&self.path, "read", error))?;
                &read
            }
        };
        for (value, bytes) in out.iter_mut().zip(bytes.chunks_exact(width)) {
            *value = if self.big_endian {
                let mut turned = [0; 8];
                for (to, from) in turned.iter_mut().zip(bytes.iter().rev()) {
                    *to = *from;
                }
                self.element.number(&turned[..width])
            } else {
                self.element.number(bytes)
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(element: Element, big_endian: bool, bytes: &[u8]) -> Vec<f64> {
        let count = bytes.len() / element.bytes();
        let memory = Bytes::Memory(bytes.to_vec());
        let available = bytes.len() as u64;
        let array =
            Array::new("a".into(), "x", vec![count], (element, big_endian), memory, available).unwrap();
        let mut out = vec![0.0; count - 1];
        array.read(1, &mut out).unwrap();
        out
    }

    #[test]
    fn numbers_of_every_type_are_read() {
        assert_eq!(read(Element::Unsigned(1), false, &[7, 255]), [255.0]);
        assert_eq!(read(Element::Signed(1), false, &[7, 255]), [-1.0]);
        assert_eq!(read(Element::Unsigned(2), true, &[0, 0, 1, 2]), [258.0]);
        for value in [-3.0_f64, 1e9] {
            let both = |integer: i64, float: f32| {
                let bytes = [0, integer].map(i64::to_le_bytes).concat();
                assert_eq!(read(Element::Signed(8), false, &bytes), [value]);
                let bytes = [0.0, float].map(f32::to_be_bytes).concat();
                assert_eq!(read(Element::Float(4), true, &bytes), [value]);
            };
            both(value as i64, value as f32);
            let bytes = [0.0, value].map(f64::to_le_bytes).concat();
            assert_eq!(read(Element::Float(8), false, &bytes), [value]);
        }
    }

    #[test]
    fn shapes_that_need_more_than_there_is_are_refused() {
        for shape in [vec![3], vec![usize::MAX, 2]] {
            let made = Array::new(
                "a".into(),
                "x",
                shape,
                (Element::Unsigned(1), false),
                Bytes::Memory(vec![0; 2]),
                2,
            );
            assert_eq!(made.unwrap_err().kind(), Kind::Truncated);
        }
    }
}
