//! Labelled image data sets in the clear: where they come from and how they are read.

mod angiograms;
mod digits;
#[cfg(feature = "sources")]
mod files;
mod idx;
mod options;
mod random;
mod source;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use more_core::Real;

pub use digits::DEFAULT_SEED;
#[cfg(feature = "sources")]
pub use files::partition;
pub use options::{Columns, Fit, Frame, Options, Window};
pub use source::{Input, Source, Split};

use crate::error::{Error, Kind};
use crate::large_pages;
use crate::lines::Lines;
use crate::registers::in_widest_registers;

/// Images that are decoded or made when they are read, so that a data set may be larger than memory.
pub(crate) trait ReadImage: fmt::Debug + Send + Sync {
    /// Writes image `index` to `out`: `channels x height x width` values in [0, 1].
    fn read_image(&self, index: usize, out: &mut [f32]) -> Result<(), Error>;
}

/// How the pixels are held.
#[derive(Clone, Debug)]
enum Pixels {
    /// One byte a pixel, image after image.
    Bytes(Lines<u8>),
    /// Where they come from.
    #[cfg_attr(not(feature = "sources"), allow(dead_code, reason = "files are what is read image by image"))]
    Read(Arc<dyn ReadImage>),
}

/// An image data set: `count` images of `channels x height x width` values in [0, 1], and mostly a class for each.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Channels, height, width; none is zero and their product is a `usize`.
    shape: [usize; 3],
    classes: Vec<String>,
    pixels: Pixels,
    count: usize,
    /// One for each image, below `classes.len()`; empty where there are none.
    labels: Vec<u32>,
    /// One for each image, or empty.
    patients: Vec<Option<String>>,
}

impl Dataset {
    /// Loads one part of a source, at most `limit` images of it, in the source's order.
    ///
    /// # Errors
    /// Files that cannot be read or are damaged (the error names file and position); [`Kind::Missing`] where the
    /// result would be empty.
    pub fn load(source: &Source, split: Split, limit: Option<usize>) -> Result<Self, Error> {
        Self::open(source, &Options::default(), split, limit)
    }

    /// The same with options for sources that consist of files.
    ///
    /// # Errors
    /// As [`load`](Self::load); [`Kind::Malformed`] for a patient in several parts.
    pub fn open(
        source: &Source,
        options: &Options,
        split: Split,
        limit: Option<usize>,
    ) -> Result<Self, Error> {
        if limit == Some(0) {
            return Err(Error::usage("a data set needs at least one image, the limit is 0"));
        }
        let limit = limit.unwrap_or(usize::MAX);
        match source {
            Source::Mnist(folder) => Self::load_idx(folder, split, limit),
            Source::Digits { count, seed } => {
                let count = count.unwrap_or(match split {
                    Split::Train => digits::DEFAULT_TRAIN,
                    _ => digits::DEFAULT_TEST,
                });
                let (pixels, labels) = digits::draw(*seed, split, count.min(limit))?;
                Self::from_bytes([1, digits::SIDE, digits::SIDE], digit_names(), pixels, labels)
            }
            Source::Angiograms { count, seed } => angiograms::open(*count, *seed, split, limit),
            #[cfg(feature = "sources")]
            files => files::open(files, options, split, limit),
            #[cfg(not(feature = "sources"))]
            files => {
                let _ = options;
                Err(Error::usage(format!("`{files}`: this program was built without the feature `sources`")))
            }
        }
    }

    fn load_idx(folder: &Path, split: Split, limit: usize) -> Result<Self, Error> {
        let (images_path, labels_path) = idx::find(folder, split)?;
        let mut images = idx::read_images(&images_path)?;
        let mut labels = idx::read_labels(&labels_path)?;
        if images.count != labels.len() {
            let message =
                format!("{} labels, but {} has {} images", labels.len(), images_path.display(), images.count);
            return Err(Error::new(Kind::Shape, message)
                .at(&labels_path)
                .with_hint("take images and labels from the same download"));
        }
        let classes = digit_names();
        if let Some(index) = labels.iter().position(|&label| usize::from(label) >= classes.len()) {
            let message = format!("label {}, expected 0 to {}", labels[index], classes.len() - 1);
            return Err(Error::new(Kind::Malformed, message)
                .at(&labels_path)
                .position(format!("label {index}")));
        }
        if images.count == 0 {
            return Err(Error::new(Kind::Missing, "the file holds no image").at(&images_path));
        }
        let count = images.count.min(limit);
        images.pixels.truncate(count * images.height * images.width);
        labels.truncate(count);
        let labels = labels.into_iter().map(u32::from).collect();
        Self::from_bytes([1, images.height, images.width], classes, images.pixels, labels)
    }

    /// A data set of one byte a pixel (255 becomes 1.0): `pixels` is `count x channels x height x width`, row by row.
    ///
    /// # Errors
    /// [`Kind::Shape`] where the lengths do not fit together, an extent is zero, or a label names no class.
    pub fn from_bytes(
        shape: [usize; 3],
        classes: Vec<String>,
        pixels: Vec<u8>,
        labels: Vec<u32>,
    ) -> Result<Self, Error> {
        let image = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
        let image = image.filter(|&image| image > 0);
        if image.and_then(|image| image.checked_mul(labels.len())) != Some(pixels.len()) {
            let message = format!("{} bytes are not {} images of {shape:?}", pixels.len(), labels.len());
            return Err(Error::new(Kind::Shape, message));
        }
        if let Some(label) = labels.iter().find(|&&label| label as usize >= classes.len()) {
            return Err(Error::new(
                Kind::Shape,
                format!("label {label}, but there are {} classes", classes.len()),
            ));
        }
        let (count, patients) = (labels.len(), Vec::new());
        let pixels = Pixels::Bytes(large_pages::copied(&pixels));
        Ok(Self { shape, classes, pixels, count, labels, patients })
    }

    /// The first `count` images, or all where there are fewer.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        let count = count.min(self.len());
        let pixels = match &self.pixels {
            Pixels::Bytes(bytes) => Pixels::Bytes(large_pages::copied(&bytes[..count * self.image_len()])),
            Pixels::Read(images) => Pixels::Read(images.clone()),
        };
        Self {
            shape: self.shape,
            classes: self.classes.clone(),
            pixels,
            count,
            labels: self.labels[..count.min(self.labels.len())].to_vec(),
            patients: self.patients[..count.min(self.patients.len())].to_vec(),
        }
    }

    /// The number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Channels, height and width of every image.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The number of values of one image.
    #[must_use]
    pub fn image_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The names of the classes; a label is an index into them.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.classes
    }

    /// The class of each image; empty where there are no labels.
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Whether there are labels.
    #[must_use]
    pub fn has_labels(&self) -> bool {
        !self.labels.is_empty()
    }

    /// Who an image is of, where that is known. For splitting; no container holds it.
    #[must_use]
    pub fn patient_id(&self, image: usize) -> Option<&str> {
        self.patients.get(image)?.as_deref()
    }

    /// The number of images of which it is not known who they are of.
    #[must_use]
    pub fn without_patient(&self) -> usize {
        (0..self.count).filter(|image| self.patient_id(*image).is_none()).count()
    }

    /// Reads some values of an image that is in memory as bytes, in any scalar the numbers that [`Self::read_images`] reads. Says
    /// whether there is such an image.
    #[cfg(feature = "engine")]
    pub(crate) fn decode<T: Real>(&self, image: usize, values: Range<usize>, out: &mut [T]) -> bool {
        let Pixels::Bytes(bytes) = &self.pixels else { return false };
        let image = bytes.chunks_exact(self.image_len()).nth(image);
        image.and_then(|image| image.get(values)).map(|bytes| decode(bytes, out)).is_some()
    }

    /// Reads the images of `range` into `out` (`range.len() x channels x height x width` values in [0, 1]).
    ///
    /// # Errors
    /// [`Kind::Shape`] where the range leaves the data set or `out` has another length; a source that streams adds
    /// its reading errors.
    pub fn read_images(&self, range: Range<usize>, out: &mut [f32]) -> Result<(), Error> {
        let image = self.image_len();
        if range.start > range.end || range.end > self.len() {
            let message = format!("images {range:?} of a data set of {}", self.len());
            return Err(Error::new(Kind::Shape, message));
        }
        if out.len() != range.len() * image {
            let message =
                format!("room for {} values, {} images need {}", out.len(), range.len(), range.len() * image);
            return Err(Error::new(Kind::Shape, message));
        }
        match &self.pixels {
            Pixels::Bytes(bytes) => decode(&bytes[range.start * image..range.end * image], out),
            Pixels::Read(images) => {
                for (index, out) in range.zip(out.chunks_exact_mut(image)) {
                    images.read_image(index, out)?;
                }
            }
        }
        Ok(())
    }
}

/// Bytes to numbers in [0, 1].
fn decode<T: Real>(bytes: &[u8], out: &mut [T]) {
    in_widest_registers(
        #[inline(always)]
        || {
            for (value, &byte) in out.iter_mut().zip(bytes) {
                *value = T::from_f64(f64::from(share_of_255(byte)));
            }
        },
    );
}

/// `byte / 255`, rounded once, by products: a division takes several times as long.
#[inline(always)]
fn share_of_255(byte: u8) -> f32 {
    /// 1/255 in 16 bits, so that products with a byte are exact, and the rest.
    const HIGH: f32 = 0x8081 as f32 / 0x80_0000 as f32;
    const LOW: f32 = (1.0 / 255.0 - HIGH as f64) as f32;
    f32::from(byte) * HIGH + f32::from(byte) * LOW
}

fn digit_names() -> Vec<String> {
    (0..10).map(|digit| digit.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_divided_and_rounded_once() {
        for byte in 0..=255 {
            assert_eq!(share_of_255(byte), f32::from(byte) / 255.0, "{byte}");
        }
    }

    #[test]
    fn values_are_bytes_over_255_and_ranges_are_checked() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let data = Dataset::from_bytes([1, 1, 2], names, vec![0, 255, 51, 102], vec![1, 0]).unwrap();
        let mut out = [0.0; 2];
        data.read_images(1..2, &mut out).unwrap();
        assert_eq!(out, [0.2, 0.4]);
        assert_eq!(data.read_images(1..3, &mut out).unwrap_err().kind(), Kind::Shape);
        assert_eq!(data.read_images(0..2, &mut out).unwrap_err().kind(), Kind::Shape);
    }

    #[test]
    fn inconsistent_parts_are_refused() {
        let names = vec!["a".to_owned()];
        for (shape, pixels, labels) in [
            ([1, 1, 2], vec![0; 3], vec![0, 0]),
            ([1, 0, 2], vec![], vec![]),
            ([usize::MAX, 2, 1], vec![0; 2], vec![0]),
            ([1, 1, 1], vec![0], vec![1]),
        ] {
            let error = Dataset::from_bytes(shape, names.clone(), pixels, labels).unwrap_err();
            assert_eq!(error.kind(), Kind::Shape, "{shape:?}");
        }
    }

    #[test]
    fn a_limit_takes_the_first_images() {
        let source = "digits:20".parse().unwrap();
        let all = Dataset::load(&source, Split::Train, None).unwrap();
        let some = Dataset::load(&source, Split::Train, Some(7)).unwrap();
        assert_eq!((all.len(), some.len()), (20, 7));
        assert_eq!(some.labels(), &all.labels()[..7]);
        let (mut a, mut b) = (vec![0.0; 7 * 784], vec![1.0; 7 * 784]);
        all.read_images(0..7, &mut a).unwrap();
        some.read_images(0..7, &mut b).unwrap();
        assert_eq!(a, b);
        let first = all.first(7);
        assert_eq!((first.len(), first.labels()), (7, some.labels()));
        first.read_images(0..7, &mut b).unwrap();
        assert_eq!(a, b);
        assert_eq!(all.first(21).len(), 20);
        assert_eq!(Dataset::load(&source, Split::Test, Some(0)).unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    #[ignore = "needs MNIST: set MORE_NN_MNIST to its folder"]
    fn mnist_has_its_published_sizes_and_first_labels() {
        let folder = std::env::var_os("MORE_NN_MNIST").expect("MORE_NN_MNIST is not set");
        let source = Source::Mnist(folder.into());
        let train = Dataset::load(&source, Split::Train, None).unwrap();
        let test = Dataset::load(&source, Split::Test, None).unwrap();
        assert_eq!((train.len(), test.len(), train.shape()), (60_000, 10_000, [1, 28, 28]));
        assert_eq!(&train.labels()[..5], [5, 0, 4, 1, 9]);
        assert_eq!(&test.labels()[..5], [7, 2, 1, 0, 4]);
        let mut image = vec![0.0; 784];
        train.read_images(0..1, &mut image).unwrap();
        let sum: f64 = image.iter().map(|&value| f64::from(value) * 255.0).sum();
        // The sum of the first training image's bytes, by Python's gzip module on the same file.
        assert_eq!(sum.round(), 27_525.0);
    }
}
