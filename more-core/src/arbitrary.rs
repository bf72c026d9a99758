//! `Arbitrary` for fuzz targets, feature `arbitrary`.
//!
//! Keys are valid, drawn with a seed and a bound on the condition number between 1.01 and 17 from the input. Ciphertexts and
//! spectra hold any bits: infinities, NaN, and matrices that are no ciphertexts.

use arbitrary::{Arbitrary, Error, Result, Unstructured};

use crate::seeded::KeySeed;
use crate::{Ciphertext, EvaluationKey, KeyId, Real, SecretKey, Spectrum};

fn number<T: Real>(input: &mut Unstructured<'_>) -> Result<T> {
    let mut bytes = [0; 8];
    input.fill_buffer(bytes.get_mut(..T::BYTES).ok_or(Error::IncorrectFormat)?)?;
    T::read_le(&bytes).ok_or(Error::IncorrectFormat)
}

fn numbers<T: Real, const N: usize>(input: &mut Unstructured<'_>) -> Result<[T; N]> {
    let mut out = [T::ZERO; N];
    for entry in &mut out {
        *entry = number(input)?;
    }
    Ok(out)
}

const fn exactly(bytes: usize) -> (usize, Option<usize>) {
    (bytes, Some(bytes))
}

/// Eight bytes of seed and one for the bound.
impl<'a> Arbitrary<'a> for KeySeed {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { seed: input.arbitrary()?, condition: 1.01 + f64::from(input.arbitrary::<u8>()?) / 16.0 })
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        exactly(9)
    }
}

impl<'a, T: Real, const N: usize> Arbitrary<'a> for SecretKey<T, N> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        KeySeed::arbitrary(input)?.secret_key().map_err(|_| Error::IncorrectFormat)
    }

    fn size_hint(depth: usize) -> (usize, Option<usize>) {
        KeySeed::size_hint(depth)
    }
}

impl<'a, T: Real, const N: usize> Arbitrary<'a> for EvaluationKey<T, N> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        KeySeed::arbitrary(input)?.evaluation_key().map_err(|_| Error::IncorrectFormat)
    }

    fn size_hint(depth: usize) -> (usize, Option<usize>) {
        KeySeed::size_hint(depth)
    }
}

impl<'a> Arbitrary<'a> for KeyId {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        input.arbitrary().map(Self)
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        exactly(16)
    }
}

impl<'a, T: Real, const N: usize> Arbitrary<'a> for Ciphertext<T, N> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let mut columns = [[T::ZERO; N]; N];
        for column in &mut columns {
            *column = numbers(input)?;
        }
        Ok(Self::from_columns(columns))
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        exactly(N * N * T::BYTES)
    }
}

impl<'a, T: Real, const N: usize> Arbitrary<'a> for Spectrum<T, N> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        numbers(input).map(Self::from_lanes)
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        exactly(N * T::BYTES)
    }
}
