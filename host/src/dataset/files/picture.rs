//! Grey pictures, and how they are brought to a size.

use crate::dataset::Fit;

/// A picture of one channel, row by row, values in [0, 1]; neither extent is zero.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picture {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}

impl Picture {
    /// Brings the picture to `[height, width]`, writing to `out`. Each value is the mean of the part of the picture that
    /// its pixel covers, pixels at the border being counted by the share that is covered: what falls on the picture keeps its mean.
    ///
    /// # Panics
    /// Where `out` has not `height x width` values.
    pub(super) fn fit(&self, [height, width]: [usize; 2], fit: Fit, out: &mut [f32]) {
        assert_eq!(out.len(), height * width, "as large as the size says");
        let (from_height, from_width) = (self.height as f64, self.width as f64);
        let (down, across) = (from_height / height as f64, from_width / width as f64);
        match fit {
            Fit::Resize => {
                let (rows, columns) = (Covers::new(0.0, down, height), Covers::new(0.0, across, width));
                self.average(&rows, &columns, width, 0, out);
            }
            Fit::Crop => {
                let step = down.min(across);
                let middle = |extent: f64, count: usize| (extent - step * count as f64) / 2.0;
                let rows = Covers::new(middle(from_height, height), step, height);
                let columns = Covers::new(middle(from_width, width), step, width);
                self.average(&rows, &columns, width, 0, out);
            }
            Fit::Pad => {
                let step = down.max(across);
                let inner = |extent: f64, most: usize| ((extent / step).round() as usize).clamp(1, most);
                let (inner_height, inner_width) = (inner(from_height, height), inner(from_width, width));
                let rows = Covers::new(0.0, from_height / inner_height as f64, inner_height);
                let columns = Covers::new(0.0, from_width / inner_width as f64, inner_width);
                out.fill(0.0);
                let first = (height - inner_height) / 2 * width + (width - inner_width) / 2;
                self.average(&rows, &columns, width, first, out);
            }
        }
    }

    /// Writes the means to rows of `stride` values, from `first` on.
    fn average(&self, rows: &Covers, columns: &Covers, stride: usize, first: usize, out: &mut [f32]) {
        let mut sums = vec![0.0_f64; self.width];
        for (row, cover) in rows.0.iter().enumerate() {
            sums.fill(0.0);
            for (share, y) in cover.shares(self.height) {
                let from = &self.values[y * self.width..][..self.width];
                for (sum, value) in sums.iter_mut().zip(from) {
                    *sum += share * f64::from(*value);
                }
            }
            let out = &mut out[first + row * stride..][..columns.0.len()];
            for (value, cover) in out.iter_mut().zip(&columns.0) {
                *value = cover.shares(self.width).map(|(share, x)| share * sums[x]).sum::<f64>() as f32;
            }
        }
    }
}

/// The stretches of a row or column that pixels cover.
struct Covers(Vec<Cover>);

/// From `begin` to `end`, in pixels.
struct Cover {
    begin: f64,
    end: f64,
}

impl Covers {
    /// `count` stretches of length `step`, the first from `begin` on.
    fn new(begin: f64, step: f64, count: usize) -> Self {
        let at = |index: usize| begin + step * index as f64;
        Self((0..count).map(|index| Cover { begin: at(index), end: at(index + 1) }).collect())
    }
}

impl Cover {
    /// The pixels that are covered, of `extent`, each with its share of the whole.
    fn shares(&self, extent: usize) -> impl Iterator<Item = (f64, usize)> {
        // Rounding may put the ends a little outside.
        let (begin, end) = (self.begin.max(0.0), self.end.min(extent as f64));
        let length = end - begin;
        let pixels = begin.floor() as usize..(end.ceil() as usize).min(extent);
        pixels.filter_map(move |index| {
            let covered = end.min((index + 1) as f64) - begin.max(index as f64);
            (covered > 0.0).then_some((covered / length, index))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(height: usize, width: usize) -> Picture {
        let values = (0..height * width).map(|index| ((index * 37) % 101) as f32 / 100.0).collect();
        Picture { height, width, values }
    }

    fn fitted(picture: &Picture, size: [usize; 2], fit: Fit) -> Vec<f32> {
        let mut out = vec![9.0; size[0] * size[1]];
        picture.fit(size, fit, &mut out);
        out
    }

    fn mean(values: &[f32]) -> f64 {
        values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let picture = picture(7, 5);
        for fit in [Fit::Pad, Fit::Crop, Fit::Resize] {
            assert_eq!(fitted(&picture, [7, 5], fit), picture.values, "{fit:?}");
        }
    }

    #[test]
    fn halving_takes_means_of_four() {
        let picture = Picture { height: 2, width: 4, values: vec![0.0, 1.0, 0.5, 0.5, 1.0, 0.0, 0.25, 0.75] };
        assert_eq!(fitted(&picture, [1, 2], Fit::Resize), [0.5, 0.5]);
        // A third of the way: shares of 2/3 and 1/3.
        let row = Picture { height: 1, width: 2, values: vec![0.0, 0.75] };
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= f32::EPSILON);
        assert!(close(&fitted(&row, [1, 3], Fit::Resize), &[0.0, 0.375, 0.75]));
        let row = Picture { height: 1, width: 3, values: vec![0.0, 0.75, 0.3] };
        assert!(close(&fitted(&row, [1, 2], Fit::Resize), &[0.25, 0.45]));
    }

    #[test]
    fn stretching_keeps_the_mean() {
        let picture = picture(31, 47);
        for size in [[16, 16], [5, 90], [31, 7], [64, 64]] {
            let out = fitted(&picture, size, Fit::Resize);
            // Every output is rounded once, to half a unit of at most 1.
            let difference = (mean(&out) - mean(&picture.values)).abs();
            assert!(difference <= f64::from(f32::EPSILON) / 2.0, "{size:?}: {difference}");
        }
    }

    #[test]
    fn a_crop_is_the_middle_and_a_pad_has_black_bars() {
        let wide = Picture { height: 2, width: 4, values: vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] };
        assert_eq!(fitted(&wide, [2, 2], Fit::Crop), [0.2, 0.3, 0.6, 0.7]);
        let padded = fitted(&wide, [4, 4], Fit::Pad);
        assert_eq!(padded, [&[0.0; 4], &wide.values[..], &[0.0; 4]].concat());
        let tall = Picture { height: 4, width: 1, values: vec![0.2, 0.4, 0.6, 0.8] };
        assert_eq!(fitted(&tall, [2, 2], Fit::Pad).iter().filter(|value| **value == 0.0).count(), 2);
        // So thin that nothing would be left of it.
        let thread = picture(1000, 1);
        assert!(fitted(&thread, [4, 4], Fit::Pad).iter().any(|value| *value > 0.0));
    }
}
