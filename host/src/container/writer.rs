//! Writing a container in one pass.

use std::path::{Path, PathBuf};

use super::checksum::{self, Blocks};
use super::element::{Element, ElementType};
use super::header::{self, MAXIMUM_HEADER, Tensor, TensorInfo};
use super::memory::{MemoryFile, Target};
use super::metadata::Metadata;
use super::{CHECKSUMS, EVALUATION_KEY};
use crate::error::{Error, Kind};
use crate::large_pages;
use crate::lines::Lines;
use crate::output_file::{Access, OutputFile};

/// Writes a container, tensor after tensor, without holding more than a block of it.
///
/// All sizes are known when it is created; the values follow in any portions, in the order of [`Self::order`].
/// [`Self::finish`] completes the file and gives it its name; dropped before that, it leaves nothing behind.
/// Equal content gives equal bytes.
#[derive(Debug)]
pub struct ContainerWriter {
    file: Sink,
    path: PathBuf,
    /// In file order; the last is `checksums`, before it comes `evaluation_key` where there is one.
    tensors: Vec<TensorInfo>,
    /// The tensor that is being written, and how many of its bytes are there.
    current: usize,
    written: u64,
    blocks: Blocks,
    header_checksum: u32,
    evaluation_key: Option<Vec<u8>>,
}

/// Where the bytes go.
#[derive(Debug)]
enum Sink {
    File(OutputFile),
    Memory(MemoryFile, Lines<u8>),
}

impl Sink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Memory(_, content) => {
                content.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

impl ContainerWriter {
    /// Starts the container that will be at `path`, replacing what is there. `evaluation_key` is more-core's encoding,
    /// and must be there when the content is encrypted.
    ///
    /// # Errors
    /// [`Kind::Io`]; [`Kind::Shape`] for a reserved or repeated name, or sizes beyond 2^64 bytes; [`Kind::Key`] where
    /// the evaluation key is missing or not the metadata's.
    pub fn create(
        path: &Path,
        metadata: &Metadata,
        evaluation_key: Option<&[u8]>,
        tensors: Vec<Tensor>,
    ) -> Result<Self, Error> {
        Self::start(&path.into(), metadata, evaluation_key, tensors)
    }

    /// The same for any target.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn start(
        target: &Target,
        metadata: &Metadata,
        evaluation_key: Option<&[u8]>,
        mut tensors: Vec<Tensor>,
    ) -> Result<Self, Error> {
        let path = target.path();
        super::keys::check_encoding(metadata, evaluation_key).map_err(|error| error.at(path))?;
        let mut names = std::collections::HashSet::from([CHECKSUMS, EVALUATION_KEY, "__metadata__"]);
        if let Some(tensor) = tensors.iter().find(|tensor| !names.insert(&tensor.name)) {
            return Err(Error::new(Kind::Shape, format!("tensor name `{}` is taken", tensor.name)).at(path));
        }
        // Widest elements first: every tensor is then aligned to its elements without gaps.
        tensors.sort_by_key(|tensor| std::cmp::Reverse(tensor.element.bytes()));
        let evaluation_key = evaluation_key.map(|key| {
            let mut key = key.to_vec();
            key.resize(key.len().next_multiple_of(8), 0);
            key
        });
        if let Some(key) = &evaluation_key {
            tensors.push(Tensor::new(EVALUATION_KEY, ElementType::U8, &[key.len()]));
        }
        let too_large = || Error::new(Kind::Shape, "the tensors' sizes overflow").at(path);
        let length = tensors.iter().try_fold(0u64, |sum, tensor| sum.checked_add(tensor.bytes()?));
        let count =
            usize::try_from(checksum::count(length.ok_or_else(too_large)?)).map_err(|_| too_large())?;
        // The checksums come last, whatever was before them: bytes would leave them unaligned.
        if length.is_some_and(|length| length % 4 != 0) {
            return Err(Error::new(Kind::Shape, "the bytes of U8 tensors must be a multiple of 4").at(path));
        }
        tensors.push(Tensor::new(CHECKSUMS, ElementType::U32, &[count]));
        let tensors = header::place(tensors).ok_or_else(too_large)?;
        let bytes = header::encode(metadata, &tensors);
        if bytes.len() as u64 > MAXIMUM_HEADER {
            return Err(
                Error::new(Kind::Shape, "too many tensors or too much metadata for one container").at(path)
            );
        }
        let mut file = match target {
            Target::File(path) => Sink::File(OutputFile::create(path, Access::Shared, true)?),
            Target::Memory(file) => {
                let mut content = file.clear();
                let data = tensors.last().map_or(0, |info| info.end);
                let len = usize::try_from(data).ok().and_then(|data| data.checked_add(bytes.len()));
                large_pages::reserve(&mut content, len.ok_or_else(too_large)?);
                Sink::Memory(file.clone(), content)
            }
        };
        file.write(&bytes)?;
        let header_checksum = crc32fast::hash(&bytes);
        let path = path.to_owned();
        let blocks = Blocks::default();
        Ok(Self { file, path, tensors, current: 0, written: 0, blocks, header_checksum, evaluation_key })
    }

    /// The names of the tensors in the order in which they must be written: widest elements first, otherwise as given.
    pub fn order(&self) -> impl Iterator<Item = &str> {
        let own = self.tensors.len() - 1 - usize::from(self.evaluation_key.is_some());
        self.tensors[..own].iter().map(TensorInfo::name)
    }

    /// Writes the next values of `tensor`.
    ///
    /// # Errors
    /// [`Kind::Io`]; [`Kind::Shape`] where another tensor's turn is, for another element type, or beyond its end.
    pub fn write<E: Element>(&mut self, tensor: &str, values: &[E]) -> Result<(), Error> {
        if values.is_empty() {
            return Ok(());
        }
        if cfg!(target_endian = "little") {
            return self.append(tensor, E::TYPE, bytemuck::cast_slice(values));
        }
        let mut swapped = Vec::with_capacity(values.len().min(4096));
        for part in values.chunks(4096) {
            swapped.clear();
            swapped.extend(part.iter().map(|value| value.swapped()));
            self.append(tensor, E::TYPE, bytemuck::cast_slice(&swapped))?;
        }
        Ok(())
    }

    fn append(&mut self, name: &str, element: ElementType, bytes: &[u8]) -> Result<(), Error> {
        self.skip_finished();
        let info = &self.tensors[self.current];
        if info.name() != name || info.element() != element {
            let message = format!(
                "wrote {} values of `{name}` where {} values of `{}` are due",
                element.name(),
                info.element().name(),
                info.name()
            );
            return Err(Error::new(Kind::Shape, message).at(&self.path));
        }
        if self.written + bytes.len() as u64 > info.end - info.begin {
            return Err(Error::new(Kind::Shape, format!("more values than `{name}` has")).at(&self.path));
        }
        if name != CHECKSUMS {
            self.blocks.update(bytes);
        }
        self.written += bytes.len() as u64;
        self.file.write(bytes)
    }

    /// Moves on to the next tensor that lacks values.
    fn skip_finished(&mut self) {
        while self.current + 1 < self.tensors.len() {
            let info = &self.tensors[self.current];
            if self.written < info.end - info.begin {
                break;
            }
            self.current += 1;
            self.written = 0;
        }
    }

    /// Completes the file, brings it to the disk and gives it its name.
    ///
    /// # Errors
    /// [`Kind::Io`]; [`Kind::Shape`] where a tensor lacks values.
    pub fn finish(mut self) -> Result<(), Error> {
        if let Some(key) = self.evaluation_key.take() {
            self.write(EVALUATION_KEY, &key)?;
        }
        self.skip_finished();
        let info = &self.tensors[self.current];
        if info.name() != CHECKSUMS {
            let message =
                format!("`{}` has {} of {} bytes", info.name(), self.written, info.end - info.begin);
            return Err(Error::new(Kind::Shape, message).at(&self.path));
        }
        let mut checksums = vec![self.header_checksum];
        checksums.extend(std::mem::take(&mut self.blocks).finish());
        self.write(CHECKSUMS, &checksums)?;
        match self.file {
            Sink::File(file) => file.commit(),
            Sink::Memory(file, content) => {
                file.put(content);
                Ok(())
            }
        }
    }
}
