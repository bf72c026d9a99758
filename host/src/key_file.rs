//! Key files: the secret key `KEY` (mode 0600) and, beside it, the evaluation key `KEY.eval`, both in more-core's own
//! encoding, which devices read too.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use more_core::wire::{Header, Kind as KeyKind};
use more_core::{EvaluationKey, KeyId, Real, Scalar, SecretKey};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::container::{header_of, key_error};
use crate::error::{Error, Kind};
use crate::output_file::{Access, OutputFile};
use crate::with_scalar_and_lanes;

/// Longer than any key: reading stops here.
const MAXIMUM_BYTES: usize = 1 << 14;

/// Where the evaluation key of a secret key is kept: `KEY.eval`.
#[must_use]
pub fn evaluation_key_path(key: &Path) -> PathBuf {
    let mut path = OsString::from(key);
    path.push(".eval");
    path.into()
}

/// Makes a secret key at `path` and its evaluation key at `path.eval`; returns the id.
///
/// # Errors
/// [`Kind::Exists`] where one of the files is there and `overwrite` is not given; [`Kind::Random`] where `rng` fails;
/// [`Kind::Shape`] for a number of lanes outside 2 to 8; [`Kind::Io`]. Nothing is left behind.
pub fn generate<G: TryCryptoRng>(
    path: &Path,
    scalar: Scalar,
    lanes: usize,
    rng: &mut G,
    overwrite: bool,
) -> Result<KeyId, Error> {
    let (id, secret, evaluation) =
        with_scalar_and_lanes!(scalar, lanes, (T, N) => encode_new::<T, N, G>(rng))??;
    let evaluation_path = evaluation_key_path(path);
    let mut secret_file = OutputFile::create(path, Access::Private, overwrite)?;
    let mut evaluation_file = OutputFile::create(&evaluation_path, Access::Shared, overwrite)?;
    secret_file.write(&secret)?;
    evaluation_file.write(&evaluation)?;
    // The secret key last: a pair whose evaluation key is missing would look complete.
    evaluation_file.commit()?;
    if let Err(error) = secret_file.commit() {
        if !overwrite {
            let _ = std::fs::remove_file(&evaluation_path);
        }
        return Err(error);
    }
    Ok(id)
}

type Encoded = (KeyId, Zeroizing<Vec<u8>>, Vec<u8>);

fn encode_new<T: Real, const N: usize, G: TryCryptoRng>(rng: &mut G) -> Result<Encoded, Error> {
    let secret = SecretKey::<T, N>::generate(rng)?;
    let evaluation = EvaluationKey::from_secret_key(&secret, rng)?;
    let mut secret_bytes = Zeroizing::new(vec![0; SecretKey::<T, N>::ENCODED_LEN]);
    let length = secret.encode(&mut secret_bytes)?;
    secret_bytes.truncate(length);
    Ok((secret.id(), secret_bytes, encode_evaluation_key(&evaluation)?))
}

/// The encoding of an evaluation key, as containers hold it.
///
/// # Errors
/// [`Kind::Scheme`] where more-core refuses, which it does not.
pub fn encode_evaluation_key<T: Real, const N: usize>(key: &EvaluationKey<T, N>) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; EvaluationKey::<T, N>::ENCODED_LEN];
    let length = key.encode(&mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// What both kinds of key files have: a path, the header, the encoding.
#[derive(Debug)]
struct KeyFile<B> {
    path: PathBuf,
    header: Header,
    bytes: B,
}

/// A secret key as it is in its file; [`decode`](Self::decode) gives the key. Its memory is zeroized when dropped.
pub struct SecretKeyFile(KeyFile<Zeroizing<Vec<u8>>>);

/// An evaluation key as it is in its file; [`decode`](Self::decode) gives the key.
#[derive(Debug)]
pub struct EvaluationKeyFile(KeyFile<Vec<u8>>);

impl std::fmt::Debug for SecretKeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretKeyFile").field("path", &self.0.path).finish_non_exhaustive()
    }
}

macro_rules! common_methods {
    ($type:ident, $key:ident) => {
        impl $type {
            /// Where the file is.
            #[must_use]
            pub fn path(&self) -> &Path {
                &self.0.path
            }

            /// The key's id.
            #[must_use]
            pub fn id(&self) -> KeyId {
                self.0.header.id
            }

            /// The number of lanes, 2 to 8.
            #[must_use]
            pub fn lanes(&self) -> usize {
                usize::from(self.0.header.lanes)
            }

            /// The width of its numbers.
            #[must_use]
            pub fn scalar(&self) -> Scalar {
                self.0.header.scalar
            }

            /// The key itself, checked. `T` and `N` must be [`scalar`](Self::scalar) and [`lanes`](Self::lanes).
            ///
            /// # Errors
            /// [`Kind::Corrupt`], [`Kind::Truncated`], [`Kind::Malformed`] where the file is damaged.
            pub fn decode<T: Real, const N: usize>(&self) -> Result<$key<T, N>, Error> {
                $key::decode(&self.0.bytes).map_err(|error| key_error(&error).at(&self.0.path))
            }
        }
    };
}

common_methods!(SecretKeyFile, SecretKey);
common_methods!(EvaluationKeyFile, EvaluationKey);

impl SecretKeyFile {
    /// Reads a secret key.
    ///
    /// # Errors
    /// [`Kind::Io`]; [`Kind::WrongFile`] for another file, an evaluation key among them; [`Kind::Version`],
    /// [`Kind::Truncated`], [`Kind::Corrupt`], [`Kind::Malformed`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = Zeroizing::new(read_bytes(path)?);
        let header = checked_header(path, &bytes, KeyKind::SecretKey)?;
        let file = Self(KeyFile { path: path.to_owned(), header, bytes });
        with_scalar_and_lanes!(file.scalar(), file.lanes(), (T, N) => file.decode::<T, N>().map(drop))??;
        Ok(file)
    }

    /// Fails unless something was encrypted with this key, judging by the id.
    ///
    /// # Errors
    /// [`Kind::Key`] naming both files and ids; [`Kind::Shape`] where the file's lanes or scalar are not the key's.
    pub fn check_owner(&self, path: &Path, id: KeyId, lanes: usize, scalar: Scalar) -> Result<(), Error> {
        if id != self.id() {
            let message = format!("made with key {id}, but {} is key {}", self.path().display(), self.id());
            return Err(Error::new(Kind::Key, message)
                .at(path)
                .with_hint("give the key that the data was encrypted with"));
        }
        if (lanes, scalar) != (self.lanes(), self.scalar()) {
            let message = format!(
                "{lanes} lanes of {scalar:?}, but the key has {} of {:?}",
                self.lanes(),
                self.scalar()
            );
            return Err(Error::new(Kind::Shape, message).at(path));
        }
        Ok(())
    }
}

impl EvaluationKeyFile {
    /// Reads an evaluation key.
    ///
    /// # Errors
    /// As [`SecretKeyFile::read`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read_bytes(path)?;
        let header = checked_header(path, &bytes, KeyKind::EvaluationKey)?;
        let file = Self(KeyFile { path: path.to_owned(), header, bytes });
        with_scalar_and_lanes!(file.scalar(), file.lanes(), (T, N) => file.decode::<T, N>().map(drop))??;
        Ok(file)
    }

    /// The encoding, as containers hold it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(|error| {
        Error::io(path, "open", error)
            .with_hint("keys are made by `more-nn keygen --out KEY`, which also writes KEY.eval")
    })?;
    // Room for all of it at once: growing would leave copies of a secret behind.
    let mut bytes = Vec::with_capacity(MAXIMUM_BYTES + 1);
    file.take(MAXIMUM_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(path, "read", error))?;
    if bytes.len() > MAXIMUM_BYTES {
        return Err(Error::new(Kind::WrongFile, "too large for a key")
            .at(path)
            .with_hint("expected a key that `more-nn keygen` has written"));
    }
    Ok(bytes)
}

fn checked_header(path: &Path, bytes: &[u8], expected: KeyKind) -> Result<Header, Error> {
    let header = header_of(bytes).map_err(|error| error.at(path))?;
    if header.kind != expected {
        let name = |kind| match kind {
            KeyKind::SecretKey => "a secret key",
            KeyKind::EvaluationKey => "an evaluation key",
            KeyKind::Ciphertexts { .. } => "an encoding of ciphertexts",
            KeyKind::Spectra { .. } => "an encoding of spectra",
        };
        let message = format!("this is {}, expected {}", name(header.kind), name(expected));
        let error = Error::new(Kind::WrongFile, message).at(path);
        return Err(error.with_hint("KEY is the secret key, KEY.eval the evaluation key"));
    }
    Ok(header)
}
