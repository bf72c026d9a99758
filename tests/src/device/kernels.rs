//! Instructions of the kernels: what `kernels` of `firmware` prints, beside the host's bits and the least that is needed.

use std::fmt::{Display, Write};

use more_core::{Ciphertext, Spectrum};
use more_kernels::{Buffers, Operand, Pass, Run, Visitor, visit_angiography, visit_mnist};
use more_operations::Outcome;
use nn_core::element::{F8, f16};
use nn_core::{ANGIOGRAPHY, Error, Layer, MNIST, Network, Weigh};

/// A pass on the host.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Network, layers and operands.
    pub name: [String; 3],
    /// Multiply-accumulates of elements.
    pub multiply_accumulates: usize,
    /// Elements through a function.
    pub activations: usize,
    /// Products with their sum that are needed.
    pub products: usize,
    /// Loads that are needed.
    pub loads: usize,
    /// Of the output's bits.
    pub digest: u64,
}

/// The same on the device.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Network, layers and operands.
    pub name: [String; 3],
    /// Bytes of stack below the caller's.
    pub stack: u64,
    /// Instructions of all.
    pub instructions: u64,
    /// Instructions of the network without its activations.
    pub linear: u64,
    /// Of the output's bits.
    pub digest: u64,
}

impl Measured {
    /// The lines of the firmware, whose file has the columns.
    ///
    /// # Panics
    ///
    /// If one is of another form.
    #[must_use]
    pub fn parse(text: &str) -> Vec<Self> {
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("no number: {text}"));
        let line = |line: &str| {
            let fields: Vec<&str> = line.split(';').collect();
            let [network, layers, operands, stack, instructions, linear, digest] = fields[..] else {
                panic!("not seven columns: {line}");
            };
            Self {
                name: [network, layers, operands].map(String::from),
                stack: number(stack),
                instructions: number(instructions),
                linear: number(linear),
                digest: u64::from_str_radix(digest, 16).unwrap_or_else(|_| panic!("no digest: {line}")),
            }
        };
        text.lines().map(line).collect()
    }
}

#[derive(Default)]
struct Host(Vec<Expected>);

impl Visitor for Host {
    fn visit<D: Display>(&mut self, pass: &Pass<'_, D>, run: &mut impl Run) -> Result<(), Error> {
        run.full()?;
        self.0.push(Expected {
            name: [pass.network.into(), pass.layers.to_string(), pass.operands.into()],
            multiply_accumulates: pass.multiply_accumulates,
            activations: pass.activations,
            products: pass.least.products,
            loads: pass.least.loads,
            digest: run.digest().value(),
        });
        Ok(())
    }
}

/// Visits with buffers as long as they have to be.
fn visit<E, W>(
    host: &mut Host,
    network: &Network<'_>,
    (element, weight): (E, W),
    operands: &str,
    with: impl Fn(&mut Host, &str, Buffers<'_, E, W>) -> Result<(), Error>,
) where
    E: Operand + Outcome + Weigh<W, Context = ()>,
    W: Operand,
{
    let longest = network.scratch().max(network.input().len()).max(network.stream_memory());
    let buffers = Buffers {
        weights: &mut vec![weight; network.parameters()],
        input: &mut vec![element; longest],
        output: &mut vec![element; longest],
    };
    with(host, operands, buffers).expect("buffers fit");
}

/// All passes, in the order of the firmware.
#[must_use]
pub fn expected() -> Vec<Expected> {
    let mut host = Host::default();
    let pair = Spectrum::<f32, 2>::from_lanes([0.0; 2]);
    let matrix = Ciphertext::<f32, 2>::from_columns([[0.0; 2]; 2]);
    visit(&mut host, &MNIST, (0.0_f32, 0.0_f32), "plain", visit_mnist);
    visit(&mut host, &MNIST, (pair, 0.0_f32), "two lanes, plain weights", visit_mnist);
    visit(&mut host, &MNIST, (pair, pair), "two lanes, encrypted weights", visit_mnist);
    visit(&mut host, &MNIST, (matrix, 0.0_f32), "matrix, plain weights", visit_mnist);
    visit(&mut host, &MNIST, (matrix, matrix), "matrix, encrypted weights", visit_mnist);
    visit(&mut host, &ANGIOGRAPHY, (0.0_f32, 0.0_f32), "plain", visit_angiography);
    visit(&mut host, &ANGIOGRAPHY, (pair, 0.0_f32), "two lanes, plain weights", visit_angiography);
    host.0
}

/// The passes of `rounded_weights`, in its order.
#[must_use]
pub fn expected_rounded() -> Vec<Expected> {
    let mut host = Host::default();
    let pair = Spectrum::<f32, 2>::from_lanes([0.0; 2]);
    let eight = F8::from_bits(0);
    visit(&mut host, &MNIST, (0.0_f32, 0.0_f32), "plain, f32", visit_mnist);
    visit(&mut host, &MNIST, (0.0_f32, f16::ZERO), "plain, f16", visit_mnist);
    visit(&mut host, &MNIST, (0.0_f32, eight), "plain, f8", visit_mnist);
    visit(&mut host, &MNIST, (pair, 0.0_f32), "two lanes, f32", visit_mnist);
    visit(&mut host, &MNIST, (pair, f16::ZERO), "two lanes, f16", visit_mnist);
    visit(&mut host, &MNIST, (pair, eight), "two lanes, f8", visit_mnist);
    host.0
}

/// Whether the passes and the bits of their outputs are the host's.
///
/// # Panics
///
/// If not.
pub fn assert_same_bits(measured: &[Measured], expected: &[Expected]) {
    assert_eq!(measured.len(), expected.len());
    for (device, host) in measured.iter().zip(expected) {
        assert_eq!((&device.name, device.digest), (&host.name, host.digest), "other bits than the host's");
    }
}

/// A row for each kind of operands: bytes of the weights, instructions of the network row by row, and without functions for each
/// multiply-accumulate, stage by stage and row by row.
#[must_use]
pub fn table_rounded(measured: &[Measured], expected: &[Expected]) -> String {
    let passes: Vec<_> = measured.iter().zip(expected).collect();
    let mut text = String::from("| operands | weights, bytes | instructions, row by row |");
    let operands: Vec<_> = passes.chunk_by(|(a, _), (b, _)| a.name[2] == b.name[2]).collect();
    for (pass, _) in operands.first().copied().unwrap_or_default() {
        let layers = pass.name[1].split(',').next().unwrap_or_default();
        write!(text, " {layers} |").expect("a string takes all text");
    }
    text.push_str("\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    let widths = [size_of::<f32>(), size_of::<f16>(), size_of::<F8>()];
    for (row, width) in operands.iter().zip(widths.iter().cycle()) {
        let Some((rows, _)) = row.last() else { continue };
        let bytes = width * MNIST.parameters();
        write!(text, "| {} | {bytes} | {} |", rows.name[2], rows.instructions)
            .expect("a string takes all text");
        for (device, host) in *row {
            let each = device.linear as f64 / host.multiply_accumulates as f64;
            write!(text, " {each:.2} |").expect("a string takes all text");
        }
        text.push('\n');
    }
    text
}

/// A row for each pass: instructions with and without functions, the latter for each multiply-accumulate and beside the products and
/// loads that it needs; then an estimate of cycles.
///
/// `product` is how many instructions and cycles a product with its sum takes: one `VMLA` of three cycles, or `VMUL` and `VADD` of one each.
/// A load takes two cycles, or one behind another; all else is taken for one cycle (Arm, "Cortex-M4 Technical Reference Manual", the tables
/// of the instruction sets of core and FPU). So the estimate is a range: all loads behind others, and none.
#[must_use]
pub fn table(measured: &[Measured], expected: &[Expected], product: (usize, usize)) -> String {
    let mut text = String::from(
        "| network | stage | operands | multiply-accumulates | functions | stack | instructions | without functions, per multiply-accumulate | needed | cycles per multiply-accumulate |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (measured, expected) in measured.iter().zip(expected) {
        let [network, layers, operands] = &measured.name;
        let Expected { multiply_accumulates, activations, products, loads, .. } = expected;
        let least = measured.linear as usize + (product.1 - product.0) * products;
        let [each, needed, least, most] =
            [measured.linear as usize, product.0 * products + loads, least, least + loads]
                .map(|n| n as f64 / *multiply_accumulates as f64);
        writeln!(
            text,
            "| {network} | {layers} | {operands} | {multiply_accumulates} | {activations} | {} | {} | {each:.2} | {needed:.2} | {least:.1} to {most:.1} |",
            measured.stack, measured.instructions,
        )
        .expect("a string takes all text");
    }
    text
}

/// The constants of `more-nn plan`, by their names in `host/src/plan.rs`, from networks row by row: instructions of a multiply-accumulate
/// of one lane, of each further lane with plain weights and with weights of its own, of a sigmoid and of a hyperbolic tangent.
///
/// # Panics
///
/// If a pass is missing.
#[must_use]
pub fn constants(measured: &[Measured], expected: &[Expected]) -> [(&'static str, f64); 5] {
    let row = |network: &str, operands: &str| {
        let mut passes = measured.iter().zip(expected);
        passes.find(|(pass, _)| pass.name == [network, "row by row", operands]).expect("a pass")
    };
    let each = |operands: &str| {
        let (device, host) = row("MNIST", operands);
        device.linear as f64 / host.multiply_accumulates as f64
    };
    let functions = |network: &str| {
        let (device, _) = row(network, "plain");
        (device.instructions - device.linear) as f64
    };
    let count = |network: &Network<'_>, function: Layer| {
        let stages = network.stage_kernels().filter(|stage| stage.function() == Some(function));
        stages.map(|stage| stage.activations()).sum::<usize>() as f64
    };
    let product = each("plain");
    let sigmoid = functions("MNIST") / count(&MNIST, Layer::Sigmoid);
    let tanh = (functions("ANGIOGRAPHY") - sigmoid * count(&ANGIOGRAPHY, Layer::Sigmoid))
        / count(&ANGIOGRAPHY, Layer::Tanh);
    [
        ("MULTIPLY_ACCUMULATE", product),
        ("FURTHER_LANE", each("two lanes, plain weights") - product),
        ("FURTHER_LANE_OWN_WEIGHTS", each("two lanes, encrypted weights") - product),
        ("SIGMOID", sigmoid),
        ("TANH", tanh),
    ]
}
