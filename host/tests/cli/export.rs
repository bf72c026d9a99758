//! `export`: models as sources for devices.

use std::fs;
use std::path::Path;
use std::process::Command;

use more_nn::architecture::Architecture;
use more_nn::container::{Container, Content, Form};
use more_nn::export::WeightFormat;
use more_nn::model::Model;
use nn_core::{MNIST, layout};

use crate::harness::{Folder, TRAIN};

/// The folder of the workspace.
const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn model(folder: &Folder, name: &str) -> Model<f32> {
    Model::read(&Container::open_as(folder.path(name), Content::Model).unwrap()).unwrap()
}

fn with_plain_model() -> Folder {
    let folder = Folder::new();
    folder.train(TRAIN, "model", &["--epochs", "1"]);
    folder
}

fn export(folder: &Folder, model: &str, target: &str, out: &str, extra: &[&str]) -> serde_json::Value {
    folder.json(&[&["export", "--model", model, "--target", target, "--out", out], extra].concat())
}

#[test]
fn a_crate_has_the_weights_in_the_order_of_the_kernels() {
    let folder = with_plain_model();
    let mut kernel = vec![0.0; MNIST.parameters()];
    layout::to_kernel(&MNIST, &model(&folder, "model").planes[0], &mut kernel).unwrap();
    for (format, name) in [(WeightFormat::F32, "f32"), (WeightFormat::F16, "f16"), (WeightFormat::F8, "f8")] {
        let fields = export(&folder, "model", "rust", name, &["--weights", name, "--crates", CRATES]);
        let bytes = folder.read(&format!("{name}/weights.bin"));
        assert_eq!(fields["weight_bytes"], bytes.len());
        assert_eq!(bytes.len(), kernel.len() * format.bytes());
        let rounded: Vec<f32> = kernel.iter().map(|weight| format.rounded(*weight).unwrap()).collect();
        let stored = bytes.chunks(format.bytes()).map(|bytes| match *bytes {
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            [low, high] => nn_core::element::f16::from_le_bytes([low, high]).to_f32(),
            _ => nn_core::element::F8::from_bits(bytes[0]).to_f32(),
        });
        assert_eq!(stored.collect::<Vec<_>>(), rounded, "{name}");
    }
}

/// The outputs of the model whose standardization is part of its weights are those of the model beside it, to rounding.
#[test]
fn a_standardization_becomes_part_of_the_first_layer() {
    let folder = Folder::new();
    folder.train(TRAIN, "model", &["--epochs", "1", "--standardize"]);
    assert!(model(&folder, "model").standardization.is_some());
    export(&folder, "model", "model", "folded", &[]);
    let folded = model(&folder, "folded");
    assert!(folded.standardization.is_none());
    for (name, out) in [("model", "a"), ("folded", "b")] {
        folder.predict(name, "digits:60", out, &["--simd", "scalar"]);
    }
    let (a, b) = (folder.outputs("a"), folder.outputs("b"));
    let largest = a.values().iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let difference = a.values().iter().zip(b.values()).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    // Ten numbers of the first window and 400 of the dense layer rounded otherwise: half an epsilon of each, at most
    // added up.
    assert!(
        difference <= 410.0 * 0.5 * f64::from(f32::EPSILON) * largest.max(1.0),
        "{difference} of {largest}"
    );
    assert!(difference > 0.0, "the weights are others");
}

#[test]
fn what_cannot_be_exported_is_refused_and_leaves_nothing() {
    let folder = with_plain_model();
    let export = |target: &'static str| ["export", "--model", "model", "--target", target, "--out", "out"];
    folder.fails(2, &export("rust"), &["--crates"]);
    folder.fails(1, &[&export("rust")[..], &["--crates", "nowhere"]].concat(), &["nowhere", "more-core"]);
    folder.write("out", "a file");
    folder.fails(1, &export("c"), &["out", "already"]);

    let digits = Folder::with_digits("f32", 3, Form::Spectral);
    digits.train("train", "model", &["--epochs", "1"]);
    digits.fails(1, &export("c"), &["3 lanes", "2"]);
    digits.fails(2, &[&export("c")[..], &["--weights", "f8"]].concat(), &["encrypted", "f8"]);
    let sample = [&export("c")[..], &["--sample", "digits:1"]].concat();
    digits.fails(2, &sample, &["encrypted model", "plain"]);

    let doubles = Folder::new();
    doubles.train(TRAIN, "model", &["--epochs", "1", "--scalar", "f64"]);
    doubles.fails(1, &export("c"), &["f64", "f32"]);
}

/// `index lane bits` of each line.
fn bits(stdout: &str) -> Vec<(usize, usize, u32)> {
    let number = |line: &str| {
        let mut fields = line.split(' ');
        let mut field = || fields.next().unwrap_or_else(|| panic!("{line}"));
        (field().parse().unwrap(), field().parse().unwrap(), u32::from_str_radix(field(), 16).unwrap())
    };
    stdout.lines().map(number).collect()
}

/// What `predict` computes for the first image, without particular instructions.
fn expected(folder: &Folder, model: &str, data: &str) -> Vec<(usize, usize, u32)> {
    folder.predict(model, data, "expected", &["--simd", "scalar"]);
    let container = Container::open_as(folder.path("expected"), Content::Outputs).unwrap();
    let (lanes, width) = (container.metadata().lanes, Architecture::Mnist.network().outputs());
    let values = container.read_all::<f32>(more_nn::container::OUTPUTS).unwrap();
    (0..width)
        .flat_map(|index| (0..lanes).map(move |lane| (index, lane)))
        .map(|(index, lane)| (index, lane, values[lane * width + index].to_bits()))
        .collect()
}

/// The standard output of a command that succeeds, on this machine's sources and not those of the test's build. What several tests
/// of the host build is built once; tests of devices link beside them.
fn output_of(command: &mut Command) -> String {
    command.env("CARGO_BUILD_BUILD_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-host"));
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A plain model for plain images with weights in each format, and for encrypted images; an encrypted model.
fn models(folder: &Folder) -> Vec<(&'static str, &'static str, &'static str)> {
    folder.train(TRAIN, "plain", &["--epochs", "1", "--standardize"]);
    folder.train("train", "encrypted", &["--epochs", "1"]);
    vec![
        ("plain", "digits:1", "f32"),
        ("plain", "digits:1", "f16"),
        ("plain", "digits:1", "f8"),
        ("plain", "test", "f32"),
        ("plain", "test", "f16"),
        ("plain", "test", "f8"),
        ("encrypted", "test", "f32"),
    ]
}

#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn an_exported_crate_gives_the_hosts_bits_on_a_cortex_m4f() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exported");
    for (index, (model, data, weights)) in models(&folder).into_iter().enumerate() {
        let (out, rounded) = (format!("crate{index}"), format!("rounded{index}"));
        let options = ["--weights", weights, "--sample", data];
        export(&folder, model, "rust", &out, &[&options[..], &["--crates", CRATES]].concat());
        export(&folder, model, "model", &rounded, &["--weights", weights]);
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(folder.path(&out)).env("CARGO_TARGET_DIR", &scratch);
        let stdout = output_of(cargo.args(["run", "--quiet", "--release"]));
        assert_eq!(bits(&stdout), expected(&folder, &rounded, data), "{model} {data} {weights}");
    }
}

#[test]
#[ignore = "needs a C compiler"]
fn exported_c_gives_the_hosts_bits() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(CRATES).env("CARGO_TARGET_DIR", &target);
    output_of(cargo.args(["build", "--release", "-p", "more-nn-capi", "--lib"]));
    for (index, (model, data, weights)) in models(&folder).into_iter().enumerate() {
        let (out, rounded) = (format!("c{index}"), format!("rounded{index}"));
        export(&folder, model, "c", &out, &["--weights", weights, "--sample", data]);
        export(&folder, model, "model", &rounded, &["--weights", weights]);
        let mut compiler = Command::new("cc");
        compiler.current_dir(folder.path(&out));
        compiler.args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "main.c", "mnist.c"]);
        compiler.arg(target.join("release/libmore_nn_capi.a"));
        output_of(compiler.args(["-lm", "-lpthread", "-ldl", "-o", "program"]));
        let stdout = output_of(&mut Command::new(folder.path(&out).join("program")));
        assert_eq!(bits(&stdout), expected(&folder, &rounded, data), "{model} {data} {weights}");
    }
}

/// The table of `docs/benchmarks.md`: a network trained in the clear on MNIST, with its weights rounded.
#[test]
#[ignore = "needs the MNIST files in MORE_NN_MNIST"]
fn rounded_weights_classify_mnist_as_well() {
    let folder = Folder::new();
    let mnist = format!("mnist:{}", std::env::var("MORE_NN_MNIST").expect("MORE_NN_MNIST names a folder"));
    folder.train(&mnist, "model", &["--epochs", "3"]);
    println!("| weights | bytes | accuracy | classes that differ, of 10,000 |\n| --- | --- | --- | --- |");
    let mut first: Option<Vec<u32>> = None;
    for weights in ["f32", "f16", "f8"] {
        let fields = export(&folder, "model", "model", weights, &["--weights", weights]);
        folder.predict(weights, &mnist, "outputs", &[]);
        let outputs = folder.outputs("outputs");
        let classes: Vec<u32> = (0..outputs.count()).map(|item| outputs.class(item)).collect();
        let exact = first.get_or_insert_with(|| classes.clone());
        let differ = classes.iter().zip(exact).filter(|(a, b)| **a != **b).count();
        let accuracy = outputs.accuracy().unwrap();
        println!("| {weights} | {} | {:.2} % | {differ} |", fields["weight_bytes"], 100.0 * accuracy);
        // Half a percent of the images: what another seed of the training changes.
        assert!(differ <= 50, "{weights}: {differ}");
    }
}

#[test]
fn files_of_a_folder_are_readable_by_those_who_may() {
    let folder = with_plain_model();
    export(&folder, "model", "c", "out", &[]);
    let names: Vec<_> =
        fs::read_dir(folder.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for name in ["mnist.h", "mnist.c", "main.c", "more_nn.h"] {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
        fs::create_dir(folder.path("usual")).unwrap();
        assert_eq!(mode("out"), mode("usual"), "as the process's umask says");
    }
}
