//! Measures every public operation of `more-core`: stack, instructions, and a digest of the result's bits. One line
//! each, as comma-separated values:
//!
//! `group,operation,scalar,lanes,stack bytes,instructions,succeeded,digest`

#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use cortex_m_semihosting::hprintln;
use more_core::Real;
use more_firmware::clock::Clock;
use more_firmware::{fail, stack, succeed};
use more_operations::{
    Configuration, Inputs, Outcome, Source, Visitor, for_each_configuration, source, visit_all,
};

struct Measurement<T: Real, const N: usize> {
    clock: Clock,
    inputs: Inputs<T, N, Source>,
}

impl<T: Real, const N: usize> Visitor<T, N, Source> for Measurement<T, N> {
    #[inline(never)]
    fn visit<R: Outcome>(
        &mut self,
        group: &'static str,
        name: &'static str,
        operation: impl Fn(&mut Inputs<T, N, Source>) -> R,
    ) {
        self.inputs.reset(source());
        let (_, stack) = stack::depth_of(|| called(&mut self.inputs, &operation));
        self.inputs.reset(source());
        let before = self.clock.now();
        let result = called(&mut self.inputs, &operation);
        let instructions = self.clock.instructions_since(before);
        let digest = self.inputs.digest(&result);
        let succeeded = result.succeeded();
        hprintln!("{group},{name},{},{N},{stack},{instructions},{succeeded},{digest:016x}", T::SCALAR);
    }
}

/// A function of its own for each operation, so that its frame lies below the caller's.
#[inline(never)]
fn called<T: Real, const N: usize, R>(
    inputs: &mut Inputs<T, N, Source>,
    operation: &impl Fn(&mut Inputs<T, N, Source>) -> R,
) -> R {
    operation(black_box(inputs))
}

struct Each;

impl Configuration for Each {
    fn run<T: Real, const N: usize>(&mut self) {
        match Inputs::<T, N, _>::new(source()) {
            Ok(inputs) => visit_all(&mut Measurement { clock: Clock::start(), inputs }),
            Err(error) => fail(&error),
        }
    }
}

#[entry]
fn main() -> ! {
    for_each_configuration(&mut Each);
    succeed()
}
