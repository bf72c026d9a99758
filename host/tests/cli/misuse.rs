//! Files given to `train` and `predict` that are damaged, of the wrong kind, or do not go together.

use super::harness::{Folder, TEST, TRAIN, forge, forge_data};
use super::made_images::{MadeImages, MadeLabels};
use more_nn::container::Form;

const TRAIN_ON_DATA: [&str; 9] =
    ["train", "--network", "mnist", "--data", "data", "--epochs", "1", "--out", "out"];
const PREDICT: [&str; 7] = ["predict", "--model", "model", "--data", "data", "--out", "out"];

/// A folder with data of 40 images, a plain model `plain` and, trained on the data, the models `spectral` and `matrix`.
struct Scene(Folder);

impl Scene {
    fn new() -> Self {
        let folder = Folder::with_key();
        folder.encrypt("digits:40", "train", &["--form", "spectral", "--out", "data"]);
        folder.train(TRAIN, "plain", &["--epochs", "1"]);
        for engine in ["spectral", "matrix"] {
            folder.train("data", engine, &["--epochs", "1", "--engine", engine]);
        }
        folder.write("model", folder.read("plain"));
        Self(folder)
    }

    /// With another file in the place of `name`: training (where that is the data) and prediction fail like this.
    fn refuses(&self, name: &str, bytes: &[u8], texts: &[&str]) {
        let good = self.0.read(name);
        self.0.write(name, bytes);
        if name == "data" {
            self.0.fails(1, &TRAIN_ON_DATA, texts);
        }
        self.0.fails(1, &PREDICT, texts);
        self.0.write(name, good);
    }
}

fn header(bytes: &[u8]) -> usize {
    8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1;
    bytes
}

#[test]
fn damaged_bytes() {
    let scene = Scene::new();
    for (name, source) in [("data", "data"), ("model", "plain"), ("model", "spectral"), ("model", "matrix")] {
        let good = scene.0.read(source);
        scene.0.write(name, &good);
        scene.0.succeeds(&PREDICT);
        std::fs::remove_file(scene.0.path("out")).unwrap();
        let starts = format!("error: {name}: ");
        let length = good.len();
        let cases: [(Vec<u8>, &str); 14] = [
            (vec![], "0 bytes"),
            (good[..7].to_vec(), "7 bytes"),
            (good[..100].to_vec(), "the header needs"),
            (good[..header(&good)].to_vec(), "its header announces"),
            (good[..length / 2].to_vec(), "its header announces"),
            (good[..length - 1].to_vec(), "its header announces"),
            ([&good[..], b"more"].concat(), "4 bytes follow the last tensor"),
            (flipped(&good, header(&good) - 1), "header"),
            (flipped(&good, header(&good)), "the checksum does not match"),
            (flipped(&good, header(&good) + 1234), "the checksum does not match"),
            (flipped(&good, length - 1), "the checksum does not match"),
            (flipped(&good, length - 8), "the checksum does not match"),
            (b"\x89PNG\r\n\x1a\n and so on, for some bytes".to_vec(), "not a container of more-nn"),
            (b"epoch,loss\n1,2.3\n".to_vec(), "not a container of more-nn"),
        ];
        for (bytes, text) in cases {
            scene.refuses(name, &bytes, &[&starts, text]);
        }
    }
}

#[test]
fn a_byte_flipped_behind_what_was_read_first_leaves_no_half_of_the_outputs() {
    let folder = Folder::with_key();
    // 6 MiB: several reads, each with its checksum.
    folder.encrypt("digits:1000", "test", &["--form", "spectral", "--out", "data"]);
    folder.train(TRAIN, "model", &["--epochs", "1"]);
    let good = folder.read("data");
    folder.write("data", flipped(&good, good.len() - (1 << 19)));
    folder.fails(1, &PREDICT, &["data: bytes ", "the checksum does not match"]);
    folder.fails(1, &TRAIN_ON_DATA, &["data: bytes ", "the checksum does not match"]);
}

#[test]
fn headers_that_lie_with_valid_checksums() {
    let scene = Scene::new();
    let both = [
        ("format_version\\\":2", "format_version\\\":7", "version 7, this program reads version 2"),
        ("\\\"MORE\\\"", "\\\"LESS\\\"", "the scheme is `LESS`"),
        ("\\\"n\\\":2", "\\\"n\\\":3", "the evaluation key is not that of the content"),
        ("\\\"spectral\\\"", "\\\"spherial\\\"", "`spherial`, expected one of plain, matrix, spectral"),
        ("\\\"f32\\\"", "\\\"f64\\\"", "the evaluation key is not that of the content"),
        ("\"checksums\"", "\"checksumz\"", "the last tensor is not `checksums`"),
    ];
    let data = [
        ("\"dtype\":\"F32\"", "\"dtype\":\"I32\"", "I32"),
        ("[40,2,1,28,28]", "[40,2,1,56,14]", "expected F32 [40, 2, 1, 28, 28]"),
        ("[40,2,1,28,28]", "[80,1,1,28,28]", "expected F32 [80, 2, 1, 28, 28]"),
        ("\\\"shape\\\":[1,28,28]", "\\\"shape\\\":[7,16,7 ]", "expected F32 [40, 2, 7, 16, 7]"),
        ("\\\"shape\\\":[1,28,28]", "\\\"shape\\\":[28,28  ]", "expected channels, height, width"),
        ("\"images\":{", "\"imagez\":{", "no tensor `images`"),
        ("[40,2,10]", "[20,4,10]", "expected F32 [40, 2, 10]"),
        ("\\\"7\\\",\\\"8\\\"", "\\\"7,  8\\\"  ", "expected F32 [40, 2, 9]"),
    ];
    let model = [
        ("\\\"mnist\\\"", "\\\"minst\\\"", "network `minst` is unknown, expected one of mnist, angiography"),
        ("\\\"mnist\\\"", "     null", "names no network"),
        ("\\\"shape\\\":[1,28,28]", "\\\"shape\\\":[1,14,56]", "the network `mnist` takes 1x28x28"),
        ("\\\"7\\\",\\\"8\\\"", "\\\"7,  8\\\"  ", "9 classes, the network `mnist` tells 10 apart"),
        ("\"0.weight\":{", "\"1.weight\":{", "no tensor `0.weight`"),
        ("\"8.bias\":{", "\"9.bias\":{", "no tensor `8.bias`"),
        ("[2,8,1,3,3]", "[2,8,3,1,3]", "expected F32 [2, 8, 1, 3, 3]"),
        ("[2,100,400]", "[2,400,100]", "expected F32 [2, 100, 400]"),
        ("[1,2]", "[2,1]", "expected F32 [2, 2]"),
    ];
    for (name, source, lies) in [("data", "data", &data[..]), ("model", "spectral", &model)] {
        let good = scene.0.read(source);
        scene.0.write(name, &good);
        for (from, to, text) in both.iter().chain(lies) {
            scene.refuses(name, &forge(&good, from, to), &[&format!("error: {name}: "), text]);
        }
    }
}

#[test]
fn the_wrong_kind_of_file() {
    let scene = Scene::new();
    let folder = &scene.0;
    let good = folder.read("data");
    folder.predict("plain", "data", "outputs", &[]);
    for (other, holds) in [("plain", "model"), ("spectral", "model"), ("outputs", "outputs")] {
        scene.refuses(
            "data",
            &folder.read(other),
            &["data: ", &format!("the file holds {holds}, expected images"), "more-nn encrypt"],
        );
    }
    for (other, holds) in [("data", "images"), ("outputs", "outputs")] {
        scene.refuses(
            "model",
            &folder.read(other),
            &["model: ", &format!("the file holds {holds}, expected model"), "more-nn train"],
        );
    }
    for key in ["KEY", "KEY.eval"] {
        scene.refuses("data", &folder.read(key), &["data: ", "looks like a key file"]);
        scene.refuses("model", &folder.read(key), &["model: ", "looks like a key file"]);
    }
    for name in ["data", "model"] {
        std::fs::remove_file(folder.path(name)).unwrap();
        folder.fails(1, &PREDICT, &[&format!("{name}: cannot open")]);
        std::fs::create_dir(folder.path(name)).unwrap();
        folder.fails(1, &PREDICT, &[&format!("{name}: "), "not a regular file"]);
        std::fs::remove_dir(folder.path(name)).unwrap();
        folder.write(name, &good);
    }
}

#[test]
fn what_is_read_is_not_written_over() {
    let scene = Scene::new();
    let folder = &scene.0;
    folder.succeeds(&PREDICT);
    let encrypt = ["encrypt", "--key", "KEY", "--data", "digits:2", "--split", "test"];
    let predict = ["predict", "--model", "model", "--data", "data"];
    let train = ["train", "--network", "mnist", "--data", "data", "--epochs", "1"];
    let decrypt = ["decrypt", "--key", "KEY", "--in", "out"];
    let cases: [(&[&str], &[&str], &str); 6] = [
        (&encrypt, &["--out", "./KEY"], "--key and --out"),
        (&predict, &["--out", "data"], "--data and --out"),
        (&predict, &["--out", "model"], "--model and --out"),
        (&train, &["--out", "data"], "--data and --out"),
        (&train, &["--out", "new", "--metrics", "./new"], "--out and --metrics"),
        (&decrypt, &["--out", "out"], "--in and --out"),
    ];
    for (command, out, text) in cases {
        folder.fails(2, &[command, out].concat(), &[text, "the same file"]);
    }
}

#[test]
fn values_that_are_not_finite_are_named() {
    let folder = Folder::with_key();
    folder.train(TRAIN, "model", &["--epochs", "1"]);
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for form in [Form::Plain, Form::Spectral, Form::Matrix] {
            let labels = match form {
                Form::Plain => MadeLabels::Plain(&[0; 12]),
                _ => MadeLabels::Encrypted(None),
            };
            let images = MadeImages { form, labels, ..MadeImages::DIGITS };
            MadeImages { replaced: Some((7, 500, value)), ..images }.write(&folder, "data");
            for command in [&TRAIN_ON_DATA[..], &PREDICT] {
                folder.fails(1, command, &["data: tensor `images`, row 7: "]);
            }
            if form != Form::Plain {
                let labels = MadeLabels::Encrypted(Some((5, 3, value)));
                MadeImages { labels, ..images }.write(&folder, "data");
                for command in [&TRAIN_ON_DATA[..], &PREDICT] {
                    folder.fails(1, command, &["data: tensor `labels`, row 5: "]);
                }
            }
        }
    }
}

#[test]
fn weights_that_are_not_finite_are_named() {
    let scene = Scene::new();
    for source in ["plain", "matrix"] {
        let good = scene.0.read(source);
        scene.0.write("model", &good);
        for value in [f32::NAN, f32::INFINITY] {
            let forged = forge_data(&good, |data| data[40..44].copy_from_slice(&value.to_le_bytes()));
            scene.refuses("model", &forged, &["model: tensor `0.weight`, row "]);
        }
    }
}

#[test]
fn labels_that_are_missing_or_impossible() {
    let folder = Folder::with_key();
    folder.train(TRAIN, "model", &["--epochs", "1"]);
    for form in [Form::Plain, Form::Spectral, Form::Matrix] {
        let images = MadeImages { form, ..MadeImages::DIGITS };
        MadeImages { labels: MadeLabels::None, ..images }.write(&folder, "data");
        folder.fails(1, &TRAIN_ON_DATA, &["data: ", "no labels", "training needs them"]);
        folder.succeeds(&PREDICT);
        assert_eq!(folder.outputs("out").labels(), None);
        std::fs::remove_file(folder.path("out")).unwrap();
        for (bad, text) in [(10, "label 10, but there are 10 classes"), (-1, "label -1")] {
            let mut labels = [3; 12];
            labels[9] = bad;
            MadeImages { labels: MadeLabels::Plain(&labels), ..images }.write(&folder, "data");
            for command in [&TRAIN_ON_DATA[..], &PREDICT] {
                folder.fails(1, command, &["data: tensor `plain_labels`, row 9: ", text]);
            }
        }
    }
}

#[test]
fn shapes_and_classes_that_are_not_the_networks() {
    let folder = Folder::with_key();
    folder.train(TRAIN, "model", &["--epochs", "1"]);
    for form in [Form::Spectral, Form::Matrix] {
        let images = MadeImages { form, ..MadeImages::DIGITS };
        for (shape, classes, text) in [
            (
                [1, 28, 27],
                10,
                "images of 1x28x27 (channels, height, width), the network `mnist` takes 1x28x28",
            ),
            ([3, 28, 28], 10, "images of 3x28x28"),
            ([1, 28, 28], 9, "9 classes, the network `mnist` tells 10 apart"),
            ([1, 28, 28], 11, "11 classes"),
        ] {
            MadeImages { shape, classes, ..images }.write(&folder, "data");
            for command in [&TRAIN_ON_DATA[..], &PREDICT] {
                folder.fails(1, command, &["data: ", text]);
            }
        }
        images.write(&folder, "data");
        let angiography = ["train", "--network", "angiography", "--data", "data", "--out", "out"];
        folder.fails(
            1,
            &angiography,
            &["data: images of 1x28x28", "the network `angiography` takes 1x256x256"],
        );
    }
    let angiography = ["train", "--network", "angiography", "--data", "digits:20", "--out", "out"];
    folder.fails(1, &angiography, &["images of 1x28x28", "the network `angiography` takes 1x256x256"]);
}

#[test]
fn keys_forms_and_scalars_that_do_not_go_together() {
    let scene = Scene::new();
    let folder = &scene.0;
    for (name, extra) in [("OTHER", &[][..]), ("WIDE", &["--lanes", "3"]), ("LONG", &["--scalar", "f64"])] {
        folder.succeeds(&[&["keygen", "--out", name], extra].concat());
        let encrypt = ["encrypt", "--key", name, "--data", TEST, "--split", "test", "--form", "spectral"];
        folder.succeeds(&[&encrypt[..], &["--out", &format!("{name}.data")]].concat());
    }
    let predict = |model, data| ["predict", "--model", model, "--data", data, "--out", "out"];
    for model in ["spectral", "matrix"] {
        for engine in ["spectral", "matrix"] {
            let engine = ["--engine", engine];
            for data in ["OTHER.data", "WIDE.data"] {
                let texts = [data, "was encrypted with key ", model, "the same key"];
                folder.fails(1, &[&predict(model, data)[..], &engine].concat(), &texts);
            }
            let texts = ["LONG.data: the numbers are f64, f32 is asked for"];
            folder.fails(1, &[&predict(model, "LONG.data")[..], &engine].concat(), &texts);
            let texts = ["an encrypted model is of no use on plain data", "encrypt the data"];
            folder.fails(2, &[&predict(model, TEST)[..], &engine].concat(), &texts);
        }
        MadeImages { form: Form::Plain, labels: MadeLabels::None, ..MadeImages::DIGITS }
            .write(folder, "clear");
        folder.fails(2, &predict(model, "clear"), &["clear: the data is plain, the model is encrypted"]);
    }
    folder.fails(1, &predict("plain", "LONG.data"), &["LONG.data: ", "f64", "f32"]);
    let train = ["train", "--network", "mnist", "--data", "LONG.data", "--out", "out", "--scalar", "f32"];
    folder.fails(1, &train, &["LONG.data: the numbers are f64, f32 is asked for"]);

    // The right key's id on another key's evaluation key: only the numbers can tell.
    let (own, mut forged) = (folder.read("KEY.eval"), folder.read("OTHER.eval"));
    forged[8..24].copy_from_slice(&own[8..24]);
    let end = forged.len() - 4;
    let checksum = crc32fast::hash(&forged[..end]);
    forged[end..].copy_from_slice(&checksum.to_le_bytes());
    let data = folder.read("data");
    let place = data.windows(own.len()).position(|window| window == own).unwrap() - header(&data);
    let data = forge_data(&data, |bytes| bytes[place..place + forged.len()].copy_from_slice(&forged));
    folder.write("forged", data);
    for model in ["spectral", "matrix"] {
        folder.fails(
            1,
            &predict(model, "forged"),
            &["forged: ", "its lanes cannot be matched with those of ", model],
        );
    }
}

#[test]
fn the_matrix_engine_takes_two_to_four_lanes() {
    let folder = Folder::with_digits("f32", 5, Form::Matrix);
    folder.train(TRAIN, "plain", &["--epochs", "1"]);
    let texts = ["the matrix engine takes 2 to 4 lanes, the data has 5", "--engine spectral"];
    let train = ["train", "--network", "mnist", "--data", "train", "--out", "out", "--engine", "matrix"];
    folder.fails(2, &train, &texts);
    let predict = ["predict", "--model", "plain", "--data", "test", "--out", "out", "--engine", "matrix"];
    folder.fails(2, &predict, &texts);
    folder.train("train", "model", &["--epochs", "1"]);
}

#[test]
fn plain_data_is_computed_on_as_it_is_whatever_the_engine() {
    let folder = Folder::new();
    let mut found = Vec::new();
    for engine in ["spectral", "matrix"] {
        let fields = folder.train(TRAIN, "model", &["--epochs", "1", "--engine", engine]);
        assert_eq!(fields["engine"], "plain");
        folder.predict("model", TEST, "outputs", &["--engine", engine]);
        found.push((folder.read("model"), folder.read("outputs")));
    }
    assert!(found[0] == found[1]);
}
