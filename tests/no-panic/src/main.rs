//! A proof at link time: the panic handler calls a symbol that does not exist, so this links only if the optimiser
//! has removed every panic from every public operation of `more-core`, that is, has shown that none can be reached,
//! whatever the operands. It is a proof for the target, compiler and optimisation level it is built with.
//!
//! ```sh
//! cargo build --release --target thumbv7em-none-eabihf
//! ```
//!
//! With the feature `canary` the only operation is one that panics, and the link must fail. To find a panic that made it
//! fail:
//!
//! ```sh
//! cargo rustc --release --target thumbv7em-none-eabihf --features diagnose -- --emit asm -C symbol-mangling-version=v0
//! ```
//!
//! and look in the assembly in `target/thumbv7em-none-eabihf/release/deps` for calls to `core::panicking`.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use more_core::Real;
use more_core::rand_core::{TryCryptoRng, TryRng};
use more_operations::{Configuration, Inputs, Outcome, Visitor, for_each_configuration, visit_all};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    #[cfg(not(feature = "diagnose"))]
    {
        unsafe extern "C" {
            fn a_public_operation_can_panic() -> !;
        }
        // SAFETY: never run, as this does not link.
        unsafe { a_public_operation_can_panic() }
    }
    #[cfg(feature = "diagnose")]
    loop {
        black_box(());
    }
}

/// A source of which the optimiser knows nothing: it may fail and may give any bits.
struct Source;

#[derive(Debug)]
struct Failed;

impl core::fmt::Display for Failed {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}

impl core::error::Error for Failed {}

impl TryRng for Source {
    type Error = Failed;

    #[inline(never)]
    fn try_next_u32(&mut self) -> Result<u32, Failed> {
        black_box(Ok(0))
    }

    #[inline(never)]
    fn try_next_u64(&mut self) -> Result<u64, Failed> {
        black_box(Ok(0))
    }

    #[inline(never)]
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Failed> {
        black_box(out);
        black_box(Ok(()))
    }
}

impl TryCryptoRng for Source {}

struct Proof<T: Real, const N: usize> {
    inputs: Inputs<T, N, Source>,
}

impl<T: Real, const N: usize> Visitor<T, N, Source> for Proof<T, N> {
    fn visit<R: Outcome>(
        &mut self,
        _group: &'static str,
        _name: &'static str,
        operation: impl Fn(&mut Inputs<T, N, Source>) -> R,
    ) {
        isolated(&mut self.inputs, operation);
    }
}

/// A function of its own for each operation. The inputs come back from `black_box` with unknown content.
#[inline(never)]
fn isolated<T: Real, const N: usize, R>(
    inputs: &mut Inputs<T, N, Source>,
    operation: impl Fn(&mut Inputs<T, N, Source>) -> R,
) {
    black_box(operation(black_box(inputs)));
}

struct Both;

impl Configuration for Both {
    fn run<T: Real, const N: usize>(&mut self) {
        if let Ok(inputs) = Inputs::<T, N, _>::new(Source) {
            let mut proof = Proof { inputs };
            if cfg!(feature = "canary") {
                proof.visit("canary", "index", |_| [1_usize, 2, 3][black_box(3)]);
            } else {
                visit_all(&mut proof);
            }
        }
    }
}

/// Where the linker starts.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    for_each_configuration(&mut Both);
    loop {
        black_box(());
    }
}
