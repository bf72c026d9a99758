//! What a network takes on a device: memory, flash and instructions, stage by stage.

use std::fmt;

use more_core::Scalar;
use nn_core::profile::StageKernels;
use nn_core::{Layer, Network};
use serde::Serialize;

use crate::architecture::Architecture;

/// Instructions a multiply-accumulate of one lane on a Cortex-M4F, with plain weights; each further lane, with plain weights and with
/// weights of its own; a sigmoid and a hyperbolic tangent of one lane.
///
/// `cargo run --release -p more-tests --example kernel_costs` counts and prints them: whole networks row by row, `f32`, the target's
/// default flags. A test of `more-tests` compares.
const MULTIPLY_ACCUMULATE: f64 = 2.3;
const FURTHER_LANE: f64 = 1.7;
const FURTHER_LANE_OWN_WEIGHTS: f64 = 2.3;
const SIGMOID: f64 = 60.0;
const TANH: f64 = 100.0;

/// What is planned.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The network.
    pub architecture: Architecture,
    /// Lanes of the ciphertexts; 1 for plain images.
    pub lanes: usize,
    /// The numbers' width.
    pub scalar: Scalar,
    /// Whether the weights are encrypted, too.
    pub encrypted_weights: bool,
    /// Whether values are n x n matrices instead of lanes.
    pub matrix: bool,
    /// Whether the image comes row by row.
    pub streamed: bool,
}

/// What a network takes.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The network.
    pub network: &'static str,
    /// Stage by stage.
    pub stages: Vec<StagePlan>,
    /// Bytes of the image, or of a row of it where it comes row by row.
    pub input_bytes: usize,
    /// Bytes of scratch, or of the line buffers and the output.
    pub scratch_bytes: usize,
    /// Bytes of the outputs, where they are not in the scratch.
    pub output_bytes: usize,
    /// Bytes of all of these.
    pub ram_bytes: usize,
    /// Bytes of weights and biases.
    pub flash_bytes: usize,
    /// Multiply-accumulates of one lane.
    pub multiply_accumulates: usize,
    /// Estimated instructions on a Cortex-M4F, where such were counted: lanes of `f32`.
    pub instructions: Option<u64>,
    #[serde(skip)]
    settings: Settings,
}

/// What a stage takes.
#[derive(Clone, Debug, Serialize)]
pub struct StagePlan {
    /// What it computes.
    pub stage: String,
    /// Weights and biases.
    pub parameters: usize,
    /// Their bytes.
    pub flash_bytes: usize,
    /// Bytes that live while it is computed: its input (the network's own apart) and its output; streamed, its line buffer.
    pub ram_bytes: usize,
    /// Multiply-accumulates of one lane.
    pub multiply_accumulates: usize,
    /// Sigmoids and hyperbolic tangents of one lane.
    pub functions: usize,
    /// Estimated instructions.
    pub instructions: Option<u64>,
}

impl Plan {
    /// The plan of a network.
    #[must_use]
    pub fn of(settings: Settings) -> Self {
        let network = settings.architecture.network();
        let (value, weight) = (settings.value_bytes(), settings.weight_bytes());
        let kernels: Vec<StageKernels> = network.stage_kernels().collect();
        let last = kernels.len() - 1;
        let stages: Vec<StagePlan> = kernels
            .iter()
            .enumerate()
            .map(|(index, kernel)| {
                // The network's input and output are the caller's.
                let input = if index == 0 { 0 } else { kernel.input().len() };
                let output = if index == last { 0 } else { kernel.output().len() };
                let elements = if settings.streamed { kernel.line_buffer() } else { input + output };
                StagePlan {
                    stage: kernel.to_string(),
                    parameters: kernel.parameters(),
                    flash_bytes: kernel.parameters() * weight,
                    ram_bytes: elements * value,
                    multiply_accumulates: kernel.multiply_accumulates(),
                    functions: kernel.activations(),
                    instructions: settings.instructions(kernel),
                }
            })
            .collect();
        let (input, scratch, output) = settings.buffers(&network);
        Self {
            network: settings.architecture.name(),
            input_bytes: input * value,
            scratch_bytes: scratch * value,
            output_bytes: output * value,
            ram_bytes: (input + scratch + output) * value,
            flash_bytes: network.parameters() * weight,
            multiply_accumulates: network.multiply_accumulates(),
            instructions: stages.iter().map(|stage| stage.instructions).sum(),
            stages,
            settings,
        }
    }
}

impl Settings {
    /// Numbers of a value.
    fn components(&self) -> usize {
        if self.matrix { self.lanes * self.lanes } else { self.lanes }
    }

    fn scalar_bytes(&self) -> usize {
        match self.scalar {
            Scalar::F32 => 4,
            Scalar::F64 => 8,
        }
    }

    fn value_bytes(&self) -> usize {
        self.components() * self.scalar_bytes()
    }

    fn weight_bytes(&self) -> usize {
        if self.encrypted_weights { self.value_bytes() } else { self.scalar_bytes() }
    }

    /// Elements of the input, of the scratch and of the output.
    fn buffers(&self, network: &Network<'_>) -> (usize, usize, usize) {
        let input = network.input();
        if self.streamed {
            (input.channels * input.width, network.stream_memory(), 0)
        } else {
            (input.len(), network.scratch(), network.outputs())
        }
    }

    fn instructions(&self, kernel: &StageKernels) -> Option<u64> {
        if self.matrix || self.scalar != Scalar::F32 {
            return None;
        }
        let further = if self.encrypted_weights { FURTHER_LANE_OWN_WEIGHTS } else { FURTHER_LANE };
        let product = MULTIPLY_ACCUMULATE + (self.lanes - 1) as f64 * further;
        let function = match kernel.function() {
            Some(Layer::Tanh) => TANH,
            _ => SIGMOID,
        };
        let functions = (kernel.activations() * self.lanes) as f64 * function;
        Some((kernel.multiply_accumulates() as f64 * product + functions) as u64)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { lanes, scalar, encrypted_weights, matrix, streamed, .. } = self.settings;
        let scalar = crate::container::scalar_name(scalar);
        let values = match (lanes, matrix) {
            (1, _) => format!("plain {scalar}"),
            (_, false) => format!("{lanes} lanes of {scalar}"),
            (_, true) => format!("{lanes} x {lanes} matrices of {scalar}"),
        };
        let weights = if encrypted_weights { "encrypted" } else { "plain" };
        let rows = if streamed { ", row by row" } else { "" };
        writeln!(f, "{} on {values}, {weights} weights{rows}\n", self.network)?;
        let instructions =
            |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        writeln!(
            f,
            "{:44}{:>11}{:>10}{:>10}{:>12}{:>10}{:>14}",
            "stage", "parameters", "flash B", "RAM B", "mult.-acc.", "functions", "instructions"
        )?;
        for stage in &self.stages {
            writeln!(
                f,
                "{:44}{:>11}{:>10}{:>10}{:>12}{:>10}{:>14}",
                stage.stage,
                stage.parameters,
                stage.flash_bytes,
                stage.ram_bytes,
                stage.multiply_accumulates,
                stage.functions,
                instructions(stage.instructions)
            )?;
        }
        let (input, scratch) =
            if streamed { ("a row", "line buffers and output") } else { ("image", "scratch") };
        write!(
            f,
            "\nRAM {} bytes: {input} {}, {scratch} {}",
            self.ram_bytes, self.input_bytes, self.scratch_bytes
        )?;
        if !streamed {
            write!(f, ", output {}", self.output_bytes)?;
        }
        write!(
            f,
            "; stack and program apart\nflash {} bytes of weights\n{} multiply-accumulates a lane",
            self.flash_bytes, self.multiply_accumulates
        )?;
        match self.instructions {
            Some(count) => write!(f, ", about {count} instructions on a Cortex-M4F"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(lanes: usize, streamed: bool) -> Plan {
        Plan::of(Settings {
            architecture: Architecture::Mnist,
            lanes,
            scalar: Scalar::F32,
            encrypted_weights: false,
            matrix: false,
            streamed,
        })
    }

    #[test]
    fn mnist_on_two_lanes_takes_what_was_asked_for() {
        let plan = plan(2, false);
        // 1352 + 400 elements of 8 bytes.
        assert_eq!(plan.scratch_bytes, 14_016);
        assert!(plan.scratch_bytes <= 16 << 10);
        assert_eq!(plan.ram_bytes, 784 * 8 + 14_016 + 80);
        assert_eq!(plan.scratch_bytes, plan.stages.iter().map(|stage| stage.ram_bytes).max().unwrap());
        assert_eq!(plan.flash_bytes, 4 * 42_358);
        assert_eq!(plan.stages.iter().map(|stage| stage.flash_bytes).sum::<usize>(), plan.flash_bytes);
    }

    #[test]
    fn the_estimate_is_that_of_the_emulator() {
        // By the same command: constants of two figures.
        for (lanes, counted) in [(1, 899_979.0), (2, 1_671_057.0)] {
            let estimate = plan(lanes, true).instructions.unwrap() as f64;
            assert!((estimate / counted - 1.0).abs() < 0.05, "{estimate} for {counted}");
        }
    }
}
