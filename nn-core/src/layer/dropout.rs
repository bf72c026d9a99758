//! Dropout: `y = m x` with a mask `m` that is 0 or `1 / (1 - rate)`, drawn by the caller.

use crate::Element;

/// `output = mask * input`, element by element.
#[inline(always)]
pub(crate) fn forward<E: Element>(masks: &[E::Number], input: &[E], output: &mut [E]) {
    for ((y, x), mask) in output.iter_mut().zip(input).zip(masks) {
        *y = x.scale_by(*mask);
    }
}
