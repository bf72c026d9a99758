//! The strokes of each digit, in the ways people write it.
//!
//! Coordinates: x to the right and y down, the digit fills about [-0.5, 0.5] x [-1, 1] before it is distorted. A stroke
//! is a list of knots; the pen follows a Catmull-Rom curve through them, or straight lines where a corner is meant.

use crate::dataset::random::Random;

/// A point of the pen's way.
pub(super) type Point = [f32; 2];
/// One movement of the pen without lifting it, as a fine polyline.
pub(super) type Stroke = Vec<Point>;

/// Points between two knots of a curve: at 28 pixels a step is then below half a pixel.
const STEPS: usize = 8;
/// How far a knot strays, in units of half the digit's height.
const STRAY: f32 = 0.045;

/// The strokes of one digit, in one of its variants, with stray knots.
pub(super) fn write(digit: usize, random: &mut Random) -> Vec<Stroke> {
    match digit {
        0 => zero(random),
        1 => one(random),
        2 => two(random),
        3 => three(random),
        4 => four(random),
        5 => five(random),
        6 => six(random),
        7 => seven(random),
        8 => eight(random),
        _ => nine(random),
    }
}

fn zero(random: &mut Random) -> Vec<Stroke> {
    let width = random.between(0.38, 0.68);
    let start = random.between(-2.2, -1.0);
    let overlap = random.between(-0.25, 0.7);
    vec![curve(&arc([0.0, 0.0], width, 1.0, start, start - core::f32::consts::TAU - overlap), random)]
}

fn one(random: &mut Random) -> Vec<Stroke> {
    let lean = random.between(-0.05, 0.1);
    let mut strokes = vec![curve(&[[lean, -1.0], [0.0, 0.0], [-lean, 1.0]], random)];
    if random.chance(0.35) {
        let reach = random.between(0.2, 0.45);
        strokes.push(line(&[[lean - reach, -1.0 + 1.2 * reach], [lean, -1.0]], random));
        if random.chance(0.5) {
            strokes.push(line(&[[-0.35 - lean, 1.0], [0.35 - lean, 1.0]], random));
        }
    }
    strokes
}

fn two(random: &mut Random) -> Vec<Stroke> {
    let head = [[-0.5, -0.55], [-0.25, -0.95], [0.2, -0.95], [0.45, -0.5], [0.2, 0.05]];
    if random.chance(0.4) {
        // A loop where the base begins.
        let tail = [[-0.25, 0.65], [-0.5, 0.95], [-0.55, 0.7], [-0.3, 0.65], [0.1, 0.9], [0.55, 0.85]];
        return vec![curve(&[&head[..], &tail].concat(), random)];
    }
    let mut strokes = vec![curve(&[&head[..], &[[-0.2, 0.55], [-0.5, 0.95]]].concat(), random)];
    let end = strokes[0][strokes[0].len() - 1];
    let rise = random.between(-0.12, 0.08);
    strokes.push(curve(&[end, [0.0, 0.92 + rise / 2.0], [0.55, 0.95 + rise]], random));
    strokes
}

fn three(random: &mut Random) -> Vec<Stroke> {
    let belly = [[0.3, 0.1], [0.52, 0.5], [0.2, 0.95], [-0.2, 0.98], [-0.5, 0.7]];
    if random.chance(0.2) {
        let mut strokes = vec![line(&[[-0.45, -0.95], [0.4, -0.95], [-0.05, -0.1]], random)];
        let corner = strokes[0][strokes[0].len() - 1];
        strokes.push(curve(&[&[corner], &belly[..]].concat(), random));
        return strokes;
    }
    let waist = random.between(-0.25, 0.05);
    let head = [[-0.45, -0.7], [-0.15, -0.98], [0.25, -0.95], [0.42, -0.55], [0.2, -0.15], [waist, -0.02]];
    vec![curve(&[&head[..], &belly].concat(), random)]
}

fn four(random: &mut Random) -> Vec<Stroke> {
    let bar = random.between(0.1, 0.4);
    let stem = random.between(0.1, 0.3);
    if random.chance(0.35) {
        // Closed: the pen comes back from the bar to the top.
        return vec![
            line(&[[stem, -1.0], [-0.55, bar], [0.55, bar]], random),
            line(&[[stem, -1.0], [stem - 0.05, 1.0]], random),
        ];
    }
    let left = random.between(-0.5, -0.3);
    vec![
        curve(
            &[[left, -0.95], [left - 0.08, -0.3], [left - 0.05, bar], [stem, bar - 0.03], [0.58, bar - 0.05]],
            random,
        ),
        line(&[[stem + 0.1, -0.9], [stem - 0.02, 1.0]], random),
    ]
}

fn five(random: &mut Random) -> Vec<Stroke> {
    let left = random.between(-0.45, -0.3);
    let top = -0.95;
    let shoulder = random.between(-0.2, 0.0);
    let mut strokes = vec![line(&[[left, top], [left - 0.05, shoulder]], random)];
    let corner = strokes[0][strokes[0].len() - 1];
    strokes.push(curve(
        &[corner, [0.1, shoulder - 0.12], [0.48, 0.3], [0.3, 0.85], [-0.1, 1.0], [-0.5, 0.8]],
        random,
    ));
    let reach = random.between(0.3, 0.55);
    strokes.push(line(&[[left, top], [reach, top - random.between(-0.05, 0.1)]], random));
    strokes
}

fn six(random: &mut Random) -> Vec<Stroke> {
    let top = random.between(0.0, 0.4);
    let size = random.between(0.38, 0.5);
    let knots = [
        [top, -1.0],
        [-0.25, -0.55],
        [-0.45, 0.1],
        [-0.4, 0.7],
        [-0.05, 1.0],
        [size - 0.1, 0.85],
        [size, 0.4],
        [0.1, 0.1],
        [-0.25, 0.25],
        [-0.42, 0.6],
    ];
    vec![curve(&knots, random)]
}

fn seven(random: &mut Random) -> Vec<Stroke> {
    let foot = random.between(-0.35, 0.0);
    let mut strokes = vec![line(&[[-0.5, -0.9], [0.5, -0.95]], random)];
    let corner = strokes[0][strokes[0].len() - 1];
    strokes.push(curve(&[corner, [0.15, -0.15], [foot, 1.0]], random));
    if random.chance(0.3) {
        strokes.push(line(&[[-0.3, 0.02], [0.4, -0.03]], random));
    }
    if random.chance(0.2) {
        strokes.push(line(&[[-0.5, -0.9], [-0.5, -0.6]], random));
    }
    strokes
}

fn eight(random: &mut Random) -> Vec<Stroke> {
    let upper = random.between(0.3, 0.44);
    let lower = random.between(0.36, 0.52);
    let knots = [
        [upper, -0.7],
        [0.0, -1.0],
        [-upper, -0.65],
        [-0.1, -0.15],
        [lower - 0.1, 0.25],
        [lower, 0.65],
        [0.0, 1.0],
        [-lower, 0.65],
        [-lower + 0.12, 0.25],
        [0.15, -0.15],
        [upper, -0.5],
        [upper - 0.06, -0.8],
    ];
    vec![curve(&knots, random)]
}

fn nine(random: &mut Random) -> Vec<Stroke> {
    let size = random.between(0.36, 0.5);
    let head = [
        [0.42, -0.65],
        [0.1, -0.98],
        [-size + 0.08, -0.8],
        [-size, -0.4],
        [-0.1, -0.1],
        [0.3, -0.35],
        [0.43, -0.7],
    ];
    let tail = if random.chance(0.6) {
        let foot = random.between(0.15, 0.4);
        vec![[0.4, -0.1], [foot, 1.0]]
    } else {
        vec![[0.42, 0.1], [0.25, 0.75], [-0.1, 1.0], [-0.4, 0.8]]
    };
    vec![curve(&[&head[..], &tail].concat(), random)]
}

/// Knots on an ellipse, from one angle to another (x to the right, y down).
fn arc(centre: Point, width: f32, height: f32, from: f32, to: f32) -> Vec<Point> {
    let knots = 9;
    (0..=knots)
        .map(|knot| {
            let angle = from + (to - from) * knot as f32 / knots as f32;
            [centre[0] + width * libm::cosf(angle), centre[1] + height * libm::sinf(angle)]
        })
        .collect()
}

fn stray(knots: &[Point], random: &mut Random) -> Vec<Point> {
    knots.iter().map(|knot| knot.map(|coordinate| coordinate + STRAY * random.normal())).collect()
}

/// Straight lines from knot to knot.
fn line(knots: &[Point], random: &mut Random) -> Stroke {
    stray(knots, random)
}

/// A uniform Catmull-Rom curve through the knots.
fn curve(knots: &[Point], random: &mut Random) -> Stroke {
    let knots = stray(knots, random);
    let last = knots.len() - 1;
    let mut stroke = Vec::with_capacity(last * STEPS + 1);
    for knot in 0..last {
        let before = knots[knot.saturating_sub(1)];
        let (from, to) = (knots[knot], knots[knot + 1]);
        let after = knots[(knot + 2).min(last)];
        for step in 0..STEPS {
            let t = step as f32 / STEPS as f32;
            stroke.push(core::array::from_fn(|axis| {
                let (p0, p1, p2, p3) = (before[axis], from[axis], to[axis], after[axis]);
                let linear = p2 - p0;
                let square = 2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3;
                let cube = 3.0 * (p1 - p2) + p3 - p0;
                p1 + 0.5 * t * (linear + t * (square + t * cube))
            }));
        }
    }
    stroke.push(knots[last]);
    stroke
}
