//! Average pooling where no convolution is in front of it, and the way back through a pool and an activation.

use core::ops::Range;

use more_core::Real;

use crate::element::{Context, Element, Learn};
use crate::layer::activation::Function;
use crate::part::{cut_mut, from_mut, part};
use crate::prefetch::Prefetch;
use crate::stage::Stage;
use crate::team::Divisible;

/// `y[c, i, j] = mean over the window of f(x[c, s i + u, s j + v])`; `kept` takes the `f(x)`.
#[inline(always)]
pub(crate) fn forward<E: Element, F: Function<E>>(
    context: E::Context,
    stage: &Stage,
    input: &[E],
    mut kept: Option<&mut [E]>,
    output: &mut [E],
    function: F,
) {
    let pool = stage.pool;
    let factor = mean_factor::<E>(pool);
    for channel in 0..stage.output.channels {
        for row in stage.first_row..stage.output_rows {
            for column in 0..stage.output.width {
                let mut total = E::zero(context);
                for y in pool * row..pool * (row + 1) {
                    for x in pool * column..pool * (column + 1) {
                        let at = channel * stage.input.plane() + y * stage.input.width + x;
                        let Some(value) = input.get(at) else { return };
                        let mut value = *value;
                        function.apply_all(context, core::slice::from_mut(&mut value));
                        total = total.add(value);
                        let at = channel * stage.active.plane() + y * stage.active.width + x;
                        if let Some(place) = kept.as_deref_mut().and_then(|kept| kept.get_mut(at)) {
                            *place = value;
                        }
                    }
                }
                let mean = if pool == 1 { total } else { total.scale(factor) };
                let at = channel * stage.output.plane() + row * stage.output.width + column;
                if let Some(place) = output.get_mut(at) {
                    *place = mean;
                }
            }
        }
    }
}

/// `1 / pool^2`, without arithmetic that a device has no instructions for: for `f32` none in `f64`, which gives the same number
/// as long as `pool^2` has no more than 24 bits.
#[inline(always)]
pub(crate) fn mean_factor<E: Element>(pool: usize) -> E::Real {
    let one = <E::Real as Real>::ONE;
    let mut side = one;
    for _ in 1..pool {
        side = side + one;
    }
    one / (side * side)
}

/// Turns some rows of the activations `kept` (`stage.active`) into gradients in front of the activation, in place:
/// `kept = f'(kept) d / pool^2`, where `d` is the gradient of the pool's output (`stage.output`), and `masks` the dropout
/// masks behind it. Where the stage has `biases`, one a channel, adds the sums of these gradients, which are their gradients.
///
/// `POOL` is the side of the pool's windows, or 1 where the compiler does not know it.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a kernel: shapes, operands, part")]
fn backward<E, W, F: Function<E>, const POOL: usize>(
    context: E::Context,
    stage: &Stage,
    rows: Range<usize>,
    masks: Option<&[E::Number]>,
    d: &[E],
    kept: &mut [E],
    biases: &mut [W],
    function: F,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let pool = if const { POOL > 1 } { POOL } else { stage.pool.max(1) };
    let factor = (pool > 1).then(|| mean_factor::<E>(pool));
    let width = stage.active.width;
    let prefetch = Prefetch::of(kept);
    let mut biases = biases.iter_mut();
    for (channel, plane) in kept.chunks_exact_mut(stage.active.plane().max(1)).enumerate() {
        let mut lines = from_mut(plane, rows.start * width);
        // Those of even and of odd windows, so that one sum need not wait for the other.
        let mut sums = [E::zero(context); 2];
        for row in rows.clone() {
            let (kept, below) = cut_mut(lines, width);
            let start = channel * stage.output.plane() + row / pool * stage.output.width;
            let d = part(d, start..start + stage.output.width);
            match masks {
                None if const { POOL > 1 } => {
                    for (window, (values, d)) in kept.as_chunks_mut::<POOL>().0.iter_mut().zip(d).enumerate()
                    {
                        if let Some(prefetch) = prefetch {
                            for column in 0..POOL {
                                prefetch.ask(below, POOL * window + column);
                            }
                        }
                        window_gradient(values, *d, factor, function, &mut sums);
                    }
                }
                None => {
                    for (values, d) in kept.chunks_exact_mut(pool).zip(d) {
                        window_gradient(values, *d, factor, function, &mut sums);
                    }
                }
                Some(masks) => {
                    let masks = part(masks, start..start + stage.output.width);
                    for ((values, d), mask) in kept.chunks_exact_mut(pool).zip(d).zip(masks) {
                        window_gradient(values, d.scale_by(*mask), factor, function, &mut sums);
                    }
                }
            }
            lines = below;
        }
        if let Some(bias) = biases.next() {
            *bias = bias.add(sums[0].add(sums[1]).sum());
        }
    }
}

/// A row of a window of [`backward`], whose gradients are added to the first of the `sums`, and the other sum's turn.
#[inline(always)]
fn window_gradient<E: Element, F: Function<E>>(
    values: &mut [E],
    d: E,
    factor: Option<E::Real>,
    function: F,
    sums: &mut [E; 2],
) {
    let d = match factor {
        Some(factor) => d.scale(factor),
        None => d,
    };
    for value in values {
        *value = function.chain(d, *value);
        sums[0] = sums[0].add(*value);
    }
    sums.swap(0, 1);
}

/// [`backward`] of some channels.
pub(crate) struct Planes<'a, E: Element, W, F> {
    pub(crate) context: E::Context,
    pub(crate) stage: &'a Stage,
    /// Of the activations.
    pub(crate) rows: Range<usize>,
    pub(crate) masks: Option<&'a [E::Number]>,
    pub(crate) output_gradient: &'a [E],
    pub(crate) active: &'a mut [E],
    /// The gradients of the biases, one a channel, or none.
    pub(crate) biases: &'a mut [W],
    pub(crate) function: F,
}

impl<E, W, F: Function<E>> Divisible for Planes<'_, E, W, F>
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    fn parts(&self) -> usize {
        self.output_gradient.len() / self.stage.output.plane().max(1)
    }

    fn split(self, parts: usize) -> (Self, Self) {
        let outputs = parts * self.stage.output.plane();
        let (masks, other_masks) = match self.masks {
            Some(masks) => {
                let (masks, others) = masks.split_at(outputs);
                (Some(masks), Some(others))
            }
            None => (None, None),
        };
        let (output_gradient, other_gradient) = self.output_gradient.split_at(outputs);
        let (active, other_active) = self.active.split_at_mut(parts * self.stage.active.plane());
        let (biases, other_biases) = cut_mut(self.biases, parts);
        (
            Self { masks, output_gradient, active, biases, rows: self.rows.clone(), ..self },
            Self {
                masks: other_masks,
                output_gradient: other_gradient,
                active: other_active,
                biases: other_biases,
                ..self
            },
        )
    }

    fn run(self) {
        let Self { context, stage, rows, masks, output_gradient: d, active, biases, function } = self;
        context.enter(
            #[inline(always)]
            || match stage.pool {
                2 => backward::<E, W, F, 2>(context, stage, rows, masks, d, active, biases, function),
                _ => backward::<E, W, F, 1>(context, stage, rows, masks, d, active, biases, function),
            },
        );
    }
}
