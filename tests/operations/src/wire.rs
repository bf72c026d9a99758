//! Encodings.

use more_core::rand_core::TryCryptoRng;
use more_core::wire::Header;
use more_core::{EvaluationKey, KeyId, Real, SecretKey};

use crate::Visitor;
use crate::inputs::{opaque, opaque_mut};

pub(crate) fn visit<T: Real, const N: usize, G: TryCryptoRng>(v: &mut impl Visitor<T, N, G>) {
    const GROUP: &str = "wire";
    v.visit(GROUP, "Header::peek", |i| {
        Header::peek(opaque(&i.secret_bytes)).map(|header| header.total_len())
    });
    v.visit(GROUP, "SecretKey::encode", |i| i.key.encode(opaque_mut(&mut i.bytes)));
    v.visit(GROUP, "EvaluationKey::encode", |i| i.evaluation.encode(opaque_mut(&mut i.bytes)));
    v.visit(GROUP, "SecretKey::decode", |i| {
        SecretKey::<T, N>::decode(opaque(&i.secret_bytes[..SecretKey::<T, N>::ENCODED_LEN]))
    });
    v.visit(GROUP, "EvaluationKey::decode", |i| {
        EvaluationKey::<T, N>::decode(opaque(&i.evaluation_bytes[..EvaluationKey::<T, N>::ENCODED_LEN]))
    });
    v.visit(GROUP, "KeyId::from_str", |i| {
        let text = opaque(b"000123456789abcdefff0a0b0c0d0e0f");
        i.bytes[..32].copy_from_slice(text.first_chunk::<32>().ok_or(more_core::Error::KeyId)?);
        core::str::from_utf8(opaque(&i.bytes[..32])).map_err(|_| more_core::Error::KeyId)?.parse::<KeyId>()
    });
}
