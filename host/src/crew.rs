//! Threads of the rayon pool that share the kernels of one pack: [`Crew`], that wait for each other: [`Rendezvous`], and their memory:
//! [`Rooms`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nn_core::Team;
use rayon::prelude::*;

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

/// The time of busy waiting, at most: several times what it takes to wake a thread, so that one that woke late makes no other fall asleep.
const PATIENCE: Duration = Duration::from_micros(500);

/// Turns between two looks at the clock.
const TURNS: usize = 100;

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
        let mut since = None;
        while is_waiting() {
            for _ in 0..TURNS {
                if !is_waiting() {
                    return result;
                }
                std::hint::spin_loop();
            }
            if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                break;
            }
        }
        result
    }
}

/// Memory for work that needs it until it is done, whichever work that is: as much as is in use at the same time, and likely in the caches of
/// the thread that takes it, since that is the one that had it last.
pub(crate) struct Rooms<'a, T> {
    make: Box<dyn Fn() -> T + Send + Sync + 'a>,
    /// With the number of the thread that had it.
    free: Mutex<Vec<(usize, T)>>,
}

impl<'a, T: Send> Rooms<'a, T> {
    /// As many as so many `pieces` of work take at most, made by all threads: of large images each is tens of megabytes, which no thread
    /// should fetch alone.
    pub(crate) fn new(pieces: usize, make: impl Fn() -> T + Send + Sync + 'a) -> Self {
        let rooms = (0..pieces.min(rayon::current_num_threads())).into_par_iter().with_max_len(1);
        let free = rooms.map(|_| (thread(), make())).collect();
        Self { make: Box::new(make), free: Mutex::new(free) }
    }

    /// Works in a room that is free, which is made where there is none.
    pub(crate) fn enter<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut room = self.take().unwrap_or_else(&self.make);
        let result = work(&mut room);
        self.free().push((thread(), room));
        result
    }

    fn take(&self) -> Option<T> {
        let mut free = self.free();
        let own = free.iter().rposition(|(owner, _)| *owner == thread());
        let place = own.or_else(|| free.len().checked_sub(1))?;
        Some(free.swap_remove(place).1)
    }

    fn free(&self) -> MutexGuard<'_, Vec<(usize, T)>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of this thread in its pool.
fn thread() -> usize {
    rayon::current_thread_index().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rayon::prelude::*;

    use super::Rooms;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
    }

    #[test]
    fn rooms_are_used_again_and_work_within_work_has_its_own() {
        pool(1).install(|| {
            let rooms = Rooms::new(1, Vec::new);
            let work = || {
                rooms.enter(|outer| {
                    outer.push("outer");
                    rooms.enter(|inner| inner.push("inner"));
                    outer.clone()
                })
            };
            assert_eq!(work(), ["outer"]);
            assert_eq!(work(), ["outer", "outer"]);
        });
    }

    #[test]
    fn there_are_never_more_rooms_than_pieces_of_work() {
        for (threads, pieces) in [(3, 3), (3, 5), (4, 2), (1, 1)] {
            let made = AtomicUsize::new(0);
            pool(threads).install(|| {
                let rooms = Rooms::new(pieces, || made.fetch_add(1, Ordering::Relaxed));
                assert_eq!(made.load(Ordering::Relaxed), threads.min(pieces));
                for _ in 0..200 {
                    (0..pieces).into_par_iter().for_each(|_| rooms.enter(|_| std::thread::yield_now()));
                }
            });
            let most = threads.min(pieces);
            assert_eq!(made.into_inner(), most, "{pieces} pieces of work on {threads} threads");
        }
    }
}
