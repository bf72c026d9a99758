use nn_core::{Layer, Network, Shape, avg_pool, dense, strided_conv};

use crate::MoreStatus;
use crate::memory::{addresses, apart, reference, slice};

/// The most layers of a network: their descriptions are put on the stack, 512 bytes of a 32-bit machine.
pub const MORE_MAX_LAYERS: usize = 32;

/// The kinds of layers. Dropout is none of them: it does nothing in inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum MoreLayerKind {
    /// Cross-correlation without padding: `outputs` filters of `size` rows and columns, `stride` apart.
    Conv2d = 1,
    /// The mean of disjoint windows of `size` rows and columns.
    AvgPool2d = 2,
    /// `outputs` weighted sums of all inputs.
    Dense = 3,
    /// `1 / (1 + exp(-x))`.
    Sigmoid = 4,
    /// The hyperbolic tangent.
    Tanh = 5,
    /// `max(x, 0)`.
    Relu = 6,
}

/// A layer. Fields that its kind has no use for are ignored.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct MoreLayer {
    /// A `MoreLayerKind`.
    pub kind: u32,
    /// Filters or outputs.
    pub outputs: u32,
    /// Rows and columns of a window.
    pub size: u32,
    /// Distance of neighbouring windows of a convolution.
    pub stride: u32,
}

impl MoreLayer {
    fn layer(&self) -> Result<Layer, MoreStatus> {
        let (outputs, size, stride) = (self.outputs as usize, self.size as usize, self.stride as usize);
        let is = |kind: MoreLayerKind| self.kind == kind as u32;
        Ok(if is(MoreLayerKind::Conv2d) {
            strided_conv(outputs, size, stride)
        } else if is(MoreLayerKind::AvgPool2d) {
            avg_pool(size)
        } else if is(MoreLayerKind::Dense) {
            dense(outputs)
        } else if is(MoreLayerKind::Sigmoid) {
            Layer::Sigmoid
        } else if is(MoreLayerKind::Tanh) {
            Layer::Tanh
        } else if is(MoreLayerKind::Relu) {
            Layer::Relu
        } else {
            return Err(MoreStatus::LayerKind);
        })
    }
}

/// A network: the shape of its input and its layers, without weights. A constant, in flash.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct MoreNetwork {
    /// Channels of the input.
    pub channels: usize,
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// The layers.
    pub layers: *const MoreLayer,
    /// How many there are.
    pub layer_count: usize,
}

/// What a network needs, in elements (`float` or `MoreCell`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct MoreNetworkSizes {
    /// Weights and biases, in the order of the kernels (`more-nn export` writes them so).
    pub parameters: usize,
    /// The input image, `[channel][row][column]`.
    pub input: usize,
    /// One row of it, `[channel][column]`.
    pub row: usize,
    /// The output.
    pub outputs: usize,
    /// Scratch of the `more_infer` functions, at least.
    pub scratch: usize,
    /// Memory of a `MoreStream`, at least.
    pub stream_memory: usize,
}

/// What `f` makes of the network.
///
/// # Safety
///
/// `network` and its layers, unless refused, point to as many elements as said.
pub(crate) unsafe fn with_network<R>(
    network: *const MoreNetwork,
    f: impl FnOnce(&Network<'_>) -> Result<R, MoreStatus>,
) -> Result<R, MoreStatus> {
    // SAFETY: the caller's promise.
    let network = unsafe { reference(network)? };
    // SAFETY: the caller's promise.
    let descriptions = unsafe { slice(network.layers, network.layer_count)? };
    let mut layers = [Layer::Sigmoid; MORE_MAX_LAYERS];
    let layers = layers.get_mut(..descriptions.len()).ok_or(MoreStatus::TooManyLayers)?;
    for (layer, description) in layers.iter_mut().zip(descriptions) {
        *layer = description.layer()?;
    }
    f(&Network::try_new(Shape::new(network.channels, network.height, network.width), layers)?)
}

/// Checks a network and says what it needs.
///
/// # Safety
///
/// Pointers that are not refused, those in the network too, point to as many elements as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_network_sizes(
    network: *const MoreNetwork,
    sizes: *mut MoreNetworkSizes,
) -> MoreStatus {
    let run = || {
        apart(&addresses(sizes, 1)?, &[&addresses(network, 1)?])?;
        let measure = |network: &Network<'_>| {
            Ok(MoreNetworkSizes {
                parameters: network.parameters(),
                input: network.input().len(),
                row: network.input().channels * network.input().width,
                outputs: network.outputs(),
                scratch: network.scratch(),
                stream_memory: network.stream_memory(),
            })
        };
        // SAFETY: the caller's promise.
        let measured = unsafe { with_network(network, measure)? };
        // SAFETY: not null and aligned; the rest is the caller's promise.
        unsafe { sizes.write(measured) };
        Ok(())
    };
    MoreStatus::of(run())
}
