//! The stages of a network for many rows.

use crate::stage::{Stage, Stages};

/// Stages that are kept: more than most networks have.
const KEPT: usize = 8;

/// Stages that are walked through again and again: each is parsed once, but for those behind the [`KEPT`] first ones, which are so each time.
pub(super) struct ParsedStages<'a> {
    kept: [Option<Stage>; KEPT],
    /// Those that are not parsed yet.
    others: Stages<'a>,
}

impl<'a> ParsedStages<'a> {
    /// None has been parsed.
    pub(super) const fn new(stages: Stages<'a>) -> Self {
        Self { kept: [None; KEPT], others: stages }
    }

    /// The stages from the first on. They are parsed when they are asked for.
    pub(super) fn walk(&mut self) -> impl Iterator<Item = Stage> {
        let Self { kept, others } = self;
        let mut rest = None;
        let mut place = 0;
        core::iter::from_fn(move || {
            let Some(stage) = kept.get_mut(place) else {
                return rest.get_or_insert_with(|| others.clone()).next();
            };
            place += 1;
            if stage.is_none() {
                *stage = others.next();
            }
            *stage
        })
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::{Layer, Network, Shape, dense};

    #[test]
    fn walks_are_those_of_the_network() {
        let layers: Vec<Layer> = (1..=KEPT + 3).map(dense).collect();
        for count in [1, KEPT - 1, KEPT, KEPT + 1, KEPT + 3] {
            let network = Network::new(Shape::new(1, 2, 2), &layers[..count]);
            let stages: Vec<Stage> = network.stages().collect();
            assert_eq!(stages.len(), count);
            let mut parsed = ParsedStages::new(network.stages());
            // Walks of all lengths, some of which parse what others have not.
            for len in [0, 1, 3, KEPT, KEPT + 1, KEPT + 9, 2, KEPT + 9] {
                let walk: Vec<Stage> = parsed.walk().take(len).collect();
                assert_eq!(walk, stages[..len.min(count)], "{count} stages, {len}");
            }
        }
    }
}
