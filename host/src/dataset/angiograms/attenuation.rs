//! What the rays pass through: how thick it is, pixel by pixel.
//!
//! By the law of Beer and Lambert the intensity behind matter of thickness `t` is `I_0 exp(-mu t)`; a frame sums `mu t` over all it
//! shows. Coefficients `mu` at 60 keV, the mean energy of angiography: J. H. Hubbell and S. M. Seltzer, "Tables of X-ray mass
//! attenuation coefficients", NIST (1995).

use super::heart::{Vector, length};
use super::projection::{CArm, EDGE, Seen};

/// Of water, a millimetre: soft tissue and blood.
pub(super) const WATER: f32 = 0.0206;
/// Of iodine, a millimetre times a gram in a millilitre: 7.58 cm^2/g.
pub(super) const IODINE: f32 = 0.758;

/// Numbers of a frame, row by row.
#[derive(Clone, Debug)]
pub(super) struct Map(pub(super) Vec<f32>);

impl Map {
    pub(super) fn new() -> Self {
        Self(vec![0.0; EDGE * EDGE])
    }

    /// Adds a tube along a line: `factor(i)` times its thickness at point `i`.
    ///
    /// The tube is cut into slices, each as thick as the way between two points and seen as a disc of the tube's radius: side by side
    /// they make the chords `2 sqrt(r^2 - d^2)` of a tube across the rays, and those of an oblique one, longer by the cosine. A slice
    /// gives its pixels exactly its own volume, however few they are.
    pub(super) fn tube(
        &mut self,
        arm: &CArm,
        points: &[Vector],
        radii: &[f32],
        factor: impl Fn(usize) -> f32,
    ) {
        for (index, pair) in points.windows(2).enumerate() {
            let way = length(&(pair[1] - pair[0]));
            let (from, to) = (arm.see(&pair[0]), arm.see(&pair[1]));
            let apart = libm::hypotf(to.x - from.x, to.y - from.y);
            // Half a pixel from slice to slice, or a quarter of the radius where that is more.
            let radius = radii[index];
            let pieces = libm::ceilf(apart / (0.25 * radius * from.scale).max(0.5)).max(1.0);
            let volume = core::f32::consts::PI * radius * radius * way / pieces;
            for piece in 0..pieces as usize {
                let t = (piece as f32 + 0.5) / pieces;
                let at = pair[0] + (pair[1] - pair[0]) * t;
                self.disc(&arm.see(&at), radius, factor(index) * volume);
            }
        }
    }

    /// Adds a volume, in cubic millimetres, spread evenly over a disc of a radius in millimetres.
    fn disc(&mut self, seen: &Seen, radius: f32, volume: f32) {
        let reach = radius * seen.scale + 0.5;
        let span = |middle: f32| {
            let first = libm::ceilf(middle - reach) as i32;
            let last = libm::floorf(middle + reach) as i32;
            first..=last
        };
        let inside = |value: i32| usize::try_from(value).ok().filter(|value| *value < EDGE);
        // How much of each pixel the disc covers, about; the sum makes up for what that leaves out.
        let cover = |x: i32, y: i32| {
            let (dx, dy) = (x as f32 - seen.x, y as f32 - seen.y);
            (reach - libm::sqrtf(dx * dx + dy * dy)).clamp(0.0, 1.0)
        };
        let mut sum = 0.0;
        for y in span(seen.y) {
            for x in span(seen.x) {
                sum += cover(x, y);
            }
        }
        if sum <= 0.0 {
            return;
        }
        // A pixel is `1 / scale^2` square millimetres.
        let thickness = volume * seen.scale * seen.scale / sum;
        for y in span(seen.y) {
            let Some(row) = inside(y) else { continue };
            for x in span(seen.x) {
                if let Some(column) = inside(x) {
                    self.0[row * EDGE + column] += thickness * cover(x, y);
                }
            }
        }
    }

    /// Adds what `value` says for each pixel, by column and row.
    pub(super) fn each(&mut self, mut value: impl FnMut(f32, f32) -> f32) {
        for (row, pixels) in self.0.chunks_exact_mut(EDGE).enumerate() {
            for (column, pixel) in pixels.iter_mut().enumerate() {
                *pixel += value(column as f32, row as f32);
            }
        }
    }
}

/// An ellipsoid.
pub(super) struct Ellipsoid {
    pub(super) middle: Vector,
    /// Its half axes as directions divided by their lengths.
    pub(super) axes: [Vector; 3],
}

impl Ellipsoid {
    /// From its middle, the directions of its half axes and their lengths.
    pub(super) fn new(middle: Vector, directions: [Vector; 3], radii: [f32; 3]) -> Self {
        let mut axes = directions;
        for (axis, radius) in axes.iter_mut().zip(radii) {
            *axis /= radius;
        }
        Self { middle, axes }
    }

    /// How far a ray from `source` runs inside, in millimetres.
    pub(super) fn chord(&self, source: &Vector, ray: &Vector) -> f32 {
        // |p + t d|^2 = 1 in coordinates where it is the unit ball.
        let from = source - self.middle;
        let (p, d) = (self.axes.map(|axis| axis.dot(&from)), self.axes.map(|axis| axis.dot(ray)));
        let dot = |a: &[f32; 3], b: &[f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let (a, b, c) = (dot(&d, &d), dot(&p, &d), dot(&p, &p) - 1.0);
        let root = b * b - a * c;
        if root <= 0.0 { 0.0 } else { 2.0 * libm::sqrtf(root) / a * length(ray) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So far away that the rays are parallel: 2 pixels a millimetre everywhere to 1e-4.
    fn arm() -> CArm {
        CArm::new(0.0, 0.0, [1e6, 1e6], 2.0)
    }

    fn line(from: Vector, to: Vector) -> Vec<Vector> {
        (0..=120).map(|step| from + (to - from) * (step as f32 / 120.0)).collect()
    }

    /// The thickness over the frame, times the area of a pixel, is the volume, however thin or oblique the tube is.
    #[test]
    fn a_tube_keeps_its_volume() {
        for (radius, to) in [
            (3.0, Vector::new(30.0, 0.0, 10.0)),
            (0.1, Vector::new(30.0, 0.0, 10.0)),
            (1.0, Vector::new(5.0, 38.0, -9.0)),
            (2.0, Vector::new(-20.0, 60.0, 20.0)),
        ] {
            let mut map = Map::new();
            let points = line(Vector::new(-15.0, -10.0, -7.0), to);
            map.tube(&arm(), &points, &vec![radius; points.len()], |_| 1.0);
            let found = map.0.iter().map(|value| f64::from(*value)).sum::<f64>() / 4.0;
            let way = f64::from(length(&(to - points[0])));
            let expected = std::f64::consts::PI * f64::from(radius * radius) * way;
            // The scale varies by 1e-4 over 100 mm of depth; sums of a few hundred roundings of 6e-8 a pixel.
            assert!((found / expected - 1.0).abs() < 3e-4, "radius {radius}: {found} for {expected}");
        }
    }

    /// Across a straight tube lie the chords `2 sqrt(r^2 - d^2)`; an oblique one is thicker by the cosine.
    #[test]
    fn a_tube_is_as_thick_as_its_chords() {
        for (to, longer) in [(0.0, 1.0_f32), (60.0, f32::sqrt(2.0))] {
            let mut map = Map::new();
            let points = line(Vector::new(-30.0, -0.5 * to, -0.25), Vector::new(30.0, 0.5 * to, -0.25));
            let radius = 5.0_f32;
            map.tube(&arm(), &points, &vec![radius; points.len()], |_| 1.0);
            for offset in 0..9 {
                // The middle line lies on row 128; 2 rows a millimetre.
                let found = map.0[(128 + offset) * EDGE + 128];
                let across = offset as f32 / 2.0;
                let expected = 2.0 * longer * (radius * radius - across * across).sqrt();
                // A disc's edge is known to a tenth of a pixel or so of its half-width, over which the chord at d changes by 2 d / sqrt(r^2 - d^2).
                let slope = 2.0 * longer * across / (radius * radius - across * across).sqrt();
                let bound = 0.1 * slope + 0.02 * expected;
                assert!((found - expected).abs() < bound, "{across} mm off: {found} for {expected}");
            }
        }
    }

    #[test]
    fn a_balls_chords_are_those_of_geometry() {
        let straight = [Vector::x(), Vector::y(), Vector::z()];
        let ball = Ellipsoid::new(Vector::new(1.0, 2.0, 3.0), straight, [10.0; 3]);
        let source = Vector::new(1.0, -500.0, 3.0);
        for off in [0.0_f32, 3.0, 6.0, 9.9, 10.1, 40.0] {
            let ray = Vector::new(off, 502.0, 0.0);
            // The ray passes the middle at a distance of 502 sin(angle).
            let distance = 502.0 * off / (off * off + 502.0 * 502.0).sqrt();
            let expected = 2.0 * (100.0 - distance * distance).max(0.0).sqrt();
            let found = ball.chord(&source, &ray);
            // b^2 - a c cancels: 1e-7 of (distance / radius)^2 = 2,500 is 3e-4 of the squared half chord.
            assert!(
                (found * found - expected * expected).abs() < 4.0 * 100.0 * 1e-3,
                "{off}: {found} for {expected}"
            );
        }
        // Twice as long along the rays.
        let long = Ellipsoid::new(Vector::zeros(), straight, [10.0, 20.0, 10.0]);
        let chord = long.chord(&Vector::new(0.0, -500.0, 0.0), &Vector::new(0.0, 1.0, 0.0));
        assert!((chord - 40.0).abs() < 0.01, "{chord}");
    }
}
