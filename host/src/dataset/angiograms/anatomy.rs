//! Coronary trees with random anatomy.
//!
//! Diameters: Dodge et al., "Lumen diameter of normal human coronary arteries", Circulation 86:232 (1992): left main 4.5 +- 0.5 mm; where the
//! right artery is dominant, proximal anterior descending 3.7 +- 0.4, circumflex 3.4 +- 0.5, right 3.9 +- 0.6 mm, and where the left
//! one is, circumflex 4.2 +- 0.6 and right 2.8 +- 0.5 mm.

mod left;
mod right;

use super::Random;
use super::heart::{Heart, Place, Vector};
use super::vessel::{Fork, Plan, Segment, Start, THINNEST, Vessel};

/// Which artery contrast agent is injected into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// A coronary tree.
pub(super) struct Tree {
    /// The first one begins at the ostium.
    pub(super) vessels: Vec<Vessel>,
}

/// What the vessels of a patient, left and right, have in common.
pub(super) struct Habitus {
    /// All diameters times this: 9 % less in women (Dodge et al.).
    calibre: f32,
    /// How much vessels wind, in millimetres.
    winding: f32,
    left_dominant: bool,
}

impl Habitus {
    pub(super) fn draw(random: &mut Random) -> Self {
        Self {
            calibre: if random.chance(0.4) { 0.91 } else { 1.0 },
            winding: random.between(0.4, 2.4),
            // Some 10 % of hearts.
            left_dominant: random.chance(0.1),
        }
    }
}

impl Tree {
    /// A patient's tree: the same stream gives the same one.
    pub(super) fn draw(random: &mut Random, heart: &Heart, habitus: &Habitus, side: Side) -> Self {
        let mut vessels = Vec::new();
        let mut grower = Grower { heart, random, habitus, vessels: &mut vessels };
        match side {
            Side::Left => left::grow(&mut grower),
            Side::Right => right::grow(&mut grower),
        }
        let named = vessels.len();
        for index in 0..named {
            twigs(heart, &mut random.apart(), habitus, index, &mut vessels);
        }
        Self { vessels }
    }

    /// The first point.
    pub(super) fn ostium(&self) -> Vector {
        self.vessels[0].points[0]
    }
}

/// Draws vessel after vessel.
struct Grower<'a> {
    heart: &'a Heart,
    random: &'a mut Random,
    habitus: &'a Habitus,
    vessels: &'a mut Vec<Vessel>,
}

impl Grower<'_> {
    /// Draws a vessel of a radius from a mean diameter and its deviation, for the first ones of a tree.
    fn radius(&mut self, mean: f32, deviation: f32) -> f32 {
        0.5 * self.habitus.calibre * self.random.normal_within(mean, deviation)
    }

    /// Draws a vessel and gives the begins of its branches.
    fn vessel(&mut self, segment: Segment, start: &Start, route: &[Place], forks: &[Fork]) -> Vec<Start> {
        let (taper, winding) = match segment {
            Segment::LeftMain => (1000.0, 0.0),
            Segment::LeftAnteriorDescending => (230.0, 0.8),
            Segment::Circumflex => (300.0, 0.8),
            Segment::Right => (500.0, 0.9),
            Segment::Septal => (60.0, 0.5),
            _ => (130.0, 1.0),
        };
        let whole: Vec<Place> = std::iter::once(start.place).chain(route.iter().copied()).collect();
        let Start { radius, offset, .. } = *start;
        let winding = winding * self.habitus.winding;
        let plan = Plan { segment, route: &whole, radius, taper, winding, offset };
        let (vessel, starts) = Vessel::grow(self.heart, self.random, &plan, forks);
        self.vessels.push(vessel);
        starts
    }

    /// A branch from its begin through places relative to it.
    fn branch(&mut self, segment: Segment, start: &Start, ways: &[[f32; 3]]) {
        let Place { angle, depth, .. } = start.place;
        let place = |[turn, down, lift]: &[f32; 3]| Place::new(angle + turn, depth + down, *lift);
        let route: Vec<Place> = ways.iter().map(place).collect();
        self.vessel(segment, start, &route, &[]);
    }
}

/// Small branches, one in about 12 mm, of vessels long enough.
fn twigs(heart: &Heart, random: &mut Random, habitus: &Habitus, parent: usize, vessels: &mut Vec<Vessel>) {
    let count = vessels[parent].points.len();
    if vessels[parent].segment == Segment::LeftMain {
        return;
    }
    let mut index = 16 + random.below(30);
    while index + 8 < count {
        let vessel = &vessels[parent];
        let (place, next) = (vessel.place(index), vessel.place(index + 4));
        let parent_radius = vessel.radii[index];
        let radius = (parent_radius * random.between(0.32, 0.6)).min(0.6);
        let start = vessel.start(heart, index, radius);
        let heading = libm::atan2f(next.depth - place.depth, next.angle - place.angle);
        let to_side = if random.chance(0.5) { 1.0 } else { -1.0 };
        let turn = heading + to_side * random.between(0.5, 1.2);
        let reach = random.between(10.0, 38.0);
        index += 10 + random.below(30);
        if radius < 1.2 * THINNEST {
            continue;
        }
        let (along, across) = (reach * libm::cosf(turn), reach * libm::sinf(turn));
        let bend = random.between(-0.25, 0.25);
        let middle = Place::new(
            place.angle + 0.5 * along - bend * across,
            place.depth + 0.5 * across + bend * along,
            place.lift,
        );
        let end = Place::new(place.angle + along, place.depth + across, place.lift);
        let plan = Plan {
            segment: Segment::Twig,
            route: &[place, middle, end],
            radius,
            taper: 60.0,
            winding: habitus.winding,
            offset: start.offset,
        };
        vessels.push(Vessel::grow(heart, random, &plan, &[]).0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::heart::length;
    use super::*;

    const PATIENTS: u64 = 400;

    fn trees(side: Side) -> Vec<(bool, Tree)> {
        (0..PATIENTS)
            .map(|patient| {
                let heart = Heart::draw(&mut Random::new(5, patient), 1.0);
                let habitus = Habitus::draw(&mut Random::new(7, patient));
                let tree = Tree::draw(&mut Random::new(6, patient), &heart, &habitus, side);
                (habitus.left_dominant, tree)
            })
            .collect()
    }

    fn all(tree: &Tree, segment: Segment) -> impl Iterator<Item = &Vessel> {
        tree.vessels.iter().filter(move |vessel| vessel.segment == segment)
    }

    fn mean(values: impl Iterator<Item = f32>) -> f32 {
        let values: Vec<f32> = values.collect();
        values.iter().sum::<f32>() / values.len() as f32
    }

    /// Means of the trees where the right artery is dominant, beside Dodge et al. (1992): 40 % women, 9 % smaller, make 3.6 % less; within
    /// half of the deviation that they found among people.
    #[test]
    fn diameters_are_those_of_normal_coronary_arteries() {
        let (left, right) = (trees(Side::Left), trees(Side::Right));
        let at = |trees: &[(bool, Tree)], dominance: bool, segment: Segment, share: f32| {
            mean(trees.iter().filter(|(left, _)| *left == dominance).flat_map(|(_, tree)| {
                all(tree, segment)
                    .map(|vessel| 2.0 * vessel.radii[(share * (vessel.radii.len() - 1) as f32) as usize])
            }))
        };
        for (what, found, expected, deviation) in [
            ("left main", at(&left, false, Segment::LeftMain, 0.5), 4.5, 0.5),
            ("proximal LAD", at(&left, false, Segment::LeftAnteriorDescending, 0.05), 3.7, 0.4),
            ("distal LAD", at(&left, false, Segment::LeftAnteriorDescending, 0.8), 1.9, 0.4),
            ("circumflex", at(&left, false, Segment::Circumflex, 0.05), 3.4, 0.5),
            ("circumflex, left dominant", at(&left, true, Segment::Circumflex, 0.05), 4.2, 0.6),
            ("right", at(&right, false, Segment::Right, 0.05), 3.9, 0.6),
            ("right, left dominant", at(&right, true, Segment::Right, 0.05), 2.8, 0.5),
        ] {
            let expected = 0.964 * expected;
            assert!((found - expected).abs() < 0.5 * deviation, "{what}: {found} mm for {expected}");
        }
    }

    /// In millimetres: the heart's size and the angles decide them. A circumflex that reaches the crux, of a left dominant heart, is longest.
    #[test]
    fn lengths_are_those_of_coronary_arteries() {
        let (left, right) = (trees(Side::Left), trees(Side::Right));
        for (segment, trees, range) in [
            (Segment::LeftMain, &left, 4.0..25.0),
            (Segment::LeftAnteriorDescending, &left, 90.0..180.0),
            (Segment::Circumflex, &left, 45.0..175.0),
            (Segment::Right, &right, 65.0..180.0),
        ] {
            for (_, tree) in trees {
                let found: Vec<f32> = all(tree, segment).map(Vessel::length).collect();
                assert_eq!(found.len(), 1, "{segment:?}");
                assert!(range.contains(&found[0]), "{segment:?}: {} mm", found[0]);
            }
        }
    }

    #[test]
    fn trees_have_their_branches_and_hang_together() {
        for (side, segments) in [
            (
                Side::Left,
                &[(Segment::Diagonal, 2..=3), (Segment::Septal, 3..=6), (Segment::Marginal, 2..=3)][..],
            ),
            (Side::Right, &[(Segment::Conus, 1..=1), (Segment::Ventricular, 1..=3)]),
        ] {
            for (left_dominant, tree) in trees(side).iter().take(60) {
                for (segment, count) in segments {
                    assert!(count.contains(&all(tree, *segment).count()), "{segment:?}");
                }
                let behind = all(tree, Segment::PosteriorDescending).count();
                assert_eq!(behind == 1, *left_dominant == (side == Side::Left), "who supplies the back");
                for (index, vessel) in tree.vessels.iter().enumerate().skip(1) {
                    let begin = vessel.points[0];
                    let parents = tree.vessels[..index].iter();
                    let nearest = parents
                        .flat_map(|parent| &parent.points)
                        .map(|point| length(&(point - begin)))
                        .fold(f32::INFINITY, f32::min);
                    // On a point of the parent's centre line, up to the rounding of its coordinates.
                    assert!(nearest < 1e-3, "{:?} begins {nearest} mm away", vessel.segment);
                    assert!(vessel.radii.iter().all(|radius| (THINNEST..2.8).contains(radius)));
                }
            }
        }
    }

    #[test]
    fn a_patient_keeps_the_tree_in_every_phase_of_the_beat() {
        let tree = |size| {
            let heart = Heart::draw(&mut Random::new(5, 1), size);
            let habitus = Habitus::draw(&mut Random::new(7, 1));
            Tree::draw(&mut Random::new(6, 1), &heart, &habitus, Side::Left)
        };
        let (wide, narrow) = (tree(1.0), tree(0.9));
        let named =
            |tree: &Tree| tree.vessels.iter().filter(|vessel| vessel.segment != Segment::Twig).count();
        assert_eq!(named(&wide), named(&narrow));
        for (wide, narrow) in wide.vessels.iter().zip(&narrow.vessels).take(named(&wide)) {
            assert_eq!(wide.segment, narrow.segment);
            // A tenth shorter, up to the winding, which stays; thicker where a way that shrank does not taper as far: by a fiftieth of the
            // length of the tapers above, for each of three generations.
            let ratio = narrow.length() / wide.length();
            assert!((0.85..1.0).contains(&ratio), "{:?}: {ratio}", wide.segment);
            let thicker = narrow.radii[0] / wide.radii[0];
            assert!((1.0..1.06).contains(&thicker), "{:?}: {thicker}", wide.segment);
        }
    }
}
