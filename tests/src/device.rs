//! Builds and runs what is for devices, in the workspaces of its own below this crate's folder.

mod image;
pub mod kernels;
pub mod scene;

pub use image::Memory;
pub use scene::Scene;

use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The target of a Cortex-M4F.
pub const TARGET: &str = "thumbv7em-none-eabihf";

/// Firmware ends within seconds; one that hangs never does.
const RUN_LIMIT: Duration = Duration::from_secs(120);

/// Cargo in that workspace; `scratch` is the test's `CARGO_TARGET_TMPDIR`, where the builds are kept.
fn cargo(workspace: &str, scratch: &str) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(workspace));
    command.env("CARGO_TARGET_DIR", Path::new(scratch).join(workspace));
    // What several of these builds need is built once.
    command.env("CARGO_BUILD_BUILD_DIR", Path::new(scratch).join("build"));
    // What the host's build is told is not for devices.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    command
}

/// Builds in that workspace, for a device and in release, with further arguments.
///
/// # Panics
///
/// If cargo cannot be started.
pub fn build(workspace: &str, scratch: &str, arguments: &[&str]) -> Output {
    build_for(TARGET, workspace, scratch, arguments)
}

/// [`build`], for another target.
///
/// # Panics
///
/// If cargo cannot be started.
pub fn build_for(target: &str, workspace: &str, scratch: &str, arguments: &[&str]) -> Output {
    cargo(workspace, scratch)
        .args(["build", "--release", "--target", target])
        .args(arguments)
        .output()
        .expect("cargo can be started")
}

/// Builds binaries of `firmware` with the data of that folder and these flags of the compiler, and returns where they are.
///
/// # Panics
///
/// If they do not build.
pub fn build_firmware(scratch: &str, data: &Path, flags: &str, arguments: &[&str]) -> PathBuf {
    let built = cargo("firmware", scratch)
        .args(["build", "--release", "--target", TARGET])
        .args(arguments)
        .env("MORE_FIRMWARE_DATA", data)
        .env("RUSTFLAGS", flags)
        .output()
        .expect("cargo can be started");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Path::new(scratch).join("firmware").join(TARGET).join("release")
}

/// What came of a run of firmware.
#[derive(Debug)]
pub struct Run {
    /// What it said through the debugger.
    pub report: String,
    /// What it sent over its serial line.
    pub line: Vec<u8>,
}

impl Run {
    /// The numbers of the lines with that name.
    ///
    /// # Panics
    ///
    /// If one is no number.
    #[must_use]
    pub fn numbers(&self, name: &str) -> Vec<Vec<u64>> {
        let lines = self.report.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(','));
        lines.map(|line| line.split(',').map(|number| number.parse().expect("a number")).collect()).collect()
    }
}

/// Runs an image on that machine of QEMU's; `input` comes over the serial line.
///
/// # Panics
///
/// If QEMU is missing, or the run does not end in time with exit status 0.
#[must_use]
pub fn emulate(image: &Path, machine: &str, input: &[u8]) -> Run {
    // A file, since a pipe would have to be filled while another is emptied.
    let mut line = tempfile::tempfile().expect("a file");
    line.write_all(input).and_then(|()| line.rewind()).expect("a file can be written");
    let mut command = Command::new("qemu-system-arm");
    command.args(["-machine", machine, "-display", "none", "-monitor", "none", "-icount", "shift=8"]);
    command.args(["-semihosting-config", "enable=on,target=native"]);
    command.args(["-chardev", "stdio,id=line,signal=off", "-serial", "chardev:line", "-kernel"]).arg(image);
    command.stdin(line).stdout(Stdio::piped()).stderr(Stdio::piped());
    let [line, report] = watch(command, &format!("{} on {machine}", image.display()));
    Run { report: String::from_utf8_lossy(&report).into_owned(), line }
}

/// Builds that binary of `firmware`, runs it under QEMU, and returns what it printed.
///
/// # Panics
///
/// If it does not build, QEMU is missing, or it does not end in time with exit status 0.
pub fn run_firmware(scratch: &str, binary: &str) -> String {
    let built = build("firmware", scratch, &["--bin", binary]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    // On Unix cargo becomes the emulator, which can therefore be ended.
    let mut command = cargo("firmware", scratch);
    command.args(["run", "--quiet", "--release", "--bin", binary]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let [text, _] = watch(command, binary);
    String::from_utf8(text).expect("text")
}

/// Runs an emulator to its end, and returns what it wrote to those of standard output and error that are pipes.
fn watch(mut command: Command, name: &str) -> [Vec<u8>; 2] {
    let mut process =
        command.spawn().unwrap_or_else(|error| panic!("{name}: {error}; is qemu-system-arm there?"));
    let readers = [read(process.stdout.take()), read(process.stderr.take())];
    let start = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().expect("the process can be waited for") {
            break Some(status);
        }
        if start.elapsed() > RUN_LIMIT {
            process.kill().expect("the process can be ended");
            process.wait().expect("the process can be waited for");
            break None;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let written = readers.map(|reader| reader.join().expect("no panic").expect("a pipe can be read"));
    assert!(
        status.is_some_and(|status| status.success()),
        "{name} under qemu-system-arm: {status:?}\n{}",
        String::from_utf8_lossy(&written.concat())
    );
    written
}

/// Reads a pipe, where there is one, to its end.
fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    })
}
