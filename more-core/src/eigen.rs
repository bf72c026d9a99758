//! Diagonalisation by similarity, without branches on values.
//!
//! P. J. Eberlein's norm-reducing Jacobi method ("A Jacobi-like method for the automatic computation of eigenvalues
//! and eigenvectors of an arbitrary matrix", J. SIAM 10, 1962). For each pair `(k, m)` of rows and columns:
//!
//! 1. the rotation that makes the symmetric part of the 2 x 2 block diagonal, `tan 2x = (a_km + a_mk) / (a_kk - a_mm)`;
//! 2. the shear `W = [cosh y, sinh y; sinh y, cosh y]`, `A <- W^-1 A W`, with
//!    `tanh y = -(d e + h) / (g + 2 (d^2 + e^2))`, where `d = a_kk - a_mm`, `e = a_km - a_mk`,
//!    `h = sum (a_ik a_im - a_ki a_mi)` and `g = sum (a_ik^2 + a_im^2 + a_ki^2 + a_mi^2)` over the other `i`: one
//!    Newton step towards the least Frobenius norm.
//!
//! The least norm is that of a normal matrix, and a normal matrix with real eigenvalues is symmetric, so both
//! together end in a diagonal. The transformation stays about as well conditioned as the key, and nothing is divided
//! by the gap of two eigenvalues: equal and near-equal lanes need no special case. (Newton's divided differences on
//! the eigenvalues lose `eps / gap` for each order; see `docs/numerics.md`.)

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use crate::basis::mean_lane;
use crate::dense::Square;
use crate::{Arithmetic, Ciphertext, Real};

/// Sweeps over all pairs. In searches over random keys twelve did for condition number 3 and twenty for 150; noise beside the algebra that
/// is larger than rounding is never swept away and takes all of them.
const MOST_SWEEPS: usize = 32;

/// `A = T diag(values) T^-1` to within `residual`.
pub(crate) struct Diagonalised<R: Arithmetic, const N: usize> {
    pub(crate) values: [R; N],
    /// The columns of `T`.
    pub(crate) columns: Square<R, N>,
    /// The rows of `T^-1`.
    pub(crate) rows: Square<R, N>,
    /// The largest entry left off the diagonal.
    pub(crate) residual: R,
}

/// The matrix divided by its largest entry, and that entry; at least the smallest normal number.
#[inline(always)]
pub(crate) fn scaled<R: Arithmetic, const N: usize>(c: Ciphertext<R, N>) -> (Ciphertext<R, N>, R) {
    scaled_beside(c, c.columns()[0][0].constant(<R::Real>::ZERO))
}

/// The matrix divided by its largest entry or by `size`, whichever is greater, and that number; at least the smallest
/// normal number. What is rounding noise beside `size` is then small, and counts as none.
#[inline(always)]
pub(crate) fn scaled_beside<R: Arithmetic, const N: usize>(
    c: Ciphertext<R, N>,
    size: R,
) -> (Ciphertext<R, N>, R) {
    let mut largest = size.maximum(size.constant(<R::Real>::MIN_POSITIVE));
    for j in 0..N {
        for i in 0..N {
            largest = largest.maximum(c.columns()[j][i].magnitude());
        }
    }
    (c.scale_by(largest.constant(<R::Real>::ONE) / largest), largest)
}

struct State<R: Arithmetic, const N: usize> {
    /// `a[j][i]` is entry `(i, j)`.
    a: Square<R, N>,
    columns: Square<R, N>,
    rows: Square<R, N>,
}

impl<R: Arithmetic, const N: usize> State<R, N> {
    #[inline(always)]
    fn new(c: &Ciphertext<R, N>) -> Self {
        let identity = *Ciphertext::scalar(c.context(), <R::Real>::ONE).columns();
        Self { a: *c.columns(), columns: identity, rows: identity }
    }

    /// The largest entry off the diagonal.
    #[inline(always)]
    fn residual(&self) -> R {
        let mut off = self.a[0][0].constant(<R::Real>::ZERO);
        for j in 0..N {
            for i in 0..N {
                if i != j {
                    off = off.maximum(self.a[j][i].magnitude());
                }
            }
        }
        off
    }

    #[inline(always)]
    fn sweep(&mut self) {
        for k in 0..N {
            for m in k + 1..N {
                self.rotate(k, m);
                self.shear(k, m);
            }
        }
    }

    /// `A <- W^-1 A W` in rows and columns `k` and `m`, `W = [p, q; r, s]` with determinant 1.
    #[inline(always)]
    fn transform(&mut self, k: usize, m: usize, [p, q, r, s]: [R; 4]) {
        for i in 0..N {
            let (x, y) = (self.a[i][k], self.a[i][m]);
            self.a[i][k] = (s * x).mul_acc(-q, y);
            self.a[i][m] = (p * y).mul_acc(-r, x);
            let (x, y) = (self.rows[k][i], self.rows[m][i]);
            self.rows[k][i] = (s * x).mul_acc(-q, y);
            self.rows[m][i] = (p * y).mul_acc(-r, x);
        }
        for i in 0..N {
            let (x, y) = (self.a[k][i], self.a[m][i]);
            self.a[k][i] = (p * x).mul_acc(r, y);
            self.a[m][i] = (q * x).mul_acc(s, y);
            let (x, y) = (self.columns[k][i], self.columns[m][i]);
            self.columns[k][i] = (p * x).mul_acc(r, y);
            self.columns[m][i] = (q * x).mul_acc(s, y);
        }
    }

    #[inline(always)]
    fn rotate(&mut self, k: usize, m: usize) {
        let zero = self.a[k][k].constant(<R::Real>::ZERO);
        let one = zero.constant(<R::Real>::ONE);
        let d = self.a[k][k] - self.a[m][m];
        let c = self.a[m][k] + self.a[k][m];
        // The smaller of the two angles: tan x = c / (d +- sqrt(d^2 + c^2)).
        let root = (d * d).mul_acc(c, c).square_root();
        let denominator = (d.magnitude() + root).maximum(zero.constant(<R::Real>::MIN_POSITIVE));
        let tangent = R::select_less(d, zero, -c, c) / denominator;
        let cosine = one / one.mul_acc(tangent, tangent).square_root();
        let sine = tangent * cosine;
        self.transform(k, m, [cosine, -sine, sine, cosine]);
    }

    #[inline(always)]
    fn shear(&mut self, k: usize, m: usize) {
        let zero = self.a[k][k].constant(<R::Real>::ZERO);
        let one = zero.constant(<R::Real>::ONE);
        let d = self.a[k][k] - self.a[m][m];
        let e = self.a[m][k] - self.a[k][m];
        let (mut h, mut g) = (zero, zero);
        for i in 0..N {
            if i != k && i != m {
                // In row k: a[i][k]; in column k: a[k][i].
                h = h.mul_acc(self.a[k][i], self.a[m][i]).mul_acc(-self.a[i][k], self.a[i][m]);
                g = g.mul_acc(self.a[k][i], self.a[k][i]).mul_acc(self.a[m][i], self.a[m][i]);
                g = g.mul_acc(self.a[i][k], self.a[i][k]).mul_acc(self.a[i][m], self.a[i][m]);
            }
        }
        let denominator = g + (d * d).mul_acc(e, e).scale(<R::Real>::TWO);
        // Entries of a few units of rounding, relative to a largest entry of 1, are noise that may well have no real
        // eigenvalues: shearing it would only make T ill conditioned. Also keeps the quotient from 0 / 0.
        let noise = <R::Real>::from_f64(2.0 * N as f64) * <R::Real>::EPSILON;
        let floor = zero.constant(noise * noise);
        let tangent = -(d * e + h) / denominator.maximum(floor);
        let tangent = R::select_less(denominator, floor, zero, tangent);
        let cosh = one / one.mul_acc(-tangent, tangent).square_root();
        let sinh = tangent * cosh;
        self.transform(k, m, [cosh, sinh, sinh, cosh]);
    }

    /// Forms `T^-1` and `T^-1 A T` anew, with the rounding errors of one product each in place of those that the sweeps
    /// have accumulated. Newton's step `R <- 2 R - R T R` for the inverse squares the error of `R T = I`.
    #[inline(always)]
    fn refresh(&mut self, a: &Ciphertext<R, N>) {
        let (t, r) = (self.columns, self.rows);
        for k in 0..N {
            for m in 0..N {
                let mut overlap = r[k][0] * t[m][0];
                for i in 1..N {
                    overlap = overlap.mul_acc(r[k][i], t[m][i]);
                }
                // The deviation from the identity, formed first: it is what is small.
                let wanted = if k == m { <R::Real>::ONE } else { <R::Real>::ZERO };
                let deviation = overlap - overlap.constant(wanted);
                for i in 0..N {
                    self.rows[k][i] = self.rows[k][i].mul_acc(-deviation, r[m][i]);
                }
            }
        }
        let image = *(*a * Ciphertext::from_columns(t)).columns();
        for j in 0..N {
            for k in 0..N {
                let mut entry = self.rows[k][0] * image[j][0];
                for i in 1..N {
                    entry = entry.mul_acc(self.rows[k][i], image[j][i]);
                }
                self.a[j][k] = entry;
            }
        }
    }
}

/// As many sweeps as it takes, at most [`MOST_SWEEPS`]; `a` has a largest entry of 1. A pack stops when all its
/// samples have converged: one comparison a sweep, the same for all.
#[inline(always)]
pub(crate) fn diagonalise<R: Arithmetic, const N: usize>(a: &Ciphertext<R, N>) -> Diagonalised<R, N> {
    // Without its mean lane, rounding acts on the spread of the lanes only.
    let mean = mean_lane(a);
    let centred = a.add_each(-mean);
    let mut state = State::new(&centred);
    let rounding = <R::Real>::from_f64(4.0 * N as f64) * <R::Real>::EPSILON;
    let rounding = mean.constant(rounding);
    for _ in 0..MOST_SWEEPS {
        state.sweep();
        if state.residual().maximum(rounding) == rounding {
            break;
        }
    }
    // What the errors of all sweeps have left off the diagonal takes one more.
    state.refresh(&centred);
    state.sweep();
    state.refresh(&centred);
    let mut values = [mean; N];
    for k in 0..N {
        values[k] = mean + state.a[k][k];
    }
    Diagonalised { values, residual: state.residual(), columns: state.columns, rows: state.rows }
}
