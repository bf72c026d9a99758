//! Mean and deviation: measured at encryption, carried by files and models, applied alike by plain twin and engines.

use more_nn::container::{Container, Content, ImagesFile};
use more_nn::standardization::Standardization;

use super::harness::{Folder, MATRIX_ROUNDING};

fn carried(folder: &Folder, name: &str) -> Option<Standardization> {
    Container::open(folder.path(name)).unwrap().metadata().standardization
}

fn encrypt(folder: &Folder, split: &str, out: &str, extra: &[&str]) -> serde_json::Value {
    let encrypt = ["encrypt", "--key", "KEY", "--data", "digits:90", "--split", split, "--out", out];
    folder.json(&[&encrypt[..], extra].concat())
}

#[test]
fn the_training_part_carries_mean_and_deviation_of_its_pixels() {
    let folder = Folder::with_key();
    let fields = encrypt(&folder, "train", "train", &[]);
    let found = carried(&folder, "train").unwrap();
    assert_eq!(fields["standardization"], serde_json::json!([found.mean(), found.deviation()]));
    let data =
        more_nn::dataset::Dataset::load(&"digits:90".parse().unwrap(), more_nn::dataset::Split::Train, None)
            .unwrap();
    let mut pixels = vec![0.0; 90 * 784];
    data.read_images(0..90, &mut pixels).unwrap();
    let count = pixels.len() as f64;
    let mean = pixels.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let variance = pixels.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
    // Sums of 70,560 numbers of at most 1, however ordered: at most so many roundings, far from as many in practice.
    let tolerance = count * f64::EPSILON;
    assert!((found.mean() - mean).abs() < tolerance, "{} {mean}", found.mean());
    assert!((found.deviation() - variance.sqrt()).abs() < tolerance, "{} {variance}", found.deviation());

    encrypt(&folder, "test", "test", &[]);
    encrypt(&folder, "train", "bare", &["--no-standardization"]);
    assert_eq!((carried(&folder, "test"), carried(&folder, "bare")), (None, None));
    assert!(!String::from_utf8_lossy(&folder.read("bare")).contains("deviation"));
    let train = ["train", "--network", "mnist", "--data", "bare", "--out", "o", "--standardize"];
    folder.fails(1, &train, &["bare: the data carries no mean", "--no-standardization"]);
}

#[test]
fn it_does_not_depend_on_the_number_of_threads() {
    let folder = Folder::with_key();
    let mut found = Vec::new();
    for threads in ["1", "2", "5"] {
        let arguments = ["encrypt", "--key", "KEY", "--data", "digits:90", "--split", "train", "--out", "o"];
        let mut command = folder.command(&arguments);
        assert!(command.env("RAYON_NUM_THREADS", threads).output().unwrap().status.success());
        found.push(carried(&folder, "o").unwrap());
    }
    assert!(found.iter().all(|other| *other == found[0]));
}

#[test]
fn twins_agree_and_the_model_carries_it_on() {
    let folder = Folder::with_digits("f32", 2, more_nn::container::Form::Spectral);
    let extra = ["--epochs", "2", "--standardize"];
    folder.train("digits:90", "plain", &extra);
    folder.train("train", "encrypted", &extra);
    let matrix = [&extra[..], &["--engine", "matrix"]].concat();
    folder.train("train", "matrix", &matrix);
    folder.train("train", "never", &["--epochs", "2"]);
    let expected = ImagesFile::open(folder.path("train")).unwrap().metadata().standardization;
    for model in ["plain", "encrypted", "matrix"] {
        Container::open_as(folder.path(model), Content::Model).unwrap();
        assert_eq!(carried(&folder, model), expected, "{model}");
    }
    // The default of this network.
    assert_eq!(carried(&folder, "never"), None);
    folder.predict("plain", "digits:60", "plain-out", &[]);
    folder.predict("encrypted", "test", "encrypted-out", &[]);
    folder.predict("plain", "test", "half-out", &["--engine", "matrix"]);
    folder.predict("matrix", "test", "matrix-out", &["--engine", "matrix"]);
    folder.predict("never", "test", "never-out", &[]);
    let outputs = |name: &str| folder.outputs(name).values().to_vec();
    let plain = outputs("plain-out");
    assert_eq!(plain, outputs("encrypted-out"));
    let distance =
        |other: &[f64]| plain.iter().zip(other).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    let scale = plain.iter().fold(1.0_f64, |most, value| most.max(value.abs()));
    for name in ["half-out", "matrix-out"] {
        let found = distance(&outputs(name));
        assert!(found < MATRIX_ROUNDING * scale * f64::from(f32::EPSILON), "{name}: {found}");
    }
    // It makes a difference.
    assert!(distance(&outputs("never-out")) > 1e-3);
}
