//! Threads of the rayon pool that share the kernels of one pack: [`Crew`], and that wait for each other: [`Rendezvous`].

use std::sync::atomic::{AtomicUsize, Ordering};

use nn_core::Team;

/// A share of the threads of the current rayon pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crew {
    threads: usize,
}

impl Crew {
    /// The threads that each of `units` of work has for itself when all are done at once: more than one where there are fewer
    /// units than threads.
    pub(crate) fn per_unit(units: usize) -> Self {
        Self { threads: rayon::current_num_threads() / units.max(1) }
    }
}

impl Team for Crew {
    fn size(self) -> usize {
        self.threads
    }

    fn join(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        join(first, second);
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

/// Pieces of work that are done at the same time, over and over again, a few microseconds apart: whoever is done stays awake until all are.
///
/// A thread of the pool that finds no work falls asleep after some microseconds, and waking it takes longer than what it is woken for. Here it
/// waits for the others busily, but not for long, and never for work that nobody has begun: that may be its own to do.
#[derive(Debug)]
pub(crate) struct Rendezvous {
    pieces: usize,
    begun: AtomicUsize,
    done: AtomicUsize,
}

/// Turns of busy waiting, at most: a tenth of a millisecond or less, as long as the processor pauses for a turn.
const TURNS: usize = 2000;

impl Rendezvous {
    /// Of so many pieces of work.
    pub(crate) fn new(pieces: usize) -> Self {
        Self { pieces, begun: AtomicUsize::new(0), done: AtomicUsize::new(0) }
    }

    /// Does one of them.
    pub(crate) fn attend<R>(&self, work: impl FnOnce() -> R) -> R {
        // Nothing but time depends on these numbers: what the work has written the pool hands over.
        self.begun.fetch_add(1, Ordering::Relaxed);
        let result = work();
        self.done.fetch_add(1, Ordering::Relaxed);
        let is_waiting = || {
            let all_begun = self.begun.load(Ordering::Relaxed) == self.pieces;
            all_begun && self.done.load(Ordering::Relaxed) < self.pieces
        };
        for _ in 0..TURNS {
            if !is_waiting() {
                break;
            }
            std::hint::spin_loop();
        }
        result
    }
}
