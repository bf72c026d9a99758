//! Everything random in training, drawn from one seed: first weights, the order of the images, dropout.
//!
//! ChaCha8 with a stream of its own for each purpose and epoch, so that neither the number of threads nor what else is drawn
//! changes a draw. Streams with neither of the two upper bits are those of [`Augmentation`](crate::augmentation::Augmentation).

use nn_core::Network;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::components::Scalar;
use crate::shuffle::shuffle;

const WEIGHTS: u64 = 1 << 62;
const ORDER: u64 = 2 << 62;
const DROPOUT: u64 = 3 << 62;

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

/// Uniform in [0, 1), with 53 bits.
fn uniform(generator: &mut ChaCha8Rng) -> f64 {
    <f64 as more_core::Real>::uniform(generator.next_u64())
}

/// Glorot-uniform weights and zero biases, in the order of files.
pub(crate) fn initial_parameters<T: Scalar>(network: &Network<'_>, seed: u64) -> Vec<T> {
    let mut parameters = vec![T::ZERO; network.parameters()];
    let mut generator = generator(seed, WEIGHTS);
    for group in network.parameter_groups() {
        let bound = group.glorot_bound();
        for weight in &mut parameters[group.first..][..group.weights()] {
            *weight = T::from_f64(bound * (2.0 * uniform(&mut generator) - 1.0));
        }
    }
    parameters
}

/// The order of `count` images in an epoch: a uniform permutation.
pub(crate) fn permutation(seed: u64, epoch: usize, order: &mut [usize]) {
    for (index, place) in order.iter_mut().enumerate() {
        *place = index;
    }
    shuffle(order, &mut generator(seed, ORDER | epoch as u64));
}

/// The dropout masks of one image in an epoch, the same in every lane: 0, or `1 / (1 - rate)`.
pub(crate) fn dropout_masks<T: Scalar>(
    network: &Network<'_>,
    seed: u64,
    epoch: usize,
    image: usize,
    mut put: impl FnMut(usize, T),
) {
    let mut generator = generator(seed, DROPOUT | ((epoch as u64) << 36) | image as u64);
    let mut index = 0;
    for (rate, masks) in network.dropout_rates() {
        let rate = f64::from(rate);
        for _ in 0..masks {
            let keep = uniform(&mut generator) >= rate;
            put(index, if keep { T::from_f64(1.0 / (1.0 - rate)) } else { T::ZERO });
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_permutation_that_depends_on_seed_and_epoch() {
        let order = |seed, epoch| {
            let mut order = vec![0; 1000];
            permutation(seed, epoch, &mut order);
            order
        };
        let mut sorted = order(1, 1);
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..1000));
        assert_eq!(order(1, 1), order(1, 1));
        assert_ne!(order(1, 1), order(1, 2));
        assert_ne!(order(1, 1), order(2, 1));
    }

    #[test]
    fn permutations_are_uniform() {
        // All six orders of three images, each with probability 1/6: five standard deviations of 60,000 draws are 456.
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..60_000 {
            let mut order = [0; 3];
            permutation(7, epoch, &mut order);
            *counts.entry(order).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (count - 10_000).abs() < 456), "{counts:?}");
    }

    #[test]
    fn weights_fill_glorots_interval() {
        let network = nn_core::MNIST;
        let parameters = initial_parameters::<f64>(&network, 3);
        for group in network.parameter_groups() {
            let (bound, weights) = (group.glorot_bound(), &parameters[group.first..][..group.weights()]);
            let largest = weights.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
            assert!(largest <= bound && largest > 0.9 * bound, "{largest} of {bound}");
            assert!(
                parameters[group.first + group.weights()..][..group.outputs].iter().all(|bias| *bias == 0.0)
            );
        }
    }

    #[test]
    fn dropout_keeps_the_mean() {
        let network = nn_core::ANGIOGRAPHY;
        let (mut sum, mut count) = (0.0, 0);
        for image in 0..4000 {
            dropout_masks::<f64>(&network, 5, 0, image, |_, mask| {
                sum += mask;
                count += 1;
            });
        }
        // The mean of 256,000 masks has a deviation of sqrt(1/3) / 506 = 0.0011; five of them.
        assert_eq!(count, 4000 * network.dropout_masks());
        let mean = sum / count as f64;
        assert!((mean - 1.0).abs() < 0.006, "{mean}");
    }
}
