//! The description of a network: checked when it is built, measured by `const fn`s.

mod paper;

pub use paper::{ANGIOGRAPHY, MNIST};

use crate::stage::{Activation, BAND_BYTES, Stages};
use crate::{Layer, NetworkError, Shape};

/// A feed-forward network: the shape of its input and its layers, without weights.
///
/// Sizes are `const fn`s, so that buffers can be `static` arrays, and a list of layers whose shapes do not fit does not
/// build:
///
/// ```
/// use nn_core::{Layer::Sigmoid, Network, Shape, avg_pool, conv, dense};
///
/// const DIGITS: Network<'static> = Network::new(Shape::new(1, 8, 8), &[conv(4, 3), Sigmoid, avg_pool(2), dense(10)]);
/// static WEIGHTS: [f32; DIGITS.parameters()] = [0.0; DIGITS.parameters()];
/// assert_eq!(WEIGHTS.len(), 4 * 9 + 4 + 10 * 36 + 10);
/// ```
///
/// ```compile_fail
/// use nn_core::{Network, Shape, conv};
///
/// const TOO_SMALL: Network<'static> = Network::new(Shape::new(1, 2, 2), &[conv(4, 3)]);
/// static WEIGHTS: [f32; TOO_SMALL.parameters()] = [0.0; TOO_SMALL.parameters()];
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Network<'a> {
    /// Not zero in any dimension.
    input: Shape,
    /// Parsed once without an error by `try_new`: `Stages` relies on it.
    layers: &'a [Layer],
    sizes: Sizes,
}

/// What follows from the layers, worked out once: passes ask for it again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sizes {
    output: Shape,
    parameters: usize,
    multiply_accumulates: usize,
    training_operations: usize,
    activations: usize,
    scratch: usize,
    stream_memory: usize,
    /// Elements that training keeps of all stages.
    kept: usize,
    gradient_buffer: usize,
    dropout_masks: usize,
}

impl Sizes {
    /// Those of a validated list of layers.
    const fn of(input: Shape, layers: &[Layer]) -> Self {
        let mut sizes = Self {
            output: input,
            parameters: 0,
            multiply_accumulates: 0,
            training_operations: 0,
            activations: 0,
            scratch: 0,
            stream_memory: 0,
            kept: 0,
            gradient_buffer: 0,
            dropout_masks: 0,
        };
        let mut stages = Stages::new(input, layers);
        // Of the stage before, and of the one before that: neither the network's input nor, as long as another stage comes, its output.
        let (mut last, mut before_last) = (0, 0);
        let mut first = true;
        while let Ok(Some(stage)) = stages.advance() {
            let operations = stage.operations();
            sizes.parameters += stage.parameters();
            sizes.multiply_accumulates += operations;
            sizes.training_operations += 2 * operations * if first { 2 } else { 3 };
            if matches!(stage.activation, Activation::Sigmoid | Activation::Tanh) {
                sizes.activations += stage.active.len();
            }
            sizes.scratch = larger(sizes.scratch, before_last + last);
            sizes.stream_memory += stage.line_buffer();
            sizes.kept += stage.kept();
            let gradients = if stage.separate_output() { stage.band_len() } else { stage.output.len() };
            sizes.gradient_buffer = larger(sizes.gradient_buffer, gradients);
            sizes.dropout_masks += stage.masks();
            sizes.output = stage.output;
            (before_last, last) = (last, stage.output.len());
            first = false;
        }
        sizes.stream_memory += sizes.output.len();
        sizes
    }
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// What the outputs of a network mean, and with it the loss it is trained with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// One logit a class; probabilities are their softmax, the loss its cross entropy.
    Softmax,
    /// One output through a sigmoid: the probability of class 1 of two; the loss is the binary cross entropy.
    Sigmoid,
}

impl<'a> Network<'a> {
    /// The network of `layers` on images of shape `input`.
    ///
    /// # Panics
    ///
    /// Where [`Network::try_new`] returns an error; in a `const` the build stops with the reason.
    #[must_use]
    pub const fn new(input: Shape, layers: &'a [Layer]) -> Self {
        match Self::try_new(input, layers) {
            Ok(network) => network,
            Err(NetworkError::ZeroSize) => panic!("a layer has a size, stride or count of zero"),
            Err(NetworkError::WindowTooLarge) => {
                panic!("a window is larger than the feature map it slides over")
            }
            Err(NetworkError::DropoutRate) => panic!("a dropout rate is not in [0, 1)"),
            Err(NetworkError::Empty) => panic!("the network has no layer"),
            Err(NetworkError::DropoutPosition) => {
                panic!("dropout must follow a layer with weights and precede another")
            }
            Err(NetworkError::TooLarge) => panic!("a size of the network does not fit this machine's word"),
        }
    }

    /// The network of `layers` on images of shape `input`, for descriptions read at run time.
    ///
    /// # Errors
    ///
    /// Says which rule the list breaks: see [`NetworkError`].
    pub const fn try_new(input: Shape, layers: &'a [Layer]) -> Result<Self, NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::Empty);
        }
        if input.channels == 0 || input.height == 0 || input.width == 0 {
            return Err(NetworkError::ZeroSize);
        }
        // No buffer of a network is larger than its layers' outputs and parameters together: if their sum fits, all
        // sizes do.
        let Some(mut total) = input.checked_len() else { return Err(NetworkError::TooLarge) };
        let mut shape = input;
        let mut operations: usize = 0;
        let mut weighted = false;
        let mut rest = layers;
        while let [layer, following @ ..] = rest {
            let layer = *layer;
            if let Layer::Dropout { .. } = layer {
                let between = match following {
                    [next, ..] => weighted && next.outputs() > 0,
                    [] => false,
                };
                if !between {
                    return Err(NetworkError::DropoutPosition);
                }
            }
            weighted = weighted || layer.outputs() > 0;
            let output = match layer.output(shape) {
                Ok(output) => output,
                Err(error) => return Err(error),
            };
            let fan_in = match layer {
                Layer::Conv2d { kernel, .. } => {
                    match Shape::new(shape.channels, kernel, kernel).checked_len() {
                        Some(fan_in) => fan_in,
                        None => return Err(NetworkError::TooLarge),
                    }
                }
                _ => layer.fan_in(shape),
            };
            let parameters = match fan_in.checked_add(1) {
                Some(columns) => columns.checked_mul(layer.outputs()),
                None => None,
            };
            let (Some(parameters), Some(len)) = (parameters, output.checked_len()) else {
                return Err(NetworkError::TooLarge);
            };
            // An output may be kept twice, before and after a pool or dropout.
            let (Some(twice), Some(sum)) = (len.checked_mul(2), total.checked_add(parameters)) else {
                return Err(NetworkError::TooLarge);
            };
            total = match sum.checked_add(twice) {
                Some(total) => total,
                None => return Err(NetworkError::TooLarge),
            };
            // Of all counts the operations of a training step are the largest: 6 a weight and output.
            operations = match fan_in.checked_mul(len) {
                Some(products) if products <= (usize::MAX - operations) / 6 => operations + 6 * products,
                _ => return Err(NetworkError::TooLarge),
            };
            shape = output;
            rest = following;
        }
        Ok(Self { input, layers, sizes: Sizes::of(input, layers) })
    }

    /// Shape of the input images.
    #[must_use]
    pub const fn input(&self) -> Shape {
        self.input
    }

    /// The layers.
    #[must_use]
    pub const fn layers(&self) -> &'a [Layer] {
        self.layers
    }

    /// Shape of the output.
    #[must_use]
    pub const fn output(&self) -> Shape {
        self.sizes.output
    }

    /// Number of outputs.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.output().len()
    }

    /// What the outputs mean: [`Head::Sigmoid`] for a single output through a sigmoid, otherwise [`Head::Softmax`].
    #[must_use]
    pub const fn head(&self) -> Head {
        match self.layers.last() {
            Some(Layer::Sigmoid) if self.outputs() == 1 => Head::Sigmoid,
            _ => Head::Softmax,
        }
    }

    /// Number of classes: the outputs, or two for a single probability.
    #[must_use]
    pub const fn classes(&self) -> usize {
        match self.head() {
            Head::Softmax => self.outputs(),
            Head::Sigmoid => 2,
        }
    }

    /// Number of weights and biases of all layers.
    #[must_use]
    pub const fn parameters(&self) -> usize {
        self.sizes.parameters
    }

    /// Multiply-accumulates of one inference, without outputs that a pool drops.
    #[must_use]
    pub const fn multiply_accumulates(&self) -> usize {
        self.sizes.multiply_accumulates
    }

    /// Floating-point operations of one training step on one sample (two a multiply-accumulate): forward, weight
    /// gradients, and input gradients of all stages but the first, without outputs that a pool drops.
    #[must_use]
    pub const fn training_operations(&self) -> usize {
        self.sizes.training_operations
    }

    /// Elements that pass through a sigmoid or hyperbolic tangent in one inference.
    #[must_use]
    pub const fn activations(&self) -> usize {
        self.sizes.activations
    }

    /// Elements of scratch that [`infer`](crate::infer) needs: the largest sum of two neighbouring stages' outputs, not
    /// counting the network's input and output, which are the caller's.
    #[must_use]
    pub const fn scratch(&self) -> usize {
        self.sizes.scratch
    }

    /// Elements of memory that a [`RowStream`](crate::RowStream) needs: the line buffer of each stage, and the output.
    #[must_use]
    pub const fn stream_memory(&self) -> usize {
        self.sizes.stream_memory
    }

    /// Elements of workspace that a training step needs: [`train`](crate::train) keeps there what each stage made until
    /// its gradient has replaced it.
    #[must_use]
    pub const fn workspace(&self) -> usize {
        self.sizes.gradient_buffer + self.sizes.kept
    }

    /// Rows of the input that training takes through all stages at a time: all, where a cache holds everything that is kept.
    pub(crate) const fn training_rows(&self, element_bytes: usize) -> usize {
        let height = self.input.height;
        let bytes = (self.input.len() + self.workspace()) * element_bytes;
        if bytes <= 2 * BAND_BYTES {
            return height;
        }
        match BAND_BYTES.saturating_mul(height).checked_div(bytes) {
            Some(0) | None => 1,
            Some(rows) => rows,
        }
    }

    /// Length of the buffer, first in the workspace, for gradients of outputs that are not kept apart and for bands that are
    /// computed anew.
    pub(crate) const fn gradient_buffer(&self) -> usize {
        self.sizes.gradient_buffer
    }

    /// Dropout masks that a training step takes for a sample: one for each element that a dropout layer passes.
    #[must_use]
    pub const fn dropout_masks(&self) -> usize {
        self.sizes.dropout_masks
    }

    /// The rate at which each dropout mask of [`Network::dropout_masks`] is drawn, layer by layer: `(rate, masks)`.
    pub fn dropout_rates(&self) -> impl Iterator<Item = (f32, usize)> + use<'a> {
        self.stages().filter(|stage| stage.dropout > 0.0).map(|stage| (stage.dropout, stage.masks()))
    }

    /// The layers with weights, in order, with what files and initialisation need to know of them.
    pub fn parameter_groups(&self) -> impl Iterator<Item = ParameterGroup> + use<'a> {
        let mut shape = self.input;
        let mut first = 0;
        self.layers.iter().enumerate().filter_map(move |(layer, description)| {
            let input = shape;
            shape = description.output(input).unwrap_or(input);
            let kernel = match *description {
                Layer::Conv2d { kernel, .. } => Some(kernel),
                Layer::Dense { .. } => None,
                _ => return None,
            };
            let group = ParameterGroup {
                layer,
                outputs: description.outputs(),
                fan_in: description.fan_in(input),
                kernel,
                first,
            };
            first += group.len();
            Some(group)
        })
    }

    pub(crate) const fn stages(&self) -> Stages<'a> {
        Stages::new(self.input, self.layers)
    }
}

/// The parameters of one layer: `outputs * fan_in` weights, then `outputs` biases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterGroup {
    /// Index of the layer in the network.
    pub layer: usize,
    /// Number of outputs (filters).
    pub outputs: usize,
    /// Number of inputs of one output.
    pub fan_in: usize,
    /// Rows of a convolution's kernel, `None` for a dense layer.
    pub kernel: Option<usize>,
    /// Index of the first weight among the network's parameters.
    pub first: usize,
}

impl ParameterGroup {
    /// Number of weights.
    #[must_use]
    pub const fn weights(&self) -> usize {
        self.outputs * self.fan_in
    }

    /// Number of weights and biases.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a layer with weights has some")]
    pub const fn len(&self) -> usize {
        self.weights() + self.outputs
    }

    /// Outputs that one input reaches: what Glorot's initialisation calls the fan out.
    #[must_use]
    pub const fn fan_out(&self) -> usize {
        match self.kernel {
            Some(kernel) => self.outputs * kernel * kernel,
            None => self.outputs,
        }
    }

    /// Bound of Glorot's uniform distribution, `sqrt(6 / (fan_in + fan_out))`.
    ///
    /// Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
    /// 2010, equation 16.
    #[must_use]
    pub fn glorot_bound(&self) -> f64 {
        libm::sqrt(6.0 / (self.fan_in + self.fan_out()) as f64)
    }
}
