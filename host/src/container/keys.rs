//! The evaluation keys of containers: which key the content belongs to, and how the lanes of two containers match.

use more_core::wire::{Header, Kind as KeyKind};
use more_core::{EvaluationKey, Real};

use super::metadata::Metadata;
use super::reader::Container;
use super::{EVALUATION_KEY, ElementType};
use crate::error::{Error, Kind};

/// The largest evaluation key (n = 8, f64) stays below this.
const MAXIMUM_BYTES: usize = 1 << 13;

impl Container {
    /// The encoding of the evaluation key, to be passed on to a container that is made from this one.
    ///
    /// # Errors
    /// [`Kind::Missing`] in plain form; reading errors.
    pub fn evaluation_key_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = self.read_all(EVALUATION_KEY)?;
        let header = Header::peek(&bytes).map_err(|error| broken(&error).at(self.path()))?;
        bytes.truncate(header.total_len());
        Ok(bytes)
    }

    /// The evaluation key that the content belongs to. Its lanes are the lanes of the content.
    ///
    /// # Errors
    /// [`Kind::Missing`] in plain form; [`Kind::Key`] where it has other lanes, another scalar, or is damaged.
    pub fn evaluation_key<T: Real, const N: usize>(&self) -> Result<EvaluationKey<T, N>, Error> {
        EvaluationKey::decode(&self.evaluation_key_bytes()?).map_err(|error| broken(&error).at(self.path()))
    }
}

/// Checks that the content of two containers may be combined: the same key, number of lanes and scalar.
///
/// # Errors
/// [`Kind::Key`], [`Kind::Shape`], naming both files.
pub fn check_same_key(a: &Container, b: &Container) -> Result<(), Error> {
    let (left, right) = (a.metadata(), b.metadata());
    let other = || format!("{} was", b.path().display());
    let described = |metadata: &Metadata| match metadata.key_id {
        Some(id) => format!("encrypted with key {id}"),
        None => "not encrypted".to_owned(),
    };
    if left.key_id != right.key_id {
        let message = format!("was {}, but {} {}", described(left), other(), described(right));
        let error = Error::new(Kind::Key, message).at(a.path());
        return Err(error.with_hint("only files made with the same key can be combined"));
    }
    if (left.lanes, left.scalar) != (right.lanes, right.scalar) {
        let name = super::metadata::scalar_name;
        let message = format!(
            "has n = {} and {} values, but {} has n = {} and {}",
            left.lanes,
            name(left.scalar),
            b.path().display(),
            right.lanes,
            name(right.scalar)
        );
        return Err(Error::new(Kind::Shape, message).at(a.path()));
    }
    Ok(())
}

/// How the lanes of two containers match: lane `i` of `a` is lane `p[i]` of `b`.
///
/// # Errors
/// As [`check_same_key`]; [`Kind::Key`] where the evaluation keys do not belong to one secret key.
pub fn align_keys<T: Real, const N: usize>(a: &Container, b: &Container) -> Result<[usize; N], Error> {
    check_same_key(a, b)?;
    let (left, right) = (a.evaluation_key::<T, N>()?, b.evaluation_key::<T, N>()?);
    left.alignment(&right).map_err(|error| {
        let message = format!("its lanes cannot be matched with those of {}: {error}", b.path().display());
        Error::new(Kind::Key, message)
            .at(a.path())
            .with_hint("make both files with the same key and evaluation key")
    })
}

/// What a key's encoding says about itself.
///
/// # Errors
/// [`Kind::WrongFile`], [`Kind::Version`], [`Kind::Truncated`], [`Kind::Malformed`].
pub fn header_of(bytes: &[u8]) -> Result<Header, Error> {
    Header::peek(bytes).map_err(|error| key_error(&error))
}

/// An error of more-core's decoder, for the command line.
pub(crate) fn key_error(error: &more_core::Error) -> Error {
    use more_core::Error as Cause;
    let (kind, hint) = match error {
        Cause::Truncated => (Kind::Truncated, "the key was cut off; copy it again"),
        Cause::BadMagic => (Kind::WrongFile, "expected a key that `more-nn keygen` has written"),
        Cause::Version(_) => (Kind::Version, "use the version of more-nn that wrote the key"),
        Cause::Checksum => (Kind::Corrupt, "the key was damaged after it was written; copy it again"),
        Cause::WrongKind => (Kind::WrongFile, "KEY is the secret key, KEY.eval the evaluation key"),
        _ => (Kind::Malformed, "expected a key that `more-nn keygen` has written"),
    };
    Error::new(kind, error.to_string()).with_hint(hint)
}

fn broken(error: &more_core::Error) -> Error {
    Error::new(Kind::Key, format!("not usable: {error}")).position(format!("tensor `{EVALUATION_KEY}`"))
}

/// Checks that the evaluation key is there when it must be, and that it is the metadata's.
pub(super) fn check_encoding(metadata: &Metadata, bytes: Option<&[u8]>) -> Result<(), Error> {
    let problem =
        |message: &str| Error::new(Kind::Key, message).position(format!("tensor `{EVALUATION_KEY}`"));
    let bytes = match (metadata.is_encrypted(), bytes) {
        (false, None) => return Ok(()),
        (true, Some(bytes)) => bytes,
        (false, Some(_)) => return Err(problem("an evaluation key in a file that is not encrypted")),
        (true, None) => return Err(problem("the evaluation key is missing")),
    };
    let header = Header::peek(bytes).map_err(|error| broken(&error))?;
    if header.kind != KeyKind::EvaluationKey {
        // Never let a secret key slip into a file that is given away.
        return Err(problem("not an evaluation key"));
    }
    let found = (usize::from(header.lanes), header.scalar, Some(header.id));
    if found != (metadata.lanes, metadata.scalar, metadata.key_id) {
        return Err(problem("the evaluation key is not that of the content"));
    }
    Ok(())
}

/// The same for a container that was opened.
pub(super) fn check_stored(container: &Container) -> Result<(), Error> {
    let bytes = match container.tensors().iter().find(|info| info.name() == EVALUATION_KEY) {
        None => None,
        Some(info) => {
            if info.element() != ElementType::U8 || info.shape().len() != 1 || info.rows() > MAXIMUM_BYTES {
                let error = Error::new(Kind::Malformed, "not a short list of bytes");
                return Err(error.position(format!("tensor `{EVALUATION_KEY}`")));
            }
            Some(container.evaluation_key_bytes()?)
        }
    };
    check_encoding(container.metadata(), bytes.as_deref())
}
