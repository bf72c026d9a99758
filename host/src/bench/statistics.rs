//! From repeated runs to figures.

use std::time::{Duration, Instant};

/// Seconds of repeated runs, in the order in which they ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times(Vec<f64>);

impl Times {
    /// Adds a run.
    pub fn push(&mut self, seconds: f64) {
        self.0.push(seconds);
    }

    /// The middle of the sorted runs, the mean of the two middle ones for an even number; NaN without a run.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(&self.0)
    }

    /// The shortest run; infinite without a run.
    #[must_use]
    pub fn shortest(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The longest run.
    #[must_use]
    pub fn longest(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The median of the ratios of neighbouring runs, these having alternated with those of `base`: `base` first, then `self`,
    /// and so on. What disturbs the machine for longer than two runs disturbs both alike.
    #[must_use]
    pub fn ratio_to(&self, base: &Self) -> f64 {
        let (own, base) = (&self.0, &base.0);
        let before = own.iter().zip(base);
        let after = own.iter().zip(base.iter().skip(1));
        median(&before.chain(after).map(|(own, base)| own / base).collect::<Vec<_>>())
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// A run for the clock to resolve: work that takes less is repeated.
const RESOLVED: Duration = Duration::from_micros(20);

/// The shortest of the runs of `work` that fit into `budget`, at least one after a warm-up, in seconds.
///
/// For kernels, whose time varies upwards only: by what else the machine does.
pub fn fastest(budget: Duration, mut work: impl FnMut()) -> f64 {
    work();
    let start = Instant::now();
    work();
    let single = start.elapsed().max(Duration::from_nanos(1));
    let repetitions = RESOLVED.as_nanos().div_ceil(single.as_nanos());
    let mut best = f64::INFINITY;
    let begin = Instant::now();
    loop {
        let start = Instant::now();
        for _ in 0..repetitions {
            work();
        }
        best = best.min(start.elapsed().as_secs_f64() / repetitions as f64);
        if begin.elapsed() >= budget {
            return best;
        }
    }
}

/// How a quantity grows with a size: the least-squares fit `y = c x^exponent`, a line through the logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// 1 where `y` is proportional to `x`.
    pub exponent: f64,
}

impl Growth {
    /// How far from 1 the exponent of what is called linear may be: over a factor of 4 in size that is 15 % in time, about
    /// the spread of a run on a shared machine.
    pub const TOLERANCE: f64 = 0.1;

    /// The fit to points `(x, y)` of positive numbers; NaN where all `x` are equal.
    #[must_use]
    pub fn fit(points: &[(f64, f64)]) -> Self {
        let count = points.len() as f64;
        let logarithms = || points.iter().map(|(x, y)| (x.ln(), y.ln()));
        let (x_mean, y_mean) =
            logarithms().fold((0.0, 0.0), |(x_sum, y_sum), (x, y)| (x_sum + x / count, y_sum + y / count));
        let (covariance, variance) = logarithms().fold((0.0, 0.0), |(covariance, variance), (x, y)| {
            (covariance + (x - x_mean) * (y - y_mean), variance + (x - x_mean) * (x - x_mean))
        });
        Self { exponent: covariance / variance }
    }

    /// The growth in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.exponent - 1.0 {
            excess if excess > Self::TOLERANCE => "faster than linear",
            excess if excess < -Self::TOLERANCE => "slower than linear",
            _ => "linear",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seconds: &[f64]) -> Times {
        Times(seconds.to_vec())
    }

    #[test]
    fn medians_and_extremes() {
        let odd = times(&[3.0, 1.0, 2.0]);
        assert_eq!((odd.shortest(), odd.median(), odd.longest()), (1.0, 2.0, 3.0));
        assert_eq!(times(&[4.0, 1.0, 2.0, 8.0]).median(), 3.0);
        assert!(times(&[]).median().is_nan());
    }

    #[test]
    fn ratios_are_of_neighbours() {
        // A machine that becomes half as fast after each pair: the ratio of the medians would be the same by luck only.
        let (plain, encrypted) = (times(&[1.0, 2.0, 4.0]), times(&[3.0, 6.0, 12.0]));
        // Before: 3, 3, 3; after: 1.5, 1.5.
        assert_eq!(encrypted.ratio_to(&plain), 3.0);
        assert_eq!(plain.ratio_to(&plain), 1.0);
    }

    #[test]
    fn the_exponent_of_a_power_is_found() {
        let power = |exponent: f64| [1.0, 2.0, 5.0, 9.0].map(|x: f64| (x, 7.0 * x.powf(exponent)));
        for (exponent, word) in [(0.5, "slower than linear"), (1.0, "linear"), (2.0, "faster than linear")] {
            let growth = Growth::fit(&power(exponent));
            // A few roundings of logarithms of numbers below 600.
            assert!((growth.exponent - exponent).abs() < 64.0 * f64::EPSILON, "{growth:?}");
            assert_eq!(growth.word(), word);
        }
        assert!(Growth::fit(&[(2.0, 1.0), (2.0, 3.0)]).exponent.is_nan());
    }

    #[test]
    fn the_fastest_run_is_that_of_one_piece_of_work() {
        let mut runs = 0;
        let seconds = fastest(Duration::ZERO, || {
            runs += 1;
            std::thread::sleep(Duration::from_millis(2));
        });
        assert_eq!(runs, 3, "a warm-up, one to count, one to measure");
        assert!(seconds >= 0.002, "{seconds}");
    }
}
