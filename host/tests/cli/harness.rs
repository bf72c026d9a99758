//! A scratch folder, the binary, and files made for tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use more_core::SecretKey;
use more_core::mask::Uniform;
use more_nn::container::{
    ContainerWriter, Content, Form, LABELS, Metadata, OUTPUTS, PLAIN_LABELS, label_tensor, output_tensor,
    plain_label_tensor,
};
use more_nn::decryption::{Outputs, decrypt_outputs};
use more_nn::key_file::{EvaluationKeyFile, SecretKeyFile};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The type of the key that tests make here.
pub(crate) type Secret = SecretKey<f32, 2>;

/// The training set of most tests, so small that three epochs take a moment and so odd that packs and batches are cut.
pub(crate) const TRAIN: &str = "digits:90";
/// The test set of most tests.
pub(crate) const TEST: &str = "digits:60";

/// By how many epsilons weights, losses and outputs of the tests may differ where the matrix form rounds otherwise than the
/// plain numbers: `kappa^3 = 27` for a product, a few times over since it is one of many; the tests measure 1 to 15.
pub(crate) const MATRIX_ROUNDING: f64 = 100.0;

/// How a run of the binary ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A folder that is removed in the end; the binary runs in it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with the key `KEY` and its evaluation key.
    pub(crate) fn with_key() -> Self {
        let folder = Self::new();
        folder.succeeds(&["keygen", "--out", "KEY", "--seed", "1"]);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_more-nn"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs and expects exit code 0; gives standard output.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome:?}");
        outcome.stdout
    }

    /// The same with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let stdout = self.succeeds(&[&["--json"], arguments].concat());
        assert_eq!(stdout.matches('\n').count(), 1, "one line: {stdout}");
        serde_json::from_str(&stdout).unwrap()
    }

    /// Runs and expects a failure: this exit code, an error that contains all of `texts`, nothing on standard output,
    /// and every file of the folder as it was.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str], texts: &[&str]) {
        let before = self.contents();
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, Some(code), "{arguments:?}: {outcome:?}");
        assert!(outcome.stderr.contains("error: "), "{outcome:?}");
        assert_eq!(outcome.stdout, "");
        for text in texts {
            assert!(outcome.stderr.contains(text), "{arguments:?}: `{text}` is not in: {}", outcome.stderr);
        }
        assert!(before == self.contents(), "{arguments:?} left something: {:?}", self.contents().keys());
    }

    /// A folder with a key of so many lanes of this scalar, the training set `train` in this form and the test set
    /// `test`: 90 and 60 drawn digits.
    pub(crate) fn with_digits(scalar: &str, lanes: usize, form: Form) -> Self {
        let folder = Self::new();
        let lanes = lanes.to_string();
        folder.succeeds(&["keygen", "--out", "KEY", "--seed", "1", "--scalar", scalar, "--lanes", &lanes]);
        for (split, source) in [("train", TRAIN), ("test", TEST)] {
            folder.encrypt(source, split, &["--form", form.name(), "--seed", "2", "--out", split]);
        }
        folder
    }

    pub(crate) fn encrypt(&self, source: &str, split: &str, extra: &[&str]) {
        self.succeeds(&[&["encrypt", "--key", "KEY", "--data", source, "--split", split], extra].concat());
    }

    /// Trains the network for digits; an option given twice would be refused, so there are no others here.
    pub(crate) fn train(&self, data: &str, out: &str, extra: &[&str]) -> serde_json::Value {
        self.json(&[&["train", "--network", "mnist", "--data", data, "--out", out], extra].concat())
    }

    pub(crate) fn predict(&self, model: &str, data: &str, out: &str, extra: &[&str]) -> serde_json::Value {
        self.json(&[&["predict", "--model", model, "--data", data, "--out", out], extra].concat())
    }

    /// Outputs in the clear, decrypted with `KEY` where there is one.
    pub(crate) fn outputs(&self, name: &str) -> Outputs {
        let key = self.path("KEY");
        let key = key.exists().then(|| SecretKeyFile::read(&key).unwrap());
        decrypt_outputs(&self.path(name), key.as_ref()).unwrap()
    }

    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(self.0.path(), &mut found);
        found
    }

    pub(crate) fn secret(&self) -> Secret {
        SecretKeyFile::read(&self.path("KEY")).unwrap().decode().unwrap()
    }

    pub(crate) fn evaluation_file(&self) -> EvaluationKeyFile {
        EvaluationKeyFile::read(&self.path("KEY.eval")).unwrap()
    }

    /// Outputs of three classes as `predict` would write them: `logits` (`count x 3`), encrypted with `KEY`.
    pub(crate) fn write_outputs(&self, name: &str, form: Form, logits: &[f32], labels: Labels<'_>) {
        let (secret, evaluation) = (self.secret(), self.evaluation_file());
        let lane = secret.message_lane(&evaluation.decode().unwrap()).unwrap();
        let classes: Vec<String> = ["left", "right", "un,known"].map(str::to_owned).to_vec();
        let metadata = Metadata::plain(Content::Outputs, more_core::Scalar::F32, &[3], &classes);
        let metadata = metadata.encrypted(form, 2, secret.id());
        let count = logits.len() / 3;
        let mut tensors = vec![output_tensor(&metadata, count)];
        match labels {
            Labels::None => {}
            Labels::Plain(_) => tensors.push(plain_label_tensor(count)),
            Labels::Encrypted(_) => tensors.push(label_tensor(&metadata, count)),
        }
        let mut writer =
            ContainerWriter::create(&self.path(name), &metadata, Some(evaluation.bytes()), tensors).unwrap();
        if let Labels::Plain(labels) = labels {
            writer.write(PLAIN_LABELS, labels).unwrap();
        }
        writer.write(OUTPUTS, &encrypt(&secret, lane, form, logits)).unwrap();
        if let Labels::Encrypted(labels) = labels {
            writer.write(LABELS, &encrypt(&secret, lane, form, labels)).unwrap();
        }
        writer.finish().unwrap();
    }
}

/// The labels of a container of outputs.
#[derive(Clone, Copy)]
pub(crate) enum Labels<'a> {
    None,
    Plain(&'a [i64]),
    Encrypted(&'a [f32]),
}

/// Encrypts rows of three numbers into the layout of the files. A message that is not finite is put in afterwards, in
/// the place where a calculation gone wrong would leave it.
fn encrypt(secret: &Secret, lane: usize, form: Form, rows: &[f32]) -> Vec<f32> {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut masks = Uniform::new(0.0, 1.0).unwrap();
    let mut stored = Vec::new();
    for row in rows.chunks_exact(3) {
        let start = stored.len();
        for &value in row {
            let message = if value.is_finite() { value } else { 0.0 };
            match form {
                Form::Matrix => {
                    let matrix = secret.encrypt(message, &mut masks, &mut rng).unwrap();
                    let [[a, c], [b, d]] = *matrix.columns();
                    stored.extend([if value.is_finite() { a } else { value }, b, c, d]);
                }
                _ => {
                    let spectrum = secret.encrypt_spectrum(lane, message, &mut masks, &mut rng).unwrap();
                    let mut lanes = *spectrum.lanes();
                    lanes[lane] = value;
                    stored.extend(lanes);
                }
            }
        }
        // From [3, lanes] or [3, entries] to planes.
        let row: Vec<f32> = stored.drain(start..).collect();
        let planes = row.len() / 3;
        stored.extend((0..row.len()).map(|index| row[index % 3 * planes + index / 3]));
    }
    stored
}

/// Replaces text in a container's header by text of the same length and signs the header anew, as a program that
/// writes such files would.
pub(crate) fn forge(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let text = std::str::from_utf8(&bytes[8..header]).unwrap();
    assert!(text.contains(from), "`{from}` is not in {text}");
    let mut forged = bytes[..8].to_vec();
    forged.extend(text.replacen(from, to, 1).as_bytes());
    forged.extend(&bytes[header..]);
    // A small file: one checksum of the header, one of the only block.
    let place = forged.len() - 8;
    let checksum = crc32fast::hash(&forged[..header]);
    forged[place..place + 4].copy_from_slice(&checksum.to_le_bytes());
    forged
}

/// Changes the data of a container of at most 1 MiB, given from its first byte on, and signs it anew.
pub(crate) fn forge_data(bytes: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut forged = bytes.to_vec();
    let end = forged.len() - 8;
    change(&mut forged[header..end]);
    let checksum = crc32fast::hash(&forged[header..end]);
    forged[end + 4..].copy_from_slice(&checksum.to_le_bytes());
    forged
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, found),
            false => {
                let bytes = fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
}
