//! Reading a file at a position, without a cursor that threads would share.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::lines::Lines;

/// What a container is read from.
#[derive(Debug)]
pub(super) enum Source {
    File(PositionedFile),
    Memory(Arc<Lines<u8>>),
}

impl Source {
    /// Fills `buffer` with the bytes at `position`; `UnexpectedEof` where there are fewer.
    pub(super) fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact_at(buffer, position),
            Self::Memory(_) => {
                let bytes = self.memory(position..position + buffer.len() as u64);
                buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    /// The bytes at these positions, where all of them are in memory.
    pub(super) fn memory(&self, positions: Range<u64>) -> Option<&[u8]> {
        let Self::Memory(bytes) = self else { return None };
        bytes.get(usize::try_from(positions.start).ok()?..usize::try_from(positions.end).ok()?)
    }
}

/// A file open for reading.
#[derive(Debug)]
pub(crate) struct PositionedFile {
    #[cfg(any(unix, windows))]
    file: File,
    #[cfg(not(any(unix, windows)))]
    file: std::sync::Mutex<File>,
}

impl PositionedFile {
    #[cfg(any(unix, windows))]
    pub(crate) fn new(file: File) -> Self {
        Self { file }
    }

    #[cfg(not(any(unix, windows)))]
    pub(crate) fn new(file: File) -> Self {
        Self { file: std::sync::Mutex::new(file) }
    }

    /// Fills `buffer` with the bytes at `position`; `UnexpectedEof` where the file is shorter.
    pub(crate) fn read_exact_at(&self, mut buffer: &mut [u8], mut position: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(buffer, position) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    buffer = &mut buffer[count..];
                    position += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, position)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, position)
    }

    #[cfg(not(any(unix, windows)))]
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        use std::io::{Read, Seek};
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(io::SeekFrom::Start(position))?;
        file.read(buffer)
    }
}
