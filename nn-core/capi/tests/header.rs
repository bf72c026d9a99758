//! `more_nn.h` is what `cbindgen` makes of the sources.

use std::path::Path;
use std::{env, fs};

/// With `MORE_NN_WRITE_HEADER=1` it writes the header instead.
#[test]
fn the_header_is_the_generated_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config =
        cbindgen::Config::from_file(folder.join("cbindgen.toml")).expect("the configuration is valid");
    let bindings = cbindgen::generate_with_config(folder, config).expect("the sources can be parsed");
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).expect("text");

    let path = folder.join("more_nn.h");
    if env::var_os("MORE_NN_WRITE_HEADER").is_some() {
        fs::write(&path, &generated).expect("the header can be written");
    }
    let committed = fs::read_to_string(&path).expect("the header is in the repository");
    assert!(
        committed == generated,
        "more_nn.h is out of date: MORE_NN_WRITE_HEADER=1 cargo test -p more-nn-capi --test header"
    );
}
