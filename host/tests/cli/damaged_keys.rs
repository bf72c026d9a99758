//! Keys that are damaged, of the wrong kind, or of another data set.

use super::harness::Folder;

fn refused(folder: &Folder, texts: &[&str]) {
    folder.fails(
        1,
        &["encrypt", "--key", "KEY", "--data", "digits:2", "--split", "train", "--out", "out.more"],
        texts,
    );
}

fn damaged(name: &str, damage: impl FnOnce(&mut Vec<u8>), texts: &[&str]) {
    let folder = Folder::with_key();
    let mut bytes = folder.read(name);
    damage(&mut bytes);
    folder.write(name, bytes);
    refused(&folder, texts);
}

#[test]
fn damaged_bytes() {
    for name in ["KEY", "KEY.eval"] {
        let starts = format!("error: {name}: ");
        let says = |text: &'static str| [starts.clone(), text.to_owned()];
        type Damage = fn(&mut Vec<u8>);
        let cases: [(Damage, [String; 2]); 8] = [
            (|bytes| bytes.clear(), says("cut off")),
            (|bytes| bytes.truncate(10), says("cut off")),
            (|bytes| bytes.truncate(bytes.len() - 1), says("cut off")),
            (|bytes| bytes[30] ^= 1, says("checksum does not match")),
            (|bytes| bytes[0] = b'L', says("more-nn keygen")),
            (|bytes| bytes[4] = 9, says("version 9")),
            (|bytes| bytes.push(0), says("after the end")),
            (|bytes| bytes.resize(1 << 20, 0), says("too large")),
        ];
        for (damage, texts) in cases {
            damaged(name, damage, &[&texts[0], &texts[1]]);
        }
    }
}

#[test]
fn the_two_kinds_are_not_confused() {
    let folder = Folder::with_key();
    let (secret, evaluation) = (folder.read("KEY"), folder.read("KEY.eval"));
    folder.write("KEY", &evaluation);
    refused(&folder, &["KEY: this is an evaluation key, expected a secret key"]);
    folder.write("KEY", &secret);
    folder.write("KEY.eval", &secret);
    refused(&folder, &["KEY.eval: this is a secret key, expected an evaluation key"]);
}

#[test]
fn missing_keys_are_named() {
    let folder = Folder::with_key();
    std::fs::remove_file(folder.path("KEY.eval")).unwrap();
    refused(&folder, &["KEY.eval: cannot open", "more-nn keygen"]);
    std::fs::remove_file(folder.path("KEY")).unwrap();
    refused(&folder, &["KEY: cannot open"]);
}

#[test]
fn keys_of_two_pairs_do_not_go_together() {
    let folder = Folder::with_key();
    // Seeds: now and then two random keys are so alike that the tolerance for keys found from ciphertexts takes both.
    folder.succeeds(&["keygen", "--out", "OTHER", "--seed", "2"]);
    folder.write("KEY.eval", folder.read("OTHER.eval"));
    refused(&folder, &["KEY.eval: made with key ", "but KEY is key "]);
    folder.succeeds(&["keygen", "--out", "WIDE", "--lanes", "3", "--seed", "3"]);
    // The id of one key in the evaluation key of another: signed anew, so that only the numbers can tell.
    let (own, mut forged) = (folder.read("KEY"), folder.read("OTHER.eval"));
    forged[8..24].copy_from_slice(&own[8..24]);
    let end = forged.len() - 4;
    let checksum = crc32fast::hash(&forged[..end]);
    forged[end..].copy_from_slice(&checksum.to_le_bytes());
    folder.write("KEY.eval", forged);
    refused(&folder, &["KEY.eval: does not belong to KEY"]);
    let mut forged = folder.read("WIDE.eval");
    forged[8..24].copy_from_slice(&own[8..24]);
    let end = forged.len() - 4;
    let checksum = crc32fast::hash(&forged[..end]);
    forged[end..].copy_from_slice(&checksum.to_le_bytes());
    folder.write("KEY.eval", forged);
    refused(&folder, &["KEY.eval: 3 lanes"]);
}

#[test]
fn keys_with_impossible_numbers_are_refused() {
    for value in [f32::NAN, f32::INFINITY, 0.0] {
        damaged(
            "KEY",
            |bytes| {
                let end = bytes.len() - 4;
                for entry in bytes[24..end].chunks_exact_mut(4) {
                    entry.copy_from_slice(&value.to_le_bytes());
                }
                let checksum = crc32fast::hash(&bytes[..end]);
                bytes[end..].copy_from_slice(&checksum.to_le_bytes());
            },
            &["error: KEY: "],
        );
    }
}
