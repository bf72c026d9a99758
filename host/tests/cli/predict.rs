use super::harness::{Folder, MATRIX_ROUNDING, TEST, TRAIN};
use more_core::{EvaluationKey, SecretKey};
use more_nn::container::{Container, Content, Form, LABELS, Metadata, PLAIN_LABELS};
use more_nn::dataset::{Dataset, Split};
use more_nn::decryption::Outputs;
use more_nn::key_file::{SecretKeyFile, encode_evaluation_key};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The largest difference of two outputs.
fn difference(a: &Outputs, b: &Outputs) -> f64 {
    assert_eq!((a.count(), a.width()), (b.count(), b.width()));
    a.values().iter().zip(b.values()).fold(0.0, |largest, (a, b)| largest.max((a - b).abs()))
}

fn metadata(folder: &Folder, name: &str) -> Metadata {
    Container::open_as(folder.path(name), Content::Outputs).unwrap().metadata().clone()
}

/// The plain twin, and outputs of it for the plain test set.
fn plain_twin(folder: &Folder, scalar: &str) -> Outputs {
    folder.train(TRAIN, "plain", &["--epochs", "3", "--scalar", scalar]);
    let fields = folder.predict("plain", TEST, "plain.outputs", &[]);
    assert_eq!(fields["count"], 60);
    assert_eq!(metadata(folder, "plain.outputs").form, Form::Plain);
    folder.outputs("plain.outputs")
}

#[test]
fn spectral_outputs_are_the_plain_twins_bit_by_bit() {
    for (scalar, n) in [("f32", 2), ("f64", 3), ("f32", 7)] {
        let folder = Folder::with_digits(scalar, n, Form::Spectral);
        let plain = plain_twin(&folder, scalar);
        folder.train("train", "encrypted", &["--epochs", "3"]);
        for model in ["plain", "encrypted"] {
            let fields = folder.predict(model, "test", "outputs", &[]);
            assert_eq!(fields["count"], 60);
            assert!(fields["seconds"].as_f64().unwrap() > 0.0);
            let written = metadata(&folder, "outputs");
            assert_eq!((written.form, written.lanes), (Form::Spectral, n));
            let outputs = folder.outputs("outputs");
            assert_eq!(outputs.values(), plain.values());
            assert_eq!(outputs.labels().unwrap(), plain.labels().unwrap());
            let fields = folder.json(&["decrypt", "--key", "KEY", "--in", "outputs", "--out", "t.csv"]);
            assert_eq!(fields["accuracy"].as_f64(), plain.accuracy());
        }
    }
}

/// Encrypted and plain models, on both forms of data, with both engines: the largest distance from the plain twin's
/// outputs, over the epsilon of the scalar.
fn distances(scalar: &str, n: usize, epsilon: f64) -> Vec<f64> {
    let folder = Folder::with_digits(scalar, n, Form::Matrix);
    folder.encrypt(TEST, "test", &["--form", "spectral", "--out", "test.spectral"]);
    let plain = plain_twin(&folder, scalar);
    for engine in ["spectral", "matrix"] {
        folder.train("train", engine, &["--epochs", "3", "--engine", engine]);
    }
    let mut found = Vec::new();
    for model in ["plain", "spectral", "matrix"] {
        for data in ["test", "test.spectral"] {
            for engine in ["spectral", "matrix"] {
                folder.predict(model, data, "outputs", &["--engine", engine]);
                assert_eq!(metadata(&folder, "outputs").form.name(), engine);
                let outputs = folder.outputs("outputs");
                assert_eq!(outputs.labels().unwrap(), plain.labels().unwrap());
                for item in 0..outputs.count() {
                    assert_eq!(
                        outputs.class(item),
                        plain.class(item),
                        "{scalar}, {n}, {model}, {data}, {engine}"
                    );
                }
                found.push(difference(&outputs, &plain) / epsilon);
            }
        }
    }
    found
}

#[test]
fn all_forms_of_models_and_data_go_together_with_both_engines() {
    for (scalar, n, epsilon) in
        [("f32", 2, f64::from(f32::EPSILON)), ("f64", 2, f64::EPSILON), ("f64", 3, f64::EPSILON)]
    {
        let found = distances(scalar, n, epsilon);
        assert!(found.iter().all(|distance| *distance < MATRIX_ROUNDING), "{scalar}, n = {n}: {found:?}");
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    // More images than one thread reads at a time.
    let folder = Folder::with_digits("f64", 2, Form::Spectral);
    folder.encrypt("digits:700", "test", &["--form", "spectral", "--out", "test"]);
    folder.train("train", "encrypted", &["--epochs", "1"]);
    for engine in ["spectral", "matrix"] {
        let found: Vec<_> = ["1", "2", "3"]
            .iter()
            .map(|threads| {
                let fields =
                    folder.predict("encrypted", "test", "o", &["--threads", threads, "--engine", engine]);
                assert_eq!(fields["threads"], threads.parse::<u32>().unwrap());
                folder.read("o")
            })
            .collect();
        assert!(found[0] == found[1] && found[0] == found[2], "{engine}");
    }
}

#[test]
fn instruction_sets_agree_to_rounding() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    let plain = plain_twin(&folder, "f32");
    for set in nn_core::simd::InstructionSet::ALL {
        let command =
            ["predict", "--model", "plain", "--data", "test", "--out", "outputs", "--simd", set.name()];
        if !set.is_available() {
            folder.fails(2, &command, &["this machine does not have", set.name()]);
            continue;
        }
        for engine in ["spectral", "matrix"] {
            let fields = folder.json(&[&command[..], &["--engine", engine]].concat());
            assert_eq!(fields["simd"], set.name());
            let distance = difference(&folder.outputs("outputs"), &plain) / f64::from(f32::EPSILON);
            assert!(distance < MATRIX_ROUNDING, "{} {engine}: {distance}", set.name());
            std::fs::remove_file(folder.path("outputs")).unwrap();
        }
    }
}

/// A second evaluation key of the same secret key whose first lane is another than that of `KEY.eval`.
fn other_order(folder: &Folder) -> Vec<u8> {
    let secret: SecretKey<f32, 3> = SecretKeyFile::read(&folder.path("KEY")).unwrap().decode().unwrap();
    let first: EvaluationKey<f32, 3> = folder.evaluation_file().decode().unwrap();
    (0..)
        .map(|seed| EvaluationKey::from_secret_key(&secret, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap())
        .find(|other| first.alignment(other).unwrap()[0] != 0)
        .map(|other| encode_evaluation_key(&other).unwrap())
        .unwrap()
}

#[test]
fn lanes_of_two_evaluation_keys_are_matched() {
    let folder = Folder::with_digits("f32", 3, Form::Spectral);
    folder.write("OTHER.eval", other_order(&folder));
    folder.encrypt(TEST, "test", &["--form", "spectral", "--eval", "OTHER.eval", "--out", "other"]);
    let key = |name: &str| Container::open(folder.path(name)).unwrap().evaluation_key_bytes().unwrap();
    for engine in ["spectral", "matrix"] {
        folder.train("train", "encrypted", &["--epochs", "3", "--engine", engine]);
        folder.predict("encrypted", "test", "expected", &[]);
        for (engine, bound) in [("spectral", 0.0), ("matrix", MATRIX_ROUNDING * f64::from(f32::EPSILON))] {
            folder.predict("encrypted", "other", "outputs", &["--engine", engine]);
            assert!(key("outputs") == key("other") && key("outputs") != key("expected"));
            let distance = difference(&folder.outputs("outputs"), &folder.outputs("expected"));
            assert!(distance <= bound, "{engine}: {distance}");
        }
    }
}

#[test]
fn labels_are_passed_on_as_they_are() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    folder.train(TRAIN, "plain", &["--epochs", "1"]);
    let labels = Dataset::load(&TEST.parse().unwrap(), Split::Test, None).unwrap().labels().to_vec();
    for form in ["matrix", "spectral"] {
        for plain_labels in [true, false] {
            let extra = if plain_labels { &["--plain-labels"][..] } else { &[] };
            folder.encrypt(TEST, "test", &[&["--form", form, "--out", "test"], extra].concat());
            for engine in ["matrix", "spectral"] {
                folder.predict("plain", "test", "outputs", &["--engine", engine]);
                let container = Container::open(folder.path("outputs")).unwrap();
                assert_eq!(container.has(PLAIN_LABELS), plain_labels);
                assert_eq!(container.has(LABELS), !plain_labels);
                assert_eq!(folder.outputs("outputs").labels().unwrap(), labels);
            }
        }
    }
}

#[test]
fn split_and_limit_choose_the_part_of_a_source() {
    let folder = Folder::new();
    folder.train(TRAIN, "plain", &["--epochs", "1"]);
    folder.predict("plain", TRAIN, "all", &["--split", "train"]);
    folder.predict("plain", TRAIN, "some", &["--split", "train", "--limit", "7"]);
    folder.predict("plain", TRAIN, "test", &["--split", "test"]);
    let (all, some, test) = (folder.outputs("all"), folder.outputs("some"), folder.outputs("test"));
    assert_eq!((all.count(), some.count(), test.count()), (90, 7, 90));
    assert_eq!(&all.values()[..70], some.values());
    assert!(all.values() != test.values());
}

/// `y[f][i][j] = b[f] + sum over c, u, v of w[f][c][u][v] x[c][i + u][j + v]`, by the definition.
fn convolution(x: &[f64], channels: usize, side: usize, w: &[f64], b: &[f64]) -> Vec<f64> {
    let out = side - 2;
    let mut y = Vec::new();
    for (f, bias) in b.iter().enumerate() {
        for i in 0..out {
            for j in 0..out {
                let mut sum = *bias;
                for c in 0..channels {
                    for u in 0..3 {
                        for v in 0..3 {
                            sum += w[((f * channels + c) * 3 + u) * 3 + v]
                                * x[(c * side + i + u) * side + j + v];
                        }
                    }
                }
                y.push(sum);
            }
        }
    }
    y
}

/// Means of 2 x 2 windows; a last row and column that make no window are dropped.
fn pool(x: &[f64], side: usize) -> Vec<f64> {
    let out = side / 2;
    let mut y = Vec::new();
    for x in x.chunks(side * side) {
        for i in 0..out {
            for j in 0..out {
                let at = 2 * i * side + 2 * j;
                y.push((x[at] + x[at + 1] + x[at + side] + x[at + side + 1]) / 4.0);
            }
        }
    }
    y
}

fn dense(x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
    w.chunks(x.len()).zip(b).map(|(w, b)| b + w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>()).collect()
}

fn sigmoid(x: Vec<f64>) -> Vec<f64> {
    x.into_iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect()
}

#[test]
fn the_tensors_of_a_model_are_what_pytorch_takes_them_for() {
    let folder = Folder::new();
    folder.train(TRAIN, "plain", &["--epochs", "3", "--scalar", "f64"]);
    folder.predict("plain", TEST, "outputs", &[]);
    let outputs = folder.outputs("outputs");
    let bytes = folder.read("plain");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |name: &str| -> Vec<f64> {
        let data = tensors.tensor(name).unwrap().data();
        data.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
    };
    let parameters: Vec<_> = ["0", "3", "6", "8"]
        .iter()
        .map(|layer| (tensor(&format!("{layer}.weight")), tensor(&format!("{layer}.bias"))))
        .collect();
    let [first, second, third, fourth] = &parameters[..] else { unreachable!("four layers") };
    let source = Dataset::load(&TEST.parse().unwrap(), Split::Test, None).unwrap();
    let mut pixels = vec![0.0; 60 * 784];
    source.read_images(0..60, &mut pixels).unwrap();
    for (image, logits) in pixels.chunks(784).zip(outputs.values().chunks(10)) {
        let x: Vec<f64> = image.iter().map(|pixel| f64::from(*pixel)).collect();
        let x = pool(&sigmoid(convolution(&x, 1, 28, &first.0, &first.1)), 26);
        let x = pool(&sigmoid(convolution(&x, 8, 13, &second.0, &second.1)), 11);
        let x = sigmoid(dense(&x, &third.0, &third.1));
        for (expected, logit) in dense(&x, &fourth.0, &fourth.1).iter().zip(logits) {
            // Sums of up to 400 terms, whose sizes add up to less than 30.
            assert!((expected - logit).abs() < 400.0 * 30.0 * f64::EPSILON, "{expected}, not {logit}");
        }
    }
}

#[test]
fn options_out_of_range_are_wrong_usage() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    folder.train(TRAIN, "plain", &["--epochs", "1"]);
    let common = ["predict", "--model", "plain", "--data", "test", "--out", "outputs"];
    for (extra, text) in [
        (&["--threads", "0"][..], "--threads"),
        (&["--limit", "0"], "--limit"),
        (&["--limit", "3"], "--limit is for sources"),
        (&["--engine", "fast"], "--engine"),
        (&["--simd", "mmx"], "--simd"),
        (&["--split", "some"], "--split"),
    ] {
        folder.fails(2, &[&common[..], extra].concat(), &[text]);
    }
    for required in ["--model", "--data", "--out"] {
        let at = common.iter().position(|argument| *argument == required).unwrap();
        folder.fails(2, &[&common[..at], &common[at + 2..]].concat(), &[required]);
    }
    let common = ["predict", "--model", "plain", "--data", "test", "--out"];
    folder.fails(1, &[&common[..], &["no/outputs"]].concat(), &["no/outputs: "]);
    std::fs::create_dir(folder.path("dir")).unwrap();
    folder.fails(1, &[&common[..], &["dir"]].concat(), &["dir: ", "regular file"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_prediction_removes_its_temporary_file() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let folder = Folder::new();
    folder.train(TRAIN, "plain", &["--epochs", "1"]);
    let before = folder.contents();
    let arguments = ["predict", "--model", "plain", "--data", "digits:30000", "--out", "outputs"];
    let extra = ["--simd", "scalar", "--threads", "1"];
    let mut child =
        folder.command(&[&arguments[..], &extra].concat()).stderr(Stdio::piped()).spawn().unwrap();
    let writes = || {
        let names = std::fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        names.into_iter().any(|name| name.to_string_lossy().ends_with(".part"))
    };
    let start = Instant::now();
    while !writes() {
        assert!(start.elapsed() < Duration::from_secs(60), "no temporary file appeared");
        assert!(child.try_wait().unwrap().is_none(), "ended before it could be interrupted");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(before == folder.contents());
}
