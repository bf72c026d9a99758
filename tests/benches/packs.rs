//! Ciphertexts of packs beside packs of plain numbers, with the best instruction set of this machine: n = 2, a slice that
//! the first cache holds. Throughput counts samples.
//!
//! ```sh
//! cargo bench -p more-tests --bench packs
//! python3 tests/scripts/benchmark_ratios.py target/criterion --group packs
//! ```

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use more_core::{Arithmetic, Ciphertext, Real, Spectrum};
use nn_core::element::Pack;
use nn_core::simd::{InstructionSet, Isa, Job, PackReal};
use nn_core::{Context, Element, Learn, Weigh};

/// Elements of a slice: of two lanes of `f32`, 16 samples each, 4 KiB.
const LENGTH: usize = 32;
/// Sums at once: the units for multiply-add are busy only if as many do not wait for each other.
const SUMS: usize = 8;

/// A value in `[-1, 1]` that neither repeats soon nor is subnormal.
fn number(i: usize) -> f64 {
    ((i * 7919 + 13) % 2003) as f64 / 1001.0 - 1.0
}

/// A commuting family of matrices, `a I + b J`: what ciphertexts under one key are.
fn matrix<R: Arithmetic>(a: R, b: R) -> Ciphertext<R, 2> {
    Ciphertext::from_columns([[a + b, b.scale(Real::HALF)], [b, a - b]])
}

struct Bench<'a>(&'a mut Criterion);

impl Bench<'_> {
    /// `L` is what weights that are trained along are made of.
    fn measure<T: PackReal, E, L: Copy>(&mut self, context: E::Context, kind: &str, x: impl Fn(usize) -> E)
    where
        E: Element<Real = T> + Learn<L> + Weigh<T>,
    {
        let a: Vec<E> = (0..LENGTH).map(&x).collect();
        let b: Vec<E> = (0..LENGTH).map(|i| x(i + LENGTH)).collect();
        let weights: Vec<T> = (0..LENGTH).map(|i| T::from_f64(number(i))).collect();
        let mut out = a.clone();
        let scalar = T::SCALAR;
        let mut case = |operation: &str, f: &mut dyn FnMut()| {
            let mut group = self.0.benchmark_group(format!("packs/{scalar}/{operation}"));
            group.throughput(Throughput::Elements((LENGTH * E::SAMPLES) as u64));
            group.bench_function(BenchmarkId::from_parameter(kind), |bencher| bencher.iter(&mut *f));
        };
        case("multiply-add", &mut || {
            let (a, b) = (black_box(&a), black_box(&b));
            let sums = context.enter(
                #[inline(always)]
                || {
                    let mut sums = [E::zero(context); SUMS];
                    for (a, b) in a.as_chunks::<SUMS>().0.iter().zip(b.as_chunks::<SUMS>().0) {
                        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                            *sum = sum.dot_acc(*a, *b);
                        }
                    }
                    sums
                },
            );
            black_box(&sums);
        });
        case("multiply-add, plain weights", &mut || {
            let (a, weights) = (black_box(&a), black_box(&weights));
            let sums = context.enter(
                #[inline(always)]
                || {
                    let mut sums = [E::zero(context); SUMS];
                    for (a, w) in a.as_chunks::<SUMS>().0.iter().zip(weights.as_chunks::<SUMS>().0) {
                        for ((sum, a), w) in sums.iter_mut().zip(a).zip(w) {
                            *sum = sum.weigh_acc(*w, *a);
                        }
                    }
                    sums
                },
            );
            black_box(&sums);
        });
        case("sigmoid", &mut || {
            let (a, out) = (black_box(&a), black_box(&mut out));
            context.enter(
                #[inline(always)]
                || {
                    for (out, a) in out.iter_mut().zip(a) {
                        *out = a.sigmoid();
                    }
                },
            );
        });
    }
}

macro_rules! jobs {
    ($($real:ty),*) => {$(
        impl Job<$real> for Bench<'_> {
            type Output = ();

            fn run<I: Isa<Real = $real>>(mut self, isa: I) {
                let x = |i: usize| {
                    let mut pack = <Pack<I> as Arithmetic>::splat(isa, 0.0);
                    for (s, sample) in pack.samples_mut().iter_mut().enumerate() {
                        *sample = <$real>::from_f64(number(i * 31 + s));
                    }
                    pack
                };
                let spectrum = |i: usize| Spectrum::from_lanes([x(i), x(i + 1)]);
                let ciphertext = |i: usize| matrix(x(i), x(i + 1));
                self.measure::<$real, Pack<I>, $real>(isa, "plain", x);
                self.measure::<_, Spectrum<Pack<I>, 2>, Spectrum<$real, 2>>(isa, "spectral, n = 2", spectrum);
                self.measure::<_, Ciphertext<Pack<I>, 2>, Ciphertext<$real, 2>>(isa, "matrix, n = 2", ciphertext);
            }
        }
    )*};
}

jobs!(f32, f64);

fn packs(criterion: &mut Criterion) {
    f32::dispatch(InstructionSet::best(), Bench(criterion));
    f64::dispatch(InstructionSet::best(), Bench(criterion));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .without_plots();
    targets = packs
}
criterion_main!(benches);
