//! Encodings as containers hold them, and the evaluation key they need.

use more_core::wire::{self, Encodable, Header, Kind as Encoded};
use more_core::{Ciphertext, Error as CoreError, EvaluationKey, Real, Spectrum};

use crate::container::{key_error, put_matrices};
use crate::error::{Error, Kind};
use crate::key_file::EvaluationKeyFile;
use crate::with_scalar_and_lanes;

/// An evaluation key, checked.
pub(super) struct Evaluation {
    bytes: Vec<u8>,
    given: bool,
}

impl Evaluation {
    /// The one that the user gives.
    pub(super) fn from_file(file: &EvaluationKeyFile) -> Self {
        Self { bytes: file.bytes().to_vec(), given: true }
    }

    /// One that came over the line.
    pub(super) fn from_line(header: &Header, bytes: &[u8]) -> Result<Self, Error> {
        let decoded = with_scalar_and_lanes!(header.scalar, header.lanes, (T, N) => {
            EvaluationKey::<T, N>::decode(bytes).map(drop)
        })?;
        decoded.map_err(|error| key_error(&error))?;
        Ok(Self { bytes: bytes.to_vec(), given: false })
    }

    pub(super) fn is_given(&self) -> bool {
        self.given
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is the key of what was sent.
    pub(super) fn check<T: Real, const N: usize>(&self, header: &Header) -> Result<(), Error> {
        let other = |message: String| {
            Error::new(Kind::Key, message)
                .with_hint("give the evaluation key that the device has, by --eval KEY.eval")
        };
        let key = EvaluationKey::<T, N>::decode(&self.bytes)
            .map_err(|error| other(format!("the evaluation key is not of what was sent: {error}")))?;
        header.check_key(&key).map_err(|error| match error {
            CoreError::Misaligned => other(format!(
                "what was sent has its lanes in the order of another evaluation key of key {}",
                header.id
            )),
            _ => other(format!(
                "what was sent is under key {}, the evaluation key is of {}",
                header.id,
                key.id()
            )),
        })
    }
}

/// The little-endian numbers of an encoding in the order of containers, or why they cannot be stored.
pub(super) fn stored<T: Real, const N: usize>(header: &Header, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let values = match header.kind {
        Encoded::Spectra { .. } => {
            let spectra = decoded::<Spectrum<T, N>>(bytes)?;
            (0..N).flat_map(|lane| spectra.iter().map(move |spectrum| spectrum.lanes()[lane])).collect()
        }
        _ => {
            let matrices = decoded::<Ciphertext<T, N>>(bytes)?;
            let mut values = vec![T::ZERO; matrices.len() * N * N];
            put_matrices(&matrices, &mut values, matrices.len(), 0);
            values
        }
    };
    if let Some(value) = values.iter().find(|value| !Real::is_finite(**value)) {
        return Err(format!("holds the value {value}"));
    }
    let mut out = vec![0; values.len() * T::BYTES];
    for (bytes, value) in out.chunks_exact_mut(T::BYTES).zip(values) {
        // The chunk has room for it.
        let _ = value.write_le(bytes);
    }
    Ok(out)
}

fn decoded<E: Encodable>(bytes: &[u8]) -> Result<Vec<E>, String> {
    let (_, elements) = wire::elements::<E>(bytes).map_err(|error| error.to_string())?;
    Ok(elements.collect())
}
