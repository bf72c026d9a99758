//! Lanes from single rows of a ciphertext: [`LaneRows`].

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use crate::dense::{self, Square};
use crate::{Arithmetic, Ciphertext, EvaluationKey, KeyId, Real, Spectrum};

/// Which rows of a ciphertext give its lanes, and how.
///
/// `C v_k = l_k v_k` holds row by row: where `v_rk`, entry `r` of the eigenvector `v_k`, is not zero,
///
/// `l_k = C_rr + sum_(j != r) C_rj v_jk / v_rk`.
///
/// So one row of `n` entries is as good as the whole matrix, at `n - 1` products a lane instead of the `n (n + 1)` of
/// [`EvaluationKey::to_spectrum`], and a row may serve all lanes: then `n` of `n^2` numbers need to be read. Equal
/// lanes give exactly `l`.
///
/// What rounding left in a row is multiplied by `|v_k| / |v_rk|`, which is at most `8 sqrt(n)` by the choice of the rows: the
/// fewest that keep this, of equally many those that keep it lowest. For ciphertexts as they were encrypted or stored. A long
/// computation in matrix form leaves the algebra of the key, and the diagonal of `V^-1 C V`, which uses the whole matrix, has
/// the lesser error.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneRows<T: Real, const N: usize> {
    id: KeyId,
    /// For each lane.
    rows: [usize; N],
    /// `ratios[k][j] = v_jk / v_rk` for the row `r` of lane `k`; zero for `j = r`.
    ratios: Square<T, N>,
}

/// `|v_rk|` of a lane with unit eigenvector, over its least possible maximum `1 / sqrt(n)`, must not be below. So low that one row is enough
/// for nearly all keys, since every further one has to be read; half a digit more of a rounding error is the price, for the others.
const LEAST: f64 = 1.0 / 8.0;

impl<T: Real, const N: usize> LaneRows<T, N> {
    /// The rows for ciphertexts of `key`; its order of lanes is the order here.
    #[must_use]
    pub fn new(key: &EvaluationKey<T, N>) -> Self {
        let unit = dense::unit_columns(&dense::widen(key.columns()));
        let set = best_set(&unit);
        let mut rows = [0; N];
        let mut ratios = [[T::ZERO; N]; N];
        for k in 0..N {
            let (row, entry) = best_row(set, &unit[k]);
            rows[k] = row;
            for j in 0..N {
                if j != row {
                    ratios[k][j] = T::from_f64(unit[k][j] / entry);
                }
            }
        }
        Self { id: key.id(), rows, ratios }
    }

    /// The name of the secret key that the ciphertexts are of.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The row that each lane is read from.
    #[must_use]
    pub const fn rows(&self) -> &[usize; N] {
        &self.rows
    }

    /// What the entries of its row are multiplied with for lane `lane`. The entry on the diagonal is added as it is; in its place
    /// stands a zero.
    ///
    /// # Panics
    ///
    /// If there is no such lane.
    #[must_use]
    pub const fn ratios(&self, lane: usize) -> &[T; N] {
        &self.ratios[lane]
    }

    /// The lanes of `c`. An entry of a row in [`rows`](Self::rows) that is not finite makes the lanes of that row so; other rows
    /// are not looked at.
    #[inline(always)]
    #[must_use]
    pub fn to_spectrum<R: Arithmetic<Real = T>>(&self, c: &Ciphertext<R, N>) -> Spectrum<R, N> {
        let columns = c.columns();
        let mut lanes = [columns[0][0]; N];
        for k in 0..N {
            // Rows by number, so that a compiler sees that there are such.
            for row in 0..N {
                if row != self.rows[k] {
                    continue;
                }
                lanes[k] = columns[row][row];
                for j in 0..N {
                    if j != row {
                        lanes[k] = lanes[k].mul_acc_scalar(self.ratios[k][j], columns[j][row]);
                    }
                }
            }
        }
        Spectrum::from_lanes(lanes)
    }
}

/// The set of rows, a bit each: the smallest that has for each lane a row whose entry is large enough, of equally large ones the
/// one whose least entry is largest.
fn best_set<const N: usize>(unit: &Square<f64, N>) -> u32 {
    let enough = LEAST / Real::sqrt(N as f64);
    let (mut best, mut largest) = ((1_u32 << N) - 1, 0.0);
    for set in 1..1_u32 << N {
        let mut least = f64::INFINITY;
        for column in unit {
            least = Arithmetic::minimum(least, Real::abs(best_row(set, column).1));
        }
        let fewer = set.count_ones() < best.count_ones();
        if least >= enough && (fewer || set.count_ones() == best.count_ones() && least > largest) {
            (best, largest) = (set, least);
        }
    }
    best
}

/// The row of a set that is not empty with the largest entry of an eigenvector, and that entry.
fn best_row<const N: usize>(set: u32, column: &[f64; N]) -> (usize, f64) {
    let (mut best, mut largest) = ((0, 0.0), -1.0);
    for row in 0..N {
        if set >> row & 1 == 1 && Real::abs(column[row]) > largest {
            (best, largest) = ((row, column[row]), Real::abs(column[row]));
        }
    }
    best
}
