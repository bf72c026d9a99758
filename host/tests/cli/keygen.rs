use super::harness::Folder;
use more_nn::key_file::{EvaluationKeyFile, SecretKeyFile};

#[test]
fn no_arguments_print_help() {
    let outcome = Folder::new().run(&[]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("Usage: more-nn"), "{outcome:?}");
    let help = Folder::new().succeeds(&["--help"]);
    for command in ["keygen", "encrypt", "decrypt"] {
        assert!(help.contains(command), "{help}");
    }
}

#[test]
fn a_pair_of_keys_is_made_and_never_overwritten_unasked() {
    let folder = Folder::new();
    let fields = folder.json(&["keygen", "--out", "KEY", "--lanes", "3", "--scalar", "f64"]);
    let secret = SecretKeyFile::read(&folder.path("KEY")).unwrap();
    let evaluation = EvaluationKeyFile::read(&folder.path("KEY.eval")).unwrap();
    assert_eq!(fields["key_id"], secret.id().to_string());
    assert_eq!((secret.id(), secret.lanes(), fields["lanes"].as_u64()), (evaluation.id(), 3, Some(3)));
    secret.decode::<f64, 3>().unwrap().message_lane(&evaluation.decode().unwrap()).unwrap();
    folder.fails(1, &["keygen", "--out", "KEY"], &["KEY: the file exists already", "--force"]);
    folder.write("NEW.eval", b"precious");
    folder.fails(1, &["keygen", "--out", "NEW"], &["NEW.eval: the file exists already"]);
    folder.succeeds(&["keygen", "--out", "KEY", "--force"]);
    assert_ne!(SecretKeyFile::read(&folder.path("KEY")).unwrap().id(), secret.id());
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_secret_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with_key();
    let mode = |name| std::fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("KEY"), 0o600);
    assert_ne!(mode("KEY.eval") & 0o044, 0);
}

#[test]
fn a_seed_makes_the_same_key_and_none_makes_another() {
    let folder = Folder::new();
    for (name, seed) in [("a", Some("7")), ("b", Some("7")), ("c", Some("8")), ("d", None), ("e", None)] {
        let mut arguments = vec!["keygen", "--out", name];
        arguments.extend(seed.iter().flat_map(|seed| ["--seed", seed]));
        folder.succeeds(&arguments);
    }
    assert_eq!(folder.read("a"), folder.read("b"));
    assert_eq!(folder.read("a.eval"), folder.read("b.eval"));
    for (one, other) in [("a", "c"), ("a", "d"), ("d", "e")] {
        assert_ne!(folder.read(one), folder.read(other));
    }
}

#[test]
fn wrong_usage_has_exit_code_2() {
    let folder = Folder::new();
    for arguments in [
        &["keygen"][..],
        &["keygen", "--out", "KEY", "--lanes", "9"],
        &["keygen", "--out", "KEY", "--lanes", "1"],
        &["keygen", "--out", "KEY", "--scalar", "f16"],
        &["keygen", "--out", "KEY", "--seed", "x"],
        &["fly"],
    ] {
        folder.fails(2, arguments, &["--help"]);
    }
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let folder = Folder::new();
    folder.fails(1, &["keygen", "--out", "no/KEY"], &["no/KEY: cannot create", "folder"]);
    std::fs::create_dir(folder.path("dir")).unwrap();
    folder.fails(1, &["keygen", "--out", "dir"], &["dir: ", "regular file"]);
}
