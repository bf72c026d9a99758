use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::harness::{Folder, MATRIX_ROUNDING, TRAIN};
use more_core::{Ciphertext, EvaluationKey, Real, Scalar as ScalarName};
use more_nn::components::{Scalar, Weight};
use more_nn::container::{Container, Content, Form};
use more_nn::key_file::SecretKeyFile;
use more_nn::model::Model;
use nn_core::Element;

/// The parameters and losses of a model, lane by lane in the order of its evaluation key.
pub(crate) struct Lanes<T> {
    pub(crate) parameters: Vec<Vec<T>>,
    /// `[epoch][lane]`.
    pub(crate) loss: Vec<Vec<T>>,
}

fn read<T: Scalar>(folder: &Folder, name: &str) -> Model<T> {
    Model::read(&Container::open_as(folder.path(name), Content::Model).unwrap()).unwrap()
}

pub(crate) fn lanes<T: Scalar + Element<Real = T>, const N: usize>(folder: &Folder, name: &str) -> Lanes<T> {
    let model = read::<T>(folder, name);
    if model.form != Form::Matrix {
        return Lanes { parameters: model.planes, loss: model.loss };
    }
    let container = Container::open(folder.path(name)).unwrap();
    let key: EvaluationKey<T, N> = container.evaluation_key().unwrap();
    let convert = |entry: &dyn Fn(usize) -> T| -> [T; N] {
        *key.to_spectrum(&Ciphertext::from_components(entry)).unwrap().lanes()
    };
    let mut parameters = vec![Vec::new(); N];
    for index in 0..model.planes[0].len() {
        let weight = convert(&|entry| model.planes[entry][index]);
        parameters.iter_mut().zip(weight).for_each(|(plane, lane)| plane.push(lane));
    }
    let loss = model.loss.iter().map(|loss| convert(&|entry| loss[entry]).to_vec()).collect();
    Lanes { parameters, loss }
}

/// The lane of the message in containers made with `KEY.eval`.
pub(crate) fn message_lane<T: Real, const N: usize>(folder: &Folder) -> usize {
    let secret = SecretKeyFile::read(&folder.path("KEY")).unwrap().decode::<T, N>().unwrap();
    let container = Container::open(folder.path("train")).unwrap();
    secret.message_lane(&container.evaluation_key().unwrap()).unwrap()
}

pub(crate) fn largest_difference<T: Real>(a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |largest: f64, (a, b)| {
        let difference = (a.to_f64() - b.to_f64()).abs();
        assert!(difference.is_finite());
        largest.max(difference)
    })
}

fn twins<T: Scalar + Element<Real = T>, const N: usize>(scalar: &str, plain_labels: bool) {
    let folder = Folder::with_digits(scalar, N, Form::Spectral);
    if plain_labels {
        folder.encrypt(TRAIN, "train", &["--plain-labels", "--form", "spectral", "--out", "train"]);
    }
    let options = ["--epochs", "3", "--batch", "25"];
    let fields = folder.train("train", "encrypted", &options);
    assert_eq!((&fields["images"], &fields["epochs"], &fields["lanes"]), (&90.into(), &3.into(), &N.into()));
    assert_eq!((&fields["engine"], &fields["scalar"]), (&"spectral".into(), &scalar.into()));
    assert!(fields["seconds"].as_f64().unwrap() > 0.0);
    assert!(fields["loss"].is_null(), "the loss is a ciphertext");
    let rate = fields["images_per_second"].as_f64().unwrap() * fields["seconds"].as_f64().unwrap();
    assert!((rate - 270.0).abs() < 1e-6);
    let fields = folder.train(TRAIN, "plain", &[&options[..], &["--scalar", scalar]].concat());
    assert_eq!((&fields["engine"], &fields["lanes"]), (&"plain".into(), &1.into()));

    let (encrypted, plain) = (lanes::<T, N>(&folder, "encrypted"), lanes::<T, N>(&folder, "plain"));
    let message = message_lane::<T, N>(&folder);
    for (lane, parameters) in encrypted.parameters.iter().enumerate() {
        assert_eq!(
            *parameters == plain.parameters[0],
            lane == message,
            "lane {lane}, the message is {message}"
        );
    }
    assert_eq!((encrypted.loss.len(), plain.loss.len()), (3, 3));
    let json: Vec<f64> = serde_json::from_value(fields["loss"].clone()).unwrap();
    for ((encrypted, plain), json) in encrypted.loss.iter().zip(&plain.loss).zip(json) {
        assert_eq!(encrypted[message], plain[0]);
        assert_eq!(plain[0].to_f64(), json);
    }
}

#[test]
fn in_spectral_form_the_message_is_its_plain_twin_bit_by_bit() {
    twins::<f32, 2>("f32", false);
    twins::<f32, 2>("f32", true);
    twins::<f64, 2>("f64", false);
    twins::<f32, 3>("f32", true);
    twins::<f64, 2>("f64", true);
    twins::<f64, 3>("f64", false);
    twins::<f64, 8>("f64", false);
}

/// The largest distance of weights and losses between the engines, in any lane, over the epsilon of the scalar.
fn engines<T: Scalar + Element<Real = T>, const N: usize>(scalar: &str, form: Form) -> f64 {
    let folder = Folder::with_digits(scalar, N, form);
    if N > 2 {
        // Eigenvalues of larger matrices take their time.
        folder.encrypt("digits:20", "train", &["--form", form.name(), "--seed", "2", "--out", "train"]);
    }
    let mut found = Vec::new();
    for engine in ["spectral", "matrix"] {
        let fields = folder.train("train", engine, &["--epochs", "3", "--engine", engine]);
        assert_eq!((&fields["engine"], &fields["lanes"]), (&engine.into(), &N.into()));
        found.push(lanes::<T, N>(&folder, engine));
    }
    let [spectral, matrix] = &found[..] else { unreachable!("two engines") };
    let weights = spectral.parameters.iter().zip(&matrix.parameters);
    let losses = spectral.loss.iter().zip(&matrix.loss);
    let largest = weights.chain(losses).map(|(a, b)| largest_difference(a, b)).fold(0.0, f64::max);
    // And they did learn something: the weights are not those they started from.
    let one = read::<T>(&folder, "spectral").planes;
    folder.train("train", "other", &["--epochs", "1", "--learning-rate", "1e-12"]);
    assert!(largest_difference(&one[0], &read::<T>(&folder, "other").planes[0]) > 1e-3);
    largest / T::EPSILON.to_f64()
}

#[test]
fn the_engines_train_the_same_weights() {
    let found = [
        engines::<f64, 2>("f64", Form::Matrix),
        engines::<f64, 2>("f64", Form::Spectral),
        engines::<f64, 3>("f64", Form::Matrix),
        engines::<f64, 4>("f64", Form::Spectral),
        engines::<f32, 2>("f32", Form::Matrix),
        engines::<f32, 3>("f32", Form::Spectral),
    ];
    assert!(found.iter().all(|distance| *distance < MATRIX_ROUNDING), "{found:?}");
}

#[test]
fn a_seed_gives_the_same_bytes_for_any_number_of_threads() {
    for (scalar, lanes, engine) in [("f32", 2, "spectral"), ("f64", 3, "spectral"), ("f32", 2, "matrix")] {
        let folder = Folder::with_digits(scalar, lanes, Form::Spectral);
        for data in ["train", TRAIN] {
            let mut found = Vec::new();
            for (threads, seed) in [("1", "5"), ("2", "5"), ("3", "5"), ("2", "6")] {
                let options = ["--epochs", "2", "--batch", "40", "--engine", engine];
                let extra = ["--threads", threads, "--seed", seed, "--scalar", scalar];
                let fields = folder.train(data, "model", &[&options[..], &extra].concat());
                assert_eq!(fields["threads"], threads.parse::<u32>().unwrap());
                found.push(folder.read("model"));
            }
            assert!(found[0] == found[1] && found[0] == found[2], "{scalar}, n = {lanes}, {engine}, {data}");
            let weights = |bytes: &[u8]| {
                folder.write("model", bytes);
                match scalar {
                    "f32" => read::<f32>(&folder, "model").planes[0].iter().map(|w| f64::from(*w)).collect(),
                    _ => read::<f64>(&folder, "model").planes[0].clone(),
                }
            };
            let (one, other): (Vec<f64>, Vec<f64>) = (weights(&found[0]), weights(&found[3]));
            assert!(one.iter().zip(&other).filter(|(a, b)| a != b).count() > one.len() / 2);
        }
    }
}

#[test]
fn instruction_sets_agree_to_rounding() {
    let folder = Folder::with_digits("f64", 2, Form::Spectral);
    let options = ["--epochs", "2"];
    for (data, engine) in [(TRAIN, "spectral"), ("train", "spectral"), ("train", "matrix")] {
        let mut planes = Vec::new();
        for set in nn_core::simd::InstructionSet::ALL {
            let extra = ["--simd", set.name(), "--engine", engine];
            let scalar = if data == TRAIN { &["--scalar", "f64"][..] } else { &[] };
            if !set.is_available() {
                let command = ["train", "--network", "mnist", "--data", data, "--out", "model"];
                let texts = ["this machine does not have", set.name()];
                folder.fails(2, &[&command[..], &extra, scalar].concat(), &texts);
                continue;
            }
            let fields = folder.train(data, "model", &[&options[..], &extra, scalar].concat());
            assert_eq!(fields["simd"], set.name());
            planes.push(read::<f64>(&folder, "model").planes);
            std::fs::remove_file(folder.path("model")).unwrap();
        }
        for other in &planes[1..] {
            for (a, b) in planes[0].iter().zip(other) {
                assert!(largest_difference(a, b) < MATRIX_ROUNDING * f64::EPSILON);
            }
        }
    }
}

#[test]
fn checkpoints_are_the_models_of_their_epochs() {
    let folder = Folder::with_digits("f32", 2, Form::Matrix);
    for engine in ["spectral", "matrix"] {
        let options = ["--engine", engine, "--checkpoints", "a/b"];
        folder.train("train", "three", &[&options[..], &["--epochs", "3"]].concat());
        let names: Vec<_> =
            folder.contents().into_keys().filter(|path| path.starts_with(folder.path("a/b"))).collect();
        let expected = [1, 2, 3].map(|epoch| folder.path(&format!("a/b/epoch-000{epoch}.safetensors")));
        assert_eq!(names, expected);
        assert!(folder.read("a/b/epoch-0003.safetensors") == folder.read("three"));
        folder.train("train", "two", &["--engine", engine, "--epochs", "2"]);
        let (two, checkpoint) =
            (read::<f32>(&folder, "two"), read::<f32>(&folder, "a/b/epoch-0002.safetensors"));
        assert_eq!((two.planes, two.loss), (checkpoint.planes, checkpoint.loss));
        std::fs::remove_dir_all(folder.path("a")).unwrap();
    }
}

#[test]
fn the_mean_gradient_is_the_sum_with_another_step() {
    // 64 images in batches of 32: a power of two, so that dividing by it rounds nothing.
    let folder = Folder::new();
    let options = ["--epochs", "2", "--batch", "32"];
    folder.train("digits:64", "sum", &[&options[..], &["--learning-rate", "0.03125"]].concat());
    folder.train(
        "digits:64",
        "mean",
        &[&options[..], &["--learning-rate", "1", "--gradient", "mean"]].concat(),
    );
    let (sum, mean) = (read::<f32>(&folder, "sum"), read::<f32>(&folder, "mean"));
    assert_eq!((sum.planes, sum.loss), (mean.planes, mean.loss));
}

#[test]
fn networks_learn_from_ciphertexts() {
    // Sigmoids behind sigmoids learn nothing but the classes' frequencies for the first 100,000 images or so.
    let folder = Folder::with_key();
    folder.encrypt("digits:10000", "train", &["--form", "spectral", "--out", "train"]);
    folder.encrypt("digits:500", "test", &["--form", "spectral", "--out", "test"]);
    folder.train("train", "model", &["--epochs", "12", "--learning-rate", "0.03"]);
    folder.predict("model", "test", "outputs", &[]);
    let accuracy = folder.outputs("outputs").accuracy().unwrap();
    assert!(accuracy > 0.9, "{accuracy}");
}

#[test]
fn model_files_are_pytorchs() {
    for (form, n) in [(Form::Plain, 1), (Form::Spectral, 3), (Form::Matrix, 3)] {
        let folder = Folder::with_digits("f32", 3, Form::Spectral);
        let engine = if form == Form::Matrix { "matrix" } else { "spectral" };
        let data = if form == Form::Plain { TRAIN } else { "train" };
        folder.train(data, "model", &["--epochs", "2", "--engine", engine]);
        let bytes = folder.read("model");
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        for (name, shape) in [
            ("0.weight", &[8, 1, 3, 3][..]),
            ("0.bias", &[8]),
            ("3.weight", &[16, 8, 3, 3]),
            ("3.bias", &[16]),
            ("6.weight", &[100, 400]),
            ("6.bias", &[100]),
            ("8.weight", &[10, 100]),
            ("8.bias", &[10]),
            ("training_loss", &[2]),
        ] {
            let expected = match (form, name) {
                (Form::Plain, _) => shape.to_vec(),
                (Form::Spectral, "training_loss") => vec![2, n],
                (Form::Spectral, _) => [&[n], shape].concat(),
                (Form::Matrix, "training_loss") => vec![2, n, n],
                (Form::Matrix, _) => [&[n, n], shape].concat(),
            };
            let tensor = tensors.tensor(name).unwrap();
            assert_eq!((tensor.dtype(), tensor.shape()), (safetensors::Dtype::F32, &expected[..]), "{name}");
        }
        let container = Container::open(folder.path("model")).unwrap();
        let metadata = container.metadata();
        assert_eq!((metadata.form, metadata.lanes, metadata.scalar), (form, n, ScalarName::F32));
        assert_eq!(metadata.network.as_deref(), Some("mnist"));
        assert_eq!(tensors.len(), if form == Form::Plain { 10 } else { 11 }, "{:?}", tensors.names());
    }
}

/// The names of a command's options, from its help.
fn options(command: &str) -> Vec<String> {
    let help = Folder::new().succeeds(&[command, "--help"]);
    let mut names: Vec<String> = Vec::new();
    for word in help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        if word.starts_with("--") && !names.iter().any(|name| name == word) {
            names.push(word.to_owned());
        }
    }
    assert!(names.len() > 5, "{help}");
    names
}

#[test]
fn no_option_takes_a_secret_key() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    folder.train(TRAIN, "model", &["--epochs", "1"]);
    let train = ["train", "--network", "mnist", "--data", "train", "--out", "out"];
    let predict = ["predict", "--model", "model", "--data", "test", "--out", "out"];
    for (name, command) in [("train", &train[..]), ("predict", &predict)] {
        for option in ["--key", "--secret", "--secret-key", "-k"] {
            folder.fails(2, &[command, &[option, "KEY"]].concat(), &["unexpected argument", option]);
        }
        folder.fails(2, &[command, &["KEY"]].concat(), &["unexpected argument"]);
        for option in options(name) {
            assert!(!option.contains("key") && !option.contains("secret"), "{name} {option}");
        }
        let help = folder.succeeds(&[name, "--help"]);
        // What it says about a key is that none is needed.
        assert_eq!(help.matches("secret").count(), help.matches("needs no secret key").count(), "{help}");
        assert!(!help.contains("KEY"), "{help}");
    }
    assert!(options("encrypt").contains(&"--key".to_owned()), "the search finds options");
}

#[test]
fn options_out_of_range_are_wrong_usage() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    let before = folder.contents();
    let common = ["train", "--network", "mnist", "--data", "train", "--out", "model"];
    for (extra, text) in [
        (&["--learning-rate", "0"][..], "learning rate"),
        (&["--learning-rate=-0.1"], "learning rate"),
        (&["--learning-rate", "nan"], "learning rate"),
        (&["--learning-rate", "inf"], "learning rate"),
        (&["--learning-rate", "fast"], "--learning-rate"),
        (&["--batch", "0"], "--batch"),
        (&["--epochs", "0"], "--epochs"),
        (&["--threads", "0"], "--threads"),
        (&["--threads", "100000"], "--threads"),
        (&["--limit", "0"], "--limit"),
        (&["--limit", "10"], "--limit is for sources"),
        (&["--seed", "-1"], "-1"),
        (&["--engine", "plain"], "--engine"),
        (&["--gradient", "median"], "--gradient"),
        (&["--simd", "mmx"], "--simd"),
        (&["--network", "lenet"], "--network"),
        (&["--scalar", "f16"], "--scalar"),
        (&["--epochs", "1", "--epochs", "2"], "--epochs"),
    ] {
        folder.fails(2, &[&common[..], extra].concat(), &[text]);
    }
    for required in ["--data", "--network", "--out"] {
        let at = common.iter().position(|argument| *argument == required).unwrap();
        folder.fails(2, &[&common[..at], &common[at + 2..]].concat(), &[required]);
    }
    assert!(before == folder.contents());
}

#[test]
fn sources_can_be_limited_and_batches_may_be_larger_than_the_data() {
    let folder = Folder::new();
    let mut found = Vec::new();
    for extra in [&["--batch", "20"][..], &["--batch", "4000000000"], &["--batch", "20", "--limit", "20"]] {
        let data = if extra.len() == 2 { "digits:20" } else { TRAIN };
        let fields = folder.train(data, "model", &[&["--epochs", "2"], extra].concat());
        assert_eq!(fields["images"], 20);
        found.push(read::<f32>(&folder, "model").planes);
    }
    assert!(found[0] == found[1] && found[0] == found[2]);
}

#[test]
fn weights_that_leave_the_numbers_are_an_error_that_names_the_epoch() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    folder.write("model", b"older");
    for (data, extra) in [(TRAIN, &[][..]), ("train", &[]), ("train", &["--engine", "matrix"])] {
        let common =
            ["train", "--network", "mnist", "--data", data, "--out", "model", "--learning-rate", "1e38"];
        let texts = ["the weights are no longer finite after epoch 1", "smaller --learning-rate"];
        folder.fails(1, &[&common[..], extra].concat(), &texts);
    }
}

#[test]
fn an_output_that_cannot_be_written_is_told_before_the_training() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("dir")).unwrap();
    folder.write("file", b"");
    // Epochs for years: were the place looked at in the end, the test would not end.
    let common = ["train", "--network", "mnist", "--data", "digits:20", "--epochs", "4000000000"];
    folder.fails(1, &[&common[..], &["--out", "no/model"]].concat(), &["no/model: "]);
    folder.fails(1, &[&common[..], &["--out", "dir"]].concat(), &["dir: ", "regular file"]);
    folder.fails(1, &[&common[..], &["--out", "model", "--checkpoints", "file"]].concat(), &["file: "]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_training_leaves_whole_checkpoints_and_no_model() {
    let folder = Folder::new();
    let arguments = ["train", "--network", "mnist", "--data", "digits:40", "--epochs", "4000000000"];
    let extra = ["--checkpoints", "c", "--out", "model"];
    for signal in ["INT", "TERM"] {
        let mut child =
            folder.command(&[&arguments[..], &extra].concat()).stderr(Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        while !folder.path("c/epoch-0002.safetensors").exists() {
            assert!(start.elapsed() < Duration::from_secs(60), "no checkpoint appeared");
            assert!(child.try_wait().unwrap().is_none(), "ended before it could be interrupted");
            std::thread::sleep(Duration::from_millis(1));
        }
        let status =
            Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let start = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("interrupted"));
        assert!(start.elapsed() < Duration::from_secs(5), "took {:?} to stop", start.elapsed());
        for path in folder.contents().into_keys() {
            assert!(path.starts_with(folder.path("c")), "{path:?}");
            Model::<f32>::read(&Container::open_as(&path, Content::Model).unwrap()).unwrap();
        }
        std::fs::remove_dir_all(folder.path("c")).unwrap();
    }
}

#[test]
fn a_streamed_data_set_gives_the_same_model() {
    let folder = Folder::with_digits("f32", 2, Form::Matrix);
    // Two segments of 32 batches, the second not full. One epoch is read in turn with training, more are held in memory.
    for (data, engine) in [("train", "spectral"), ("train", "matrix"), (TRAIN, "spectral")] {
        for epochs in ["1", "2"] {
            let options = ["--epochs", epochs, "--batch", "2", "--engine", engine];
            folder.train(data, "read", &options);
            folder.train(data, "streamed", &[&options[..], &["--stream"]].concat());
            let [read, streamed] = ["read", "streamed"].map(|name| std::fs::read(folder.path(name)).unwrap());
            assert!(read == streamed, "{data}, {engine}, {epochs}");
        }
    }
}
