//! Affine maps of pixel coordinates, in fixed-point numbers.
//!
//! Coordinates are integers of 2^-32 pixels: they add without rounding, so a position does not depend on where a computation of it
//! began, and is the same on every machine and for every scalar.

use more_core::Real;

use super::MAXIMUM_SIDE;
use crate::{Error, Shape};

/// Fractional bits.
const FRACTION: u32 = 32;
/// How far an image may be enlarged or shrunk.
const MAXIMUM_ZOOM: f64 = 64.0;

/// Where each pixel of an output image comes from: rotation and zoom about the image's centre, and a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Affine {
    /// Columns an output column and an output row further, and rows a column and a row further. Units of 2^-32 pixels, at
    /// most 64 pixels.
    matrix: [[i64; 2]; 2],
    /// Column and row, relative to the centre, that come to the centre.
    origin: [i64; 2],
}

impl Affine {
    /// Every pixel stays.
    pub const IDENTITY: Self = Self { matrix: [[1 << FRACTION, 0], [0, 1 << FRACTION]], origin: [0, 0] };

    /// Turns the image counterclockwise by `rotation` radians about its centre, enlarges it `zoom`-fold, then moves it by `shift`
    /// pixels (down, right): the output at `p` is the input at `R(rotation) (p - shift) / zoom`, coordinates relative to the
    /// centre `((height - 1)/2, (width - 1)/2)`, and in columns and rows, which run to the right and down,
    ///
    /// `R(t) = [cos t, -sin t; sin t, cos t]`.
    ///
    /// # Errors
    /// [`Error::Map`] where `zoom` is not in `[1/64, 64]`, the shift is above 65,536 pixels, or a number is not finite.
    pub fn new(rotation: f64, zoom: f64, shift: [f64; 2]) -> Result<Self, Error> {
        // Comparisons that NaN fails.
        let fits = (1.0 / MAXIMUM_ZOOM..=MAXIMUM_ZOOM).contains(&zoom)
            && shift.iter().all(|shift| Real::abs(*shift) <= MAXIMUM_SIDE as f64)
            && Real::is_finite(rotation);
        if !fits {
            return Err(Error::Map);
        }
        let (sine, cosine) = (libm::sin(rotation) / zoom, libm::cos(rotation) / zoom);
        let [down, right] = shift;
        let matrix = [[cosine, -sine], [sine, cosine]].map(|row| row.map(fixed));
        Ok(Self {
            matrix,
            origin: [fixed(sine * down - cosine * right), fixed(-sine * right - cosine * down)],
        })
    }

    /// The row and column of the input that the pixel at `row` and `column` of the output comes from, for images of this shape. May lie
    /// outside.
    ///
    /// `None` for a place that is not in the image, or an image too large for [`resample`](super::resample()).
    #[must_use]
    pub fn source(&self, shape: Shape, row: usize, column: usize) -> Option<[f64; 2]> {
        if row >= shape.height || column >= shape.width || shape.height.max(shape.width) > MAXIMUM_SIDE {
            return None;
        }
        let start = self.row(shape, row);
        let along = |start: Coordinate, step: i64| {
            (start.0 + step * column as i64) as f64 / (1_u64 << FRACTION) as f64
        };
        Some([along(start.row, self.matrix[1][0]), along(start.column, self.matrix[0][0])])
    }

    /// Where the first pixel of an output row comes from.
    #[inline(always)]
    pub(super) fn row(&self, shape: Shape, row: usize) -> Position {
        // Twice the distances from the centre, which are whole numbers.
        let (right, down) = (shape.width as i64 - 1, shape.height as i64 - 1);
        let below = 2 * row as i64 - down;
        let start = |axis: usize, centre: i64| {
            let [along, across] = self.matrix[axis];
            let twice = (centre << FRACTION) + 2 * self.origin[axis] - along * right + across * below;
            Coordinate(twice >> 1)
        };
        Position { column: start(0, right), row: start(1, down) }
    }

    /// Where the pixel to the right comes from.
    #[inline(always)]
    pub(super) fn next(&self, position: Position) -> Position {
        Position {
            column: Coordinate(position.column.0 + self.matrix[0][0]),
            row: Coordinate(position.row.0 + self.matrix[1][0]),
        }
    }
}

/// The nearest fixed-point number; `value` is far inside the range.
fn fixed(value: f64) -> i64 {
    libm::round(value * (1_u64 << FRACTION) as f64) as i64
}

/// A point of the input image.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) column: Coordinate,
    pub(super) row: Coordinate,
}

/// A row or column, in units of 2^-32.
#[derive(Clone, Copy)]
pub(super) struct Coordinate(i64);

impl Coordinate {
    /// The row (column) before it that has another behind it, held inside `0..=last`, and how far it is from there: below 1, or 1 at the
    /// end. The fraction's upper 24 bits in `f32`, all 32 in `f64`.
    #[inline(always)]
    pub(super) fn before<T: Real>(self, last: u32) -> (u32, T) {
        let inside = self.0.clamp(0, i64::from(last) << FRACTION);
        let whole = (inside >> FRACTION) as u32;
        let fraction = T::uniform((inside as u64) << FRACTION);
        if whole == last && last > 0 { (whole - 1, T::ONE) } else { (whole, fraction) }
    }
}
