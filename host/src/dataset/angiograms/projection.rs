//! The C-arm: from where a frame is taken.

use super::Random;
use super::anatomy::Side;
use super::heart::Vector;

/// Height and width of a frame in pixels.
pub(crate) const EDGE: usize = 256;

/// A view: rotation to the left anterior oblique (negative: right) and angulation to the head (negative: caudal), in degrees, as ranges.
type View = [[f32; 2]; 2];

/// Views of the left and of the right coronary artery, from table 2 of Di Mario and Sutaria, "Coronary angiography in the angioplasty
/// era: projections with a meaning", Heart 91:968 (2005).
const LEFT: [View; 5] = [
    [[40.0, 50.0], [-40.0, -25.0]],
    [[-15.0, -5.0], [-32.0, -28.0]],
    [[-45.0, -30.0], [-40.0, -30.0]],
    [[-10.0, -5.0], [35.0, 45.0]],
    [[30.0, 45.0], [25.0, 35.0]],
];
const RIGHT: [View; 4] = [
    [[45.0, 60.0], [-3.0, 3.0]],
    [[-45.0, -30.0], [-3.0, 3.0]],
    [[-10.0, -5.0], [35.0, 45.0]],
    [[30.0, 45.0], [25.0, 35.0]],
];

/// Source and detector, and which part of the detector a frame shows.
#[derive(Clone, Debug)]
pub(super) struct CArm {
    /// From the source to the detector.
    direction: Vector,
    right: Vector,
    up: Vector,
    /// From the source to the middle of rotation, and to the detector, in millimetres.
    distances: [f32; 2],
    /// Pixels a millimetre of detector.
    resolution: f32,
    /// Where the middle of rotation comes to lie, in pixels.
    middle: [f32; 2],
}

/// A point's place in a frame, in pixels from the middle of the first one (to the right and down), and pixels a millimetre there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) scale: f32,
}

impl CArm {
    /// One of the clinical views of a side.
    pub(super) fn draw(random: &mut Random, side: Side) -> Self {
        let views: &[View] = match side {
            Side::Left => &LEFT,
            Side::Right => &RIGHT,
        };
        let [rotation, angulation] = views[random.below(views.len() as u32)];
        let rotation = random.between(rotation[0], rotation[1]);
        let angulation = random.between(angulation[0], angulation[1]);
        let distances = [random.between(740.0, 780.0), random.between(1020.0, 1150.0)];
        // Fields of view of 16 to 21 cm.
        let resolution = EDGE as f32 / random.between(160.0, 210.0);
        Self::new(rotation, angulation, distances, resolution)
    }

    /// A view by its angles.
    pub(super) fn new(rotation: f32, angulation: f32, distances: [f32; 2], resolution: f32) -> Self {
        let (turn, tilt) = (rotation.to_radians(), angulation.to_radians());
        let (sine, cosine) = (libm::sinf(turn), libm::cosf(turn));
        let direction = Vector::new(sine * libm::cosf(tilt), cosine * libm::cosf(tilt), libm::sinf(tilt));
        // Horizontal, so the patient's left is on the right.
        let right = Vector::new(cosine, -sine, 0.0);
        let up = right.cross(&direction);
        let middle = [(EDGE as f32 - 1.0) / 2.0; 2];
        Self { direction, right, up, distances, resolution, middle }
    }

    /// Moves the table so that the middle of `points` comes to the middle of the frame, or `off` pixels from it.
    pub(super) fn centre<'a>(&mut self, points: impl Iterator<Item = &'a Vector>, off: [f32; 2]) {
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for point in points {
            let Seen { x, y, .. } = self.see(point);
            for (axis, value) in [x, y].into_iter().enumerate() {
                low[axis] = low[axis].min(value);
                high[axis] = high[axis].max(value);
            }
        }
        for axis in 0..2 {
            let found = 0.5 * (low[axis] + high[axis]);
            if found.is_finite() {
                self.middle[axis] += (EDGE as f32 - 1.0) / 2.0 + off[axis] - found;
            }
        }
    }

    /// Cone-beam projection.
    pub(super) fn see(&self, point: &Vector) -> Seen {
        let [to_middle, to_detector] = self.distances;
        let scale = self.resolution * to_detector / (to_middle + point.dot(&self.direction));
        let x = self.middle[0] + scale * point.dot(&self.right);
        let y = self.middle[1] - scale * point.dot(&self.up);
        Seen { x, y, scale }
    }

    /// Where the rays come from.
    pub(super) fn source(&self) -> Vector {
        self.direction * -self.distances[0]
    }

    /// From the source to a pixel, in millimetres.
    pub(super) fn ray(&self, x: f32, y: f32) -> Vector {
        self.direction * self.distances[1]
            + self.right * ((x - self.middle[0]) / self.resolution)
            + self.up * ((self.middle[1] - y) / self.resolution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(rotation: f32, angulation: f32) -> CArm {
        CArm::new(rotation, angulation, [750.0, 1050.0], 1.25)
    }

    #[test]
    fn a_frontal_view_has_the_patients_left_on_the_right_and_the_head_on_top() {
        let arm = arm(0.0, 0.0);
        let middle = arm.see(&Vector::zeros());
        assert_eq!((middle.x, middle.y), (127.5, 127.5));
        // Magnified by 1050/750, 1.25 pixels a millimetre of detector: 1.75.
        let left = arm.see(&Vector::new(10.0, 0.0, 0.0));
        let head = arm.see(&Vector::new(0.0, 0.0, 10.0));
        assert!((left.x - 145.0).abs() < 1e-3 && (left.y - 127.5).abs() < 1e-3, "{left:?}");
        assert!((head.y - 110.0).abs() < 1e-3 && (head.x - 127.5).abs() < 1e-3, "{head:?}");
        // What is nearer to the source, behind the patient, is larger.
        assert!(arm.see(&Vector::new(0.0, -50.0, 0.0)).scale > 1.75 && middle.scale == 1.75);
    }

    /// The spine lies on the right of a left anterior oblique frame and on the left of a right one; cranial views see what is in front
    /// lower down than what is behind, caudal ones higher up.
    #[test]
    fn oblique_views_are_named_as_in_the_clinic() {
        let (front, spine) = (Vector::new(0.0, 60.0, 0.0), Vector::new(0.0, -80.0, 0.0));
        assert!(arm(40.0, 0.0).see(&spine).x > 170.0 && arm(-40.0, 0.0).see(&spine).x < 85.0);
        assert!(arm(0.0, 30.0).see(&front).y > arm(0.0, 30.0).see(&spine).y);
        assert!(arm(0.0, -30.0).see(&front).y < arm(0.0, -30.0).see(&spine).y);
    }

    #[test]
    fn rays_go_through_what_is_seen_at_their_pixel() {
        let arm = arm(-33.0, 21.0);
        for point in [Vector::new(20.0, -30.0, 12.0), Vector::new(-44.0, 5.0, -31.0)] {
            let seen = arm.see(&point);
            let (ray, way) = (arm.ray(seen.x, seen.y), point - arm.source());
            // Parallel: the sine of their angle is a few roundings of 1e-7 of coordinates that differ 10-fold from their lengths.
            let sine = super::super::heart::length(&ray.cross(&way));
            assert!(sine < 1e-5 * super::super::heart::length(&ray) * super::super::heart::length(&way));
        }
    }

    #[test]
    fn the_table_brings_the_middle_to_the_middle() {
        let mut arm = arm(30.0, -20.0);
        let points =
            [Vector::new(60.0, 10.0, 5.0), Vector::new(10.0, -20.0, 55.0), Vector::new(30.0, 0.0, -4.0)];
        arm.centre(points.iter(), [3.0, -8.0]);
        let seen = points.map(|point| arm.see(&point));
        let ends = |of: fn(&Seen) -> f32| {
            let values = seen.each_ref().map(of);
            values.iter().fold(f32::INFINITY, |a, b| a.min(*b))
                + values.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b))
        };
        assert!(
            (0.5 * ends(|seen| seen.x) - 130.5).abs() < 1e-3
                && (0.5 * ends(|seen| seen.y) - 119.5).abs() < 1e-3
        );
    }
}
