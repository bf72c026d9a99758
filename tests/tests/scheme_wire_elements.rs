//! Ciphertexts and spectra as bytes: there and back bit by bit, whole and in pieces, and every kind of damage reported.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use more_core::wire::{self, Encodable, Header, Kind, LaneOrder, Reader, Shape, WriteError, Writer};
use more_core::{Ciphertext, Error, EvaluationKey, KeyId, Real, SecretKey, Spectrum};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Both forms, for tests that do not care which.
trait Form: Encodable + PartialEq + std::fmt::Debug {
    const KIND: u8;
    const LANE_COUNT: u8;
    const SCALAR_BYTES: u8;
    const NOTHING: Self;
    /// Any bits, infinities and NaN among them.
    fn draw(rng: &mut ChaCha20Rng) -> Self;
    /// The numbers in the order of the format, as bytes.
    fn bytes(&self) -> Vec<u8>;
    fn header(rng: &mut ChaCha20Rng, shape: Shape) -> Result<Header, Error>;
}

fn any_bits<T: Real>(rng: &mut ChaCha20Rng) -> T {
    let word = match rng.next_u32() % 4 {
        0 => T::INFINITY,
        1 => T::from_f64(f64::from(rng.next_u32()) / 3.0),
        _ => return T::read_le(&rng.next_u64().to_le_bytes()).unwrap(),
    };
    if rng.next_u32().is_multiple_of(2) { word } else { -word }
}

fn bytes_of<T: Real>(scalars: &[T]) -> Vec<u8> {
    let mut bytes = vec![0; scalars.len() * T::BYTES];
    for (bytes, scalar) in bytes.chunks_exact_mut(T::BYTES).zip(scalars) {
        scalar.write_le(bytes).unwrap();
    }
    bytes
}

impl<T: Real, const N: usize> Form for Ciphertext<T, N> {
    const KIND: u8 = 3;
    const LANE_COUNT: u8 = N as u8;
    const SCALAR_BYTES: u8 = T::BYTES as u8;
    const NOTHING: Self = Self::from_columns([[T::ZERO; N]; N]);

    fn draw(rng: &mut ChaCha20Rng) -> Self {
        Self::from_columns(std::array::from_fn(|_| std::array::from_fn(|_| any_bits(rng))))
    }
    fn bytes(&self) -> Vec<u8> {
        bytes_of(self.columns().as_flattened())
    }
    fn header(rng: &mut ChaCha20Rng, shape: Shape) -> Result<Header, Error> {
        Header::ciphertexts::<T, N>(KeyId::generate(rng).unwrap(), shape)
    }
}

impl<T: Real, const N: usize> Form for Spectrum<T, N> {
    const KIND: u8 = 4;
    const LANE_COUNT: u8 = N as u8;
    const SCALAR_BYTES: u8 = T::BYTES as u8;
    const NOTHING: Self = Self::from_lanes([T::ZERO; N]);

    fn draw(rng: &mut ChaCha20Rng) -> Self {
        Self::from_lanes(std::array::from_fn(|_| any_bits(rng)))
    }
    fn bytes(&self) -> Vec<u8> {
        bytes_of(self.lanes())
    }
    fn header(rng: &mut ChaCha20Rng, shape: Shape) -> Result<Header, Error> {
        let key = SecretKey::<T, N>::generate(rng).unwrap();
        Header::spectra(&EvaluationKey::from_secret_key(&key, rng).unwrap(), shape)
    }
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

/// The layout of `docs/formats.md`, written out by hand.
fn by_hand<E: Form>(header: &Header, words: [u32; 4], elements: &[E]) -> Vec<u8> {
    let mut bytes = b"MORE\x01".to_vec();
    bytes.extend([E::KIND, E::SCALAR_BYTES, E::LANE_COUNT]);
    bytes.extend(header.id.0);
    let order = match header.kind {
        Kind::Spectra { order, .. } => order.0,
        _ => 0,
    };
    bytes.extend(order.to_le_bytes());
    bytes.extend(words.map(u32::to_le_bytes).as_flattened());
    bytes.extend([0; 4]);
    bytes.extend(elements.iter().flat_map(Form::bytes));
    bytes.extend([0; 4]);
    seal(&mut bytes);
    bytes
}

/// Makes both checksums right.
fn seal(bytes: &mut [u8]) {
    let header = crc32(&bytes[..44]);
    bytes[44..48].copy_from_slice(&header.to_le_bytes());
    let body = bytes.len() - 4;
    let checksum = crc32(&[&bytes[..44], &bytes[48..body]].concat());
    bytes[body..].copy_from_slice(&checksum.to_le_bytes());
}

fn read_in_pieces<E: Form>(bytes: &[u8], pieces: &[usize]) -> Result<(Header, Vec<E>), Error> {
    let mut reader = Reader::<E>::new();
    let mut elements = Vec::new();
    let mut rest = bytes;
    let mut sizes = pieces.iter().cycle();
    while !rest.is_empty() {
        let (mut piece, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        rest = later;
        while let Some(element) = reader.read(&mut piece)? {
            elements.push(element);
        }
        if !piece.is_empty() {
            return Err(Error::TrailingBytes);
        }
    }
    Ok((reader.finish()?, elements))
}

fn same_bits<E: Form>(a: &[E], b: &[E]) -> bool {
    a.iter().flat_map(Form::bytes).eq(b.iter().flat_map(Form::bytes))
}

fn round_trip<E: Form>(seed: u64, shape: Shape, words: [u32; 4], pieces: &[usize]) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let header = E::header(&mut rng, shape).unwrap();
    let elements: Vec<E> = (0..shape.count()).map(|_| E::draw(&mut rng)).collect();
    let expected = by_hand(&header, words, &elements);

    let length = wire::encoded_len::<E>(elements.len());
    let mut bytes = vec![0xAA; length + 3];
    assert_eq!(wire::encode(&header, &elements, &mut bytes), Ok(length));
    assert_eq!(bytes[length..], [0xAA; 3]);
    assert_eq!(bytes[..length], expected);
    assert_eq!(wire::encode(&header, &elements, &mut bytes[..length - 1]), Err(Error::BufferTooSmall));
    bytes.truncate(length);
    assert_eq!(Header::peek(&bytes), Ok(header));
    assert_eq!((header.count(), header.total_len()), (elements.len(), length));

    let mut back = vec![E::NOTHING; elements.len() + 1];
    assert_eq!(wire::decode(&bytes, &mut back), Ok(header));
    assert!(same_bits(&back[..elements.len()], &elements));
    assert_eq!(back[elements.len()], E::NOTHING);
    let (met, iterator) = wire::elements::<E>(&bytes).unwrap();
    assert_eq!((met, iterator.len()), (header, elements.len()));
    assert!(same_bits(&iterator.collect::<Vec<_>>(), &elements));

    let mut sent = Vec::new();
    let sink = |piece: &[u8]| {
        assert!(piece.len() <= 64);
        sent.extend_from_slice(piece);
        Ok::<_, ()>(())
    };
    let mut writer = Writer::<E, _>::new(&header, sink).unwrap();
    let mut left = &elements[..];
    for size in pieces.iter().cycle() {
        let (now, later) = left.split_at((*size).min(left.len()));
        writer.write(now).unwrap();
        left = later;
        assert_eq!(writer.left(), left.len());
        if left.is_empty() {
            break;
        }
    }
    writer.finish().unwrap();
    assert_eq!(sent, bytes);

    let (met, read) = read_in_pieces::<E>(&bytes, pieces).unwrap();
    assert_eq!(met, header);
    assert!(same_bits(&read, &elements));
}

fn shapes() -> impl Strategy<Value = (Shape, [u32; 4])> {
    prop_oneof![
        Just((Shape::Single, [0; 4])),
        (0..40_u32).prop_map(|count| (Shape::Slice { count }, [1, count, 0, 0])),
        (1..4_u32, 1..6_u32, 1..6_u32).prop_map(|(channels, height, width)| {
            (Shape::Image { channels, height, width }, [3, channels, height, width])
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn elements_survive_bit_by_bit(
        seed in any::<u64>(),
        (shape, words) in shapes(),
        pieces in prop::collection::vec(1..60_usize, 1..8),
    ) {
        round_trip::<Ciphertext<f32, 2>>(seed, shape, words, &pieces);
        round_trip::<Ciphertext<f64, 2>>(seed, shape, words, &pieces);
        round_trip::<Ciphertext<f32, 3>>(seed, shape, words, &pieces);
        round_trip::<Ciphertext<f64, 3>>(seed, shape, words, &pieces);
        round_trip::<Ciphertext<f32, 4>>(seed, shape, words, &pieces);
        round_trip::<Ciphertext<f64, 4>>(seed, shape, words, &pieces);
        round_trip::<Spectrum<f32, 2>>(seed, shape, words, &pieces);
        round_trip::<Spectrum<f64, 2>>(seed, shape, words, &pieces);
        round_trip::<Spectrum<f32, 3>>(seed, shape, words, &pieces);
        round_trip::<Spectrum<f64, 3>>(seed, shape, words, &pieces);
        round_trip::<Spectrum<f32, 4>>(seed, shape, words, &pieces);
        round_trip::<Spectrum<f64, 4>>(seed, shape, words, &pieces);
    }
}

fn sample<E: Form>(seed: u64, shape: Shape) -> (Header, Vec<u8>) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let header = E::header(&mut rng, shape).unwrap();
    let elements: Vec<E> = (0..shape.count()).map(|_| E::draw(&mut rng)).collect();
    let mut bytes = vec![0; header.total_len()];
    wire::encode(&header, &elements, &mut bytes).unwrap();
    (header, bytes)
}

/// By both readers, which must agree.
fn read<E: Form>(bytes: &[u8]) -> Result<Header, Error> {
    let whole = wire::elements::<E>(bytes).map(|(header, _)| header);
    let pieces = read_in_pieces::<E>(bytes, &[5]).map(|(header, _)| header);
    assert_eq!(whole, pieces);
    whole
}

const IMAGE: Shape = Shape::Image { channels: 1, height: 2, width: 3 };

fn damage<E: Form>() {
    let (header, bytes) = sample::<E>(3, IMAGE);
    assert_eq!(read::<E>(&bytes), Ok(header));
    for length in 0..bytes.len() {
        assert_eq!(read::<E>(&bytes[..length]), Err(Error::Truncated), "{length} bytes");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(read::<E>(&longer), Err(Error::TrailingBytes));
    for bit in 0..8 * bytes.len() {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(wire::elements::<E>(&damaged).is_err(), "bit {bit}");
        assert!(read_in_pieces::<E>(&damaged, &[7]).is_err(), "bit {bit}, in pieces");
        // The header has a checksum of its own: no reader believes a damaged length.
        if bit < 8 * 48 && bit / 8 != 5 {
            assert!(Header::peek(&damaged).is_err(), "bit {bit} of the header");
        }
    }
    // The header of another encoding, its own checksum right.
    let (_, other) = sample::<E>(4, IMAGE);
    let spliced = [&other[..48], &bytes[48..]].concat();
    assert_eq!(read::<E>(&spliced), Err(Error::Checksum));
    let mut out = vec![E::NOTHING; 5];
    assert_eq!(wire::decode(&bytes, &mut out), Err(Error::BufferTooSmall));
    assert_eq!(out, [E::NOTHING; 5]);
}

#[test]
fn truncations_and_flipped_bits_are_found() {
    damage::<Ciphertext<f32, 2>>();
    damage::<Ciphertext<f64, 3>>();
    damage::<Spectrum<f32, 2>>();
    damage::<Spectrum<f64, 4>>();
}

fn with<E: Form>(change: impl Fn(&mut Vec<u8>)) -> Result<Header, Error> {
    let (_, mut bytes) = sample::<E>(5, IMAGE);
    change(&mut bytes);
    seal(&mut bytes);
    read::<E>(&bytes)
}

#[test]
fn other_encodings_are_refused() {
    type Matrix = Ciphertext<f32, 2>;
    type Spectral = Spectrum<f32, 2>;
    let word = |at: usize, value: u32| {
        move |bytes: &mut Vec<u8>| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes())
    };
    assert!(with::<Matrix>(|_| ()).is_ok());
    assert_eq!(with::<Matrix>(|bytes| bytes[0] = b'm'), Err(Error::BadMagic));
    assert_eq!(with::<Matrix>(|bytes| bytes[4] = 2), Err(Error::Version(2)));
    assert_eq!(with::<Matrix>(|bytes| bytes[5] = 4), Err(Error::WrongKind));
    assert_eq!(with::<Matrix>(|bytes| bytes[5] = 99), Err(Error::WrongKind));
    assert_eq!(with::<Matrix>(|bytes| bytes[6] = 8), Err(Error::WrongScalar));
    assert_eq!(with::<Matrix>(|bytes| bytes[6] = 5), Err(Error::WrongScalar));
    assert_eq!(with::<Matrix>(|bytes| bytes[7] = 3), Err(Error::WrongLanes(3)));
    assert_eq!(with::<Matrix>(|bytes| bytes[7] = 9), Err(Error::WrongLanes(9)));
    assert_eq!(with::<Matrix>(word(24, 1)), Err(Error::WrongKind));
    for rank in [2, 4, u32::MAX] {
        assert_eq!(with::<Spectral>(word(28, rank)), Err(Error::WrongShape));
    }
    // A single element or a list with extents left over, extents of zero, and more than memory has room for.
    assert_eq!(with::<Spectral>(word(28, 0)), Err(Error::WrongShape));
    assert_eq!(with::<Spectral>(word(28, 1)), Err(Error::WrongShape));
    for at in [32, 36, 40] {
        assert_eq!(with::<Spectral>(word(at, 0)), Err(Error::WrongShape));
    }
    let vast = |bytes: &mut Vec<u8>| bytes[32..44].fill(0xFF);
    assert_eq!(with::<Spectral>(vast), Err(Error::WrongShape));
    let too_long = Shape::Image { channels: u32::MAX, height: u32::MAX, width: 1 };
    assert_eq!(Spectral::header(&mut ChaCha20Rng::seed_from_u64(0), too_long), Err(Error::WrongShape));

    let (_, matrix) = sample::<Matrix>(6, Shape::Single);
    let (_, spectral) = sample::<Spectral>(6, Shape::Single);
    assert_eq!(read::<Spectral>(&matrix), Err(Error::WrongKind));
    assert_eq!(read::<Matrix>(&spectral), Err(Error::WrongKind));
    assert_eq!(read::<Ciphertext<f64, 2>>(&matrix), Err(Error::WrongScalar));
    assert_eq!(read::<Spectrum<f32, 3>>(&spectral), Err(Error::WrongLanes(2)));
    assert_eq!(SecretKey::<f32, 2>::decode(&matrix).map(|key| key.id()), Err(Error::WrongKind));
    let mut key = [0; SecretKey::<f32, 2>::ENCODED_LEN];
    SecretKey::<f32, 2>::generate(&mut ChaCha20Rng::seed_from_u64(7)).unwrap().encode(&mut key).unwrap();
    assert_eq!(read::<Matrix>(&key), Err(Error::WrongKind));
    // A later version is met before its header is whole.
    assert_eq!(read::<Matrix>(b"MORE\x07"), Err(Error::Version(7)));
    let mut reader = Reader::<Matrix>::new();
    let mut input = &b"LESS"[..];
    assert_eq!(reader.read(&mut input), Err(Error::BadMagic));
    assert_eq!(reader.read(&mut &matrix[..]), Err(Error::BadMagic));
    assert_eq!(reader.finish(), Err(Error::BadMagic));
}

#[test]
fn writers_refuse_what_does_not_fit() {
    type E = Spectrum<f64, 2>;
    let (header, bytes) = sample::<E>(8, IMAGE);
    let mut out = vec![0; bytes.len()];
    assert_eq!(wire::encode(&header, &[E::zero(()); 5], &mut out), Err(Error::Length));
    assert_eq!(wire::encode(&header, &[Spectrum::<f32, 2>::zero(()); 6], &mut out), Err(Error::WrongScalar));
    assert_eq!(
        wire::encode(&header, &[Spectrum::<f64, 3>::zero(()); 6], &mut out),
        Err(Error::WrongLanes(2))
    );
    assert_eq!(wire::encode(&header, &[Ciphertext::<f64, 2>::zero(()); 6], &mut out), Err(Error::WrongKind));
    assert_eq!(out, vec![0; bytes.len()]);
    for shape in [
        Shape::Image { channels: 0, height: 1, width: 1 },
        Shape::Image { channels: 1, height: 0, width: 1 },
        Shape::Image { channels: 1, height: 1, width: 0 },
    ] {
        assert_eq!(Header::ciphertexts::<f32, 2>(header.id, shape), Err(Error::WrongShape));
    }

    let mut sent = Vec::new();
    let sink = |piece: &[u8]| {
        sent.extend_from_slice(piece);
        Ok::<_, ()>(())
    };
    let mut writer = Writer::<E, _>::new(&header, sink).unwrap();
    writer.write(&[E::zero(()); 4]).unwrap();
    assert_eq!(writer.write(&[E::zero(()); 3]), Err(WriteError::Encoding(Error::Length)));
    assert_eq!(writer.left(), 2);
    assert_eq!(writer.finish(), Err(WriteError::Encoding(Error::Length)));
    assert_eq!(sent.len(), 48 + 4 * 16);
    let mut room = 100;
    let sink = |piece: &[u8]| {
        room = usize::checked_sub(room, piece.len()).ok_or("full")?;
        Ok(())
    };
    let mut writer = Writer::<E, _>::new(&header, sink).unwrap();
    assert_eq!(writer.write(&[E::zero(()); 6]), Err(WriteError::Sink("full")));
}

#[test]
fn spectra_name_the_evaluation_key_that_orders_them() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let secret = SecretKey::<f32, 3>::generate(&mut rng).unwrap();
    let key = EvaluationKey::from_secret_key(&secret, &mut rng).unwrap();
    let other = EvaluationKey::from_secret_key(&secret, &mut rng).unwrap();
    let mut bytes = [0; EvaluationKey::<f32, 3>::ENCODED_LEN];
    key.encode(&mut bytes).unwrap();
    // A CRC over data and their CRC is the same for all data.
    assert_eq!(crc32(&bytes), 0x2144_DF1C);
    assert_eq!(LaneOrder::of(&key).0.to_le_bytes(), bytes[bytes.len() - 4..]);

    let header = Header::spectra(&key, Shape::Single).unwrap();
    assert_eq!(header.check_key(&key), Ok(()));
    assert_eq!(header.check_key(&other), Err(Error::Misaligned));
    assert!(key.alignment(&other).is_ok());
    let stranger = SecretKey::<f32, 3>::generate(&mut rng).unwrap();
    let stranger = EvaluationKey::from_secret_key(&stranger, &mut rng).unwrap();
    assert_eq!(header.check_key(&stranger), Err(Error::WrongKey));
    let matrix = Header::ciphertexts::<f32, 3>(key.id(), Shape::Single).unwrap();
    assert_eq!(matrix.check_key(&other), Ok(()));
    assert_eq!(Header::peek(&bytes).unwrap().check_key(&key), Err(Error::WrongKind));
}
