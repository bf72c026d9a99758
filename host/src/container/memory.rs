//! Containers that never touch a disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::lines::{self, Lines};

/// A file in memory: what is written to it can be read by every clone.
///
/// While it is written it is empty. Writing it anew reuses its memory, unless a container that is open still reads what was there
/// before.
#[derive(Clone, Debug)]
pub struct MemoryFile {
    bytes: Arc<Mutex<Arc<Lines<u8>>>>,
}

impl MemoryFile {
    /// What error messages call such a file.
    pub(super) const NAME: &str = "(memory)";

    /// An empty file.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: Arc::new(Mutex::new(Arc::new(lines::empty()))) }
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is in it now, whatever is written later.
    pub(super) fn bytes(&self) -> Arc<Lines<u8>> {
        self.lock().clone()
    }

    /// Memory to write the next content to, which [`Self::put`] puts in.
    pub(super) fn clear(&self) -> Lines<u8> {
        let content = std::mem::replace(&mut *self.lock(), Arc::new(lines::empty()));
        let mut bytes = Arc::try_unwrap(content).unwrap_or_else(|_| lines::empty());
        bytes.clear();
        bytes
    }

    pub(super) fn put(&self, bytes: Lines<u8>) {
        *self.lock() = Arc::new(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Lines<u8>>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryFile {
    fn default() -> Self {
        Self::new()
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
