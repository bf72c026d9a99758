//! `Serialize` and `Deserialize`, feature `serde`.
//!
//! A spectrum is a tuple of its lanes, a ciphertext a tuple of its columns, each a tuple of entries; an evaluation key is a
//! structure of `id` and `columns`. Compact formats add nothing to the numbers: the reader says which scalar and how many
//! lanes, which the encodings of [`wire`](crate::wire) carry with them. Text formats must read back the bits they were given
//! (`serde_json` does with its feature `float_roundtrip`), and JSON has no infinities and no NaN.
//!
//! [`SecretKey`](crate::SecretKey) has neither trait: a structure with a key in it would then write the secret wherever it is
//! written itself, to a log as much as to a file. [`SecretKey::encode`](crate::SecretKey::encode) is the way to ask for it.
//!
//! ```compile_fail,E0277
//! fn write<T: serde::Serialize>() {}
//! write::<more_core::SecretKey<f64, 2>>();
//! ```

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};

use crate::{Ciphertext, EvaluationKey, KeyId, Real, Spectrum};

/// An array of any length as a tuple; serde's own end at 32 and are not generic.
#[derive(Clone, Copy)]
struct Fixed<E, const N: usize>([E; N]);

impl<E: Serialize, const N: usize> Serialize for Fixed<E, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(N)?;
        for element in &self.0 {
            tuple.serialize_element(element)?;
        }
        tuple.end()
    }
}

impl<'de, E: Deserialize<'de> + Copy, const N: usize> Deserialize<'de> for Fixed<E, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<E, const N: usize>(PhantomData<E>);

        impl<'de, E: Deserialize<'de> + Copy, const N: usize> Visitor<'de> for Elements<E, N> {
            type Value = Fixed<E, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a sequence of {N} elements")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let first = sequence.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
                let mut elements = [first; N];
                for (i, element) in elements.iter_mut().enumerate().skip(1) {
                    *element = sequence.next_element()?.ok_or_else(|| A::Error::invalid_length(i, &self))?;
                }
                Ok(Fixed(elements))
            }
        }

        deserializer.deserialize_tuple(N, Elements(PhantomData))
    }
}

impl<T: Real + Serialize, const N: usize> Serialize for Spectrum<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fixed(*self.lanes()).serialize(serializer)
    }
}

impl<'de, T: Real + Deserialize<'de>, const N: usize> Deserialize<'de> for Spectrum<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fixed::deserialize(deserializer).map(|Fixed(lanes)| Self::from_lanes(lanes))
    }
}

impl<T: Real + Serialize, const N: usize> Serialize for Ciphertext<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fixed(self.columns().map(Fixed)).serialize(serializer)
    }
}

impl<'de, T: Real + Deserialize<'de>, const N: usize> Deserialize<'de> for Ciphertext<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fixed(columns) = Fixed::<Fixed<T, N>, N>::deserialize(deserializer)?;
        Ok(Self::from_columns(columns.map(|Fixed(column)| column)))
    }
}

/// What is written of an evaluation key.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "EvaluationKey", deny_unknown_fields)]
#[serde(bound(serialize = "T: Real + Serialize", deserialize = "T: Real + Deserialize<'de>"))]
struct EvaluationKeyParts<T: Real, const N: usize> {
    id: KeyId,
    columns: Ciphertext<T, N>,
}

impl<T: Real + Serialize, const N: usize> Serialize for EvaluationKey<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = Ciphertext::from_columns(*self.columns());
        EvaluationKeyParts { id: self.id(), columns }.serialize(serializer)
    }
}

/// Refuses what [`EvaluationKey::from_parts`] refuses.
impl<'de, T: Real + Deserialize<'de>, const N: usize> Deserialize<'de> for EvaluationKey<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = EvaluationKeyParts::<T, N>::deserialize(deserializer)?;
        Self::from_parts(parts.id, *parts.columns.columns()).map_err(D::Error::custom)
    }
}

/// 32 hexadecimal digits in text formats, 16 bytes in others.
impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;

        impl Visitor<'_> for Digits {
            type Value = KeyId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 hexadecimal digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<KeyId, E> {
                text.parse().map_err(E::custom)
            }
        }

        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Digits)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Self)
        }
    }
}
