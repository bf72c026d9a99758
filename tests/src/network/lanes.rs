//! Elements of every kind from the lanes of their samples, and back.

use more_core::{Ciphertext, EvaluationKey, Spectrum};
use nn_core::element::Pack;
use nn_core::simd::{Isa, PackReal};
use nn_core::{Element, Number};

/// A number or a pack of them, sample by sample.
pub trait Samples: Number {
    /// From one number a sample.
    fn from_samples(context: Self::Context, samples: &[Self::Real]) -> Self;
    /// One number a sample.
    fn to_samples(&self) -> Vec<Self::Real>;
}

macro_rules! one_sample {
    ($($real:ty),*) => {$(
        impl Samples for $real {
            fn from_samples((): (), samples: &[$real]) -> $real {
                samples[0]
            }

            fn to_samples(&self) -> Vec<$real> {
                vec![*self]
            }
        }
    )*};
}
one_sample!(f32, f64);

impl<I: Isa> Samples for Pack<I> {
    fn from_samples(isa: I, samples: &[I::Real]) -> Self {
        let mut pack = <Self as Element>::zero(isa);
        pack.samples_mut().copy_from_slice(samples);
        pack
    }

    fn to_samples(&self) -> Vec<I::Real> {
        self.samples().to_vec()
    }
}

/// Where the lanes of a matrix are; nothing for elements in another form.
pub type Key<'a, T, const N: usize> = Option<&'a EvaluationKey<T, N>>;

/// An element with `N` lanes in each sample; ciphertexts in matrix form need the key.
///
/// # Panics
///
/// Where a matrix comes without a key.
pub trait Lanes<const N: usize>: Element + std::fmt::Debug {
    /// From the lanes of each sample.
    fn from_lanes(context: Self::Context, key: Key<'_, Self::Real, N>, samples: &[[Self::Real; N]]) -> Self;
    /// The lanes of each sample.
    fn to_lanes(&self, key: Key<'_, Self::Real, N>) -> Vec<[Self::Real; N]>;
}

macro_rules! lanes_of_number {
    ([$($generic:tt)*] $number:ty) => {
        impl<$($generic)*> Lanes<1> for $number {
            fn from_lanes(
                context: <Self as Element>::Context,
                _: Key<'_, <Self as Element>::Real, 1>,
                samples: &[[<Self as Element>::Real; 1]],
            ) -> Self {
                Self::from_samples(context, samples.as_flattened())
            }

            fn to_lanes(
                &self,
                _: Key<'_, <Self as Element>::Real, 1>,
            ) -> Vec<[<Self as Element>::Real; 1]> {
                self.to_samples().into_iter().map(|x| [x]).collect()
            }
        }
    };
}
lanes_of_number!([] f32);
lanes_of_number!([] f64);
lanes_of_number!([I: Isa] Pack<I>);

impl<R: Samples<Real: PackReal>, const N: usize> Lanes<N> for Spectrum<R, N> {
    fn from_lanes(context: R::Context, _: Key<'_, R::Real, N>, samples: &[[R::Real; N]]) -> Self {
        Spectrum::from_lanes(std::array::from_fn(|k| {
            let lane: Vec<_> = samples.iter().map(|lanes| lanes[k]).collect();
            R::from_samples(context, &lane)
        }))
    }

    fn to_lanes(&self, _: Key<'_, R::Real, N>) -> Vec<[R::Real; N]> {
        let lanes = self.lanes().map(|lane| lane.to_samples());
        (0..R::SAMPLES).map(|sample| std::array::from_fn(|k| lanes[k][sample])).collect()
    }
}

impl<R: Samples<Real: PackReal>, const N: usize> Lanes<N> for Ciphertext<R, N> {
    fn from_lanes(context: R::Context, key: Key<'_, R::Real, N>, samples: &[[R::Real; N]]) -> Self {
        let key = key.expect("matrices have a key");
        let matrices: Vec<_> = samples
            .iter()
            .map(|lanes| key.to_ciphertext(&Spectrum::<R::Real, N>::from_lanes(*lanes)))
            .collect();
        Ciphertext::from_columns(std::array::from_fn(|j| {
            std::array::from_fn(|i| {
                let entries: Vec<_> = matrices.iter().map(|c| c.columns()[j][i]).collect();
                R::from_samples(context, &entries)
            })
        }))
    }

    fn to_lanes(&self, key: Key<'_, R::Real, N>) -> Vec<[R::Real; N]> {
        let key = key.expect("matrices have a key");
        let entries = self.columns().map(|column| column.map(|entry| entry.to_samples()));
        (0..R::SAMPLES)
            .map(|sample| {
                let columns = std::array::from_fn(|j| std::array::from_fn(|i| entries[j][i][sample]));
                *key.to_spectrum_unchecked(&Ciphertext::<R::Real, N>::from_columns(columns)).lanes()
            })
            .collect()
    }
}
