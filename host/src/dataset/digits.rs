//! Drawn digits: a data set made on the spot, for demonstrations and tests without any file.
//!
//! A digit is a few strokes of a pen ([`strokes`]), distorted as handwriting is and drawn with a round pen of random
//! width ([`pen`]). Image `i` depends on the seed, the part of the data set and `i` alone, so that any thread may draw
//! it, and on no function of the platform's own mathematics library, so that it is the same everywhere.

mod pen;
mod strokes;

use rayon::prelude::*;

use super::Split;
use super::random::Random;
use crate::error::Error;
use crate::interrupt;

/// The seed of `digits` where none is given.
pub const DEFAULT_SEED: u64 = 20;
/// Images of the training part where no number is given.
pub(super) const DEFAULT_TRAIN: usize = 10_000;
/// Images of the test part where no number is given.
pub(super) const DEFAULT_TEST: usize = 2_000;
/// Height and width in pixels.
pub(super) const SIDE: usize = 28;

const PIXELS: usize = SIDE * SIDE;

/// Draws the first `count` images of a part: pixels row by row, and labels.
pub(super) fn draw(seed: u64, split: Split, count: usize) -> Result<(Vec<u8>, Vec<u32>), Error> {
    let mut pixels = vec![0; count * PIXELS];
    let mut labels = vec![0; count];
    let part = match split {
        Split::Train => 0,
        Split::Val => 1 << 62,
        Split::Test => 1 << 63,
        Split::All => {
            return Err(Error::usage("digits are drawn for train, val or test, not for all at once"));
        }
    };
    pixels.par_chunks_mut(PIXELS).zip(&mut labels).enumerate().try_for_each(|(index, (image, label))| {
        if index % 1024 == 0 {
            interrupt::check()?;
        }
        let mut random = Random::new(seed, part + index as u64);
        let digit = random.below(10);
        *label = digit as u32;
        draw_one(digit, &mut random, image);
        Ok::<(), Error>(())
    })?;
    Ok((pixels, labels))
}

fn draw_one(digit: usize, random: &mut Random, image: &mut [u8]) {
    let strokes = strokes::write(digit, random);
    let distortion = pen::Distortion::draw(random);
    let ink = pen::draw(&strokes, &distortion, random);
    let noise = random.between(0.01, 0.05);
    for (pixel, ink) in image.iter_mut().zip(ink) {
        // Noise where there is ink or speckle; clipping keeps most of the paper white, as a scanner does.
        let value = ink + noise * random.normal();
        *pixel = (libm::roundf(value * 255.0)).clamp(0.0, 255.0) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_depends_on_seed_part_and_index_alone() {
        let (few, few_labels) = draw(1, Split::Train, 10).unwrap();
        let (many, many_labels) = draw(1, Split::Train, 50).unwrap();
        assert_eq!(few, many[..few.len()]);
        assert_eq!(few_labels, many_labels[..10]);
        assert_ne!(draw(2, Split::Train, 10).unwrap().0, few);
        assert_ne!(draw(1, Split::Test, 10).unwrap().0, few);
    }

    #[test]
    fn classes_are_balanced_and_images_have_ink_away_from_the_border() {
        let (pixels, labels) = draw(DEFAULT_SEED, Split::Train, 5_000).unwrap();
        for digit in 0..10 {
            let count = labels.iter().filter(|&&label| label == digit).count();
            // Binomial(5000, 1/10) has deviation 21.2: five of them.
            assert!(count.abs_diff(500) < 106, "{count} of {digit}");
        }
        for (index, image) in pixels.chunks_exact(PIXELS).enumerate() {
            // The thinnest stroke is one pixel wide and 14 long, the thickest 4 wide and some 60 long.
            let ink = image.iter().map(|&pixel| f32::from(pixel) / 255.0).sum::<f32>();
            assert!((10.0..260.0).contains(&ink), "image {index} has ink for {ink} pixels");
            let inside = (1..SIDE - 1).flat_map(|row| &image[row * SIDE + 1..][..SIDE - 2]);
            let border = ink - inside.map(|&pixel| f32::from(pixel) / 255.0).sum::<f32>();
            assert!(border < 0.1 * ink, "image {index} has {border} of {ink} on the border");
        }
    }

    #[test]
    fn pixels_are_pinned() {
        let (pixels, labels) = draw(DEFAULT_SEED, Split::Test, 8).unwrap();
        assert_eq!((crc32fast::hash(&pixels), labels), (PINNED.0, PINNED.1.to_vec()));
    }

    /// From this generator itself (x86-64), to show that other platforms draw the same.
    const PINNED: (u32, [u32; 8]) = (1_507_079_375, [8, 1, 8, 6, 9, 3, 9, 3]);
}
