//! The error of every fallible call of this crate: what went wrong, in which file and where, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong, in broad terms; decides the exit code of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The command line or an option is wrong.
    Usage,
    /// The operating system refused to read or write.
    Io,
    /// The user asked to stop (Ctrl-C or a termination signal).
    Interrupted,
    /// The reader of standard output went away: no failure.
    ClosedPipe,
    /// The file is of another kind than the one asked for.
    WrongFile,
    /// The file's format version is not one that this program reads.
    Version,
    /// The file ends before its content does.
    Truncated,
    /// A checksum does not match: the file was damaged.
    Corrupt,
    /// A header, a field or a value is not what the format allows.
    Malformed,
    /// Another key than the one the data belongs to, or lane orders that do not match.
    Key,
    /// Sizes or shapes that do not fit together.
    Shape,
    /// Something that is needed, labels for instance, is not there.
    Missing,
    /// A value is NaN or infinite.
    NonFinite,
    /// A file is there already and would be lost.
    Exists,
    /// The random number source failed.
    Random,
    /// An operation of the scheme failed.
    Scheme,
}

#[derive(Debug)]
struct Detail {
    kind: Kind,
    path: Option<PathBuf>,
    position: Option<String>,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// An error with its kind, the file and the position in it, the cause and, where there is one, the remedy.
///
/// `Display` gives `FILE: POSITION: MESSAGE: CAUSE` on one line; the remedy is apart, in [`Error::hint`].
#[derive(Debug)]
pub struct Error(Box<Detail>);

impl Error {
    /// An error of the given kind; `message` says what was found and what was expected.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Detail { kind, path: None, position: None, message, hint: None, source: None }))
    }

    /// A failed system call on `path`; `action` completes "cannot ..".
    #[must_use]
    pub fn io(path: impl AsRef<Path>, action: &str, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::UnexpectedEof => Kind::Truncated,
            _ => Kind::Io,
        };
        Self::new(kind, format!("cannot {action}")).at(path).caused_by(source)
    }

    /// A failed write to standard output; a closed pipe is not a failure.
    #[must_use]
    pub fn stdout(source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::BrokenPipe => Kind::ClosedPipe,
            _ => Kind::Io,
        };
        Self::new(kind, "cannot write to standard output").caused_by(source)
    }

    /// A wrong command line.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// The user asked to stop.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted; unfinished output was removed")
    }

    /// Names the file; the innermost name given stays.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.0.path.get_or_insert_with(|| path.as_ref().to_owned());
        self
    }

    /// Names the place in the file (a byte, a tensor and row, a line); the innermost place given stays.
    #[must_use]
    pub fn position(mut self, position: impl Into<String>) -> Self {
        self.0.position.get_or_insert_with(|| position.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// What went wrong, in broad terms.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The file, where one is concerned.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// What to do about it, where the program knows.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The exit code of the command line: 0 closed pipe, 1 failed run, 2 usage, 130 interrupted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.0.kind {
            Kind::ClosedPipe => 0,
            Kind::Usage => 2,
            Kind::Interrupted => 130,
            _ => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.0.path {
            write!(f, "{}: ", path.display())?;
        }
        if let Some(position) = &self.0.position {
            write!(f, "{position}: ")?;
        }
        f.write_str(&self.0.message)?;
        match &self.0.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

impl From<more_core::Error> for Error {
    fn from(source: more_core::Error) -> Self {
        let kind = match source {
            more_core::Error::NonFinite => Kind::NonFinite,
            more_core::Error::Random => Kind::Random,
            _ => Kind::Scheme,
        };
        Self::new(kind, source.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_file_position_and_cause() {
        let error = Error::io("/a/b", "read", io::Error::from_raw_os_error(2)).position("byte 7");
        let text = error.to_string();
        assert!(text.starts_with("/a/b: byte 7: cannot read: "), "{text}");
        assert_eq!(error.exit_code(), 1);
        assert_eq!(error.at("/other").path(), Some(Path::new("/a/b")));
    }

    #[test]
    fn exit_codes() {
        assert_eq!(Error::usage("x").exit_code(), 2);
        assert_eq!(Error::interrupted().exit_code(), 130);
        assert_eq!(Error::stdout(io::ErrorKind::BrokenPipe.into()).exit_code(), 0);
        assert_eq!(Error::stdout(io::ErrorKind::StorageFull.into()).exit_code(), 1);
    }
}
