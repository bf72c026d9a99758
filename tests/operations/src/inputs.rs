//! What the operations work on: [`Inputs`].

use core::hint::black_box;

use more_core::mask::{Normal, Uniform};
use more_core::rand_core::TryCryptoRng;
use more_core::wire::stream::Sender;
use more_core::wire::{self, Header, Shape, WriteError};
use more_core::{Ciphertext, Error, EvaluationKey, Masks, Real, SecretKey, Spectrum};

use crate::{Digest, Outcome};

/// Messages in the slices, and classes of a label vector.
pub(crate) const MESSAGES: usize = 10;

/// Enough for the encoding of every key measured.
const KEY_BYTES: usize = 256;

/// Enough for the encoding of as many ciphertexts of four lanes as there are messages.
pub(crate) const BYTES: usize = 1536;

/// The longest frame on the line.
pub(crate) const FRAME: usize = 64;

/// What is sent over the line in one transfer: three frames of it.
pub(crate) const TRANSFER: usize = 100;

/// The arguments and result buffers of all operations.
pub struct Inputs<T: Real, const N: usize, G> {
    pub(crate) key: SecretKey<T, N>,
    pub(crate) evaluation: EvaluationKey<T, N>,
    /// Of the same secret key, in another order.
    pub(crate) other: EvaluationKey<T, N>,
    /// The message's lane of `evaluation`.
    pub(crate) lane: usize,
    /// Two ciphertexts with lanes inside (0, 1), the domain of every function.
    pub(crate) a: Ciphertext<T, N>,
    pub(crate) b: Ciphertext<T, N>,
    /// The same in spectral form.
    pub(crate) x: Spectrum<T, N>,
    pub(crate) y: Spectrum<T, N>,
    /// Two plain numbers, `low < high`.
    pub(crate) low: T,
    pub(crate) high: T,
    pub(crate) exponent: i32,
    pub(crate) condition: f64,
    pub(crate) uniform: Uniform<T>,
    pub(crate) normal: Normal<T>,
    pub(crate) messages: [T; MESSAGES],
    /// One for each mask lane of each message.
    pub(crate) decoys: [[T; N]; MESSAGES],
    /// The messages encrypted, in both forms.
    pub(crate) ciphertexts: [Ciphertext<T, N>; MESSAGES],
    pub(crate) eigenvalues: [Spectrum<T, N>; MESSAGES],
    pub(crate) ciphertexts_header: Header,
    pub(crate) eigenvalues_header: Header,
    /// Encodings.
    pub(crate) secret_bytes: [u8; KEY_BYTES],
    pub(crate) evaluation_bytes: [u8; KEY_BYTES],
    pub(crate) ciphertexts_bytes: [u8; BYTES],
    pub(crate) eigenvalues_bytes: [u8; BYTES],
    /// A transfer in frames, zeros behind it.
    pub(crate) line: [u8; KEY_BYTES],
    pub(crate) rng: G,
    /// Results of the operations on slices, which begin as `ciphertexts` and `eigenvalues` for those that work in place.
    pub(crate) matrices: [Ciphertext<T, N>; MESSAGES],
    pub(crate) spectra: [Spectrum<T, N>; MESSAGES],
    pub(crate) bytes: [u8; BYTES],
}

impl<T: Real, const N: usize, G: TryCryptoRng> Inputs<T, N, G> {
    /// Keys, ciphertexts and masks drawn from `rng`.
    ///
    /// # Errors
    ///
    /// Those of the operations it takes to make them.
    pub fn new(mut rng: G) -> Result<Self, Error> {
        let key = SecretKey::generate(&mut rng)?;
        let evaluation = EvaluationKey::from_secret_key(&key, &mut rng)?;
        let other = EvaluationKey::from_secret_key(&key, &mut rng)?;
        let mut masks = Uniform::new(T::from_f64(0.1), T::from_f64(0.9))?;
        let mut messages = [T::ZERO; MESSAGES];
        masks.fill(&mut rng, T::ZERO, &mut messages)?;
        let mut decoys = [[T::ZERO; N]; MESSAGES];
        masks.fill(&mut rng, T::ZERO, decoys.as_flattened_mut())?;
        let a = key.encrypt(T::from_f64(0.3), &mut masks, &mut rng)?;
        let b = key.encrypt(T::from_f64(0.7), &mut masks, &mut rng)?;
        let lane = key.message_lane(&evaluation)?;
        let mut ciphertexts = [Ciphertext::zero(()); MESSAGES];
        key.encrypt_slice(&messages, &mut masks, &mut rng, &mut ciphertexts)?;
        let mut eigenvalues = [Spectrum::zero(()); MESSAGES];
        key.encrypt_spectrum_slice(lane, &messages, &mut masks, &mut rng, &mut eigenvalues)?;
        let shape = Shape::Slice { count: MESSAGES as u32 };
        let ciphertexts_header = Header::ciphertexts::<T, N>(key.id(), shape)?;
        let eigenvalues_header = Header::spectra(&evaluation, shape)?;
        let (mut secret_bytes, mut evaluation_bytes) = ([0; KEY_BYTES], [0; KEY_BYTES]);
        key.encode(&mut secret_bytes)?;
        evaluation.encode(&mut evaluation_bytes)?;
        let (mut ciphertexts_bytes, mut eigenvalues_bytes) = ([0; BYTES], [0; BYTES]);
        wire::encode(&ciphertexts_header, &ciphertexts, &mut ciphertexts_bytes)?;
        wire::encode(&eigenvalues_header, &eigenvalues, &mut eigenvalues_bytes)?;
        let mut line = [0; KEY_BYTES];
        let sent = ciphertexts_bytes.first_chunk::<TRANSFER>().ok_or(Error::Length)?;
        Sender::<_, FRAME>::new(1, into(&mut line)).send(sent).map_err(encoding_error)?;
        Ok(Self {
            lane,
            x: evaluation.to_spectrum(&a)?,
            y: evaluation.to_spectrum(&b)?,
            key,
            evaluation,
            other,
            a,
            b,
            low: T::from_f64(0.25),
            high: T::from_f64(0.75),
            exponent: 5,
            condition: 2.0,
            uniform: Uniform::new(T::ZERO, T::ONE)?,
            normal: Normal::new(T::ZERO, T::ONE)?,
            messages,
            decoys,
            ciphertexts,
            eigenvalues,
            ciphertexts_header,
            eigenvalues_header,
            secret_bytes,
            evaluation_bytes,
            ciphertexts_bytes,
            eigenvalues_bytes,
            line,
            rng,
            matrices: ciphertexts,
            spectra: eigenvalues,
            bytes: [0; BYTES],
        })
    }

    /// Makes the operations independent of each other's results and draws.
    pub fn reset(&mut self, rng: G) {
        self.rng = rng;
        self.matrices = self.ciphertexts;
        self.spectra = self.eigenvalues;
        self.bytes = [0; BYTES];
    }

    /// Of the bits that an operation has returned and written to the buffers.
    pub fn digest(&self, result: &impl Outcome) -> u64 {
        let mut digest = Digest::new();
        result.digest(&mut digest);
        for (c, x) in self.matrices.iter().zip(&self.spectra) {
            c.digest(&mut digest);
            x.digest(&mut digest);
        }
        digest.add_bytes(&self.bytes);
        digest.value()
    }
}

/// A sink that appends to `buffer`.
pub(crate) fn into(buffer: &mut [u8]) -> impl FnMut(&[u8]) -> Result<(), Error> {
    let mut free = buffer.iter_mut();
    move |bytes| {
        for byte in bytes {
            *free.next().ok_or(Error::BufferTooSmall)? = *byte;
        }
        Ok(())
    }
}

/// What failed, the sink or the encoding.
pub(crate) fn encoding_error(error: WriteError<Error>) -> Error {
    match error {
        WriteError::Sink(error) | WriteError::Encoding(error) => error,
    }
}

/// The slice with a length that the optimiser does not know.
pub(crate) fn opaque<T>(slice: &[T]) -> &[T] {
    black_box(slice)
}

/// The slice with a length that the optimiser does not know.
pub(crate) fn opaque_mut<T>(slice: &mut [T]) -> &mut [T] {
    black_box(slice)
}
