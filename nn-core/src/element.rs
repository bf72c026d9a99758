//! What a network computes on: plain numbers, ciphertexts in both forms, and packs of samples of either.
//!
//! A kernel is written once, against these traits. A new kind of element takes an implementation of [`Element`] and, for
//! each kind of weight it can be multiplied with, of [`Weigh`] (inference) and [`Learn`] (training).

mod ciphertext;
mod number;
#[cfg(feature = "simd")]
mod pack;
mod spectrum;
#[cfg(feature = "stored")]
mod stored;

pub use number::Number;
#[cfg(feature = "simd")]
pub use pack::Pack;
#[cfg(feature = "stored")]
pub use {half::f16, stored::F8};

use more_core::{Arithmetic, Real};

use crate::Gradient;
use crate::layout::{LAYOUT_BLOCK, blocks};
use crate::part::part;

/// What it takes to make an element and to compute on it fast: nothing for numbers, a capability token for packs.
pub trait Context: Copy + Send + Sync + 'static {
    /// Runs `f` with the instructions that this context stands for. `f` and all it calls must be inlined into it.
    fn enter<R>(self, f: impl FnOnce() -> R) -> R;
}

impl Context for () {
    // Out of line, like a function with instructions of its own: see `with_block`.
    #[inline(never)]
    fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
}

/// One element of a feature map: all a layer does to it, apart from weights.
///
/// Functions are those of the message, and so of each lane of a ciphertext. None fails: what has no value, or came from a
/// non-finite entry of a ciphertext in matrix form, is NaN, which the next decryption reports.
pub trait Element: Copy + Send + Sync + 'static {
    /// The scalar type.
    type Real: Real;
    /// One real number a sample: dropout masks, and which samples of a pack count.
    type Number: Arithmetic<Real = Self::Real, Context = Self::Context>;
    /// See [`Context`].
    type Context: Context;

    /// Samples that one element holds.
    const SAMPLES: usize;
    /// Outputs that a kernel computes at once: 1, 2, 4, 8 or 16, as many as keep their sums in registers.
    const BLOCK: usize;
    /// Neighbouring positions that a convolution computes at once (1 or 2), so that a weight is loaded once for them.
    const POSITIONS: usize;
    /// Filters of which a convolution's weight gradient keeps sums in registers: 1, 2, 4 or 8.
    const GRADIENT_BLOCK: usize;
    /// Neighbouring taps of which it does so for each of them (1 or 3).
    const GRADIENT_TAPS: usize;
    /// Rows of the kernel of which it does so (1 or 3).
    const GRADIENT_ROWS: usize;

    /// Whether functions are cheap enough to be computed inside the kernels, in registers.
    const FUSED: bool;
    /// Whether an element is so cheap to multiply that windows of the usual size deserve code of their own.
    const UNROLLED: bool;

    /// The element 0.
    fn zero(context: Self::Context) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `factor * self`, one factor for all samples.
    fn scale(self, factor: Self::Real) -> Self;
    /// `factor * self`, a factor for each sample.
    fn scale_by(self, factor: Self::Number) -> Self;
    /// The larger one.
    fn maximum(self, other: Self) -> Self;
    /// `exp(x)`.
    fn exp(self) -> Self;
    /// `ln(x)`.
    fn ln(self) -> Self;
    /// `1 / x`.
    fn recip(self) -> Self;
    /// `1 / (1 + exp(-x))`.
    fn sigmoid(self) -> Self;
    /// [`sigmoid`](Self::sigmoid) of several, side by side.
    #[inline(always)]
    fn sigmoids<const N: usize>(mut values: [Self; N]) -> [Self; N] {
        for value in &mut values {
            *value = value.sigmoid();
        }
        values
    }
    /// `ln(1 + exp(x))`.
    fn softplus(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// [`tanh`](Self::tanh) of several, side by side.
    #[inline(always)]
    fn tanhs<const N: usize>(mut values: [Self; N]) -> [Self; N] {
        for value in &mut values {
            *value = value.tanh();
        }
        values
    }
    /// `max(x, 0)`.
    fn relu(self) -> Self;
    /// 1 where `x > 0`, otherwise 0: the derivative of [`relu`](Element::relu).
    fn step(self) -> Self;
}

/// Multiplication with weights of the kind `W`.
pub trait Weigh<W: Copy>: Element {
    /// The element that stands for `weight`: what a bias adds.
    fn from_weight(context: Self::Context, weight: W) -> Self;
    /// `self + weight * x`.
    fn weigh_acc(self, weight: W, x: Self) -> Self;

    /// Whether registers hold what convolutions by Winograd's minimal filtering take, which then are faster. Such
    /// elements have [`winograd_taps`](Self::winograd_taps), and [blocks](Element::BLOCK) of 4 or 8 outputs; those with [`Learn`] are packs.
    const WINOGRAD: bool = false;

    /// `(a, (a + b + c) / 2, (a - b + c) / 2, c)` of taps `a, b, c` of several kernels, the transform of Winograd's minimal filtering; none
    /// where there are no convolutions by it ([`WINOGRAD`](Self::WINOGRAD)).
    #[inline(always)]
    fn winograd_taps<const N: usize>(_: [[W; N]; 3]) -> Option<[[W; N]; 4]> {
        None
    }

    /// `y[o] = b[o] + sum over i of w[o, i] x[i]`, for the first outputs of a dense layer's `weights` in the
    /// [order of the kernels](crate::layout): as many as it says, or none where there is nothing faster than one register block after
    /// the other.
    #[inline(always)]
    fn first_outputs(_: Self::Context, _weights: &[W], _biases: &[W], _x: &[Self], _y: &mut [Self]) -> usize {
        0
    }
}

/// Gradients with respect to weights of the kind `W`.
pub trait Learn<W: Copy>: Weigh<W> {
    /// An element whose [`sum`](Self::sum) is that of `self` and of `a b`: `self + a b`, or of packs a sum that takes fewer registers.
    #[must_use]
    fn dot_acc(self, a: Self, b: Self) -> Self;

    /// The sum over the samples of an element.
    fn sum(self) -> W;

    /// The [`sum`](Self::sum) of each element: as many `sums` as `values`.
    #[inline(always)]
    fn sums(values: &[Self], sums: &mut [W]) {
        for (value, sum) in values.iter().zip(sums) {
            *sum = value.sum();
        }
    }

    /// Column `s` gets sample `s` of each of the [`SAMPLES`](Element::SAMPLES) elements `value(0)`, `value(1)`, ... For packs.
    #[inline(always)]
    fn transpose(_: Self::Context, _value: impl Fn(usize) -> Self, _columns: &mut [Self; LAYOUT_BLOCK]) {}

    /// `self + x[sample] d`, one factor for all samples of `d`: a row of an outer product. For packs; nothing asks others for it.
    #[inline(always)]
    #[must_use]
    fn add_outer(self, _x: &Self, _sample: usize, _d: Self) -> Self {
        self
    }

    /// The samples, as weights. For packs.
    #[inline(always)]
    fn as_weights(&self) -> &[W] {
        &[]
    }

    /// `sum over samples of d[o] x[i]` for every output `o` and input `i`, in the [order of the kernels](crate::layout): the weight
    /// gradient of a dense layer.
    fn outer(context: Self::Context, d: &[Self], x: &[Self], gradient: Gradient<'_, W>);
}

/// [`Learn::outer`] by sums over the samples: for elements that have nothing faster.
#[inline(always)]
pub(crate) fn outer_by_sums<E, W>(d: &[E], x: &[E], gradient: Gradient<'_, W>)
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let (gradient, adds) = gradient.into_parts();
    if !adds {
        gradient.fill(W::zero(()));
    }
    for block in blocks(d.len()) {
        let d = part(d, block.first..block.first + block.width);
        let rows = block.weights_mut(gradient, x.len()).chunks_exact_mut(block.width.max(1));
        for (x, row) in x.iter().zip(rows) {
            let (mut d, mut row) = (d, row);
            if const { E::SAMPLES > 1 } {
                let (fours, rest) = d.as_chunks::<4>();
                let (four_gradients, rest_of_row) = row.as_chunks_mut::<4>();
                for (d, g) in fours.iter().zip(four_gradients) {
                    let (mut products, mut sums) = (*d, *g);
                    for k in 0..4 {
                        products[k] = Element::mul(d[k], *x);
                    }
                    E::sums(&products, &mut sums);
                    for k in 0..4 {
                        g[k] = g[k].add(sums[k]);
                    }
                }
                (d, row) = (rest, rest_of_row);
            }
            for (d, g) in d.iter().zip(row) {
                *g = g.add(Element::mul(*d, *x).sum());
            }
        }
    }
}
