//! `serde`: what is written is read back bit by bit, in a text format and in a compact one, and what is no value is refused.

use more_core::strategy::{evaluation_key, key_id, key_seed, spectrum};
use more_core::{Ciphertext, EvaluationKey, KeyId, Scalar, Spectrum};
use proptest::prelude::*;
use serde_json::{from_str, to_string};

/// Bytes for anything these tests write.
const ROOM: usize = 1024;

macro_rules! round_trips {
    ($name:ident, $real:ty, $n:literal) => {
        mod $name {
            use super::*;

            proptest! {
                #[test]
                fn spectra(x in spectrum::<$real, $n>(-1e3..1e3)) {
                    prop_assert_eq!(from_str::<Spectrum<$real, $n>>(&to_string(&x)?)?, x);
                    let mut room = [0; ROOM];
                    let bytes = postcard::to_slice(&x, &mut room)?;
                    // Numbers and nothing else.
                    prop_assert_eq!(bytes.len(), $n * size_of::<$real>());
                    prop_assert_eq!(postcard::from_bytes::<Spectrum<$real, $n>>(bytes)?, x);
                }

                #[test]
                fn ciphertexts_of_any_bits(entries in prop::array::uniform16(any::<u64>())) {
                    let mut entries = entries.into_iter().map(|bits| <$real>::from_bits(bits as _));
                    let c: Ciphertext<$real, $n> = Ciphertext::from_columns(core::array::from_fn(|_| {
                        core::array::from_fn(|_| entries.next().expect("sixteen"))
                    }));
                    let mut room = [0; ROOM];
                    let bytes = postcard::to_slice(&c, &mut room)?;
                    prop_assert_eq!(bytes.len(), $n * $n * size_of::<$real>());
                    let again: Ciphertext<$real, $n> = postcard::from_bytes(bytes)?;
                    for (a, b) in again.columns().as_flattened().iter().zip(c.columns().as_flattened()) {
                        prop_assert_eq!(a.to_bits(), b.to_bits());
                    }
                    if c.is_finite() {
                        prop_assert_eq!(from_str::<Ciphertext<$real, $n>>(&to_string(&c)?)?, c);
                    }
                }

                #[test]
                fn evaluation_keys(key in evaluation_key::<$real, $n>(1.01..100.0)) {
                    prop_assert_eq!(&from_str::<EvaluationKey<$real, $n>>(&to_string(&key)?)?, &key);
                    let mut room = [0; ROOM];
                    let bytes = postcard::to_slice(&key, &mut room)?;
                    prop_assert_eq!(bytes.len(), 16 + $n * $n * size_of::<$real>());
                    prop_assert_eq!(postcard::from_bytes::<EvaluationKey<$real, $n>>(bytes)?, key);
                }

                #[test]
                fn what_is_cut_off_is_refused(seed in key_seed(1.01..100.0), cut in any::<prop::sample::Index>()) {
                    let key = seed.evaluation_key::<$real, $n>()?;
                    let mut room = [0; ROOM];
                    let bytes = postcard::to_slice(&key, &mut room)?;
                    let bytes = &bytes[..cut.index(bytes.len())];
                    prop_assert!(postcard::from_bytes::<EvaluationKey<$real, $n>>(bytes).is_err());
                    let text = to_string(&key)?;
                    let text = &text[..cut.index(text.len())];
                    prop_assert!(from_str::<EvaluationKey<$real, $n>>(text).is_err());
                }
            }
        }
    };
}

round_trips!(f32_2, f32, 2);
round_trips!(f32_3, f32, 3);
round_trips!(f32_4, f32, 4);
round_trips!(f64_2, f64, 2);
round_trips!(f64_3, f64, 3);
round_trips!(f64_4, f64, 4);

proptest! {
    #[test]
    fn key_ids(id in key_id()) {
        prop_assert_eq!(to_string(&id)?, format!("\"{id}\""));
        prop_assert_eq!(from_str::<KeyId>(&to_string(&id)?)?, id);
        let mut room = [0; ROOM];
        let bytes = postcard::to_slice(&id, &mut room)?;
        prop_assert_eq!(&*bytes, &id.0);
        prop_assert_eq!(postcard::from_bytes::<KeyId>(bytes)?, id);
    }
}

#[test]
fn text_as_documented() {
    assert_eq!(to_string(&Scalar::F32).expect("a value"), "\"f32\"");
    assert_eq!(from_str::<Scalar>("\"f64\"").expect("a value"), Scalar::F64);
    assert_eq!(to_string(&Spectrum::from_lanes([1.5_f32, -0.25])).expect("a value"), "[1.5,-0.25]");
    // Columns, not rows.
    let c = Ciphertext::from_columns([[1.0_f64, 2.0], [3.0, 4.0]]);
    assert_eq!(to_string(&c).expect("a value"), "[[1.0,2.0],[3.0,4.0]]");
    let key = EvaluationKey::from_parts(KeyId([0xab; 16]), [[1.0_f64, 0.0], [0.5, 1.0]]).expect("a value");
    let text = r#"{"id":"abababababababababababababababab","columns":[[1.0,0.0],[0.5,1.0]]}"#;
    assert_eq!(to_string(&key).expect("a value"), text);
}

#[test]
fn what_is_no_value_is_refused() {
    let key = |id: &str, columns: &str| {
        from_str::<EvaluationKey<f64, 2>>(&format!(r#"{{"id":"{id}","columns":{columns}}}"#))
    };
    let id = "000102030405060708090a0b0c0d0e0f";
    assert!(key(id, "[[1.0,0.0],[0.5,1.0]]").is_ok());
    let message = |result: Result<_, serde_json::Error>| result.expect_err("no value").to_string();
    // As `EvaluationKey::from_parts`: dependent columns, conditions beyond the limit.
    assert!(message(key(id, "[[1.0,2.0],[2.0,4.0]]")).contains("condition number"));
    assert!(message(key(id, "[[1.0,0.0],[1.0,1e-6]]")).contains("condition number"));
    // Another number of lanes, either way, in either direction.
    for columns in ["[[1.0],[0.5]]", "[[1.0,0.0]]", "[]", "[[1.0,0.0],[0.5]]"] {
        assert!(message(key(id, columns)).contains("a sequence of 2 elements"), "{columns}");
    }
    for columns in ["[[1.0,0.0,0.0],[0.5,1.0,0.0]]", "[[1.0,0.0],[0.5,1.0],[0.0,1.0]]", "[1.0,0.0,0.5,1.0]"] {
        assert!(key(id, columns).is_err(), "{columns}");
    }
    assert!(message(key("00", "[[1.0,0.0],[0.5,1.0]]")).contains("32 hexadecimal digits"));
    assert!(from_str::<Scalar>("\"f16\"").is_err());
    // JSON has no number for it.
    assert_eq!(to_string(&Spectrum::from_lanes([f64::NAN, 1.0])).expect("a value"), "[null,1.0]");
    assert!(from_str::<Spectrum<f64, 2>>("[null,1.0]").is_err());
    // Not finite: only in a format that can say so.
    let mut bytes = [0; 16 + 32];
    bytes[16..].copy_from_slice([1.0, 0.0, f64::INFINITY, 1.0_f64].map(f64::to_le_bytes).as_flattened());
    assert!(postcard::from_bytes::<EvaluationKey<f64, 2>>(&bytes).is_err());
    bytes[32..40].copy_from_slice(&0.5_f64.to_le_bytes());
    assert!(postcard::from_bytes::<EvaluationKey<f64, 2>>(&bytes).is_ok());
}
