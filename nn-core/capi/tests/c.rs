//! `examples/device.c`, compiled against the header and the static library, for this machine and for a Cortex-M4F under QEMU.
//!
//! The commands are those of `docs/firmware.md`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, iter};

use more_core::mask::Uniform;
use more_core::{EvaluationKey, SecretKey, Spectrum};
use nn_core::Layer::{Sigmoid, Tanh};
use nn_core::{Network, Shape, avg_pool, conv, dense, infer, strided_conv};
use object::{Object, ObjectSymbol};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// The network of `device.c`.
const NETWORK: Network<'static> = Network::new(
    Shape::new(1, 14, 12),
    &[conv(5, 3), Sigmoid, avg_pool(2), strided_conv(18, 2, 2), Tanh, dense(10)],
);

const TARGET: &str = "thumbv7em-none-eabihf";
const O: Spectrum<f32, 2> = Spectrum::from_lanes([0.0; 2]);

/// What a library must not have.
const CANARY: &str = "
    #![no_std]
    #[unsafe(no_mangle)]
    pub extern \"C\" fn canary(index: usize) -> u8 {
        b\"canary\"[index]
    }
    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        loop {
            core::hint::spin_loop();
        }
    }
";

/// `scene.h`, and what the program has to print.
fn scene() -> (String, String) {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let secret = SecretKey::<f32, 2>::generate(&mut rng).expect("a key");
    let evaluation = EvaluationKey::from_secret_key(&secret, &mut rng).expect("its evaluation key");
    let lane = secret.message_lane(&evaluation).expect("its own");
    let mut uniform = |low: f32, high: f32| low + (high - low) * (rng.next_u32() >> 8) as f32 / 16_777_216.0;
    let weights: Vec<f32> = iter::repeat_with(|| uniform(-0.5, 0.5)).take(NETWORK.parameters()).collect();
    let image: Vec<f32> = iter::repeat_with(|| uniform(0.0, 1.0)).take(NETWORK.input().len()).collect();
    let seed = [3; 32];

    let mut secret_bytes = vec![0; SecretKey::<f32, 2>::ENCODED_LEN];
    let mut evaluation_bytes = vec![0; EvaluationKey::<f32, 2>::ENCODED_LEN];
    secret.encode(&mut secret_bytes).expect("room");
    evaluation.encode(&mut evaluation_bytes).expect("room");

    let mut header = String::from("#include <stdint.h>\n");
    let sizes = [
        ("ROWS", NETWORK.input().height),
        ("COLUMNS", NETWORK.input().width),
        ("PARAMETERS", NETWORK.parameters()),
        ("OUTPUTS", NETWORK.outputs()),
        ("SCRATCH", NETWORK.scratch()),
        ("STREAM_MEMORY", NETWORK.stream_memory()),
    ];
    for (name, size) in sizes {
        writeln!(header, "#define SCENE_{name} {size}").expect("a string takes all text");
    }
    for (name, bytes) in
        [("secret_key", &secret_bytes[..]), ("evaluation_key", &evaluation_bytes), ("seed", &seed)]
    {
        writeln!(header, "static const uint8_t scene_{name}[] = {{{}}};", list(bytes))
            .expect("a string takes all text");
    }
    for (name, numbers) in [("weights", &weights), ("image", &image)] {
        let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:e}f")).collect();
        writeln!(header, "static const float scene_{name}[] = {{{}}};", numbers.join(","))
            .expect("a string takes all text");
    }

    let mut cells = vec![O; image.len()];
    let mut masks = Uniform::new(0.0, 1.0).expect("a range");
    let mut rng = ChaCha20Rng::from_seed(seed);
    secret.encrypt_spectrum_slice(lane, &image, &mut masks, &mut rng, &mut cells).expect("finite");
    let (mut scratch, mut output) = (vec![O; NETWORK.scratch()], vec![O; NETWORK.outputs()]);
    infer((), &NETWORK, &weights, &cells, &mut scratch, &mut output).expect("lengths fit");
    let (mut scratch, mut plain) = (vec![0.0; NETWORK.scratch()], vec![0.0; NETWORK.outputs()]);
    infer((), &NETWORK, &weights, &image, &mut scratch, &mut plain).expect("lengths fit");

    let lanes: Vec<f32> = output.iter().flat_map(|cell| *cell.lanes()).collect();
    let decrypted: Vec<f32> =
        output.iter().map(|cell| secret.decrypt_spectrum(lane, cell).expect("finite")).collect();
    let mut expected = String::new();
    for (name, numbers) in
        [("stream", &lanes), ("whole", &lanes), ("decrypted", &decrypted), ("plain", &plain)]
    {
        for number in numbers {
            writeln!(expected, "{name} {:08x}", number.to_bits()).expect("a string takes all text");
        }
    }
    assert_eq!(decrypted, plain, "a message is computed on as if it were alone");
    (header, expected)
}

fn list(bytes: &[u8]) -> String {
    bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
}

/// The standard output of a command that succeeds.
fn output_of(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Builds the static library and returns its path.
fn library(arguments: &[&str], folder: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("library");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", &target);
    // What other tests of the host build, too, is built once.
    cargo.env("CARGO_BUILD_BUILD_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-host"));
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    output_of(cargo.args(arguments).args(["-p", "more-nn-capi", "--lib"]));
    target.join(folder).join("libmore_nn_capi.a")
}

/// Links the example for a Cortex-M4F, with what the linker is told besides, and returns where the program is.
fn image(folder: &Path, name: &str, linker: &[String]) -> PathBuf {
    let library = library(
        &[
            "rustc",
            "--profile=device",
            "--crate-type=staticlib",
            "--target",
            TARGET,
            "--features=panic-handler",
        ],
        &format!("{TARGET}/device"),
    );
    let program = folder.join(name);
    let mut compiler = Command::new("arm-none-eabi-gcc");
    compiler.current_dir(env!("CARGO_MANIFEST_DIR"));
    compiler.args(["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]);
    compiler.args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-I", "."]);
    compiler.arg("-I").arg(folder);
    compiler.args([
        "--specs=rdimon.specs",
        "-nostartfiles",
        "-T",
        "examples/mps2/mps2.ld",
        "-Wl,--gc-sections,-z,noexecstack",
    ]);
    compiler.args(linker);
    compiler.args(["examples/device.c", "examples/mps2/startup.c"]).arg(library).arg("-o");
    output_of(compiler.arg(&program));
    program
}

/// The names of an image's functions and variables.
fn symbols(program: &Path) -> Vec<String> {
    let bytes = fs::read(program).expect("an image");
    let file = object::File::parse(&*bytes).expect("an ELF file");
    file.symbols().filter_map(|symbol| symbol.name().ok()).map(str::to_owned).collect()
}

/// Those by which something panics, or is told of it: the linker has dropped them unless something can.
fn panics(symbols: &[String]) -> Vec<&String> {
    symbols.iter().filter(|name| name.contains("rust_begin_unwind") || name.contains("panicking")).collect()
}

/// The functions that the header declares.
fn interface() -> Vec<&'static str> {
    let header = include_str!("../more_nn.h");
    let functions = header.lines().filter_map(|line| {
        let (_, declared) = line.split_once(' ').filter(|_| line.starts_with(char::is_alphabetic))?;
        declared.split_once('(').map(|(name, _)| name).filter(|name| name.starts_with("more_"))
    });
    functions.collect()
}

/// Where the test compiles, with `scene.h` in it.
fn scratch(name: &str, header: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join("scene.h"), header).expect("a file can be written");
    folder
}

#[test]
#[ignore = "needs a C compiler"]
fn the_example_gives_the_crates_bits_on_this_machine() {
    let (header, expected) = scene();
    let folder = scratch("native", &header);
    let program = folder.join("device");
    let mut compiler = Command::new("cc");
    compiler.current_dir(env!("CARGO_MANIFEST_DIR"));
    compiler.args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-I", "."]).arg("-I").arg(&folder);
    compiler.arg("examples/device.c").arg(library(&["build", "--release"], "release")).args([
        "-lm",
        "-lpthread",
        "-ldl",
        "-o",
    ]);
    output_of(compiler.arg(&program));
    assert_eq!(output_of(&mut Command::new(program)), expected);
}

#[test]
#[ignore = "needs arm-none-eabi-gcc with newlib, qemu-system-arm and the target thumbv7em-none-eabihf"]
fn the_example_gives_the_crates_bits_on_a_cortex_m4f() {
    let (header, expected) = scene();
    let folder = scratch("device", &header);
    let program = image(&folder, "device.elf", &[]);
    let mut emulator = Command::new("timeout");
    emulator.args(["120", "qemu-system-arm"]);
    emulator.args(["-machine", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none"]);
    emulator.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(program);
    assert_eq!(output_of(&mut emulator), expected);
}

/// The example, and an image that has to keep every function of the interface.
#[test]
#[ignore = "needs arm-none-eabi-gcc with newlib and the target thumbv7em-none-eabihf"]
fn c_images_cannot_panic() {
    let folder = scratch("images", &scene().0);
    let example = symbols(&image(&folder, "example.elf", &[]));
    assert!(example.iter().any(|name| name == "more_infer_encrypted"), "stripped");
    assert_eq!(panics(&example), [""; 0]);

    let functions = interface();
    assert!(functions.len() > 30, "{functions:?}");
    let keep: Vec<String> = functions.iter().map(|name| format!("-Wl,-u,{name}")).collect();
    let all = symbols(&image(&folder, "all.elf", &keep));
    let missing: Vec<_> = functions.iter().filter(|name| !all.iter().any(|symbol| symbol == *name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(panics(&all), [""; 0]);

    // Those names are right: with a library beside it that indexes without knowing, built alike, they are in the image.
    let (source, canary) = (folder.join("canary.rs"), folder.join("libcanary.a"));
    fs::write(&source, CANARY).expect("a file can be written");
    let mut compiler = Command::new("rustc");
    compiler.args(["--edition=2024", "--crate-type=staticlib", "--target", TARGET]);
    compiler.args(["-Copt-level=3", "-Clto=fat", "-Ccodegen-units=1", "-Cpanic=abort", "-o"]);
    output_of(compiler.arg(&canary).arg(source));
    let linker = ["-Wl,-u,canary".to_owned(), canary.display().to_string()];
    assert!(!panics(&symbols(&image(&folder, "canary.elf", &linker))).is_empty());
}
