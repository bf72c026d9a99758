//! A command's files must be different ones: what is written would replace what is read.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use more_nn::error::Error;

/// Fails where a file that is written is one that is read, or is written twice; each comes with its option.
///
/// # Errors
/// [`Kind::Usage`](more_nn::Kind::Usage), naming both options.
pub(super) fn check(read: &[(&str, Option<&Path>)], written: &[(&str, Option<&Path>)]) -> Result<(), Error> {
    let given = |files: &[(&str, Option<&Path>)]| -> Vec<(String, PathBuf)> {
        files.iter().filter_map(|&(option, path)| Some((option.to_owned(), identity(path?)))).collect()
    };
    let mut known: HashMap<PathBuf, String> =
        given(read).into_iter().map(|(option, path)| (path, option)).collect();
    for (option, path) in given(written) {
        if let Some(other) = known.insert(path.clone(), option.clone()) {
            let error = Error::usage(format!("{other} and {option} are the same file")).at(&path);
            return Err(error.with_hint("give what is written a name of its own"));
        }
    }
    Ok(())
}

/// One path for a file, by whichever name it is called; it need not exist.
fn identity(path: &Path) -> PathBuf {
    let found = path.canonicalize().ok();
    found
        .or_else(|| {
            let folder = path.parent().filter(|folder| *folder != OsStr::new("")).unwrap_or(Path::new("."));
            Some(folder.canonicalize().ok()?.join(path.file_name()?))
        })
        .unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::check;
    use more_nn::error::Kind;

    #[test]
    fn files_are_told_apart_by_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (data, model) = (folder.path().join("data"), folder.path().join("model"));
        std::fs::write(&data, "").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        let again = folder.path().join("folder/../data");
        let differ = |read, written: &[_]| check(&[("--data", Some(read))], written);
        assert!(differ(&data, &[("--out", Some(&model)), ("--metrics", None)]).is_ok());
        for other in [&data, &again] {
            let error = differ(&data, &[("--out", Some(other))]).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(error.to_string().contains("--data and --out"), "{error}");
        }
        // Neither is there yet.
        let model_again = folder.path().join("folder/../model");
        let written = [("--out", Some(model.as_path())), ("--metrics", Some(&model_again))];
        assert!(differ(&data, &written).unwrap_err().to_string().contains("--out and --metrics"));
    }
}
