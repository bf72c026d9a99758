//! How much contrast agent a frame shows.

use crate::dataset::Fit;
use crate::dataset::files::picture::Picture;

/// Frames are measured at this height and width, so that quantum noise averages out.
const SIDE: usize = 128;
/// Half the side of the window that a pixel's surroundings are: an eighth of the frame, wider than any coronary vessel.
const RADIUS: usize = SIDE / 16;

/// The mean over the pixels of `max(0, b - x)`, where `x` is the pixel and `b` the mean of a square window around it (an
/// eighth of the frame wide, cut at the border): how much darker narrow structures are than what surrounds them. Vessels
/// filled with contrast agent are dark; ribs, catheter and noise are in all frames of a run alike.
pub(super) fn of(picture: &Picture) -> f64 {
    let mut pixels = vec![0.0_f32; SIDE * SIDE];
    picture.fit([SIDE, SIDE], Fit::Resize, &mut pixels);
    // Sums of all pixels above and left of each.
    let stride = SIDE + 1;
    let mut sums = vec![0.0_f64; stride * stride];
    for row in 0..SIDE {
        let mut line = 0.0;
        for column in 0..SIDE {
            line += f64::from(pixels[row * SIDE + column]);
            sums[(row + 1) * stride + column + 1] = sums[row * stride + column + 1] + line;
        }
    }
    let bounds = |at: usize| (at.saturating_sub(RADIUS), (at + RADIUS + 1).min(SIDE));
    let mut darker = 0.0;
    for row in 0..SIDE {
        let (top, bottom) = bounds(row);
        for column in 0..SIDE {
            let (left, right) = bounds(column);
            let sum =
                sums[bottom * stride + right] - sums[top * stride + right] - sums[bottom * stride + left]
                    + sums[top * stride + left];
            let mean = sum / ((bottom - top) * (right - left)) as f64;
            darker += (mean - f64::from(pixels[row * SIDE + column])).max(0.0);
        }
    }
    darker / (SIDE * SIDE) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_vessels(count: usize) -> Picture {
        let mut values = vec![0.7; 512 * 512];
        for vessel in 0..count {
            for row in 0..512 {
                let column = 60 + 150 * vessel + row / 8;
                values[row * 512 + column..][..8].fill(0.3);
            }
        }
        Picture { height: 512, width: 512, values }
    }

    #[test]
    fn more_vessels_have_more_contrast_and_a_uniform_frame_has_none() {
        let measured = [0, 1, 2, 3].map(|count| of(&with_vessels(count)));
        // The sums of an even frame round.
        assert!(measured[0] < 1e-9, "{measured:?}");
        assert!(measured.windows(2).all(|pair| pair[1] > pair[0] + 1e-3), "{measured:?}");
    }

    #[test]
    fn a_vessel_counts_about_its_area_times_its_depth() {
        // 8 of 512 columns, 0.4 deep, less the part of the window that the vessel itself fills (2 of 17).
        let expected = 8.0 / 512.0 * 0.4 * (1.0 - 2.0 / 17.0);
        let measured = of(&with_vessels(1));
        assert!((measured / expected - 1.0).abs() < 0.2, "{measured} {expected}");
    }
}
