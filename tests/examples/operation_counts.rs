//! Runs every public operation of `more-core`, and the same on plain numbers, once each, for
//! `tests/scripts/instruction_counts.py`, which counts instructions under callgrind. Prints a line for each, in the order
//! of the calls of [`counted`]: `scalar,lanes,group,operation,plain counterpart`.

use std::hint::black_box;

use more_core::Real;
use more_operations::{
    Configuration, Inputs, Outcome, Source, Visitor, for_each_configuration, plain_name, source, visit_all,
    visit_plain,
};

struct Count<T: Real, const N: usize> {
    inputs: Inputs<T, N, Source>,
}

impl<T: Real, const N: usize> Visitor<T, N, Source> for Count<T, N> {
    fn visit<R: Outcome>(
        &mut self,
        group: &'static str,
        name: &'static str,
        operation: impl Fn(&mut Inputs<T, N, Source>) -> R,
    ) {
        self.inputs.reset(source());
        let result = counted(&mut self.inputs, &operation);
        finished();
        black_box(result);
        println!("{},{N},{group},{name},{}", T::SCALAR, plain_name(name));
    }
}

/// A function of its own for each operation: what callgrind counts.
#[inline(never)]
fn counted<T: Real, const N: usize, R>(
    inputs: &mut Inputs<T, N, Source>,
    operation: &impl Fn(&mut Inputs<T, N, Source>) -> R,
) -> R {
    operation(black_box(inputs))
}

/// Ends what is counted.
#[inline(never)]
fn finished() {
    black_box(());
}

struct Each;

impl Configuration for Each {
    fn run<T: Real, const N: usize>(&mut self) {
        let inputs = Inputs::<T, N, _>::new(source()).expect("a seeded generator");
        let mut count = Count { inputs };
        // What a call costs without an operation.
        count.visit("plain", "nothing", |_| ());
        visit_plain(&mut count);
        visit_all(&mut count);
    }
}

fn main() {
    for_each_configuration(&mut Each);
    Each.run::<f32, 4>();
    Each.run::<f64, 4>();
}
