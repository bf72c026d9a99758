//! The left coronary artery: left main, anterior descending with diagonals and septals, circumflex with marginals.

use super::{Fork, Grower, Place, Segment, Start, Vector};

/// Degrees of angle from the left main's end to the begin of the anterior groove between the ventricles.
const GROOVE: f32 = 24.0;

pub(super) fn grow(g: &mut Grower<'_>) {
    let end = Place::new(g.random.between(-4.0, 10.0), g.random.between(1.0, 5.0), 0.93);
    let stem = left_main(g, end);
    let share = match g.habitus.left_dominant {
        // r_LAD^3 / r^3 for 3.7 mm beside 3.4 and beside 4.2 mm.
        false => g.random.between(0.50, 0.63),
        true => g.random.between(0.36, 0.46),
    };
    let part = |share: f32| Start { radius: stem.radius * libm::cbrtf(share), ..stem };
    // In some 20 % of hearts a third artery begins between the two.
    let third = if g.random.chance(0.2) { 0.12 } else { 0.0 };
    anterior_descending(g, &part(share * (1.0 - third)));
    if third > 0.0 {
        let (turn, down) = (g.random.between(-34.0, -20.0), g.random.between(35.0, 52.0));
        g.branch(Segment::Intermediate, &part(third), &[[0.55 * turn, 0.4 * down, 1.0], [turn, down, 1.0]]);
    }
    circumflex(g, &part((1.0 - share) * (1.0 - third)));
}

/// Draws the left main, 5 to 20 mm long, and gives its end.
fn left_main(g: &mut Grower<'_>, end: Place) -> Start {
    // Murray's law makes 5.0 mm of 3.7 and 4.2 mm.
    let radius = g.radius(if g.habitus.left_dominant { 5.0 } else { 4.5 }, 0.5);
    // Towards the aorta; one of lift is a radius of the heart.
    let reach = g.random.between(6.0, 16.0) / g.heart.radius();
    let turn = g.random.between(-14.0, 14.0);
    let ostium = Place::new(end.angle + turn, end.depth - g.random.between(2.0, 8.0), end.lift - reach);
    let middle = Place::new(end.angle + 0.4 * turn, end.depth - 2.0, end.lift - 0.45 * reach);
    let start = Start { place: ostium, radius, offset: Vector::zeros() };
    g.vessel(Segment::LeftMain, &start, &[middle, end], &[]);
    g.vessels[0].end(g.heart)
}

fn anterior_descending(g: &mut Grower<'_>, start: &Start) {
    let groove = start.place.angle + GROOVE + g.random.between(-6.0, 6.0);
    let apex = g.random.between(74.0, 100.0);
    let drift = g.random.between(-8.0, 8.0);
    let route = [
        Place::new(groove - 9.0, 11.0, 1.0),
        Place::new(groove, 0.36 * apex, 1.0),
        Place::new(groove + drift, 0.68 * apex, 1.0),
        Place::new(groove + 0.5 * drift, apex, 1.0),
    ];
    let diagonals = 2 + g.random.below(2);
    let septals = 3 + g.random.below(4);
    let mut forks: Vec<(Fork, bool)> = Vec::new();
    for diagonal in 0..diagonals {
        let at = 0.14 + 0.19 * diagonal as f32 + g.random.between(0.0, 0.08);
        let ratio = g.random.between(0.5, 0.72) - 0.06 * diagonal as f32;
        forks.push((Fork { at, ratio }, true));
    }
    for septal in 0..septals {
        let at = 0.12 + 0.6 * (septal as f32 + g.random.uniform()) / septals as f32;
        let ratio = g.random.between(0.24, 0.4);
        forks.push((Fork { at, ratio }, false));
    }
    forks.sort_by(|(a, _), (b, _)| a.at.total_cmp(&b.at));
    let only: Vec<Fork> = forks.iter().map(|(fork, _)| *fork).collect();
    let starts = g.vessel(Segment::LeftAnteriorDescending, start, &route, &only);
    for ((_, diagonal), start) in forks.iter().zip(&starts) {
        if *diagonal {
            let (turn, down) = (g.random.between(-58.0, -30.0), g.random.between(26.0, 48.0));
            let down = down.min(84.0 - start.place.depth);
            let ways = [[0.38 * turn, 0.22 * down, 1.0], [0.78 * turn, 0.62 * down, 1.0], [turn, down, 1.0]];
            g.branch(Segment::Diagonal, start, &ways);
        } else {
            // Into the septum, towards the long axis.
            let (deep, down) = (g.random.between(0.3, 0.7), g.random.between(8.0, 22.0));
            let turn = g.random.between(2.0, 10.0);
            let ways = [[0.4 * turn, 0.3 * down, 1.0 - 0.5 * deep], [turn, down, 1.0 - deep]];
            g.branch(Segment::Septal, start, &ways);
        }
    }
}

fn circumflex(g: &mut Grower<'_>, start: &Start) {
    let angle = start.place.angle;
    let reach = if g.habitus.left_dominant { 172.0 } else { g.random.between(85.0, 140.0) };
    let sag = g.random.between(2.0, 9.0);
    let route = [
        Place::new(angle - 22.0, 1.0, 0.97),
        Place::new(angle - 0.5 * reach, sag, 1.0),
        Place::new(angle - 0.8 * reach, 1.4 * sag, 1.0),
        Place::new(angle - reach, 2.0 * sag, 1.0),
    ];
    let marginals = 2 + g.random.below(2);
    let mut forks = Vec::new();
    for marginal in 0..marginals {
        let at = 0.24 + 0.62 * (marginal as f32 + 0.8 * g.random.uniform()) / marginals as f32;
        forks.push(Fork { at, ratio: g.random.between(0.55, 0.8) });
    }
    let starts = g.vessel(Segment::Circumflex, start, &route, &forks);
    for start in &starts {
        let (turn, down) = (g.random.between(-24.0, 6.0), g.random.between(38.0, 66.0));
        let ways = [[0.5 * turn - 5.0, 0.3 * down, 1.0], [0.8 * turn, 0.68 * down, 1.0], [turn, down, 1.0]];
        g.branch(Segment::Marginal, start, &ways);
    }
    if let Some(circumflex) = g.vessels.iter().rfind(|vessel| vessel.segment == Segment::Circumflex)
        && g.habitus.left_dominant
    {
        let end = circumflex.end(g.heart);
        let route = [Place::new(196.0 - 360.0, 28.0, 1.0), Place::new(198.0 - 360.0, 58.0, 1.0)];
        g.vessel(Segment::PosteriorDescending, &end, &route, &[]);
    }
}
