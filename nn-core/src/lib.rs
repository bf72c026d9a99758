//! Static-shaped neural networks on plain numbers and on MORE-encrypted ones, without an allocator.
//!
//! A [`Network`] is a constant; its buffers are the caller's, their sizes `const fn`s of the description. Kernels are written
//! once, generic over the [`Element`] they compute on:
//!
//! | element | what it is | weights |
//! | --- | --- | --- |
//! | `f32`, `f64` | a plain number | plain |
//! | [`Spectrum<T, N>`](more_core::Spectrum) | a ciphertext in spectral form: `N` times the plain cost | plain, or of the same kind |
//! | [`Ciphertext<T, N>`](more_core::Ciphertext) | a ciphertext in matrix form: the literal `N x N` arithmetic | plain, or of the same kind |
//! | `Pack<I>` (feature `simd`), and the above over it | a sample of each of 16 (`f32`) or 8 (`f64`) images in SIMD registers | plain, or of the same kind |
//!
//! ```
//! use nn_core::{Layer::Sigmoid, Network, Shape, avg_pool, conv, dense, infer};
//!
//! const DIGITS: Network<'static> = Network::new(Shape::new(1, 8, 8), &[conv(4, 3), Sigmoid, avg_pool(2), dense(10)]);
//!
//! let parameters = [0.125_f32; DIGITS.parameters()];
//! let image = [0.5_f32; DIGITS.input().len()];
//! let mut scratch = [0.0; DIGITS.scratch()];
//! let mut logits = [0.0; DIGITS.outputs()];
//! infer((), &DIGITS, &parameters, &image, &mut scratch, &mut logits)?;
//! # Ok::<(), nn_core::Error>(())
//! ```
//!
//! With the feature `stored`, plain weights can be [`f16`](element::f16) or [`F8`](element::F8): half or a quarter of the flash.
//!
//! What encryption by MORE protects and what not is said in [`more_core`]: read it before relying on it.
//!
//! | to add | start in |
//! | --- | --- |
//! | a layer | `layer.rs`, its kernel in `layer/`, its place in a stage in `stage.rs` |
//! | an element | `element.rs`, a file in `element/` |
//! | an instruction set | `simd.rs`, a file in `simd/` |
//! | a loss | `loss.rs` |

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![expect(
    clippy::needless_range_loop,
    reason = "register blocks are walked by index, several arrays at once"
)]

#[cfg(test)]
extern crate std;

pub mod element;
mod error;
mod execute;
mod gradient;
mod layer;
pub mod layout;
mod loss;
mod network;
mod part;
mod prefetch;
pub mod profile;
pub mod resample;
mod shape;
#[cfg(feature = "simd")]
pub mod simd;
mod stage;
mod stream;
mod team;
mod transforms;

pub use element::{Context, Element, Learn, Number, Weigh};
pub use error::{Error, NetworkError};
pub use execute::{Sample, infer, infer_with, train, train_with};
pub use gradient::Gradient;
pub use layer::{Layer, avg_pool, conv, dense, dropout, strided_conv};
pub use layout::LAYOUT_BLOCK;
pub use loss::softmax;
pub use network::{ANGIOGRAPHY, Head, MNIST, Network, ParameterGroup};
pub use shape::Shape;
pub use stream::RowStream;
pub use team::{Alone, Team};
pub use transforms::transform_weights;
