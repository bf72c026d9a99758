//! How a list of layers is executed: as stages of fused layers.
//!
//! A stage is `linear? activation? pool? dropout?`, in this order, each part optional. The linear part makes an
//! output, the activation is applied while it is still in a register, and the pool adds it up: the feature map before the
//! pool never exists in inference, and outputs the pool drops are not computed.

use crate::{Layer, NetworkError, Shape};

/// The part of a stage that has weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linear {
    /// None: the stage works on its input as it is.
    None,
    /// See [`Layer::Conv2d`].
    Conv2d { kernel: usize, stride: usize },
    /// See [`Layer::Dense`].
    Dense,
}

/// The element-wise function of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    Sigmoid,
    Tanh,
    Relu,
}

/// A run of layers that is computed in one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stage {
    /// Shape of the input.
    pub(crate) input: Shape,
    pub(crate) linear: Linear,
    pub(crate) activation: Activation,
    /// Rows of a pooling window; 1 without a pool.
    pub(crate) pool: usize,
    /// Dropout rate; 0 without dropout.
    pub(crate) dropout: f32,
    /// What the linear part has to compute: its output without the rows and columns that the pool drops.
    pub(crate) active: Shape,
    /// Shape of the output.
    pub(crate) output: Shape,
    /// Where the input's first row is: 0, but in line buffers of packs, whose rows go on at the start behind the last.
    pub(crate) first_input_row: usize,
    /// The first row of the output that is computed: 0, but where an image is computed band by band.
    pub(crate) first_row: usize,
    /// The row behind the last one that is computed: all, but where rows come one by one or in bands.
    pub(crate) output_rows: usize,
    /// Index of the stage's first parameter among the network's.
    pub(crate) first_parameter: usize,
    /// Inputs of one linear output.
    pub(crate) fan_in: usize,
    /// Whether training computes the activations anew on the way back, band by band, instead of keeping them.
    pub(crate) recomputed: bool,
}

/// Activations of a band that is computed anew, about: with packs, half of a small second-level cache.
const BAND: usize = 4096;

/// Bytes of feature maps that are walked through again and again before the next: what most second-level caches hold.
pub(crate) const BAND_BYTES: usize = 384 << 10;

impl Stage {
    /// The stage that begins with `layers[first]`, and the index of the layer after it.
    pub(crate) const fn parse(
        layers: &[Layer],
        first: usize,
        input: Shape,
        first_parameter: usize,
    ) -> Result<(Self, usize), NetworkError> {
        let mut stage = Self {
            input,
            linear: Linear::None,
            activation: Activation::Identity,
            pool: 1,
            dropout: 0.0,
            active: input,
            output: input,
            first_input_row: 0,
            first_row: 0,
            output_rows: input.height,
            first_parameter,
            fan_in: 0,
            recomputed: false,
        };
        // The last part taken: 0 nothing, 1 linear, 2 activation, 3 pool, 4 dropout. A part of the same rank or an
        // earlier one begins the next stage.
        let mut rank = 0;
        let mut next = first;
        while next < layers.len() {
            let layer = layers[next];
            let layer_rank = match layer {
                Layer::Conv2d { .. } | Layer::Dense { .. } => 1,
                Layer::Sigmoid | Layer::Tanh | Layer::Relu => 2,
                Layer::AvgPool2d { .. } => 3,
                Layer::Dropout { .. } => 4,
            };
            if layer_rank <= rank {
                break;
            }
            let output = match layer.output(stage.output) {
                Ok(output) => output,
                Err(error) => return Err(error),
            };
            match layer {
                Layer::Conv2d { kernel, stride, .. } => {
                    stage.fan_in = layer.fan_in(stage.output);
                    stage.linear = Linear::Conv2d { kernel, stride };
                }
                Layer::Dense { .. } => {
                    stage.fan_in = layer.fan_in(stage.output);
                    stage.linear = Linear::Dense;
                }
                Layer::Sigmoid => stage.activation = Activation::Sigmoid,
                Layer::Tanh => stage.activation = Activation::Tanh,
                Layer::Relu => stage.activation = Activation::Relu,
                Layer::AvgPool2d { size } => stage.pool = size,
                Layer::Dropout { rate } => stage.dropout = rate,
            }
            stage.output = output;
            rank = layer_rank;
            next += 1;
        }
        stage.output_rows = stage.output.height;
        stage.active = Shape::new(
            stage.output.channels,
            stage.output.height * stage.pool,
            stage.output.width * stage.pool,
        );
        // Feature maps of a first stage that no cache holds: to compute them twice, from an image of one channel, takes less time
        // than to write them to memory and read them back. Of a single channel, rows that follow each other are an image.
        stage.recomputed = first == 0
            && matches!(stage.linear, Linear::Conv2d { .. })
            && stage.pool > 1
            && stage.dropout == 0.0
            && input.channels == 1
            && stage.active.len() > 8 * BAND;
        Ok((stage, next))
    }

    /// Rows of output in a band that is computed anew, at least one.
    pub(crate) const fn band_rows(&self) -> usize {
        match BAND.checked_div(self.active.channels * self.active.width * self.pool) {
            Some(0) | None => 1,
            Some(rows) => rows,
        }
    }

    /// The stage of some rows of output, and the first row of input that it takes.
    pub(crate) const fn band(&self, first: usize, rows: usize) -> (Self, usize) {
        let (kernel, stride) = match self.linear {
            Linear::Conv2d { kernel, stride } => (kernel, stride),
            _ => (1, 1),
        };
        let height = (rows * self.pool - 1) * stride + kernel;
        let band = Self {
            input: Shape::new(self.input.channels, height, self.input.width),
            active: Shape::new(self.active.channels, rows * self.pool, self.active.width),
            output: Shape::new(self.output.channels, rows, self.output.width),
            output_rows: rows,
            ..*self
        };
        (band, first * self.pool * stride)
    }

    /// Elements of memory for a band: its activations and its output.
    pub(crate) const fn band_len(&self) -> usize {
        if !self.recomputed {
            return 0;
        }
        let (band, _) = self.band(0, self.band_rows());
        band.active.len() + band.output.len()
    }

    /// This stage computing only some rows of its output.
    pub(crate) const fn on_rows(self, first: usize, end: usize) -> Self {
        Self { first_row: first, output_rows: end, ..self }
    }

    /// The same stage without its activation: the loss takes it over.
    pub(crate) const fn without_activation(self) -> Self {
        Self { activation: Activation::Identity, ..self }
    }

    /// Number of weights, without biases.
    pub(crate) const fn weights(&self) -> usize {
        self.fan_in * self.active.channels
    }

    /// Multiply-accumulates of the forward pass, and of each gradient.
    pub(crate) const fn operations(&self) -> usize {
        self.fan_in * self.active.len()
    }

    /// Those of the rows that are computed forward.
    pub(crate) const fn operations_on_rows(&self) -> usize {
        let rows = (self.output_rows - self.first_row) * self.pool;
        self.fan_in * self.active.channels * self.active.width * rows
    }

    /// Number of parameters: weights, then biases.
    pub(crate) const fn parameters(&self) -> usize {
        match self.linear {
            Linear::None => 0,
            _ => (self.fan_in + 1) * self.active.channels,
        }
    }

    /// Whether training keeps the output apart from the activations it is made of.
    pub(crate) const fn separate_output(&self) -> bool {
        self.pool > 1 || self.dropout > 0.0
    }

    /// Rows of the activations whose gradient, with their inputs, takes about [`BAND_BYTES`], in whole windows of the pool.
    pub(crate) const fn gradient_rows(&self, element_bytes: usize) -> usize {
        let row = self.active.channels * self.active.width + self.input.channels * self.input.width;
        let bytes = row * self.pool * element_bytes;
        match BAND_BYTES.checked_div(bytes) {
            Some(0) | None => self.pool,
            Some(windows) => self.pool * windows,
        }
    }

    /// Activations that training keeps of this stage.
    pub(crate) const fn kept_active(&self) -> usize {
        if self.recomputed { 0 } else { self.active.len() }
    }

    /// Elements that training keeps of this stage.
    pub(crate) const fn kept(&self) -> usize {
        self.kept_active() + if self.separate_output() { self.output.len() } else { 0 }
    }

    /// Dropout masks that a sample takes.
    pub(crate) const fn masks(&self) -> usize {
        if self.dropout > 0.0 { self.output.len() } else { 0 }
    }

    /// The parameters of this stage among the network's.
    pub(crate) const fn parameter_range(&self) -> core::ops::Range<usize> {
        self.first_parameter..self.first_parameter + self.parameters()
    }
}

/// The stages of a validated list of layers.
#[derive(Clone, Debug)]
pub(crate) struct Stages<'a> {
    layers: &'a [Layer],
    next: usize,
    input: Shape,
    first_parameter: usize,
}

impl<'a> Stages<'a> {
    pub(crate) const fn new(input: Shape, layers: &'a [Layer]) -> Self {
        Self { layers, next: 0, input, first_parameter: 0 }
    }

    /// `Iterator::next`, usable in a const fn: `Ok(None)` at the end.
    pub(crate) const fn advance(&mut self) -> Result<Option<Stage>, NetworkError> {
        if self.next == self.layers.len() {
            return Ok(None);
        }
        match Stage::parse(self.layers, self.next, self.input, self.first_parameter) {
            Ok((stage, next)) => {
                self.next = next;
                self.input = stage.output;
                self.first_parameter += stage.parameters();
                Ok(Some(stage))
            }
            Err(error) => Err(error),
        }
    }
}

impl Iterator for Stages<'_> {
    type Item = Stage;

    fn next(&mut self) -> Option<Stage> {
        // The layers of a `Network` were parsed when it was made: an error cannot come up here.
        self.advance().ok().flatten()
    }
}
