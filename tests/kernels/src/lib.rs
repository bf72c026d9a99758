//! The kernels of both networks as one table, on numbers that device and host draw alike.
//!
//! Who measures or compares them implements [`Visitor`] and calls [`visit_mnist`] and [`visit_angiography`]: the firmware that
//! counts instructions (`tests/firmware/src/bin/kernels.rs`) and the host test that compares the firmware's bits with its own
//! (`tests/tests/firmware.rs`).

#![no_std]
#![forbid(unsafe_code)]

use core::fmt::Display;

use more_core::{Ciphertext, Spectrum};
use more_operations::{Digest, Outcome};
use nn_core::element::{F8, f16};
use nn_core::profile::StageKernels;
use nn_core::{ANGIOGRAPHY, Error, MNIST, Network, RowStream, Shape, Weigh, avg_pool, conv, dense};

/// The layers of [`MNIST`] with weights and pools, without activations: what costs multiply-accumulates.
pub const MNIST_LINEAR: Network<'static> = Network::new(
    Shape::new(1, 28, 28),
    &[conv(8, 3), avg_pool(2), conv(16, 3), avg_pool(2), dense(100), dense(10)],
);

/// The same of [`ANGIOGRAPHY`].
pub const ANGIOGRAPHY_LINEAR: Network<'static> = Network::new(
    Shape::new(1, 256, 256),
    &[
        conv(4, 3),
        avg_pool(2),
        conv(8, 3),
        avg_pool(2),
        conv(16, 3),
        avg_pool(2),
        conv(32, 3),
        avg_pool(2),
        dense(64),
        dense(1),
    ],
);

/// What is computed on.
pub trait Operand: Copy + Sync {
    /// Numbers of one.
    const NUMBERS: usize;
    /// Products that an element takes with it as a weight, for each of the element's numbers.
    const PRODUCTS: usize;

    /// From numbers drawn for its lanes.
    fn draw(numbers: &mut Numbers) -> Self;
}

impl Operand for f32 {
    const NUMBERS: usize = 1;
    const PRODUCTS: usize = 1;

    fn draw(numbers: &mut Numbers) -> Self {
        numbers.next()
    }
}

/// A weight.
impl Operand for f16 {
    const NUMBERS: usize = 1;
    const PRODUCTS: usize = 1;

    fn draw(numbers: &mut Numbers) -> Self {
        Self::from_f32(numbers.next())
    }
}

/// A weight.
impl Operand for F8 {
    const NUMBERS: usize = 1;
    const PRODUCTS: usize = 1;

    fn draw(numbers: &mut Numbers) -> Self {
        Self::from_f32(numbers.next()).unwrap_or(Self::from_bits(0))
    }
}

impl Operand for Spectrum<f32, 2> {
    const NUMBERS: usize = 2;
    const PRODUCTS: usize = 1;

    fn draw(numbers: &mut Numbers) -> Self {
        Self::from_lanes([numbers.next(), numbers.next()])
    }
}

impl Operand for Ciphertext<f32, 2> {
    const NUMBERS: usize = 4;
    const PRODUCTS: usize = 2;

    // [[a, b], [b, a]]: those under the key with columns (1, 1) and (1, -1), with lanes a + b and a - b.
    fn draw(numbers: &mut Numbers) -> Self {
        let (a, b) = (numbers.next(), numbers.next());
        Self::from_columns([[a, b], [b, a]])
    }
}

/// Numbers in `[-0.5, 0.5)`: the upper bits of a linear congruential generator modulo 2^32, multiplier and increment of Knuth
/// and Lewis (Press et al., "Numerical Recipes in C", 1992, section 7.1).
#[derive(Debug)]
pub struct Numbers(u32);

impl Numbers {
    /// The numbers of a seed.
    #[must_use]
    pub const fn new(seed: u32) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 24) as f32 - 0.5
    }

    fn fill(&mut self, operands: &mut [impl Operand]) {
        for operand in operands {
            *operand = Operand::draw(self);
        }
    }
}

/// What a pass computes, for the table.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a, D> {
    /// The network.
    pub network: &'a str,
    /// The layers.
    pub layers: D,
    /// Elements and weights.
    pub operands: &'a str,
    /// Multiply-accumulates of elements with weights.
    pub multiply_accumulates: usize,
    /// Elements through a sigmoid or hyperbolic tangent.
    pub activations: usize,
    /// Loads and products that the multiply-accumulates need at least, with the sums that are kept in registers.
    pub least: Least,
}

/// What multiply-accumulates need at least.
#[derive(Clone, Copy, Debug, Default)]
pub struct Least {
    /// Products that are added to a sum.
    pub products: usize,
    /// Loads of weights and elements.
    pub loads: usize,
}

impl Least {
    /// A kernel computes `B = Element::BLOCK` outputs at `P = Element::POSITIONS` neighbouring positions. In a kernel row of a
    /// convolution, `k` wide, it loads `B k` weights and `P + k - 1` elements (stride 1) for `B P k` multiply-accumulates; a dense layer
    /// `B P` weights and an element for `B P`.
    fn of<E: Operand + Weigh<W>, W: Operand>(stage: &StageKernels) -> Self {
        let outputs = stage.active().channels;
        let multiply_accumulates = stage.multiply_accumulates();
        let products = multiply_accumulates * E::NUMBERS * W::PRODUCTS;
        let fan_in = multiply_accumulates / stage.active().len();
        let loads = if fan_in == stage.input().len() {
            let block = (E::BLOCK * E::POSITIONS).min(outputs);
            multiply_accumulates * W::NUMBERS + multiply_accumulates * E::NUMBERS / block
        } else {
            let kernel = (fan_in / stage.input().channels).isqrt();
            let (block, positions) = (E::BLOCK.min(outputs), E::POSITIONS);
            let row = block * kernel * W::NUMBERS + (positions + kernel - 1) * E::NUMBERS;
            multiply_accumulates / (block * positions * kernel) * row
        };
        Self { products, loads }
    }

    fn plus(self, other: Self) -> Self {
        Self { products: self.products + other.products, loads: self.loads + other.loads }
    }
}

/// A pass that can be run, any number of times.
pub trait Run {
    /// All of it.
    ///
    /// # Errors
    ///
    /// If a buffer does not fit.
    fn full(&mut self) -> Result<(), Error>;
    /// The same without activations, whose cost is that of the library of elementary functions.
    ///
    /// # Errors
    ///
    /// As [`full`](Self::full).
    fn linear(&mut self) -> Result<(), Error>;
    /// Of what was computed last.
    fn digest(&self) -> Digest;
}

/// What is done with every pass.
pub trait Visitor {
    /// One pass.
    ///
    /// # Errors
    ///
    /// What the run returns.
    fn visit<D: Display>(&mut self, pass: &Pass<'_, D>, run: &mut impl Run) -> Result<(), Error>;
}

/// Memory for a network's passes, as long as its descriptions say.
#[derive(Debug)]
pub struct Buffers<'a, E, W> {
    /// [`Network::parameters`].
    pub weights: &'a mut [W],
    /// The longest input of a stage, and the image.
    pub input: &'a mut [E],
    /// The longest output of a stage, and [`Network::stream_memory`].
    pub output: &'a mut [E],
}

/// The stages of a network one by one, then all of it on an image that comes row by row.
fn visit<E: Operand + Outcome + Weigh<W, Context = ()>, W: Operand>(
    visitor: &mut impl Visitor,
    (name, operands): (&str, &str),
    (network, linear): (&Network<'_>, &Network<'_>),
    buffers: Buffers<'_, E, W>,
    stages: bool,
) -> Result<(), Error> {
    let Buffers { weights, input, output } = buffers;
    let mut numbers = Numbers::new(1);
    numbers.fill(weights);
    numbers.fill(input);
    let pairs = network.stage_kernels().zip(linear.stage_kernels());
    for (stage, linear) in pairs.take(if stages { usize::MAX } else { 0 }) {
        let weights = &weights[stage.parameter_range()];
        let (input, output) = (&input[..stage.input().len()], &mut output[..stage.output().len()]);
        let pass = Pass {
            network: name,
            layers: stage,
            operands,
            multiply_accumulates: stage.multiply_accumulates(),
            activations: stage.activations(),
            least: Least::of::<E, W>(&stage),
        };
        visitor.visit(&pass, &mut Stage { stage, linear, weights, input, output })?;
    }
    let pass = Pass {
        network: name,
        layers: "row by row",
        operands,
        multiply_accumulates: network.multiply_accumulates(),
        activations: network.activations(),
        least: network
            .stage_kernels()
            .map(|stage| Least::of::<E, W>(&stage))
            .fold(Least::default(), Least::plus),
    };
    let image = &input[..network.input().len()];
    let memory = &mut output[..network.stream_memory()];
    visitor.visit(&pass, &mut Rows { network: *network, linear: *linear, weights, image, memory })
}

struct Stage<'a, E, W> {
    stage: StageKernels,
    linear: StageKernels,
    weights: &'a [W],
    input: &'a [E],
    output: &'a mut [E],
}

impl<E: Operand + Outcome + Weigh<W, Context = ()>, W: Operand> Run for Stage<'_, E, W> {
    fn full(&mut self) -> Result<(), Error> {
        self.stage.forward((), self.weights, self.input, None, self.output)
    }

    fn linear(&mut self) -> Result<(), Error> {
        self.linear.forward((), self.weights, self.input, None, self.output)
    }

    fn digest(&self) -> Digest {
        digest(self.output)
    }
}

struct Rows<'a, E, W> {
    network: Network<'a>,
    linear: Network<'a>,
    weights: &'a [W],
    image: &'a [E],
    memory: &'a mut [E],
}

impl<E: Operand + Weigh<W, Context = ()>, W: Operand> Rows<'_, E, W> {
    fn stream(&mut self, network: &Network<'_>) -> Result<(), Error> {
        let mut stream = RowStream::new((), network, self.weights, self.memory)?;
        // One channel: its rows are those of the stream.
        for row in self.image.chunks_exact(network.input().width) {
            stream.push_row(row)?;
        }
        stream.output().map(|_| ())
    }
}

impl<E: Operand + Outcome + Weigh<W, Context = ()>, W: Operand> Run for Rows<'_, E, W> {
    fn full(&mut self) -> Result<(), Error> {
        self.stream(&self.network.clone())
    }

    fn linear(&mut self) -> Result<(), Error> {
        self.stream(&self.linear.clone())
    }

    fn digest(&self) -> Digest {
        digest(&self.memory[self.memory.len() - self.network.outputs()..])
    }
}

/// The stages of [`MNIST`], and the whole of it row by row.
///
/// # Errors
///
/// If a buffer is too short, or what the visitor returns.
pub fn visit_mnist<E: Operand + Outcome + Weigh<W, Context = ()>, W: Operand>(
    visitor: &mut impl Visitor,
    operands: &str,
    buffers: Buffers<'_, E, W>,
) -> Result<(), Error> {
    visit(visitor, ("MNIST", operands), (&MNIST, &MNIST_LINEAR), buffers, true)
}

/// [`ANGIOGRAPHY`] row by row: whole feature maps are not what a device has room for.
///
/// # Errors
///
/// As [`visit_mnist`].
pub fn visit_angiography<E: Operand + Outcome + Weigh<W, Context = ()>, W: Operand>(
    visitor: &mut impl Visitor,
    operands: &str,
    buffers: Buffers<'_, E, W>,
) -> Result<(), Error> {
    visit(visitor, ("ANGIOGRAPHY", operands), (&ANGIOGRAPHY, &ANGIOGRAPHY_LINEAR), buffers, false)
}

fn digest(elements: &[impl Outcome]) -> Digest {
    let mut digest = Digest::new();
    for element in elements {
        element.digest(&mut digest);
    }
    digest
}
