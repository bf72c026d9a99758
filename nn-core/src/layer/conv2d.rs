//! Convolution kernels: forward with fused activation and pool, input gradient, weight gradient.
//!
//! `x`: `[channels][height][width]`; weights: see [`layout`](crate::layout), an input being `(channel, row, column)` of the
//! kernel. Every sum over a window runs over channels, rows and columns in this order, whatever the register block, so that
//! all blocks give the same bits; [`winograd`] has sums of its own.

/// Evaluates an expression with a [`Window`]: of the known size where it is that, and where elements are cheap enough for the
/// difference to be worth the code. The second form also knows the width of the layout's blocks, where it is given.
macro_rules! with_window {
    ($element:ty, $kernel:expr, $stride:expr, $window:ident => $body:expr) => {
        if const { <$element>::UNROLLED } && ($kernel, $stride) == (3, 1) {
            let $window = $crate::layer::conv2d::Three::<0>;
            $body
        } else {
            let $window = $crate::layer::conv2d::Any { kernel: $kernel, stride: $stride };
            $body
        }
    };
    ($element:ty, $kernel:expr, $stride:expr, $width:expr, $window:ident => $body:expr) => {
        match $width {
            // A product of packs outweighs the address of its weight.
            Some(width) if const { <$element>::UNROLLED && <$element>::SAMPLES == 1 } => {
                match ($kernel, $stride, width) {
                    (3, 1, 16) => {
                        let $window = $crate::layer::conv2d::Three::<16>;
                        $body
                    }
                    (3, 1, 8) => {
                        let $window = $crate::layer::conv2d::Three::<8>;
                        $body
                    }
                    (3, 1, 4) => {
                        let $window = $crate::layer::conv2d::Three::<4>;
                        $body
                    }
                    _ => with_window!($element, $kernel, $stride, $window => $body),
                }
            }
            _ => with_window!($element, $kernel, $stride, $window => $body),
        }
    };
}

mod forward;
mod input_gradient;
mod weight_gradient;
mod winograd;

pub(crate) use forward::forward;
pub(crate) use input_gradient::{has_rows, input_gradient};
pub(crate) use weight_gradient::{first_gradient, has_first_gradient, weight_gradient};
pub(crate) use winograd::{transform, transforms};

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
    /// Rows of the kernel where the stride is 1 and both are known before the run, otherwise 0.
    const KERNEL: usize;
    /// Filters of a layout block, 0 if that is not known before the run.
    const WIDTH: usize;
}

/// 3 x 3, stride 1, and the number of filters of every layout block if it is not 0.
#[derive(Clone, Copy)]
pub(crate) struct Three<const WIDTH: usize>;

/// Any size and stride.
#[derive(Clone, Copy)]
pub(crate) struct Any {
    kernel: usize,
    stride: usize,
}

impl<const WIDTH: usize> Window for Three<WIDTH> {
    const KERNEL: usize = 3;
    const WIDTH: usize = WIDTH;

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
    const KERNEL: usize = 0;
    const WIDTH: usize = 0;

    #[inline(always)]
    fn kernel(self) -> usize {
        self.kernel
    }

    #[inline(always)]
    fn stride(self) -> usize {
        self.stride
    }
}
