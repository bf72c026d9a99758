//! One vessel: a centre line with radii.

use super::Random;
use super::heart::{Heart, Place, Vector, length, unit};

/// Millimetres between two points of a centre line.
pub(super) const STEP: f32 = 0.5;
/// What is thinner (radius in millimetres) is not drawn further.
pub(super) const THINNEST: f32 = 0.2;

/// A segment's name, as in the SYNTAX score's list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    LeftMain,
    LeftAnteriorDescending,
    Diagonal,
    Septal,
    Circumflex,
    Marginal,
    Intermediate,
    Right,
    Conus,
    Ventricular,
    PosteriorDescending,
    Posterolateral,
    /// Too small for a name.
    Twig,
}

/// A centre line with radii, in millimetres, a point every [`STEP`].
#[derive(Clone, Debug)]
pub(super) struct Vessel {
    pub(super) segment: Segment,
    pub(super) points: Vec<Vector>,
    pub(super) radii: Vec<f32>,
    /// Where the points would be without winding.
    places: Vec<Place>,
}

/// A vessel before it is drawn.
pub(super) struct Plan<'a> {
    pub(super) segment: Segment,
    /// The way, along which it runs smoothly.
    pub(super) route: &'a [Place],
    /// The radius at its begin.
    pub(super) radius: f32,
    /// How fast it becomes thinner between bifurcations: by `1/e` over this length.
    pub(super) taper: f32,
    /// How far it winds, in millimetres.
    pub(super) winding: f32,
    /// How far its begin is off the route: where its parent winds to.
    pub(super) offset: Vector,
}

/// Where a branch leaves: the share of the length, and its radius as a share of the parent's there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fork {
    pub(super) at: f32,
    pub(super) ratio: f32,
}

/// The begin of a branch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) place: Place,
    pub(super) radius: f32,
    pub(super) offset: Vector,
}

impl Vessel {
    /// Draws a vessel, and says where its branches begin. At a fork radii follow Murray's law, `r^3 = r_1^3 + r_2^3` (C. D. Murray, "The
    /// physiological principle of minimum work", PNAS 12, 1926).
    pub(super) fn grow(
        heart: &Heart,
        random: &mut Random,
        plan: &Plan<'_>,
        forks: &[Fork],
    ) -> (Self, Vec<Start>) {
        let places = even(heart, plan.route);
        let straight: Vec<Vector> = places.iter().map(|place| heart.point(*place)).collect();
        let mut points = wind(&straight, plan.winding, random);
        for (index, point) in points.iter_mut().enumerate() {
            *point += plan.offset * libm::expf(-(index as f32) * STEP / 15.0);
        }
        let last = points.len() - 1;
        let places_of = |fork: &Fork| ((fork.at * last as f32) as usize).min(last);
        let mut radii = Vec::with_capacity(points.len());
        let mut starts = Vec::with_capacity(forks.len());
        let mut radius = plan.radius;
        for index in 0..points.len() {
            for fork in forks.iter().filter(|fork| places_of(fork) == index) {
                let branch = fork.ratio * radius;
                let offset = points[index] - straight[index];
                starts.push(Start { place: places[index], radius: branch, offset });
                radius = libm::cbrtf(radius * radius * radius - branch * branch * branch);
            }
            radii.push(radius.max(THINNEST));
            radius *= 1.0 - STEP / plan.taper;
        }
        (Self { segment: plan.segment, points, radii, places }, starts)
    }

    /// The length of the centre line in millimetres.
    #[cfg(test)]
    pub(super) fn length(&self) -> f32 {
        self.points.windows(2).map(|pair| length(&(pair[1] - pair[0]))).sum()
    }

    /// Where a branch of a radius begins at a point.
    pub(super) fn start(&self, heart: &Heart, index: usize, radius: f32) -> Start {
        let place = self.places[index];
        Start { place, radius, offset: self.points[index] - heart.point(place) }
    }

    /// Where a branch begins at the end, which has the radius that is left.
    pub(super) fn end(&self, heart: &Heart) -> Start {
        let last = self.points.len() - 1;
        self.start(heart, last, self.radii[last])
    }

    /// The place of a point.
    pub(super) fn place(&self, index: usize) -> Place {
        self.places[index]
    }
}

/// Places along a uniform Catmull-Rom curve through the knots, a [`STEP`] from each other.
fn even(heart: &Heart, knots: &[Place]) -> Vec<Place> {
    const FINE: usize = 64;
    let knots: Vec<Vector> = knots.iter().map(|knot| knot.vector()).collect();
    let fine: Vec<Place> = curve(&knots, FINE).iter().map(Place::of).collect();
    let points: Vec<Vector> = fine.iter().map(|place| heart.point(*place)).collect();
    let mut places = vec![fine[0]];
    let mut left = STEP;
    for (index, pair) in points.windows(2).enumerate() {
        let whole = length(&(pair[1] - pair[0]));
        let mut gone = 0.0;
        while whole - gone >= left {
            gone += left;
            left = STEP;
            let (a, b) = (fine[index].vector(), fine[index + 1].vector());
            places.push(Place::of(&(a + (b - a) * (gone / whole))));
        }
        left -= whole - gone;
    }
    places
}

/// A uniform Catmull-Rom curve through the knots, so many points between two.
pub(super) fn curve(knots: &[Vector], between: usize) -> Vec<Vector> {
    let last = knots.len() - 1;
    let mut points = Vec::with_capacity(last * between + 1);
    for knot in 0..last {
        let (p1, p2) = (knots[knot], knots[knot + 1]);
        let (p0, p3) = (knots[knot.saturating_sub(1)], knots[(knot + 2).min(last)]);
        for step in 0..between {
            let t = step as f32 / between as f32;
            let square = p0 * 2.0 - p1 * 5.0 + p2 * 4.0 - p3;
            let cube = (p1 - p2) * 3.0 + p3 - p0;
            points.push(p1 + ((p2 - p0) + (square + cube * t) * t) * (0.5 * t));
        }
    }
    points.push(knots[last]);
    points
}

/// Moves points sideways by a few waves of random length and phase; the first stays where it is.
fn wind(points: &[Vector], amplitude: f32, random: &mut Random) -> Vec<Vector> {
    const WAVES: usize = 4;
    let waves: [[f32; 4]; WAVES] = std::array::from_fn(|wave| {
        let length = random.between(9.0, 15.0) * (1.0 + 0.7 * wave as f32);
        let turn = random.between(0.0, core::f32::consts::TAU);
        // Longer waves swing further, so that no kinks arise.
        let size = length / 24.0;
        let [a, b] = [random.between(-size, size), random.between(-size, size)];
        [core::f32::consts::TAU / length, turn, a, b]
    });
    let last = points.len() - 1;
    let sideways = |index: usize| {
        let along = unit(&(points[(index + 1).min(last)] - points[index.saturating_sub(1)]));
        let outward = unit(&points[index]);
        let across = unit(&along.cross(&outward));
        [across, along.cross(&across)]
    };
    points
        .iter()
        .enumerate()
        .map(|(index, point)| {
            let way = index as f32 * STEP;
            // Grows over the first centimetre, so that the vessel stays at its parent.
            let size = amplitude * (way / 10.0).min(1.0) / libm::sqrtf(WAVES as f32);
            let [across, inward] = sideways(index);
            waves.iter().fold(*point, |point, [rate, turn, a, b]| {
                let swing = size * libm::sinf(rate * way + turn);
                point + across * (1.6 * a * swing) + inward * (0.7 * b * swing)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heart() -> Heart {
        Heart::draw(&mut Random::new(1, 1), 1.0)
    }

    #[test]
    fn radii_follow_murrays_law() {
        let route = [Place::new(0.0, 2.0, 1.0), Place::new(40.0, 30.0, 1.0), Place::new(60.0, 70.0, 1.0)];
        let taper = f32::INFINITY;
        let offset = Vector::zeros();
        let plan =
            Plan { segment: Segment::Circumflex, route: &route, radius: 2.0, taper, winding: 1.5, offset };
        let forks =
            [Fork { at: 0.2, ratio: 0.7 }, Fork { at: 0.2, ratio: 0.5 }, Fork { at: 0.6, ratio: 0.8 }];
        let (vessel, starts) = Vessel::grow(&heart(), &mut Random::new(1, 2), &plan, &forks);
        let cube = |radius: f32| f64::from(radius).powi(3);
        let last = vessel.radii[vessel.radii.len() - 1];
        let parts: f64 = starts.iter().map(|start| cube(start.radius)).sum::<f64>() + cube(last);
        // Each fork rounds three cubes, a difference and a cube root: six roundings of 6e-8, three times.
        assert!((parts / cube(2.0) - 1.0).abs() < 18.0 * 6e-8, "{parts}");
        assert!(vessel.radii.is_sorted_by(|a, b| a >= b));
        for (start, fork) in starts.iter().zip(&forks) {
            let index = (fork.at * (vessel.points.len() - 1) as f32) as usize;
            let begin = heart().point(start.place) + start.offset;
            // Sums of coordinates below 100 mm, whose spacing is 8e-6.
            assert!(length(&(begin - vessel.points[index])) < 1e-4);
        }
    }

    #[test]
    fn vessels_taper_as_planned() {
        let route = [Place::new(0.0, 2.0, 1.0), Place::new(0.0, 60.0, 1.0)];
        let offset = Vector::zeros();
        let plan =
            Plan { segment: Segment::Septal, route: &route, radius: 2.0, taper: 100.0, winding: 0.0, offset };
        let (vessel, _) = Vessel::grow(&heart(), &mut Random::new(1, 2), &plan, &[]);
        // (1 - h/L)^(s/h) beside exp(-s/L): the exponent differs by s h / (2 L^2) in the first order.
        let way = vessel.length();
        let expected = 2.0 * (-way / 100.0).exp();
        let last = vessel.radii[vessel.radii.len() - 1];
        let bound = 2.0 * way * STEP / (2.0 * 100.0 * 100.0);
        assert!((last / expected - 1.0).abs() < bound, "{last} for {expected}");
    }
}
