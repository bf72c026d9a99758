//! Every public operation of `more-core` and the same on plain numbers: nanoseconds a call. Groups are named by scalar and
//! operation, so that a group holds what is to be compared.
//!
//! ```sh
//! cargo bench -p more-tests --bench operations -- f32/sigmoid
//! python3 tests/scripts/benchmark_ratios.py target/criterion
//! ```
//!
//! The second command prints the table of medians and ratios to the plain operation.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use more_core::Real;
use more_operations::{
    Configuration, Inputs, Outcome, Source, Visitor, for_each_configuration, plain_name, source, visit_all,
    visit_plain,
};

struct Bench<'a, T: Real, const N: usize> {
    criterion: &'a mut Criterion,
    inputs: Inputs<T, N, Source>,
}

impl<T: Real, const N: usize> Visitor<T, N, Source> for Bench<'_, T, N> {
    fn visit<R: Outcome>(
        &mut self,
        group: &'static str,
        name: &'static str,
        operation: impl Fn(&mut Inputs<T, N, Source>) -> R,
    ) {
        self.inputs.reset(source());
        let inputs = &mut self.inputs;
        let form = if group == "plain" { group.into() } else { format!("{group} {name}, n = {N}") };
        self.criterion
            .benchmark_group(format!("{}/{}", T::SCALAR, plain_name(name)))
            .bench_function(form, |bencher| bencher.iter(|| black_box(operation(black_box(inputs)))));
    }
}

struct Each<'a>(&'a mut Criterion);

impl Configuration for Each<'_> {
    fn run<T: Real, const N: usize>(&mut self) {
        let inputs = Inputs::<T, N, _>::new(source()).expect("a seeded generator");
        let mut bench = Bench { criterion: self.0, inputs };
        if N == 2 {
            visit_plain(&mut bench);
        }
        visit_all(&mut bench);
    }
}

fn operations(criterion: &mut Criterion) {
    let mut each = Each(criterion);
    for_each_configuration(&mut each);
    each.run::<f32, 4>();
    each.run::<f64, 4>();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(20))
        .measurement_time(Duration::from_millis(100))
        .without_plots();
    targets = operations
}
criterion_main!(benches);
