//! The heart's surface, on which coronary arteries run.
//!
//! Patient coordinates in millimetres: x to the patient's left, y to the front, z to the head; the origin is the middle of the heart.

use nalgebra::Vector3;

use super::Random;

/// A point or direction of the patient.
pub(super) type Vector = Vector3<f32>;

/// The vector's length.
pub(super) fn length(v: &Vector) -> f32 {
    libm::sqrtf(v.dot(v))
}

/// The vector of length 1 in the same direction; what has no direction stays zero.
pub(super) fn unit(v: &Vector) -> Vector {
    let length = length(v);
    if length > 0.0 { *v / length } else { *v }
}

/// A place on or in the heart, in degrees: round the long axis from its upper side towards the right front, and from the
/// atrioventricular groove (0) to the apex (90). At `lift` 1 on the surface, at 0 on the long axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) angle: f32,
    pub(super) depth: f32,
    pub(super) lift: f32,
}

impl Place {
    pub(super) const fn new(angle: f32, depth: f32, lift: f32) -> Self {
        Self { angle, depth, lift }
    }

    /// As numbers, for interpolation.
    pub(super) fn vector(self) -> Vector {
        Vector::new(self.angle, self.depth, self.lift)
    }

    pub(super) fn of(v: &Vector) -> Self {
        Self::new(v.x, v.y, v.z)
    }
}

/// Half an ellipsoid from the atrioventricular groove to the apex.
#[derive(Clone, Debug)]
pub(super) struct Heart {
    /// The middle of the groove's plane.
    pub(super) base: Vector,
    /// From there to the apex.
    pub(super) axis: Vector,
    /// Across it, to the upper left and to the right front.
    across: [Vector; 2],
    /// Along the axis and across.
    pub(super) radii: [f32; 3],
}

/// Base to apex.
const LENGTH: [f32; 2] = [86.0, 100.0];
/// Half its width.
const RADIUS: [f32; 2] = [41.0, 48.0];

impl Heart {
    /// A patient's heart, in a phase of its beat: all lengths times `size`.
    ///
    /// Its axis points to the left, front and foot; seen in a right oblique projection of 30 degrees it lies in the image's plane.
    pub(super) fn draw(random: &mut Random, size: f32) -> Self {
        let spread = |random: &mut Random| random.between(-0.09, 0.09);
        let axis = unit(&Vector::new(0.66 + spread(random), 0.40 + spread(random), -0.63 + spread(random)));
        let up = unit(&(Vector::z() - axis * axis.z));
        let side = up.cross(&axis);
        let long = size * random.between(LENGTH[0], LENGTH[1]);
        let [height, width] = [0.0, 2.0].map(|wider| size * (wider + random.between(RADIUS[0], RADIUS[1])));
        Self { base: axis * (-0.35 * long), axis, across: [up, side], radii: [long, height, width] }
    }

    /// The point at a place.
    pub(super) fn point(&self, place: Place) -> Vector {
        let (angle, depth) = (place.angle.to_radians(), place.depth.to_radians());
        let out = place.lift * libm::cosf(depth);
        self.base
            + self.axis * (self.radii[0] * libm::sinf(depth))
            + self.across[0] * (self.radii[1] * out * libm::cosf(angle))
            + self.across[1] * (self.radii[2] * out * libm::sinf(angle))
    }

    /// Half its height where it is widest.
    pub(super) fn radius(&self) -> f32 {
        self.radii[1]
    }

    /// Where the ascending aorta begins: in the middle of the groove, a little to its upper front.
    pub(super) fn aortic_root(&self) -> Vector {
        self.base - self.axis * 6.0 + self.across[0] * 9.0 + self.across[1] * 3.0
    }
}
