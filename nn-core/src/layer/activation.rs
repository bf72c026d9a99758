//! Element-wise functions of a stage, as types, so that kernels are compiled for each.

use crate::element::{Context, Element};
use crate::stage::Activation;

/// A function and its derivative.
pub(crate) trait Function<E: Element>: Copy + Send + Sync {
    /// `f(x)`.
    fn apply(self, x: E) -> E;
    /// `f` of each.
    #[inline(always)]
    fn apply_block<const N: usize>(self, mut block: [E; N]) -> [E; N] {
        for value in &mut block {
            *value = self.apply(*value);
        }
        block
    }
    /// `f` of each, in place: where a function is not [`Element::FUSED`] a call on what lies in memory.
    #[inline(always)]
    fn apply_all(self, _: E::Context, values: &mut [E]) {
        for value in values {
            *value = self.apply(*value);
        }
    }
    /// `d f'(x)`, from `y = f(x)`.
    fn chain(self, d: E, y: E) -> E;
}

#[derive(Clone, Copy)]
pub(crate) struct Identity;
#[derive(Clone, Copy)]
pub(crate) struct Sigmoid;
#[derive(Clone, Copy)]
pub(crate) struct Tanh;
#[derive(Clone, Copy)]
pub(crate) struct Relu;

impl<E: Element> Function<E> for Identity {
    #[inline(always)]
    fn apply(self, x: E) -> E {
        x
    }

    #[inline(always)]
    fn chain(self, d: E, _: E) -> E {
        d
    }
}

impl<E: Element> Function<E> for Sigmoid {
    #[inline(always)]
    fn apply(self, x: E) -> E {
        x.sigmoid()
    }

    #[inline(always)]
    fn apply_block<const N: usize>(self, block: [E; N]) -> [E; N] {
        E::sigmoids(block)
    }

    #[inline(always)]
    fn chain(self, d: E, y: E) -> E {
        // f' = y (1 - y)
        d.mul(y.sub(y.mul(y)))
    }
}

impl<E: Element> Function<E> for Tanh {
    #[inline(always)]
    fn apply(self, x: E) -> E {
        x.tanh()
    }

    #[inline(always)]
    fn apply_block<const N: usize>(self, block: [E; N]) -> [E; N] {
        E::tanhs(block)
    }

    #[inline(always)]
    fn chain(self, d: E, y: E) -> E {
        // f' = 1 - y^2
        d.sub(d.mul(y.mul(y)))
    }
}

impl<E: Element> Function<E> for Relu {
    #[inline(always)]
    fn apply(self, x: E) -> E {
        x.relu()
    }

    #[inline(always)]
    fn chain(self, d: E, y: E) -> E {
        d.mul(y.step())
    }
}

/// Any of them, chosen for each element: for elements to which a function is so dear that a kernel of its own would be code for
/// nothing.
#[derive(Clone, Copy)]
pub(crate) struct Dynamic(pub(crate) Activation);

impl<E: Element> Function<E> for Dynamic {
    #[inline(always)]
    fn apply(self, x: E) -> E {
        match self.0 {
            Activation::Identity => x,
            Activation::Sigmoid => Sigmoid.apply(x),
            Activation::Tanh => Tanh.apply(x),
            Activation::Relu => Relu.apply(x),
        }
    }

    #[inline(always)]
    fn apply_all(self, context: E::Context, values: &mut [E]) {
        if self.0 != Activation::Identity {
            activate(context, self.0, values);
        }
    }

    #[inline(always)]
    fn chain(self, d: E, y: E) -> E {
        match self.0 {
            Activation::Identity => d,
            Activation::Sigmoid => Sigmoid.chain(d, y),
            Activation::Tanh => Tanh.chain(d, y),
            Activation::Relu => Relu.chain(d, y),
        }
    }
}

/// A function of some elements, out of line: the same code for all register blocks.
fn activate<E: Element>(context: E::Context, activation: Activation, values: &mut [E]) {
    context.enter(
        #[inline(always)]
        || match activation {
            Activation::Identity => {}
            Activation::Sigmoid => values.iter_mut().for_each(
                #[inline(always)]
                |x| *x = x.sigmoid(),
            ),
            Activation::Tanh => values.iter_mut().for_each(
                #[inline(always)]
                |x| *x = x.tanh(),
            ),
            Activation::Relu => values.iter_mut().for_each(
                #[inline(always)]
                |x| *x = x.relu(),
            ),
        },
    );
}

/// Evaluates an expression with a [`Function`]: one of its own type where the element has [`Element::FUSED`] functions.
macro_rules! with_activation {
    ($element:ty, $activation:expr, $function:ident => $body:expr) => {
        if const { <$element>::FUSED } {
            match $activation {
                $crate::stage::Activation::Identity => {
                    let $function = $crate::layer::activation::Identity;
                    $body
                }
                $crate::stage::Activation::Sigmoid => {
                    let $function = $crate::layer::activation::Sigmoid;
                    $body
                }
                $crate::stage::Activation::Tanh => {
                    let $function = $crate::layer::activation::Tanh;
                    $body
                }
                $crate::stage::Activation::Relu => {
                    let $function = $crate::layer::activation::Relu;
                    $body
                }
            }
        } else {
            let $function = $crate::layer::activation::Dynamic($activation);
            $body
        }
    };
}
pub(crate) use with_activation;

/// Enters the context and calls a function whose last generic parameter is the size of a register block, a power of two within
/// the limits given; others are not compiled.
///
/// Each is a function of its own to the compiler: one that held them all would take it minutes.
macro_rules! with_block {
    ($context:expr, $size:expr, ($least:expr, $limit:expr), $function:ident::<$($generic:tt),*>($($argument:expr),* $(,)?)) => {
        match $size {
            16 if const { $least <= 16 && $limit >= 16 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 16>($($argument),*),
            ),
            8 if const { $least <= 8 && $limit >= 8 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 8>($($argument),*),
            ),
            4 if const { $least <= 4 && $limit >= 4 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 4>($($argument),*),
            ),
            2 if const { $least <= 2 && $limit >= 2 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 2>($($argument),*),
            ),
            _ if const { $least <= 1 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 1>($($argument),*),
            ),
            _ => {}
        }
    };
}
pub(crate) use with_block;
