//! Which rows of its input a stage holds.

use crate::Shape;
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

    /// Where the next row goes in the line buffer when `received` have come; `None` if no band has it.
    pub(crate) const fn place(&self, received: usize) -> Option<usize> {
        let complete = self.complete(received);
        if complete == self.count { None } else { received.checked_sub(complete * self.step) }
    }

    /// Moves the rows of a line buffer that the next band has too to its front.
    pub(crate) fn advance<E: Copy>(&self, width: usize, buffer: &mut [E]) {
        let Some(dropped) = self.rows.checked_sub(self.rows.min(self.step)) else { return };
        if dropped == 0 {
            return;
        }
        for channel in buffer.chunks_exact_mut((self.rows * width).max(1)) {
            let from = self.step * width;
            if from <= channel.len() {
                channel.copy_within(from.., 0);
            }
        }
    }
}

impl Stage {
    /// Elements of the line buffer in front of this stage.
    pub(crate) const fn line_buffer(&self) -> usize {
        self.input.channels * Band::of(self).rows * self.input.width
    }

    /// This stage on one band, with one row of output into a line buffer of that many rows.
    pub(crate) const fn on_band(&self, output_rows: usize) -> Self {
        let (input, output) = (self.input, self.output);
        Self {
            input: Shape::new(input.channels, Band::of(self).rows, input.width),
            active: Shape::new(self.active.channels, self.pool, self.active.width),
            output: Shape::new(output.channels, output_rows, output.width),
            first_row: 0,
            output_rows: 1,
            ..*self
        }
    }
}
