//! The hand that distorts a digit and the pen that draws it.

use super::strokes::{Point, Stroke};
use super::{PIXELS, SIDE};
use crate::dataset::random::Random;

/// Half the height of an undistorted digit, in pixels.
const HALF_HEIGHT: f32 = 9.2;

/// The distortion of one digit: rotation, slant, size and place, and a gentle bend.
pub(super) struct Distortion {
    matrix: [[f32; 2]; 2],
    centre: Point,
    /// Amplitude (in units of half the height), frequency and phase of the bend, for x by y and y by x.
    bend: [[f32; 3]; 2],
}

impl Distortion {
    pub(super) fn draw(random: &mut Random) -> Self {
        let angle = random.between(-0.21, 0.21);
        let slant = random.between(-0.35, 0.2);
        let height = HALF_HEIGHT * random.between(0.78, 1.06);
        let width = height * random.between(0.72, 1.12);
        let (sine, cosine) = (libm::sinf(angle), libm::cosf(angle));
        // Rotation times slant times size.
        let matrix = [
            [cosine * width, (cosine * slant - sine) * height],
            [sine * width, (sine * slant + cosine) * height],
        ];
        let middle = (SIDE as f32 - 1.0) / 2.0;
        let centre = [middle + random.between(-2.0, 2.0), middle + random.between(-1.6, 1.6)];
        let mut bend = || [random.between(0.0, 0.09), random.between(1.5, 3.5), random.between(0.0, 6.3)];
        let bend = [bend(), bend()];
        Self { matrix, centre, bend }
    }

    fn apply(&self, [x, y]: Point) -> Point {
        let [[a, f, p], [b, g, q]] = self.bend;
        let (x, y) = (x + a * libm::sinf(f * y + p), y + b * libm::sinf(g * x + q));
        let [[xx, xy], [yx, yy]] = self.matrix;
        [self.centre[0] + xx * x + xy * y, self.centre[1] + yx * x + yy * y]
    }
}

/// Draws the strokes: the ink of each pixel in [0, 1].
///
/// The ink of a pixel is that of the nearest point of the pen's way: full within the pen's radius, falling off
/// linearly over the pen's soft edge. The radius swells and shrinks along the strokes, as pressure does.
pub(super) fn draw(strokes: &[Stroke], distortion: &Distortion, random: &mut Random) -> [f32; PIXELS] {
    let radius = random.between(0.55, 1.55);
    let softness = random.between(0.7, 1.3);
    let pressure = random.between(0.0, 0.25);
    let (rate, mut phase) = (random.between(0.05, 0.2), random.between(0.0, 6.3));
    let darkness = random.between(0.78, 1.0);
    let mut distance = [f32::INFINITY; PIXELS];
    for stroke in strokes {
        let way: Vec<Point> = stroke.iter().map(|&point| distortion.apply(point)).collect();
        for pair in way.windows(2) {
            let swelling = radius * (1.0 + pressure * libm::sinf(phase));
            phase += rate;
            segment(pair[0], pair[1], swelling, softness, &mut distance);
        }
    }
    distance.map(|distance| darkness * (0.5 - distance / softness).clamp(0.0, 1.0))
}

/// Lowers each pixel's distance to the pen's edge by that to one segment of its way.
fn segment(from: Point, to: Point, radius: f32, softness: f32, distance: &mut [f32; PIXELS]) {
    let reach = radius + softness;
    let span = |axis: usize| {
        let (low, high) = (from[axis].min(to[axis]) - reach, from[axis].max(to[axis]) + reach);
        let inside = |value: f32| value.clamp(0.0, SIDE as f32) as usize;
        inside(libm::ceilf(low))..inside(libm::floorf(high) + 1.0)
    };
    let along = [to[0] - from[0], to[1] - from[1]];
    let square = along[0] * along[0] + along[1] * along[1];
    for y in span(1) {
        for x in span(0) {
            let offset = [x as f32 - from[0], y as f32 - from[1]];
            let product = offset[0] * along[0] + offset[1] * along[1];
            let t = if square > 0.0 { (product / square).clamp(0.0, 1.0) } else { 0.0 };
            let (dx, dy) = (offset[0] - t * along[0], offset[1] - t * along[1]);
            let edge = libm::sqrtf(dx * dx + dy * dy) - radius;
            let pixel = &mut distance[y * SIDE + x];
            if edge < *pixel {
                *pixel = edge;
            }
        }
    }
}
