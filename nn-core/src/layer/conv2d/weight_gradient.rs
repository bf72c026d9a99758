//! `dw[o, c, u, v] = sum over i, j and samples of dz[o, i, j] x[c, s i + u, s j + v]`, `db[o] = sum of dz[o, i, j]`.

use crate::element::{Element, Learn};
use crate::layer::activation::with_block;
use crate::layout::blocks;
use crate::stage::Stage;

/// Kernel columns whose sums are kept in registers beside each other.
const TAPS: usize = 3;

/// Adds the gradient of a convolution's parameters to `gradient`: sums stay in registers over the whole image.
#[inline(always)]
pub(crate) fn weight_gradient<E, W>(
    context: E::Context,
    stage: &Stage,
    (kernel, stride): (usize, usize),
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let (weights, biases) = gradient.split_at_mut(stage.weights());
    for (o, bias) in biases.iter_mut().enumerate() {
        let mut sum = E::zero(context);
        for d in &dz[o * stage.active.plane()..][..stage.active.plane()] {
            sum = sum.add(*d);
        }
        *bias = bias.add(sum.sum());
    }
    for block in blocks(stage.active.channels) {
        let block_weights = block.weights_mut(weights, stage.fan_in);
        for (at, size) in block.cut(E::GRADIENT_BLOCK) {
            for c in 0..stage.input.channels {
                for u in 0..kernel {
                    let mut v = 0;
                    while v < kernel {
                        let tap = Tap { first: block.first + at, channel: c, row: u, column: v, stride };
                        let index = ((c * kernel + u) * kernel + v) * block.width + at;
                        let target = &mut block_weights[index..];
                        if v + TAPS <= kernel {
                            if stride == 1 {
                                let tap = Tap { stride: 1, ..tap };
                                with_block!(
                                    size,
                                    E::GRADIENT_BLOCK,
                                    three_taps::<E, W>(context, stage, &tap, input, dz, target, block.width)
                                );
                            } else {
                                with_block!(
                                    size,
                                    E::GRADIENT_BLOCK,
                                    three_taps::<E, W>(context, stage, &tap, input, dz, target, block.width)
                                );
                            }
                            v += TAPS;
                        } else {
                            with_block!(
                                size,
                                E::GRADIENT_BLOCK,
                                one_tap::<E, W>(context, stage, &tap, input, dz, target, block.width)
                            );
                            v += 1;
                        }
                    }
                }
            }
        }
    }
}

/// Which weights a kernel computes the gradient of: a register block of filters and the first tap.
struct Tap {
    first: usize,
    channel: usize,
    row: usize,
    column: usize,
    stride: usize,
}

#[inline(always)]
fn three_taps<E, W, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
    width: usize,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    taps::<E, W, TAPS, SIZE>(context, stage, tap, input, dz, gradient, width);
}

#[inline(always)]
fn one_tap<E, W, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
    width: usize,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    taps::<E, W, 1, SIZE>(context, stage, tap, input, dz, gradient, width);
}

/// `gradient[t * width + o] += ..` for `COUNT` taps and `SIZE` filters.
#[inline(always)]
fn taps<E, W, const COUNT: usize, const SIZE: usize>(
    context: E::Context,
    stage: &Stage,
    tap: &Tap,
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
    width: usize,
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let (plane, columns) = (stage.active.plane(), stage.active.width);
    let mut sums = [[E::zero(context); SIZE]; COUNT];
    for row in 0..stage.active.height {
        let start =
            tap.channel * stage.input.plane() + (row * tap.stride + tap.row) * stage.input.width + tap.column;
        let x = &input[start..start + (columns - 1) * tap.stride + COUNT];
        let lines: [&[E]; SIZE] =
            core::array::from_fn(|o| &dz[(tap.first + o) * plane + row * columns..][..columns]);
        for column in 0..columns {
            let window = &x[column * tap.stride..column * tap.stride + COUNT];
            for o in 0..SIZE {
                let d = lines[o][column];
                for t in 0..COUNT {
                    sums[t][o] = sums[t][o].mul_acc(d, window[t]);
                }
            }
        }
    }
    for (t, sums) in sums.into_iter().enumerate() {
        for (sum, g) in sums.into_iter().zip(&mut gradient[t * width..]) {
            *g = g.add(sum.sum());
        }
    }
}
