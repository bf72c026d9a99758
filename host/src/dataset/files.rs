//! Data sets that are files: images, DICOM, arrays.

mod arrays;
mod decode;
mod dicom;
mod listing;
pub mod partition;
mod picture;
mod table;

use std::sync::Arc;

use listing::{Item, Listing};
use picture::Picture;

use super::{Dataset, Fit, Options, Pixels, ReadImage, Source, Split};
use crate::error::{Error, Kind};

/// Opens a part of a source that consists of files, at most `limit` images of it.
pub(super) fn open(source: &Source, options: &Options, split: Split, limit: usize) -> Result<Dataset, Error> {
    if options.size.is_some_and(|size| size.contains(&0)) {
        return Err(Error::usage("the size must be at least 1"));
    }
    match source {
        Source::Npz(path) | Source::Safetensors(path) => arrays::open(source, path, options, split, limit),
        _ => open_listed(source, options, split, limit),
    }
}

fn open_listed(source: &Source, options: &Options, split: Split, limit: usize) -> Result<Dataset, Error> {
    let listing = Listing::of(source, options)?;
    let items = select(&listing, source, split, limit)?;
    let labels: Vec<u32> = items.iter().filter_map(|item| item.label).collect();
    let patients = items.iter().map(|item| item.patient.clone()).collect();
    for item in &items {
        if !item.path.is_file() {
            let error = Error::new(Kind::Missing, format!("there is no file {}", item.path.display()));
            return Err(match (&listing.table, item.line) {
                (Some(table), Some(line)) => error.at(table.path()).position(format!("line {line}")),
                _ => error,
            });
        }
    }
    let decoder = match source {
        Source::Dicom(_) => Decoder::Dicom(dicom::Decoder::new(options, items.len())),
        _ => Decoder::Image,
    };
    let count = items.len();
    let paths = items.into_iter().map(|item| item.path).collect();
    let mut files = Files { paths, decoder, size: [0; 2], fit: options.fit, is_sized: false };
    (files.size, files.is_sized) = match options.size {
        Some(size) => (size, true),
        None => {
            let first = files.decode(0)?;
            ([first.height, first.width], false)
        }
    };
    let shape = [1, files.size[0], files.size[1]];
    let pixels = Pixels::Read(Arc::new(files));
    Ok(Dataset { shape, classes: listing.classes, pixels, count, labels, patients })
}

/// The items of a part.
fn select(listing: &Listing, source: &Source, split: Split, limit: usize) -> Result<Vec<Item>, Error> {
    let is_in = |item: &&Item| split == Split::All || item.split == Some(split);
    let found: Vec<Item> = listing.items.iter().filter(is_in).take(limit).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let parts: Vec<&str> = Split::PARTS
        .iter()
        .filter(|part| listing.items.iter().any(|item| item.split == Some(**part)))
        .map(|part| part.name())
        .collect();
    let error = if parts.is_empty() {
        Error::new(Kind::Missing, format!("`{source}` is not split, the part `{split}` is asked for"))
            .with_hint("take everything with --split all, or split it with `more-nn split`")
    } else {
        let message = format!("`{source}` has no part `{split}`, it has {}", parts.join(" and "));
        Error::new(Kind::Missing, message)
    };
    Err(match &listing.table {
        Some(table) => error.at(table.path()),
        None => error,
    })
}

/// Image files, decoded one by one.
#[derive(Debug)]
struct Files {
    paths: Vec<std::path::PathBuf>,
    decoder: Decoder,
    /// Height and width.
    size: [usize; 2],
    fit: Fit,
    /// Whether the size was asked for; otherwise all images must have it.
    is_sized: bool,
}

#[derive(Debug)]
enum Decoder {
    Image,
    Dicom(dicom::Decoder),
}

impl Files {
    fn decode(&self, index: usize) -> Result<Picture, Error> {
        let path = &self.paths[index];
        match &self.decoder {
            Decoder::Image => decode::read(path),
            Decoder::Dicom(decoder) => decoder.read(index, path),
        }
    }
}

impl ReadImage for Files {
    fn read_image(&self, index: usize, out: &mut [f32]) -> Result<(), Error> {
        let picture = self.decode(index)?;
        let [height, width] = self.size;
        if !self.is_sized && (picture.height, picture.width) != (height, width) {
            let message = format!(
                "{}x{} pixels (height, width), expected {height}x{width} as the first image has",
                picture.height, picture.width
            );
            let error = Error::new(Kind::Shape, message).at(&self.paths[index]);
            return Err(error.with_hint("give a --size that all images are brought to"));
        }
        picture.fit(self.size, self.fit, out);
        Ok(())
    }
}

/// Checks that values are in [0, 1].
fn check_values(values: &[f32]) -> Result<(), Error> {
    match values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        None => Ok(()),
        Some(value) if !value.is_finite() => {
            Err(Error::new(Kind::NonFinite, format!("the value {value} is not finite")))
        }
        Some(value) => Err(Error::new(Kind::Malformed, format!("the value {value} is not in [0, 1]"))
            .with_hint("divide floating-point images by their largest value, or keep bytes")),
    }
}
