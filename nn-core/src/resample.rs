//! Images rotated, enlarged and moved: resampling by bilinear interpolation with plain coefficients.
//!
//! Each output is a sum of four inputs with plain weights, so a ciphertext is resampled as a plain image is, and decrypting the
//! result gives the resampled message.

mod affine;

pub use affine::Affine;

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
    let Some(expected) = shape.checked_len() else { return Err(Error::Side { expected: MAXIMUM_SIDE }) };
    if shape.height.max(shape.width) > MAXIMUM_SIDE {
        return Err(Error::Side { expected: MAXIMUM_SIDE });
    }
    if input.len() != expected {
        return Err(Error::Input { expected });
    }
    if output.len() != expected {
        return Err(Error::Output { expected });
    }
    if expected == 0 {
        return Ok(());
    }
    let zero = E::zero(context);
    let mut taps = Taps::new();
    for row in 0..shape.height {
        let mut position = map.row(shape, row);
        let mut first = 0;
        while first < shape.width {
            let count = BLOCK.min(shape.width - first);
            taps.find(shape, map, &mut position);
            let start = row * shape.width + first;
            let planes = input.chunks_exact(shape.plane()).zip(output.chunks_exact_mut(shape.plane()));
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

/// For each output of a block, where its four inputs lie in their plane, and their weights.
struct Taps<T> {
    places: [[u32; BLOCK]; 4],
    weights: [[T; BLOCK]; 4],
}

impl<T: Real> Taps<T> {
    #[inline(always)]
    fn new() -> Self {
        Self { places: [[0; BLOCK]; 4], weights: [[T::ZERO; BLOCK]; 4] }
    }

    /// The taps of the outputs from `position` on, which moves past them.
    #[inline(always)]
    fn find(&mut self, shape: Shape, map: &Affine, position: &mut Position) {
        let width = shape.width as u32;
        let (last_row, last_column) = ((shape.height - 1) as u32, (shape.width - 1) as u32);
        for index in 0..BLOCK {
            let ([i, next_i], b) = position.row.neighbours::<T>(last_row);
            let ([j, next_j], a) = position.column.neighbours::<T>(last_column);
            let (top, bottom) = (i * width, next_i * width);
            self.places[0][index] = top + j;
            self.places[1][index] = top + next_j;
            self.places[2][index] = bottom + j;
            self.places[3][index] = bottom + next_j;
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
        // Places are inside by construction; zero is for the compiler, which cannot see it.
        let at =
            |tap: usize, index: usize| input.get(self.places[tap][index] as usize).copied().unwrap_or(zero);
        for (index, output) in output.iter_mut().enumerate().take(BLOCK) {
            let top =
                at(0, index).scale(self.weights[0][index]).add(at(1, index).scale(self.weights[1][index]));
            let bottom =
                at(2, index).scale(self.weights[2][index]).add(at(3, index).scale(self.weights[3][index]));
            *output = top.add(bottom);
        }
    }
}
