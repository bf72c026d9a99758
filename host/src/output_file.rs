//! Files that appear complete or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Kind};

/// Who may read the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever the process's umask lets.
    Shared,
    /// The owner only (mode 0600), from the first byte on.
    Private,
}

/// A file written under a temporary name beside its destination and renamed by [`OutputFile::commit`].
///
/// Dropped without a commit it leaves nothing behind, and a file that was at the destination stays as it was.
#[derive(Debug)]
pub struct OutputFile {
    writer: BufWriter<NamedTempFile>,
    destination: PathBuf,
    overwrite: bool,
}

impl OutputFile {
    /// Starts a file that will be at `path`; with `overwrite` it replaces what is there.
    ///
    /// # Errors
    /// [`Kind::Exists`] without `overwrite` where something is at `path`; [`Kind::Io`] where `path` is no place for a
    /// file or the folder cannot be written.
    pub fn create(path: &Path, access: Access, overwrite: bool) -> Result<Self, Error> {
        let destination = match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => {
                fs::canonicalize(path).map_err(|error| Error::io(path, "follow the symbolic link", error))?
            }
            _ => path.to_owned(),
        };
        if let Ok(found) = fs::metadata(&destination) {
            if !found.is_file() {
                return Err(Error::new(Kind::Io, "there is something else than a regular file here")
                    .at(path)
                    .with_hint("give the name of a file; it is written under a temporary name and renamed"));
            }
            if !overwrite {
                return Err(exists(path));
            }
        }
        if destination.file_name().is_none() {
            return Err(Error::new(Kind::Io, "this is not the name of a file").at(path));
        }
        let folder = match destination.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".more-nn-").suffix(".part");
        #[cfg(unix)]
        if access == Access::Shared {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        #[cfg(not(unix))]
        let _ = access;
        let temporary = builder.tempfile_in(folder).map_err(|error| {
            Error::io(path, "create the file", error).with_hint("check that its folder exists")
        })?;
        Ok(Self { writer: BufWriter::with_capacity(1 << 16, temporary), destination, overwrite })
    }

    /// Writes `bytes` at the end.
    ///
    /// # Errors
    /// [`Kind::Io`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Self { writer, destination, .. } = self;
        writer.write_all(bytes).map_err(|error| Error::io(&*destination, "write", error))
    }

    /// Brings the content to the disk and gives the file its name.
    ///
    /// # Errors
    /// [`Kind::Io`]; [`Kind::Exists`] where a file appeared meanwhile that must not be overwritten.
    pub fn commit(self) -> Result<(), Error> {
        let Self { writer, destination, overwrite } = self;
        let failed = |error: io::Error| Error::io(&destination, "write", error);
        let temporary = writer.into_inner().map_err(|error| failed(error.into_error()))?;
        temporary.as_file().sync_all().map_err(failed)?;
        let persisted = match overwrite {
            true => temporary.persist(&destination),
            false => temporary.persist_noclobber(&destination),
        };
        if let Err(error) = persisted {
            return Err(match error.error.kind() {
                io::ErrorKind::AlreadyExists => exists(&destination),
                _ => Error::io(&destination, "rename the finished file", error.error),
            });
        }
        sync_folder(&destination);
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn exists(path: &Path) -> Error {
    Error::new(Kind::Exists, "the file exists already")
        .at(path)
        .with_hint("choose another name, or give --force to replace it")
}

/// Makes the new name durable; not every file system can, and the content is safe without it.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_without_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut file = OutputFile::create(&path, Access::Shared, false).unwrap();
        file.write(&[1; 100_000]).unwrap();
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn refuses_to_replace_and_replaces_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, b"old").unwrap();
        let error = OutputFile::create(&path, Access::Shared, false).unwrap_err();
        assert_eq!(error.kind(), Kind::Exists);
        let mut file = OutputFile::create(&path, Access::Shared, true).unwrap();
        file.write(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = OutputFile::create(&path, Access::Private, false).unwrap();
        fs::write(&path, b"other").unwrap();
        assert_eq!(file.commit().unwrap_err().kind(), Kind::Exists);
        assert_eq!(fs::read(&path).unwrap(), b"other");
    }

    #[cfg(unix)]
    #[test]
    fn private_files_have_mode_0600_and_folders_are_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        OutputFile::create(&path, Access::Private, false).unwrap().commit().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(OutputFile::create(folder.path(), Access::Shared, true).unwrap_err().kind(), Kind::Io);
        assert!(OutputFile::create(Path::new("/dev/null"), Access::Shared, true).is_err());
    }
}
