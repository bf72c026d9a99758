//! Adam's step on a register of weights at a time.

use more_core::{Arithmetic, Real};
use nn_core::element::Pack;
use nn_core::simd::Isa;

use super::optimizer::{BETA, EPSILON};

/// `m = m + (1 - b1) (scale g - m)`, `v = v + (1 - b2) ((scale g)^2 - v)`, `w = keep w - rate m / (sqrt(v / c) + epsilon)`,
/// where the correction of `m` is in the rate.
#[derive(Clone, Copy, Debug)]
pub struct Adam<T> {
    scale: T,
    rise: [T; 2],
    keep: T,
    rate: T,
    /// `1 / (1 - b2^t)`.
    correction: T,
    epsilon: T,
}

impl<T: Real> Adam<T> {
    /// Step `step`, counted from 1, of gradients that are to be multiplied with `scale`.
    pub(super) fn new(rate: f64, decay: f64, scale: f64, step: u32) -> Self {
        let number = T::from_f64;
        let [first, second] = BETA.map(|beta| 1.0 - beta.powf(f64::from(step)));
        Self {
            scale: number(scale),
            rise: BETA.map(|beta| number(1.0 - beta)),
            keep: number(1.0 - rate * decay),
            rate: number(rate / first),
            correction: number(second.recip()),
            epsilon: number(EPSILON),
        }
    }

    /// The step of plain numbers, a register at a time.
    #[inline(always)]
    pub(crate) fn step<I: Isa<Real = T>>(
        &self,
        isa: I,
        weights: &mut [I::Real],
        gradient: &[I::Real],
        [first, second]: [&mut [I::Real]; 2],
    ) {
        let size = I::SAMPLES;
        let number = |value: T| -> Pack<I> { Pack::splat(isa, value) };
        let mut at = 0;
        while at < weights.len() {
            let (end, mut rows) = ((at + size).min(weights.len()), [number(T::ZERO); 4]);
            let sources = [&*weights, gradient, &*first, &*second];
            for (row, source) in rows.iter_mut().zip(sources) {
                let source = &source[at..end];
                row.samples_mut()[..source.len()].copy_from_slice(source);
            }
            let [mut w, g, mut m, mut v] = rows;
            let g = g.scale(self.scale);
            m = m + (g - m).scale(self.rise[0]);
            v = v + (g * g - v).scale(self.rise[1]);
            let root = v.scale(self.correction).square_root() + number(self.epsilon);
            w = w.scale(self.keep) - (m / root).scale(self.rate);
            for (target, row) in [&mut *weights, &mut *first, &mut *second].into_iter().zip([w, m, v]) {
                let target = &mut target[at..end];
                target.copy_from_slice(&row.samples()[..target.len()]);
            }
            at = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use nn_core::simd::{InstructionSet, Job, PackReal};

    use super::*;

    struct Steps(InstructionSet);

    impl Job<f64> for Steps {
        type Output = ();

        fn run<I: Isa<Real = f64>>(self, isa: I) {
            // As many as a whole number of registers does not hold.
            let count = 2 * I::SAMPLES + 3;
            let at = |step: u32, index: usize| ((index * 7 + step as usize * 5) % 11) as f64 - 5.0;
            let mut weights: Vec<f64> = (0..count).map(|index| index as f64 / 8.0).collect();
            let (mut first, mut second) = (vec![0.0; count], vec![0.0; count]);
            let mut expected = weights.clone();
            let (mut m, mut v) = (vec![0.0; count], vec![0.0; count]);
            let (rate, decay, scale) = (0.01, 0.1, 0.25);
            for step in 1..=5 {
                let gradient: Vec<f64> = (0..count).map(|index| at(step, index)).collect();
                let rule = Adam::new(rate, decay, scale, step);
                rule.step(isa, &mut weights, &gradient, [&mut first, &mut second]);
                for index in 0..count {
                    let g = scale * gradient[index];
                    m[index] = 0.9 * m[index] + 0.1 * g;
                    v[index] = 0.999 * v[index] + 0.001 * g * g;
                    let m = m[index] / (1.0 - 0.9_f64.powf(f64::from(step)));
                    let v = v[index] / (1.0 - 0.999_f64.powf(f64::from(step)));
                    expected[index] -= rate * decay * expected[index] + rate * m / (v.sqrt() + 1e-8);
                }
            }
            for (weight, expected) in weights.iter().zip(&expected) {
                // A few hundred roundings of numbers below 4.
                assert!((weight - expected).abs() < 1e-13, "{}: {weight} for {expected}", self.0.name());
            }
        }
    }

    #[test]
    fn steps_are_those_of_the_paper() {
        for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
            f64::dispatch(set, Steps(set));
        }
    }
}
