//! Memory that is asked for while kernels compute: [`Ahead`].

use std::sync::atomic::{AtomicUsize, Ordering};

use nn_core::Team;
use nn_core::simd::prefetch;

use crate::lines::LINE_BYTES;

/// Memory that will be read next. As a [`Team`] it is one thread, which asks for a few cache lines of it between two windows of a
/// convolution: a core waits for none of them, and they are there when it comes to them. Nothing but time depends on it.
#[derive(Debug, Default)]
pub(crate) struct Ahead<'a> {
    chunks: Vec<&'a [u8]>,
    /// Chunks that were asked for.
    asked: AtomicUsize,
}

/// Lines that are asked for at a time: as few as are enough for the paper's networks on ciphertexts of up to four lanes, whose lines all have
/// their turn within as many windows.
const AT_A_TIME: usize = 16;

/// Asks for some bytes, whose cache lines will be read soon.
pub(crate) fn ask_for(bytes: &[u8]) {
    for line in bytes.chunks(LINE_BYTES) {
        prefetch(line);
    }
}

impl<'a> Ahead<'a> {
    pub(crate) fn new(parts: impl Iterator<Item = &'a [u8]>) -> Self {
        Self {
            chunks: parts.flat_map(|part| part.chunks(AT_A_TIME * LINE_BYTES)).collect(),
            ..Self::default()
        }
    }
}

impl Team for &Ahead<'_> {
    fn size(self) -> usize {
        1
    }

    fn join(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        first();
        second();
    }

    #[inline(always)]
    fn meanwhile(self) {
        // A single thread walks through it: others may only ask for a line twice.
        let next = self.asked.load(Ordering::Relaxed);
        if let Some(chunk) = self.chunks.get(next) {
            self.asked.store(next + 1, Ordering::Relaxed);
            ask_for(chunk);
        }
    }
}
