//! One step of training: the way through the stages and back.

use core::ops::Range;

use super::check;
use super::kernels::{
    activation_gradient_of, backward_activation, forward, gradient_bands, input_gradient, input_gradient_of,
    weight_gradient, weight_gradient_of,
};
use crate::element::{Element, Learn};
use crate::layer::activation::with_activation;
use crate::layer::{conv2d, dropout};
use crate::loss::loss;
use crate::network::Head;
use crate::part::{copy, cut, cut_mut, from, last, last_mut, part, part_mut};
use crate::stage::{Activation, Linear, Stage};
use crate::stream::Band;
use crate::team::{Alone, Team};
use crate::{Error, Gradient, Network};

/// What a step of training reads of one sample, or of each sample of a pack.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a, E: Element> {
    /// The image, of the network's input shape.
    pub input: &'a [E],
    /// One label an output: 1 for the sample's class (a one-hot vector), or the probability of class 1.
    pub labels: &'a [E],
    /// Dropout masks, [`Network::dropout_masks`] of them: 0, or `1 / (1 - rate)`.
    pub masks: &'a [E::Number],
    /// 1 for a sample that counts, 0 for one that only fills a pack.
    pub weight: E::Number,
}

/// One step of training, without the update: adds the gradient of the loss to `gradient` and returns the loss.
///
/// The loss is the cross entropy that belongs to the network's [`Head`](crate::Head). `parameters` and
/// `gradient` are in the order of the kernels; `workspace` takes [`Network::workspace`] elements, whatever they are. Gradients are
/// summed over the samples of a pack.
///
/// # Errors
///
/// Names the buffer that has the wrong length; nothing has been written then.
pub fn train<E, W>(
    context: E::Context,
    network: &Network<'_>,
    parameters: &[W],
    sample: &Sample<'_, E>,
    workspace: &mut [E],
    gradient: &mut [W],
) -> Result<E, Error>
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    step(Alone, context, network, parameters, sample, workspace, gradient, true)
}

/// [`train`], with threads that share each kernel, for a gradient that is added to or written over.
///
/// # Errors
///
/// As [`train`].
pub fn train_with<E, W>(
    team: impl Team,
    context: E::Context,
    network: &Network<'_>,
    parameters: &[W],
    sample: &Sample<'_, E>,
    workspace: &mut [E],
    gradient: Gradient<'_, W>,
) -> Result<E, Error>
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let (gradient, adds) = gradient.into_parts();
    step(team, context, network, parameters, sample, workspace, gradient, adds)
}

/// [`train_with`], for a gradient that is added to or not.
#[expect(clippy::too_many_arguments, reason = "two call sites; a device knows at compile time that it adds")]
fn step<E, W>(
    team: impl Team,
    context: E::Context,
    network: &Network<'_>,
    parameters: &[W],
    sample: &Sample<'_, E>,
    workspace: &mut [E],
    gradient: &mut [W],
    adds: bool,
) -> Result<E, Error>
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    check(parameters.len(), network.parameters(), |expected| Error::Weights { expected })?;
    check(gradient.len(), network.parameters(), |expected| Error::Gradient { expected })?;
    check(sample.input.len(), network.input().len(), |expected| Error::Input { expected })?;
    check(sample.labels.len(), network.outputs(), |expected| Error::Labels { expected })?;
    check(sample.masks.len(), network.dropout_masks(), |expected| Error::Masks { expected })?;
    if workspace.len() < network.workspace() {
        return Err(Error::Scratch { expected: network.workspace() });
    }

    if !adds {
        for stage in network.stages() {
            // A dense layer's weight gradient is written at once; all others are sums of several parts.
            let written = if matches!(stage.linear, Linear::Dense) { stage.weights() } else { 0 };
            let (_, added) = cut_mut(part_mut(gradient, stage.parameter_range()), written);
            added.fill(W::zero(()));
        }
    }
    let (buffer, kept) = cut_mut(workspace, network.gradient_buffer());
    let last_stage = network.stages().count().saturating_sub(1);
    let head = network.head();
    let stage_for_training = |(index, stage): (usize, Stage)| {
        // The loss takes the sigmoid of a probability over: its gradient is simple, and does not vanish.
        if index == last_stage && head == Head::Sigmoid { stage.without_activation() } else { stage }
    };

    // Some rows of the image at a time go through all stages, while a cache holds them.
    let height = network.input().height;
    let rows_at_a_time = if team.size() > 1 { height } else { network.training_rows(size_of::<E>()) };
    let mut received = 0;
    while received < height {
        let mut rows = received..height.min(received + rows_at_a_time);
        received = rows.end;
        let mut at = 0;
        let mut masks = sample.masks;
        let mut previous = 0..0;
        for stage in network.stages().enumerate().map(stage_for_training) {
            let band = Band::of_training(&stage);
            rows = band.complete_rows(&stage, rows.start)..band.complete_rows(&stage, rows.end);
            if rows.is_empty() {
                break;
            }
            let (before, rest) = cut_mut(kept, at);
            let input = if at == 0 { sample.input } else { part(before, previous) };
            let (active, rest) = cut_mut(rest, stage.kept_active());
            let parameters = part(parameters, stage.parameter_range());
            let (stage_masks, rest_of_masks) = cut(masks, stage.masks());
            masks = rest_of_masks;
            let on_rows = stage.on_rows(rows.start, rows.end);
            if stage.separate_output() {
                let output = part_mut(rest, 0..stage.output.len());
                if stage.pool > 1 {
                    let kept = (!stage.recomputed).then_some(active);
                    forward(team, context, &on_rows, parameters, input, kept, output);
                    if stage.masks() > 0 {
                        for (y, mask) in output.iter_mut().zip(stage_masks) {
                            *y = y.scale_by(*mask);
                        }
                    }
                } else {
                    forward(team, context, &on_rows, parameters, input, None, active);
                    dropout::forward(stage_masks, active, output);
                }
            } else {
                forward(team, context, &on_rows, parameters, input, None, active);
            }
            previous = at + stage.kept() - stage.output.len()..at + stage.kept();
            at += stage.kept();
        }
    }

    let mut at = network.stages().map(|stage| stage.kept()).sum::<usize>();
    let previous = at.saturating_sub(network.outputs())..at;
    let outputs = part_mut(kept, previous);
    let sample_loss = loss(context, head, outputs, sample.labels).scale_by(sample.weight);
    for d in outputs.iter_mut() {
        *d = d.scale_by(sample.weight);
    }

    let mut masks_end = sample.masks.len();
    for index in (0..=last_stage).rev() {
        // Networks have a few stages: walking to one is nothing beside computing it.
        let mut stages = network.stages().enumerate().map(stage_for_training);
        let before_stage = index.checked_sub(1).and_then(|before| stages.nth(before));
        let Some(stage) = stages.next() else { break };
        at = at.saturating_sub(stage.kept());
        let (before, rest) = cut_mut(kept, at);
        let (active, rest) = cut_mut(rest, stage.kept_active());
        let stage_parameters = part(parameters, stage.parameter_range());
        let (gradients_before, gradient) = cut_mut(gradient, stage.first_parameter);
        let gradient = part_mut(gradient, 0..stage.parameters());
        if stage.recomputed {
            let output_gradient = part(rest, 0..stage.output.len());
            let rows = 0..stage.output.height;
            recomputed_gradient(
                team,
                context,
                &stage,
                rows,
                stage_parameters,
                sample.input,
                output_gradient,
                buffer,
                gradient,
            );
            break;
        }
        let masks = last(part(sample.masks, 0..masks_end), stage.masks());
        masks_end = masks_end.saturating_sub(stage.masks());
        let output_gradient: &[E] = if stage.separate_output() {
            part(rest, 0..stage.output.len())
        } else if index == last_stage {
            // The loss has put the gradient of the outputs in their place: there is an activation to go back through
            // only if the network ends with one, and then it has lost its output. Keep it in the buffer.
            copy(active, part_mut(buffer, 0..active.len()));
            if stage.activation != Activation::Identity {
                let previous_input = stage_input(before_stage.as_ref(), sample.input, before);
                forward(
                    team,
                    context,
                    &stage,
                    part(parameters, stage.parameter_range()),
                    previous_input,
                    None,
                    active,
                );
            }
            part(buffer, 0..active.len())
        } else {
            part(buffer, 0..stage.output.len())
        };
        match before_stage {
            Some(before_stage) if before_stage.separate_output() => {
                let input = last_mut(before, before_stage.output.len());
                if stage.separate_output()
                    && matches!(stage.linear, Linear::Conv2d { kernel, stride } if conv2d::has_rows(kernel, stride))
                {
                    gradients_by_bands(
                        team,
                        context,
                        &stage,
                        stage_parameters,
                        masks,
                        part(rest, 0..stage.output.len()),
                        active,
                        input,
                        gradient,
                        // Its rows go on to the stage before while a cache still holds them.
                        |rows, output_gradient| {
                            if before_stage.recomputed {
                                recomputed_gradient(
                                    team,
                                    context,
                                    &before_stage,
                                    rows,
                                    part(parameters, before_stage.parameter_range()),
                                    sample.input,
                                    output_gradient,
                                    buffer,
                                    part_mut(gradients_before, before_stage.parameter_range()),
                                );
                            }
                        },
                    );
                    if before_stage.recomputed {
                        break;
                    }
                    continue;
                }
                backward_activation(team, context, &stage, masks, output_gradient, active, gradient);
                weight_gradient(team, context, &stage, input, active, gradient, adds);
                input_gradient(team, context, &stage, stage_parameters, active, input);
            }
            None => {
                let image = sample.input;
                first_gradient(team, context, &stage, masks, image, output_gradient, active, gradient, adds);
            }
            _ => {
                backward_activation(team, context, &stage, masks, output_gradient, active, gradient);
                let input = stage_input(before_stage.as_ref(), sample.input, before);
                weight_gradient(team, context, &stage, input, active, gradient, adds);
                let target = part_mut(buffer, 0..stage.input.len());
                input_gradient(team, context, &stage, stage_parameters, active, target);
            }
        }
    }
    Ok(sample_loss)
}

/// All gradients of a convolution whose rows stand alone, band by band of its rows, while a cache holds them: those in front of the activation
/// in place of the activations, those of the parameters, and those of the input in its place, whose rows nothing reads any more:
/// `done` gets those that are.
#[expect(clippy::too_many_arguments, reason = "one call site")]
fn gradients_by_bands<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    parameters: &[W],
    masks: &[E::Number],
    output_gradient: &[E],
    active: &mut [E],
    input: &mut [E],
    gradient: &mut [W],
    mut done: impl FnMut(Range<usize>, &[E]),
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    for rows in gradient_bands::<E>(stage) {
        // Row i of the input reaches rows i - kernel + 1 to i of the output.
        let last = rows.end == stage.active.height;
        let input_rows = rows.start..if last { stage.input.height } else { rows.end };
        activation_gradient_of(team, context, stage, rows.clone(), masks, output_gradient, active, gradient);
        weight_gradient_of(team, context, stage, rows, input, active, gradient);
        input_gradient_of(team, context, stage, input_rows.clone(), parameters, active, input);
        done(input_rows, input);
    }
}

/// Adds what some rows of the output contribute to the gradient of the parameters of a first stage whose activations were not kept:
/// they are computed anew, band by band of the image, and each band's are still in a cache when its gradients are taken.
#[expect(clippy::too_many_arguments, reason = "a stage's operands")]
fn recomputed_gradient<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    rows: Range<usize>,
    parameters: &[W],
    image: &[E],
    output_gradient: &[E],
    buffer: &mut [E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let (plane, width) = (stage.output.plane(), stage.output.width);
    let (mut first, end) = (rows.start, rows.end);
    while first < end {
        let rows = stage.band_rows().min(end - first);
        let (band, row) = stage.band(first, rows);
        let start = row * stage.input.width;
        let image = part(image, start..start + band.input.len());
        let (active, rest) = cut_mut(buffer, band.active.len());
        let output = part_mut(rest, 0..band.output.len());
        forward(team, context, &band, parameters, image, Some(active), output);
        let of_band = from(output_gradient, first * width);
        if conv2d::has_first_gradient::<E>(&band) {
            fused_first_gradient(team, context, &band, image, active, (of_band, plane), gradient);
        } else {
            let of_channels =
                of_band.chunks(plane.max(1)).zip(output.chunks_exact_mut((rows * width).max(1)));
            for (of_channel, target) in of_channels {
                copy(part(of_channel, 0..rows * width), target);
            }
            first_gradient(team, context, &band, &[], image, output, active, gradient, true);
        }
        first += rows;
    }
}

/// The gradient of a first stage's parameters, from that of its output. What becomes of the activations has no meaning.
#[expect(clippy::too_many_arguments, reason = "a stage's operands")]
fn first_gradient<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    masks: &[E::Number],
    image: &[E],
    output_gradient: &[E],
    active: &mut [E],
    gradient: &mut [W],
    adds: bool,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    if conv2d::has_first_gradient::<E>(stage) {
        let output_gradient = (output_gradient, stage.output.plane());
        fused_first_gradient(team, context, stage, image, active, output_gradient, gradient);
    } else {
        backward_activation(team, context, stage, masks, output_gradient, active, gradient);
        weight_gradient(team, context, stage, image, active, gradient, adds);
    }
}

/// [`first_gradient`] in one pass: of `output_gradient`, each channel has so many elements.
fn fused_first_gradient<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    image: &[E],
    active: &[E],
    output_gradient: (&[E], usize),
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    for rows in gradient_bands::<E>(stage) {
        with_activation!(E, stage.activation, function => {
            conv2d::first_gradient(team, context, stage, rows, image, active, output_gradient, function, gradient);
        });
    }
}

/// The input of a stage in training: what the one before it, if any, kept last.
fn stage_input<'a, E>(before_stage: Option<&Stage>, image: &'a [E], before: &'a [E]) -> &'a [E] {
    match before_stage {
        Some(stage) => last(before, stage.output.len()),
        None => image,
    }
}
