//! `npz`: a zip archive of `npy` files.
//!
//! What `numpy.savez` writes is not compressed and is read by position. What `savez_compressed` writes cannot be: an array of it
//! is held in memory.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use zip::{CompressionMethod, ZipArchive};

use super::Archive;
use super::array::{Array, Bytes, Element};
use crate::container::PositionedFile;
use crate::error::{Error, Kind};

pub(super) struct Npz {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
}

impl Npz {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            Error::new(Kind::WrongFile, "no readable npz file (a zip archive)").at(path).caused_by(error)
        })?;
        Ok(Self { path: path.to_owned(), archive })
    }
}

impl Archive for Npz {
    fn names(&self) -> Vec<String> {
        let names = self.archive.file_names().filter_map(Result::ok);
        let name =
            |file: std::borrow::Cow<'_, str>| npyz::npz::array_name_from_file_name(&file).map(str::to_owned);
        let mut names: Vec<String> = names.filter_map(name).collect();
        names.sort();
        names
    }

    fn array(&mut self, name: &str) -> Result<Array, Error> {
        let path = &self.path;
        let at = |error: Error| error.at(path).position(format!("array `{name}`"));
        let damaged = |error: io::Error| at(Error::new(Kind::Corrupt, "cannot be read").caused_by(error));
        let mut entry = self
            .archive
            .by_name(&npyz::npz::file_name_from_array_name(name))
            .map_err(|error| damaged(error.into()))?;
        let (size, stored) = (entry.size(), entry.compression() == CompressionMethod::Stored);
        let start = entry.data_start().filter(|_| stored);
        let mut counted = Counted { inner: &mut entry, count: 0 };
        let header = NpyHeader::from_reader(&mut counted)
            .map_err(|error| at(Error::new(Kind::Malformed, "no readable npy header").caused_by(error)))?;
        let skipped = counted.count;
        let element = element_of(&header).map_err(at)?;
        let shape: Option<Vec<usize>> =
            header.shape().iter().map(|extent| usize::try_from(*extent).ok()).collect();
        let shape = shape.ok_or_else(|| at(Error::new(Kind::Shape, "too large for this machine")))?;
        if header.order() == Order::Fortran && shape.len() > 1 {
            let error = Error::new(Kind::Malformed, "the array is in Fortran order, expected C order");
            return Err(at(error.with_hint("save numpy.ascontiguousarray(..) of it")));
        }
        // To its end in either case: the checksum is looked at there.
        let bytes = match start {
            Some(start) => {
                io::copy(&mut entry, &mut io::sink()).map_err(damaged)?;
                let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
                Bytes::File(PositionedFile::new(file), start + skipped)
            }
            None => {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).map_err(damaged)?;
                Bytes::Memory(bytes)
            }
        };
        let available = match &bytes {
            Bytes::Memory(bytes) => bytes.len() as u64,
            Bytes::File(..) => size.saturating_sub(skipped),
        };
        Array::new(path.clone(), name, shape, element, bytes, available)
    }
}

fn element_of(header: &NpyHeader) -> Result<(Element, bool), Error> {
    let dtype = header.dtype();
    let wrong = || Error::new(Kind::Malformed, format!("the type is {}, expected numbers", dtype.descr()));
    let DType::Plain(plain) = &dtype else { return Err(wrong()) };
    let bytes = plain.num_bytes().ok_or_else(wrong)?;
    let element = match (plain.type_char(), bytes) {
        (TypeChar::Uint | TypeChar::Bool, 1) | (TypeChar::Uint, 2 | 4 | 8) => Element::Unsigned(bytes),
        (TypeChar::Int, 1 | 2 | 4 | 8) => Element::Signed(bytes),
        (TypeChar::Float, 4 | 8) => Element::Float(bytes),
        _ => return Err(wrong()),
    };
    Ok((element, plain.endianness() == Endianness::Big))
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}
