//! Reading a container by position.

use std::fs::File;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::CHECKSUMS;
use super::checksum::{self, BLOCK};
use super::element::{Element, ElementType};
use super::header::{self, MAXIMUM_HEADER, PREFIX, TensorInfo};
use super::memory::MemoryFile;
use super::metadata::{Content, Metadata};
use super::positioned::{PositionedFile, Source};
use crate::error::{Error, Kind};
use crate::lines::{self, Lines};

/// Memory that a reader uses again and again, in whole cache lines.
#[derive(Clone, Debug)]
pub struct ReadBuffer {
    words: Lines<u64>,
}

impl ReadBuffer {
    /// An empty buffer; it grows with the first read.
    #[must_use]
    pub fn new() -> Self {
        Self { words: lines::empty() }
    }

    fn bytes(&mut self, length: usize) -> &mut [u8] {
        let words = length.div_ceil(8);
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
        &mut bytemuck::cast_slice_mut(&mut self.words[..words])[..length]
    }
}

impl Default for ReadBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// A container that is open for reading. All methods take `&self`, so that threads can share it.
///
/// Opening it checks the header, its checksum and that file and header agree; each MiB of data is checked against its
/// checksum when it is first read.
#[derive(Debug)]
pub struct Container {
    path: PathBuf,
    file: Source,
    metadata: Metadata,
    /// Without `checksums`.
    tensors: Vec<TensorInfo>,
    /// Where the data section begins in the file.
    start: u64,
    /// Length of the data section without the checksums.
    length: u64,
    /// One for each block.
    checksums: Vec<u32>,
    verified: Vec<AtomicBool>,
}

impl Container {
    /// Opens the container at `path`.
    ///
    /// # Errors
    /// [`Kind::Io`], [`Kind::WrongFile`], [`Kind::Version`], [`Kind::Truncated`], [`Kind::Malformed`],
    /// [`Kind::Corrupt`], [`Kind::Key`]: each names file and place.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        open(path).map_err(|error| error.at(path))
    }

    /// Opens the container at `path`, which must hold `content`.
    ///
    /// # Errors
    /// As [`Self::open`]; [`Kind::WrongFile`] for another content.
    pub fn open_as(path: impl AsRef<Path>, content: Content) -> Result<Self, Error> {
        Self::open(path)?.holding(content)
    }

    /// Opens a container in memory, which must hold `content`.
    ///
    /// # Errors
    /// As [`Self::open_as`].
    pub fn open_memory(file: &MemoryFile, content: Content) -> Result<Self, Error> {
        let path = Path::new(MemoryFile::NAME);
        let bytes = file.bytes();
        let length = bytes.len() as u64;
        let container = parse(path, Source::Memory(bytes), length);
        container.map_err(|error| error.at(path))?.holding(content)
    }

    fn holding(self, content: Content) -> Result<Self, Error> {
        let found = self.metadata.content;
        if found != content {
            let message = format!("the file holds {found}, expected {content}");
            return Err(Error::new(Kind::WrongFile, message).at(&self.path).with_hint(match content {
                Content::Images => "images are made by `more-nn encrypt`",
                Content::Model => "models are made by `more-nn train`",
                Content::Outputs => "outputs are made by `more-nn predict`",
                Content::Metrics => "metrics are made by `more-nn train --metrics`",
            }));
        }
        Ok(self)
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says about its content.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Its tensors in file order, the evaluation key's included.
    #[must_use]
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// Whether there is a tensor of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.tensors.iter().any(|info| info.name() == name)
    }

    /// The tensor of that name.
    ///
    /// # Errors
    /// [`Kind::Missing`].
    pub fn tensor(&self, name: &str) -> Result<&TensorInfo, Error> {
        let found = self.tensors.iter().find(|info| info.name() == name);
        found.ok_or_else(|| {
            Error::new(Kind::Missing, format!("the file has no tensor `{name}`")).at(&self.path)
        })
    }

    /// The tensor of that name, which must have this element type and shape.
    ///
    /// # Errors
    /// [`Kind::Missing`]; [`Kind::Shape`].
    pub fn expect(&self, name: &str, element: ElementType, shape: &[usize]) -> Result<&TensorInfo, Error> {
        let info = self.tensor(name)?;
        if info.element() != element || info.shape() != shape {
            let (found, expected) = (info.element().name(), element.name());
            let message = format!("{found} {:?}, expected {expected} {shape:?}", info.shape());
            return Err(Error::new(Kind::Shape, message).at(&self.path).position(format!("tensor `{name}`")));
        }
        Ok(info)
    }

    /// Reads rows (indices of the first dimension) of a tensor; the values live in `buffer`, or where they are in memory already.
    ///
    /// # Errors
    /// [`Kind::Missing`] and [`Kind::Shape`] for a name, element type or range that the file does not have;
    /// [`Kind::Corrupt`], [`Kind::Truncated`], [`Kind::Io`].
    pub fn read_rows<'b, E: Element>(
        &'b self,
        name: &str,
        rows: Range<usize>,
        buffer: &'b mut ReadBuffer,
    ) -> Result<&'b [E], Error> {
        let info = self.tensor(name)?;
        let shape_error =
            |message| Error::new(Kind::Shape, message).at(&self.path).position(format!("tensor `{name}`"));
        if info.element() != E::TYPE {
            return Err(shape_error(format!(
                "{} values, expected {}",
                info.element().name(),
                E::TYPE.name()
            )));
        }
        if rows.start > rows.end || rows.end > info.rows() {
            return Err(shape_error(format!("rows {rows:?} of {}", info.rows())));
        }
        self.read_part(info, rows, 0..info.row_len(), buffer)
    }

    /// Reads the values of `columns` of a row, or whole rows one after the other; all were checked to exist.
    pub(super) fn read_part<'b, E: Element>(
        &'b self,
        info: &TensorInfo,
        rows: Range<usize>,
        columns: Range<usize>,
        buffer: &'b mut ReadBuffer,
    ) -> Result<&'b [E], Error> {
        if rows.is_empty() || columns.is_empty() {
            return Ok(&[]);
        }
        let Range { start: begin, end } = positions(info, rows, columns);
        // In memory, values are what the file's bytes are where they lie as this machine wants them.
        if let Some(bytes) = self.file.memory(self.start + begin..self.start + end)
            && cfg!(target_endian = "little")
            && let Ok(values) = bytemuck::try_cast_slice(bytes)
        {
            self.verify_blocks(begin / BLOCK..=(end - 1) / BLOCK, |block| {
                let positions = self.start + block.start..self.start + block.end;
                self.file.memory(positions).unwrap_or_default()
            })?;
            return Ok(values);
        }
        let bytes = self.read_bytes(begin..end, buffer)?;
        let values: &mut [E] = bytemuck::cast_slice_mut(bytes);
        if cfg!(target_endian = "big") {
            values.iter_mut().for_each(|value| *value = value.swapped());
        }
        Ok(values)
    }

    /// The bytes of some values of a row where the file is in memory and has them, unchecked.
    #[cfg(feature = "engine")]
    pub(super) fn bytes_in_memory(
        &self,
        info: &TensorInfo,
        row: usize,
        values: Range<usize>,
    ) -> Option<&[u8]> {
        if row >= info.rows() {
            return None;
        }
        let Range { start, end } = positions(info, row..row + 1, values);
        self.file.memory(self.start + start..self.start + end)
    }

    /// Reads a whole tensor.
    ///
    /// # Errors
    /// As [`Self::read_rows`].
    pub fn read_all<E: Element>(&self, name: &str) -> Result<Vec<E>, Error> {
        let rows = self.tensor(name)?.rows();
        let mut buffer = ReadBuffer::new();
        Ok(self.read_rows(name, 0..rows, &mut buffer)?.to_vec())
    }

    /// Checks all blocks that were not read yet.
    ///
    /// # Errors
    /// [`Kind::Corrupt`], [`Kind::Truncated`], [`Kind::Io`].
    pub fn verify(&self) -> Result<(), Error> {
        let mut buffer = ReadBuffer::new();
        let mut begin = 0;
        while begin < self.length {
            let end = self.length.min(begin + BLOCK);
            self.read_bytes(begin..end, &mut buffer)?;
            begin = end;
        }
        Ok(())
    }

    /// Reads a range of the data section that is not empty, extended to whole blocks where these are still to be checked.
    fn read_bytes<'b>(&self, range: Range<u64>, buffer: &'b mut ReadBuffer) -> Result<&'b mut [u8], Error> {
        let (first, last) = (range.start / BLOCK, (range.end - 1) / BLOCK);
        let is_verified = |block: u64| self.verified[block as usize].load(Ordering::Relaxed);
        let begin = if is_verified(first) { range.start } else { first * BLOCK };
        let end = if is_verified(last) { range.end } else { self.length.min((last + 1) * BLOCK) };
        let length = usize::try_from(end - begin).map_err(|_| {
            Error::new(Kind::Shape, "the rows do not fit into this machine's address space").at(&self.path)
        })?;
        let bytes = buffer.bytes(length);
        self.file.read_exact_at(bytes, self.start + begin).map_err(|error| {
            Error::io(&self.path, "read", error).position(format!("byte {}", self.start + begin))
        })?;
        let place = |position: u64| (position - begin) as usize;
        self.verify_blocks(first..=last, |block| &bytes[place(block.start)..place(block.end)])?;
        Ok(&mut bytes[place(range.start)..place(range.end)])
    }

    /// Checks those of these blocks that were not checked yet; `bytes` gives those at positions in the data section.
    fn verify_blocks<'b>(
        &self,
        blocks: RangeInclusive<u64>,
        bytes: impl Fn(Range<u64>) -> &'b [u8],
    ) -> Result<(), Error> {
        for block in blocks {
            let verified = &self.verified[block as usize];
            if verified.load(Ordering::Relaxed) {
                continue;
            }
            let (begin, end) = (block * BLOCK, self.length.min((block + 1) * BLOCK));
            if crc32fast::hash(bytes(begin..end)) != self.checksums[block as usize] {
                let position = format!("bytes {} to {}", self.start + begin, self.start + end);
                return Err(corrupt("the checksum does not match").at(&self.path).position(position));
            }
            verified.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Where some values of a row, or whole rows one after the other, lie in the data section. Within the tensor's size, which was
/// checked not to overflow.
fn positions(info: &TensorInfo, rows: Range<usize>, columns: Range<usize>) -> Range<u64> {
    let (row, value) = (info.row_len() as u64, info.element().bytes() as u64);
    let at = |index: usize, column: usize| info.begin + (index as u64 * row + column as u64) * value;
    at(rows.start, columns.start)..at(rows.end - 1, columns.end)
}

fn corrupt(message: &str) -> Error {
    Error::new(Kind::Corrupt, message)
        .with_hint("the file was damaged after it was written; copy or make it again")
}

fn open(path: &Path) -> Result<Container, Error> {
    let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
    let found = file.metadata().map_err(|error| Error::io(path, "read", error))?;
    if !found.is_file() {
        return Err(Error::new(Kind::WrongFile, "not a regular file; containers are read by position"));
    }
    parse(path, Source::File(PositionedFile::new(file)), found.len())
}

fn parse(path: &Path, file: Source, size: u64) -> Result<Container, Error> {
    let read = |buffer: &mut [u8], position: u64| {
        file.read_exact_at(buffer, position)
            .map_err(|error| Error::io(path, "read", error).position(format!("byte {position}")))
    };
    if size < PREFIX as u64 {
        let message = format!("{size} bytes are too few for a container");
        return Err(Error::new(if size == 0 { Kind::Truncated } else { Kind::WrongFile }, message));
    }
    let mut prefix = [0; PREFIX];
    read(&mut prefix, 0)?;
    let header_length = u64::from_le_bytes(prefix);
    let known = matches!(prefix, [b'M', b'O', b'R', b'E', ..] | [0x1f, 0x8b, ..] | [0, 0, 8, 1 | 3, ..]);
    if known && header_length > size {
        return Err(wrong_file(&prefix));
    }
    if !(2..=MAXIMUM_HEADER).contains(&header_length) {
        return Err(wrong_file(&prefix));
    }
    let Some(data_length) = (size - PREFIX as u64).checked_sub(header_length) else {
        let message = format!("the header needs {header_length} bytes, the file has {size}");
        let error = Error::new(Kind::Truncated, message).position("byte 0");
        return Err(error.with_hint("no container, or one that was cut off; copy or make it again"));
    };
    // At most MAXIMUM_HEADER, and no more than the file has.
    let mut header_bytes = vec![0; PREFIX + header_length as usize];
    read(&mut header_bytes, 0)?;
    if header_bytes[PREFIX] != b'{' {
        return Err(wrong_file(&prefix));
    }
    let (metadata, mut tensors) = header::decode(&header_bytes[PREFIX..], data_length)?;
    let last = tensors.pop().filter(|info| info.name() == CHECKSUMS && info.element() == ElementType::U32);
    let last = last.filter(|info| info.shape().len() == 1);
    let Some(last) = last else {
        return Err(Error::new(Kind::Malformed, "the last tensor is not `checksums`").position("header"));
    };
    if last.rows() as u64 != checksum::count(last.begin) {
        let message = format!("{} checksums, expected {}", last.rows(), checksum::count(last.begin));
        return Err(Error::new(Kind::Malformed, message).position("header"));
    }
    let start = PREFIX as u64 + header_length;
    let mut checksums = vec![0; last.rows() * 4];
    read(&mut checksums, start + last.begin)?;
    let mut checksums = checksums
        .chunks_exact(4)
        .map(|bytes| bytes.iter().rev().fold(0u32, |sum, &byte| sum << 8 | u32::from(byte)));
    if checksums.next() != Some(crc32fast::hash(&header_bytes)) {
        return Err(corrupt("the checksum does not match").position("header"));
    }
    let checksums: Vec<u32> = checksums.collect();
    let verified = checksums.iter().map(|_| AtomicBool::new(false)).collect();
    let (path, length) = (path.to_owned(), last.begin);
    let container = Container { path, file, metadata, tensors, start, length, checksums, verified };
    super::keys::check_stored(&container)?;
    Ok(container)
}

fn wrong_file(prefix: &[u8]) -> Error {
    let hint = match prefix {
        [b'M', b'O', b'R', b'E', ..] => "this looks like a key file; expected a container",
        [0x1f, 0x8b, ..] => "this looks like a gzip file; sources of data are given as mnist:DIR",
        [0, 0, 8, 1 | 3, ..] => "this looks like an IDX file; sources of data are given as mnist:DIR",
        _ => "expected a file that more-nn has written",
    };
    Error::new(Kind::WrongFile, "not a container of more-nn (no safetensors header)").with_hint(hint)
}
