//! The right coronary artery: conus and ventricular branches, posterior descending and posterolateral ones.

use super::{Fork, Grower, Place, Segment, Start, Vector};

/// The angle of the crux, where the posterior groove between the ventricles begins.
const CRUX: f32 = 196.0;

pub(super) fn grow(g: &mut Grower<'_>) {
    let (mean, deviation) = if g.habitus.left_dominant { (2.8, 0.5) } else { (3.9, 0.6) };
    let radius = g.radius(mean, deviation);
    let start = g.random.between(44.0, 60.0);
    let crook = g.random.between(-9.0, 3.0);
    let sag = g.random.between(-2.0, 7.0);
    let end = if g.habitus.left_dominant { g.random.between(130.0, 165.0) } else { CRUX };
    let way = |share: f32| start + share * (end - start);
    let ostium = Place::new(start - 6.0, -7.0, 0.5);
    let route = [
        Place::new(way(0.1), crook, 0.88),
        Place::new(way(0.3), crook * 0.4, 1.02),
        Place::new(way(0.55), sag, 1.05),
        Place::new(way(0.8), sag + 3.0, 1.03),
        Place::new(end, 4.0, 1.0),
    ];
    let mut forks = vec![Fork { at: g.random.between(0.08, 0.14), ratio: g.random.between(0.25, 0.4) }];
    for branch in 0..1 + g.random.below(3) {
        let at = 0.28 + 0.17 * branch as f32 + g.random.between(0.0, 0.08);
        forks.push(Fork { at, ratio: g.random.between(0.32, 0.5) });
    }
    let begin = Start { place: ostium, radius, offset: Vector::zeros() };
    let starts = g.vessel(Segment::Right, &begin, &route, &forks);
    for (index, start) in starts.iter().enumerate() {
        if index == 0 {
            let turn = g.random.between(-40.0, -18.0);
            g.branch(Segment::Conus, start, &[[0.4 * turn, 10.0, 1.0], [turn, 22.0, 1.0]]);
        } else {
            let (turn, down) = (g.random.between(-30.0, -5.0), g.random.between(30.0, 58.0));
            let ways = [[-4.0, 0.35 * down, 1.0], [0.5 * turn, 0.7 * down, 1.0], [turn, down, 1.0]];
            g.branch(Segment::Ventricular, start, &ways);
        }
    }
    if !g.habitus.left_dominant {
        posterior(g);
    }
}

/// What lies behind the crux: the artery divides by Murray's law.
fn posterior(g: &mut Grower<'_>) {
    let stem = g.vessels[0].end(g.heart);
    let crux = stem.place;
    let part = |share: f32| Start { radius: stem.radius * libm::cbrtf(share), ..stem };
    let share = g.random.between(0.35, 0.6);
    let (tip, drift) = (g.random.between(44.0, 74.0), g.random.between(-7.0, 7.0));
    let route = [
        Place::new(crux.angle + 2.0, 14.0, 1.0),
        Place::new(crux.angle + drift, 0.6 * tip, 1.0),
        Place::new(crux.angle + 0.5 * drift, tip, 1.0),
    ];
    g.vessel(Segment::PosteriorDescending, &part(share), &route, &[]);
    let reach = g.random.between(28.0, 60.0);
    let route = [
        Place::new(crux.angle + 0.3 * reach, 1.0, 1.0),
        Place::new(crux.angle + 0.7 * reach, 8.0, 1.0),
        Place::new(crux.angle + reach, g.random.between(20.0, 44.0), 1.0),
    ];
    let branches = 1 + g.random.below(3);
    let forks: Vec<Fork> = (0..branches)
        .map(|branch| {
            let at = 0.25 + 0.5 * (branch as f32 + 0.8 * g.random.uniform()) / branches as f32;
            Fork { at, ratio: g.random.between(0.5, 0.8) }
        })
        .collect();
    let starts = g.vessel(Segment::Posterolateral, &part(1.0 - share), &route, &forks);
    for start in &starts {
        let (turn, down) = (g.random.between(-8.0, 12.0), g.random.between(22.0, 46.0));
        let ways = [[0.4 * turn, 0.45 * down, 1.0], [turn, down, 1.0]];
        g.branch(Segment::Posterolateral, start, &ways);
    }
}
