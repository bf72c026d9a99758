//! Losses, with the gradient of the outputs they are taken of.

use more_core::Real;

use crate::network::Head;
use crate::{Context, Element};

/// The loss of one sample (of each sample of a pack), and over `logits` its gradient.
///
/// - [`Head::Softmax`]: `p = softmax(z)`, shifted by the largest logit (of each lane) and 1 so that nothing overflows;
///   loss `ln(sum exp(z)) - sum y z` for labels `y` that sum to 1, gradient `p - y`.
/// - [`Head::Sigmoid`]: `z` is the output in front of the sigmoid; loss `softplus(z) - y z`, gradient `sigmoid(z) - y`.
pub(crate) fn loss<E: Element>(context: E::Context, head: Head, logits: &mut [E], labels: &[E]) -> E {
    context.enter(
        #[inline(always)]
        || match head {
            Head::Softmax => softmax_cross_entropy(context, logits, labels),
            Head::Sigmoid => binary_cross_entropy(context, logits, labels),
        },
    )
}

#[inline(always)]
fn softmax_cross_entropy<E: Element>(context: E::Context, logits: &mut [E], labels: &[E]) -> E {
    let mut largest = logits.first().copied().unwrap_or(E::zero(context));
    for z in logits.iter().skip(1) {
        largest = largest.maximum(*z);
    }
    // One more: in matrix form the largest logit less itself is all rounding errors, which need not have eigenvalues.
    let largest = largest.add(E::zero(context).exp());
    let mut target = E::zero(context);
    let mut total = E::zero(context);
    for (z, y) in logits.iter_mut().zip(labels) {
        let shifted = z.sub(largest);
        target = target.add(y.mul(shifted));
        *z = shifted.exp();
        total = total.add(*z);
    }
    let scale = total.recip();
    for (z, y) in logits.iter_mut().zip(labels) {
        *z = z.mul(scale).sub(*y);
    }
    total.ln().sub(target)
}

#[inline(always)]
fn binary_cross_entropy<E: Element>(context: E::Context, logits: &mut [E], labels: &[E]) -> E {
    let mut sum = E::zero(context);
    for (z, y) in logits.iter_mut().zip(labels) {
        sum = sum.add(z.softplus().sub(y.mul(*z)));
        *z = z.sigmoid().sub(*y);
    }
    sum
}

/// Softmax of plain logits, `exp(z - max z) / sum exp(z - max z)`, in place: what a key holder does with decrypted outputs.
pub fn softmax<T: Real>(logits: &mut [T]) {
    let largest = logits.iter().fold(-T::INFINITY, |a, b| if *b > a { *b } else { a });
    let mut total = T::ZERO;
    for z in logits.iter_mut() {
        *z = Real::exp(*z - largest);
        total = total + *z;
    }
    for z in logits {
        *z = *z / total;
    }
}
