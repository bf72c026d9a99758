//! One step of an optimizer, its numbers worked out.

use more_core::Real;
use nn_core::Element;
use nn_core::simd::Isa;

use super::adam::Adam;
use super::lane::Pass;
use super::optimizer::Optimizer;
use crate::components::Weight;

/// What a step does to every weight.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule<T> {
    /// `w = keep w - rate g`.
    Descent { keep: T, rate: T },
    /// `v = momentum v + scale g + decay w`, `w = w - rate v`.
    Momentum { momentum: T, scale: T, decay: T, rate: T },
    /// See [`Adam`].
    Adam(Adam<T>),
}

impl<T: Real> Rule<T> {
    /// The rule of step `step`, counted from 1, for gradients that are `divisor` times too large.
    pub(super) fn new(pass: &Pass<'_>, divisor: f64, step: u32) -> Self {
        let (number, scale) = (T::from_f64, divisor.recip());
        let (rate, decay) = (pass.learning_rate, pass.weight_decay);
        match pass.optimizer {
            Optimizer::Sgd { momentum: 0.0 } => {
                Self::Descent { keep: number(1.0 - rate * decay), rate: number(rate / divisor) }
            }
            Optimizer::Sgd { momentum } => Self::Momentum {
                momentum: number(momentum),
                scale: number(scale),
                decay: number(decay),
                rate: number(rate),
            },
            Optimizer::Adam => Self::Adam(Adam::new(rate, decay, scale, step)),
        }
    }

    /// Takes the step.
    #[inline(always)]
    pub(super) fn apply<I, W>(&self, isa: I, weights: &mut [W], gradient: &[W], moments: [&mut [W]; 2])
    where
        I: Isa<Real = T>,
        W: Weight + Element<Real = T>,
    {
        match *self {
            // A factor of 1 would be exact, but one more operation.
            Self::Descent { keep, rate } if keep == T::ONE => {
                for (w, g) in weights.iter_mut().zip(gradient) {
                    *w = w.sub(g.scale(rate));
                }
            }
            Self::Descent { keep, rate } => {
                for (w, g) in weights.iter_mut().zip(gradient) {
                    *w = w.scale(keep).sub(g.scale(rate));
                }
            }
            Self::Momentum { momentum, scale, decay, rate } => {
                let [velocity, _] = moments;
                for ((w, g), v) in weights.iter_mut().zip(gradient).zip(velocity) {
                    *v = v.scale(momentum).add(g.scale(scale)).add(w.scale(decay));
                    *w = w.sub(v.scale(rate));
                }
            }
            Self::Adam(adam) => W::adam(isa, &adam, weights, gradient, moments),
        }
    }
}

#[cfg(test)]
mod tests {
    use nn_core::simd::Portable;

    use super::*;

    fn pass(optimizer: Optimizer, weight_decay: f64) -> Pass<'static> {
        Pass {
            seed: 0,
            epoch: 0,
            batch: 1,
            learning_rate: 0.5,
            optimizer,
            weight_decay,
            class_weights: None,
            lanes: 1,
            mean: false,
            augmentation: None,
            standardization: None,
        }
    }

    #[test]
    fn momentum_and_decay_are_pytorchs() {
        // By hand: v1 = 1 + 0.5 * 4 = 3, w1 = 4 - 1.5 = 2.5; v2 = 0.5 * 3 + 2 + 0.5 * 2.5 = 4.75, w2 = 2.5 - 2.375.
        let pass = pass(Optimizer::Sgd { momentum: 0.5 }, 0.5);
        let (mut weights, mut velocity) = ([4.0], [0.0]);
        for (gradient, expected) in [(2.0, 2.5), (4.0, 0.125)] {
            let rule = Rule::new(&pass, 2.0, 1);
            rule.apply(Portable::<f64, 8>::new(), &mut weights, &[gradient], [&mut velocity, &mut []]);
            assert_eq!(weights, [expected]);
        }
    }

    #[test]
    fn descent_decays_by_the_rate() {
        let mut weights = [4.0];
        for (decay, expected) in [(0.0, 3.5), (0.5, 2.125)] {
            let rule = Rule::new(&pass(Optimizer::Sgd { momentum: 0.0 }, decay), 1.0, 1);
            rule.apply(Portable::<f64, 8>::new(), &mut weights, &[1.0], [&mut [], &mut []]);
            assert_eq!(weights, [expected]);
        }
    }
}
