//! From the planes of a data set to the elements that a network computes on.
//!
//! Every item of a data set has one or more *components*, each a plane of numbers: one component for plain data, `n` lanes in
//! spectral form, `n^2` entries (row by row) in matrix form. A lane of a spectral data set is computed on packs of plain
//! numbers, apart from the other lanes; a matrix on packs of ciphertexts.

mod gather;

use more_core::{Ciphertext, Real};
use nn_core::element::Pack;
use nn_core::simd::{Isa, PackReal};
use nn_core::{Element, Learn, Network, Number, Weigh, transform_weights};

use crate::container;
use crate::large_pages;
use crate::lines::{self, Lines};
use crate::training::Adam;
pub(crate) use gather::{LaneLines, Stored, gather};

/// The scalar types that networks are trained with: `f32` and `f64`.
pub trait Scalar: PackReal + container::Element + Weight {}

impl Scalar for f32 {}
impl Scalar for f64 {}

/// A weight: a number, or a ciphertext in matrix form.
pub trait Weight: Element<Context = ()> {
    /// Its number of components.
    const COMPONENTS: usize;

    /// The weight of the given components.
    fn from_components(component: impl Fn(usize) -> <Self as Element>::Real) -> Self;

    /// One component.
    fn component(&self, index: usize) -> <Self as Element>::Real;

    /// The weight that stands for a plain number.
    fn from_plain(value: <Self as Element>::Real) -> Self {
        Self::zero(()).offset(value)
    }

    /// `self + value` in every lane.
    #[must_use]
    fn offset(self, value: <Self as Element>::Real) -> Self;

    /// Whether [`adam`](Self::adam) exists: it divides by square roots, lane by lane.
    const ADAPTIVE: bool;

    /// A step of Adam; of weights that are not [`ADAPTIVE`](Self::ADAPTIVE) none.
    fn adam<I: Isa<Real = <Self as Element>::Real>>(
        isa: I,
        rule: &Adam<I::Real>,
        weights: &mut [Self],
        gradient: &[Self],
        moments: [&mut [Self]; 2],
    );
}

macro_rules! plain_weight {
    ($($real:ty),*) => {$(
        impl Weight for $real {
            const COMPONENTS: usize = 1;

            fn from_components(component: impl Fn(usize) -> $real) -> Self {
                component(0)
            }

            fn component(&self, _: usize) -> $real {
                *self
            }

            fn offset(self, value: $real) -> Self {
                self + value
            }

            const ADAPTIVE: bool = true;

            #[inline(always)]
            fn adam<I: Isa<Real = $real>>(
                isa: I,
                rule: &Adam<$real>,
                weights: &mut [$real],
                gradient: &[$real],
                moments: [&mut [$real]; 2],
            ) {
                rule.step(isa, weights, gradient, moments);
            }
        }
    )*};
}
plain_weight!(f32, f64);

impl<T: Real + Number, const N: usize> Weight for Ciphertext<T, N> {
    const COMPONENTS: usize = N * N;

    fn from_components(component: impl Fn(usize) -> T) -> Self {
        let mut columns = [[T::ZERO; N]; N];
        for (j, column) in columns.iter_mut().enumerate() {
            for (i, entry) in column.iter_mut().enumerate() {
                *entry = component(i * N + j);
            }
        }
        Self::from_columns(columns)
    }

    fn component(&self, index: usize) -> T {
        self.columns()[index % N][index / N]
    }

    fn offset(self, value: T) -> Self {
        let mut columns = *self.columns();
        for (i, column) in columns.iter_mut().enumerate() {
            column[i] = column[i] + value;
        }
        Self::from_columns(columns)
    }

    const ADAPTIVE: bool = false;

    fn adam<I: Isa<Real = T>>(_: I, _: &Adam<T>, _: &mut [Self], _: &[Self], _: [&mut [Self]; 2]) {}
}

/// A plain weight for ciphertexts in matrix form, where the scalar is a type parameter: `Weigh<f32>` and `Weigh<f64>` exist, and
/// `Weigh<T>` cannot be said for both.
#[derive(Clone, Copy, Debug)]
pub struct PlainWeight<T>(pub T);

impl<I: Isa, const N: usize> Weigh<PlainWeight<I::Real>> for Ciphertext<Pack<I>, N> {
    #[inline(always)]
    fn from_weight(isa: I, weight: PlainWeight<I::Real>) -> Self {
        Self::scalar(isa, weight.0)
    }

    #[inline(always)]
    fn weigh_acc(self, weight: PlainWeight<I::Real>, x: Self) -> Self {
        self.mul_acc_scalar(weight.0, x)
    }
}

/// An element that is a pack: samples of several images, component by component.
pub trait Packed<I: Isa>: Element<Real = I::Real, Number = Pack<I>, Context = I> {
    /// Its number of components.
    const COMPONENTS: usize;

    /// The pack of one component.
    fn pack(&self, component: usize) -> &Pack<I>;

    /// The pack of one component, to be filled.
    fn pack_mut(&mut self, component: usize) -> &mut Pack<I>;
}

impl<I: Isa> Packed<I> for Pack<I> {
    const COMPONENTS: usize = 1;

    #[inline(always)]
    fn pack(&self, _: usize) -> &Pack<I> {
        self
    }

    #[inline(always)]
    fn pack_mut(&mut self, _: usize) -> &mut Pack<I> {
        self
    }
}

impl<I: Isa, const N: usize> Packed<I> for Ciphertext<Pack<I>, N> {
    const COMPONENTS: usize = N * N;

    #[inline(always)]
    fn pack(&self, component: usize) -> &Pack<I> {
        &self.columns()[component % N][component / N]
    }

    #[inline(always)]
    fn pack_mut(&mut self, component: usize) -> &mut Pack<I> {
        &mut self.columns_mut()[component % N][component / N]
    }
}

/// What training computes on: packs that learn weights of type `W`.
pub trait Learner<I: Isa, W: Weight>: Packed<I> + Learn<W> {}

impl<I: Isa, W: Weight, E: Packed<I> + Learn<W>> Learner<I, W> for E {}

/// [`transform_weights`] for elements `E`, of parameters in the order of the kernels.
pub(crate) fn transforms<E: Weigh<W>, W: Copy>(
    network: &Network<'_>,
    parameters: &[W],
) -> Result<Lines<W>, nn_core::Error> {
    let Some(any) = parameters.first() else { return Ok(lines::empty()) };
    let mut transforms = large_pages::filled(*any, network.transforms::<E, W>());
    transform_weights::<E, W>(network, parameters, &mut transforms)?;
    Ok(transforms)
}

/// Planes of numbers: `[item][component][value]`.
#[derive(Clone, Copy, Debug)]
pub struct Planes<'a, T> {
    /// The numbers.
    pub values: &'a [T],
    /// Components of an item.
    pub components: usize,
    /// Numbers of a plane.
    pub len: usize,
}

impl<T: Copy> Planes<'_, T> {
    /// One plane.
    #[inline(always)]
    pub(crate) fn plane(&self, item: usize, component: usize) -> &[T] {
        &self.values[(item * self.components + component) * self.len..][..self.len]
    }

    /// Fills `packs` with the components from `first` on of the items given, as many as a pack has samples or fewer: zeros take
    /// the places that are left.
    pub fn gather<I: Isa<Real = T>, E: Packed<I>>(
        &self,
        isa: I,
        items: &[usize],
        first: usize,
        packs: &mut [E],
    ) where
        T: PackReal,
    {
        for component in 0..E::COMPONENTS {
            let lines = items.iter().map(|item| self.plane(*item, first + component));
            gather::<I, E>(isa, &Stored::new(lines), 0, component, packs);
        }
    }
}

/// Writes the samples of `packs` to planes `[item][component][value]`: the inverse of [`Planes::gather`].
pub fn scatter<I: Isa, E: Packed<I>>(packs: &[E], components: usize, first: usize, out: &mut [I::Real]) {
    for (sample, item) in out.chunks_exact_mut(components * packs.len()).enumerate() {
        let planes = item.chunks_exact_mut(packs.len()).skip(first).take(E::COMPONENTS);
        for (component, plane) in planes.enumerate() {
            for (value, pack) in plane.iter_mut().zip(packs) {
                *value = pack.pack(component).samples()[sample];
            }
        }
    }
}
