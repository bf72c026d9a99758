//! Results as bits: [`Outcome`].

use core::fmt::{self, Write};

use more_core::{Ciphertext, Error, EvaluationKey, KeyId, Real, SecretKey, Spectrum};

/// FNV-1a of 64 bits (Fowler, Noll and Vo): enough to notice that two machines differ in a bit.
pub struct Digest(u64);

impl Digest {
    /// Of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    /// Of everything added.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.0
    }

    /// Adds bytes.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    /// Adds the bits of a number. Which NaN an operation gives is the processor's choice, so all count as one.
    pub fn add_number<T: Real>(&mut self, number: T) {
        let number = if T::is_nan(number) { f64::NAN } else { T::to_f64(number) };
        self.add_bytes(&number.to_bits().to_le_bytes());
    }

    fn add_numbers<T: Real>(&mut self, numbers: &[T]) {
        for number in numbers {
            self.add_number(*number);
        }
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.add_bytes(text.as_bytes());
        Ok(())
    }
}

/// The result of an operation.
pub trait Outcome {
    /// Adds all its bits.
    fn digest(&self, digest: &mut Digest);

    /// Whether it is no error.
    fn succeeded(&self) -> bool {
        true
    }
}

impl<R: Outcome> Outcome for Result<R, Error> {
    fn digest(&self, digest: &mut Digest) {
        match self {
            Ok(value) => value.digest(digest),
            // A digest takes all text.
            Err(error) => _ = write!(digest, "{error}"),
        }
    }

    fn succeeded(&self) -> bool {
        self.is_ok()
    }
}

impl Outcome for () {
    fn digest(&self, _digest: &mut Digest) {}
}

impl Outcome for bool {
    fn digest(&self, digest: &mut Digest) {
        digest.add_bytes(&[u8::from(*self)]);
    }
}

impl Outcome for usize {
    fn digest(&self, digest: &mut Digest) {
        digest.add_bytes(&(*self as u64).to_le_bytes());
    }
}

impl<const N: usize> Outcome for [usize; N] {
    fn digest(&self, digest: &mut Digest) {
        for index in self {
            index.digest(digest);
        }
    }
}

impl<A: Outcome, B: Outcome> Outcome for (A, B) {
    fn digest(&self, digest: &mut Digest) {
        self.0.digest(digest);
        self.1.digest(digest);
    }
}

/// A plain number of any scalar type.
pub struct Plain<T>(pub T);

impl<T: Real> Outcome for Plain<T> {
    fn digest(&self, digest: &mut Digest) {
        digest.add_number(self.0);
    }
}

impl Outcome for f32 {
    fn digest(&self, digest: &mut Digest) {
        digest.add_number(*self);
    }
}

impl Outcome for f64 {
    fn digest(&self, digest: &mut Digest) {
        digest.add_number(*self);
    }
}

impl Outcome for KeyId {
    fn digest(&self, digest: &mut Digest) {
        digest.add_bytes(&self.0);
    }
}

impl<T: Real, const N: usize> Outcome for Ciphertext<T, N> {
    fn digest(&self, digest: &mut Digest) {
        digest.add_numbers(self.columns().as_flattened());
    }
}

impl<T: Real, const N: usize> Outcome for Spectrum<T, N> {
    fn digest(&self, digest: &mut Digest) {
        digest.add_numbers(self.lanes());
    }
}

impl<T: Real, const N: usize> Outcome for EvaluationKey<T, N> {
    fn digest(&self, digest: &mut Digest) {
        self.id().digest(digest);
        digest.add_numbers(self.columns().as_flattened());
    }
}

impl<T: Real, const N: usize> Outcome for SecretKey<T, N> {
    fn digest(&self, digest: &mut Digest) {
        self.id().digest(digest);
        digest.add_numbers(self.expose_columns().as_flattened());
        digest.add_number(self.condition());
    }
}
