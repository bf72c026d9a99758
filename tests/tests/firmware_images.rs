//! What is in firmware images, by their symbols: no way to panic, no arithmetic in `f64`; and other targets.

use more_tests::device::scene::Scene;
use more_tests::device::{Memory, build_firmware, build_for};

/// Images of a network alone: these have no key to read, which takes `f64`.
const NETWORKS: [&str; 5] =
    ["edge_box", "edge_box_encrypted_weights", "plain_network", "streaming", "training_step"];

fn images(arguments: &[&str]) -> std::path::PathBuf {
    // The same folder and content as `firmware_networks` has, so that one build serves both.
    let scratch = env!("CARGO_TARGET_TMPDIR");
    let folder = std::path::Path::new(scratch).join("firmware-data");
    std::fs::create_dir_all(&folder).expect("a folder");
    if !folder.join("learner_weights").exists() {
        Scene::new(11, 2).write(&folder);
    }
    build_firmware(scratch, &folder, "", arguments)
}

/// The handler is in the image only if something can call it.
fn panics(memory: &Memory) -> bool {
    memory.symbols.iter().any(|symbol| symbol.contains("rust_begin_unwind"))
}

/// Calls that compute in `f64`, by the names of Arm's run-time ABI and of the compiler's own library. The target's processor
/// has no instructions for it, so each operation is one of these.
fn double_arithmetic(memory: &Memory) -> Vec<&str> {
    let names = ["__aeabi_d", "__aeabi_f2d", "__aeabi_i2d", "__aeabi_ui2d", "__aeabi_l2d", "__aeabi_ul2d"];
    let is_double = |symbol: &&str| {
        names.iter().any(|name| symbol.starts_with(name))
            || (symbol.starts_with("__") && (symbol.contains("df2") || symbol.contains("df3")))
    };
    memory.symbols.iter().map(String::as_str).filter(is_double).collect()
}

#[test]
#[ignore = "needs the target thumbv7em-none-eabihf"]
fn images_can_neither_panic_nor_compute_in_f64() {
    let bins: Vec<_> =
        NETWORKS.iter().chain(&["encrypting_device"]).flat_map(|image| ["--bin", image]).collect();
    let folder = images(&bins);
    assert!(!panics(&Memory::of(&folder.join("encrypting_device"))), "encrypting_device");
    for name in NETWORKS {
        let memory = Memory::of(&folder.join(name));
        assert!(memory.symbols.len() > 20, "{name}: stripped");
        assert!(!panics(&memory), "{name} can panic");
        assert!(double_arithmetic(&memory).is_empty(), "{name}: {:?}", double_arithmetic(&memory));
    }
    // With one of each put in, both are found.
    let folder = images(&["--bin", "plain_network", "--features", "canary"]);
    let memory = Memory::of(&folder.join("plain_network"));
    assert!(panics(&memory) && !double_arithmetic(&memory).is_empty(), "{:?}", memory.symbols);
}

/// A Cortex-M0 and a RISC-V without floating-point instructions.
#[test]
#[ignore = "needs the targets thumbv6m-none-eabi and riscv32imac-unknown-none-elf"]
fn networks_link_for_processors_without_floats() {
    for target in ["thumbv6m-none-eabi", "riscv32imac-unknown-none-elf"] {
        let built = build_for(
            target,
            "no-panic",
            env!("CARGO_TARGET_TMPDIR"),
            &["--bin", "network", "--features", "diagnose"],
        );
        assert!(built.status.success(), "{target}: {}", String::from_utf8_lossy(&built.stderr));
    }
}
