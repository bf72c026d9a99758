//! Masks, through the encryption of a slice.

use core::hint::black_box;

use more_core::mask::{Decoys, Normal, OneHot, Simplex, Uniform};
use more_core::rand_core::TryCryptoRng;
use more_core::{Error, Masks, Real};

use crate::inputs::{MESSAGES, opaque, opaque_mut};
use crate::{Inputs, Visitor};

fn encrypt<T: Real, const N: usize, G: TryCryptoRng>(
    i: &mut Inputs<T, N, G>,
    masks: &mut impl Masks<T>,
) -> Result<(), Error> {
    i.key.encrypt_slice(opaque(&i.messages), black_box(masks), &mut i.rng, opaque_mut(&mut i.matrices))
}

pub(crate) fn visit<T: Real, const N: usize, G: TryCryptoRng>(v: &mut impl Visitor<T, N, G>) {
    const GROUP: &str = "masks";
    v.visit(GROUP, "Uniform", |i| {
        let mut masks = Uniform::new(i.low, i.high)?;
        encrypt(i, &mut masks)
    });
    v.visit(GROUP, "Normal", |i| {
        let mut masks = Normal::new(i.low, i.high)?;
        encrypt(i, &mut masks)
    });
    v.visit(GROUP, "OneHot", |i| {
        let mut masks = OneHot::new(black_box(MESSAGES))?;
        encrypt(i, &mut masks)
    });
    v.visit(GROUP, "Simplex", |i| {
        let mut masks = Simplex::new(black_box(MESSAGES))?;
        encrypt(i, &mut masks)
    });
    v.visit(GROUP, "Decoys", |i| {
        let decoys = i.decoys;
        let mut masks = Decoys::new(opaque(decoys.as_flattened()));
        encrypt(i, &mut masks)
    });
    v.visit(GROUP, "Uniform::fill", |i| {
        let mut out = i.messages;
        i.uniform.fill(&mut i.rng, i.low, opaque_mut(&mut out))?;
        Ok(T::to_f64(out[MESSAGES - 1]))
    });
    v.visit(GROUP, "Normal::fill", |i| {
        let mut out = i.messages;
        i.normal.fill(&mut i.rng, i.low, opaque_mut(&mut out))?;
        Ok(T::to_f64(out[MESSAGES - 1]))
    });
}
