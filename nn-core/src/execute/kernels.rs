//! The kernels of a stage, whichever layer it is of.

use core::ops::Range;

use crate::element::{Context, Element, Learn, Weigh};
use crate::layer::activation::with_activation;
use crate::layer::{avg_pool2d, conv2d, dense};
use crate::part::{copy, cut_mut, part, part_mut};
use crate::stage::{Linear, Stage};
use crate::team::{Team, activation_gradient_operations, share};

/// One stage forward; `kept` takes the activations in front of a pool.
pub(crate) fn forward<E: Weigh<W>, W: Copy + Sync>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    parameters: &[W],
    input: &[E],
    kept: Option<&mut [E]>,
    output: &mut [E],
) {
    forward_by(team, context, stage, (parameters, &[]), input, kept, output);
}

/// [`forward`], by parameters and by [transforms](crate::transforms) of its weights, or none.
pub(crate) fn forward_by<E: Weigh<W>, W: Copy + Sync>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    (parameters, transforms): (&[W], &[W]),
    input: &[E],
    kept: Option<&mut [E]>,
    output: &mut [E],
) {
    match stage.linear {
        Linear::Conv2d { kernel, stride } => {
            let (window, weights) = ((kernel, stride), (parameters, transforms));
            with_activation!(E, stage.activation, function => {
                conv2d::forward(team, context, stage, window, weights, input, kept, output, function);
            });
        }
        Linear::Dense => {
            with_activation!(E, stage.activation, function => {
                dense::forward(team, context, stage, parameters, input, output, function);
            });
        }
        Linear::None => {
            with_activation!(E, stage.activation, function => {
                context.enter(
                    #[inline(always)]
                    || avg_pool2d::forward(context, stage, input, kept, output, function),
                );
            });
        }
    }
}

/// The gradient in front of the activation, in place of the activations. Adds the gradient of the biases, which is its sum; `gradient` is
/// that of all the stage's parameters.
pub(crate) fn backward_activation<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    masks: &[E::Number],
    output_gradient: &[E],
    active: &mut [E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let rows = 0..stage.active.height;
    activation_gradient_of(team, context, stage, rows, masks, output_gradient, active, gradient);
}

/// [`backward_activation`] of some rows.
#[expect(clippy::too_many_arguments, reason = "a stage's operands")]
pub(super) fn activation_gradient_of<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    rows: Range<usize>,
    masks: &[E::Number],
    output_gradient: &[E],
    active: &mut [E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let masks = (!masks.is_empty()).then_some(masks);
    let operations = activation_gradient_operations(stage, rows.len());
    let (_, biases) = cut_mut(gradient, stage.weights());
    with_activation!(E, stage.activation, function => {
        let planes = avg_pool2d::Planes { context, stage, rows, masks, output_gradient, active, biases, function };
        share(team, operations, planes);
    });
}

/// The gradient of the stage's weights, a dense layer's added or written over what is there, a convolution's added; `gradient` is that of
/// all its parameters.
pub(crate) fn weight_gradient<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
    adds: bool,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    match stage.linear {
        Linear::Conv2d { .. } => {
            for rows in gradient_bands::<E>(stage) {
                weight_gradient_of(team, context, stage, rows, input, dz, gradient);
            }
        }
        Linear::Dense => {
            let (weights, _) = cut_mut(gradient, stage.weights());
            dense::weight_gradient(team, context, stage, input, dz, weights, adds);
        }
        Linear::None => {}
    }
}

/// What some rows of a convolution's output add to [`weight_gradient`].
pub(super) fn weight_gradient_of<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    rows: Range<usize>,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    if let Linear::Conv2d { kernel, stride } = stage.linear {
        let (weights, _) = cut_mut(gradient, stage.weights());
        conv2d::weight_gradient(team, context, stage, (kernel, stride), rows, input, dz, weights);
    }
}

/// The gradient of the stage's input, written over `output`.
pub(crate) fn input_gradient<E: Weigh<W>, W: Copy + Sync>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    parameters: &[W],
    dz: &[E],
    output: &mut [E],
) {
    match stage.linear {
        Linear::Conv2d { .. } => {
            input_gradient_of(team, context, stage, 0..stage.input.height, parameters, dz, output);
        }
        Linear::Dense => dense::input_gradient(team, context, stage, parameters, dz, output),
        Linear::None => {
            // Rows and columns that the pool dropped have no gradient.
            output.fill(E::zero(context));
            let (from, to) = (stage.active, stage.input);
            for channel in 0..from.channels {
                for row in 0..from.height {
                    let at = channel * from.plane() + row * from.width;
                    let source = part(dz, at..at + from.width);
                    let at = channel * to.plane() + row * to.width;
                    copy(source, part_mut(output, at..at + from.width));
                }
            }
        }
    }
}

/// [`input_gradient`] of some rows of a convolution's input, of all where they do not stand alone.
pub(super) fn input_gradient_of<E: Weigh<W>, W: Copy + Sync>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    rows: Range<usize>,
    parameters: &[W],
    dz: &[E],
    output: &mut [E],
) {
    if let Linear::Conv2d { kernel, stride } = stage.linear {
        conv2d::input_gradient(team, context, stage, (kernel, stride), rows, parameters, dz, output);
    }
}

/// The bands of a stage's activations that gradients are computed in.
pub(super) fn gradient_bands<E>(stage: &Stage) -> impl Iterator<Item = Range<usize>> {
    let (height, rows) = (stage.active.height, stage.gradient_rows(size_of::<E>()));
    core::iter::successors(Some(0), move |first| Some(first + rows))
        .take_while(move |first| *first < height)
        .map(move |first| first..(first + rows).min(height))
}
