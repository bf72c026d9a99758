//! Threads of the rayon pool that share the kernels of one pack: [`Crew`].

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
