//! From ciphertexts as files hold them to planes of their lanes.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use more_core::{Ciphertext, EvaluationKey, Real};

use super::images::matrix_entries;
#[cfg(feature = "engine")]
pub(super) use crate::ahead::ask_for;

/// Ciphertexts that are converted side by side, as many as fill a register.
const BLOCK: usize = 16;

/// Ciphertexts of two lanes that are converted in one loop.
const PAIRS: usize = 128;

/// `[value][entry]`, entries row by row, to `[lane][value]` from value `first` of each plane on, in the widest registers of
/// this machine. The bits are those of [`EvaluationKey::to_spectrum_unchecked`].
///
/// Meanwhile asks for what lies `ahead`, a little with each block: a processor computes while it waits for memory.
///
/// Says whether all values of the first lane are finite: then all entries are.
pub(super) fn entries_to_planes<T: Real, const N: usize>(
    key: &EvaluationKey<T, N>,
    entries: &[T],
    planes: &mut [T],
    first: usize,
    ahead: &[u8],
) -> bool {
    // More lanes are rare, and compiled for each instruction set they would take longer than all kernels.
    if const { N > 4 } {
        ask_for(ahead);
        return convert_each(key, entries, planes, first);
    }
    let mut finite = false;
    in_widest_registers(
        #[inline(always)]
        || finite = convert(key, entries, planes, first, ahead),
    );
    finite
}

/// Whether all values are finite.
pub(super) fn all_finite<T: Real>(values: &[T]) -> bool {
    let mut finite = false;
    in_widest_registers(
        #[inline(always)]
        || finite = are_finite(values),
    );
    finite
}

/// [`all_finite`], in the registers of the caller.
#[inline(always)]
fn are_finite<T: Real>(values: &[T]) -> bool {
    let mut sums = [T::ZERO; BLOCK];
    let (blocks, rest) = values.as_chunks::<BLOCK>();
    for block in blocks {
        add_zeros(&mut sums, block);
    }
    are_zero(&sums) && rest.iter().all(|&value| Real::is_finite(value))
}

/// Adds 0 x, which is zero for what is finite and NaN otherwise.
#[inline(always)]
fn add_zeros<T: Real>(sums: &mut [T; BLOCK], values: &[T; BLOCK]) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum = *sum + T::ZERO * value;
    }
}

fn are_zero<T: Real>(sums: &[T; BLOCK]) -> bool {
    sums.iter().all(|&sum| sum == T::ZERO)
}

#[cfg(feature = "engine")]
fn in_widest_registers(work: impl FnOnce()) {
    use nn_core::simd::{InstructionSet, Isa, Job, PackReal};

    struct Enter<F>(F);

    impl<F: FnOnce()> Job<f32> for Enter<F> {
        type Output = ();

        #[inline(always)]
        fn run<I: Isa<Real = f32>>(self, isa: I) {
            isa.enter(self.0);
        }
    }

    f32::dispatch(InstructionSet::best(), Enter(work));
}

#[cfg(not(feature = "engine"))]
fn in_widest_registers(work: impl FnOnce()) {
    work();
}

#[cfg(not(feature = "engine"))]
pub(super) fn ask_for(_: &[u8]) {}

#[inline(always)]
fn convert<T: Real, const N: usize>(
    key: &EvaluationKey<T, N>,
    entries: &[T],
    planes: &mut [T],
    mut first: usize,
    ahead: &[u8],
) -> bool {
    if const { N == 2 } {
        return convert_pairs(key, entries, planes, first, ahead);
    }
    let mut ahead = ahead.chunks(BLOCK * N * N * size_of::<T>());
    let plane = planes.len() / N;
    let blocks = entries.chunks_exact(BLOCK * N * N);
    let rest = blocks.remainder();
    let mut sums = [T::ZERO; BLOCK];
    for block in blocks {
        ask_for(ahead.next().unwrap_or_default());
        // Entry by entry, so that neighbouring ciphertexts are neighbouring numbers.
        let mut columns = [[[T::ZERO; BLOCK]; N]; N];
        for sample in 0..BLOCK {
            for row in 0..N {
                for column in 0..N {
                    columns[column][row][sample] = block[(sample * N + row) * N + column];
                }
            }
        }
        let mut lanes = [[T::ZERO; BLOCK]; N];
        for sample in 0..BLOCK {
            let mut one = [[T::ZERO; N]; N];
            for column in 0..N {
                for row in 0..N {
                    one[column][row] = columns[column][row][sample];
                }
            }
            let spectrum = key.to_spectrum_unchecked(&Ciphertext::from_columns(one));
            for lane in 0..N {
                lanes[lane][sample] = spectrum.lanes()[lane];
            }
        }
        for (lane, values) in lanes.iter().enumerate() {
            planes[lane * plane + first..][..BLOCK].copy_from_slice(values);
        }
        add_zeros(&mut sums, &lanes[0]);
        first += BLOCK;
    }
    convert_each(key, rest, planes, first) && are_zero(&sums)
}

/// [`convert`] for two lanes. A loop over numbers, of which a compiler makes whole registers that it takes apart: faster than entry by
/// entry.
#[inline(always)]
fn convert_pairs<T: Real, const N: usize>(
    key: &EvaluationKey<T, N>,
    entries: &[T],
    planes: &mut [T],
    first: usize,
    ahead: &[u8],
) -> bool {
    let (lane, other_lane) = planes.split_at_mut(planes.len() / 2);
    let (lane, other_lane) = (&mut lane[first..], &mut other_lane[first..]);
    let ciphertexts = entries.as_chunks::<4>().0;
    let mut ahead = ahead.chunks(PAIRS * 4 * size_of::<T>());
    let blocks = lane.chunks_mut(PAIRS).zip(other_lane.chunks_mut(PAIRS));
    for (ciphertexts, (lane, other_lane)) in ciphertexts.chunks(PAIRS).zip(blocks) {
        ask_for(ahead.next().unwrap_or_default());
        for ((entries, lane), other) in ciphertexts.iter().zip(lane).zip(other_lane) {
            let spectrum = key.to_spectrum_unchecked(&matrix_entries::<T, N>(entries));
            *lane = spectrum.lanes()[0];
            *other = spectrum.lanes()[1];
        }
    }
    are_finite(&lane[..ciphertexts.len()])
}

/// One by one.
#[inline(always)]
fn convert_each<T: Real, const N: usize>(
    key: &EvaluationKey<T, N>,
    entries: &[T],
    planes: &mut [T],
    first: usize,
) -> bool {
    let plane = planes.len() / N;
    let mut finite = true;
    for (index, entries) in entries.chunks_exact(N * N).enumerate() {
        let spectrum = key.to_spectrum_unchecked(&matrix_entries::<T, N>(entries));
        finite &= Real::is_finite(spectrum.lanes()[0]);
        for (lane, value) in spectrum.lanes().iter().enumerate() {
            planes[lane * plane + first + index] = *value;
        }
    }
    finite
}

#[cfg(test)]
mod tests {
    use more_core::{EvaluationKey, KeyId, Real};

    use super::{all_finite, entries_to_planes, matrix_entries};

    fn check<T: Real, const N: usize>() {
        let mut columns = [[T::from_f64(0.1); N]; N];
        for k in 0..N {
            columns[k][k] = T::ONE;
        }
        let key = EvaluationKey::<T, N>::from_parts(KeyId([1; 16]), columns).expect("regular");
        // Whole blocks of all sizes and a rest.
        let values = 300;
        let entries: Vec<T> =
            (0..values * N * N).map(|i| T::from_f64((i * 7919 % 1009) as f64 / 504.0 - 1.0)).collect();
        let mut planes = vec![T::ZERO; values * N];
        // In two pieces.
        let (head, tail) = entries.split_at(20 * N * N);
        assert!(entries_to_planes(&key, head, &mut planes, 0, &[]));
        assert!(entries_to_planes(&key, tail, &mut planes, 20, &[1; 1000]));
        for (index, entries) in entries.chunks_exact(N * N).enumerate() {
            let spectrum = key.to_spectrum_unchecked(&matrix_entries::<T, N>(entries));
            for (lane, value) in spectrum.lanes().iter().enumerate() {
                assert!(planes[lane * values + index] == *value, "value {index}, lane {lane}");
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_noticed_wherever_it_stands() {
        let key =
            EvaluationKey::<f32, 2>::from_parts(KeyId([1; 16]), [[1.0, 0.5], [0.25, 1.0]]).expect("regular");
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for place in 0..4 * 19 {
                let mut entries = [1.0; 4 * 19];
                assert!(all_finite(&entries));
                entries[place] = value;
                assert!(!all_finite(&entries), "{value} at {place}");
                assert!(!entries_to_planes(&key, &entries, &mut [0.0; 2 * 19], 0, &[]), "{value} at {place}");
            }
            for place in [0, 4 * 127, 4 * 128, 4 * 299 + 3] {
                let mut entries = [1.0; 4 * 300];
                assert!(entries_to_planes(&key, &entries, &mut [0.0; 2 * 300], 0, &[1; 5000]));
                entries[place] = value;
                assert!(
                    !entries_to_planes(&key, &entries, &mut [0.0; 2 * 300], 0, &[]),
                    "{value} at {place}"
                );
            }
        }
    }

    #[test]
    fn lanes_have_the_bits_of_single_conversions() {
        check::<f32, 2>();
        check::<f64, 2>();
        check::<f32, 3>();
        check::<f64, 4>();
        check::<f32, 8>();
    }
}
