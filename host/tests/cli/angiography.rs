//! The second network of the paper, with dropout and one output, on images made here.

use super::harness::{Folder, MATRIX_ROUNDING};
use more_nn::container::{
    ContainerWriter, Content, Form, IMAGES, Metadata, PLAIN_LABELS, image_tensor, plain_label_tensor,
};
use more_nn::dataset::{Dataset, Split};
use more_nn::encryption::{self, Options};
use more_nn::key_file::SecretKeyFile;
use more_nn::progress::Progress;

const COUNT: usize = 20;
const SIDE: usize = 256;

/// Bars, bright ones of class 1 and dark ones of class 0.
fn images() -> Dataset {
    let labels: Vec<u32> = (0..COUNT as u32).map(|image| image % 2).collect();
    let mut pixels = Vec::new();
    for (image, label) in labels.iter().enumerate() {
        for index in 0..SIDE * SIDE {
            let (row, column) = (index / SIDE, index % SIDE);
            let is_bar = (row + (image + 3) * column / 8) % 64 < 16;
            let shade = (row * 7 + column * 13 + image * 29) % 50;
            pixels.push((shade + if is_bar { 60 + 120 * *label as usize } else { 40 }) as u8);
        }
    }
    Dataset::from_bytes([1, SIDE, SIDE], vec!["dark".to_owned(), "bright".to_owned()], pixels, labels)
        .unwrap()
}

fn write_plain(folder: &Folder, data: &Dataset) {
    let metadata =
        Metadata::plain(Content::Images, more_core::Scalar::F32, &data.shape(), data.class_names());
    let tensors = vec![image_tensor(&metadata, COUNT), plain_label_tensor(COUNT)];
    let mut writer = ContainerWriter::create(&folder.path("plain"), &metadata, None, tensors).unwrap();
    let labels: Vec<i64> = data.labels().iter().map(|label| i64::from(*label)).collect();
    writer.write(PLAIN_LABELS, &labels).unwrap();
    let mut pixels = vec![0.0_f32; COUNT * data.image_len()];
    data.read_images(0..COUNT, &mut pixels).unwrap();
    writer.write(IMAGES, &pixels).unwrap();
    writer.finish().unwrap();
}

#[test]
fn encrypted_and_plain_twins_agree() {
    let folder = Folder::with_key();
    let data = images();
    write_plain(&folder, &data);
    let secret = SecretKeyFile::read(&folder.path("KEY")).unwrap();
    for (name, form, plain_labels) in [
        ("encrypted", Form::Spectral, false),
        ("half", Form::Spectral, true),
        ("matrices", Form::Matrix, false),
    ] {
        let (standardization, augmentation, seed) = (None, None, Some(1));
        let options = Options { form, plain_labels, standardization, seed, augmentation };
        let (key, out) = (folder.evaluation_file(), folder.path(name));
        encryption::encrypt(&data, Split::Train, &secret, &key, &options, &out, &Progress::hidden()).unwrap();
    }
    let mut found = Vec::new();
    for (data, engine) in [
        ("plain", "spectral"),
        ("encrypted", "spectral"),
        ("half", "spectral"),
        ("encrypted", "matrix"),
        ("matrices", "spectral"),
    ] {
        let options = ["--epochs", "2", "--batch", "10", "--engine", engine];
        let train = ["train", "--network", "angiography", "--data", data, "--out", "model"];
        folder.succeeds(&[&train[..], &options].concat());
        folder.predict("model", data, "outputs", &["--engine", engine]);
        let outputs = folder.outputs("outputs");
        assert_eq!((outputs.count(), outputs.width()), (COUNT, 1));
        assert!(outputs.labels().unwrap().iter().copied().eq((0..COUNT as u32).map(|image| image % 2)));
        found.push(outputs.values().to_vec());
    }
    // Probabilities that say something.
    assert!(found[0].iter().all(|probability| (0.0..=1.0).contains(probability)));
    assert!(found[0].iter().any(|probability| (probability - found[0][0]).abs() > 1e-6));
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
    for rounded in &found[3..] {
        let distance =
            found[0].iter().zip(rounded).fold(0.0, |largest: f64, (a, b)| largest.max((a - b).abs()));
        assert!(distance < MATRIX_ROUNDING * f64::from(f32::EPSILON), "{distance}");
    }
}

/// A batch of one pack: its kernels are shared by the threads.
#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let folder = Folder::with_key();
    write_plain(&folder, &images());
    let mut found = Vec::new();
    for threads in ["1", "2", "5"] {
        let options = ["--epochs", "1", "--batch", "10", "--threads", threads];
        folder.json(
            &[&["train", "--network", "angiography", "--data", "plain", "--out", "model"], &options[..]]
                .concat(),
        );
        found.push(folder.read("model"));
    }
    assert!(found[0] == found[1] && found[0] == found[2]);
}
