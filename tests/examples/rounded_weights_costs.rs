//! Instructions of the kernels of MNIST with plain weights in 32, 16 and 8 bits, by flags of the compiler. Prints the tables of
//! `docs/benchmarks.md`, "Rounded weights on the device".
//!
//! ```sh
//! cargo run --release -p more-tests --example rounded_weights_costs
//! ```

use std::path::Path;

use more_tests::device::kernels::{Measured, assert_same_bits, expected_rounded, table_rounded};
use more_tests::device::{Scene, build_firmware, emulate};

/// Flags, and what they are called.
const FLAGS: [(&str, &str); 2] =
    [("", "The target's default flags"), ("-C target-cpu=cortex-m4", "`-C target-cpu=cortex-m4`")];

fn main() {
    // Images of that workspace are built with data, though this one has none.
    let data = tempfile::tempdir().expect("a folder");
    Scene::new(11, 2).write(data.path());
    let scratch = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/firmware");
    let expected = expected_rounded();
    for (flags, called) in FLAGS {
        let scratch = scratch.to_str().expect("a path of text");
        let built = build_firmware(scratch, data.path(), flags, &["--bin", "rounded_weights"]);
        let run = emulate(&built.join("rounded_weights"), "mps2-an386", &[]);
        let measured = Measured::parse(&String::from_utf8(run.line).expect("text"));
        assert_same_bits(&measured, &expected);
        println!("{called}:\n\n{}", table_rounded(&measured, &expected));
    }
}
