//! Data sets that are files, made by the tests: images, arrays, DICOM.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod arrays;
mod dicom;
mod images;
mod real;

use std::path::{Path, PathBuf};

use more_nn::Error;
use more_nn::dataset::{Dataset, Options, Split};

/// A folder that is removed in the end.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }
}

/// Opens `kind:name` of the folder.
fn open(folder: &Folder, kind: &str, name: &str, options: &Options, split: Split) -> Result<Dataset, Error> {
    let source = format!("{kind}:{}", folder.path(name).display()).parse()?;
    Dataset::open(&source, options, split, None)
}

/// All pixels.
fn pixels(data: &Dataset) -> Result<Vec<f32>, Error> {
    let mut out = vec![0.0; data.len() * data.image_len()];
    data.read_images(0..data.len(), &mut out)?;
    Ok(out)
}

/// Expects an error that says all of `texts`.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, texts: &[&str]) {
    let error = result.unwrap_err();
    let said = format!("{error}; {}", error.hint().unwrap_or_default());
    for text in texts {
        assert!(said.contains(text), "`{text}` is not in: {said}");
    }
}
