use more_nn::augmentation::Augmentation;
use more_nn::components::Scalar;
use more_nn::container::{Container, ContainerWriter, Form, IMAGES, ImagesFile, LABELS, ReadBuffer};
use nn_core::{Element, Shape};

use super::harness::{Folder, MATRIX_ROUNDING, TRAIN};
use super::train::{lanes, largest_difference, message_lane};

const SEED: u64 = 7;
const COPIES: [&str; 4] = ["--augment", "3", "--augment-seed", "7"];
const DIGITS: Shape = Shape::new(1, 28, 28);

/// The lanes `[image][lane][pixel]` of a container.
fn image_lanes<T: Scalar, const N: usize>(folder: &Folder, name: &str) -> Vec<T> {
    let file = ImagesFile::open(folder.path(name)).unwrap();
    let key = file.container().evaluation_key::<T, N>().unwrap();
    let mut out = vec![T::ZERO; file.count() * N * file.metadata().item_len()];
    file.read_image_lanes::<T, N>(0..file.count(), &key, &mut ReadBuffer::new(), &mut out).unwrap();
    out
}

fn stored_labels<T: Scalar>(folder: &Folder, name: &str) -> Vec<T> {
    let file = ImagesFile::open(folder.path(name)).unwrap();
    file.read_labels::<T>(0..file.count(), &mut ReadBuffer::new()).unwrap().to_vec()
}

/// With `--augment 3`, what is stored are the same ciphertexts as without, and after each two copies of it whose lanes, all of
/// them, are transformed alike.
fn copies<T: Scalar + Element<Real = T, Context = ()>, const N: usize>(scalar: &str, form: Form) {
    let folder = Folder::with_digits(scalar, N, form);
    let options = ["--form", form.name(), "--seed", "2", "--out", "copies"];
    folder.encrypt(TRAIN, "train", &[&options[..], &COPIES].concat());
    let (base, all) = (image_lanes::<T, N>(&folder, "train"), image_lanes::<T, N>(&folder, "copies"));
    let item = N * DIGITS.len();
    assert_eq!((base.len(), all.len()), (90 * item, 270 * item));
    let lanes = Shape::new(N, 28, 28);
    for (image, (base, all)) in base.chunks_exact(item).zip(all.chunks_exact(3 * item)).enumerate() {
        assert_eq!(base, &all[..item], "image {image}");
        for (index, found) in all.chunks_exact(item).enumerate().skip(1) {
            let mut expected = vec![T::ZERO; item];
            Augmentation::new(SEED).apply(lanes, image, index, base, &mut expected).unwrap();
            if form == Form::Spectral {
                assert_eq!(found, expected, "image {image}, copy {index}");
            } else {
                // One sum of ciphertexts, between two conversions; lanes are in [0, 1].
                let distance = largest_difference(found, &expected) / T::EPSILON.to_f64();
                assert!(distance < MATRIX_ROUNDING, "image {image}, copy {index}: {distance}");
            }
            assert_ne!(found, base, "image {image}, copy {index}");
        }
    }
    let (base, all) = (stored_labels::<T>(&folder, "train"), stored_labels::<T>(&folder, "copies"));
    let label = base.len() / 90;
    for (base, all) in base.chunks_exact(label).zip(all.chunks_exact(3 * label)) {
        assert!(all.chunks_exact(label).all(|copy| copy == base), "copies have the ciphertext of the label");
    }
}

#[test]
fn copies_are_the_same_ciphertexts_transformed() {
    copies::<f32, 2>("f32", Form::Spectral);
    copies::<f32, 2>("f32", Form::Matrix);
    copies::<f64, 3>("f64", Form::Spectral);
    copies::<f64, 3>("f64", Form::Matrix);
}

#[test]
fn plain_labels_are_repeated_and_the_number_of_copies_is_told() {
    let folder = Folder::with_key();
    folder.encrypt("digits:20", "train", &["--plain-labels", "--out", "base"]);
    folder.encrypt("digits:20", "train", &[&["--plain-labels", "--out", "copies"], &COPIES[..]].concat());
    let labels = |name: &str| ImagesFile::open(folder.path(name)).unwrap().plain_labels().unwrap().unwrap();
    let expected: Vec<u32> = labels("base").into_iter().flat_map(|label| [label; 3]).collect();
    assert_eq!(labels("copies"), expected);
    let metadata = |name: &str| Container::open(folder.path(name)).unwrap().metadata().extra.clone();
    assert_eq!(metadata("copies").get("copies"), Some(&3.into()));
    assert_eq!(metadata("base").get("copies"), None);
}

/// A container that has one copy only of each image of `copies`.
fn pick<T: Scalar>(folder: &Folder, copy: usize, name: &str) {
    let file = ImagesFile::open(folder.path("copies")).unwrap();
    let container = file.container();
    let count = file.count() / 3;
    let tensors = [IMAGES, LABELS].map(|name| {
        let tensor = container.tensor(name).unwrap();
        let shape: Vec<usize> = std::iter::once(count).chain(tensor.shape()[1..].iter().copied()).collect();
        more_nn::container::Tensor::new(name, tensor.element(), &shape)
    });
    let key = container.evaluation_key_bytes().unwrap();
    let mut writer =
        ContainerWriter::create(&folder.path(name), file.metadata(), Some(&key), tensors.to_vec()).unwrap();
    let mut buffer = ReadBuffer::new();
    for tensor in [IMAGES, LABELS] {
        for image in 0..count {
            let row = 3 * image + copy;
            writer
                .write(tensor, container.read_rows::<T>(tensor, row..row + 1, &mut buffer).unwrap())
                .unwrap();
        }
    }
    writer.finish().unwrap();
}

/// One epoch of `train --augment` is one epoch on the first copies that the key holder would have made.
fn service_and_owner<T: Scalar + Element<Real = T, Context = ()>, const N: usize>(
    scalar: &str,
    form: Form,
    engine: &str,
) {
    let folder = Folder::with_digits(scalar, N, form);
    let options = ["--form", form.name(), "--seed", "2", "--out", "copies"];
    folder.encrypt(TRAIN, "train", &[&options[..], &COPIES].concat());
    pick::<T>(&folder, 1, "first");
    let options = ["--epochs", "1", "--seed", "7", "--engine", engine];
    folder.train("train", "service", &[&options[..], &["--augment"]].concat());
    folder.train("first", "owner", &options);
    let [service, owner] = ["service", "owner"].map(|name| lanes::<T, N>(&folder, name));
    // In the form that the engine computes in nothing is converted between transformation and training.
    if form.name() == engine {
        assert!(service.parameters == owner.parameters && service.loss == owner.loss, "{scalar}, {form}");
    }
    for (service, owner) in service.parameters.iter().zip(&owner.parameters) {
        let distance = largest_difference(service, owner) / T::EPSILON.to_f64();
        assert!(distance < MATRIX_ROUNDING, "{scalar}, {form}, {engine}: {distance}");
    }
    if engine == "spectral" {
        folder.train("train", "other", &options);
        assert!(lanes::<T, N>(&folder, "other").parameters != service.parameters, "it did augment");
    }
}

#[test]
fn the_service_transforms_as_the_owner_does() {
    service_and_owner::<f32, 2>("f32", Form::Spectral, "spectral");
    service_and_owner::<f64, 3>("f64", Form::Spectral, "spectral");
    service_and_owner::<f64, 2>("f64", Form::Matrix, "spectral");
    service_and_owner::<f32, 2>("f32", Form::Matrix, "matrix");
}

#[test]
fn the_plain_twin_is_transformed_alike_by_any_number_of_threads_streamed_or_not() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    let options = ["--epochs", "3", "--batch", "25", "--seed", "5", "--augment"];
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for extra in [&["--threads", "1"][..], &["--threads", "3", "--stream"]] {
        folder.train("train", "encrypted", &[&options[..], extra].concat());
        folder.train(TRAIN, "plain", &[&options[..], extra].concat());
        found.push((folder.read("encrypted"), folder.read("plain")));
    }
    assert!(found.iter().all(|models| *models == found[0]));
    let message = message_lane::<f32, 2>(&folder);
    let (encrypted, plain) = (lanes::<f32, 2>(&folder, "encrypted"), lanes::<f32, 2>(&folder, "plain"));
    assert!(encrypted.parameters[message] == plain.parameters[0]);
    assert!(encrypted.parameters[1 - message] != plain.parameters[0]);
    for (encrypted, plain) in encrypted.loss.iter().zip(&plain.loss) {
        assert_eq!(encrypted[message], plain[0]);
    }
}

#[test]
fn numbers_of_copies_out_of_range_are_wrong_usage() {
    let folder = Folder::with_key();
    let command = ["encrypt", "--key", "KEY", "--data", "digits:5", "--split", "train", "--out", "out"];
    for extra in [&["--augment", "0"][..], &["--augment", "1"], &["--augment", "1001"], &["--augment"]] {
        folder.fails(2, &[&command[..], extra].concat(), &["--augment"]);
    }
    folder.fails(2, &[&command[..], &["--augment-seed", "1"]].concat(), &["--augment"]);
}
