//! From lines of numbers, one a sample, to packs.

use more_core::{Arithmetic, Real};
use nn_core::element::Pack;
use nn_core::simd::{Isa, MAX_SAMPLES, PackReal};

use super::Packed;

/// A line of equally many numbers for each sample of a pack, or for fewer: what [`gather`] takes.
pub(crate) trait PackLines<T: PackReal> {
    /// Lines.
    fn samples(&self) -> usize;

    /// One number of the line of a sample.
    fn number(&self, sample: usize, index: usize) -> T;

    /// The numbers from `first` on of the line of a sample, as many as a register holds.
    fn register<I: Isa<Real = T>>(&self, isa: I, sample: usize, first: usize) -> Pack<I>;
}

/// Lines that are gathered as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a, T> {
    lines: [&'a [T]; MAX_SAMPLES],
    samples: usize,
}

impl<'a, T> Stored<'a, T> {
    /// Of at most [`MAX_SAMPLES`] lines.
    #[inline(always)]
    pub(crate) fn new(lines: impl Iterator<Item = &'a [T]>) -> Self {
        let mut stored = Self { lines: [&[]; MAX_SAMPLES], samples: 0 };
        for (place, line) in stored.lines.iter_mut().zip(lines) {
            *place = line;
            stored.samples += 1;
        }
        stored
    }
}

impl<T: PackReal> PackLines<T> for Stored<'_, T> {
    #[inline(always)]
    fn samples(&self) -> usize {
        self.samples
    }

    #[inline(always)]
    fn number(&self, sample: usize, index: usize) -> T {
        self.lines[sample][index]
    }

    #[inline(always)]
    fn register<I: Isa<Real = T>>(&self, isa: I, sample: usize, first: usize) -> Pack<I> {
        Pack::load(isa, &self.lines[sample][first..])
    }
}

/// Lines of a lane that a row `r` of matrices of two columns gives: `C_rr + C_rj ratio`, rounded as
/// [`LaneRows::to_spectrum`](more_core::LaneRows::to_spectrum) of single matrices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneLines<'a, T> {
    /// Of the entry on the diagonal.
    pub(crate) diagonal: &'a Stored<'a, T>,
    /// Of the entry beside it.
    pub(crate) beside: &'a Stored<'a, T>,
    /// What that is multiplied with.
    pub(crate) ratio: T,
}

impl<T: PackReal> PackLines<T> for LaneLines<'_, T> {
    #[inline(always)]
    fn samples(&self) -> usize {
        self.diagonal.samples
    }

    #[inline(always)]
    fn number(&self, sample: usize, index: usize) -> T {
        self.diagonal.number(sample, index).mul_acc_scalar(self.ratio, self.beside.number(sample, index))
    }

    #[inline(always)]
    fn register<I: Isa<Real = T>>(&self, isa: I, sample: usize, first: usize) -> Pack<I> {
        // Not accumulated: packs fuse what single numbers do not.
        let product = self.beside.register(isa, sample, first).scale(self.ratio);
        self.diagonal.register(isa, sample, first) + product
    }
}

/// Fills one component of `packs` with numbers of a line a sample, from `first` on: zeros take the places of samples that are not there.
pub(crate) fn gather<I: Isa<Real: PackReal>, E: Packed<I>>(
    isa: I,
    lines: &impl PackLines<I::Real>,
    first: usize,
    component: usize,
    packs: &mut [E],
) {
    debug_assert!(lines.samples() <= I::SAMPLES, "{} lines", lines.samples());
    let done = match I::SAMPLES {
        MAX_SAMPLES => gather_blocks::<I, E, MAX_SAMPLES>(isa, lines, first, component, packs),
        8 => gather_blocks::<I, E, 8>(isa, lines, first, component, packs),
        _ => 0,
    };
    for (index, pack) in packs.iter_mut().enumerate().skip(done) {
        let samples = pack.pack_mut(component).samples_mut();
        for (sample, value) in samples.iter_mut().enumerate() {
            *value = if sample < lines.samples() { lines.number(sample, first + index) } else { Real::ZERO };
        }
    }
}

/// [`gather`] of as many lines as a pack has samples: of all their numbers, or of none where these do not fill a register. Says of how
/// many.
fn gather_blocks<I: Isa<Real: PackReal>, E: Packed<I>, const SAMPLES: usize>(
    isa: I,
    lines: &impl PackLines<I::Real>,
    first: usize,
    component: usize,
    packs: &mut [E],
) -> usize {
    let Some(last) = packs.len().checked_sub(SAMPLES) else { return 0 };
    if lines.samples() < SAMPLES {
        return 0;
    }
    isa.enter(
        #[inline(always)]
        || {
            for block in (0..packs.len()).step_by(SAMPLES) {
                // The last block overlaps the one before rather than to leave a rest.
                let block = block.min(last);
                // Of fixed length, so that nothing goes through memory.
                let Some(packs) = packs[block..].first_chunk_mut::<SAMPLES>() else { continue };
                Pack::transpose(
                    isa,
                    #[inline(always)]
                    |sample| lines.register(isa, sample, first + block),
                    #[inline(always)]
                    |index, column| *packs[index].pack_mut(component) = column,
                );
            }
        },
    );
    packs.len()
}
