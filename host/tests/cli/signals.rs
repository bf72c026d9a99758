//! Interrupted runs, and readers that go away.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::harness::Folder;

/// Drawing this many digits takes minutes.
const ENDLESS: &str = "digits:2000000";

#[test]
fn an_interrupted_run_ends_with_130_and_leaves_nothing() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::with_key();
        let before = folder.contents();
        let arguments =
            ["encrypt", "--key", "KEY", "--data", ENDLESS, "--split", "train", "--out", "out.more"];
        let mut child = folder.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
        // Time to install the handler; should it not be there yet, the process dies by the signal and the test fails.
        std::thread::sleep(Duration::from_secs(1));
        let status =
            Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let start = Instant::now();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(130));
        assert!(start.elapsed() < Duration::from_secs(5), "took {:?} to stop", start.elapsed());
        assert!(before == folder.contents());
    }
}

#[test]
fn an_interrupted_encryption_removes_its_temporary_file() {
    let folder = Folder::with_key();
    let before = folder.contents();
    let arguments =
        ["encrypt", "--key", "KEY", "--data", "digits:40000", "--split", "train", "--out", "out.more"];
    let mut child = folder.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let writes = || {
        let names = std::fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        names.into_iter().any(|name| name.to_string_lossy().ends_with(".part"))
    };
    let start = Instant::now();
    while !writes() {
        assert!(start.elapsed() < Duration::from_secs(120), "no temporary file appeared");
        assert!(child.try_wait().unwrap().is_none(), "ended before it could be interrupted");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(before == folder.contents());
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = Folder::with_key();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = folder.command(&["--json", "keygen", "--out", "NEW"]).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(folder.path("NEW").exists());
    assert!(!String::from_utf8(output.stderr).unwrap().contains("error"));
}
