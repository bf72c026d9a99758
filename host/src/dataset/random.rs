//! The generator of one drawn image.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Random numbers from one stream of ChaCha8: the same on every platform.
pub(super) struct Random {
    generator: ChaCha8Rng,
}

impl Random {
    /// A stream of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self { generator }
    }

    /// A generator of its own for a part of the drawing, so that how much that draws changes nothing else.
    pub(super) fn apart(&mut self) -> Self {
        Self::new(self.generator.next_u64(), 0)
    }

    /// Uniform in [0, 1).
    pub(super) fn uniform(&mut self) -> f32 {
        (self.generator.next_u32() >> 8) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// Uniform between two numbers.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in `0..bound` (multiply and shift; the bias is below 1e-8 for the small bounds used here).
    pub(super) fn below(&mut self, bound: u32) -> usize {
        ((u64::from(self.generator.next_u32()) * u64::from(bound)) >> 32) as usize
    }

    /// True with a probability.
    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.uniform() < probability
    }

    /// Standard normal (Box and Muller).
    pub(super) fn normal(&mut self) -> f32 {
        self.normals()[0]
    }

    /// Two standard normal numbers (Box and Muller).
    pub(super) fn normals(&mut self) -> [f32; 2] {
        let radius = libm::sqrtf(-2.0 * libm::logf(1.0 - self.uniform()));
        let angle = core::f32::consts::TAU * self.uniform();
        [radius * libm::cosf(angle), radius * libm::sinf(angle)]
    }

    /// Normal with a mean and a deviation, drawn anew where it is more than two deviations off.
    pub(super) fn normal_within(&mut self, mean: f32, deviation: f32) -> f32 {
        loop {
            let drawn = self.normal();
            if drawn.abs() <= 2.0 {
                return mean + deviation * drawn;
            }
        }
    }
}
