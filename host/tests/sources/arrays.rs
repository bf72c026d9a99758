use std::io::Write;

use more_nn::dataset::{Options, Split};
use npyz::WriterBuilder;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Folder, open, pixels, refused};

/// An `npy` file.
fn npy<T: npyz::AutoSerialize + Copy>(shape: &[u64], values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

fn npz(folder: &Folder, name: &str, method: CompressionMethod, arrays: &[(&str, Vec<u8>)]) {
    let mut archive = ZipWriter::new(std::fs::File::create(folder.path(name)).unwrap());
    for (array, bytes) in arrays {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(format!("{array}.npy"), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

fn bytes() -> Vec<u8> {
    (0..60_u8).map(|value| value * 4).collect()
}

fn expected() -> Vec<f32> {
    bytes().iter().map(|byte| f32::from(*byte) / 255.0).collect()
}

#[test]
fn bytes_and_floats_of_either_shape_are_read_compressed_or_not() {
    let folder = Folder::new();
    let floats: Vec<f32> = (0..60).map(|value| value as f32 / 60.0).collect();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let arrays = [
            ("train_images", npy(&[3, 4, 5], &bytes())),
            ("train_labels", npy::<i32>(&[3, 1], &[2, 0, 1])),
            ("x_test", npy(&[3, 1, 4, 5], &floats)),
            ("y_test", npy::<u8>(&[3], &[0, 1, 1])),
            ("images", npy(&[1, 12, 5], &bytes())),
        ];
        npz(&folder, "a.npz", method, &arrays);
        let data = |split| open(&folder, "npz", "a.npz", &Options::default(), split).unwrap();
        let train = data(Split::Train);
        assert_eq!((train.shape(), train.labels()), ([1, 4, 5], &[2, 0, 1][..]));
        assert_eq!(train.class_names(), ["0", "1", "2"]);
        assert_eq!(pixels(&train).unwrap(), expected());
        let test = data(Split::Test);
        assert_eq!((test.len(), test.labels()), (3, &[0, 1, 1][..]));
        assert_eq!(pixels(&test).unwrap(), floats);
        let all = data(Split::All);
        assert_eq!((all.shape(), all.has_labels()), ([1, 12, 5], false));
        refused(
            open(&folder, "npz", "a.npz", &Options::default(), Split::Val),
            &["no array `val_images` or `x_val`", "--images-array"],
        );
    }
}

#[test]
fn arrays_and_classes_may_be_named_and_images_resized() {
    let folder = Folder::new();
    let arrays = [("x", npy(&[3, 4, 5], &bytes())), ("y", npy::<i64>(&[3], &[0, 1, 0]))];
    npz(&folder, "a.npz", CompressionMethod::Stored, &arrays);
    let options = Options {
        arrays: [Some("x".into()), Some("y".into())],
        classes: Some(vec!["LCA".into(), "RCA".into()]),
        size: Some([2, 2]),
        fit: more_nn::dataset::Fit::Resize,
        ..Options::default()
    };
    let data = open(&folder, "npz", "a.npz", &options, Split::Train).unwrap();
    assert_eq!((data.shape(), data.class_names()[1].as_str()), ([1, 2, 2], "RCA"));
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    assert!((mean(&pixels(&data).unwrap()) - mean(&expected())).abs() < 1e-6);
    let options = Options { classes: Some(vec!["LCA".into()]), ..options };
    let error = open(&folder, "npz", "a.npz", &options, Split::Train);
    refused(error, &["a.npz: array `y`", "index 1: label 1, expected 0 to 0"]);
}

#[test]
fn safetensors_are_read() {
    let folder = Folder::new();
    let labels: Vec<u8> = [1_i64, 0, 1].iter().flat_map(|label| label.to_le_bytes()).collect();
    let (half, bytes) = ([0_u8; 6], bytes());
    let tensors = [
        ("images", TensorView::new(Dtype::U8, vec![3, 4, 5], &bytes).unwrap()),
        ("labels", TensorView::new(Dtype::I64, vec![3], &labels).unwrap()),
        ("other", TensorView::new(Dtype::F16, vec![3], &half).unwrap()),
    ];
    folder.write("a", safetensors::serialize(tensors, None).unwrap());
    let data = open(&folder, "safetensors", "a", &Options::default(), Split::All).unwrap();
    assert_eq!((data.shape(), data.labels()), ([1, 4, 5], &[1, 0, 1][..]));
    assert_eq!(pixels(&data).unwrap(), expected());
    let options = Options { arrays: [Some("other".into()), None], ..Options::default() };
    refused(open(&folder, "safetensors", "a", &options, Split::All), &["array `other`", "F16"]);
    let whole = folder.read("a");
    folder.write("a", &whole[..whole.len() - 9]);
    let cut = open(&folder, "safetensors", "a", &Options::default(), Split::All);
    assert!(cut.and_then(|data| pixels(&data)).is_err());
    folder.write("a", "text");
    refused(open(&folder, "safetensors", "a", &Options::default(), Split::All), &["no safetensors"]);
}

#[test]
fn wrong_arrays_are_named_with_the_place() {
    let folder = Folder::new();
    let read = |arrays: &[(&str, Vec<u8>)]| {
        npz(&folder, "a.npz", CompressionMethod::Stored, arrays);
        open(&folder, "npz", "a.npz", &Options::default(), Split::All).and_then(|data| pixels(&data))
    };
    let with = |value: f32| {
        let mut values = vec![0.5_f32; 60];
        values[47] = value;
        [("images", npy(&[3, 4, 5], &values))]
    };
    assert!(read(&with(1.0)).is_ok());
    refused(read(&with(f32::NAN)), &["a.npz: array `images`, image 2", "NaN is not finite"]);
    refused(read(&with(1.5)), &["image 2", "1.5 is not in [0, 1]", "divide"]);
    refused(read(&[("images", npy(&[3, 20], &bytes()))]), &["array `images`", "[3, 20]", "[n, 1, h, w]"]);
    refused(read(&[("images", npy::<i32>(&[1, 2, 2], &[0; 4]))]), &["images of i32", "u8, u16, f32"]);
    let images = || ("images", npy(&[3, 4, 5], &bytes()));
    let labels = |bytes| [images(), ("labels", bytes)];
    refused(read(&labels(npy::<u8>(&[2], &[0, 1]))), &["array `labels`", "[2]", "expected [3]"]);
    refused(read(&labels(npy::<f32>(&[3], &[0.0; 3]))), &["labels of f32", "whole numbers"]);
    refused(read(&labels(npy::<i8>(&[3], &[0, -1, 1]))), &["index 1: label -1"]);
    refused(read(&[("images", b"no npy".to_vec())]), &["array `images`", "no readable npy"]);
    let mut short = npy(&[3, 4, 5], &bytes());
    short.pop();
    refused(read(&[("images", short)]), &["array `images`", "needs more than 59 bytes"]);

    read(&labels(npy::<u8>(&[3], &[0, 1, 1]))).unwrap();
    let mut damaged = folder.read("a.npz");
    // Within the pixels of the first array.
    damaged[180] ^= 1;
    folder.write("a.npz", &damaged);
    refused(
        open(&folder, "npz", "a.npz", &Options::default(), Split::All),
        &["array `images`", "cannot be read"],
    );
    folder.write("a.npz", "text");
    refused(open(&folder, "npz", "a.npz", &Options::default(), Split::All), &["a.npz", "no readable npz"]);
}

#[test]
#[ignore = "needs Python with numpy and safetensors: set MORE_NN_PYTHON to its interpreter"]
fn what_numpy_and_safetensors_write_is_read() {
    let python = std::env::var_os("MORE_NN_PYTHON").expect("MORE_NN_PYTHON is not set");
    let folder = Folder::new();
    let script = "import numpy as np\n\
        from safetensors.numpy import save_file\n\
        x = (np.arange(60).reshape(3, 4, 5) * 4).astype('u1')\n\
        y = np.array([2, 0, 1])\n\
        np.savez('a', images=x, labels=y)\n\
        np.savez_compressed('b', images=x[:, None], labels=y.astype('>i4')[:, None])\n\
        np.savez('c', images=(x / np.float32(255)).astype('>f4'), labels=y.astype('u1'))\n\
        np.savez('d', images=np.asfortranarray(x), labels=y)\n\
        save_file({'images': x, 'labels': y}, 'e')\n";
    let mut command = std::process::Command::new(python);
    assert!(command.arg("-c").arg(script).current_dir(folder.path(".")).status().unwrap().success());
    for (kind, name) in [("npz", "a.npz"), ("npz", "b.npz"), ("npz", "c.npz"), ("safetensors", "e")] {
        let data = open(&folder, kind, name, &Options::default(), Split::All).unwrap();
        assert_eq!((pixels(&data).unwrap(), data.labels()), (expected(), &[2, 0, 1][..]), "{name}");
    }
    refused(
        open(&folder, "npz", "d.npz", &Options::default(), Split::All),
        &["Fortran", "ascontiguousarray"],
    );
}
