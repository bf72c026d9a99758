//! How long a label vector is.

use core::num::{NonZeroU32, NonZeroUsize};

use crate::Error;

/// A number of classes from 1 to 2^24: as many as every scalar counts exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Classes(NonZeroU32);

impl Classes {
    pub(super) const fn new(classes: usize) -> Result<Self, Error> {
        if classes > 1 << 24 {
            return Err(Error::Masks);
        }
        match NonZeroU32::new(classes as u32) {
            Some(classes) => Ok(Self(classes)),
            None => Err(Error::Masks),
        }
    }

    pub(super) const fn count(self) -> NonZeroU32 {
        self.0
    }

    pub(super) const fn get(self) -> usize {
        self.0.get() as usize
    }

    /// How many label vectors these messages are.
    pub(super) fn vectors(self, messages: usize) -> Result<usize, Error> {
        let classes = NonZeroUsize::try_from(self.0).map_err(|_| Error::Length)?;
        if messages % classes == 0 { Ok(messages / classes) } else { Err(Error::Length) }
    }
}
