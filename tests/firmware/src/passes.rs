//! Measures passes of kernels: stack, instructions with and without activations, and a digest of the result's bits. One line
//! each, as values separated by semicolons:
//!
//! `network;layers;operands;stack bytes;instructions;without activations;digest`

use core::fmt::Display;
use core::hint::black_box;

use cortex_m_semihosting::hprintln;
use more_kernels::{Pass, Run, Visitor};
use nn_core::Error;

use crate::clock::Clock;
use crate::stack;

/// Prints a line for each pass.
pub struct Measurement(Clock);

impl Measurement {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        Self(Clock::start())
    }
}

/// Functions of their own, so that their frames lie below the caller's.
#[inline(never)]
fn full(run: &mut impl Run) -> Result<(), Error> {
    run.full()
}

#[inline(never)]
fn linear(run: &mut impl Run) -> Result<(), Error> {
    run.linear()
}

impl Visitor for Measurement {
    fn visit<D: Display>(&mut self, pass: &Pass<'_, D>, run: &mut impl Run) -> Result<(), Error> {
        let before = self.0.now();
        linear(black_box(run))?;
        let without = self.0.instructions_since(before);
        let before = self.0.now();
        full(black_box(run))?;
        let instructions = self.0.instructions_since(before);
        let (result, stack) = stack::depth_of(|| full(black_box(run)));
        result?;
        let digest = run.digest().value();
        let Pass { network, layers, operands, .. } = pass;
        hprintln!("{network};{layers};{operands};{stack};{instructions};{without};{digest:016x}");
        Ok(())
    }
}
