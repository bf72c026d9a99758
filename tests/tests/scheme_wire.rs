//! Keys as bytes: there and back bit by bit, and every kind of damage reported.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use more_core::wire::{Header, Kind, VERSION};
use more_core::{Error, EvaluationKey, KeyId, Real, Scalar, SecretKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn keys<T: Real, const N: usize>(seed: u64) -> (SecretKey<T, N>, EvaluationKey<T, N>) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let key = SecretKey::generate(&mut rng).unwrap();
    let evaluation = EvaluationKey::from_secret_key(&key, &mut rng).unwrap();
    (key, evaluation)
}

fn encoded<T: Real, const N: usize>(key: &SecretKey<T, N>) -> Vec<u8> {
    let mut bytes = vec![0; SecretKey::<T, N>::ENCODED_LEN];
    assert_eq!(key.encode(&mut bytes), Ok(bytes.len()));
    bytes
}

/// CRC-32 by long division, bit by bit: not how the crate does it.
fn crc32(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for byte in bytes {
        for bit in 0..8 {
            let carry = (remainder ^ u32::from(byte >> bit)) & 1;
            remainder = (remainder >> 1) ^ (carry * 0xEDB8_8320);
        }
    }
    !remainder
}

fn seal(bytes: &mut [u8]) {
    let body = bytes.len() - 4;
    let checksum = crc32(&bytes[..body]);
    bytes[body..].copy_from_slice(&checksum.to_le_bytes());
}

fn round_trip<T: Real, const N: usize>(scalar: Scalar) {
    for seed in 0..50 {
        let (key, evaluation) = keys::<T, N>(seed);
        let bytes = encoded(&key);
        assert_eq!(bytes.len(), 28 + N * N * T::BYTES);
        let header = Header::peek(&bytes).unwrap();
        let expected =
            Header { kind: Kind::SecretKey, version: VERSION, lanes: N as u8, scalar, id: key.id() };
        assert_eq!(header, expected);
        assert_eq!(header.total_len(), bytes.len());
        let back = SecretKey::<T, N>::decode(&bytes).unwrap();
        assert_eq!(back.expose_columns(), key.expose_columns());
        assert_eq!((back.id(), back.condition()), (key.id(), key.condition()));
        assert_eq!(encoded(&back), bytes);

        let mut bytes = vec![0xAA; EvaluationKey::<T, N>::ENCODED_LEN + 3];
        let length = evaluation.encode(&mut bytes).unwrap();
        assert_eq!(bytes[length..], [0xAA; 3]);
        assert_eq!(EvaluationKey::decode(&bytes[..length]), Ok(evaluation.clone()));
        assert_eq!(EvaluationKey::<T, N>::decode(&bytes), Err(Error::TrailingBytes));
        assert_eq!(Header::peek(&bytes).unwrap().kind, Kind::EvaluationKey);
        assert_eq!(evaluation.encode(&mut bytes[..length - 1]), Err(Error::BufferTooSmall));
    }
}

#[test]
fn keys_survive_bit_by_bit() {
    round_trip::<f32, 2>(Scalar::F32);
    round_trip::<f64, 2>(Scalar::F64);
    round_trip::<f32, 3>(Scalar::F32);
    round_trip::<f64, 5>(Scalar::F64);
    round_trip::<f32, 8>(Scalar::F32);
    round_trip::<f64, 8>(Scalar::F64);
}

/// The layout of `docs/formats.md`, written out by hand.
#[test]
fn layout() {
    let id = KeyId(std::array::from_fn(|i| i as u8));
    let key = EvaluationKey::<f32, 2>::from_parts(id, [[1.0, -2.0], [0.5, 4.0]]).unwrap();
    let mut bytes = [0; EvaluationKey::<f32, 2>::ENCODED_LEN];
    key.encode(&mut bytes).unwrap();
    let mut expected = b"MORE\x01\x02\x04\x02".to_vec();
    expected.extend(0..16);
    for word in [0x3F80_0000_u32, 0xC000_0000, 0x3F00_0000, 0x4080_0000] {
        expected.extend(word.to_le_bytes());
    }
    expected.extend(crc32(&expected).to_le_bytes());
    assert_eq!(bytes[..], expected);
}

#[test]
fn damage_is_reported() {
    let (key, evaluation) = keys::<f64, 2>(1);
    let bytes = encoded(&key);
    let decode = |bytes: &[u8]| SecretKey::<f64, 2>::decode(bytes).map(|key| key.id());
    for length in 0..bytes.len() {
        assert_eq!(decode(&bytes[..length]), Err(Error::Truncated), "{length} bytes");
    }
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        seal(&mut bytes);
        decode(&bytes)
    };
    assert_eq!(with(&|_| ()), Ok(key.id()));
    assert_eq!(with(&|bytes| bytes[0] = b'm'), Err(Error::BadMagic));
    assert_eq!(with(&|bytes| bytes[4] = 2), Err(Error::Version(2)));
    assert_eq!(decode(b"MORE\x07"), Err(Error::Version(7)));
    assert_eq!(with(&|bytes| bytes[5] = 2), Err(Error::WrongKind));
    assert_eq!(with(&|bytes| bytes[5] = 99), Err(Error::WrongKind));
    assert_eq!(with(&|bytes| bytes[6] = 4), Err(Error::WrongScalar));
    assert_eq!(with(&|bytes| bytes[6] = 0), Err(Error::WrongScalar));
    assert_eq!(with(&|bytes| bytes[7] = 3), Err(Error::WrongLanes(3)));
    assert_eq!(with(&|bytes| bytes[7] = 9), Err(Error::WrongLanes(9)));
    assert_eq!(with(&|bytes| bytes.push(0)), Err(Error::TrailingBytes));
    let nan = f64::NAN.to_le_bytes();
    assert_eq!(with(&|bytes| bytes[24..32].copy_from_slice(&nan)), Err(Error::NonFinite));
    let singular = |bytes: &mut Vec<u8>| bytes.copy_within(24..40, 40);
    assert_eq!(with(&singular), Err(Error::Condition));

    let mut bytes = vec![0; EvaluationKey::<f64, 2>::ENCODED_LEN];
    evaluation.encode(&mut bytes).unwrap();
    assert_eq!(decode(&bytes), Err(Error::WrongKind));
    singular(&mut bytes);
    seal(&mut bytes);
    assert_eq!(EvaluationKey::<f64, 2>::decode(&bytes), Err(Error::Condition));
}

/// CRC-32 finds every flipped bit, and every burst of up to 32.
#[test]
fn every_flipped_bit_is_found() {
    let (key, _) = keys::<f32, 3>(2);
    let bytes = encoded(&key);
    for bit in 0..8 * bytes.len() {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(SecretKey::<f32, 3>::decode(&damaged).is_err(), "bit {bit}");
    }
}
