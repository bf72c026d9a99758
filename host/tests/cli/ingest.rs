//! What devices send, made here frame by frame, or by firmware under QEMU.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use more_core::mask::Uniform;
use more_core::wire::stream::Sender;
use more_core::wire::{self, Encodable, Header, Shape};
use more_core::{Ciphertext, EvaluationKey, SecretKey, Spectrum};
use more_nn::container::{Content, Form, ImagesFile, LabelKind};
use more_nn::dataset::{Dataset, Split};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::harness::{Folder, MATRIX_ROUNDING};

/// Images on the line: the first of the data set `digits:60`.
const COUNT: usize = 4;
const PIXELS: usize = 28 * 28;
const IMAGE: Shape = Shape::Image { channels: 1, height: 28, width: 28 };
/// Bytes of a frame.
const FRAME: usize = 256;

/// The pixels of the images.
fn images(count: usize) -> Vec<Vec<f32>> {
    let data = Dataset::load(&"digits:60".parse().unwrap(), Split::Test, None).unwrap();
    let mut pixels = vec![0.0; count * PIXELS];
    data.read_images(0..count, &mut pixels).unwrap();
    pixels.chunks_exact(PIXELS).map(<[f32]>::to_vec).collect()
}

fn encoded<E: Encodable>(header: &Header, elements: &[E]) -> Vec<u8> {
    let mut bytes = vec![0; wire::encoded_len::<E>(elements.len())];
    wire::encode(header, elements, &mut bytes).unwrap();
    bytes
}

/// A device with the key of a folder.
struct Device {
    key: SecretKey<f32, 2>,
    evaluation: EvaluationKey<f32, 2>,
    rng: ChaCha20Rng,
    masks: Uniform<f32>,
}

impl Device {
    fn new(folder: &Folder) -> Self {
        let (key, evaluation) = (folder.secret(), folder.evaluation_file().decode().unwrap());
        let masks = Uniform::new(0.0, 1.0).unwrap();
        Self { key, evaluation, rng: ChaCha20Rng::seed_from_u64(8), masks }
    }

    fn evaluation_key(&self) -> Vec<u8> {
        let mut bytes = vec![0; EvaluationKey::<f32, 2>::ENCODED_LEN];
        self.evaluation.encode(&mut bytes).unwrap();
        bytes
    }

    fn spectra(&mut self, shape: Shape, messages: &[f32]) -> Vec<u8> {
        let lane = self.key.message_lane(&self.evaluation).unwrap();
        let mut out = vec![Spectrum::zero(()); messages.len()];
        self.key.encrypt_spectrum_slice(lane, messages, &mut self.masks, &mut self.rng, &mut out).unwrap();
        encoded(&Header::spectra(&self.evaluation, shape).unwrap(), &out)
    }

    fn matrices(&mut self, shape: Shape, messages: &[f32]) -> Vec<u8> {
        let mut out = vec![Ciphertext::zero(()); messages.len()];
        self.key.encrypt_slice(messages, &mut self.masks, &mut self.rng, &mut out).unwrap();
        encoded(&Header::ciphertexts::<f32, 2>(self.key.id(), shape).unwrap(), &out)
    }
}

/// Transfers as frames, numbered from 1.
fn frames<'a>(transfers: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut line = Vec::new();
    let mut sender = Sender::<_, FRAME>::new(1, |bytes: &[u8]| {
        line.extend_from_slice(bytes);
        Ok::<_, ()>(())
    });
    for transfer in transfers {
        sender.send(transfer).unwrap();
    }
    line
}

/// A key, a model and the line of a device that sends its evaluation key and images.
fn scene(form: Form) -> (Folder, Vec<Vec<u8>>) {
    let folder = Folder::with_key();
    let mut device = Device::new(&folder);
    let mut transfers = vec![device.evaluation_key()];
    transfers.extend(images(COUNT).iter().map(|image| match form {
        Form::Matrix => device.matrices(IMAGE, image),
        _ => device.spectra(IMAGE, image),
    }));
    (folder, transfers)
}

/// That the outputs for the container `images` are those for the images themselves.
fn predicts_the_plain_answer(folder: &Folder, form: Form, count: usize) {
    folder.train("digits:90", "model", &["--epochs", "1"]);
    folder.predict("model", "images", "outputs", &[]);
    folder.predict("model", "digits:60", "plain", &["--limit", &count.to_string()]);
    let (found, expected) = (folder.outputs("outputs"), folder.outputs("plain"));
    assert_eq!(found.count(), count);
    assert_eq!(found.class_names(), expected.class_names());
    let rounding = if form == Form::Spectral { 0.0 } else { MATRIX_ROUNDING * f64::from(f32::EPSILON) };
    for (value, expected) in found.values().iter().zip(expected.values()) {
        assert!((value - expected).abs() <= rounding * expected.abs().max(1.0), "{value}, not {expected}");
    }
    folder.succeeds(&["decrypt", "--key", "KEY", "--in", "outputs", "--out", "a.csv"]);
    folder.succeeds(&["decrypt", "--in", "plain", "--out", "b.csv"]);
    let classes = |name: &str| -> Vec<String> {
        let text = String::from_utf8(folder.read(name)).unwrap();
        text.lines().map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(classes("a.csv"), classes("b.csv"));
}

#[test]
fn images_on_a_line_are_predicted_and_decrypted_like_plain_ones() {
    for form in [Form::Spectral, Form::Matrix] {
        let (folder, transfers) = scene(form);
        folder.write("line", frames(&transfers));
        let fields = folder.json(&["ingest", "--in", "line", "--out", "images", "--strict"]);
        assert_eq!(fields["count"], COUNT);
        assert_eq!(fields["form"], form.name());
        assert_eq!(fields["transfers"], serde_json::json!([2, 3, 4, 5]));
        assert_eq!(fields["findings"], serde_json::json!([]));
        predicts_the_plain_answer(&folder, form, COUNT);

        // The same bytes by standard input, with the key given and another on the line ignored.
        let mut child = folder
            .command(&["ingest", "--in", "-", "--eval", "KEY.eval", "--out", "again"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&folder.read("line")).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(folder.read("images") == folder.read("again"));
    }
}

#[test]
fn what_the_line_damages_is_named_and_the_rest_is_stored() {
    let (folder, transfers) = scene(Form::Spectral);
    let line = frames(&transfers);
    let zeros: Vec<usize> = (0..line.len()).filter(|&at| line[at] == 0).collect();
    // Of the second image (transfer 3) one frame is damaged and two are lost; the line is cut in the last image.
    let frame = |number: usize| {
        // Each transfer has a zero in front of its frames: find the frame by counting those that are not empty.
        let ends: Vec<usize> = zeros.iter().copied().filter(|&at| at > 0 && line[at - 1] != 0).collect();
        ends[number - 1] + 1..ends[number] + 1
    };
    // Transfer 1 has frames 0 to 2, an image 2 + 28 frames (6324 bytes in pieces of 234).
    let mut damaged = line.clone();
    damaged[frame(40).start + 20] ^= 1;
    let cut = frame(3 + 3 * 30 + 10).end;
    damaged.truncate(cut);
    damaged.drain(frame(50).start..frame(51).end);
    folder.write("line", &damaged);
    let fields = folder.json(&["ingest", "--in", "line", "--out", "images"]);
    let findings: Vec<&str> =
        fields["findings"].as_array().unwrap().iter().map(|finding| finding.as_str().unwrap()).collect();
    let named =
        |text: &str| assert!(findings.iter().any(|finding| finding.contains(text)), "{text}: {findings:?}");
    named("no frame");
    named("frame 40 is missing");
    named("frames 50 to 51 are missing");
    named("transfer 3 is incomplete: ");
    named("transfer 5 is incomplete: ");
    assert_eq!(fields["transfers"], serde_json::json!([2, 4]));
    let file = ImagesFile::open(folder.path("images")).unwrap();
    assert_eq!((file.count(), file.label_kind()), (2, LabelKind::None));

    folder.fails(
        1,
        &["ingest", "--in", "line", "--out", "none", "--strict"],
        &["line", "no frame", "--strict"],
    );

    // A transfer of which nothing came.
    folder.write("line", frames(&transfers));
    let mut lost = folder.read("line");
    lost.drain(frame(33).start..frame(62).end);
    folder.write("line", &lost);
    let fields = folder.json(&["ingest", "--in", "line", "--out", "images"]);
    assert!(fields["findings"].to_string().contains("nothing came of transfer 3"), "{fields}");
}

#[test]
fn labels_and_classes_go_into_the_container() {
    let (folder, transfers) = scene(Form::Spectral);
    folder.write("line", frames(&transfers));
    let ingest =
        |extra: &[&str]| folder.run(&[&["ingest", "--in", "line", "--out", "images"], extra].concat());
    folder.write("labels.csv", "transfer,label\n5,LCA\n2,RCA\n3,1\n4,0\n9,1\n");
    assert_eq!(ingest(&["--labels", "labels.csv", "--classes", "LCA,RCA"]).code, Some(0));
    let file = ImagesFile::open(folder.path("images")).unwrap();
    assert_eq!(file.metadata().classes, ["LCA", "RCA"]);
    assert_eq!(file.plain_labels().unwrap().unwrap(), [1, 1, 0, 0]);
    let fails = |table: &str, texts: &[&str]| {
        folder.write("labels.csv", table);
        folder.fails(1, &["ingest", "--in", "line", "--out", "x", "--labels", "labels.csv"], texts);
    };
    fails("2,1\n3,1\n4,1\n", &["labels.csv", "no label for transfer 5"]);
    fails("2,1\n3,1\n4,1\n5,10\n", &["line 4", "`10`"]);
    fails("2,1\n2,1\n", &["line 2", "a second time"]);
    fails("2;1\n", &["line 1", "transfer,label"]);
}

#[test]
fn outputs_of_an_edge_box_are_decrypted() {
    let folder = Folder::with_key();
    let mut device = Device::new(&folder);
    let logits: Vec<Vec<f32>> =
        (0..3).map(|k| (0..10).map(|i| ((i * 7 + k) % 10) as f32).collect()).collect();
    let list = Shape::Slice { count: 10 };
    let transfers: Vec<_> = logits.iter().map(|logits| device.spectra(list, logits)).collect();
    folder.write("line", frames(&transfers));
    folder.fails(1, &["ingest", "--in", "line", "--out", "x"], &["no evaluation key", "--eval"]);
    let fields = folder.json(&["ingest", "--in", "line", "--eval", "KEY.eval", "--out", "outputs"]);
    assert_eq!(fields["content"], Content::Outputs.name());
    let outputs = folder.outputs("outputs");
    let expected: Vec<f64> = logits.concat().into_iter().map(f64::from).collect();
    assert_eq!(outputs.values(), expected);
}

#[test]
fn other_keys_and_other_things_are_refused() {
    let (folder, transfers) = scene(Form::Spectral);
    let store = |transfers: &[Vec<u8>]| folder.write("line", frames(transfers));
    folder.succeeds(&["keygen", "--out", "OTHER", "--seed", "2"]);
    store(&transfers);
    let arguments = ["ingest", "--in", "line", "--out", "x"];
    folder.fails(
        1,
        &[&arguments[..], &["--eval", "OTHER.eval"]].concat(),
        &["line: what was sent is under key", "--eval KEY.eval"],
    );
    folder.fails(1, &[&arguments[..], &["--eval", "OTHER"]].concat(), &["a secret key"]);
    folder.fails(2, &[&arguments[..], &["--baud", "9600"]].concat(), &["serial devices"]);
    folder.fails(2, &[&arguments[..], &["--classes", "A,A"]].concat(), &["all different"]);
    let mut with_secret = transfers.clone();
    with_secret.push(folder.read("KEY"));
    store(&with_secret);
    folder.fails(1, &arguments, &["a secret key came over the line", "transfer 6"]);
    store(&transfers[..1]);
    folder.fails(1, &arguments, &["no image"]);
    folder.write("line", b"hello");
    folder.fails(1, &arguments, &["no image"]);
    folder.fails(1, &["ingest", "--in", "absent", "--out", "x"], &["absent", "cannot open"]);

    // A list among images is not like the first.
    let mut device = Device::new(&folder);
    let mut mixed = transfers.clone();
    mixed.insert(2, device.spectra(Shape::Slice { count: 3 }, &[0.0, 1.0, 2.0]));
    mixed.push(b"neither key nor image".to_vec());
    store(&mixed);
    let fields = folder.json(&arguments);
    assert_eq!(fields["count"], COUNT);
    let findings = fields["findings"].to_string();
    assert!(findings.contains("transfer 3 is not stored") && findings.contains("transfer 7 is not stored"));
}

/// A serial device: the other side of a pseudo-terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_serial_device_is_read_raw_until_enough_came_or_nothing_more() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let (folder, transfers) = scene(Form::Spectral);
    let line = frames(&transfers);
    for extra in [["--count", "4"], ["--timeout", "2"]] {
        let device = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&device).unwrap();
        unlockpt(&device).unwrap();
        let name = ptsname(&device, Vec::new()).unwrap().into_string().unwrap();
        let arguments = ["ingest", "--in", &name, "--baud", "115200", "--out", "images"];
        let mut child =
            folder.command(&[&arguments[..], &extra].concat()).stdout(Stdio::null()).spawn().unwrap();
        // Until the device is raw, what is written to it is echoed and edited as a line.
        let mut device = std::fs::File::from(device);
        let start = std::time::Instant::now();
        while rustix::termios::tcgetattr(&device)
            .unwrap()
            .local_modes
            .contains(rustix::termios::LocalModes::ICANON)
        {
            assert!(start.elapsed().as_secs() < 60, "not raw");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        for piece in line.chunks(500) {
            device.write_all(piece).unwrap();
        }
        assert!(child.wait().unwrap().success());
        assert_eq!(ImagesFile::open(folder.path("images")).unwrap().count(), COUNT);
    }
}

/// The device of `tests/firmware`, with this folder's key, under QEMU.
#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn a_device_encrypts_and_its_images_are_predicted_and_decrypted_like_plain_ones() {
    use more_tests::device::{build_firmware, emulate, scene::Scene};

    let folder = Folder::with_key();
    let data = folder.path("data");
    std::fs::create_dir(&data).unwrap();
    Scene::new(1, 0).write(&data);
    folder.write("data/secret_key", folder.read("KEY"));
    folder.write("data/evaluation_key", folder.read("KEY.eval"));
    let pixels = images(COUNT).concat();
    folder.write("data/images", pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect::<Vec<_>>());
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).to_str().unwrap();
    let built = build_firmware(scratch, &data, "", &["--bin", "encrypting_device"]);
    let run = emulate(&built.join("encrypting_device"), "mps2-an386", &[]);
    std::fs::remove_dir_all(&data).unwrap();
    folder.write("line", &run.line);
    let fields = folder.json(&["ingest", "--in", "line", "--strict", "--out", "images"]);
    assert_eq!(fields["count"], COUNT);
    predicts_the_plain_answer(&folder, Form::Spectral, COUNT);
}
