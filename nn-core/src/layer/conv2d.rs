//! Convolution kernels: forward with fused activation and pool, input gradient, weight gradient.
//!
//! `x`: `[channels][height][width]`; weights: see [`layout`](crate::layout), an input being `(channel, row, column)` of the
//! kernel. Every sum over a window runs over channels, rows and columns in this order, whatever the register block, so that
//! all blocks give the same bits.

/// Evaluates an expression with a [`Window`]: of the known size where it is that, and where elements are cheap enough for the
/// difference to be worth the code.
macro_rules! with_window {
    ($element:ty, $kernel:expr, $stride:expr, $window:ident => $body:expr) => {
        if const { <$element>::FUSED } && ($kernel, $stride) == (3, 1) {
            let $window = $crate::layer::conv2d::Three;
            $body
        } else {
            let $window = $crate::layer::conv2d::Any { kernel: $kernel, stride: $stride };
            $body
        }
    };
}

mod forward;
mod input_gradient;
mod weight_gradient;

pub(crate) use forward::forward;
pub(crate) use input_gradient::input_gradient;
pub(crate) use weight_gradient::weight_gradient;

/// A copy of a kernel's shapes, of which the compiler knows that no store to a feature map changes it.
#[inline(always)]
pub(crate) fn local<T: Copy>(shapes: &T) -> T {
    *shapes
}

/// The windows of a convolution. The usual one has a type of its own, so that the compiler knows its size in every kernel and
/// unrolls it.
pub(crate) trait Window: Copy + Send + Sync {
    /// Rows and columns of the kernel.
    fn kernel(self) -> usize;
    /// Distance of neighbouring windows.
    fn stride(self) -> usize;
}

/// 3 x 3, stride 1.
#[derive(Clone, Copy)]
pub(crate) struct Three;

/// Any size and stride.
#[derive(Clone, Copy)]
pub(crate) struct Any {
    kernel: usize,
    stride: usize,
}

impl Window for Three {
    #[inline(always)]
    fn kernel(self) -> usize {
        3
    }

    #[inline(always)]
    fn stride(self) -> usize {
        1
    }
}

impl Window for Any {
    #[inline(always)]
    fn kernel(self) -> usize {
        self.kernel
    }

    #[inline(always)]
    fn stride(self) -> usize {
        self.stride
    }
}
