//! Keys: drawing, encryption, decryption, conversion.

use more_core::rand_core::TryCryptoRng;
use more_core::{EvaluationKey, KeyId, LaneRows, Real, SecretKey};

use crate::Visitor;
use crate::inputs::{opaque, opaque_mut};

pub(crate) fn visit<T: Real, const N: usize, G: TryCryptoRng>(v: &mut impl Visitor<T, N, G>) {
    const GROUP: &str = "keys";
    v.visit(GROUP, "KeyId::generate", |i| KeyId::generate(&mut i.rng));
    v.visit(GROUP, "SecretKey::generate", |i| SecretKey::<T, N>::generate(&mut i.rng));
    v.visit(GROUP, "SecretKey::generate_with_condition", |i| {
        SecretKey::<T, N>::generate_with_condition(&mut i.rng, i.condition)
    });
    v.visit(GROUP, "SecretKey::from_parts", |i| SecretKey::from_parts(i.key.id(), *i.evaluation.columns()));
    v.visit(GROUP, "SecretKey::message_lane", |i| i.key.message_lane(&i.evaluation));
    v.visit(GROUP, "SecretKey::encrypt", |i| i.key.encrypt(i.low, &mut i.uniform, &mut i.rng));
    v.visit(GROUP, "SecretKey::encrypt_lanes", |i| i.key.encrypt_lanes(i.x.lanes()));
    v.visit(GROUP, "SecretKey::encrypt_slice", |i| {
        let (messages, out) = (opaque(&i.messages), opaque_mut(&mut i.matrices));
        i.key.encrypt_slice(messages, &mut i.uniform, &mut i.rng, out)
    });
    v.visit(GROUP, "SecretKey::encrypt_spectrum", |i| {
        i.key.encrypt_spectrum(i.lane, i.low, &mut i.uniform, &mut i.rng)
    });
    v.visit(GROUP, "SecretKey::encrypt_spectrum_slice", |i| {
        let (messages, out) = (opaque(&i.messages), opaque_mut(&mut i.spectra));
        i.key.encrypt_spectrum_slice(i.lane, messages, &mut i.uniform, &mut i.rng, out)
    });
    v.visit(GROUP, "SecretKey::decrypt", |i| i.key.decrypt(&i.a).map(T::to_f64));
    v.visit(GROUP, "SecretKey::decrypt_checked", |i| i.key.decrypt_checked(&i.a).map(T::to_f64));
    v.visit(GROUP, "SecretKey::decrypt_spectrum", |i| i.key.decrypt_spectrum(i.lane, &i.x).map(T::to_f64));
    v.visit(GROUP, "SecretKey::residual", |i| T::to_f64(i.key.residual(&i.a)));
    v.visit(GROUP, "EvaluationKey::from_secret_key", |i| EvaluationKey::from_secret_key(&i.key, &mut i.rng));
    v.visit(GROUP, "EvaluationKey::from_parts", |i| {
        EvaluationKey::from_parts(i.key.id(), *i.evaluation.columns())
    });
    v.visit(GROUP, "EvaluationKey::from_ciphertext", |i| EvaluationKey::from_ciphertext(&i.a, i.key.id()));
    v.visit(GROUP, "EvaluationKey::alignment", |i| i.evaluation.alignment(&i.other));
    v.visit(GROUP, "EvaluationKey::to_spectrum", |i| i.evaluation.to_spectrum(&i.a));
    v.visit(GROUP, "EvaluationKey::to_spectrum_checked", |i| i.evaluation.to_spectrum_checked(&i.a));
    v.visit(GROUP, "EvaluationKey::to_spectrum_unchecked", |i| i.evaluation.to_spectrum_unchecked(&i.a));
    v.visit(GROUP, "LaneRows::new", |i| *LaneRows::new(&i.evaluation).rows());
    v.visit(GROUP, "LaneRows::to_spectrum", |i| LaneRows::new(&i.evaluation).to_spectrum(&i.a));
    v.visit(GROUP, "EvaluationKey::to_ciphertext", |i| i.evaluation.to_ciphertext(&i.x));
    v.visit(GROUP, "EvaluationKey::project", |i| i.evaluation.project(&i.a));
    v.visit(GROUP, "EvaluationKey::residual", |i| T::to_f64(i.evaluation.residual(&i.a)));
}
