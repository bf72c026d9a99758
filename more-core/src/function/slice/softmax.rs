//! Softmax and the logarithm of a sum of exponentials, both shifted by the greatest value.

use super::form::Form;
use super::sort;
use crate::{Error, Real};

pub(super) fn softmax<T: Real, F: Form<T>>(values: &mut [F]) -> Result<(), Error> {
    let shift = sort::maximum(values)?;
    let mut total = F::constant(T::ZERO);
    for value in values.iter_mut() {
        *value = value.exp_of_difference(shift)?;
        total = total + *value;
    }
    let factor = total.reciprocal()?;
    for value in values {
        *value = (*value * factor).checked()?;
    }
    Ok(())
}

pub(super) fn log_sum_exp<T: Real, F: Form<T>>(values: &[F]) -> Result<F, Error> {
    // An infinity would make a NaN of every difference.
    let shift = sort::maximum(values)?.where_finite();
    let mut total = F::constant(T::ZERO);
    for value in values {
        total = total + value.exp_of_difference(shift)?;
    }
    (shift + total.logarithm()?).checked()
}
