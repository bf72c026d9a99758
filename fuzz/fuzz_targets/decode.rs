//! Bytes from anywhere: decoders of keys, ciphertexts and spectra and the reader of containers refuse them, or give back what
//! they were made of.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use more_core::wire::{self, Encodable, Header, Kind, Reader};
use more_core::{Ciphertext, EvaluationKey, Real, SecretKey, Spectrum};
use more_nn::container::{Container, ContainerWriter, Content, ElementType, Metadata, Tensor, TensorInfo};

/// Notes the largest single allocation, so that a length in a header that is believed before the file bears it out shows.
struct Watched;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// A key as it is.
    Key(&'a [u8]),
    /// A key whose checksum is made right, so that what is behind it is reached.
    Repaired(&'a [u8]),
    /// A container as it is.
    File(&'a [u8]),
    /// A good container with one byte changed.
    Damaged { values: Vec<f32>, rows: u8, at: u32, by: u8 },
    /// Ciphertexts or spectra as they are, and in pieces.
    Elements { piece: u8, bytes: &'a [u8] },
    /// The same with both checksums made right.
    RepairedElements { piece: u8, bytes: &'a [u8] },
}

/// Whether the columns encoded in `bytes` have unit length to rounding, as `docs/formats.md` defines it. Asserts that those
/// of `key`, decoded from them, are the same divided by their length.
fn columns_are_units<T: Real, const N: usize>(key: &SecretKey<T, N>, bytes: &[u8]) -> bool {
    // The lengths are rounded here and in the decoder: the last few units decide nothing.
    let epsilon = T::to_f64(T::EPSILON);
    let slack = 2.0 * N as f64 * epsilon - 8.0 * f64::EPSILON;
    let mut units = true;
    let columns = bytes[Header::ENCODED_LEN..].chunks_exact(N * T::BYTES);
    for (bytes, column) in columns.zip(key.expose_columns()) {
        let given: [f64; N] =
            std::array::from_fn(|i| T::to_f64(T::read_le(&bytes[i * T::BYTES..]).expect("an entry")));
        // The length of a column of subnormal numbers has few bits: it is moved up first, exactly.
        let is_tiny = given.iter().all(|entry| entry.abs() < 2.0_f64.powi(-900));
        let scale = if is_tiny { 2.0_f64.powi(200) } else { 1.0 };
        let given = given.map(|entry| entry * scale);
        let norm = given.into_iter().fold(0.0, f64::hypot);
        units &= (norm / scale - 1.0).abs() <= slack;
        for (given, entry) in given.into_iter().zip(column) {
            let error = (given / norm - T::to_f64(*entry)).abs();
            // A column within the slack is not divided.
            let bound = 2.0 * N as f64 * epsilon + 4.0 * epsilon;
            assert!(error <= bound, "an entry of the key is off by {error:e}, more than {bound:e}");
        }
    }
    units
}

fn keys<T: Real, const N: usize>(bytes: &[u8]) {
    let mut again = [0; 1024];
    let header = Header::peek(bytes);
    if let Ok(key) = SecretKey::<T, N>::decode(bytes) {
        let len = key.encode(&mut again).expect("room enough");
        let encoded = &again[..len];
        if columns_are_units(&key, bytes) {
            assert_eq!(encoded, bytes, "unit columns are kept bit by bit");
        }
        // Other columns are divided by their length: once, not again.
        let mut twice = [0; 1024];
        let same = SecretKey::<T, N>::decode(encoded).expect("an own encoding is read");
        assert_eq!(same.encode(&mut twice), Ok(len));
        assert_eq!(encoded, &twice[..len], "a secret key is encoded in one way");
        let header = header.expect("a key has a header");
        assert_eq!((header.kind, header.total_len()), (Kind::SecretKey, bytes.len()));
        assert_eq!(header.id, key.id());
        assert!(key.condition() >= 1.0 && key.condition().is_finite());
    }
    if let Ok(key) = EvaluationKey::<T, N>::decode(bytes) {
        let len = key.encode(&mut again).expect("room enough");
        assert_eq!(&again[..len], bytes, "an evaluation key is encoded in one way");
        let header = header.expect("a key has a header");
        assert_eq!((header.kind, header.total_len()), (Kind::EvaluationKey, bytes.len()));
        assert_eq!(header.id, key.id());
    }
}

fn any_key(bytes: &[u8]) {
    keys::<f32, 2>(bytes);
    keys::<f64, 2>(bytes);
    keys::<f32, 3>(bytes);
    keys::<f64, 4>(bytes);
    keys::<f64, 8>(bytes);
}

/// What is decoded is encoded to the same bytes again, and a reader of pieces says the same.
fn elements<E: Encodable>(bytes: &[u8], piece: usize) {
    let mut read = Vec::new();
    let mut reader = Reader::<E>::new();
    let mut left = 0;
    'pieces: for mut piece in bytes.chunks(piece) {
        loop {
            match reader.read(&mut piece) {
                Ok(Some(element)) => read.push(element),
                Ok(None) => break,
                Err(_) => break 'pieces,
            }
        }
        left += piece.len();
    }
    let whole = wire::elements::<E>(bytes);
    let pieces = reader.finish();
    assert_eq!(whole.is_ok(), pieces.is_ok() && left == 0);
    let Ok((header, elements)) = whole else { return };
    assert_eq!(pieces, Ok(header));
    assert_eq!((header.total_len(), header.count()), (bytes.len(), elements.len()));
    let mut again = vec![0; bytes.len()];
    for elements in [elements.collect::<Vec<_>>(), read] {
        assert_eq!(wire::encode(&header, &elements, &mut again), Ok(bytes.len()));
        assert_eq!(again, bytes, "elements are encoded in one way");
    }
}

fn any_elements(bytes: &[u8], piece: usize) {
    if let Ok(header) = Header::peek(bytes) {
        assert!(header.total_len() < usize::MAX);
    }
    elements::<Ciphertext<f32, 2>>(bytes, piece);
    elements::<Ciphertext<f64, 2>>(bytes, piece);
    elements::<Ciphertext<f32, 3>>(bytes, piece);
    elements::<Ciphertext<f64, 8>>(bytes, piece);
    elements::<Spectrum<f32, 2>>(bytes, piece);
    elements::<Spectrum<f64, 2>>(bytes, piece);
    elements::<Spectrum<f64, 3>>(bytes, piece);
    elements::<Spectrum<f32, 8>>(bytes, piece);
}

/// Every value of a tensor, as bits.
fn values(container: &Container, info: &TensorInfo) -> Result<Vec<u64>, more_nn::Error> {
    let name = info.name();
    Ok(match info.element() {
        ElementType::U8 => container.read_all::<u8>(name)?.into_iter().map(u64::from).collect(),
        ElementType::U32 => container.read_all::<u32>(name)?.into_iter().map(u64::from).collect(),
        ElementType::I64 => container.read_all::<i64>(name)?.into_iter().map(|x| x as u64).collect(),
        ElementType::F32 => {
            container.read_all::<f32>(name)?.into_iter().map(|x| x.to_bits().into()).collect()
        }
        _ => container.read_all::<f64>(name)?.into_iter().map(f64::to_bits).collect(),
    })
}

fn file(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).expect("room on the disk");
    LARGEST.store(0, Ordering::Relaxed);
    let result = Container::open(&path).and_then(|container| {
        container.verify()?;
        let values: Result<Vec<_>, _> =
            container.tensors().iter().map(|info| values(&container, info)).collect();
        Ok((container, values?))
    });
    // Parsing the header's text may take some times its length; blocks are read through a buffer of a fixed size.
    let largest = LARGEST.load(Ordering::Relaxed);
    assert!(largest <= 64 * bytes.len() + (4 << 20), "{largest} bytes for a file of {}", bytes.len());
    let Ok((container, values)) = result else { return };

    for (info, values) in container.tensors().iter().zip(&values) {
        assert_eq!(info.rows() * info.row_len(), values.len(), "tensor {}", info.name());
    }
    assert!(values.iter().map(Vec::len).sum::<usize>() <= bytes.len());
}

fn damaged(values: &[f32], rows: u8, at: u32, by: u8) {
    let values = &values[..values.len().min(4096)];
    let rows = 1 + usize::from(rows % 4);
    let columns = values.len() / rows;
    if columns == 0 || by == 0 {
        return;
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("file");
    let metadata = Metadata::plain(Content::Outputs, more_core::Scalar::F32, &[columns], &[]);
    let tensors = vec![Tensor::new("outputs", ElementType::F32, &[rows, columns])];
    let mut writer = ContainerWriter::create(&path, &metadata, None, tensors).expect("a container");
    writer.write("outputs", &values[..rows * columns]).expect("values");
    writer.finish().expect("a whole container");
    let container = Container::open(&path).expect("what was written is read");
    container.verify().expect("what was written is whole");
    let read = container.read_all::<f32>("outputs").expect("what was written is there");
    assert!(read.iter().zip(values).all(|(a, b)| a.to_bits() == b.to_bits()));

    let mut bytes = std::fs::read(&path).expect("the file");
    let at = at as usize % bytes.len();
    bytes[at] ^= by;
    std::fs::write(&path, &bytes).expect("room on the disk");
    let noticed = Container::open(&path).and_then(|container| container.verify()).is_err();
    assert!(noticed, "byte {at} of {} changed by {by:#x} is not noticed", bytes.len());
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Key(bytes) => any_key(bytes),
    Input::Repaired(bytes) => {
        let Some(body) = bytes.len().checked_sub(4) else { return };
        let mut bytes = bytes.to_vec();
        let checksum = crc32fast::hash(&bytes[..body]);
        bytes[body..].copy_from_slice(&checksum.to_le_bytes());
        any_key(&bytes);
    }
    Input::Elements { piece, bytes } => any_elements(bytes, 1 + usize::from(piece)),
    Input::RepairedElements { piece, bytes } => {
        let Some(body) = bytes.len().checked_sub(4) else { return };
        if body < Header::MAX_ENCODED_LEN {
            return;
        }
        let mut bytes = bytes.to_vec();
        let header = crc32fast::hash(&bytes[..44]);
        bytes[44..48].copy_from_slice(&header.to_le_bytes());
        let checksum = crc32fast::hash(&[&bytes[..44], &bytes[48..body]].concat());
        bytes[body..].copy_from_slice(&checksum.to_le_bytes());
        any_elements(&bytes, 1 + usize::from(piece));
    }
    Input::File(bytes) => file(bytes),
    Input::Damaged { values, rows, at, by } => damaged(&values, rows, at, by),
});
