//! Images rotated, enlarged and moved: resampling by bilinear interpolation with plain coefficients.
//!
//! Each output is a sum of four inputs with plain weights, so a ciphertext is resampled as a plain image is, and decrypting the
//! result gives the resampled message.

mod affine;

pub use affine::Affine;

use core::ops::Range;

use affine::Position;
use more_core::Real;

use crate::{Element, Error, Shape};

/// Outputs whose taps are found side by side, as many as fill a register.
const BLOCK: usize = 16;

/// Resamples each channel of an image: `output[c, y, x]` is `input[c]` at the point `(v, u)` that `map` gives for `(y, x)`.
///
/// With `i = floor(v)`, `j = floor(u)`, `b = v - i` and `a = u - j`, the value at `(v, u)` is
///
/// `(1 - b) (1 - a) x[i, j] + (1 - b) a x[i, j + 1] + b (1 - a) x[i + 1, j] + b a x[i + 1, j + 1]`
///
/// (bilinear interpolation). A point outside takes the value of the nearest point of the image's edge, so no constant
/// enters that would tell a border apart. The weights are in `[0, 1]` and sum to 1: values stay in the range of the inputs, up to
/// rounding (`5/2 EPSILON` of the largest of the four), and the identity gives the input itself.
///
/// `input` and `output` have the image's `shape`. Products and sums are rounded one by one whatever the element, so every sample of a pack
/// and every lane of a spectrum has the bits of plain numbers, and every entry of a ciphertext in matrix form those of a
/// plain image of that entry.
///
/// The call is inlined, for use inside [`Context::enter`](crate::Context::enter).
///
/// # Errors
/// [`Error::Input`] and [`Error::Output`] for buffers of another length; [`Error::Side`] for images of more than 65,536 rows or
/// columns.
///
/// ```
/// use nn_core::resample::{Affine, resample};
/// use nn_core::Shape;
///
/// // Half a column to the right: each pixel becomes the mean of itself and its left neighbour, the first one stays.
/// let map = Affine::new(0.0, 1.0, [0.0, 0.5])?;
/// let mut output = [0.0_f32; 4];
/// resample((), Shape::new(1, 1, 4), &map, &[1.0, 3.0, 5.0, 4.0], &mut output)?;
/// assert_eq!(output, [1.0, 2.0, 4.0, 4.5]);
/// # Ok::<(), nn_core::Error>(())
/// ```
#[inline(always)]
pub fn resample<E: Element>(
    context: E::Context,
    shape: Shape,
    map: &Affine,
    input: &[E],
    output: &mut [E],
) -> Result<(), Error> {
    resample_rows(context, shape, map, 0..shape.height, input, output)
}

/// Some rows of what [`resample`] gives, with the same bits: `output` has as many rows as `rows`, in each channel.
///
/// # Errors
/// As [`resample`]; [`Error::Output`] also for rows that the image does not have.
#[inline(always)]
pub fn resample_rows<E: Element>(
    context: E::Context,
    shape: Shape,
    map: &Affine,
    rows: Range<usize>,
    input: &[E],
    output: &mut [E],
) -> Result<(), Error> {
    let Some(expected) = shape.checked_len() else { return Err(Error::Side { expected: MAXIMUM_SIDE }) };
    if shape.height.max(shape.width) > MAXIMUM_SIDE {
        return Err(Error::Side { expected: MAXIMUM_SIDE });
    }
    if input.len() != expected {
        return Err(Error::Input { expected });
    }
    let part = rows.len() * shape.width;
    if output.len() != shape.channels * part || rows.end > shape.height {
        return Err(Error::Output { expected: shape.channels * part });
    }
    if output.is_empty() {
        return Ok(());
    }
    let zero = E::zero(context);
    let mut taps = Taps::new(shape);
    for (line, row) in rows.enumerate() {
        let mut position = map.row(shape, row);
        let mut first = 0;
        while first < shape.width {
            let count = BLOCK.min(shape.width - first);
            taps.find(shape, map, &mut position);
            let start = line * shape.width + first;
            let planes = input.chunks_exact(shape.plane()).zip(output.chunks_exact_mut(part));
            for (input, output) in planes {
                if let Some(output) = output.get_mut(start..start + count) {
                    taps.apply(zero, input, output);
                }
            }
            first += count;
        }
    }
    Ok(())
}

/// Most rows and columns: coordinates are then far from the ends of the integers they are computed in.
pub(crate) const MAXIMUM_SIDE: usize = 1 << 16;

/// For each output of a block, where the first of its four inputs lies in the plane, and their weights.
struct Taps<T> {
    places: [u32; BLOCK],
    weights: [[T; BLOCK]; 4],
    /// From an input to the one on its right and to the one below; 0 where there is but one column or row.
    steps: [usize; 2],
}

impl<T: Real> Taps<T> {
    #[inline(always)]
    fn new(shape: Shape) -> Self {
        let steps = [usize::from(shape.width > 1), if shape.height > 1 { shape.width } else { 0 }];
        Self { places: [0; BLOCK], weights: [[T::ZERO; BLOCK]; 4], steps }
    }

    /// The taps of the outputs from `position` on, which moves past them.
    #[inline(always)]
    fn find(&mut self, shape: Shape, map: &Affine, position: &mut Position) {
        let width = shape.width as u32;
        let (last_row, last_column) = ((shape.height - 1) as u32, (shape.width - 1) as u32);
        for index in 0..BLOCK {
            let (i, b) = position.row.before::<T>(last_row);
            let (j, a) = position.column.before::<T>(last_column);
            self.places[index] = i * width + j;
            self.weights[0][index] = (T::ONE - b) * (T::ONE - a);
            self.weights[1][index] = (T::ONE - b) * a;
            self.weights[2][index] = b * (T::ONE - a);
            self.weights[3][index] = b * a;
            *position = map.next(*position);
        }
    }

    /// The outputs, as many as there is room for.
    #[inline(always)]
    fn apply<E: Element<Real = T>>(&self, zero: E, input: &[E], output: &mut [E]) {
        match self.steps {
            [1, below] => self.apply_from(
                #[inline(always)]
                |place| {
                    let pair = |start: usize| input.get(start..).and_then(|rest| rest.first_chunk::<2>());
                    match (pair(place), pair(place + below)) {
                        (Some([a, b]), Some([c, d])) => [*a, *b, *c, *d],
                        // Places are inside by construction; zero is for the compiler, which cannot see it.
                        _ => [zero; 4],
                    }
                },
                output,
            ),
            // One column.
            [_, below] => self.apply_from(
                #[inline(always)]
                |place| {
                    let at = |place: usize| input.get(place).copied().unwrap_or(zero);
                    let (top, bottom) = (at(place), at(place + below));
                    [top, top, bottom, bottom]
                },
                output,
            ),
        }
    }

    #[inline(always)]
    fn apply_from<E: Element<Real = T>>(&self, inputs: impl Fn(usize) -> [E; 4], output: &mut [E]) {
        for (index, output) in output.iter_mut().enumerate().take(BLOCK) {
            let [a, b, c, d] = inputs(self.places[index] as usize);
            let top = a.scale(self.weights[0][index]).add(b.scale(self.weights[1][index]));
            let bottom = c.scale(self.weights[2][index]).add(d.scale(self.weights[3][index]));
            *output = top.add(bottom);
        }
    }
}
