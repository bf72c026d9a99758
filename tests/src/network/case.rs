//! Random small networks with their numbers.

use more_core::Real;
use nn_core::{Layer, Network, Shape, avg_pool, conv, dense, dropout, strided_conv};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// A network, and the seed of its numbers.
#[derive(Clone, Debug)]
pub struct Case {
    /// Shape of the input.
    pub input: Shape,
    /// The layers: a valid network.
    pub layers: Vec<Layer>,
    /// Seed of keys, weights, images, labels and masks.
    pub seed: u64,
}

/// The numbers of a case: `[element][lane]`, for images, labels and masks of each sample.
#[derive(Clone, Debug)]
pub struct Numbers<T, const N: usize> {
    /// In the order of files.
    pub parameters: Vec<[T; N]>,
    /// Images.
    pub images: Vec<Vec<[T; N]>>,
    /// Labels: each lane sums to 1, or is a probability.
    pub labels: Vec<Vec<[T; N]>>,
    /// Dropout masks, the same for all lanes.
    pub masks: Vec<Vec<T>>,
}

fn layer() -> impl Strategy<Value = Layer> {
    let filters = || prop::sample::select(vec![1, 2, 3, 4, 5, 8, 10, 16, 17]);
    prop_oneof![
        3 => (filters(), 1..=5_usize).prop_map(|(filters, kernel)| conv(filters, kernel)),
        2 => (filters(), 1..=5_usize, 2..=3_usize).prop_map(|(f, kernel, stride)| strided_conv(f, kernel, stride)),
        3 => (1..=3_usize).prop_map(avg_pool),
        3 => prop::sample::select(vec![1, 2, 4, 10, 16, 17, 33]).prop_map(dense),
        2 => Just(Layer::Sigmoid),
        2 => Just(Layer::Tanh),
        1 => Just(Layer::Relu),
        2 => prop::sample::select(vec![0.0, 0.25, 0.5]).prop_map(dropout),
    ]
}

/// The layers of `wishes` that fit behind each other, within a size that keeps a test quick.
#[must_use]
pub fn fitting(input: Shape, wishes: &[Layer], largest: usize) -> Vec<Layer> {
    let mut layers = Vec::new();
    for wish in wishes {
        let is_dropout = |layer: Option<&Layer>| matches!(layer, Some(Layer::Dropout { .. }));
        let has_weights = |layer: &Layer| matches!(layer, Layer::Conv2d { .. } | Layer::Dense { .. });
        if is_dropout(layers.last()) && !has_weights(wish) {
            continue;
        }
        if is_dropout(Some(wish)) && !layers.iter().any(has_weights) {
            continue;
        }
        layers.push(*wish);
        // A dropout layer needs a layer behind it: what matters is whether that one would fit.
        let mut tried = layers.clone();
        if is_dropout(Some(wish)) {
            tried.push(dense(1));
        }
        let fits = Network::try_new(input, &tried)
            .is_ok_and(|n| n.parameters() <= largest && n.multiply_accumulates() <= 4 * largest);
        if !fits {
            layers.pop();
        }
    }
    while matches!(layers.last(), Some(Layer::Dropout { .. })) {
        layers.pop();
    }
    if layers.is_empty() {
        layers.push(Layer::Sigmoid);
    }
    layers
}

/// Networks of up to seven layers with about `largest` parameters at most.
pub fn case(largest: usize) -> impl Strategy<Value = Case> {
    let shape = (1..=5_usize, 1..=11_usize, 1..=11_usize).prop_map(|(c, h, w)| Shape::new(c, h, w));
    (shape, prop::collection::vec(layer(), 1..=7), any::<u64>()).prop_map(move |(input, wishes, seed)| Case {
        input,
        layers: fitting(input, &wishes, largest),
        seed,
    })
}

/// A generator of numbers.
#[derive(Debug)]
pub struct Draw(ChaCha20Rng);

impl Draw {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// Uniform in `[low, high)`, rounded to `T`.
    pub fn uniform<T: Real>(&mut self, low: f64, high: f64) -> T {
        T::from_f64(low + (high - low) * <f64 as Real>::uniform(self.0.next_u64()))
    }

    /// Below `n`.
    pub fn index(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }
}

impl Case {
    /// The network.
    ///
    /// # Panics
    ///
    /// If the case was made by hand and is no network.
    #[must_use]
    pub fn network(&self) -> Network<'_> {
        Network::try_new(self.input, &self.layers).expect("a network")
    }

    /// Numbers for `samples` samples: images in `[-1, 1]`, weights such that outputs keep that size.
    #[must_use]
    pub fn numbers<T: Real, const N: usize>(&self, samples: usize) -> Numbers<T, N> {
        let network = self.network();
        let mut draw = Draw::new(self.seed);
        let mut parameters = vec![[T::ZERO; N]; network.parameters()];
        for group in network.parameter_groups() {
            let bound = (3.0 / group.fan_in as f64).sqrt();
            for lanes in &mut parameters[group.first..group.first + group.len()] {
                *lanes = std::array::from_fn(|_| draw.uniform(-bound, bound));
            }
        }
        let mut vectors = |len: usize, low: f64, high: f64| -> Vec<Vec<[T; N]>> {
            (0..samples)
                .map(|_| (0..len).map(|_| std::array::from_fn(|_| draw.uniform(low, high))).collect())
                .collect()
        };
        let images = vectors(network.input().len(), -1.0, 1.0);
        let mut labels = vectors(network.outputs(), 0.0, 1.0);
        if network.head() == nn_core::Head::Softmax {
            // Every second sample has a hard label, the others a distribution.
            for (sample, labels) in labels.iter_mut().enumerate() {
                for lane in 0..N {
                    let total: f64 = labels.iter().map(|y| T::to_f64(y[lane])).sum();
                    let class = draw.index(labels.len());
                    for (k, y) in labels.iter_mut().enumerate() {
                        let hard = if k == class { 1.0 } else { 0.0 };
                        let soft = if total > 0.0 { T::to_f64(y[lane]) / total } else { hard };
                        y[lane] = T::from_f64(if sample % 2 == 0 { hard } else { soft });
                    }
                }
            }
        }
        let masks = (0..samples)
            .map(|_| {
                let mut masks = Vec::with_capacity(network.dropout_masks());
                for (rate, count) in network.dropout_rates() {
                    let rate = f64::from(rate);
                    masks.extend((0..count).map(|_| {
                        let dropped = draw.uniform::<f64>(0.0, 1.0) < rate;
                        T::from_f64(if dropped { 0.0 } else { 1.0 / (1.0 - rate) })
                    }));
                }
                masks
            })
            .collect();
        Numbers { parameters, images, labels, masks }
    }
}
