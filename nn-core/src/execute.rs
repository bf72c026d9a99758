//! Running a network: inference, and one step of training.

mod kernels;
mod training;

use crate::element::Weigh;
use crate::part::{cut_mut, last_mut, part, part_mut};
use crate::team::{Alone, Team};
use crate::{Error, Network};

pub(crate) use kernels::{backward_activation, forward, forward_by, input_gradient, weight_gradient};
pub use training::{Sample, train, train_with};

/// Computes the network's output for one input (for each sample of a pack).
///
/// `parameters` in the order of the kernels ([`to_kernel`](crate::layout::to_kernel)); `input` and `output` have the network's
/// shapes, `scratch` at least [`Network::scratch`] elements. The output of a network with a
/// [`Head::Softmax`](crate::Head::Softmax) is its logits, of one with a [`Head::Sigmoid`](crate::Head::Sigmoid) the
/// probability. Dropout does nothing here.
///
/// # Errors
///
/// Names the buffer that has the wrong length; nothing has been written then.
pub fn infer<E: Weigh<W>, W: Copy + Sync>(
    context: E::Context,
    network: &Network<'_>,
    parameters: &[W],
    input: &[E],
    scratch: &mut [E],
    output: &mut [E],
) -> Result<(), Error> {
    infer_with(Alone, context, network, parameters, input, scratch, output)
}

/// [`infer`], with threads that share each kernel.
///
/// # Errors
///
/// As [`infer`].
pub fn infer_with<E: Weigh<W>, W: Copy + Sync>(
    team: impl Team,
    context: E::Context,
    network: &Network<'_>,
    parameters: &[W],
    input: &[E],
    scratch: &mut [E],
    output: &mut [E],
) -> Result<(), Error> {
    check(parameters.len(), network.parameters(), |expected| Error::Weights { expected })?;
    check(input.len(), network.input().len(), |expected| Error::Input { expected })?;
    check(output.len(), network.outputs(), |expected| Error::Output { expected })?;
    if scratch.len() < network.scratch() {
        return Err(Error::Scratch { expected: network.scratch() });
    }

    // Outputs stand at the two ends of the scratch in turn: a stage reads from one and writes to the other.
    let mut previous = 0;
    let mut at_front = true;
    let mut stages = network.stages().peekable();
    let mut is_first = true;
    while let Some(stage) = stages.next() {
        let is_last = stages.peek().is_none();
        let parameters = part(parameters, stage.parameter_range());
        let len = stage.output.len();
        let middle = if at_front { scratch.len().saturating_sub(previous) } else { previous };
        let (front, back) = cut_mut(scratch, middle);
        let (from, to): (&[E], &mut [E]) = if at_front { (back, front) } else { (front, back) };
        let from = if is_first { input } else { from };
        let to = if is_last {
            &mut *output
        } else if at_front {
            part_mut(to, 0..len)
        } else {
            last_mut(to, len)
        };
        forward(team, context, &stage, parameters, from, None, to);
        previous = len;
        at_front = !at_front;
        is_first = false;
    }
    Ok(())
}

pub(crate) fn check(len: usize, expected: usize, error: impl FnOnce(usize) -> Error) -> Result<(), Error> {
    if len == expected { Ok(()) } else { Err(error(expected)) }
}
