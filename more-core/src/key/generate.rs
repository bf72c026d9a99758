//! Drawing a key.

#![allow(clippy::needless_range_loop, reason = "several arrays are walked with one index")]

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{DEFAULT_CONDITION, MAX_LANES, SecretKey, max_condition};
use crate::dense::{self, Square, dot, norm};
use crate::mask::normal::standard_normal;
use crate::{Error, KeyId, Real};

/// Nearly every draw keeps the bound: 1.004 draws a key were the most measured, for eight lanes and bounds from 1.01 to
/// 100. A source that fails this often is no source.
const ATTEMPTS: usize = 1000;

impl<T: Real, const N: usize> SecretKey<T, N> {
    /// A random key with a condition number of at most [`DEFAULT_CONDITION`].
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source fails.
    pub fn generate<G: TryCryptoRng + ?Sized>(rng: &mut G) -> Result<Self, Error> {
        Self::generate_with_condition(rng, DEFAULT_CONDITION)
    }

    /// A random key with a condition number of at most `condition`.
    ///
    /// `S = U diag(s) V^T` with `U` and `V` Haar-distributed and `s` uniform in `[1, condition]`, then unit columns,
    /// drawn again while these break the bound. The columns are exchangeable: every order of them is equally likely,
    /// so nothing about the matrix tells which is the message's. (An identity plus noise would.)
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source fails or is stuck, [`Error::Condition`] unless `condition` lies between 1.01
    /// and [`max_condition`]. (Below, nearly orthogonal matrices would all be broken by rounding.)
    pub fn generate_with_condition<G: TryCryptoRng + ?Sized>(
        rng: &mut G,
        condition: f64,
    ) -> Result<Self, Error> {
        const { assert!(N >= 2 && N <= MAX_LANES, "a key has 2 to 8 lanes") };
        if !(1.01..=max_condition::<T>()).contains(&condition) {
            return Err(Error::Condition);
        }
        let id = KeyId::generate(rng)?;
        for _ in 0..ATTEMPTS {
            let left = Zeroizing::new(haar(rng)?);
            let mut right = Zeroizing::new(haar::<N, G>(rng)?);
            // V is Haar-distributed if V^T is, so V^T is drawn; its rows are scaled.
            for i in 0..N {
                let bits = rng.try_next_u64().map_err(|_| Error::Random)?;
                let s = 1.0 + (condition - 1.0) * f64::uniform(bits);
                for column in right.iter_mut() {
                    column[i] *= s;
                }
            }
            let columns = Zeroizing::new(dense::unit_columns(&dense::product(&left, &right)));
            let key = Self::from_parts(id, dense::narrow(&columns));
            if let Ok(key) = key
                && key.condition() <= condition
            {
                return Ok(key);
            }
        }
        Err(Error::Random)
    }
}

/// A Haar-distributed orthogonal matrix: the factor Q of a Gaussian matrix, with the diagonal of R positive (Mezzadri,
/// "How to generate random matrices from the classical compact groups", 2007), which is what Gram and Schmidt's
/// method gives. Every column is orthogonalised twice, for orthogonality to rounding.
fn haar<const N: usize, G: TryCryptoRng + ?Sized>(rng: &mut G) -> Result<Square<f64, N>, Error> {
    let mut q = [[0.0; N]; N];
    for j in 0..N {
        for _ in 0..ATTEMPTS {
            let mut column = [0.0; N];
            for entry in &mut column {
                *entry = standard_normal(rng)?;
            }
            let before = norm(&column);
            for _ in 0..2 {
                for k in 0..j {
                    let along = dot(&q[k], &column);
                    for i in 0..N {
                        column[i] -= along * q[k][i];
                    }
                }
            }
            let after = norm(&column);
            if after > 1e-6 * before {
                for i in 0..N {
                    q[j][i] = column[i] / after;
                }
                break;
            }
        }
        if q[j] == [0.0; N] {
            return Err(Error::Random);
        }
    }
    Ok(q)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::{dot, haar};
    use crate::Real;

    #[test]
    fn haar_matrices_are_orthogonal_and_have_haar_moments() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (mut mean, mut fourth) = (0.0, 0.0);
        let draws = 20_000;
        for _ in 0..draws {
            let q = haar::<3, _>(&mut rng).unwrap();
            for i in 0..3 {
                for j in 0..3 {
                    let expected = f64::from(u8::from(i == j));
                    assert!((dot(&q[i], &q[j]) - expected).abs() < 1e-14);
                }
            }
            mean += q[2][2];
            fourth += Real::powi(q[2][2], 4);
        }
        // The last entry of a Haar column: mean 0, variance 1/n, fourth moment 3 / (n (n + 2)) = 1/5, and the fourth
        // power has variance 105 / (3 5 7 9) - 1/25. Five standard errors.
        let n = f64::from(draws);
        assert!((mean / n).abs() < 5.0 * Real::sqrt(1.0 / 3.0 / n));
        assert!((fourth / n - 0.2).abs() < 5.0 * Real::sqrt((1.0 / 9.0 - 0.04) / n));
    }
}
