//! Gradients against finite differences of the loss, lane by lane.
//!
//! `f'(x) = (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h + h^4 f'''''/30`. With `h = 2^-10` the last term is
//! below 1e-10 for derivatives up to 3000, which networks of a few weights of size 1 do not reach. What the losses are off
//! by, which the oracle bounds, is multiplied by at most `(8 + 8 + 1 + 1) / 12h`.

use more_core::{Ciphertext, EvaluationKey, Spectrum};
use more_tests::generators;
use more_tests::network::case::Case;
use more_tests::network::check::{encrypted, lane_wise, run_train};
use more_tests::network::lanes::{Key, Lanes, Samples};
use more_tests::network::oracle::Oracle;
use more_tests::tolerance::network::Rounding;
use nn_core::element::Pack;
use nn_core::simd::{InstructionSet, Isa, Job, PackReal};
use nn_core::{Element, Layer, Learn, Sample, Shape, avg_pool, conv, dense, dropout, strided_conv};

const H: f64 = 1.0 / 1024.0;
const TRUNCATION: f64 = 1e-10;

/// Small networks that together hold every layer; the first stage's gradient passes all that is behind it.
fn networks() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |shape, layers: Vec<Layer>| {
        cases.push(Case { input: shape, layers, seed: 40 + cases.len() as u64 });
    };
    for kernel in [1, 2, 3, 5] {
        let after = vec![conv(2, 1), Layer::Tanh, conv(2, kernel), Layer::Sigmoid, dense(3)];
        add(Shape::new(1, kernel + 1, kernel + 2), after);
        let strided = vec![conv(2, 2), Layer::Sigmoid, strided_conv(2, kernel, 2), Layer::Tanh, dense(2)];
        add(Shape::new(1, kernel + 3, kernel + 3), strided);
    }
    for pool in [2, 3] {
        let size = 2 * pool;
        // A row and a column more than the pool takes.
        let layers = vec![conv(2, 2), Layer::Tanh, avg_pool(pool), conv(2, 2), Layer::Sigmoid, dense(2)];
        add(Shape::new(1, size + 1 + (pool - 1), size + 2), layers);
        add(Shape::new(1, size + 2, size + 1), vec![conv(1, 2), Layer::Sigmoid, Layer::Tanh, avg_pool(pool)]);
    }
    add(Shape::new(1, 2, 2), vec![dense(3), Layer::Sigmoid, dense(2)]);
    add(Shape::new(1, 2, 2), vec![dense(3), Layer::Tanh, dense(2), Layer::Tanh]);
    add(Shape::new(1, 2, 2), vec![dense(5), Layer::Relu, dense(2)]);
    add(Shape::new(1, 2, 2), vec![dense(8), Layer::Tanh, dropout(0.5), dense(6), dropout(0.25), dense(2)]);
    add(
        Shape::new(1, 4, 4),
        vec![conv(2, 2), Layer::Tanh, dropout(0.5), conv(1, 2), Layer::Sigmoid, dense(2)],
    );
    add(Shape::new(1, 5, 5), vec![conv(3, 2), Layer::Tanh, avg_pool(2), dropout(0.5), dense(2)]);
    add(Shape::new(1, 2, 2), vec![dense(3), Layer::Tanh, dense(1), Layer::Sigmoid]);
    add(Shape::new(1, 2, 2), vec![dense(3), Layer::Sigmoid]);
    cases
}

fn differences<E, W, const N: usize>(
    context: E::Context,
    case: &Case,
    key: Key<'_, f64, N>,
    rounding: Rounding,
) where
    E: Learn<W> + Lanes<N, Real = f64>,
    E::Number: Samples,
    W: Element<Context = (), Real = f64> + Lanes<N>,
{
    let network = case.network();
    let numbers = case.numbers::<f64, N>(E::SAMPLES);
    let gather = |samples: &[Vec<[f64; N]>]| -> Vec<E> {
        (0..samples[0].len())
            .map(|i| E::from_lanes(context, key, &samples.iter().map(|sample| sample[i]).collect::<Vec<_>>()))
            .collect()
    };
    let masks: Vec<E::Number> = (0..network.dropout_masks())
        .map(|i| {
            let samples: Vec<f64> = numbers.masks.iter().map(|masks| masks[i]).collect();
            E::Number::from_samples(context, &samples)
        })
        .collect();
    let (input, labels) = (gather(&numbers.images), gather(&numbers.labels));
    let weight = E::Number::from_samples(context, &vec![1.0; E::SAMPLES]);
    let sample = Sample { input: &input, labels: &labels, masks: &masks, weight };
    let weight = |lanes: [f64; N]| W::from_lanes((), key, &[lanes]);
    let mut weights: Vec<W> = numbers.parameters.iter().map(|lanes| weight(*lanes)).collect();
    let (_, gradient) = run_train(context, &network, &weights, &sample);

    let oracle = Oracle { rounding, input: case.input, layers: &case.layers };
    let bound: f64 = (0..E::SAMPLES)
        .map(|s| {
            let encrypted = |lanes: &[[f64; N]]| encrypted(&rounding, lanes);
            let (image, labels) = (encrypted(&numbers.images[s]), encrypted(&numbers.labels[s]));
            let loss = oracle.train(&encrypted(&numbers.parameters), &image, &labels, &numbers.masks[s]).loss;
            let loss_error = loss.error + rounding.linear * loss.largest();
            TRUNCATION + 18.0 / (12.0 * H) * loss_error
        })
        .sum();
    assert!(bound < 1e-5 * E::SAMPLES as f64, "a bound of {bound:e} would show nothing");

    for (i, lanes) in numbers.parameters.iter().enumerate() {
        let gradient = gradient[i].to_lanes(key)[0];
        for lane in 0..N {
            let mut loss = |by: f64| {
                let mut moved = *lanes;
                moved[lane] += by;
                weights[i] = weight(moved);
                let (loss, _) = run_train(context, &network, &weights, &sample);
                loss.to_lanes(key).iter().map(|lanes| lanes[lane]).sum::<f64>()
            };
            let near = loss(H) - loss(-H);
            let far = loss(2.0 * H) - loss(-2.0 * H);
            let expected = (8.0 * near - far) / (12.0 * H);
            let error = (gradient[lane] - expected).abs();
            assert!(
                error <= bound,
                "{case:?}, parameter {i}, lane {lane}: {} for {expected}, bound {bound:e}",
                gradient[lane]
            );
        }
        weights[i] = weight(*lanes);
    }
}

fn key<const N: usize>(seed: u64) -> (EvaluationKey<f64, N>, Rounding) {
    let case = generators::Case {
        seed,
        condition: 3.0,
        scale: 1.0,
        spread: generators::Spread::Independent,
        first: [0.0; 8],
        second: [0.0; 8],
    };
    let (_, key, setting) = case.keys::<f64, N>();
    (key, Rounding::matrix(&setting, f64::MIN_POSITIVE))
}

#[test]
fn numbers() {
    for case in networks() {
        differences::<f64, f64, 1>((), &case, None, lane_wise::<f64>());
    }
}

#[test]
fn spectrum() {
    for case in networks() {
        differences::<Spectrum<f64, 2>, Spectrum<f64, 2>, 2>((), &case, None, lane_wise::<f64>());
    }
}

#[test]
fn ciphertext_2() {
    for case in networks() {
        let (key, rounding) = key(case.seed);
        differences::<Ciphertext<f64, 2>, Ciphertext<f64, 2>, 2>((), &case, Some(&key), rounding);
    }
}

#[test]
fn ciphertext_3() {
    for case in networks() {
        let (key, rounding) = key(case.seed);
        differences::<Ciphertext<f64, 3>, Ciphertext<f64, 3>, 3>((), &case, Some(&key), rounding);
    }
}

struct Packs<'a>(&'a Case);

impl Job<f64> for Packs<'_> {
    type Output = ();

    fn run<I: Isa<Real = f64>>(self, isa: I) {
        differences::<Pack<I>, f64, 1>(isa, self.0, None, lane_wise::<f64>());
    }
}

#[test]
fn packs() {
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        for case in networks() {
            f64::dispatch(set, Packs(&case));
        }
    }
}
