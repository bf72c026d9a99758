use rand_core::TryCryptoRng;

use super::Masks;
use crate::{Error, Real};

/// Masks that the caller supplies: for each message in turn, one value for each mask lane.
#[derive(Clone, Copy, Debug)]
pub struct Decoys<'a, T: Real> {
    values: &'a [T],
}

impl<'a, T: Real> Decoys<'a, T> {
    /// `values[(N - 1) i + j]` is mask `j` of message `i`.
    #[must_use]
    pub const fn new(values: &'a [T]) -> Self {
        Self { values }
    }

    /// What is not yet used.
    #[must_use]
    pub const fn remaining(&self) -> &'a [T] {
        self.values
    }
}

impl<T: Real> Masks<T> for Decoys<'_, T> {
    fn fill<G: TryCryptoRng + ?Sized>(
        &mut self,
        _rng: &mut G,
        _message: T,
        out: &mut [T],
    ) -> Result<(), Error> {
        let (now, later) = self.values.split_at_checked(out.len()).ok_or(Error::Masks)?;
        out.copy_from_slice(now);
        self.values = later;
        Ok(())
    }
}
