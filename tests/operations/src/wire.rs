//! Encodings.

use more_core::rand_core::TryCryptoRng;
use more_core::wire::{self, Header, Reader, Shape, Writer};
use more_core::{Ciphertext, EvaluationKey, KeyId, Real, SecretKey, Spectrum};

use crate::Visitor;
use crate::inputs::{MESSAGES, encoding_error, into, opaque, opaque_mut};

/// Elements at a time, and bytes at a time.
const PIECE: usize = 3;

/// The lines for one form: its name, type, elements, their header, their encoding, and where results go.
macro_rules! elements {
    ($v:ident, $group:ident, $name:literal, $form:ident, $values:ident, $header:ident, $bytes:ident, $results:ident) => {
        $v.visit($group, concat!("encode (", $name, ")"), |i| {
            wire::encode(&i.$header, opaque(&i.$values), opaque_mut(&mut i.bytes))
        });
        $v.visit($group, concat!("decode (", $name, ")"), |i| {
            let bytes = opaque(&i.$bytes[..wire::encoded_len::<$form<T, N>>(MESSAGES)]);
            wire::decode(bytes, opaque_mut(&mut i.$results)).map(|header| header.count())
        });
        $v.visit($group, concat!("elements (", $name, ")"), |i| {
            let bytes = opaque(&i.$bytes[..wire::encoded_len::<$form<T, N>>(MESSAGES)]);
            let (_, elements) = wire::elements::<$form<T, N>>(bytes)?;
            Ok(elements.fold($form::zero(()), |sum, element| sum + element))
        });
        $v.visit($group, concat!("Writer (", $name, ")"), |i| {
            let sink = into(opaque_mut(&mut i.bytes));
            let mut writer = Writer::<$form<T, N>, _>::new(&i.$header, sink).map_err(encoding_error)?;
            for piece in opaque(&i.$values).chunks(PIECE) {
                writer.write(piece).map_err(encoding_error)?;
            }
            writer.finish().map_err(encoding_error)
        });
        $v.visit($group, concat!("Reader (", $name, ")"), |i| {
            let bytes = opaque(&i.$bytes[..wire::encoded_len::<$form<T, N>>(MESSAGES)]);
            let mut reader = Reader::<$form<T, N>>::new();
            let mut places = opaque_mut(&mut i.$results).iter_mut();
            for mut piece in bytes.chunks(PIECE) {
                while let Some(element) = reader.read(&mut piece)? {
                    *places.next().ok_or(more_core::Error::BufferTooSmall)? = element;
                }
            }
            reader.finish().map(|header| header.count())
        });
    };
}

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
    v.visit(GROUP, "Header::ciphertexts", |i| {
        let shape = Shape::Image { channels: 1, height: 28, width: i.exponent as u32 };
        Header::ciphertexts::<T, N>(i.key.id(), shape).map(|header| header.total_len())
    });
    v.visit(GROUP, "Header::spectra", |i| {
        let shape = Shape::Image { channels: 1, height: 28, width: i.exponent as u32 };
        Header::spectra(&i.evaluation, shape).map(|header| header.total_len())
    });
    v.visit(GROUP, "Header::check_key", |i| i.eigenvalues_header.check_key(&i.evaluation));
    elements!(
        v,
        GROUP,
        "ciphertexts",
        Ciphertext,
        ciphertexts,
        ciphertexts_header,
        ciphertexts_bytes,
        matrices
    );
    elements!(v, GROUP, "spectra", Spectrum, eigenvalues, eigenvalues_header, eigenvalues_bytes, spectra);
}
