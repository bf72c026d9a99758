//! The place of the greatest value.

use super::form::Form;
use crate::{Error, Real};

/// Calls `put` with 1 for each value in the lanes in which it is greater than all before it, 0 elsewhere: `c_i`.
fn records<T: Real, F: Form<T>>(
    values: &[F],
    mut put: impl FnMut(F) -> Result<(), Error>,
) -> Result<(), Error> {
    let (first, others) = values.split_first().ok_or(Error::Length)?;
    // 1, but NaN where the first value is.
    put(F::constant(T::ONE) + first.greater(*first)?)?;
    let mut greatest = *first;
    for value in others {
        put(value.greater(greatest)?)?;
        (_, greatest) = greatest.ordered(*value)?;
    }
    Ok(())
}

/// `k <- k + c_i (i - k)`.
pub(super) fn index<T: Real, F: Form<T>>(values: &[F]) -> Result<F, Error> {
    if values.len() as f64 > 2.0 / T::to_f64(T::EPSILON) {
        return Err(Error::Length);
    }
    let mut index = F::constant(T::ZERO);
    let mut i = T::ZERO;
    records(values, |record| {
        index = (index + record * (F::constant(i) - index)).checked()?;
        i = i + T::ONE;
        Ok(())
    })?;
    Ok(index)
}

/// `c_i (1 - c_(i+1)) (1 - c_(i+2)) ..`, the last record.
pub(super) fn one_hot<T: Real, F: Form<T>>(values: &[F], out: &mut [F]) -> Result<(), Error> {
    if out.len() != values.len() {
        return Err(Error::Length);
    }
    let mut places = out.iter_mut();
    records(values, |record| {
        *places.next().ok_or(Error::Length)? = record;
        Ok(())
    })?;
    let mut none_later = F::constant(T::ONE);
    for record in out.iter_mut().rev() {
        *record = (*record * none_later).checked()?;
        none_later = none_later - *record;
    }
    Ok(())
}
