//! Element-wise functions of a stage, as types, so that kernels are compiled for each.

use crate::Element;
use crate::stage::Activation;

/// A function and its derivative.
pub(crate) trait Function<E>: Copy + Send + Sync {
    /// `f(x)`.
    fn apply(self, x: E) -> E;
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
    fn chain(self, d: E, y: E) -> E {
        match self.0 {
            Activation::Identity => d,
            Activation::Sigmoid => Sigmoid.chain(d, y),
            Activation::Tanh => Tanh.chain(d, y),
            Activation::Relu => Relu.chain(d, y),
        }
    }
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

/// Enters the context and calls a function whose last generic parameter is the size of a register block, a power of two up to
/// the limit given; larger ones are not compiled.
///
/// Each is a function of its own to the compiler: one that held them all would take it minutes.
macro_rules! with_block {
    ($context:expr, $size:expr, $limit:expr, $function:ident::<$($generic:ty),*>($($argument:expr),* $(,)?)) => {
        match $size {
            16 if const { $limit >= 16 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 16>($($argument),*),
            ),
            8 if const { $limit >= 8 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 8>($($argument),*),
            ),
            4 if const { $limit >= 4 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 4>($($argument),*),
            ),
            2 if const { $limit >= 2 } => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 2>($($argument),*),
            ),
            _ => $context.enter(
                #[inline(always)]
                || $function::<$($generic,)* 1>($($argument),*),
            ),
        }
    };
}
pub(crate) use with_block;

/// `factor` as a real number of the element.
#[inline(always)]
pub(crate) fn real<E: Element>(factor: f64) -> E::Real {
    <E::Real as more_core::Real>::from_f64(factor)
}
