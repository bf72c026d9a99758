//! From matrices as files hold them, plane by plane, to planes of their lanes.

use std::ops::Range;

use more_core::{Ciphertext, EvaluationKey, KeyId, LaneRows, Real};

#[cfg(feature = "engine")]
pub(super) use crate::ahead::ask_for;
use crate::registers::in_widest_registers;

/// Values that are converted at a time, so that all planes they are in stay in a first-level cache.
const CHUNK: usize = 256;

/// Sums side by side in which values are looked at, as many as fill a register.
const BLOCK: usize = 16;

/// [`LaneRows`] for planes of entries and a number of lanes known at run time.
#[derive(Clone, Debug)]
pub(crate) struct LanePlanes<T> {
    id: KeyId,
    lanes: usize,
    rows: Vec<Row<T>>,
}

/// The lanes that a row of the matrices gives.
#[derive(Clone, Debug)]
struct Row<T> {
    row: usize,
    /// Each with what the entries of the row are multiplied with.
    lanes: Vec<(usize, Vec<T>)>,
}

/// What a lane of matrices of two columns is made of: `C_rr + C_rj ratio`.
#[cfg(feature = "engine")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneOfTwo<T> {
    /// Which of [`LanePlanes::runs`] is the row's.
    pub(crate) place: usize,
    /// Whether it is the first lane of its row.
    pub(crate) is_first: bool,
    /// `r` and `j`.
    pub(crate) columns: [usize; 2],
    pub(crate) ratio: T,
}

impl<T: Real> LanePlanes<T> {
    /// For matrices of this key, in its order of lanes.
    pub(crate) fn new<const N: usize>(key: &EvaluationKey<T, N>) -> Self {
        let found = LaneRows::new(key);
        let rows = (0..N).map(|row| Row {
            row,
            lanes: (0..N)
                .filter(|&lane| found.rows()[lane] == row)
                .map(|lane| (lane, found.ratios(lane).to_vec()))
                .collect(),
        });
        Self { id: key.id(), lanes: N, rows: rows.filter(|row| !row.lanes.is_empty()).collect() }
    }

    /// The key that the matrices are of.
    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    /// Lanes, and rows and columns of a matrix.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// The planes that are read, those of a row together: entry `(i, j)` of the matrices is plane `n i + j` of an image.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        self.rows.iter().map(|row| row.row * self.lanes..(row.row + 1) * self.lanes)
    }

    /// What each lane is made of, where there are two.
    #[cfg(feature = "engine")]
    pub(crate) fn two_lanes(&self) -> Option<[LaneOfTwo<T>; 2]> {
        let of = |lane| {
            self.rows.iter().enumerate().find_map(|(place, row)| {
                let index = row.lanes.iter().position(|(number, _)| *number == lane)?;
                let columns = [row.row, 1 - row.row];
                let ratio = row.lanes[index].1[columns[1]];
                Some(LaneOfTwo { place, is_first: index == 0, columns, ratio })
            })
        };
        if self.lanes != 2 {
            return None;
        }
        Some([of(0)?, of(1)?])
    }

    /// The lanes that the row of run `place` gives, in the widest registers of this machine: of values of its planes, one plane a
    /// column, to `lanes[l stride + first..]` for lane `l`. Meanwhile asks for what lies `ahead`, a little of each part with each chunk: a
    /// processor computes while it waits for memory.
    ///
    /// Says whether all values of a lane are finite: then all entries are.
    pub(crate) fn convert(
        &self,
        place: usize,
        planes: &[&[T]],
        lanes: &mut [T],
        [stride, first]: [usize; 2],
        ahead: &[&[u8]],
    ) -> bool {
        let (row, len) = (&self.rows[place], planes[0].len());
        let mut finite = true;
        in_widest_registers(
            #[inline(always)]
            || {
                let chunks = len.div_ceil(CHUNK);
                for (index, start) in (0..len).step_by(CHUNK).enumerate() {
                    for part in ahead {
                        let at = |index: usize| index * part.len() / chunks;
                        ask_for(&part[at(index)..at(index + 1)]);
                    }
                    let values = start..len.min(start + CHUNK);
                    for (index, (lane, ratios)) in row.lanes.iter().enumerate() {
                        let out = &mut lanes[lane * stride + first + start..][..values.len()];
                        row.lane(ratios, |column| &planes[column][values.clone()], out);
                        finite &= index > 0 || are_finite(out);
                    }
                }
            },
        );
        finite
    }
}

impl<T: Real> Row<T> {
    /// `C_rr + sum_(j != r) C_rj ratio_j`, the order of [`LaneRows::to_spectrum`], for planes of entries of row `r`.
    #[inline(always)]
    fn lane<'a>(&self, ratios: &[T], plane: impl Fn(usize) -> &'a [T], out: &mut [T])
    where
        T: 'a,
    {
        let mut others = (0..ratios.len()).filter(|&column| column != self.row);
        if let Some(column) = others.next() {
            let ratio = ratios[column];
            for ((out, &diagonal), &entry) in out.iter_mut().zip(plane(self.row)).zip(plane(column)) {
                *out = diagonal.mul_acc_scalar(ratio, entry);
            }
        }
        for column in others {
            let ratio = ratios[column];
            for (out, &entry) in out.iter_mut().zip(plane(column)) {
                *out = out.mul_acc_scalar(ratio, entry);
            }
        }
    }
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

#[cfg(not(feature = "engine"))]
pub(super) fn ask_for(_: &[u8]) {}

/// The ciphertext of value `index` in planes of entries, each `plane` values long: its entry `(i, j)` is in plane `n i + j`.
pub(crate) fn matrix_at<T: Real, const N: usize>(
    planes: &[T],
    plane: usize,
    index: usize,
) -> Ciphertext<T, N> {
    let mut columns = [[T::ZERO; N]; N];
    for row in 0..N {
        for (column, entries) in columns.iter_mut().enumerate() {
            entries[row] = planes[(N * row + column) * plane + index];
        }
    }
    Ciphertext::from_columns(columns)
}

/// Puts ciphertexts into planes of entries, as [`matrix_at`] finds them, from value `first` of each on.
pub(crate) fn put_matrices<T: Real, const N: usize>(
    matrices: &[Ciphertext<T, N>],
    planes: &mut [T],
    plane: usize,
    first: usize,
) {
    for row in 0..N {
        for column in 0..N {
            let values = &mut planes[(N * row + column) * plane + first..][..matrices.len()];
            for (value, matrix) in values.iter_mut().zip(matrices) {
                *value = matrix.columns()[column][row];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use more_core::{Ciphertext, EvaluationKey, KeyId, LaneRows, Real};

    use super::{LanePlanes, all_finite, matrix_at, put_matrices};

    /// An eigenvector a column: `turned` makes keys one of whose rows serves no lane, or not all.
    fn key<T: Real, const N: usize>(turned: bool) -> EvaluationKey<T, N> {
        let mut columns = [[T::from_f64(if turned { 0.01 } else { 0.5 }); N]; N];
        for (k, column) in columns.iter_mut().enumerate() {
            column[k] = T::ONE;
        }
        EvaluationKey::from_parts(KeyId([1; 16]), columns).expect("regular")
    }

    fn check<T: Real, const N: usize>(turned: bool) {
        let key = key::<T, N>(turned);
        let (planes, rows) = (LanePlanes::new(&key), LaneRows::new(&key));
        assert_eq!(planes.runs().count(), if turned { N } else { 1 });
        // Whole chunks, registers of all sizes and a rest.
        let len = 597;
        let matrices: Vec<Ciphertext<T, N>> = (0..len)
            .map(|m| {
                let entry = |i: usize| T::from_f64(((m * N * N + i) * 7919 % 1009) as f64 / 504.0 - 1.0);
                Ciphertext::from_columns(std::array::from_fn(|j| std::array::from_fn(|i| entry(N * j + i))))
            })
            .collect();
        let mut stored = vec![T::ZERO; len * N * N];
        // In two pieces.
        put_matrices(&matrices[..20], &mut stored, len, 0);
        put_matrices(&matrices[20..], &mut stored, len, 20);
        let mut lanes = vec![T::ZERO; len * N];
        for (place, run) in planes.runs().enumerate() {
            let entries: Vec<&[T]> = run.map(|plane| &stored[plane * len..][..len]).collect();
            // In two pieces.
            let [head, tail] = [0..50, 50..len]
                .map(|part| entries.iter().map(|plane| &plane[part.clone()]).collect::<Vec<_>>());
            assert!(planes.convert(place, &head, &mut lanes, [len, 0], &[]));
            assert!(planes.convert(place, &tail, &mut lanes, [len, 50], &[&[1; 1000], &[]]));
        }
        for (index, matrix) in matrices.iter().enumerate() {
            assert!(matrix_at::<T, N>(&stored, len, index) == *matrix);
            for (lane, value) in rows.to_spectrum(matrix).lanes().iter().enumerate() {
                assert!(lanes[lane * len + index] == *value, "value {index}, lane {lane}");
            }
        }
    }

    #[test]
    fn lanes_have_the_bits_of_single_conversions() {
        for turned in [false, true] {
            check::<f32, 2>(turned);
            check::<f64, 2>(turned);
            check::<f32, 3>(turned);
            check::<f64, 4>(turned);
            check::<f32, 8>(turned);
        }
    }

    #[test]
    fn what_is_not_finite_is_noticed_wherever_it_stands() {
        let planes = LanePlanes::new(&key::<f32, 2>(false));
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for len in [19, 300] {
                let mut entries = vec![1.0; 2 * len];
                let converts = |entries: &[f32]| {
                    let (head, tail) = entries.split_at(len);
                    planes.convert(0, &[head, tail], &mut vec![0.0; 2 * len], [len, 0], &[])
                };
                assert!(all_finite(&entries) && converts(&entries));
                for place in 0..2 * len {
                    entries[place] = value;
                    assert!(!all_finite(&entries), "{value} at {place}");
                    assert!(!converts(&entries), "{value} at {place}");
                    entries[place] = 1.0;
                }
            }
        }
    }
}
