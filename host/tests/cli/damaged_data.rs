//! MNIST files that are damaged or do not go together.

use std::io::Write;

use super::harness::Folder;

fn idx(dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|extent| extent.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn images() -> Vec<u8> {
    idx(&[3, 2, 2], &[0, 50, 100, 150, 200, 250, 1, 2, 3, 4, 5, 6])
}

fn labels() -> Vec<u8> {
    idx(&[3], &[7, 0, 9])
}

fn folder(images: &[u8], labels: &[u8]) -> Folder {
    let folder = Folder::with_key();
    std::fs::create_dir(folder.path("data")).unwrap();
    folder.write("data/train-images-idx3-ubyte", images);
    folder.write("data/train-labels-idx1-ubyte", labels);
    folder
}

fn command(data: &'static str) -> [&'static str; 9] {
    ["encrypt", "--key", "KEY", "--data", data, "--split", "train", "--out", "out.more"]
}

fn refused(images: &[u8], labels: &[u8], texts: &[&str]) {
    folder(images, labels).fails(1, &command("mnist:data"), texts);
}

#[test]
fn good_files_are_taken_compressed_or_not() {
    let plain = folder(&images(), &labels());
    let compressed = folder(&gzip(&images()), &gzip(&labels()));
    for folder in [plain, compressed] {
        folder.succeeds(&command("mnist:data"));
    }
}

#[test]
fn damaged_images() {
    let file = "data/train-images-idx3-ubyte: ";
    let good = images();
    let whole = good.len();
    let mut damaged_gzip = gzip(&good);
    let place = damaged_gzip.len() - 5;
    damaged_gzip[place] ^= 0x40;
    let cases: [(Vec<u8>, &str); 11] = [
        (vec![], "ends within the header"),
        (good[..7].to_vec(), "ends within the header"),
        (good[..whole - 1].to_vec(), "11 of 12 values"),
        ([&good[..], &[0]].concat(), "goes on after the 12 values"),
        (labels(), "0x00000801, expected 0x00000803"),
        (idx(&[3, 0, 2], &[]), "dimension 1 is 0"),
        (idx(&[3, 2, 1 << 20], &[]), "dimension 2 is 1048576"),
        (idx(&[u32::MAX, 1 << 14, 1 << 14], &[]), "at most"),
        (idx(&[0, 2, 2], &[]), "but"),
        (gzip(&good)[..20].to_vec(), "cut off"),
        (damaged_gzip, "cannot read"),
    ];
    for (bytes, text) in cases {
        let file = if text == "but" { "train-labels" } else { file };
        refused(&bytes, &labels(), &[file, text]);
    }
}

#[test]
fn damaged_labels() {
    let file = "data/train-labels-idx1-ubyte: ";
    refused(&images(), &idx(&[3], &[1, 10, 2]), &[file, "label 1: label 10, expected 0 to 9"]);
    refused(&images(), &idx(&[2], &[1, 2]), &[file, "2 labels, but", "has 3 images"]);
    refused(&images(), &images(), &[file, "0x00000803, expected 0x00000801", "swapped"]);
    refused(&idx(&[0, 2, 2], &[]), &idx(&[0], &[]), &["train-images", "no image"]);
}

#[test]
fn missing_files_and_folders_are_named() {
    let folder = Folder::with_key();
    folder.fails(1, &command("mnist:data"), &["data: there is no such folder"]);
    std::fs::create_dir(folder.path("data")).unwrap();
    folder.fails(1, &command("mnist:data"), &["train-images-idx3-ubyte", "with or without .gz"]);
    folder.write("data/train-images-idx3-ubyte", images());
    folder.fails(1, &command("mnist:data"), &["train-labels-idx1-ubyte"]);
}
