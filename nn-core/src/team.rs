//! Threads that share the work on one input: [`Team`].

use core::ops::Range;

use crate::stage::Stage;

/// Threads that may work on one kernel together.
///
/// A network on one pack of samples has kernels that take longer than it takes to hand half of one to another thread. They are
/// cut by outputs, never within a sum, so a team of any size computes the same bits.
pub trait Team: Copy + Send + Sync {
    /// How many threads.
    fn size(self) -> usize;

    /// Runs both, at the same time if it can.
    fn join(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send);

    /// Called by forward convolutions between their windows: where the memory stands idle, what is
    /// computed on later can be asked for, a few cache lines at a time (see [`prefetch`](crate::simd::prefetch)).
    #[inline(always)]
    fn meanwhile(self) {}
}

/// One thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Team for Alone {
    fn size(self) -> usize {
        1
    }

    fn join(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        first();
        second();
    }
}

/// Work that can be cut in two.
pub(crate) trait Divisible: Sized + Send {
    /// Parts that it can be cut into, at most.
    fn parts(&self) -> usize;
    /// The first `parts` of it, and the others.
    fn split(self, parts: usize) -> (Self, Self);
    /// Does it.
    fn run(self);
}

/// Multiply-accumulates for a sample below which work is not worth handing over.
pub(crate) const SMALLEST: usize = 1 << 14;

/// What the way back through some rows of a stage's activation and its pool costs, in multiply-accumulates.
pub(crate) const fn activation_gradient_operations(stage: &Stage, rows: usize) -> usize {
    8 * stage.active.channels * stage.active.width * rows
}

/// Does `work` of so many multiply-accumulates for a sample on a team.
pub(crate) fn share(team: impl Team, operations: usize, work: impl Divisible) {
    // One thread is known to be alone when this is compiled: no code to cut work is left.
    if team.size() < 2 {
        return work.run();
    }
    divide(team, team.size().min(operations / SMALLEST), work);
}

fn divide<T: Team>(team: T, threads: usize, work: impl Divisible) {
    let parts = work.parts();
    let threads = threads.min(parts);
    if threads < 2 {
        return work.run();
    }
    let first = threads.div_ceil(2);
    let (these, others) = work.split((parts * first).div_ceil(threads).min(parts - 1));
    team.join(|| divide(team, first, these), || divide(team, threads - first, others));
}

/// A range cut after `parts`.
pub(crate) fn cut_range(range: &Range<usize>, parts: usize) -> (Range<usize>, Range<usize>) {
    let middle = range.start + parts;
    (range.start..middle, middle..range.end)
}
