//! DICOM files: one frame of each, as grey values in [0, 1].

mod contrast;
mod guard;
mod values;

use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use dicom_object::{DefaultDicomObject, OpenFileOptions, Tag};
use dicom_pixeldata::PixelDecoder;
use rayon::prelude::*;

use super::listing::Item;
use super::picture::Picture;
use crate::dataset::{Frame, Options, Window};
use crate::error::{Error, Kind};
use crate::interrupt;

const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
const NUMBER_OF_FRAMES: Tag = Tag(0x0028, 0x0008);

/// Whether a file begins as a DICOM file does, or is called one. A DICOMDIR, an index of other files, is none.
pub(super) fn looks_like_one(path: &Path) -> Result<bool, Error> {
    if path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR")) {
        return Ok(false);
    }
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("dcm")) {
        return Ok(true);
    }
    let mut file = std::fs::File::open(path).map_err(|error| Error::io(path, "open", error))?;
    let mut start = [0; 132];
    match file.read_exact(&mut start) {
        Ok(()) => Ok(&start[128..] == b"DICM"),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(Error::io(path, "read", error)),
    }
}

/// Takes the patients that no table names from the files.
pub(super) fn read_patients(items: &mut [Item]) -> Result<(), Error> {
    items.par_iter_mut().filter(|item| item.patient.is_none()).try_for_each(|item| {
        interrupt::check()?;
        // A missing file of another part is none of this run's business; one of this part is reported later.
        if !item.path.is_file() {
            return Ok(());
        }
        let object = open(&item.path, Some(PIXEL_DATA))?;
        item.patient = text(&object, PATIENT_ID).filter(|id| !id.is_empty());
        Ok(())
    })
}

/// Reads a file up to a tag, or all of it.
fn open(path: &Path, until: Option<Tag>) -> Result<DefaultDicomObject, Error> {
    let options = match until {
        Some(tag) => OpenFileOptions::new().read_until(tag),
        None => OpenFileOptions::new(),
    };
    options
        .open_file(path)
        .map_err(|error| Error::new(Kind::Malformed, "no readable DICOM file").at(path).caused_by(error))
}

fn text(object: &DefaultDicomObject, tag: Tag) -> Option<String> {
    object.get(tag)?.to_str().ok().map(|text| text.trim_matches([' ', '\0']).to_owned())
}

/// How DICOM files are read, and which frame was found to be the one to take.
#[derive(Debug)]
pub(super) struct Decoder {
    frame: Frame,
    window: Window,
    /// For each file: looking for contrast means to decode all frames.
    chosen: Vec<OnceLock<u32>>,
}

impl Decoder {
    pub(super) fn new(options: &Options, files: usize) -> Self {
        let chosen = (0..files).map(|_| OnceLock::new()).collect();
        Self { frame: options.frame, window: options.window, chosen }
    }

    /// Reads the frame of file `index`.
    ///
    /// # Errors
    /// [`Kind::Malformed`] for a file that cannot be decoded, or in a transfer syntax or photometric interpretation that is not
    /// known; [`Kind::Missing`] for a frame that it does not have.
    pub(super) fn read(&self, index: usize, path: &Path) -> Result<Picture, Error> {
        let object = open(path, None)?;
        let frames = match text(&object, NUMBER_OF_FRAMES) {
            None => 1,
            Some(text) => text.parse().ok().filter(|frames| *frames > 0).ok_or_else(|| {
                let message = format!("the number of frames is `{text}`");
                Error::new(Kind::Malformed, message).at(path)
            })?,
        };
        let frame = match self.frame {
            Frame::Middle => frames / 2,
            Frame::Number(number) if number <= frames => number - 1,
            Frame::Number(number) => {
                let message = format!("frame {number} is asked for, the file has {frames}");
                return Err(Error::new(Kind::Missing, message).at(path));
            }
            Frame::Contrast => match self.chosen[index].get() {
                Some(frame) => *frame,
                None => {
                    let frame = self.highest_contrast(&object, frames, path)?;
                    *self.chosen[index].get_or_init(|| frame)
                }
            },
        };
        self.decode(&object, frame, path)
    }

    fn highest_contrast(&self, object: &DefaultDicomObject, frames: u32, path: &Path) -> Result<u32, Error> {
        let measure = |frame| {
            interrupt::check()?;
            Ok((contrast::of(&self.decode(object, frame, path)?), frame))
        };
        let measured = (0..frames).into_par_iter().map(measure).collect::<Result<Vec<_>, Error>>()?;
        // The first of equals.
        let best = measured.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best });
        Ok(best.map_or(0, |(_, frame)| frame))
    }

    fn decode(&self, object: &DefaultDicomObject, frame: u32, path: &Path) -> Result<Picture, Error> {
        let at = |error: Error| error.at(path).position(format!("frame {}", frame + 1));
        let damaged = || Error::new(Kind::Malformed, "the pixel data cannot be decoded");
        let pixels = guard::caught(|| object.decode_pixel_data_frame(frame))
            .ok_or_else(|| at(damaged()))?
            .map_err(|error| at(damaged().caused_by(error)))?;
        values::picture(object, &pixels, self.window).map_err(at)
    }
}
