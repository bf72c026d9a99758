//! Threads of the rayon pool that share the kernels of one pack: [`Crew`].

use std::sync::atomic::{AtomicUsize, Ordering};

use nn_core::Team;
use nn_core::simd::prefetch;

/// A share of the threads of the current rayon pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crew<'a> {
    threads: usize,
    ahead: Option<&'a Ahead<'a>>,
}

impl<'a> Crew<'a> {
    /// One thread, which asks for what lies ahead while it computes.
    pub(crate) const fn ahead_of(ahead: &'a Ahead<'a>) -> Self {
        Self { threads: 1, ahead: Some(ahead) }
    }

    /// The threads that each of `units` of work has for itself when all are done at once: more than one where there are fewer
    /// units than threads.
    pub(crate) fn per_unit(units: usize) -> Self {
        Self { threads: rayon::current_num_threads() / units.max(1), ahead: None }
    }
}

impl Team for Crew<'_> {
    fn size(self) -> usize {
        self.threads
    }

    fn join(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        join(first, second);
    }

    #[inline(always)]
    fn meanwhile(self) {
        if let Some(ahead) = self.ahead {
            ahead.ask();
        }
    }
}

/// Memory that will be read next, asked for a few cache lines at a time while kernels compute: a core waits for none of them, and they
/// are there when it comes to them. Nothing but time depends on it.
#[derive(Debug, Default)]
pub(crate) struct Ahead<'a> {
    chunks: Vec<&'a [u8]>,
    /// Chunks that were asked for.
    asked: AtomicUsize,
}

/// Bytes of a cache line.
const LINE: usize = 64;

/// Lines that are asked for at a time: few enough for a core to keep track of, and with four numbers a pixel the first layers'
/// windows are enough for all.
const AT_A_TIME: usize = 8;

impl<'a> Ahead<'a> {
    pub(crate) fn new(parts: impl Iterator<Item = &'a [u8]>) -> Self {
        Self { chunks: parts.flat_map(|part| part.chunks(AT_A_TIME * LINE)).collect(), ..Self::default() }
    }

    #[inline(always)]
    fn ask(&self) {
        // A single thread walks through it: others may only ask for a line twice.
        let next = self.asked.load(Ordering::Relaxed);
        if let Some(chunk) = self.chunks.get(next) {
            self.asked.store(next + 1, Ordering::Relaxed);
            for line in chunk.chunks(LINE) {
                prefetch(line);
            }
        }
    }
}

/// [`rayon::join`] of work without results, compiled once and not for each of a thousand kinds of work: a fifth of the engine's code
/// would be that.
pub(crate) fn join(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    let (mut first, mut second) = (Some(first), Some(second));
    erased(&mut || first.take().into_iter().for_each(|work| work()), &mut || {
        second.take().into_iter().for_each(|work| work());
    });
}

fn erased(first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
    rayon::join(first, second);
}
