//! What lies around the vessels: heart, lungs, diaphragm, spine, ribs and the catheter.

use super::Random;
use super::attenuation::{Ellipsoid, IODINE, Map, WATER};
use super::heart::{Heart, Place, Vector, unit};
use super::projection::{CArm, EDGE, Seen};
use super::vessel::curve;

/// The spine's place right of the heart's middle and behind it, in millimetres.
const SPINE: [f32; 2] = [-30.0, -82.0];
/// From one thoracic vertebra to the next.
const VERTEBRA: f32 = 26.0;

/// A patient's chest.
pub(super) struct Thorax {
    heart: Ellipsoid,
    mediastinum: Ellipsoid,
    diaphragm: [Ellipsoid; 2],
    /// Where the first vertebra lies, and how dense bone is beside the common.
    spine: [f32; 2],
    /// Bone and soft tissue against lung.
    contrast: f32,
}

impl Thorax {
    /// Draws the chest around a heart; `breath` is how far the diaphragm is down, in millimetres.
    pub(super) fn draw(random: &mut Random, heart: &Heart, breath: f32) -> Self {
        let [long, height, width] = heart.radii;
        let up = unit(&(Vector::z() - heart.axis * heart.axis.z));
        let axes = [heart.axis, up, up.cross(&heart.axis)];
        // With the atria, longer than what the vessels run on.
        let whole = [0.78 * long, height + 5.0, width + 5.0];
        let shadow = Ellipsoid::new(heart.base + heart.axis * (0.26 * long), axes, whole);
        let bottom = heart.point(Place::new(180.0, 40.0, 1.0)).z;
        let straight = [Vector::x(), Vector::y(), Vector::z()];
        // Great vessels and atria, behind and above the heart's base.
        let place = heart.base + Vector::new(random.between(-22.0, -6.0), -14.0, random.between(18.0, 40.0));
        let wide = [random.between(44.0, 60.0), 55.0, random.between(80.0, 110.0)];
        let mediastinum = Ellipsoid::new(place, straight, wide);
        let mut dome = |x: f32, y: f32, lower: f32| {
            let radii = [random.between(62.0, 85.0), random.between(75.0, 95.0), random.between(55.0, 80.0)];
            let top = bottom + random.between(2.0, 22.0) - lower - breath;
            Ellipsoid::new(Vector::new(x, y, top - radii[2]), straight, radii)
        };
        let diaphragm = [dome(-88.0, 5.0, 0.0), dome(52.0, 0.0, 12.0)];
        let spine = [random.between(0.0, VERTEBRA), random.between(0.7, 1.2)];
        Self { heart: shadow, mediastinum, diaphragm, spine, contrast: random.between(0.55, 1.0) }
    }

    /// Adds its attenuation.
    pub(super) fn add(&self, random: &mut Random, arm: &CArm, map: &mut Map) {
        let source = arm.source();
        // Lung is a quarter as dense as water. Scattered rays fill deep shadows, which these limits stand for.
        let soft = |chord: f32, limit: f32| {
            let depth = 0.75 * WATER * self.contrast * chord;
            limit * depth / (limit + depth)
        };
        let spine = self.column(arm);
        let mut row = (-1.0, None);
        map.each(|x, y| {
            if row.0 != y {
                row = (y, Self::vertebra(&spine, y));
            }
            let ray = arm.ray(x, y);
            // The heart beats while it is exposed, and its borders are round: they fade.
            let faded = |chord: f32, most: f32| chord.min(most) * libm::sqrtf((chord / most).min(1.0));
            let heart = faded(self.heart.chord(&source, &ray), 100.0)
                + faded(self.mediastinum.chord(&source, &ray), 110.0);
            let heart = soft(heart, 0.9);
            let below: f32 = self.diaphragm.iter().map(|dome| soft(dome.chord(&source, &ray), 0.5)).sum();
            let bone = row.1.as_ref().map_or(0.0, |spine| self.bone(spine, x));
            heart + below - 0.6 * heart.min(below) + bone
        });
        self.ribs(random, arm, map);
    }

    /// The spine's line in the frame: place, and height along it in vertebrae.
    fn column(&self, arm: &CArm) -> Vec<(Seen, f32)> {
        (-24..=24)
            .map(|step| {
                let z = 8.0 * step as f32;
                let at = arm.see(&Vector::new(SPINE[0], SPINE[1], z));
                (at, (z + self.spine[0]) / VERTEBRA)
            })
            .collect()
    }

    /// Where a row meets the spine's line, and at which height in its vertebra.
    fn vertebra(spine: &[(Seen, f32)], y: f32) -> Option<(Seen, f32)> {
        // Rows grow from head to foot: the line is met once.
        let pair = spine.windows(2).find(|pair| (pair[1].0.y..=pair[0].0.y).contains(&y))?;
        let ((low, from), (high, to)) = (pair[0], pair[1]);
        let t = (y - low.y) / (high.y - low.y).min(-1e-3);
        let level = from + t * (to - from);
        Some((Seen { x: low.x + t * (high.x - low.x), ..low }, level - libm::floorf(level)))
    }

    /// Attenuation of a vertebra in a column of a row: body, end plates, pedicles, spinous process.
    fn bone(&self, &(middle, level): &(Seen, f32), x: f32) -> f32 {
        let millimetres = (x - middle.x) / middle.scale;
        // Waisted in its middle, 34 mm wide.
        let waist = 1.0 - 0.12 * libm::sinf(core::f32::consts::PI * level);
        let across = millimetres / (18.5 * waist);
        if across.abs() >= 1.35 {
            return 0.0;
        }
        let body = (1.0 - across * across).max(0.0);
        let body = libm::sqrtf(body);
        let disc = bump((level - 0.5).abs() - 0.5, 0.09);
        let plate = bump((level - 0.5).abs() - 0.38, 0.035);
        let pedicle = |side: f32| {
            bump(libm::hypotf((millimetres - side * 11.0) / 4.0, (level - 0.62) / 0.16) - 0.8, 0.35)
        };
        let process = bump(millimetres / 3.0, 1.0) * bump(level - 0.2, 0.22);
        self.spine[1]
            * (0.26 * body * (1.0 - 0.35 * disc)
                + 0.06 * body * plate
                + 0.05 * (pedicle(1.0) + pedicle(-1.0))
                + 0.06 * process)
    }

    /// Ribs from the spine round the chest to the front, as hollow tubes.
    fn ribs(&self, random: &mut Random, arm: &CArm, map: &mut Map) {
        let density = random.between(0.35, 0.9);
        for level in -5..=5 {
            for side in [-1.0, 1.0] {
                let top = VERTEBRA * level as f32 - self.spine[0] + random.between(-3.0, 3.0);
                let (wide, deep) = (random.between(118.0, 128.0), random.between(92.0, 104.0));
                let fall = random.between(50.0, 75.0);
                let line: Vec<Vector> = (0..=60)
                    .map(|step| {
                        let way = step as f32 / 60.0;
                        let turn = 2.5 * way;
                        let x = SPINE[0] + side * (14.0 + (wide - 14.0) * libm::sinf(turn).max(0.0));
                        let y = SPINE[1] + deep * (1.0 - libm::cosf(turn)) - 6.0;
                        Vector::new(x, y, top - fall * way * way)
                    })
                    .collect();
                let radii = vec![random.between(4.6, 6.2); line.len()];
                let inner: Vec<f32> = radii.iter().map(|radius| 0.72 * radius).collect();
                // Denser outside than inside.
                let bone = 0.7 * WATER * density * self.spine[1];
                map.tube(arm, &line, &radii, |_| bone);
                map.tube(arm, &line, &inner, |_| -0.6 * bone);
            }
        }
    }
}

/// 1 at 0, falling to 0 at `width` on both sides.
fn bump(distance: f32, width: f32) -> f32 {
    let t = (distance / width).abs();
    if t >= 1.0 { 0.0 } else { (1.0 - t * t) * (1.0 - t * t) }
}

/// Adds the catheter, from the ostium through the ascending aorta up: 5 or 6 French, filled with contrast agent.
pub(super) fn catheter(
    random: &mut Random,
    heart: &Heart,
    ostium: &Vector,
    arm: &CArm,
    iodine: f32,
    map: &mut Map,
) {
    let root = heart.aortic_root();
    let inward = unit(&(root - ostium));
    // The wall that it leans on, opposite to the ostium.
    let lean = inward * random.between(9.0, 14.0);
    let (left, front) = (random.between(-14.0, 4.0), random.between(-4.0, 8.0));
    let arch = Vector::new(left, front, 0.0);
    let knots = [
        ostium - inward * 2.0,
        ostium + inward * 5.0 + Vector::z() * 2.0,
        root + lean * 0.6 + Vector::z() * random.between(10.0, 20.0),
        root + lean + Vector::z() * 36.0 + arch * 0.3,
        root + lean * 0.4 + Vector::z() * 70.0 + arch,
        root + Vector::z() * 130.0 + arch * 1.6,
    ];
    let line = curve(&knots, 40);
    let outer = if random.chance(0.6) { 1.0 } else { 0.83 };
    let radii = vec![outer; line.len()];
    let inner = vec![0.86 * outer; line.len()];
    // The wall is of plastic with metal, the lumen nearly undiluted.
    map.tube(arm, &line, &radii, |_| 0.07);
    map.tube(arm, &line, &inner, |_| IODINE * iodine * 0.9 - 0.07);
}

/// Adds smooth random unevenness: noise on coarser and coarser grids, interpolated, twice as strong on the next coarser one.
pub(super) fn texture(random: &mut Random, strength: f32, map: &mut Map) {
    let mut cells = 64;
    let mut share = strength;
    while cells >= 2 {
        let side = cells + 2;
        let values: Vec<f32> = (0..side * side).map(|_| share * random.normal()).collect();
        let pitch = cells as f32 / EDGE as f32;
        let place = |pixel: usize| {
            let at = pixel as f32 * pitch;
            let t = at - libm::floorf(at);
            (at as usize, t * t * (3.0 - 2.0 * t))
        };
        let mut line = vec![0.0; side];
        for (row, pixels) in map.0.chunks_exact_mut(EDGE).enumerate() {
            let (i, b) = place(row);
            let (above, below) = (&values[i * side..][..side], &values[(i + 1) * side..][..side]);
            for ((value, above), below) in line.iter_mut().zip(above).zip(below) {
                *value = above + b * (below - above);
            }
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let (j, a) = place(column);
                *pixel += line[j] + a * (line[j + 1] - line[j]);
            }
        }
        cells /= 2;
        share *= 1.55;
    }
}
