//! Dense kernels: `y[o] = b[o] + sum over i of w[o, i] x[i]`, and its gradients.
//!
//! Sums run over the inputs (forward) or outputs (input gradient) in their order, whatever the register block.

use core::ops::Range;

use crate::Gradient;
use crate::element::{Context, Element, Learn, Weigh};
use crate::layer::activation::{Function, with_block};
use crate::layout::{LAYOUT_BLOCK, blocks_within, register_blocks};
use crate::part::{cut_mut, from, part, part_mut};
use crate::stage::Stage;
use crate::team::{Divisible, Team, cut_range, share};

/// Outputs that a dense layer computes at once, at most: a layout block, as far as registers allow.
const fn forward_block<E: Element>() -> usize {
    let block = E::BLOCK * E::POSITIONS;
    if block > LAYOUT_BLOCK { LAYOUT_BLOCK } else { block }
}

/// One stage: dense layer and activation.
pub(crate) fn forward<E: Weigh<W>, W: Copy + Sync, F: Function<E>>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    parameters: &[W],
    input: &[E],
    output: &mut [E],
    function: F,
) {
    let range = 0..stage.active.channels;
    share(team, stage.operations(), Outputs { context, stage, parameters, input, range, output, function });
}

/// Some outputs of the layer.
struct Outputs<'a, E: Element, W, F> {
    context: E::Context,
    stage: &'a Stage,
    parameters: &'a [W],
    input: &'a [E],
    range: Range<usize>,
    output: &'a mut [E],
    function: F,
}

impl<E: Weigh<W>, W: Copy + Sync, F: Function<E>> Divisible for Outputs<'_, E, W, F> {
    fn parts(&self) -> usize {
        self.range.len()
    }

    fn split(self, parts: usize) -> (Self, Self) {
        let (these, others) = cut_range(&self.range, parts);
        let (output, other_output) = self.output.split_at_mut(parts);
        (Self { range: these, output, ..self }, Self { range: others, output: other_output, ..self })
    }

    fn run(self) {
        let Self { context, stage, parameters, input, mut range, mut output, function } = self;
        let biases = from(parameters, stage.weights());
        while const { E::SAMPLES > 1 } && range.start.is_multiple_of(LAYOUT_BLOCK) {
            let weights = from(parameters, range.start * stage.fan_in);
            let biases = part(biases, range.clone());
            let done = context.enter(
                #[inline(always)]
                || first_outputs(context, weights, biases, input, output, function),
            );
            if done == 0 {
                break;
            }
            range.start += done;
            (_, output) = cut_mut(output, done);
        }
        for (block, within) in blocks_within(stage.active.channels, range.clone()) {
            // To the end of the parameters, so that every row from `at` on is a whole one: the last ends among the biases.
            let block_weights = from(parameters, block.first * stage.fan_in);
            for (at, size) in register_blocks(within, forward_block::<E>()) {
                let first = block.first + at;
                let biases = part(biases, first..first + size);
                let output = part_mut(output, first - range.start..first - range.start + size);
                with_block!(
                    context,
                    size,
                    (1, forward_block::<E>()),
                    outputs::<E, W, F>(
                        context,
                        from(block_weights, at),
                        block.width,
                        biases,
                        input,
                        output,
                        function
                    )
                );
            }
        }
    }
}

/// [`Weigh::first_outputs`] and the function of them.
#[inline(always)]
fn first_outputs<E: Weigh<W>, W: Copy, F: Function<E>>(
    context: E::Context,
    weights: &[W],
    biases: &[W],
    input: &[E],
    output: &mut [E],
    function: F,
) -> usize {
    let done = E::first_outputs(context, weights, biases, input, output);
    for y in output.iter_mut().take(done) {
        *y = function.apply(*y);
    }
    done
}

#[inline(always)]
fn outputs<E: Weigh<W>, W: Copy, F: Function<E>, const SIZE: usize>(
    context: E::Context,
    weights: &[W],
    width: usize,
    biases: &[W],
    input: &[E],
    output: &mut [E],
    function: F,
) {
    // On single numbers a loop's own instructions count: four inputs at a time, and the usual width known, where that is so.
    let sums = if const { E::SAMPLES > 1 } || !input.len().is_multiple_of(4) {
        sums::<E, W, 1, SIZE>(context, weights, width, biases, input)
    } else if width == LAYOUT_BLOCK {
        sums::<E, W, 4, SIZE>(context, weights, LAYOUT_BLOCK, biases, input)
    } else {
        sums::<E, W, 4, SIZE>(context, weights, width, biases, input)
    };
    let (Some(sums), Some(output)) = (sums, output.first_chunk_mut::<SIZE>()) else { return };
    for o in 0..SIZE {
        output[o] = if const { E::FUSED } { function.apply(sums[o]) } else { sums[o] };
    }
    if const { !E::FUSED } {
        function.apply_all(context, output);
    }
}

/// The sums of `SIZE` outputs, `INPUTS` inputs at a time.
///
/// Lengths have been checked when the network was called, so nothing is ever missing; to say so by an `Option` rather than to index
/// lets the compiler see that nothing panics.
#[inline(always)]
fn sums<E: Weigh<W>, W: Copy, const INPUTS: usize, const SIZE: usize>(
    context: E::Context,
    weights: &[W],
    width: usize,
    biases: &[W],
    input: &[E],
) -> Option<[E; SIZE]> {
    let biases = biases.first_chunk::<SIZE>()?;
    let mut sums = [E::zero(context); SIZE];
    for o in 0..SIZE {
        sums[o] = E::from_weight(context, biases[o]);
    }
    let (groups, _) = input.as_chunks::<INPUTS>();
    let mut groups = groups.iter().zip(weights.chunks_exact((INPUTS * width).max(1)));
    let (mut group, mut rows) = groups.next()?;
    // A layer has at least one input. That there is no way around the loop keeps sums in the registers they are used in.
    loop {
        for i in 0..INPUTS {
            let row = rows.get(i * width..)?.first_chunk::<SIZE>()?;
            for o in 0..SIZE {
                sums[o] = sums[o].weigh_acc(row[o], group[i]);
            }
        }
        let Some(next) = groups.next() else { return Some(sums) };
        (group, rows) = next;
    }
}

/// The gradient with respect to the input, `dx[i] = sum over o of w[o, i] dz[o]`, written over `output`.
pub(crate) fn input_gradient<E: Weigh<W>, W: Copy + Sync>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    weights: &[W],
    dz: &[E],
    output: &mut [E],
) {
    let range = 0..output.len();
    share(team, stage.operations(), Inputs { context, stage, weights, dz, range, output });
}

/// The gradients of some inputs.
struct Inputs<'a, E: Element, W> {
    context: E::Context,
    stage: &'a Stage,
    weights: &'a [W],
    dz: &'a [E],
    range: Range<usize>,
    output: &'a mut [E],
}

impl<E: Weigh<W>, W: Copy + Sync> Divisible for Inputs<'_, E, W> {
    fn parts(&self) -> usize {
        self.range.len()
    }

    fn split(self, parts: usize) -> (Self, Self) {
        let (these, others) = cut_range(&self.range, parts);
        let (output, other_output) = self.output.split_at_mut(parts);
        (Self { range: these, output, ..self }, Self { range: others, output: other_output, ..self })
    }

    fn run(self) {
        let Self { context, stage, weights, dz, range, output } = self;
        let first = range.start;
        with_block!(
            context,
            E::BLOCK,
            (1, E::BLOCK),
            all_inputs::<E, W>(context, stage, weights, dz, first, output)
        );
    }
}

/// The gradients of the inputs from `first` on, `SIZE` at a time.
#[inline(always)]
fn all_inputs<E: Weigh<W>, W: Copy, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    weights: &[W],
    dz: &[E],
    first: usize,
    output: &mut [E],
) {
    let mut first = first;
    let (groups, rest) = output.as_chunks_mut::<SIZE>();
    for output in groups {
        if inputs::<E, W, SIZE>(context, stage, weights, dz, first, output).is_none() {
            return;
        }
        first += SIZE;
    }
    for output in rest.as_chunks_mut::<1>().0 {
        if inputs::<E, W, 1>(context, stage, weights, dz, first, output).is_none() {
            return;
        }
        first += 1;
    }
}

/// The gradients of `SIZE` inputs from `first` on: sums over all outputs, which stay in registers.
#[inline(always)]
fn inputs<E: Weigh<W>, W: Copy, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    weights: &[W],
    dz: &[E],
    first: usize,
    output: &mut [E; SIZE],
) -> Option<()> {
    let mut sums = [E::zero(context); SIZE];
    let mut weights = weights;
    let (blocks, rest) = dz.as_chunks::<LAYOUT_BLOCK>();
    for dz in blocks {
        let (block, others) = weights.split_at_checked(LAYOUT_BLOCK * stage.fan_in)?;
        add_block(dz, block.get(first * LAYOUT_BLOCK..)?, &mut sums)?;
        weights = others;
    }
    if !rest.is_empty() {
        add_block(rest, weights.get(first * rest.len()..)?, &mut sums)?;
    }
    *output = sums;
    Some(())
}

/// `sums[i] += sum over o of rows[i][o] dz[o]` for a layout block of outputs, whose `rows` follow each other.
#[inline(always)]
fn add_block<E: Weigh<W>, W: Copy, const SIZE: usize>(
    dz: &[E],
    rows: &[W],
    sums: &mut [E; SIZE],
) -> Option<()> {
    let width = dz.len();
    let mut lines = [rows; SIZE];
    for i in 0..SIZE {
        lines[i] = rows.get(i * width..(i + 1) * width)?;
    }
    for o in 0..width {
        for i in 0..SIZE {
            sums[i] = sums[i].weigh_acc(*lines[i].get(o)?, *dz.get(o)?);
        }
    }
    Some(())
}

/// The gradient of the weights, `dw[o, i] = dz[o] x[i]` summed over the samples, added to what is there or written over it.
pub(crate) fn weight_gradient<E, W>(
    team: impl Team,
    context: E::Context,
    stage: &Stage,
    input: &[E],
    dz: &[E],
    weights: &mut [W],
    adds: bool,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    share(team, stage.operations(), Rows { context, stage, input, dz, weights, adds });
}

/// The gradients of some blocks of outputs.
struct Rows<'a, E: Element, W> {
    context: E::Context,
    stage: &'a Stage,
    input: &'a [E],
    /// Of these outputs only, as weights.
    dz: &'a [E],
    weights: &'a mut [W],
    /// To what is there, instead of writing over it.
    adds: bool,
}

impl<E, W> Divisible for Rows<'_, E, W>
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    fn parts(&self) -> usize {
        self.dz.len().div_ceil(LAYOUT_BLOCK)
    }

    fn split(self, parts: usize) -> (Self, Self) {
        let outputs = parts * LAYOUT_BLOCK;
        let (dz, other_dz) = self.dz.split_at(outputs);
        let (weights, other_weights) = self.weights.split_at_mut(outputs * self.stage.fan_in);
        (Self { dz, weights, ..self }, Self { dz: other_dz, weights: other_weights, ..self })
    }

    fn run(self) {
        let Self { context, input, dz, weights, adds, .. } = self;
        let gradient = if adds { Gradient::Add(weights) } else { Gradient::Write(weights) };
        context.enter(
            #[inline(always)]
            || E::outer(context, dz, input, gradient),
        );
    }
}
