//! What can be wrong with a description or a call.

/// Why a list of layers is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkError {
    /// A number of filters, outputs, rows, columns or channels, a window or a stride is zero.
    ZeroSize,
    /// A convolution or pooling window is larger than the feature map it would slide over.
    WindowTooLarge,
    /// A dropout rate is not in `[0, 1)`.
    DropoutRate,
    /// The network has no layer.
    Empty,
    /// Dropout before the first layer with weights, or in front of a layer other than one with weights: it would
    /// thin out what nothing learns from.
    DropoutPosition,
    /// A size does not fit a `usize`.
    TooLarge,
}

impl core::fmt::Display for NetworkError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::ZeroSize => "a layer has a size, stride or count of zero",
            Self::WindowTooLarge => "a window is larger than the feature map it slides over",
            Self::DropoutRate => "a dropout rate is not in [0, 1)",
            Self::Empty => "the network has no layer",
            Self::DropoutPosition => "dropout must follow a layer with weights and precede another",
            Self::TooLarge => "a size of the network does not fit this machine's word",
        })
    }
}

impl core::error::Error for NetworkError {}

/// Why a call was refused: mostly, a buffer does not have the length its description asks for, or the call came out of
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The weights; the length that was expected comes with each of these.
    Weights {
        /// [`Network::parameters`](crate::Network::parameters).
        expected: usize,
    },
    /// The input image.
    Input {
        /// Elements of the network's input shape.
        expected: usize,
    },
    /// The output.
    Output {
        /// Elements of the network's output shape.
        expected: usize,
    },
    /// The scratch or workspace buffer is too small.
    Scratch {
        /// The least length.
        expected: usize,
    },
    /// The gradient buffer.
    Gradient {
        /// [`Network::parameters`](crate::Network::parameters).
        expected: usize,
    },
    /// The labels.
    Labels {
        /// One element an output.
        expected: usize,
    },
    /// The dropout masks.
    Masks {
        /// [`Network::dropout_masks`](crate::Network::dropout_masks).
        expected: usize,
    },
    /// The map of [`resample`](crate::resample): a zoom not in `[1/64, 64]`, a shift above 65,536 pixels, or not a number.
    Map,
    /// An image's rows or columns are more than `resample` takes.
    Side {
        /// The most.
        expected: usize,
    },
    /// The memory of a [`RowStream`](crate::RowStream) is too small.
    Memory {
        /// [`Network::stream_memory`](crate::Network::stream_memory).
        expected: usize,
    },
    /// The transforms of weights.
    Transforms {
        /// [`Network::transforms`](crate::Network::transforms).
        expected: usize,
    },
    /// A row of an image.
    Row {
        /// Channels times columns of the network's input shape.
        expected: usize,
    },
    /// A row behind the image's last one.
    ImageComplete {
        /// Rows of the network's input shape.
        rows: usize,
    },
    /// The output was asked for before the image's last row.
    ImageIncomplete {
        /// Rows that are missing.
        missing: usize,
    },
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (what, expected) = match self {
            Self::Weights { expected } => ("weights", expected),
            Self::Input { expected } => ("input", expected),
            Self::Output { expected } => ("output", expected),
            Self::Scratch { expected } => ("scratch", expected),
            Self::Gradient { expected } => ("gradient", expected),
            Self::Labels { expected } => ("labels", expected),
            Self::Masks { expected } => ("dropout masks", expected),
            Self::Map => {
                return f.write_str("a map needs a zoom in [1/64, 64] and a shift of at most 65536 pixels");
            }
            Self::Side { expected } => return write!(f, "an image of more than {expected} rows or columns"),
            Self::Memory { expected } => ("memory", expected),
            Self::Transforms { expected } => ("transforms", expected),
            Self::Row { expected } => ("row", expected),
            Self::ImageComplete { rows } => return write!(f, "the image has all its {rows} rows"),
            Self::ImageIncomplete { missing } => return write!(f, "{missing} rows of the image are missing"),
        };
        write!(f, "wrong length of the {what} buffer: {expected} elements expected")
    }
}

impl core::error::Error for Error {}
