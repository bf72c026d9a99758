//! Containers that never touch a disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// A file in memory: what is written to it can be read by every clone. Writing it anew reuses its memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFile {
    bytes: Arc<RwLock<Vec<u8>>>,
}

impl MemoryFile {
    /// What error messages call such a file.
    pub(super) const NAME: &str = "(memory)";

    /// An empty file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn clear(&self) {
        self.bytes.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn append(&self, bytes: &[u8]) {
        self.bytes.write().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }

    /// Fills `buffer` with the bytes at `position`; `UnexpectedEof` where the file is shorter.
    pub(super) fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        let begin = usize::try_from(position).ok().filter(|begin| *begin <= bytes.len());
        let found = begin.and_then(|begin| bytes[begin..].get(..buffer.len()));
        buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Where a container is written.
#[derive(Clone, Debug)]
pub enum Target {
    /// A file of that name; one that is there is replaced.
    File(PathBuf),
    /// Memory.
    Memory(MemoryFile),
}

impl Target {
    /// The name that error messages give.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Memory(_) => Path::new(MemoryFile::NAME),
        }
    }
}

impl From<&Path> for Target {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}
