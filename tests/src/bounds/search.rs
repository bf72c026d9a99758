//! Hill climbing: random steps in lanes and key, kept where the share of the bound grows.

use more_core::Real;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::Use;
use super::operation::Operation;
use super::point::{Point, uniform};

/// Steps without a gain after which a climb starts anew elsewhere.
const PATIENCE: usize = 1000;

/// Random places of which a climb starts at the best.
const STARTS: usize = 100;

/// The largest share that `evaluations` steps of random-restart hill climbing find.
///
/// Rounding errors are a rough landscape, in which the last bits count as much as the first: a step changes each number,
/// with an even chance, by an amount between a quarter of a unit in its last place and the whole of it.
#[must_use]
pub fn climb<T: Real, const N: usize>(operation: &Operation<T, N>, evaluations: usize, seed: u64) -> Use {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let range = (operation.low, operation.high);
    let mut found = Use::default();
    // A point that makes no key, or lies at a jump, is no place to be.
    let mut height = |point: &Point<N>| {
        let instance = point.instance::<T>()?;
        let share = (operation.share)(&instance);
        found.note(share, &instance);
        share
    };
    let mut left = evaluations;
    while left != 0 {
        let starts = left.min(STARTS);
        left -= starts;
        let mut best: Option<(Point<N>, f64)> = None;
        for _ in 0..starts {
            let point = Point::draw::<T>(&mut rng, range);
            if let Some(share) = height(&point)
                && best.as_ref().is_none_or(|(_, most)| share > *most)
            {
                best = Some((point, share));
            }
        }
        let Some((mut here, mut most)) = best else { continue };
        let mut stale = 0;
        while left != 0 && stale < PATIENCE {
            left -= 1;
            stale += 1;
            let there = step::<T, N>(&mut rng, &here, range);
            if let Some(share) = height(&there)
                && share >= most
            {
                if share > most {
                    stale = 0;
                }
                (here, most) = (there, share);
            }
        }
    }
    found
}

fn step<T: Real, const N: usize>(
    rng: &mut ChaCha20Rng,
    from: &Point<N>,
    (low, high): (f64, f64),
) -> Point<N> {
    let mut to = from.clone();
    let what = rng.next_u32() % 4;
    let size = 2.0_f64.powf(uniform(rng, T::to_f64(T::EPSILON).log2() - 2.0, 0.0));
    let mut moved = |x: f64| {
        if rng.next_u32().is_multiple_of(2) {
            x
        } else if rng.next_u32().is_multiple_of(2) {
            x * (1.0 + uniform(rng, -size, size))
        } else {
            x + uniform(rng, -size, size)
        }
    };
    if what != 0 {
        for lane in to.a.iter_mut().chain(&mut to.b) {
            *lane = moved(*lane).clamp(low, high);
        }
    }
    if what < 2 {
        for entry in to.columns.as_flattened_mut() {
            *entry = moved(*entry);
        }
    }
    to
}
