//! Every instruction set of this machine against exact references.

mod arithmetic;
mod functions;
mod reference;

use super::{InstructionSet, Isa, Job, PackReal, samples_mut};

/// Runs `job` with every instruction set that this machine has.
fn on_all<T: PackReal, J: Job<T> + Clone>(job: J) {
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        T::dispatch(set, job.clone());
    }
}

/// A vector of the given samples, the last one repeated.
fn vector<I: Isa>(isa: I, values: &[I::Real]) -> I::Vector {
    let mut out = isa.splat(values[values.len() - 1]);
    samples_mut::<I>(&mut out)[..values.len()].copy_from_slice(values);
    out
}

/// Without this the tests of an AArch64 machine would be those of the portable path alone.
#[cfg(target_arch = "aarch64")]
#[test]
fn aarch64_has_neon() {
    assert_eq!(InstructionSet::best(), InstructionSet::Neon);
}
