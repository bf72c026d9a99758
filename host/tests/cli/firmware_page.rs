//! `docs/firmware.md`: makes the project that it describes, in an empty folder, and runs every command in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A block of the page: the words behind its fence, and its lines.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(words), None) => open = Some((words.to_owned(), String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block without an end");
    blocks
}

#[test]
#[ignore = "needs qemu-system-arm, arm-none-eabi-gcc with newlib and the target thumbv7em-none-eabihf"]
fn every_command_of_the_firmware_page_works_from_an_empty_folder() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = fs::read_to_string(repository.join("docs/firmware.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_more-nn")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());

    // One shell for all commands, as a reader would have; files are written where they come up.
    let mut script = String::from("set -eux\n");
    let mut files = 0;
    for (words, text) in blocks(&page) {
        match words.strip_prefix("sh") {
            Some("") => script.push_str(&text),
            _ => {
                let name = words.split_once("file=").expect("a command or a file").1;
                let source: PathBuf = folder.path().join(format!("block-{files}"));
                fs::write(&source, text.replace("MORE/", &format!("{}/", repository.display()))).unwrap();
                script.push_str(&format!("cp {} {name}\n", source.display()));
                files += 1;
            }
        }
    }
    assert!(files > 8, "{files} files");
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("MORE", repository)
        // As from a shell of its own, and not this test's build.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("CARGO_TARGET_DIR")
        // What these tests build, too, is built once; tests of devices link beside them. Programs are where the page says.
        .env("CARGO_BUILD_BUILD_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-host"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");

    let classes = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        text.lines().map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(classes("device.csv"), ["class", "1"]);
}
