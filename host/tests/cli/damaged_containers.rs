//! Containers that are damaged, of the wrong kind, or of another key; read by `decrypt`.

use super::harness::{Folder, Labels, forge};
use more_nn::container::Form;

const LOGITS: [f32; 6] = [2.0, 0.0, 0.0, -1.0, 3.0, 3.5];

fn folder() -> Folder {
    let folder = Folder::with_key();
    folder.write_outputs("outputs", Form::Matrix, &LOGITS, Labels::Plain(&[0, 1]));
    folder
}

const DECRYPT: [&str; 7] = ["decrypt", "--key", "KEY", "--in", "outputs", "--out", "t.csv"];

fn refused(folder: &Folder, texts: &[&str]) {
    folder.fails(1, &DECRYPT, &[&["outputs: "], texts].concat());
}

fn damaged(damage: impl FnOnce(&[u8]) -> Vec<u8>, texts: &[&str]) {
    let folder = folder();
    folder.write("outputs", damage(&folder.read("outputs")));
    refused(&folder, texts);
}

#[test]
fn the_undamaged_file_is_read() {
    folder().succeeds(&DECRYPT);
}

#[test]
fn cut_off_or_extended_files() {
    damaged(|_| vec![], &["0 bytes"]);
    damaged(|bytes| bytes[..5].to_vec(), &["5 bytes"]);
    damaged(|bytes| bytes[..300].to_vec(), &["the header needs", "cut off"]);
    damaged(|bytes| bytes[..bytes.len() - 1].to_vec(), &["its header announces", "cut off"]);
    damaged(|bytes| bytes[..bytes.len() - 60].to_vec(), &["its header announces", "cut off"]);
    damaged(|bytes| [bytes, &[0; 16]].concat(), &["16 bytes follow the last tensor"]);
}

#[test]
fn flipped_bits() {
    let header = |bytes: &[u8]| 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let flip = |bytes: &[u8], place: usize| {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= 1;
        bytes
    };
    // A label, an output, the evaluation key, a checksum of the data, that of the header, a padding space.
    for place in [0, 20, 100] {
        damaged(|bytes| flip(bytes, header(bytes) + place), &["the checksum does not match"]);
    }
    damaged(|bytes| flip(bytes, bytes.len() - 1), &["the checksum does not match"]);
    damaged(|bytes| flip(bytes, bytes.len() - 8), &["header: the checksum does not match"]);
    damaged(|bytes| flip(bytes, 1), &["header"]);
}

#[test]
fn other_kinds_of_files() {
    damaged(|_| b"index,class\n0,left\n".to_vec(), &["not a container of more-nn"]);
    damaged(|_| vec![0xff; 100], &["not a container of more-nn"]);
    damaged(|_| [&[0x1f, 0x8b, 8, 0][..], &[0; 30]].concat(), &["gzip"]);
    damaged(|_| [&[0, 0, 8, 3][..], &[0; 30]].concat(), &["IDX"]);
    damaged(|_| [&8u64.to_le_bytes()[..], b"{\"a\":1}"].concat(), &["the header needs"]);
    damaged(|_| [&8u64.to_le_bytes()[..], b"{\"a\":1} "].concat(), &["tensor `a` is not described"]);
    damaged(|_| [&8u64.to_le_bytes()[..], b"{}      "].concat(), &["not one of more-nn"]);
    let folder = folder();
    folder.write("outputs", folder.read("KEY"));
    refused(&folder, &["key file"]);
    let encrypt = ["encrypt", "--key", "KEY", "--data", "digits:2", "--split", "train", "--out", "outputs"];
    folder.succeeds(&encrypt);
    refused(&folder, &["the file holds images, expected outputs", "predict"]);
    std::fs::remove_file(folder.path("outputs")).unwrap();
    refused(&folder, &["cannot open"]);
    std::fs::create_dir(folder.path("outputs")).unwrap();
    refused(&folder, &["not a regular file"]);
}

#[test]
fn headers_that_lie_with_valid_checksums() {
    for (from, to, text) in [
        ("format_version\\\":2", "format_version\\\":3", "version 3, this program reads version 2"),
        ("\\\"MORE\\\"", "\\\"LESS\\\"", "the scheme is `LESS`"),
        ("\\\"outputs\\\"", "\\\"outpost\\\"", "`outpost`, expected one of images, model, outputs"),
        ("\\\"n\\\":2", "\\\"n\\\":9", "`n` is 9, expected 2 to 8"),
        ("\\\"n\\\":2", "\\\"n\\\":3", "evaluation key is not that of the content"),
        ("\\\"f32\\\"", "\\\"f64\\\"", "evaluation key is not that of the content"),
        ("\\\"f32\\\"", "\\\"f16\\\"", "`scalar` is `f16`"),
        ("\\\"matrix\\\"", "\\\"matter\\\"", "`matter`, expected one of plain, matrix, spectral"),
        ("shape\\\":[3]", "shape\\\":[4]", "expected F32 [2, 2, 2, 4]"),
        ("shape\\\":[3]", "shape\\\":[0]", "no list of positive extents"),
        ("[2,2,2,3]", "[2,2,2,9]", "its shape needs"),
        ("[2,2,2,3]", "[3,2,2,2]", "expected F32 [3, 2, 2, 3]"),
        ("\"dtype\":\"F32\"", "\"dtype\":\"F16\"", "F16"),
        ("\"dtype\":\"F32\"", "\"dtype\":\"U32\"", "expected F32"),
        ("[0,16]", "[0,17]", "lies at bytes 0 to 17"),
        ("[0,16]", "[8,24]", "begins at byte 8, expected 0"),
        ("\"checksums\"", "\"checksumz\"", "the last tensor is not `checksums`"),
        ("un,known\\\"]", "un,known\\\"1", "metadata: no JSON"),
        ("\"outputs\":{", "\"outputz\":{", "no tensor `outputs`"),
    ] {
        damaged(|bytes| forge(bytes, from, to), &[text]);
    }
}

#[test]
fn a_tensor_of_another_name_is_no_label() {
    let folder = folder();
    folder.write("outputs", forge(&folder.read("outputs"), "\"plain_labels\"", "\"plain_labelz\""));
    assert!(folder.json(&DECRYPT)["accuracy"].is_null());
}

#[test]
fn wrong_or_missing_keys() {
    let folder = folder();
    folder.fails(
        1,
        &["decrypt", "--in", "outputs", "--out", "t.csv"],
        &["encrypted, and no key", "--key KEY"],
    );
    folder.succeeds(&["keygen", "--out", "OTHER"]);
    let arguments = ["decrypt", "--key", "OTHER", "--in", "outputs", "--out", "t.csv"];
    folder.fails(1, &arguments, &["outputs: made with key ", "but OTHER is key "]);
    let arguments = ["decrypt", "--key", "KEY.eval", "--in", "outputs", "--out", "t.csv"];
    folder.fails(1, &arguments, &["KEY.eval: this is an evaluation key"]);
    let arguments = ["decrypt", "--key", "outputs", "--in", "outputs", "--out", "t.csv"];
    folder.fails(1, &arguments, &["outputs: "]);
}

#[test]
fn values_that_are_not_finite_are_named() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for form in [Form::Matrix, Form::Spectral] {
            let folder = folder();
            let mut logits = LOGITS;
            logits[4] = value;
            folder.write_outputs("outputs", form, &logits, Labels::None);
            refused(&folder, &["tensor `outputs`, row 1: "]);
        }
    }
}

#[test]
fn impossible_labels() {
    let folder = folder();
    folder.write_outputs("outputs", Form::Matrix, &LOGITS, Labels::Plain(&[0, 3]));
    refused(&folder, &["tensor `plain_labels`, row 1: label 3, but there are 3 classes"]);
    folder.write_outputs("outputs", Form::Matrix, &LOGITS, Labels::Plain(&[-1, 0]));
    refused(&folder, &["row 0: label -1"]);
    let halves = [1.0, 0.0, 0.0, 0.5, 0.5, 0.0];
    folder.write_outputs("outputs", Form::Spectral, &LOGITS, Labels::Encrypted(&halves));
    refused(&folder, &["tensor `labels`, row 1: the label is not one-hot"]);
}

#[test]
fn places_that_cannot_be_written() {
    let folder = folder();
    folder.fails(1, &["decrypt", "--key", "KEY", "--in", "outputs", "--out", "no/t.csv"], &["no/t.csv: "]);
    std::fs::create_dir(folder.path("dir")).unwrap();
    folder.fails(
        1,
        &["decrypt", "--key", "KEY", "--in", "outputs", "--out", "dir"],
        &["dir: ", "regular file"],
    );
}
