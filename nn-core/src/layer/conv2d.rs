//! Convolution kernels: forward with fused activation and pool, input gradient, weight gradient.
//!
//! `x`: `[channels][height][width]`; weights: see [`layout`](crate::layout), an input being `(channel, row, column)` of the
//! kernel. Every sum over a window runs over channels, rows and columns in this order, whatever the register block, so that
//! all blocks give the same bits.

mod forward;
mod input_gradient;
mod weight_gradient;

pub(crate) use forward::forward;
pub(crate) use input_gradient::input_gradient;
pub(crate) use weight_gradient::weight_gradient;
