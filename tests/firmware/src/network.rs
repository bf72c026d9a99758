//! A network, run and measured.

use core::hint::black_box;

use nn_core::{Error, Network, Weigh, infer};

use crate::clock::Clock;
use crate::{report, stack};

/// Computes the output for an image and reports
///
/// - `infer,INSTRUCTIONS`, and
/// - `stack,BYTES` that this took below the caller's;
/// - with the feature `layers`, `layer,INDEX,INSTRUCTIONS` of each stage of layers.
///
/// # Errors
///
/// As [`infer`].
pub fn run<E: Weigh<W, Context = ()>, W: Copy + Sync>(
    clock: &Clock,
    network: &Network<'_>,
    parameters: &[W],
    input: &[E],
    scratch: &mut [E],
    output: &mut [E],
) -> Result<(), Error> {
    let mut instructions = 0;
    let (result, depth) = stack::depth_of(|| {
        let before = clock.now();
        let result = called(network, parameters, input, scratch, output);
        instructions = clock.instructions_since(before);
        result
    });
    result?;
    report::line("infer", &[instructions]);
    report::line("stack", &[depth as u32]);
    #[cfg(feature = "layers")]
    layers(clock, network, parameters, input, scratch, output)?;
    Ok(())
}

/// A function of its own, so that its frame lies below the caller's.
#[inline(never)]
fn called<E: Weigh<W, Context = ()>, W: Copy + Sync>(
    network: &Network<'_>,
    parameters: &[W],
    input: &[E],
    scratch: &mut [E],
    output: &mut [E],
) -> Result<(), Error> {
    #[cfg(feature = "canary")]
    {
        let x = black_box(2.0_f64);
        black_box([x * x, x][black_box(1)]);
    }
    infer((), network, black_box(parameters), input, scratch, output)
}

/// Stage by stage, as [`infer`] does it: outputs at the two ends of the scratch in turn.
#[cfg(feature = "layers")]
fn layers<E: Weigh<W, Context = ()>, W: Copy + Sync>(
    clock: &Clock,
    network: &Network<'_>,
    parameters: &[W],
    input: &[E],
    scratch: &mut [E],
    output: &mut [E],
) -> Result<(), Error> {
    let stages = network.stage_kernels().count();
    let mut previous = 0;
    for (index, stage) in network.stage_kernels().enumerate() {
        let len = stage.output().len();
        let (from, to) = if index % 2 == 0 {
            let (front, back) = scratch.split_at_mut(scratch.len() - previous);
            (back, &mut front[..len])
        } else {
            let (front, back) = scratch.split_at_mut(previous);
            let start = back.len() - len;
            (front, &mut back[start..])
        };
        let from = if index == 0 { input } else { from };
        let to = if index + 1 == stages { &mut *output } else { to };
        let weights = &parameters[stage.parameter_range()];
        let before = clock.now();
        stage.forward((), weights, from, None, to)?;
        report::line("layer", &[index as u32, clock.instructions_since(before)]);
        previous = len;
    }
    Ok(())
}
