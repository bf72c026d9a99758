//! Safetensors files that are no containers, read by position.

use std::fs::File;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::Archive;
use super::array::{Array, Bytes, Element};
use crate::container::PositionedFile;
use crate::error::{Error, Kind};

/// Bytes before the header: its length.
const PREFIX: u64 = 8;
/// Longest header that is read.
const MAXIMUM_HEADER: u64 = 1 << 24;

pub(super) struct Safetensors {
    path: PathBuf,
    metadata: Metadata,
    /// Where the data begins.
    start: u64,
    size: u64,
}

impl Safetensors {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let read = |error| Error::io(path, "read", error);
        let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        let size = file.metadata().map_err(read)?.len();
        let file = PositionedFile::new(file);
        let wrong = || Error::new(Kind::WrongFile, "no safetensors file").at(path);
        let mut prefix = [0; PREFIX as usize];
        if size < PREFIX {
            return Err(wrong());
        }
        file.read_exact_at(&mut prefix, 0).map_err(read)?;
        let length = u64::from_le_bytes(prefix);
        if length > MAXIMUM_HEADER || length > size - PREFIX {
            return Err(wrong());
        }
        let mut header = vec![0; length as usize];
        file.read_exact_at(&mut header, PREFIX).map_err(read)?;
        let metadata: Metadata = serde_json::from_slice(&header).map_err(|error| wrong().caused_by(error))?;
        Ok(Self { path: path.to_owned(), metadata, start: PREFIX + length, size })
    }
}

impl Archive for Safetensors {
    fn names(&self) -> Vec<String> {
        let mut names = self.metadata.offset_keys();
        names.sort();
        names
    }

    fn array(&mut self, name: &str) -> Result<Array, Error> {
        let path = &self.path;
        let at = |error: Error| error.at(path).position(format!("array `{name}`"));
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| at(Error::new(Kind::Missing, "there is no such array")))?;
        let element = match info.dtype {
            Dtype::BOOL | Dtype::U8 => Element::Unsigned(1),
            Dtype::U16 => Element::Unsigned(2),
            Dtype::U32 => Element::Unsigned(4),
            Dtype::U64 => Element::Unsigned(8),
            Dtype::I8 => Element::Signed(1),
            Dtype::I16 => Element::Signed(2),
            Dtype::I32 => Element::Signed(4),
            Dtype::I64 => Element::Signed(8),
            Dtype::F32 => Element::Float(4),
            Dtype::F64 => Element::Float(8),
            other => {
                let message = format!("the type is {other:?}, expected whole numbers, F32 or F64");
                return Err(at(Error::new(Kind::Malformed, message)));
            }
        };
        let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        let begin = self.start + info.data_offsets.0 as u64;
        let bytes = Bytes::File(PositionedFile::new(file), begin);
        let available = self.size.saturating_sub(begin);
        Array::new(path.clone(), name, info.shape.clone(), (element, false), bytes, available)
    }
}
