//! The layers a [`Network`](crate::Network) is described with.
//!
//! A layer here is a description without weights; the kernels that compute it are in the modules below. A new
//! layer takes a variant of [`Layer`], its output shape in [`Layer::output`], and a kernel beside the others.

pub(crate) mod activation;
pub(crate) mod avg_pool2d;
pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod dropout;

use crate::{NetworkError, Shape};

/// One layer of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Layer {
    /// Cross-correlation with square kernels, no padding, one bias a filter:
    /// `y[o, i, j] = b[o] + sum over c, u, v of w[o, c, u, v] x[c, s i + u, s j + v]`.
    Conv2d {
        /// Number of filters: channels of the output.
        filters: usize,
        /// Rows and columns of a kernel.
        kernel: usize,
        /// Distance of neighbouring windows, `s`.
        stride: usize,
    },
    /// The mean of disjoint `size x size` windows; rows and columns that fill no window are dropped.
    AvgPool2d {
        /// Rows and columns of a window, and its stride.
        size: usize,
    },
    /// `y[o] = b[o] + sum over i of w[o, i] x[i]`, on the flattened input (channels, rows, columns).
    Dense {
        /// Number of outputs.
        outputs: usize,
    },
    /// `1 / (1 + exp(-x))`, element by element.
    Sigmoid,
    /// The hyperbolic tangent, element by element.
    Tanh,
    /// `max(x, 0)`, element by element.
    Relu,
    /// In training, sets an element to zero with probability `rate` and multiplies the others by `1 / (1 - rate)`;
    /// the identity in inference.
    Dropout {
        /// Probability of an element to be dropped, in `[0, 1)`.
        rate: f32,
    },
}

/// A convolution with `filters` square kernels of `kernel` rows, stride 1.
#[must_use]
pub const fn conv(filters: usize, kernel: usize) -> Layer {
    Layer::Conv2d { filters, kernel, stride: 1 }
}

/// A convolution whose windows are `stride` apart.
#[must_use]
pub const fn strided_conv(filters: usize, kernel: usize, stride: usize) -> Layer {
    Layer::Conv2d { filters, kernel, stride }
}

/// An average pool over `size x size` windows.
#[must_use]
pub const fn avg_pool(size: usize) -> Layer {
    Layer::AvgPool2d { size }
}

/// A dense layer with `outputs` outputs.
#[must_use]
pub const fn dense(outputs: usize) -> Layer {
    Layer::Dense { outputs }
}

/// Dropout of the given `rate`.
#[must_use]
pub const fn dropout(rate: f32) -> Layer {
    Layer::Dropout { rate }
}

impl Layer {
    /// The shape this layer makes of an input.
    ///
    /// # Errors
    ///
    /// Says why the layer cannot take the input: a window larger than it, a size or stride of zero, a dropout rate
    /// outside `[0, 1)`.
    pub const fn output(self, input: Shape) -> Result<Shape, NetworkError> {
        match self {
            Layer::Conv2d { filters, kernel, stride } => {
                if filters == 0 || kernel == 0 || stride == 0 {
                    return Err(NetworkError::ZeroSize);
                }
                if kernel > input.height || kernel > input.width {
                    return Err(NetworkError::WindowTooLarge);
                }
                Ok(Shape::new(
                    filters,
                    (input.height - kernel) / stride + 1,
                    (input.width - kernel) / stride + 1,
                ))
            }
            Layer::AvgPool2d { size } => {
                if size == 0 {
                    return Err(NetworkError::ZeroSize);
                }
                if size > input.height || size > input.width {
                    return Err(NetworkError::WindowTooLarge);
                }
                Ok(Shape::new(input.channels, input.height / size, input.width / size))
            }
            Layer::Dense { outputs } => {
                if outputs == 0 {
                    return Err(NetworkError::ZeroSize);
                }
                Ok(Shape::vector(outputs))
            }
            Layer::Sigmoid | Layer::Tanh | Layer::Relu => Ok(input),
            Layer::Dropout { rate } => {
                if rate >= 0.0 && rate < 1.0 {
                    Ok(input)
                } else {
                    Err(NetworkError::DropoutRate)
                }
            }
        }
    }

    /// Number of multiplications with a weight that one output of this layer takes: `channels * kernel^2` of a
    /// convolution, the number of inputs of a dense layer, zero for layers without weights.
    #[must_use]
    pub const fn fan_in(self, input: Shape) -> usize {
        match self {
            Layer::Conv2d { kernel, .. } => input.channels * kernel * kernel,
            Layer::Dense { .. } => input.len(),
            _ => 0,
        }
    }

    /// Channels of the output that have weights of their own: filters or outputs, zero without weights.
    pub(crate) const fn outputs(self) -> usize {
        match self {
            Layer::Conv2d { filters, .. } => filters,
            Layer::Dense { outputs } => outputs,
            _ => 0,
        }
    }

    /// Number of parameters: weights, then one bias an output.
    #[must_use]
    pub const fn parameters(self, input: Shape) -> usize {
        (self.fan_in(input) + 1) * self.outputs()
    }
}
