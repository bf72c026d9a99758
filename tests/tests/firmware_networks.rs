//! Firmware that encrypts, infers and learns under QEMU, against the host: the same bits.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use more_core::wire;
use more_core::wire::stream::{Assembler, Event, Progress, Receiver};
use more_scene::{Cell, FRAME, LEARNER, PIXELS};
use more_tests::device::scene::{Scene, frames, outputs};
use more_tests::device::{Run, build_firmware, emulate};
use nn_core::{ANGIOGRAPHY, MNIST};

/// A Cortex-M4F and a Cortex-M7.
const MACHINES: [&str; 2] = ["mps2-an386", "mps2-an500"];

/// What is built.
const IMAGES: [&str; 6] = [
    "encrypting_device",
    "edge_box",
    "edge_box_encrypted_weights",
    "plain_network",
    "streaming",
    "training_step",
];

/// The data, and the folder of the images that hold it.
static BUILT: LazyLock<(Scene, PathBuf)> = LazyLock::new(|| {
    let scene = Scene::new(11, 2);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("firmware-data");
    std::fs::create_dir_all(&folder).expect("a folder");
    scene.write(&folder);
    let bins = IMAGES.iter().flat_map(|image| ["--bin", *image]).collect::<Vec<_>>();
    let images = build_firmware(env!("CARGO_TARGET_TMPDIR"), &folder, "", &bins);
    (scene, images)
});

/// Runs an image on both machines, and checks what each has done.
fn on_both(image: &str, input: &[u8], check: impl Fn(&Scene, &Run)) {
    let (scene, folder) = &*BUILT;
    for machine in MACHINES {
        let run = emulate(&folder.join(image), machine, input);
        print!("{image} on {machine}:\n{}", run.report);
        check(scene, &run);
    }
}

/// The transfers on a line that nothing happened to.
fn transfers(line: &[u8]) -> BTreeMap<u16, Vec<u8>> {
    let mut receiver = Receiver::<FRAME>::new();
    let mut buffer = vec![0; 1 << 20];
    let mut assembler = Assembler::<4>::new(&mut buffer);
    let mut found = BTreeMap::new();
    let mut input = line;
    while let Some(event) = receiver.feed(&mut input) {
        let Event::Frame(frame) = event else { panic!("{event:?}") };
        let number = frame.transfer;
        if assembler.accept(&frame).expect("room") == Progress::Complete {
            found.insert(number, assembler.bytes().to_vec());
        }
    }
    found
}

fn cells(bytes: &[u8], count: usize) -> Vec<Cell> {
    let mut cells = vec![Cell::from_lanes([0.0; 2]); count];
    let header = wire::decode(bytes, &mut cells).expect("an encoding");
    assert_eq!(header.count(), count);
    cells
}

fn bits(cells: &[Cell]) -> Vec<[u32; 2]> {
    cells.iter().map(|cell| cell.lanes().map(f32::to_bits)).collect()
}

/// An encrypted image over the line, and what comes back.
fn ask_edge_box(image: &str, line: impl Fn(&Scene) -> Vec<u8>, check: impl Fn(&Scene, &Run, Vec<Cell>)) {
    let input = line(&BUILT.0);
    on_both(image, &input, |scene, run| {
        let answer = transfers(&run.line);
        assert_eq!(answer.len(), 1);
        let header = wire::Header::peek(&answer[&0]).expect("an encoding");
        assert_eq!(header.check_key(&scene.evaluation), Ok(()));
        check(scene, run, cells(&answer[&0], 10));
    });
}

#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn an_encrypting_device_sends_what_the_host_would() {
    on_both("encrypting_device", &[], |scene, run| {
        let sent = transfers(&run.line);
        assert_eq!(sent[&1], scene.evaluation_key_bytes());
        let expected = scene.encrypted();
        assert_eq!(sent.len(), 1 + expected.len());
        for (index, (expected, plain)) in expected.iter().zip(&scene.images).enumerate() {
            let image = cells(&sent[&(2 + index as u16)], PIXELS);
            assert_eq!(bits(&image), bits(expected), "image {index}");
            for (cell, pixel) in image.iter().zip(plain) {
                assert_eq!(scene.key.decrypt_spectrum(scene.lane, cell), Ok(*pixel));
            }
        }
    });
}

#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn an_edge_box_answers_with_the_hosts_bits() {
    let line = |scene: &Scene| frames(&[scene.encode(&MNIST, &scene.encrypted()[1])]);
    ask_edge_box("edge_box", line, |scene, _, logits| {
        assert_eq!(bits(&logits), bits(&outputs(&MNIST, &scene.weights, &scene.encrypted()[1])));
        // In spectral form the message's lane is the plain network.
        let plain = outputs(&MNIST, &scene.weights, &scene.images[1]);
        for (cell, plain) in logits.iter().zip(plain) {
            assert_eq!(cell.lanes()[scene.lane].to_bits(), plain.to_bits());
        }
    });
    ask_edge_box("edge_box_encrypted_weights", line, |scene, _, logits| {
        assert_eq!(bits(&logits), bits(&outputs(&MNIST, &scene.encrypted_weights, &scene.encrypted()[1])));
        let plain = outputs(&MNIST, &scene.weights, &scene.images[1]);
        for (cell, plain) in logits.iter().zip(plain) {
            assert_eq!(cell.lanes()[scene.lane].to_bits(), plain.to_bits());
        }
    });
}

#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn an_edge_box_names_what_is_lost_on_the_line_and_goes_on() {
    // The first image loses a frame and has another damaged; then there is noise, and an image that is whole.
    let line = |scene: &Scene| {
        let [damaged, whole] = [0, 1].map(|index| scene.encode(&MNIST, &scene.encrypted()[index]));
        let line = frames(&[damaged, whole]);
        let zeros: Vec<usize> = (0..line.len()).filter(|&at| line[at] == 0).collect();
        let mut bytes = line;
        bytes[zeros[9] + 30] ^= 0x04;
        let noise = [0x55, 0x00, 0xff, 0x31];
        let begin = bytes.len() / 2;
        let begin = zeros.iter().copied().find(|&at| at > begin).expect("a frame in the middle");
        bytes.splice(begin..begin, noise);
        bytes.drain(zeros[4] + 1..=zeros[5]);
        bytes
    };
    ask_edge_box("edge_box", line, |scene, run, logits| {
        assert_eq!(bits(&logits), bits(&outputs(&MNIST, &scene.weights, &scene.encrypted()[1])));
        for name in ["damaged", "lost,4,4", "lost,9,9", "incomplete,468"] {
            assert!(run.report.contains(name), "{name} is not in\n{}", run.report);
        }
    });
}

#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn a_plain_network_gives_the_hosts_bits() {
    on_both("plain_network", &[], |scene, run| {
        let sent = transfers(&run.line);
        let (answer, _) = sent[&0].as_chunks::<4>();
        let expected: Vec<_> =
            outputs(&MNIST, &scene.weights, &scene.images[0]).into_iter().map(f32::to_le_bytes).collect();
        assert_eq!(answer, expected);
    });
}

#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn a_streamed_angiogram_gives_the_hosts_bits() {
    let image = BUILT.0.angiogram();
    let expected = outputs(&ANGIOGRAPHY, &BUILT.0.angiography_weights, &image);
    let line = frames(&[BUILT.0.encode(&ANGIOGRAPHY, &image)]);
    on_both("streaming", &line, |_, run| {
        assert_eq!(bits(&cells(&transfers(&run.line)[&0], 1)), bits(&expected));
    });
}

#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn training_on_the_device_gives_the_hosts_weights() {
    let (line, expected) = BUILT.0.lesson();
    on_both("training_step", &line, |scene, run| {
        let weights = cells(&transfers(&run.line)[&0], LEARNER.parameters());
        assert_eq!(bits(&weights), bits(&expected));
        assert_ne!(bits(&weights), bits(&scene.learner_weights));
    });
}
