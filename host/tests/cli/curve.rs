//! Options of training, metrics and their curve: encrypted as plain.

use super::harness::{Folder, TEST, TRAIN};
use more_nn::container::Form;

/// The numbers of a table that `curve` wrote, line by line.
fn table(folder: &Folder, name: &str) -> Vec<Vec<f64>> {
    let text = String::from_utf8(folder.read(name)).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(|field| field.parse().unwrap()).collect()).collect()
}

/// Trains on plain and on encrypted digits with the same options and gives both tables of metrics.
fn twins(form: Form, plain_labels: bool, options: &[&str]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let folder = Folder::with_digits("f64", 2, form);
    if plain_labels {
        folder.encrypt(TRAIN, "train", &["--form", form.name(), "--plain-labels", "--out", "train"]);
    }
    let engine = if form == Form::Matrix { "matrix" } else { "spectral" };
    let metrics = ["--epochs", "3", "--metrics", "metrics", "--checkpoints", "models", "--validation"];
    folder.train("train", "model", &[&metrics[..], &["test", "--engine", engine], options].concat());
    let curve = ["curve", "--in", "metrics", "--out", "a.svg", "--csv", "encrypted.csv", "--key", "KEY"];
    let best = &folder.json(&curve)[0];
    let encrypted = table(&folder, "encrypted.csv");
    // The named checkpoint is there, and is of the highest accuracy.
    folder.path("models").join(best["checkpoint"].as_str().unwrap()).metadata().unwrap();
    let highest = encrypted.iter().map(|line| line[4]).fold(0.0, f64::max);
    assert_eq!(best["accuracy"].as_f64(), Some(highest));
    assert!(String::from_utf8(folder.read("a.svg")).unwrap().contains("validation"));

    let test = [TEST, "--validation-split", "test", "--scalar", "f64"];
    folder.train(TRAIN, "plain", &[&metrics[..], &test, options].concat());
    folder.succeeds(&["curve", "--in", "metrics", "--out", "a.svg", "--csv", "plain.csv"]);
    (encrypted, table(&folder, "plain.csv"))
}

#[test]
fn every_option_gives_the_plain_twins_curve() {
    for (form, plain_labels, options) in [
        (
            Form::Spectral,
            false,
            &["--momentum", "0.9", "--weight-decay", "0.01", "--schedule", "step:1:0.5"][..],
        ),
        (Form::Spectral, false, &["--optimizer", "adam", "--schedule", "cosine", "--weight-decay", "0.1"]),
        (Form::Spectral, true, &["--class-weights", "balanced"]),
        (Form::Spectral, false, &["--class-weights", "1,2,3,4,5,6,7,8,9,10"]),
        (Form::Matrix, true, &["--momentum", "0.5", "--class-weights", "balanced", "--gradient", "mean"]),
    ] {
        let (encrypted, plain) = twins(form, plain_labels, options);
        assert_eq!((encrypted.len(), encrypted[0].len()), (3, 5));
        for (a, b) in encrypted.iter().flatten().zip(plain.iter().flatten()) {
            // Losses of about 2.3; three epochs of 90 images amplify f64 rounding by less than a thousand.
            assert!((a - b).abs() < 1e-11, "{options:?}: {a} for {b}");
        }
        assert!(plain[2][1] != plain[0][1], "{options:?}: the loss does not move");
    }
}

#[test]
fn options_change_the_weights() {
    let folder = Folder::new();
    let mut models = std::collections::BTreeSet::new();
    let options: [&[&str]; 8] = [
        &[],
        &["--momentum", "0.9"],
        &["--weight-decay", "0.1"],
        &["--momentum", "0.9", "--weight-decay", "0.1"],
        &["--optimizer", "adam"],
        &["--optimizer", "adam", "--weight-decay", "0.1"],
        &["--schedule", "cosine"],
        &["--class-weights", "balanced"],
    ];
    for options in options {
        for threads in ["1", "2"] {
            let threads = ["--threads", threads, "--epochs", "2"];
            folder.train(TRAIN, threads[1], &[&threads, options].concat());
        }
        assert!(folder.read("1") == folder.read("2"), "{options:?}");
        models.insert(folder.read("1"));
    }
    assert_eq!(models.len(), options.len());
}

#[test]
fn a_model_has_a_curve_of_its_losses() {
    let folder = Folder::with_digits("f32", 2, Form::Matrix);
    folder.train("train", "model", &["--epochs", "2"]);
    folder.train(TRAIN, "plain", &["--epochs", "2"]);
    let curves = folder.json(&["curve", "--key", "KEY", "--in", "model", "plain", "--out", "a.svg"]);
    let loss = |index: usize| curves[index]["loss"].as_f64().unwrap();
    assert!((loss(0) - loss(1)).abs() < 1e-4, "{curves}");
    assert!(curves[0]["accuracy"].is_null());
}

fn curve<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&["curve", "--out", "a.svg"], rest].concat()
}

fn train<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&["train", "--network", "mnist", "--data", "train", "--out", "m"], rest].concat()
}

#[test]
fn what_has_no_curve_is_refused() {
    let folder = Folder::with_digits("f32", 2, Form::Matrix);
    folder.train("train", "model", &["--epochs", "1", "--metrics", "metrics"]);
    folder.predict("model", "test", "outputs", &[]);
    folder.fails(1, &curve(&["--in", "metrics"]), &["metrics", "encrypted", "--key"]);
    folder.fails(1, &curve(&["--key", "KEY", "--in", "outputs"]), &["holds outputs", "train --metrics"]);
    folder.succeeds(&["keygen", "--out", "OTHER", "--seed", "2"]);
    folder.fails(1, &curve(&["--key", "OTHER", "--in", "metrics"]), &["metrics", "key"]);
    folder.fails(2, &train(&["--validation", "test"]), &["--metrics"]);
    folder.fails(2, &train(&["--engine", "matrix", "--optimizer", "adam"]), &["--engine spectral"]);
    folder.fails(2, &train(&["--class-weights", "balanced"]), &["encrypted labels"]);
    folder.fails(2, &train(&["--class-weights", "1,2"]), &["2 class weights for 10 classes"]);
    folder.fails(2, &train(&["--momentum", "1"]), &["momentum"]);
    folder.fails(2, &train(&["--weight-decay", "-1"]), &[]);
    folder.fails(2, &train(&["--optimizer", "adam", "--momentum", "0.9"]), &["adam"]);
    folder.fails(2, &train(&["--schedule", "linear"]), &["linear", "cosine"]);
}
