//! Element-wise functions of a stage, as types, so that kernels are compiled for each.

use crate::Element;

/// A function and its derivative.
pub(crate) trait Function<E> {
    /// `f(x)`.
    fn apply(x: E) -> E;
    /// `d f'(x)`, from `y = f(x)`.
    fn chain(d: E, y: E) -> E;
}

pub(crate) struct Identity;
pub(crate) struct Sigmoid;
pub(crate) struct Tanh;
pub(crate) struct Relu;

impl<E: Element> Function<E> for Identity {
    #[inline(always)]
    fn apply(x: E) -> E {
        x
    }

    #[inline(always)]
    fn chain(d: E, _: E) -> E {
        d
    }
}

impl<E: Element> Function<E> for Sigmoid {
    #[inline(always)]
    fn apply(x: E) -> E {
        x.sigmoid()
    }

    #[inline(always)]
    fn chain(d: E, y: E) -> E {
        // f' = y (1 - y)
        d.mul(y.sub(y.mul(y)))
    }
}

impl<E: Element> Function<E> for Tanh {
    #[inline(always)]
    fn apply(x: E) -> E {
        x.tanh()
    }

    #[inline(always)]
    fn chain(d: E, y: E) -> E {
        // f' = 1 - y^2
        d.sub(d.mul(y.mul(y)))
    }
}

impl<E: Element> Function<E> for Relu {
    #[inline(always)]
    fn apply(x: E) -> E {
        x.relu()
    }

    #[inline(always)]
    fn chain(d: E, y: E) -> E {
        d.mul(y.step())
    }
}

/// Calls a function whose last generic parameter is a [`Function`] with the type of an
/// [`Activation`](crate::stage::Activation).
macro_rules! with_activation {
    ($activation:expr, $function:ident::<$($generic:ty),*>($($argument:expr),* $(,)?)) => {
        match $activation {
            $crate::stage::Activation::Identity =>
                $function::<$($generic,)* $crate::layer::activation::Identity>($($argument),*),
            $crate::stage::Activation::Sigmoid =>
                $function::<$($generic,)* $crate::layer::activation::Sigmoid>($($argument),*),
            $crate::stage::Activation::Tanh =>
                $function::<$($generic,)* $crate::layer::activation::Tanh>($($argument),*),
            $crate::stage::Activation::Relu =>
                $function::<$($generic,)* $crate::layer::activation::Relu>($($argument),*),
        }
    };
}
pub(crate) use with_activation;

/// Calls a function whose last generic parameter is the size of a register block, a power of two up to
/// [`Element::BLOCK`] (or the limit given); larger ones are not compiled.
macro_rules! with_block {
    ($size:expr, $limit:expr, $function:ident::<$($generic:ty),*>($($argument:expr),* $(,)?)) => {
        match $size {
            16 if $limit >= 16 => $function::<$($generic,)* 16>($($argument),*),
            8 if $limit >= 8 => $function::<$($generic,)* 8>($($argument),*),
            4 if $limit >= 4 => $function::<$($generic,)* 4>($($argument),*),
            2 if $limit >= 2 => $function::<$($generic,)* 2>($($argument),*),
            _ => $function::<$($generic,)* 1>($($argument),*),
        }
    };
}
pub(crate) use with_block;

/// `factor` as a real number of the element.
#[inline(always)]
pub(crate) fn real<E: Element>(factor: f64) -> E::Real {
    <E::Real as more_core::Real>::from_f64(factor)
}
