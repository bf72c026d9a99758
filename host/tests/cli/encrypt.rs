use std::process::Command;

use super::harness::Folder;
use more_core::Scalar;
use more_nn::container::{Form, ImagesFile, LABELS, LabelKind, ReadBuffer};
use more_nn::dataset::{Dataset, Split};
use more_nn::key_file::{EvaluationKeyFile, SecretKeyFile};
use more_nn::with_scalar_and_lanes;

const IMAGES: usize = 50;

fn encrypt(folder: &Folder, extra: &[&str]) {
    let common = ["encrypt", "--key", "KEY", "--data", "digits:50", "--split", "train", "--out", "out.more"];
    folder.succeeds(&[&common[..], extra].concat());
}

/// Decrypts through the conversion to lanes and compares with the source.
fn check<T: more_core::Real + more_nn::container::Element, const N: usize>(folder: &Folder, form: Form) {
    let source = Dataset::load(&"digits:50".parse().unwrap(), Split::Train, None).unwrap();
    let file = ImagesFile::open(folder.path("out.more")).unwrap();
    assert_eq!((file.count(), file.shape()), (IMAGES, [1, 28, 28]));
    assert_eq!(file.metadata().classes, source.class_names());
    assert_eq!(
        (file.metadata().form, file.metadata().lanes, file.label_kind()),
        (form, N, LabelKind::Encrypted)
    );
    let key = file.container().evaluation_key::<T, N>().unwrap();
    assert_eq!(key, EvaluationKeyFile::read(&folder.path("KEY.eval")).unwrap().decode().unwrap());
    let secret = SecretKeyFile::read(&folder.path("KEY")).unwrap().decode::<T, N>().unwrap();
    let lane = secret.message_lane(&key).unwrap();
    let mut pixels = vec![0.0; IMAGES * 784];
    source.read_images(0..IMAGES, &mut pixels).unwrap();
    let mut buffer = ReadBuffer::new();
    let mut lanes = vec![T::ZERO; IMAGES * N * 784];
    file.read_image_lanes(0..IMAGES, &key, &mut buffer, &mut lanes).unwrap();
    // To spectral form and back costs kappa^2 eps, with the condition number 3 of generated keys.
    let exact = form == Form::Spectral;
    let tolerance = if exact { 0.0 } else { 2.0 * 9.0 * T::EPSILON.to_f64() };
    for (index, &value) in lanes.iter().enumerate() {
        let (image, plane, pixel) = (index / (N * 784), index / 784 % N, index % 784);
        let value = value.to_f64();
        if plane == lane {
            let expected = f64::from(pixels[image * 784 + pixel]);
            assert!(
                (value - expected).abs() <= tolerance,
                "image {image}, pixel {pixel}: {value}, not {expected}"
            );
        } else {
            assert!((-tolerance..=1.0 + tolerance).contains(&value), "mask {value}");
        }
    }
    let mut labels = vec![T::ZERO; IMAGES * N * 10];
    file.read_label_lanes(0..IMAGES, &key, &mut buffer, &mut labels).unwrap();
    let mut same = 0;
    for (image, lanes) in labels.chunks_exact(N * 10).enumerate() {
        for (plane, one_hot) in lanes.chunks_exact(10).enumerate() {
            let class = one_hot.iter().position(|value| value.to_f64() > 0.5).unwrap();
            for (index, value) in one_hot.iter().enumerate() {
                let expected = f64::from(u8::from(index == class));
                assert!((value.to_f64() - expected).abs() <= tolerance);
            }
            if plane == lane {
                assert_eq!(class, source.labels()[image] as usize);
            } else {
                same += usize::from(class == source.labels()[image] as usize);
            }
        }
    }
    // Random classes agree with the true ones in one case of ten; twenty is beyond seven deviations for N = 2.
    assert!(same < 20 * (N - 1), "{same} mask labels equal the labels");
}

#[test]
fn all_forms_scalars_and_numbers_of_lanes_decrypt_to_the_source() {
    for (scalar, name) in [(Scalar::F32, "f32"), (Scalar::F64, "f64")] {
        for lanes in [2usize, 3, 5, 8] {
            let folder = Folder::new();
            folder.succeeds(&["keygen", "--out", "KEY", "--scalar", name, "--lanes", &lanes.to_string()]);
            for form in [Form::Matrix, Form::Spectral] {
                encrypt(&folder, &["--form", form.name()]);
                with_scalar_and_lanes!(scalar, lanes, (T, N) => check::<T, N>(&folder, form)).unwrap();
            }
        }
    }
}

#[test]
fn labels_can_stay_plain() {
    let folder = Folder::with_key();
    encrypt(&folder, &["--plain-labels", "--form", "spectral"]);
    let file = ImagesFile::open(folder.path("out.more")).unwrap();
    let source = Dataset::load(&"digits:50".parse().unwrap(), Split::Train, None).unwrap();
    assert_eq!(file.plain_labels().unwrap().unwrap(), source.labels());
    assert!(!file.container().has(LABELS));
}

#[test]
fn a_seed_gives_the_same_bytes_for_any_number_of_threads_and_none_gives_others() {
    let folder = Folder::with_key();
    let mut found = Vec::new();
    for (threads, seed) in [("1", "3"), ("2", "3"), ("5", "3"), ("2", "4")] {
        let arguments =
            ["encrypt", "--key", "KEY", "--data", "digits:300", "--split", "test", "--seed", seed];
        let mut command = folder.command(&[&arguments[..], &["--out", "out.more"]].concat());
        assert!(command.env("RAYON_NUM_THREADS", threads).output().unwrap().status.success());
        found.push(folder.read("out.more"));
    }
    assert!(found[0] == found[1] && found[0] == found[2]);
    assert!(found[0] != found[3]);
    let unseeded: Vec<_> = (0..2)
        .map(|_| {
            encrypt(&folder, &[]);
            folder.read("out.more")
        })
        .collect();
    assert!(unseeded[0] != unseeded[1]);
}

#[test]
fn the_parts_of_a_data_set_have_other_masks_under_one_seed() {
    // The same masks for two images would give away which lane they are.
    let folder = Folder::with_key();
    let mut masks = Vec::new();
    for split in ["train", "test"] {
        let arguments =
            ["encrypt", "--key", "KEY", "--data", "digits:1", "--seed", "3", "--form", "spectral"];
        folder.succeeds(&[&arguments[..], &["--split", split, "--out", split]].concat());
        let file = ImagesFile::open(folder.path(split)).unwrap();
        let key = file.container().evaluation_key::<f32, 2>().unwrap();
        let lane = 1 - folder.secret().message_lane(&key).unwrap();
        let mut buffer = ReadBuffer::new();
        masks.push(file.read_images::<f32>(0..1, &mut buffer).unwrap()[lane * 784..][..784].to_vec());
    }
    assert!(masks[0] != masks[1]);
}

#[test]
fn json_reports_what_was_done() {
    let folder = Folder::with_key();
    let fields = folder.json(&[
        "encrypt",
        "--key",
        "KEY",
        "--data",
        "digits:50",
        "--split",
        "test",
        "--limit",
        "7",
        "--out",
        "out.more",
    ]);
    assert_eq!(fields["count"], 7);
    assert_eq!(fields["shape"], serde_json::json!([1, 28, 28]));
    assert!(fields["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn wrong_usage_has_exit_code_2() {
    let folder = Folder::with_key();
    let base = ["encrypt", "--key", "KEY", "--split", "train", "--out", "out.more"];
    for extra in [
        &["--data", "cifar:x"][..],
        &["--data", "digits:0"],
        &["--data", "mnist:"],
        &["--data", "digits", "--limit", "0"],
        &["--data", "digits", "--form", "plain"],
        &[],
    ] {
        folder.fails(2, &[&base[..], extra].concat(), &["--help"]);
    }
}

#[test]
#[ignore = "needs Python with numpy and safetensors: set MORE_NN_PYTHON to its interpreter"]
fn numpy_reads_and_decrypts_the_files() {
    let python = std::env::var_os("MORE_NN_PYTHON").expect("MORE_NN_PYTHON is not set");
    for (scalar, lanes) in [("f32", "2"), ("f64", "3")] {
        let folder = Folder::new();
        folder.succeeds(&["keygen", "--out", "KEY", "--scalar", scalar, "--lanes", lanes]);
        for form in ["matrix", "spectral"] {
            encrypt(&folder, &["--form", form]);
            std::fs::rename(folder.path("out.more"), folder.path(form)).unwrap();
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/read_container.py");
        let mut command = Command::new(&python);
        command.arg(script).args(["KEY", "matrix", "spectral"].map(|name| folder.path(name)));
        assert!(command.status().unwrap().success());
    }
}
