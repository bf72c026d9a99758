//! Instructions of the activations of `f32`: through `libm`, and by the approximations of the feature `micromath`.
//!
//! Prints a line `name,libm,micromath` for each: the mean over 64 arguments in `[-6, 6]`.

#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use cortex_m_semihosting::hprintln;
use more_core::{Real, approximate};
use more_firmware::clock::Clock;
use more_firmware::{fail, succeed};

const ARGUMENTS: u32 = 64;

/// Instructions of one call, with those of a call of the identity taken off.
fn mean(clock: &Clock, f: fn(f32) -> f32) -> u32 {
    let total = |f: fn(f32) -> f32| {
        let before = clock.now();
        for i in 0..ARGUMENTS {
            let x = 12.0 * (i as f32 + 0.5) / ARGUMENTS as f32 - 6.0;
            black_box(black_box(f)(black_box(x)));
        }
        clock.instructions_since(before)
    };
    total(f).saturating_sub(total(|x| x)) / ARGUMENTS
}

#[entry]
fn main() -> ! {
    let clock = Clock::start();
    // As `Arithmetic` has it for numbers without the approximations.
    let sigmoid = |x: f32| {
        let decay = Real::exp(-Real::abs(x));
        if x < 0.0 { decay / (1.0 + decay) } else { 1.0 / (1.0 + decay) }
    };
    let rows: [(&str, fn(f32) -> f32, fn(f32) -> f32); 3] = [
        ("exponential", Real::exp, approximate::exponential),
        ("sigmoid", sigmoid, approximate::sigmoid),
        ("hyperbolic tangent", Real::tanh, approximate::hyperbolic_tangent),
    ];
    for (name, exact, approximation) in rows {
        if !(exact(1.0) - approximation(1.0)).abs().lt(&0.01) {
            fail(&format_args!("{name}: {} and {}", exact(1.0), approximation(1.0)));
        }
        hprintln!("{name},{},{}", mean(&clock, exact), mean(&clock, approximation));
    }
    succeed()
}
