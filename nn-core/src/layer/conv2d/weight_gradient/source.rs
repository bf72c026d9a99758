//! Where a weight gradient takes the gradients in front of the activation from.

use super::Tap;
use crate::element::{Element, Learn};
use crate::layer::activation::Function;
use crate::layer::avg_pool2d::mean_factor;
use crate::layer::conv2d::Window;
use crate::stage::Stage;

/// Sums in registers: of kernel rows, their taps and filters.
type Sums<E, const AT_ONCE: usize, const COUNT: usize, const SIZE: usize> = [[[E; SIZE]; COUNT]; AT_ONCE];

/// Gradients in front of the activation, of the shape `stage.active`.
pub(super) trait Source<E: Element>: Copy + Send + Sync {
    /// Whether they are computed here, so that nothing else sums them for the gradient of the bias.
    const COMPUTED: bool;

    /// Where they lie, unless they are computed here.
    fn stored(&self) -> Option<&[E]> {
        None
    }

    /// Adds the products of some rows and columns of gradients, those of `SIZE` filters from `(row, column)` on, with the windows of the
    /// input that begin with `x`, and with those in the rows below it; if gradients are computed, also their sums.
    fn tile_products<W: Copy, D: Window, const AT_ONCE: usize, const COUNT: usize, const SIZE: usize>(
        self,
        stage: &Stage,
        tap: &Tap<D>,
        corner: (usize, usize),
        tile: (usize, usize),
        x: &[E],
        sums: (&mut Sums<E, AT_ONCE, COUNT, SIZE>, &mut [E; SIZE]),
    ) -> Option<()>
    where
        E: Learn<W>;

    /// A sum of products with gradients, which lack a factor.
    fn scale(self, sum: E) -> E;
}

/// Gradients that lie in memory.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a, E>(pub(super) &'a [E]);

impl<E: Element> Source<E> for Stored<'_, E> {
    const COMPUTED: bool = false;

    #[inline(always)]
    fn stored(&self) -> Option<&[E]> {
        Some(self.0)
    }

    #[inline(always)]
    fn tile_products<W: Copy, D: Window, const AT_ONCE: usize, const COUNT: usize, const SIZE: usize>(
        self,
        stage: &Stage,
        tap: &Tap<D>,
        (row, column): (usize, usize),
        (rows, columns): (usize, usize),
        x: &[E],
        (sums, _): (&mut Sums<E, AT_ONCE, COUNT, SIZE>, &mut [E; SIZE]),
    ) -> Option<()>
    where
        E: Learn<W>,
    {
        let stride = tap.window.stride();
        // From the tile's first gradient on, of each filter.
        let mut gradients = [x; SIZE];
        for o in 0..SIZE {
            let at = (tap.first + o) * stage.active.plane() + row * stage.active.width + column;
            gradients[o] = self.0.get(at..)?;
        }
        let (mut at, mut at_input) = (0, 0);
        for _ in 0..rows {
            // Of the lengths of the loop, which then compares nothing.
            let mut lines = gradients;
            for o in 0..SIZE {
                lines[o] = gradients[o].get(at..at + columns)?;
            }
            let (mut inputs, mut of_taps) = ([x; AT_ONCE], [[x; COUNT]; AT_ONCE]);
            for u in 0..AT_ONCE {
                let start = at_input + u * stage.input.width;
                inputs[u] = x.get(start..start + (columns - 1) * stride + COUNT)?;
                for t in 0..COUNT {
                    of_taps[u][t] = inputs[u].get(t..t + (columns - 1) * stride + 1)?;
                }
            }
            for column in 0..columns {
                let mut d = [*lines[0].get(column)?; SIZE];
                for o in 0..SIZE {
                    d[o] = *lines[o].get(column)?;
                }
                for u in 0..AT_ONCE {
                    for t in 0..COUNT {
                        // In lines of their own inputs are operands in memory. In one line, the compiler keeps those that the next column
                        // takes, too, which is more than few registers hold.
                        let x = if const { SIZE == 1 } {
                            *of_taps[u][t].get(column * stride)?
                        } else {
                            *inputs[u].get(column * stride + t)?
                        };
                        for o in 0..SIZE {
                            sums[u][t][o] = sums[u][t][o].dot_acc(d[o], x);
                        }
                    }
                }
            }
            at += stage.active.width;
            at_input += stride * stage.input.width;
        }
        Some(())
    }

    #[inline(always)]
    fn scale(self, sum: E) -> E {
        sum
    }
}

/// Gradients that are computed where they are used, from activations with a pool of 2 x 2 behind them: for those that nothing else needs.
/// Windows of the convolution are 3 x 3 with a stride of 1.
#[derive(Clone, Copy)]
pub(super) struct Computed<'a, E, F> {
    /// Of the shape `stage.active`.
    pub(super) activations: &'a [E],
    /// The gradients of the pool's output, from the first row of the stage's output on.
    pub(super) output_gradient: &'a [E],
    /// Elements from one channel of these to the next.
    pub(super) plane: usize,
    /// The activation.
    pub(super) function: F,
}

impl<E: Element, F: Function<E>> Source<E> for Computed<'_, E, F> {
    const COMPUTED: bool = true;

    #[inline(always)]
    fn tile_products<W: Copy, D: Window, const AT_ONCE: usize, const COUNT: usize, const SIZE: usize>(
        self,
        stage: &Stage,
        tap: &Tap<D>,
        (row, column): (usize, usize),
        (rows, columns): (usize, usize),
        x: &[E],
        (sums, bias_sums): (&mut Sums<E, AT_ONCE, COUNT, SIZE>, &mut [E; SIZE]),
    ) -> Option<()>
    where
        E: Learn<W>,
    {
        let windows = columns / 2;
        for below in 0..rows {
            // Pairs of columns, as many as windows of the pool: their number is that of the loop, which then compares nothing.
            let mut values = [&[][..]; SIZE];
            let mut pooled = [x; SIZE];
            for o in 0..SIZE {
                let (plane, row) = (tap.first + o, row + below);
                let at = plane * stage.active.plane() + row * stage.active.width + column;
                values[o] = self.activations.get(at..at + 2 * windows)?.as_chunks::<2>().0.get(..windows)?;
                let at = plane * self.plane + row / 2 * stage.output.width + column / 2;
                pooled[o] = self.output_gradient.get(at..at + windows)?;
            }
            let (mut inputs, mut of_taps) = ([&[][..]; AT_ONCE], [[x; COUNT]; AT_ONCE]);
            for u in 0..AT_ONCE {
                let start = (below + u) * stage.input.width;
                let line = x.get(start..start + 2 * windows + 2)?;
                inputs[u] = line.as_chunks::<2>().0.get(..windows + 1)?;
                for t in 0..COUNT {
                    of_taps[u][t] = line.get(t..t + 2 * windows)?;
                }
            }
            // Column by column, inputs from a line of their own for each tap, as where gradients are stored.
            if const { SIZE == 1 } {
                let values = values[0].as_flattened();
                for (column, value) in values.iter().enumerate() {
                    let d = self.function.chain(*pooled[0].get(column / 2)?, *value);
                    bias_sums[0] = bias_sums[0].add(d);
                    for u in 0..AT_ONCE {
                        for t in 0..COUNT {
                            sums[u][t][0] = sums[u][t][0].dot_acc(d, *of_taps[u][t].get(column)?);
                        }
                    }
                }
                continue;
            }
            for window in 0..windows {
                for right in 0..2 {
                    let mut d = *bias_sums;
                    for o in 0..SIZE {
                        d[o] = self.function.chain(*pooled[o].get(window)?, values[o].get(window)?[right]);
                        bias_sums[o] = bias_sums[o].add(d[o]);
                    }
                    for u in 0..AT_ONCE {
                        for t in 0..COUNT {
                            let x = inputs[u].get(window + (right + t) / 2)?[(right + t) % 2];
                            for o in 0..SIZE {
                                sums[u][t][o] = sums[u][t][o].dot_acc(d[o], x);
                            }
                        }
                    }
                }
            }
        }
        Some(())
    }

    /// The pool's: a power of two, so that sums have the bits of sums of scaled gradients.
    #[inline(always)]
    fn scale(self, sum: E) -> E {
        sum.scale(mean_factor::<E>(2))
    }
}
