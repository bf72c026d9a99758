//! Puts the memory map where the linker finds it, and the data of the images (keys, pixels, weights) where they are included
//! from: from the folder `MORE_FIRMWARE_DATA`, which the host's tests fill. Without it they are zeros, so that images link
//! and can be looked at; one that finds no key among the zeros says so when it runs.

use std::path::{Path, PathBuf};
use std::{env, fs};

const DATA: &str = "MORE_FIRMWARE_DATA";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy("memory.x", out.join("memory.x")).expect("memory.x can be copied");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rerun-if-changed=memory.x");

    println!("cargo:rerun-if-env-changed={DATA}");
    let data = env::var_os(DATA);
    for (name, length) in more_scene::FILES {
        let bytes = match &data {
            Some(folder) => {
                let path = Path::new(folder).join(name);
                println!("cargo:rerun-if-changed={}", path.display());
                fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            }
            None => vec![0; length],
        };
        fs::write(out.join(name), bytes).expect("the build's folder can be written");
    }
}
