//! The common eigenbasis: [`EvaluationKey`].

use rand_core::TryCryptoRng;

use crate::dense::{self, Square};
use crate::key::max_condition;
use crate::{
    Arithmetic, Ciphertext, Error, KeyId, MAX_LANES, Real, SecretKey, Spectrum, basis, eigen, tracking,
};

/// The eigenvectors that all ciphertexts of one key share, in an order and at a scale of their own.
///
/// It turns ciphertexts into [`Spectrum`]s and back. It is no secret beside a ciphertext, which gives it away:
/// [`from_ciphertext`](Self::from_ciphertext) computes it. It does not say which lane is the message.
///
/// The order of the lanes is a convention of one evaluation key: keep it with the spectra that were made with it.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationKey<T: Real, const N: usize> {
    id: KeyId,
    /// Finite, condition number with unit columns at most `max_condition`.
    columns: Square<T, N>,
    /// The inverse of `columns` as they are after rounding, found in `f64`.
    inverse: Square<T, N>,
}

/// How far from a scaled permutation `V_1^-1 V_2` may be, `4 eps^(1/3)`: eigenvectors found from a ciphertext with
/// lanes as close as [`EvaluationKey::from_ciphertext`] accepts are good to about that.
pub(crate) fn matching_tolerance<T: Real>() -> f64 {
    4.0 * dense::cbrt_epsilon::<T>()
}

impl<T: Real, const N: usize> EvaluationKey<T, N> {
    /// The evaluation key with the given eigenvectors, kept at their scale.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if an entry is not finite, [`Error::Condition`] if the matrix with unit columns is
    /// singular or conditioned worse than [`max_condition`](crate::max_condition), or its inverse overflows.
    pub fn from_parts(id: KeyId, columns: [[T; N]; N]) -> Result<Self, Error> {
        const { assert!(N >= 2 && N <= MAX_LANES, "a key has 2 to 8 lanes") };
        if !dense::is_finite(&columns) {
            return Err(Error::NonFinite);
        }
        let exact = dense::widen(&columns);
        if dense::condition(&dense::unit_columns(&exact)) > max_condition::<T>() {
            return Err(Error::Condition);
        }
        let inverse = dense::narrow(&dense::inverse(&exact));
        if !dense::is_finite(&inverse) {
            return Err(Error::Condition);
        }
        Ok(Self { id, columns, inverse })
    }

    /// The columns of `S` in random order, each with a random sign and a random length in `[1, 2)`.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source fails.
    pub fn from_secret_key<G: TryCryptoRng + ?Sized>(
        key: &SecretKey<T, N>,
        rng: &mut G,
    ) -> Result<Self, Error> {
        let mut columns = dense::widen(key.expose_columns());
        // Fisher and Yates's shuffle.
        for last in (1..N).rev() {
            columns.swap(last, below(rng, last as u32 + 1)?);
        }
        for column in &mut columns {
            let bits = rng.try_next_u64().map_err(|_| Error::Random)?;
            // The lowest bit is not among the 53 that make the length.
            let length = 1.0 + f64::uniform(bits);
            let factor = if bits & 1 == 0 { length } else { -length };
            for entry in column {
                *entry *= factor;
            }
        }
        Self::from_parts(key.id(), dense::narrow(&columns))
    }

    /// The eigenvectors of one ciphertext, found without any key: unit columns, the largest entry positive, in
    /// ascending order of the eigenvalues. `id` names the key that the caller believes the ciphertext to be of.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if an entry is not finite; [`Error::NoConvergence`] if the matrix has no real
    /// eigenvalues, hence is no ciphertext; [`Error::EqualLanes`] if two eigenvalues are closer than
    /// `2 kappa^2 eps^(2/3)` of the largest entry, where rounding leaves their eigenvectors with few correct digits
    /// (`kappa` is the condition number of the eigenvectors); [`Error::Condition`] if these are nearly dependent.
    pub fn from_ciphertext(c: &Ciphertext<T, N>, id: KeyId) -> Result<Self, Error> {
        const { assert!(N >= 2 && N <= MAX_LANES, "a key has 2 to 8 lanes") };
        if !c.is_finite() {
            return Err(Error::NonFinite);
        }
        let wide = Ciphertext::from_columns(dense::widen(c.columns()));
        let (scaled, largest) = eigen::scaled(wide);
        if largest <= T::to_f64(T::MIN_POSITIVE) {
            return Err(Error::EqualLanes);
        }
        let found = eigen::diagonalise(&scaled);
        let epsilon = T::to_f64(T::EPSILON);
        // The matrix was rounded to T: what is left off the diagonal is judged at that precision.
        let converged = found.residual <= Real::sqrt(epsilon);
        if !converged {
            return Err(Error::NoConvergence);
        }
        let cbrt = dense::cbrt_epsilon::<T>();
        let unit = dense::unit_columns(&found.columns);
        let condition = dense::condition(&unit);
        if condition > max_condition::<T>() {
            return Err(Error::Condition);
        }
        // Values and columns together: the compiler cannot see that sorted indices stay in bounds.
        let mut pairs: [(f64, [f64; N]); N] = core::array::from_fn(|k| (found.values[k], unit[k]));
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let gap = 2.0 * condition * condition * cbrt * cbrt;
        if pairs.windows(2).any(|pair| pair[1].0 - pair[0].0 < gap) {
            return Err(Error::EqualLanes);
        }
        let columns = pairs.map(|(_, mut column)| {
            let largest =
                column.into_iter().fold(0.0, |a, b| if Real::abs(b) > Real::abs(a) { b } else { a });
            for entry in &mut column {
                *entry *= Real::copysign(1.0, largest);
            }
            column
        });
        Self::from_parts(id, dense::narrow(&columns))
    }

    /// The name of the secret key that this belongs to.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The eigenvectors, one a column.
    #[must_use]
    pub const fn columns(&self) -> &[[T; N]; N] {
        &self.columns
    }

    /// The eigenvalues of `c`: the diagonal of `V^-1 C V`.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if an entry or a lane is not finite.
    pub fn to_spectrum(&self, c: &Ciphertext<T, N>) -> Result<Spectrum<T, N>, Error> {
        if !c.is_finite() {
            return Err(Error::NonFinite);
        }
        tracking::note(
            || self.residual(c),
            || dense::condition(&dense::unit_columns(&dense::widen(&self.columns))),
        );
        let spectrum = self.to_spectrum_unchecked(c);
        if spectrum.is_finite() { Ok(spectrum) } else { Err(Error::NonFinite) }
    }

    /// As [`to_spectrum`](Self::to_spectrum), and refuses a matrix whose [`residual`](Self::residual) is beyond
    /// `10 sqrt(eps)`: one of another key, unless its lanes are equal.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] as `to_spectrum`, [`Error::WrongKey`] as said.
    pub fn to_spectrum_checked(&self, c: &Ciphertext<T, N>) -> Result<Spectrum<T, N>, Error> {
        let spectrum = self.to_spectrum(c)?;
        let accepted = self.residual(c) <= T::from_f64(10.0) * T::sqrt(T::EPSILON);
        if accepted { Ok(spectrum) } else { Err(Error::WrongKey) }
    }

    /// As [`to_spectrum`](Self::to_spectrum) without checks: an entry that is not finite makes every lane so.
    #[inline(always)]
    #[must_use]
    pub fn to_spectrum_unchecked<R: Arithmetic<Real = T>>(&self, c: &Ciphertext<R, N>) -> Spectrum<R, N> {
        Spectrum::from_lanes(basis::decompose(c, &self.columns, &self.inverse))
    }

    /// `V diag(lanes) V^-1`. A lane that is not finite makes every diagonal entry so.
    #[inline(always)]
    #[must_use]
    pub fn to_ciphertext<R: Arithmetic<Real = T>>(&self, spectrum: &Spectrum<R, N>) -> Ciphertext<R, N> {
        basis::compose(spectrum.lanes(), &self.columns, &self.inverse)
    }

    /// `V diag(V^-1 C V) V^-1`: what rounding has added beside the algebra is taken off again.
    #[inline(always)]
    #[must_use]
    pub fn project<R: Arithmetic<Real = T>>(&self, c: &Ciphertext<R, N>) -> Ciphertext<R, N> {
        self.to_ciphertext(&self.to_spectrum_unchecked(c))
    }

    /// The largest off-diagonal entry of `V^-1 C V`, for unit columns, over the largest entry of `C`. NaN if an
    /// entry is.
    #[must_use]
    pub fn residual(&self, c: &Ciphertext<T, N>) -> T {
        let mut columns = self.columns;
        let mut inverse = self.inverse;
        for (k, column) in columns.iter_mut().enumerate() {
            let norm = T::from_f64(dense::norm(&column.map(T::to_f64)));
            for entry in column {
                *entry = *entry / norm;
            }
            for row in &mut inverse {
                row[k] = row[k] * norm;
            }
        }
        basis::residual(c, &columns, &inverse)
    }

    /// The permutation that carries lanes of this key to lanes of `other`: lane `i` here is lane `p[i]` there.
    ///
    /// # Errors
    ///
    /// [`Error::Misaligned`] if the ids differ or `V^-1 V'` is no scaled permutation.
    pub fn alignment(&self, other: &Self) -> Result<[usize; N], Error> {
        if self.id != other.id {
            return Err(Error::Misaligned);
        }
        let (columns, inverse) = (dense::widen(&self.columns), dense::widen(&self.inverse));
        dense::matching(&columns, &inverse, &dense::widen(&other.columns), matching_tolerance::<T>())
            .ok_or(Error::Misaligned)
    }
}

/// A uniform number below `bound`: words beyond the last whole multiple are drawn again.
fn below<G: TryCryptoRng + ?Sized>(rng: &mut G, bound: u32) -> Result<usize, Error> {
    let reject_from = u32::MAX - u32::MAX % bound;
    loop {
        let word = rng.try_next_u32().map_err(|_| Error::Random)?;
        if word < reject_from {
            return Ok((word % bound) as usize);
        }
    }
}
