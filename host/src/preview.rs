//! Contact sheets: images of a data set side by side, with labels; of ciphertexts what a service sees, every lane.

mod canvas;
mod entries;

use std::path::Path;

use crate::augmentation::Augmentation;
use crate::components::Scalar;
use crate::error::Error;
use crate::key_file::SecretKeyFile;
use crate::output_file::{Access, OutputFile};
use crate::samples::Input;
use canvas::{Canvas, LINE};

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The first image, from 0.
    pub first: usize,
    /// How many; fewer where the data set ends.
    pub count: usize,
    /// Show copies 1 to 3 beside each image.
    pub augmentation: Option<Augmentation>,
    /// Names the message's lane, which a service does not know.
    pub key: Option<&'a SecretKeyFile>,
}

/// A contact sheet, and what the lanes' values were before they became greys.
#[derive(Debug)]
pub struct Sheet {
    canvas: Canvas,
    /// Least and greatest value of the images shown, for each lane; of plain data `[0, 1]`, which is shown as it is.
    pub ranges: Vec<[f64; 2]>,
    /// Images on the sheet.
    pub count: usize,
}

/// Augmented copies that are shown.
const COPIES: usize = 3;
/// Small images are enlarged to about this, in pixels.
const TILE: usize = 112;
/// The sheet's width, about.
const WIDTH: usize = 1500;
/// Between tiles.
const GAP: usize = 4;
/// Most pixels of a sheet: some 8 million are more than anybody looks at.
const MAXIMUM_PIXELS: usize = 1 << 27;

/// One image with its copies, lane by lane.
struct Entry {
    /// For each lane.
    captions: Vec<String>,
    /// `[lane][copy]`, greys row by row.
    tiles: Vec<Vec<Vec<u8>>>,
}

impl Sheet {
    /// Draws the images of `input`.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) where no image is in the range or the sheet would be too large; [`Kind::Key`](crate::Kind::Key)
    /// for a key that is not the data's; reading errors.
    pub fn draw<T: Scalar>(input: &Input, options: &Options<'_>) -> Result<Self, Error> {
        let (entries, ranges) = entries::read::<T>(input, options)?;
        let [_, height, width] = input.shape();
        let zoom = (TILE / height.max(width)).max(1);
        let (high, wide) = (height * zoom, width * zoom);
        let columns = if options.augmentation.is_some() { 1 + COPIES } else { 1 };
        let entry = (columns * (wide + GAP) + 2 * GAP, ranges.len() * (high + LINE + GAP) + GAP);
        let across = (WIDTH / entry.0).clamp(1, entries.len());
        let down = entries.len().div_ceil(across);
        let pixels =
            (across * entry.0).checked_mul(down * entry.1).filter(|pixels| *pixels <= MAXIMUM_PIXELS);
        if pixels.is_none() {
            return Err(Error::usage("the sheet would be too large").with_hint("show fewer images: --count"));
        }
        let mut canvas = Canvas::new(across * entry.0, down * entry.1);
        for (index, item) in entries.iter().enumerate() {
            let (left, top) = (index % across * entry.0 + GAP, index / across * entry.1 + GAP);
            for (lane, (caption, tiles)) in item.captions.iter().zip(&item.tiles).enumerate() {
                let top = top + lane * (high + LINE + GAP);
                canvas.write(left, top, columns * (wide + GAP), caption);
                for (column, tile) in tiles.iter().enumerate() {
                    canvas.tile(left + column * (wide + GAP), top + LINE, width, zoom, tile);
                }
            }
        }
        Ok(Self { canvas, ranges, count: entries.len() })
    }

    /// Height and width in pixels.
    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        self.canvas.size()
    }

    /// Writes the sheet as PNG.
    ///
    /// # Errors
    /// Writing errors; nothing is left then.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut file = OutputFile::create(path, Access::Shared, true)?;
        file.write(&self.canvas.png().map_err(|error| error.at(path))?)?;
        file.commit()
    }
}
