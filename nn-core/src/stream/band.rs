//! Which rows of its input a stage holds.

use crate::Shape;
use crate::element::Element;
use crate::stage::{Linear, Stage};

/// The rows that one row of a stage's output is computed from, out of those that come one by one: row `i` from the rows
/// `step i .. step i + rows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    /// Its number of rows: what the stage's line buffer holds.
    pub(crate) rows: usize,
    /// Distance of neighbouring bands.
    step: usize,
    /// Number of bands.
    count: usize,
}

/// A row on its way into a line buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextRow {
    /// Where it goes.
    pub(crate) place: usize,
    /// Where the first row of its band is.
    pub(crate) first_place: usize,
    /// Bands that were complete before.
    pub(crate) complete: usize,
    /// Whether it completes one.
    pub(crate) completes: bool,
}

impl Band {
    /// The bands of a stage.
    pub(crate) const fn of(stage: &Stage) -> Self {
        let count = stage.output.height;
        match stage.linear {
            Linear::Conv2d { kernel, stride } => {
                Self { rows: stride * (stage.pool - 1) + kernel, step: stride * stage.pool, count }
            }
            // A sum runs over channels before rows: it can begin when the last row is there.
            Linear::Dense => Self { rows: stage.input.height, step: 1, count: 1 },
            Linear::None => Self { rows: stage.pool, step: stage.pool, count },
        }
    }

    /// The bands of a stage in training, where dropout is one pass over the whole output.
    pub(crate) const fn of_training(stage: &Stage) -> Self {
        if stage.masks() > 0 { Self { rows: stage.input.height, step: 1, count: 1 } } else { Self::of(stage) }
    }

    /// Rows of the stage's output that are complete when `received` rows have come.
    pub(crate) const fn complete_rows(&self, stage: &Stage, received: usize) -> usize {
        if self.count == 1 { self.complete(received) * stage.output.height } else { self.complete(received) }
    }

    /// A single band of all rows: what holds a network's output.
    pub(crate) const fn whole(rows: usize) -> Self {
        Self { rows, step: 1, count: 1 }
    }

    /// How many bands are complete when `received` rows have come.
    pub(crate) const fn complete(&self, received: usize) -> usize {
        let Some(beyond) = received.checked_sub(self.rows) else { return 0 };
        match beyond.checked_div(self.step) {
            Some(steps) if steps < self.count => steps + 1,
            _ => self.count,
        }
    }

    /// Whether rows that neighbouring bands share stay where they are in a line buffer of these elements, new ones taking the places
    /// of those that no band needs any more. Otherwise they move to its front: products of single numbers are so cheap that
    /// kernels take more instructions to find the rows of a ring than it takes to move them.
    pub(crate) const fn rotates<E: Element>() -> bool {
        E::SAMPLES > 1
    }

    /// What becomes of the next row when `received` have come; `None` if no band has it.
    pub(crate) fn next_row<E: Element>(&self, received: usize) -> Option<NextRow> {
        let complete = self.complete(received);
        if complete == self.count {
            return None;
        }
        let offset = received.checked_sub(complete * self.step)?;
        let first_place = if Self::rotates::<E>() && self.shared_rows() > 0 {
            (complete * self.step).checked_rem(self.rows)?
        } else {
            0
        };
        let place = first_place + offset;
        let place = if place < self.rows { place } else { place - self.rows };
        Some(NextRow { place, first_place, complete, completes: offset + 1 == self.rows })
    }

    /// Makes room for the rows that the next band does not share with the one before.
    pub(crate) fn advance<E: Element>(&self, width: usize, buffer: &mut [E]) {
        if Self::rotates::<E>() || self.shared_rows() == 0 {
            return;
        }
        for channel in buffer.chunks_exact_mut((self.rows * width).max(1)) {
            let from = self.step * width;
            if from <= channel.len() {
                channel.copy_within(from.., 0);
            }
        }
    }

    /// Rows that neighbouring bands have in common.
    const fn shared_rows(&self) -> usize {
        self.rows.saturating_sub(self.step)
    }
}

impl Stage {
    /// Elements of the line buffer in front of this stage.
    pub(crate) const fn line_buffer(&self) -> usize {
        self.input.channels * Band::of(self).rows * self.input.width
    }

    /// This stage on one band whose first row is in that place of the line buffer, with one row of output into a line buffer of
    /// `output_rows`.
    pub(crate) const fn on_band(&self, first_place: usize, output_rows: usize) -> Self {
        let (input, output) = (self.input, self.output);
        Self {
            input: Shape::new(input.channels, Band::of(self).rows, input.width),
            active: Shape::new(self.active.channels, self.pool, self.active.width),
            output: Shape::new(output.channels, output_rows, output.width),
            first_input_row: first_place,
            first_row: 0,
            output_rows: 1,
            ..*self
        }
    }
}
