//! Instructions of the kernels, by flags of the compiler, with what is needed beside them. Prints the tables of `docs/benchmarks.md`,
//! "Firmware", and the constants of `more-nn plan`.
//!
//! ```sh
//! cargo run --release -p more-tests --example kernel_costs
//! ```

use std::path::Path;

use more_tests::device::kernels::{Measured, constants, expected, table};
use more_tests::device::{Scene, build_firmware, emulate};

/// Flags, what they are called, and instructions and cycles of a product with its sum.
const FLAGS: [(&str, &str, (usize, usize)); 2] = [
    ("", "The target's default flags", (1, 3)),
    ("-C target-cpu=cortex-m4", "`-C target-cpu=cortex-m4`", (2, 2)),
];

fn main() {
    // Images of that workspace are built with data, though this one has none.
    let data = tempfile::tempdir().expect("a folder");
    Scene::new(11, 2).write(data.path());
    let scratch = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/firmware");
    let expected = expected();
    for (flags, called, product) in FLAGS {
        let scratch = scratch.to_str().expect("a path of text");
        let built = build_firmware(scratch, data.path(), flags, &["--bin", "kernels"]);
        let run = emulate(&built.join("kernels"), "mps2-an386", &[]);
        // What goes to standard output comes out where the line does.
        let measured = Measured::parse(&String::from_utf8(run.line).expect("text"));
        assert_eq!(measured.len(), expected.len());
        for (device, host) in measured.iter().zip(&expected) {
            assert_eq!(
                (&device.name, device.digest),
                (&host.name, host.digest),
                "other bits than the host's"
            );
        }
        println!("{called}:\n\n{}", table(&measured, &expected, product));
        if flags.is_empty() {
            println!("Constants of `more-nn plan` (host/src/plan.rs):\n");
            for (name, instructions) in constants(&measured, &expected) {
                println!("{name} {instructions:.2}");
            }
            println!();
        }
    }
}
