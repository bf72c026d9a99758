//! Decoding of PNG, JPEG, PGM and TIFF.

use std::path::Path;

use image::{DynamicImage, ImageReader};

use super::picture::Picture;
use crate::error::{Error, Kind};

/// Reads an image as grey values: 8 bits over 255, 16 bits over 65,535. Colours become their luma, transparency is ignored.
///
/// # Errors
/// [`Kind::Io`]; [`Kind::Malformed`] for a file that cannot be decoded; [`Kind::NonFinite`] and [`Kind::Malformed`] for a
/// floating-point TIFF with values outside [0, 1].
pub(super) fn read(path: &Path) -> Result<Picture, Error> {
    let reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|error| Error::io(path, "open", error))?;
    let image = reader.decode().map_err(|error| {
        Error::new(Kind::Malformed, "no readable PNG, JPEG, PGM or TIFF").at(path).caused_by(error)
    })?;
    let (height, width) = (image.height() as usize, image.width() as usize);
    if height == 0 || width == 0 {
        return Err(Error::new(Kind::Malformed, "the image has no pixel").at(path));
    }
    let color = image.color();
    let values = match image {
        DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_) => {
            let values = image.to_luma32f().into_raw();
            super::check_values(&values).map_err(|error| error.at(path))?;
            values
        }
        _ if color.bytes_per_pixel() / color.channel_count() == 2 => {
            image.into_luma16().into_raw().into_iter().map(|value| f32::from(value) / 65_535.0).collect()
        }
        _ => image.into_luma8().into_raw().into_iter().map(|value| f32::from(value) / 255.0).collect(),
    };
    Ok(Picture { height, width, values })
}
