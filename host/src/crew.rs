//! Threads of the rayon pool that share the kernels of one pack: [`Crew`], that wait for each other: [`Rendezvous`], and their memory:
//! [`Rooms`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

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

/// Memory of each thread of the rayon pool for work that needs it until it is done, whichever work that is: as much as threads work at the
/// same time, and in the caches of the thread that had it before.
#[derive(Debug)]
pub(crate) struct Rooms<T> {
    /// Those of each thread that are free. A thread that waits for others may begin with other work: then it has two.
    free: Vec<Mutex<Vec<T>>>,
}

impl<T> Rooms<T> {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { free: (0..rayon::current_num_threads()).map(|_| Mutex::new(Vec::new())).collect() }
    }

    /// Makes one for each thread, by itself and at the same time, where there are no more threads than `pieces` of work: later one would make
    /// its own while others wait.
    pub(crate) fn make(&self, pieces: usize, make: impl Fn() -> T + Sync)
    where
        T: Send,
    {
        if self.free.len() <= pieces {
            rayon::broadcast(|_| self.enter(&make, |_| ()));
        }
    }

    /// Works in a room of this thread, which is made where it has none that is free.
    pub(crate) fn enter<R>(&self, make: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let thread = rayon::current_thread_index().unwrap_or(0) % self.free.len();
        let free = || self.free[thread].lock().unwrap_or_else(PoisonError::into_inner);
        let room = free().pop();
        let mut room = room.unwrap_or_else(make);
        let result = work(&mut room);
        free().push(room);
        result
    }
}
