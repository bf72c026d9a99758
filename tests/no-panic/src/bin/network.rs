//! The same proof for `nn-core`: inference on plain numbers, spectra and ciphertexts, with plain and encrypted weights, on whole
//! images and row by row, and a step of training. It links for other targets as well, with software floats on a Cortex-M0 and a
//! RISC-V: an image that uses no more of the crates than a network.
//!
//! ```sh
//! cargo build --release --bin network --target thumbv6m-none-eabi
//! ```
//!
//! Features as in `main.rs`.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use more_core::{Ciphertext, Spectrum};
use nn_core::{ANGIOGRAPHY, Learn, MNIST, Network, RowStream, Sample, Weigh, infer, train};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    #[cfg(not(feature = "diagnose"))]
    {
        unsafe extern "C" {
            fn a_network_can_panic() -> !;
        }
        // SAFETY: never run, as this does not link.
        unsafe { a_network_can_panic() }
    }
    #[cfg(feature = "diagnose")]
    loop {
        black_box(());
    }
}

/// Slices of which the optimiser knows nothing, not even the length.
fn unknown<T>() -> &'static mut [T] {
    black_box(&mut [])
}

/// Whole images, and rows.
#[inline(never)]
fn inference<E: Weigh<W, Context = ()>, W: Copy + Sync + 'static>(network: &Network<'static>) {
    let weights: &[W] = unknown();
    black_box(infer((), network, weights, unknown::<E>(), unknown(), unknown()).is_ok());
    if let Ok(mut stream) = RowStream::new((), network, weights, unknown::<E>()) {
        // What it holds is its own: nothing outside can change it.
        black_box(stream.push_row(unknown()).is_ok());
        black_box(stream.push_row(unknown()).is_ok());
        black_box(stream.output().is_ok());
    }
}

#[inline(never)]
fn training<E: Learn<E, Context = ()>>(network: &Network<'static>, weight: E::Number) {
    let sample = Sample { input: unknown::<E>(), labels: unknown(), masks: unknown(), weight };
    black_box(train((), network, &*unknown::<E>(), &sample, unknown(), unknown()).is_ok());
}

type Two = Spectrum<f32, 2>;

/// Where the linker starts.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    if cfg!(feature = "canary") {
        black_box([1_usize, 2, 3][black_box(3)]);
    }
    for network in [&MNIST, &ANGIOGRAPHY] {
        inference::<f32, f32>(network);
        inference::<Two, f32>(network);
        inference::<Two, Two>(network);
        inference::<Ciphertext<f32, 2>, f32>(network);
        training::<Two>(network, black_box(1.0));
    }
    loop {
        black_box(());
    }
}
