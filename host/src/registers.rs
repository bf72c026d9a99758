//! Plain loops in the widest registers that this machine has, which a compiler uses only where it is told of them.

/// Runs `work`, a closure that is marked `#[inline(always)]`, where the widest instruction set of this machine is enabled.
#[cfg(feature = "engine")]
pub(crate) fn in_widest_registers(work: impl FnOnce()) {
    use nn_core::simd::{InstructionSet, Isa, Job, PackReal};

    struct Enter<F>(F);

    impl<F: FnOnce()> Job<f32> for Enter<F> {
        type Output = ();

        #[inline(always)]
        fn run<I: Isa<Real = f32>>(self, isa: I) {
            isa.enter(self.0);
        }
    }

    f32::dispatch(InstructionSet::best(), Enter(work));
}

/// Without engines there is no choice of instruction sets.
#[cfg(not(feature = "engine"))]
pub(crate) fn in_widest_registers(work: impl FnOnce()) {
    work();
}
