//! Folders that appear complete or not at all.

use std::fs;
use std::path::Path;

use crate::error::{Error, Kind};

/// Writes files, named by their paths in the folder, and then gives the folder its name.
///
/// # Errors
/// [`Kind::Exists`] where something is at `out`; [`Kind::Io`]. Nothing is left then.
pub(super) fn write(out: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Error> {
    if fs::symlink_metadata(out).is_ok() {
        return Err(Error::new(Kind::Exists, "there is something here already")
            .at(out)
            .with_hint("choose another name, or remove it first"));
    }
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".more-nn-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    let temporary = builder.tempdir_in(parent).map_err(|error| {
        Error::io(out, "create the folder", error).with_hint("check that the folder above it exists")
    })?;
    for (name, bytes) in files {
        let path = temporary.path().join(name);
        let folder = path.parent().unwrap_or(temporary.path());
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes));
        written.map_err(|error| Error::io(out.join(name), "write", error))?;
    }
    fs::rename(temporary.path(), out).map_err(|error| Error::io(out, "rename the finished folder", error))?;
    // What it would remove has another name now.
    let _ = temporary.keep();
    Ok(())
}
