//! Arrays of images and labels, as Python programs write them: `npz` and safetensors files.

mod array;
mod npz;
mod safetensors;

use std::path::Path;
use std::sync::Arc;

use array::{Array, Element};

use super::check_values;
use super::picture::Picture;
use crate::dataset::{Dataset, Fit, Options, Pixels, ReadImage, Source, Split};
use crate::error::{Error, Kind};

/// A file of named arrays.
trait Archive {
    /// The names of its arrays, sorted.
    fn names(&self) -> Vec<String>;

    /// Opens an array that is there.
    fn array(&mut self, name: &str) -> Result<Array, Error>;
}

/// Opens a part: the arrays asked for; or those named after the part, `train_images` and `train_labels` (MedMNIST) or
/// `x_train` and `y_train` (Keras); or, for everything, `images` and `labels`.
pub(super) fn open(
    source: &Source,
    path: &Path,
    options: &Options,
    split: Split,
    limit: usize,
) -> Result<Dataset, Error> {
    let mut archive: Box<dyn Archive> = match source {
        Source::Npz(path) => Box::new(npz::Npz::open(path)?),
        _ => Box::new(safetensors::Safetensors::open(path)?),
    };
    let names = archive.names();
    let Named { images, labels } = find(&names, options, split).map_err(|error| error.at(path))?;
    let images = archive.array(&images)?;
    let labels = labels.map(|name| archive.array(&name)).transpose()?;
    drop(archive);
    let at = |array: &Array, error: Error| error.at(path).position(format!("array `{}`", array.name()));

    let [count, height, width] = extents(images.shape()).ok_or_else(|| {
        let message = format!("the shape is {:?}, expected [n, h, w] or [n, 1, h, w]", images.shape());
        at(&images, Error::new(Kind::Shape, message))
    })?;
    if !matches!(images.element(), Element::Unsigned(1 | 2) | Element::Float(_)) {
        let message = format!("images of {}, expected u8, u16, f32 or f64", images.element());
        return Err(at(&images, Error::new(Kind::Malformed, message)));
    }
    let (classes, labels) = match &labels {
        None => (options.classes.clone().unwrap_or_default(), Vec::new()),
        Some(array) => read_labels(array, count, limit, options).map_err(|error| at(array, error))?,
    };
    let size = options.size.unwrap_or([height, width]);
    let arrays = Images { images, path: path.to_owned(), from: [height, width], size, fit: options.fit };
    let count = count.min(limit);
    let pixels = Pixels::Read(Arc::new(arrays));
    Ok(Dataset { shape: [1, size[0], size[1]], classes, pixels, count, labels, patients: Vec::new() })
}

/// The names of the arrays of images and, where there is one, of labels.
fn find(names: &[String], options: &Options, split: Split) -> Result<Named, Error> {
    let has = |name: &str| names.iter().any(|known| known == name);
    let missing = |name: &str| {
        Error::new(Kind::Missing, format!("there is no array `{name}`, but {}", names.join(", ")))
    };
    let asked = |name: &Option<String>| match name {
        Some(name) if !has(name) => Err(missing(name)),
        name => Ok(name.clone()),
    };
    let [images, labels] = &options.arrays;
    let (images, labels) = (asked(images)?, asked(labels)?);
    let conventions = match split {
        Split::All => vec![("images".to_owned(), "labels".to_owned())],
        part => vec![
            (format!("{part}_images"), format!("{part}_labels")),
            (format!("x_{part}"), format!("y_{part}")),
        ],
    };
    let found = conventions.iter().find(|(images, _)| has(images));
    let images = match (images, found) {
        (Some(images), _) => images,
        (None, Some((images, _))) => images.clone(),
        (None, None) => {
            let expected: Vec<&str> = conventions.iter().map(|(images, _)| images.as_str()).collect();
            let error = missing(&expected.join("` or `"));
            return Err(match split {
                Split::All => error.with_hint("name the arrays with --images-array and --labels-array"),
                _ => error.with_hint(
                    "name the arrays with --images-array and --labels-array, or take `images` with --split all",
                ),
            });
        }
    };
    // Labels of the same convention as the images only.
    let labels = labels.or_else(|| {
        let labels = conventions.iter().find(|(known, _)| *known == images).map(|(_, labels)| labels.clone());
        labels.filter(|labels| has(labels))
    });
    Ok(Named { images, labels })
}

/// What [`find`] found.
struct Named {
    images: String,
    labels: Option<String>,
}

/// Count, height and width.
fn extents(shape: &[usize]) -> Option<[usize; 3]> {
    let extents = match *shape {
        [count, height, width] | [count, 1, height, width] => [count, height, width],
        _ => return None,
    };
    (!extents.contains(&0)).then_some(extents)
}

/// The classes and the first labels.
fn read_labels(
    array: &Array,
    count: usize,
    limit: usize,
    options: &Options,
) -> Result<(Vec<String>, Vec<u32>), Error> {
    if !matches!(*array.shape(), [found] | [found, 1] if found == count) {
        let message = format!("the shape is {:?}, expected [{count}] as there are images", array.shape());
        return Err(Error::new(Kind::Shape, message));
    }
    if matches!(array.element(), Element::Float(_)) {
        let message = format!("labels of {}, expected whole numbers", array.element());
        return Err(Error::new(Kind::Malformed, message));
    }
    let mut values = vec![0.0; count];
    array.read(0, &mut values)?;
    let most = options.classes.as_ref().map_or(1 << 16, Vec::len);
    let label = |(index, value): (usize, &f64)| {
        if (0.0..most as f64).contains(value) {
            return Ok(*value as u32);
        }
        let message = format!("index {index}: label {value}, expected 0 to {}", most - 1);
        Err(Error::new(Kind::Malformed, message))
    };
    let mut labels = values.iter().enumerate().map(label).collect::<Result<Vec<u32>, _>>()?;
    // Of all images, so that a limit does not change the classes.
    let numbered =
        || (0..=labels.iter().copied().max().unwrap_or(0)).map(|class| class.to_string()).collect();
    let classes = options.classes.clone().unwrap_or_else(numbered);
    labels.truncate(limit);
    Ok((classes, labels))
}

#[derive(Debug)]
struct Images {
    images: Array,
    path: std::path::PathBuf,
    /// Height and width in the file.
    from: [usize; 2],
    /// Height and width asked for.
    size: [usize; 2],
    fit: Fit,
}

impl ReadImage for Images {
    fn read_image(&self, index: usize, out: &mut [f32]) -> Result<(), Error> {
        let place = || format!("array `{}`, image {index}", self.images.name());
        let at = |error: Error| error.at(&self.path).position(place());
        let [height, width] = self.from;
        let mut values = vec![0.0; height * width];
        self.images.read(index * values.len(), &mut values).map_err(at)?;
        let scale = match self.images.element() {
            Element::Unsigned(1) => 255.0,
            Element::Unsigned(_) => 65_535.0,
            _ => 1.0,
        };
        // Bytes as everywhere: the quotient in f32.
        let values: Vec<f32> = values.iter().map(|value| *value as f32 / scale).collect();
        check_values(&values).map_err(at)?;
        Picture { height, width, values }.fit(self.size, self.fit, out);
        Ok(())
    }
}
