//! `dw = G^T (sum over tiles and samples of (A d A^T) * (B^T x B)) G`.
//!
//! By outer products: with gradients transposed, a register holds one sample of several filters, and each input's sample is broadcast to
//! it. Sums of a whole pack then take as many registers as those of one sample would, few enough for a first-level cache, and nothing is
//! summed over samples at the end.

use more_core::Real;

use super::{KERNEL, LINES, SIDE, TILES, many_registers};
use crate::element::{Element, Learn};
use crate::layer::conv2d::local;
use crate::layout::LAYOUT_BLOCK;
use crate::part::part_mut;
use crate::stage::Stage;

/// Some channels of a layout block of filters.
pub(in crate::layer::conv2d) struct Block {
    pub(in crate::layer::conv2d) first_filter: usize,
    pub(in crate::layer::conv2d) filters: usize,
    pub(in crate::layer::conv2d) first_channel: usize,
    pub(in crate::layer::conv2d) channels: usize,
}

/// Adds what some `rows`, from an even one to an even one, contribute to the `gradient` of a block's kernels.
#[inline(always)]
pub(in crate::layer::conv2d) fn gradients_of_block<E, W>(
    context: E::Context,
    stage: &Stage,
    block: &Block,
    rows: (usize, usize),
    input: &[E],
    dz: &[E],
    gradient: &mut [W],
) where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let (stage, kernel) = (&local(stage), KERNEL * KERNEL * block.filters);
    for first_filter in (0..block.filters).step_by(E::SAMPLES) {
        for first_channel in (0..block.channels).step_by(LAYOUT_BLOCK) {
            let channels = LAYOUT_BLOCK.min(block.channels - first_channel);
            let group = Group {
                context,
                stage,
                first_filter: block.first_filter + first_filter,
                filters: E::SAMPLES.min(block.filters - first_filter),
                first_channel: block.first_channel + first_channel,
                channels,
                input,
                dz,
            };
            let gradient = part_mut(gradient, first_channel * kernel..(first_channel + channels) * kernel);
            if group.add(rows, first_filter, block.filters, gradient).is_none() {
                return;
            }
        }
    }
}

/// As many filters as an element has samples, and at most [`LAYOUT_BLOCK`] channels.
struct Group<'a, E: Element> {
    context: E::Context,
    stage: &'a Stage,
    first_filter: usize,
    filters: usize,
    first_channel: usize,
    channels: usize,
    input: &'a [E],
    dz: &'a [E],
}

/// One row of transforms of neighbouring tiles: of each, the columns.
type Transforms<E> = [[[E; LAYOUT_BLOCK]; SIDE]; TILES];

impl<E: Element> Group<'_, E> {
    /// Adds to the gradients of these filters, the first of which stands at `place` of the `width` of a layout block.
    #[inline(always)]
    fn add<W>(&self, rows: (usize, usize), place: usize, width: usize, gradient: &mut [W]) -> Option<()>
    where
        E: Learn<W>,
        W: Element<Context = ()>,
    {
        let zero = E::zero(self.context);
        // `[row][column][channel]`, the samples of each being filters; `[tile][entry][sample]`; `[tile][column][sample]`;
        // `[tile][column][channel]`.
        let mut sums = [[[zero; LAYOUT_BLOCK]; SIDE]; SIDE];
        let mut transposed = [[[zero; LAYOUT_BLOCK]; 4]; TILES];
        let mut gradients: Transforms<E> = [[[zero; LAYOUT_BLOCK]; SIDE]; TILES];
        let mut inputs: Transforms<E> = [[[zero; LAYOUT_BLOCK]; SIDE]; TILES];
        for row in (rows.0..rows.1).step_by(2) {
            let mut column = 0;
            while column < self.stage.active.width {
                let tiles = E::POSITIONS.min((self.stage.active.width - column) / 2);
                for (tile, transposed) in transposed.iter_mut().enumerate().take(tiles) {
                    self.transpose((row, column + 2 * tile), transposed)?;
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    if r == 1 {
                        self.transform_inputs::<true>((row, column), r, tiles, &mut inputs)?;
                    } else {
                        self.transform_inputs::<false>((row, column), r, tiles, &mut inputs)?;
                    }
                    for tile in 0..tiles {
                        transform_gradients(&transposed[tile], r, &mut gradients[tile]);
                    }
                    let (gradients, inputs) = (&gradients[..tiles], &inputs[..tiles]);
                    if const { many_registers::<E>() } {
                        add_products::<E, W, 2, 8>(self.channels, gradients, inputs, sums)?;
                    } else {
                        add_products::<E, W, 1, 4>(self.channels, gradients, inputs, sums)?;
                    }
                }
                column += 2 * tiles;
            }
        }
        for channel in 0..self.channels {
            let mut rows = [[zero; KERNEL]; SIDE];
            for r in 0..SIDE {
                let [a, b, c, d] = &sums[r];
                rows[r] = taps([a[channel], b[channel], c[channel], d[channel]]);
            }
            for t in 0..KERNEL {
                let column = taps([rows[0][t], rows[1][t], rows[2][t], rows[3][t]]);
                for u in 0..KERNEL {
                    let at = ((channel * KERNEL + u) * KERNEL + t) * width + place;
                    let gradient = gradient.get_mut(at..at + self.filters)?;
                    for (g, sum) in gradient.iter_mut().zip(column[u].as_weights()) {
                        *g = g.add(*sum);
                    }
                }
            }
        }
        Some(())
    }

    /// The gradients of a tile, `[entry][sample]`, the samples of each element being filters.
    #[inline(always)]
    fn transpose<W: Copy>(&self, (row, column): (usize, usize), to: &mut [[E; LAYOUT_BLOCK]; 4]) -> Option<()>
    where
        E: Learn<W>,
    {
        let (plane, width) = (self.stage.active.plane(), self.stage.active.width);
        for (entry, to) in to.iter_mut().enumerate() {
            let at = self.first_filter * plane + (row + entry / 2) * width + column + entry % 2;
            let dz = self.dz.get(at..)?;
            let zero = E::zero(self.context);
            E::transpose(
                self.context,
                #[inline(always)]
                |filter| {
                    let of_filter = if filter < self.filters { dz.get(filter * plane) } else { None };
                    of_filter.copied().unwrap_or(zero)
                },
                to,
            );
        }
        Some(())
    }

    /// The row `r` of `B^T x B` of some tiles.
    #[inline(always)]
    fn transform_inputs<const ADD: bool>(
        &self,
        (row, column): (usize, usize),
        r: usize,
        tiles: usize,
        to: &mut Transforms<E>,
    ) -> Option<()> {
        let (first, second) = *LINES.get(r)?;
        let (plane, width) = (self.stage.input.plane(), self.stage.input.width);
        let mut at = self.first_channel * plane + row * width + column;
        for channel in 0..self.channels.min(LAYOUT_BLOCK) {
            let x = self.input.get(at + first * width..)?.get(..2 * tiles + 2)?;
            let y = self.input.get(at + second * width..)?.get(..2 * tiles + 2)?;
            macro_rules! column {
                ($at:expr) => {
                    if ADD { x[$at].add(y[$at]) } else { x[$at].sub(y[$at]) }
                };
            }
            let (mut a, mut b) = (column!(0), column!(1));
            for (tile, to) in to.iter_mut().enumerate().take(tiles) {
                let (c, d) = (column!(2 * tile + 2), column!(2 * tile + 3));
                to[0][channel] = a.sub(c);
                to[1][channel] = b.add(c);
                to[2][channel] = c.sub(b);
                to[3][channel] = b.sub(d);
                (a, b) = (c, d);
            }
            at += plane;
        }
        Some(())
    }
}

/// The row `r` of `A d A^T` of a tile.
#[inline(always)]
fn transform_gradients<E: Element>(
    [above_left, above_right, below_left, below_right]: &[[E; LAYOUT_BLOCK]; 4],
    r: usize,
    to: &mut [[E; LAYOUT_BLOCK]; SIDE],
) {
    for s in 0..E::SAMPLES.min(LAYOUT_BLOCK) {
        let (left, right) = match r {
            0 => (above_left[s], above_right[s]),
            1 => (above_left[s].add(below_left[s]), above_right[s].add(below_right[s])),
            2 => (above_left[s].sub(below_left[s]), above_right[s].sub(below_right[s])),
            _ => (below_left[s], below_right[s]),
        };
        to[0][s] = left;
        to[1][s] = left.add(right);
        to[2][s] = left.sub(right);
        to[3][s] = right;
    }
}

/// Adds the products of the transforms, `COLUMNS` columns of `CHANNELS` channels at a time: as many sums as hide how long each takes.
#[inline(always)]
fn add_products<E: Learn<W>, W: Copy, const COLUMNS: usize, const CHANNELS: usize>(
    channels: usize,
    gradients: &[[[E; LAYOUT_BLOCK]; SIDE]],
    inputs: &[[[E; LAYOUT_BLOCK]; SIDE]],
    sums: &mut [[E; LAYOUT_BLOCK]; SIDE],
) -> Option<()> {
    for (part, columns) in sums.as_chunks_mut::<COLUMNS>().0.iter_mut().enumerate() {
        for group in 0..channels.div_ceil(CHANNELS) {
            // In registers, from here to the end.
            let mut of_group = [*columns[0].as_chunks::<CHANNELS>().0.get(group)?; COLUMNS];
            for k in 1..COLUMNS {
                of_group[k] = *columns[k].as_chunks::<CHANNELS>().0.get(group)?;
            }
            for (gradients, inputs) in gradients.iter().zip(inputs) {
                let d = gradients.as_chunks::<COLUMNS>().0.get(part)?;
                let inputs = inputs.as_chunks::<COLUMNS>().0.get(part)?;
                let mut x = [inputs[0].as_chunks::<CHANNELS>().0.get(group)?; COLUMNS];
                for k in 1..COLUMNS {
                    x[k] = inputs[k].as_chunks::<CHANNELS>().0.get(group)?;
                }
                for s in 0..E::SAMPLES.min(LAYOUT_BLOCK) {
                    for k in 0..COLUMNS {
                        for channel in 0..CHANNELS {
                            of_group[k][channel] = of_group[k][channel].add_outer(&x[k][channel], s, d[k][s]);
                        }
                    }
                }
            }
            for k in 0..COLUMNS {
                *columns[k].as_chunks_mut::<CHANNELS>().0.get_mut(group)? = of_group[k];
            }
        }
    }
    Some(())
}

/// `G^T` of a column of sums, the last of which has the other sign.
#[inline(always)]
fn taps<E: Element>([a, b, c, d]: [E; SIDE]) -> [E; KERNEL] {
    let half = <E::Real as Real>::HALF;
    let inner = b.add(c).scale(half);
    [a.add(inner), b.sub(c).scale(half), inner.sub(d)]
}
