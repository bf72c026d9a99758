//! Inference and a step of training of each stage of the paper's networks, and of the networks, by kind of element, with
//! the best instruction set of this machine. Throughput counts samples.
//!
//! `cargo bench -p nn-core --features simd -- mnist/forward`

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use more_core::{Arithmetic, Ciphertext, Spectrum};
use nn_core::element::Pack;
use nn_core::simd::{InstructionSet, Isa, Job, PackReal};
use nn_core::{
    ANGIOGRAPHY, Alone, Element, Gradient, Layer, Learn, MNIST, Network, Sample, Shape, Weigh, avg_pool,
    conv, dense, infer, train_with,
};

use Layer::{Sigmoid, Tanh};

/// The stages of both networks, each on the shape it works on there.
const STAGES: [(&str, Network<'static>); 11] = [
    ("mnist/1x28-conv8", Network::new(Shape::new(1, 28, 28), &[conv(8, 3), Sigmoid, avg_pool(2)])),
    ("mnist/8x13-conv16", Network::new(Shape::new(8, 13, 13), &[conv(16, 3), Sigmoid, avg_pool(2)])),
    ("mnist/400-dense100", Network::new(Shape::new(16, 5, 5), &[dense(100), Sigmoid])),
    ("mnist/100-dense10", Network::new(Shape::new(100, 1, 1), &[dense(10)])),
    ("mnist/whole", MNIST),
    ("angiography/1x256-conv4", Network::new(Shape::new(1, 256, 256), &[conv(4, 3), Sigmoid, avg_pool(2)])),
    ("angiography/4x127-conv8", Network::new(Shape::new(4, 127, 127), &[conv(8, 3), Tanh, avg_pool(2)])),
    ("angiography/8x62-conv16", Network::new(Shape::new(8, 62, 62), &[conv(16, 3), Tanh, avg_pool(2)])),
    ("angiography/16x30-conv32", Network::new(Shape::new(16, 30, 30), &[conv(32, 3), Tanh, avg_pool(2)])),
    ("angiography/6272-dense64", Network::new(Shape::new(32, 14, 14), &[dense(64), Tanh])),
    ("angiography/whole", ANGIOGRAPHY),
];

/// A value in `[-1, 1]` that neither repeats soon nor is subnormal.
fn number(i: usize) -> f32 {
    ((i * 7919 + 13) % 2003) as f32 / 1001.0 - 1.0
}

struct Bench<'a> {
    criterion: &'a mut Criterion,
    name: &'a str,
    network: &'a Network<'a>,
}

impl Bench<'_> {
    fn forward<E, W>(
        &mut self,
        context: E::Context,
        kind: &str,
        weight: impl Fn(usize) -> W,
        x: impl Fn(usize) -> E,
    ) where
        E: Weigh<W>,
        W: Copy + Sync,
    {
        let network = self.network;
        let parameters: Vec<W> = (0..network.parameters()).map(weight).collect();
        let image: Vec<E> = (0..network.input().len()).map(x).collect();
        let mut scratch = vec![E::zero(context); network.scratch()];
        let mut output = vec![E::zero(context); network.outputs()];
        let mut group = self.criterion.benchmark_group(format!("{}/forward", self.name));
        group.throughput(Throughput::Elements(E::SAMPLES as u64));
        group.bench_function(BenchmarkId::from_parameter(kind), |bencher| {
            bencher.iter(|| {
                let image = black_box(&image);
                infer(context, network, &parameters, image, &mut scratch, &mut output).expect("lengths fit");
                black_box(&mut output);
            });
        });
    }

    fn train<E, W>(
        &mut self,
        context: E::Context,
        kind: &str,
        weight: impl Fn(usize) -> W,
        x: impl Fn(usize) -> E,
    ) where
        E: Learn<W>,
        W: Element<Context = ()>,
    {
        let network = self.network;
        let one = <E::Number as Arithmetic>::splat(context, more_core::Real::ONE);
        let parameters: Vec<W> = (0..network.parameters()).map(weight).collect();
        let input: Vec<E> = (0..network.input().len()).map(x).collect();
        let labels = vec![E::zero(context); network.outputs()];
        let masks = vec![one; network.dropout_masks()];
        let sample = Sample { input: &input, labels: &labels, masks: &masks, weight: one };
        let mut workspace = vec![E::zero(context); network.workspace()];
        let mut gradient = vec![W::zero(()); network.parameters()];
        let mut group = self.criterion.benchmark_group(format!("{}/train", self.name));
        group.throughput(Throughput::Elements(E::SAMPLES as u64));
        group.bench_function(BenchmarkId::from_parameter(kind), |bencher| {
            bencher.iter(|| {
                let sample = black_box(&sample);
                let gradient = Gradient::Write(&mut gradient[..]);
                let loss = train_with(Alone, context, network, &parameters, sample, &mut workspace, gradient);
                black_box(loss.expect("lengths fit"));
            });
        });
    }
}

/// A commuting family of matrices, `a I + b J`: what ciphertexts under one key are.
fn matrix<R: Arithmetic>(a: R, b: R) -> Ciphertext<R, 2> {
    Ciphertext::from_columns([[a + b, b.scale(more_core::Real::HALF)], [b, a - b]])
}

impl Job<f32> for Bench<'_> {
    type Output = ();

    fn run<I: Isa<Real = f32>>(mut self, isa: I) {
        let fan_in = self.network.parameter_groups().map(|group| group.fan_in).max().unwrap_or(1);
        let size = libm::sqrtf(1.0 / fan_in as f32);
        let weight = |i: usize| size * number(i);
        let x = |i: usize| {
            let mut pack = Element::zero(isa);
            for (s, sample) in Pack::<I>::samples_mut(&mut pack).iter_mut().enumerate() {
                *sample = number(i * 31 + s);
            }
            pack
        };
        let spectrum = |i: usize| Spectrum::<_, 2>::from_lanes([x(i), x(i + 1)]);
        let ciphertext = |i: usize| matrix(x(i), x(i + 1));
        self.forward::<Pack<I>, f32>(isa, "plain", weight, x);
        self.forward::<Spectrum<Pack<I>, 2>, f32>(isa, "spectral", weight, spectrum);
        self.forward::<Ciphertext<Pack<I>, 2>, f32>(isa, "matrix", weight, ciphertext);
        self.train::<Pack<I>, f32>(isa, "plain", weight, x);
        let weights = |i: usize| Spectrum::from_lanes([weight(i), weight(i + 1)]);
        self.train::<Spectrum<Pack<I>, 2>, Spectrum<f32, 2>>(isa, "spectral", weights, spectrum);
        let weights = |i: usize| matrix(weight(i), weight(i + 1));
        self.train::<Ciphertext<Pack<I>, 2>, Ciphertext<f32, 2>>(isa, "matrix", weights, ciphertext);
    }
}

fn kernels(criterion: &mut Criterion) {
    for (name, network) in &STAGES {
        f32::dispatch(InstructionSet::best(), Bench { criterion, name, network });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = kernels
}
criterion_main!(benches);
