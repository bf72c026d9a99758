//! What the firmware images take: flash, RAM, stack, instructions. Prints the tables of `docs/benchmarks.md`, "Firmware".
//!
//! ```sh
//! cargo run --release -p more-tests --example firmware_costs
//! ```

use std::path::{Path, PathBuf};

use more_scene::{LEARNER, PIXELS, STEPS};
use more_tests::device::scene::{Scene, frames};
use more_tests::device::{Memory, Run, build_firmware, emulate};
use nn_core::{ANGIOGRAPHY, MNIST, Network};

const MACHINE: &str = "mps2-an386";

/// Flags, and how they are called in the tables.
const FLAGS: [(&str, &str); 2] =
    [("", "the target's default flags"), ("-C target-cpu=cortex-m4", "`-C target-cpu=cortex-m4`")];

/// An image, what comes over its line, and what it does.
struct Image {
    name: &'static str,
    about: &'static str,
    input: Vec<u8>,
    /// The line of its report that has the instructions, of what, and multiply-accumulates of that (of one lane).
    work: (&'static str, &'static str, usize),
}

fn images(scene: &Scene) -> [Image; 6] {
    let image = frames(&[scene.encode(&MNIST, &scene.encrypted()[1])]);
    let products = MNIST.multiply_accumulates();
    [
        Image {
            name: "encrypting_device",
            about: "a: keys, masks, encryption, frames",
            input: Vec::new(),
            work: ("encrypt", "28 x 28 pixels encrypted", 0),
        },
        Image {
            name: "edge_box",
            about: "b: encrypted image, plain weights",
            input: image.clone(),
            work: ("infer", "MNIST inference", products),
        },
        Image {
            name: "edge_box_encrypted_weights",
            about: "c: encrypted image and weights",
            input: image,
            work: ("infer", "MNIST inference", products),
        },
        Image {
            name: "streaming",
            about: "d: encrypted angiogram, row by row, plain weights",
            input: frames(&[scene.encode(&ANGIOGRAPHY, &scene.angiogram())]),
            work: ("infer", "ANGIOGRAPHY inference", ANGIOGRAPHY.multiply_accumulates()),
        },
        Image {
            name: "plain_network",
            about: "e: plain image and weights",
            input: Vec::new(),
            work: ("infer", "MNIST inference", products),
        },
        Image {
            name: "training_step",
            about: "f: encrypted samples and weights, forward, backward, update",
            input: scene.lesson().0,
            work: ("step", "a training step", LEARNER.training_operations() / 2),
        },
    ]
}

/// The mean of what the report says under that name.
fn mean(run: &Run, name: &str) -> u64 {
    let numbers = run.numbers(name);
    numbers.iter().map(|numbers| numbers[0]).sum::<u64>() / numbers.len() as u64
}

fn largest(run: &Run, name: &str) -> u64 {
    run.numbers(name).iter().map(|numbers| numbers[0]).max().unwrap_or(0)
}

fn per(instructions: u64, count: usize) -> String {
    if count == 0 { "-".to_owned() } else { format!("{:.2}", instructions as f64 / count as f64) }
}

fn build(folder: &Path, flags: &str, images: &[Image], extra: &[&str]) -> PathBuf {
    let bins = images.iter().flat_map(|image| ["--bin", image.name]);
    let arguments: Vec<&str> = bins.chain(extra.iter().copied()).collect();
    let scratch = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/firmware");
    build_firmware(scratch.to_str().expect("a path of text"), folder, flags, &arguments)
}

fn main() {
    let scene = Scene::new(11, 2);
    let data = tempfile::tempdir().expect("a folder");
    scene.write(data.path());
    let images = images(&scene);
    for (flags, called) in FLAGS {
        println!("Images on a Cortex-M4F ({MACHINE}), {called}:\n");
        println!(
            "| image | flash: code | flash: constants | RAM: static | RAM: stack | work | instructions | per multiply-accumulate |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
        let built = build(data.path(), flags, &images, &[]);
        for image in &images {
            let run = emulate(&built.join(image.name), MACHINE, &image.input);
            let memory = Memory::of(&built.join(image.name));
            let (line, work, products) = image.work;
            let instructions = mean(&run, line);
            println!(
                "| `{}` ({}) | {} | {} | {} | {} | {work} | {instructions} | {} |",
                image.name,
                image.about,
                memory.text,
                memory.rodata + memory.data,
                memory.ram(),
                largest(&run, "stack"),
                per(instructions, products),
            );
        }
        println!();
        layers(data.path(), flags, &images, called);
    }
    println!(
        "Encryption: {PIXELS} pixels an image. A training step: mean of {STEPS}, {} multiply-accumulates (forward, \
         weight gradients, input gradients), {} weights.",
        LEARNER.training_operations() / 2,
        LEARNER.parameters()
    );
}

/// The layers of [`MNIST`], each run alone.
fn layers(data: &Path, flags: &str, images: &[Image], called: &str) {
    println!(
        "MNIST stage by stage, instructions and, behind them, instructions per multiply-accumulate, {called}:\n"
    );
    println!(
        "| stage | multiply-accumulates | activations | e: plain | b: encrypted, plain weights | b / e | c: encrypted weights | c / e |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let built = build(data, flags, images, &["--features", "layers"]);
    let columns = ["plain_network", "edge_box", "edge_box_encrypted_weights"].map(|name| {
        let image = images.iter().find(|image| image.name == name).expect("one of them");
        let run = emulate(&built.join(name), MACHINE, &image.input);
        run.numbers("layer").iter().map(|numbers| numbers[1]).collect::<Vec<_>>()
    });
    let network: Network<'_> = MNIST;
    let mut totals = [0; 3];
    let row = |name: &str, products: usize, activations: usize, counts: [u64; 3]| {
        let [plain, encrypted, weights] = counts;
        let ratio = |count: u64| count as f64 / plain as f64;
        let cell = |count: u64| format!("{count} / {}", per(count, products));
        println!(
            "| {name} | {products} | {activations} | {} | {} | {:.2} | {} | {:.2} |",
            cell(plain),
            cell(encrypted),
            ratio(encrypted),
            cell(weights),
            ratio(weights)
        );
    };
    for (index, stage) in network.stage_kernels().enumerate() {
        let counts = [0, 1, 2].map(|column: usize| columns[column][index]);
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
        row(&stage.to_string(), stage.multiply_accumulates(), stage.activations(), counts);
    }
    row("all", network.multiply_accumulates(), network.activations(), totals);
    println!();
}
