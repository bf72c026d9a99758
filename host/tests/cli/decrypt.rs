use super::harness::{Folder, Labels};
use more_nn::container::Form;

const LOGITS: [f32; 9] = [2.0, 0.0, 0.0, -1.0, 3.0, 3.5, 0.0, 5.0, 1.0];
/// Right, wrong, right.
const ONE_HOT: [f32; 9] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0];

/// Softmax in f64, by the definition.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let powers: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

#[test]
fn classes_probabilities_and_accuracy_come_out_of_both_forms() {
    for form in [Form::Matrix, Form::Spectral] {
        for labels in [Labels::Encrypted(&ONE_HOT), Labels::Plain(&[0, 1, 1])] {
            let folder = Folder::with_key();
            folder.write_outputs("outputs", form, &LOGITS, labels);
            let fields = folder.json(&["decrypt", "--key", "KEY", "--in", "outputs", "--out", "t.csv"]);
            assert_eq!(fields["count"], 3);
            assert_eq!(fields["accuracy"], 2.0 / 3.0);
            assert_eq!(fields["confusion"], serde_json::json!([[1, 0, 0], [0, 1, 1], [0, 0, 0]]));
            let table = String::from_utf8(folder.read("t.csv")).unwrap();
            let lines: Vec<&str> = table.lines().collect();
            assert_eq!(
                lines[0],
                "index,class,label,probability_left,probability_right,\"probability_un,known\""
            );
            assert_eq!(lines.len(), 4);
            for (index, prefix) in
                ["0,left,left,", "1,\"un,known\",right,", "2,right,right,"].iter().enumerate()
            {
                let numbers =
                    lines[index + 1].strip_prefix(prefix).unwrap_or_else(|| panic!("{}", lines[index + 1]));
                let numbers: Vec<f64> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
                for (number, expected) in numbers.iter().zip(softmax(&LOGITS[3 * index..][..3])) {
                    // A probability moves by at most the error of a logit: kappa^2 eps times the largest lane, 5.
                    assert!(
                        (number - expected).abs() < 9.0 * 5.0 * f64::from(f32::EPSILON),
                        "{form}: {lines:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn without_labels_there_is_no_accuracy() {
    let folder = Folder::with_key();
    folder.write_outputs("outputs", Form::Spectral, &LOGITS, Labels::None);
    let fields = folder.json(&["decrypt", "--key", "KEY", "--in", "outputs", "--out", "t.csv"]);
    assert!(fields["accuracy"].is_null());
    assert!(folder.read("t.csv").starts_with(b"index,class,probability_left,"));
}

#[test]
fn a_mask_that_overflowed_does_not_reach_the_message_in_spectral_form() {
    let folder = Folder::with_key();
    folder.write_outputs("outputs", Form::Spectral, &LOGITS, Labels::None);
    let lane = folder.secret().message_lane(&folder.evaluation_file().decode().unwrap()).unwrap();
    let bytes = folder.read("outputs");
    // Overwrite the other lane of the first row by infinities, as a program that computes would leave it.
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut forged = bytes.clone();
    let place = header + (1 - lane) * 12;
    for value in forged[place..place + 12].chunks_exact_mut(4) {
        value.copy_from_slice(&f32::INFINITY.to_le_bytes());
    }
    let length = forged.len();
    let checksum = crc32fast::hash(&forged[header..length - 8]);
    forged[length - 4..].copy_from_slice(&checksum.to_le_bytes());
    folder.write("forged", forged);
    folder.succeeds(&["decrypt", "--key", "KEY", "--in", "outputs", "--out", "a.csv"]);
    folder.succeeds(&["decrypt", "--key", "KEY", "--in", "forged", "--out", "b.csv"]);
    assert_eq!(folder.read("a.csv"), folder.read("b.csv"));
}

#[test]
fn an_older_table_is_replaced_only_by_a_whole_one() {
    let folder = Folder::with_key();
    folder.write("t.csv", b"older");
    folder.write_outputs("good", Form::Matrix, &LOGITS, Labels::None);
    folder.write_outputs("bad", Form::Matrix, &[f32::NAN, 0.0, 0.0], Labels::None);
    folder.fails(1, &["decrypt", "--key", "KEY", "--in", "bad", "--out", "t.csv"], &["bad: "]);
    folder.succeeds(&["decrypt", "--key", "KEY", "--in", "good", "--out", "t.csv"]);
    assert!(folder.read("t.csv").starts_with(b"index,"));
}
