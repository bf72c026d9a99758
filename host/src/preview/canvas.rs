//! A grey picture with tiles and text.

use std::convert::Infallible;

use embedded_graphics::Drawable;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_6X12;
use embedded_graphics::pixelcolor::{Gray8, GrayColor};
use embedded_graphics::text::{Baseline, Text};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::error::{Error, Kind};

/// Height of a line of text.
pub(super) const LINE: usize = 14;
/// Width of a letter.
const LETTER: usize = 6;
const PAPER: u8 = 245;
const INK: u8 = 0;

/// A picture of bytes, row by row.
#[derive(Debug)]
pub(super) struct Canvas {
    width: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, pixels: vec![PAPER; width * height] }
    }

    /// Height and width.
    pub(super) fn size(&self) -> [usize; 2] {
        [self.pixels.len() / self.width, self.width]
    }

    /// Writes a line below `top`, cut where it would be wider than `room`. Letters beyond Latin-1 become question marks.
    pub(super) fn write(&mut self, left: usize, top: usize, room: usize, text: &str) {
        let fits: String = text.chars().take(room / LETTER).collect();
        let style = MonoTextStyle::new(&FONT_6X12, Gray8::new(INK));
        let at = Point::new(left as i32, top as i32);
        let Ok(_) = Text::with_baseline(&fits, at, style, Baseline::Top).draw(self);
    }

    /// Copies greys of rows of `width`, each pixel as a square of `zoom`.
    pub(super) fn tile(&mut self, left: usize, top: usize, width: usize, zoom: usize, greys: &[u8]) {
        for (row, greys) in greys.chunks_exact(width).enumerate() {
            for line in 0..zoom {
                let start = (top + row * zoom + line) * self.width + left;
                let pixels = &mut self.pixels[start..start + width * zoom];
                for (square, grey) in pixels.chunks_exact_mut(zoom).zip(greys) {
                    square.fill(*grey);
                }
            }
        }
    }

    /// The picture as a PNG file.
    pub(super) fn png(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let [height, width] = self.size().map(|extent| extent as u32);
        PngEncoder::new(&mut bytes)
            .write_image(&self.pixels, width, height, ExtendedColorType::L8)
            .map_err(|error| Error::new(Kind::Io, "cannot encode the picture").caused_by(error))?;
        Ok(bytes)
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        let [height, width] = Self::size(self);
        Size::new(width as u32, height as u32)
    }
}

impl DrawTarget for Canvas {
    type Color = Gray8;
    type Error = Infallible;

    fn draw_iter<P: IntoIterator<Item = embedded_graphics::Pixel<Gray8>>>(
        &mut self,
        pixels: P,
    ) -> Result<(), Infallible> {
        for embedded_graphics::Pixel(point, grey) in pixels {
            let column = usize::try_from(point.x).ok().filter(|column| *column < self.width);
            if let (Some(column), Ok(row)) = (column, usize::try_from(point.y))
                && let Some(pixel) = self.pixels.get_mut(row * self.width + column)
            {
                *pixel = grey.luma();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_holds_what_was_drawn() {
        let mut canvas = Canvas::new(40, 30);
        canvas.tile(3, 2, 2, 3, &[10, 20, 30, 40]);
        // Wider than its room: four letters.
        canvas.write(8, 12, 25, "MMMMMMMM");
        let read = image::load_from_memory(&canvas.png().unwrap()).unwrap().into_luma8();
        assert_eq!((read.width(), read.height()), (40, 30));
        let at = |x: u32, y: u32| read.get_pixel(x, y).0[0];
        assert_eq!((at(3, 2), at(5, 4), at(6, 4), at(3, 5), at(8, 7)), (10, 10, 20, 30, 40));
        assert_eq!((at(2, 2), at(9, 2), at(3, 8)), (PAPER, PAPER, PAPER));
        let inked: Vec<u32> = (8..40).filter(|x| (12..26).any(|y| at(*x, y) == INK)).collect();
        assert!(inked.first() < Some(&14) && (26..32).contains(inked.last().unwrap()), "{inked:?}");
    }
}
