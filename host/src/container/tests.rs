//! Containers written and read again, and damaged in between.

use std::fs;
use std::path::Path;

use more_core::{EvaluationKey, Scalar, SecretKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tempfile::TempDir;

use super::positioned::Source;
use super::*;
use crate::error::{Error, Kind};
use crate::key_file::encode_evaluation_key;
use crate::large_pages::copied;

/// More than one block of `big`, an odd number of elements in the others.
const ROWS: usize = 300_001;

fn metadata() -> Metadata {
    Metadata::plain(Content::Model, Scalar::F32, &[2], &["a".to_owned(), "b".to_owned()])
}

fn tensors() -> Vec<Tensor> {
    vec![
        Tensor::new("big", ElementType::F32, &[ROWS, 2]),
        Tensor::new("none", ElementType::F32, &[0, 3]),
        Tensor::new("wide", ElementType::F64, &[]),
        Tensor::new("words", ElementType::U32, &[3]),
    ]
}

fn values() -> Vec<f32> {
    (0..2 * ROWS).map(|index| index as f32).collect()
}

fn write(path: &Path, portion: usize) -> Result<(), Error> {
    let mut writer = ContainerWriter::create(path, &metadata(), None, tensors())?;
    assert_eq!(writer.order().collect::<Vec<_>>(), ["wide", "big", "none", "words"]);
    writer.write("wide", &[0.5f64])?;
    values().chunks(portion).try_for_each(|part| writer.write("big", part))?;
    writer.write("words", &[1u32, 2, 3])?;
    writer.finish()
}

fn written() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.more");
    write(&path, 100_000).unwrap();
    (folder, path)
}

#[test]
fn equal_content_gives_equal_bytes_however_it_is_cut() {
    let (folder, path) = written();
    let other = folder.path().join("b.more");
    write(&other, 77_777).unwrap();
    assert!(fs::read(&path).unwrap() == fs::read(&other).unwrap());
}

#[test]
fn memory_holds_what_a_file_would() {
    let (_folder, path) = written();
    let memory = MemoryFile::new();
    // Twice, to see that nothing of the first is left.
    for _ in 0..2 {
        let target = Target::Memory(memory.clone());
        let mut writer = ContainerWriter::start(&target, &metadata(), None, tensors()).unwrap();
        writer.write("wide", &[0.5f64]).unwrap();
        writer.write("big", &values()).unwrap();
        writer.write("words", &[1u32, 2, 3]).unwrap();
        writer.finish().unwrap();
    }
    assert_eq!(memory.len() as u64, fs::metadata(&path).unwrap().len());
    let container = Container::open_memory(&memory, Content::Model).unwrap();
    container.verify().unwrap();
    assert!(container.read_all::<f32>("big").unwrap() == values());
    assert_eq!(Container::open_memory(&memory, Content::Images).unwrap_err().kind(), Kind::WrongFile);
    assert_eq!(
        Container::open_memory(&MemoryFile::new(), Content::Model).unwrap_err().kind(),
        Kind::Truncated
    );
    let past_the_end = Source::Memory(memory.bytes()).read_exact_at(&mut [0], memory.len() as u64);
    assert_eq!(past_the_end.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn memory_that_is_written_anew_is_still_there_for_who_reads_it() {
    let memory = MemoryFile::new();
    let (_folder, path) = written();
    let mut bytes = fs::read(path).unwrap();
    memory.put(copied(&bytes));
    let container = Container::open_memory(&memory, Content::Model).unwrap();
    // In the last block of `big`.
    let last = bytes.len() - 100;
    bytes[last] ^= 1;
    memory.put(copied(&bytes));
    assert!(container.read_all::<f32>("big").unwrap() == values());
    let damaged = Container::open_memory(&memory, Content::Model).unwrap();
    let mut buffer = ReadBuffer::new();
    assert!(damaged.read_rows::<f32>("big", 0..2, &mut buffer).unwrap() == [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(damaged.read_all::<f32>("big").unwrap_err().kind(), Kind::Corrupt);
}

#[test]
fn rows_are_read_back_by_position_and_by_several_threads() {
    let (_folder, path) = written();
    let container = Container::open_as(&path, Content::Model).unwrap();
    assert_eq!(container.metadata(), &metadata());
    let values = values();
    std::thread::scope(|scope| {
        for thread in 0..4usize {
            let (container, values) = (&container, &values);
            scope.spawn(move || {
                let mut buffer = ReadBuffer::new();
                // Ranges that begin and end anywhere, in and across blocks.
                for step in 0..200usize {
                    let from = (step * 7919 + thread * 104_729) % ROWS;
                    let to = (from + step * step * 7).min(ROWS);
                    let rows = container.read_rows::<f32>("big", from..to, &mut buffer).unwrap();
                    assert_eq!(rows, &values[2 * from..2 * to]);
                }
            });
        }
    });
    assert_eq!(container.read_all::<f64>("wide").unwrap(), [0.5]);
    assert_eq!(container.read_all::<u32>("words").unwrap(), [1, 2, 3]);
    assert!(container.read_all::<f32>("none").unwrap().is_empty());
    container.verify().unwrap();
}

#[test]
fn requests_that_do_not_fit_the_file_are_refused() {
    let (_folder, path) = written();
    let container = Container::open(&path).unwrap();
    let mut buffer = ReadBuffer::new();
    let kind = |result: Result<&[f32], Error>| result.unwrap_err().kind();
    assert_eq!(kind(container.read_rows("no", 0..1, &mut buffer)), Kind::Missing);
    assert_eq!(kind(container.read_rows("words", 0..1, &mut buffer)), Kind::Shape);
    assert_eq!(kind(container.read_rows("big", 0..ROWS + 1, &mut buffer)), Kind::Shape);
    #[expect(clippy::reversed_empty_ranges, reason = "that is the wrong request")]
    let reversed = 2..1;
    assert_eq!(kind(container.read_rows("big", reversed, &mut buffer)), Kind::Shape);
    assert_eq!(container.expect("words", ElementType::U32, &[4]).unwrap_err().kind(), Kind::Shape);
    let error = Container::open_as(&path, Content::Images).unwrap_err();
    assert!(error.to_string().contains("holds model, expected images"), "{error}");
}

#[test]
fn every_flipped_byte_is_found() {
    let (folder, path) = written();
    let good = fs::read(&path).unwrap();
    let bad = folder.path().join("bad.more");
    let header = 8 + u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    let everywhere =
        (0..header).chain((header..good.len()).step_by(10_007)).chain(good.len() - 20..good.len());
    // A bad block leaves the others readable: what matters is that the whole is never accepted.
    for position in everywhere {
        let mut bytes = good.clone();
        bytes[position] ^= 0x10;
        fs::write(&bad, &bytes).unwrap();
        let result = Container::open(&bad).and_then(|container| container.verify());
        let error = result.expect_err(&format!("byte {position} of {}", good.len()));
        assert_eq!(error.path(), Some(bad.as_path()));
    }
}

#[test]
fn every_truncation_and_extension_is_found() {
    let (folder, path) = written();
    let good = fs::read(&path).unwrap();
    let bad = folder.path().join("bad.more");
    for length in (0..2000).chain((2000..good.len()).step_by(100_003)).chain([good.len() - 1]) {
        fs::write(&bad, &good[..length]).unwrap();
        let error = Container::open(&bad).unwrap_err();
        assert!(matches!(error.kind(), Kind::Truncated | Kind::WrongFile), "{length}: {error}");
    }
    fs::write(&bad, [&good[..], &[0; 4]].concat()).unwrap();
    assert_eq!(Container::open(&bad).unwrap_err().kind(), Kind::Malformed);
}

#[test]
fn damage_is_reported_when_its_block_is_read_and_not_before() {
    let (folder, path) = written();
    let mut bytes = fs::read(&path).unwrap();
    let position = bytes.len() - 1000;
    bytes[position] ^= 1;
    let bad = folder.path().join("bad.more");
    fs::write(&bad, &bytes).unwrap();
    let container = Container::open(&bad).unwrap();
    let mut buffer = ReadBuffer::new();
    container.read_rows::<f32>("big", 0..10, &mut buffer).unwrap();
    let error = container.read_rows::<f32>("big", ROWS - 1..ROWS, &mut buffer).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(error.to_string().contains("bytes "), "{error}");
}

#[test]
fn an_unfinished_or_wrongly_filled_container_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.more");
    let create = || ContainerWriter::create(&path, &metadata(), None, tensors()).unwrap();
    let mut writer = create();
    assert_eq!(writer.write("big", &[0.0f32]).unwrap_err().kind(), Kind::Shape);
    assert_eq!(writer.write("wide", &[0.0f32]).unwrap_err().kind(), Kind::Shape);
    assert_eq!(writer.write("wide", &[0.0f64; 2]).unwrap_err().kind(), Kind::Shape);
    assert_eq!(writer.write(CHECKSUMS, &[0u32]).unwrap_err().kind(), Kind::Shape);
    assert_eq!(writer.finish().unwrap_err().kind(), Kind::Shape);
    drop(create());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for name in [CHECKSUMS, EVALUATION_KEY] {
        let tensors = vec![Tensor::new(name, ElementType::U8, &[4])];
        let error = ContainerWriter::create(&path, &metadata(), None, tensors).unwrap_err();
        assert_eq!(error.kind(), Kind::Shape);
    }
}

#[test]
fn the_safetensors_crate_reads_the_same() {
    let (_folder, path) = written();
    let bytes = fs::read(&path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["more"], metadata().to_json());
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let big = file.tensor("big").unwrap();
    assert_eq!((big.dtype(), big.shape()), (safetensors::Dtype::F32, &[ROWS, 2][..]));
    let stored: Vec<u8> = values().iter().flat_map(|value| value.to_le_bytes()).collect();
    assert!(big.data() == stored);
    let mut names = file.names();
    names.sort();
    assert_eq!(names, ["big", "checksums", "none", "wide", "words"]);
}

fn keys(seed: u64) -> (SecretKey<f64, 3>, EvaluationKey<f64, 3>, EvaluationKey<f64, 3>) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let secret = SecretKey::generate(&mut rng).unwrap();
    let one = EvaluationKey::from_secret_key(&secret, &mut rng).unwrap();
    let other = EvaluationKey::from_secret_key(&secret, &mut rng).unwrap();
    (secret, one, other)
}

fn encrypted(path: &Path, key: &EvaluationKey<f64, 3>) -> Result<Container, Error> {
    let metadata = Metadata::plain(Content::Outputs, Scalar::F64, &[1], &[]);
    let metadata = metadata.encrypted(Form::Spectral, 3, key.id());
    let bytes = encode_evaluation_key(key)?;
    let mut writer =
        ContainerWriter::create(path, &metadata, Some(&bytes), vec![output_tensor(&metadata, 1)])?;
    writer.write(OUTPUTS, &[1.0f64, 2.0, 3.0])?;
    writer.finish()?;
    Container::open(path)
}

#[test]
fn lanes_of_two_files_of_one_key_are_matched() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, one, other) = keys(1);
    let a = encrypted(&folder.path().join("a"), &one).unwrap();
    let b = encrypted(&folder.path().join("b"), &other).unwrap();
    assert_eq!(a.evaluation_key::<f64, 3>().unwrap(), one);
    let permutation = align_keys::<f64, 3>(&a, &b).unwrap();
    assert_eq!(permutation[secret.message_lane(&one).unwrap()], secret.message_lane(&other).unwrap());
    let stranger = encrypted(&folder.path().join("c"), &keys(2).1).unwrap();
    let error = align_keys::<f64, 3>(&a, &stranger).unwrap_err();
    assert_eq!(error.kind(), Kind::Key);
    assert!(error.to_string().contains(&secret.id().to_string()), "{error}");
    assert_eq!(a.evaluation_key::<f32, 3>().unwrap_err().kind(), Kind::Key);
}

#[test]
fn the_evaluation_key_must_be_that_of_the_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let (secret, one, _) = keys(1);
    let metadata = Metadata::plain(Content::Outputs, Scalar::F64, &[1], &[]);
    let sealed = metadata.clone().encrypted(Form::Matrix, 3, one.id());
    let narrow = metadata.clone().encrypted(Form::Matrix, 2, one.id());
    let good = encode_evaluation_key(&one).unwrap();
    let other = encode_evaluation_key(&keys(2).1).unwrap();
    let mut secret_bytes = vec![0; SecretKey::<f64, 3>::ENCODED_LEN];
    secret.encode(&mut secret_bytes).unwrap();
    for (metadata, key) in [
        (&metadata, Some(&good)),
        (&sealed, None),
        (&sealed, Some(&other)),
        (&narrow, Some(&good)),
        (&sealed, Some(&secret_bytes)),
    ] {
        let error = ContainerWriter::create(&path, metadata, key.map(Vec::as_slice), vec![]).unwrap_err();
        assert_eq!(error.kind(), Kind::Key, "{error}");
    }
    assert!(!path.exists());
}

/// Two images of 1 x 1 x 20 in spectral form, `value` among the numbers of the second.
fn images(path: &Path, value: f64, labels: Option<Tensor>) -> Result<ImagesFile, Error> {
    let (_, key, _) = keys(1);
    let metadata =
        Metadata::plain(Content::Images, Scalar::F64, &[1, 1, 20], &["a".to_owned(), "b".to_owned()]);
    let metadata = metadata.encrypted(Form::Spectral, 3, key.id());
    let bytes = encode_evaluation_key(&key)?;
    let tensors = labels.iter().cloned().chain([image_tensor(&metadata, 2)]).collect();
    let mut writer = ContainerWriter::create(path, &metadata, Some(&bytes), tensors)?;
    if let Some(labels) = &labels {
        let count = labels.shape.iter().product();
        match labels.element {
            ElementType::I64 => writer.write(&labels.name, &vec![1i64; count])?,
            _ => writer.write(&labels.name, &vec![0.5f64; count])?,
        }
    }
    let mut values = vec![0.25; 120];
    values[60 + 33] = value;
    writer.write(IMAGES, &values)?;
    writer.finish()?;
    ImagesFile::open(path)
}

#[test]
fn a_value_that_is_not_finite_is_found_wherever_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let key = keys(1).1;
    let mut buffer = ReadBuffer::new();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let file = images(&path, value, None).unwrap();
        file.read_images::<f64>(0..1, &mut buffer).unwrap();
        let error = file.read_images::<f64>(0..2, &mut buffer).unwrap_err();
        assert_eq!(error.kind(), Kind::NonFinite);
        assert!(error.to_string().contains("tensor `images`, row 1: "), "{error}");
        let mut lanes = [0.0; 60];
        assert!(file.read_image_lanes(1..2, &key, &mut buffer, &mut lanes).is_err());
        file.read_image_lanes(0..1, &key, &mut buffer, &mut lanes).unwrap();
        assert_eq!(lanes, [0.25; 60]);
    }
    // The largest numbers and zeros of both signs are finite.
    for value in [f64::MAX, -0.0, f64::MIN_POSITIVE / 2.0] {
        let file = images(&path, value, None).unwrap();
        assert_eq!(file.read_images::<f64>(1..2, &mut buffer).unwrap()[33], value);
    }
}

#[test]
fn images_and_labels_must_have_the_shapes_of_the_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let kind = |labels| images(&path, 0.0, labels).map(|file| file.label_kind());
    assert_eq!(kind(None).unwrap(), LabelKind::None);
    assert_eq!(images(&path, 0.0, None).unwrap().require_labels().unwrap_err().kind(), Kind::Missing);
    assert_eq!(kind(Some(plain_label_tensor(2))).unwrap(), LabelKind::Plain);
    let labels = |element, shape: &[usize]| Some(Tensor::new(LABELS, element, shape));
    assert_eq!(kind(labels(ElementType::F64, &[2, 3, 2])).unwrap(), LabelKind::Encrypted);
    for wrong in [
        Some(plain_label_tensor(3)),
        labels(ElementType::F64, &[2, 2, 3]),
        labels(ElementType::F64, &[1, 3, 2]),
        labels(ElementType::I64, &[2, 3, 2]),
    ] {
        assert_eq!(kind(wrong).unwrap_err().kind(), Kind::Shape);
    }
    // The key of another file, by its id and by its number of lanes.
    let file = images(&path, 0.0, None).unwrap();
    let (mut buffer, mut lanes) = (ReadBuffer::new(), [0.0; 120]);
    let error = file.read_image_lanes(0..2, &keys(2).1, &mut buffer, &mut lanes).unwrap_err();
    assert_eq!(error.kind(), Kind::Key);
    let error = file.read_image_lanes(0..1, &keys(1).1, &mut buffer, &mut lanes).unwrap_err();
    assert_eq!(error.kind(), Kind::Shape);
}

#[test]
fn rows_of_matrices_that_no_lane_is_made_of_are_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let key = keys(1).1;
    let read = *more_core::LaneRows::new(&key).rows();
    let metadata = Metadata::plain(Content::Images, Scalar::F64, &[1, 1, 4], &["a".to_owned()]);
    let metadata = metadata.encrypted(Form::Matrix, 3, key.id());
    let bytes = encode_evaluation_key(&key).unwrap();
    let mut unread = 0;
    for row in 0..3 {
        let tensors = vec![image_tensor(&metadata, 2)];
        let mut writer = ContainerWriter::create(&path, &metadata, Some(&bytes), tensors).unwrap();
        let mut values = vec![0.25; 2 * 36];
        values[36 + 3 * row * 4 + 2] = f64::NAN;
        writer.write(IMAGES, &values).unwrap();
        writer.finish().unwrap();
        let file = ImagesFile::open(&path).unwrap();
        let (mut buffer, mut lanes) = (ReadBuffer::new(), [0.0; 24]);
        let found = file.read_image_lanes(0..2, &key, &mut buffer, &mut lanes);
        if read.contains(&row) {
            let error = found.unwrap_err();
            assert_eq!(error.kind(), Kind::NonFinite);
            assert!(error.to_string().contains("tensor `images`, row 1"), "{error}");
        } else {
            found.unwrap();
            assert!(lanes.iter().all(|lane| lane.is_finite()));
            unread += 1;
        }
        // Whoever takes the matrices as they are is told.
        assert_eq!(file.read_images::<f64>(0..2, &mut buffer).unwrap_err().kind(), Kind::NonFinite);
        assert_eq!(
            file.read_image_lanes(1..3, &key, &mut buffer, &mut lanes).unwrap_err().kind(),
            Kind::Shape
        );
    }
    assert!(unread > 0, "of three rows all are read: take another key");
}

#[test]
fn labels_of_no_class_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = keys(1).1;
    let bytes = encode_evaluation_key(&key).unwrap();
    for form in [Form::Spectral, Form::Matrix] {
        let path = folder.path().join(form.name());
        let metadata = Metadata::plain(Content::Images, Scalar::F64, &[1, 1, 4], &[]);
        let metadata = metadata.encrypted(form, 3, key.id());
        let tensors = vec![image_tensor(&metadata, 1), label_tensor(&metadata, 1)];
        let mut writer = ContainerWriter::create(&path, &metadata, Some(&bytes), tensors).unwrap();
        writer.write(IMAGES, &vec![0.25; 4 * form.components(3)]).unwrap();
        writer.finish().unwrap();
        let error = ImagesFile::open(&path).unwrap_err();
        assert_eq!(error.kind(), Kind::Shape);
        assert!(error.to_string().contains("labels of no class"), "{error}");
    }
}
