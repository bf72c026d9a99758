//! The examples of `docs/formats.md` are what the crate writes.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use more_core::wire::stream::Sender;
use more_core::wire::{self, Header, Shape};
use more_core::{Ciphertext, EvaluationKey, KeyId, Spectrum};

/// The bytes of the `hex` blocks, in order; what follows a semicolon is a comment.
fn examples() -> Vec<Vec<u8>> {
    let text = include_str!("../../docs/formats.md");
    let blocks = text.split("\n```hex\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    let byte = |word: &str| u8::from_str_radix(word, 16).unwrap();
    let line = |line: &str| line.split(';').next().unwrap().split_whitespace().map(byte).collect::<Vec<_>>();
    blocks.map(|block| block.lines().flat_map(line).collect()).collect()
}

fn text(bytes: &[u8]) -> String {
    bytes
        .chunks(16)
        .map(|row| row.iter().map(|byte| format!("{byte:02X} ")).collect::<String>() + "\n")
        .collect()
}

#[test]
fn examples_are_what_is_written() {
    let id = KeyId(std::array::from_fn(|i| i as u8));
    let key = EvaluationKey::<f32, 2>::from_parts(id, [[1.0, -2.0], [0.5, 4.0]]).unwrap();
    let mut encoded_key = vec![0; EvaluationKey::<f32, 2>::ENCODED_LEN];
    key.encode(&mut encoded_key).unwrap();

    let image = [[0.5, -1.0], [2.0, 0.25]].map(Spectrum::<f32, 2>::from_lanes);
    let header = Header::spectra(&key, Shape::Image { channels: 1, height: 1, width: 2 }).unwrap();
    let mut spectra = vec![0; header.total_len()];
    wire::encode(&header, &image, &mut spectra).unwrap();

    let single = Ciphertext::<f32, 2>::from_columns([[1.0, 2.0], [3.0, 4.0]]);
    let header = Header::ciphertexts::<f32, 2>(id, Shape::Single).unwrap();
    let mut ciphertext = vec![0; header.total_len()];
    wire::encode(&header, &[single], &mut ciphertext).unwrap();

    let mut line = Vec::new();
    let mut sender = Sender::<_, 32>::new(258, |frame: &[u8]| {
        line.extend_from_slice(frame);
        Ok::<_, ()>(())
    });
    sender.send(&[0x11, 0x00, 0x22]).unwrap();

    let expected = [encoded_key, spectra, ciphertext, line];
    let examples = examples();
    for (k, expected) in expected.iter().enumerate() {
        let example = examples.get(k).map(|bytes| text(bytes)).unwrap_or_default();
        assert_eq!(example, text(expected), "example {k}");
    }
    assert_eq!(examples.len(), expected.len());
}
