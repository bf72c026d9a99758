//! Containers of images, seen as a data set.

use std::ops::Range;
use std::path::Path;

use more_core::{EvaluationKey, MAX_LANES, Real};

use super::element::{Element, ElementType};
use super::lanes::{LanePlanes, all_finite, ask_for};
use super::layout::{image_tensor, label_tensor};
use super::memory::MemoryFile;
use super::metadata::{Content, Form, Metadata};
use super::reader::{Container, ReadBuffer};
use super::{IMAGES, LABELS, PLAIN_LABELS};
use crate::error::{Error, Kind};

/// How the labels of a container are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// There are none.
    None,
    /// As numbers of classes, in the clear.
    Plain,
    /// One-hot, encrypted like the images.
    Encrypted,
}

/// A container of images whose tensors were checked to have the shapes that its metadata says.
#[derive(Debug)]
pub struct ImagesFile {
    container: Container,
    /// Which of the container's tensors the images are.
    #[cfg(feature = "engine")]
    images: usize,
    count: usize,
    label_kind: LabelKind,
}

impl ImagesFile {
    /// Opens a container of images.
    ///
    /// # Errors
    /// As [`Container::open_as`]; [`Kind::Shape`] where a tensor does not have the shape that the metadata says.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::of(Container::open_as(path, Content::Images)?)
    }

    /// Opens a container of images in memory.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_memory(file: &MemoryFile) -> Result<Self, Error> {
        Self::of(Container::open_memory(file, Content::Images)?)
    }

    fn of(container: Container) -> Result<Self, Error> {
        let metadata = container.metadata();
        let at = |error: Error| error.at(container.path());
        if metadata.shape.len() != 3 {
            let message = format!("images of shape {:?}, expected channels, height, width", metadata.shape);
            return Err(at(Error::new(Kind::Shape, message).position("metadata")));
        }
        let count = container.tensor(IMAGES)?.rows();
        #[cfg(feature = "engine")]
        let images = container.tensors().iter().take_while(|info| info.name() != IMAGES).count();
        if count == 0 {
            return Err(at(Error::new(Kind::Missing, "the file holds no image")));
        }
        let expect = |tensor: super::Tensor| container.expect(&tensor.name, tensor.element, &tensor.shape);
        expect(image_tensor(metadata, count))?;
        let label_kind = match (container.has(PLAIN_LABELS), container.has(LABELS)) {
            (false, false) => LabelKind::None,
            (true, false) => {
                container.expect(PLAIN_LABELS, ElementType::I64, &[count])?;
                LabelKind::Plain
            }
            (false, true) if metadata.classes.is_empty() => {
                return Err(at(Error::new(Kind::Shape, "labels of no class").position("metadata")));
            }
            (false, true) => {
                expect(label_tensor(metadata, count))?;
                LabelKind::Encrypted
            }
            (true, true) => return Err(at(Error::new(Kind::Malformed, "labels both plain and encrypted"))),
        };
        Ok(Self {
            container,
            #[cfg(feature = "engine")]
            images,
            count,
            label_kind,
        })
    }

    /// The container.
    #[must_use]
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// What the container says about its content.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.container.metadata()
    }

    /// The number of images, at least 1.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Channels, height and width.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        let shape = &self.metadata().shape;
        [shape[0], shape[1], shape[2]]
    }

    /// How the labels are held.
    #[must_use]
    pub fn label_kind(&self) -> LabelKind {
        self.label_kind
    }

    /// Fails without labels.
    ///
    /// # Errors
    /// [`Kind::Missing`].
    pub fn require_labels(&self) -> Result<(), Error> {
        match self.label_kind {
            LabelKind::None => Err(Error::new(Kind::Missing, "the file has no labels; training needs them")
                .at(self.container.path())
                .with_hint("encrypt a source that has labels")),
            _ => Ok(()),
        }
    }

    /// The labels in the clear, where the file has them.
    ///
    /// # Errors
    /// [`Kind::Malformed`] for a label that names no class; reading errors.
    pub fn plain_labels(&self) -> Result<Option<Vec<u32>>, Error> {
        match self.label_kind {
            LabelKind::Plain => plain_labels(&self.container).map(Some),
            _ => Ok(None),
        }
    }

    /// Reads the values of some images as they are stored; all are finite.
    ///
    /// # Errors
    /// [`Kind::NonFinite`] naming the image; as [`Container::read_rows`].
    pub fn read_images<'b, T: Real + Element>(
        &'b self,
        images: Range<usize>,
        buffer: &'b mut ReadBuffer,
    ) -> Result<&'b [T], Error> {
        read_finite(&self.container, IMAGES, images, buffer)
    }

    /// Reads some of the values of one image, or several whole images, as they are stored: not checked to be finite.
    ///
    /// # Errors
    /// As [`Container::read_rows`].
    #[cfg(feature = "engine")]
    pub(crate) fn read_unchecked<'b, T: Real + Element>(
        &'b self,
        images: Range<usize>,
        values: Range<usize>,
        buffer: &'b mut ReadBuffer,
    ) -> Result<&'b [T], Error> {
        let info = self.images();
        if info.element() != T::TYPE {
            self.container.expect(IMAGES, T::TYPE, info.shape())?;
        }
        self.container.read_part(info, images, values, buffer)
    }

    /// Fails for values of an image that are not all finite.
    ///
    /// # Errors
    /// [`Kind::NonFinite`] naming the image.
    #[cfg(feature = "engine")]
    pub(crate) fn check_finite<T: Real + Element>(&self, image: usize, values: &[T]) -> Result<(), Error> {
        check_finite(&self.container, IMAGES, image, values.len(), values)
    }

    /// Some of the bytes of one image where the file is in memory: to ask for them, not to read them.
    #[cfg(feature = "engine")]
    pub(crate) fn image_bytes(&self, image: usize, values: Range<usize>) -> Option<&[u8]> {
        self.container.bytes_in_memory(self.images(), image, values)
    }

    /// The images' tensor, which is asked for often: without a look at its name.
    #[cfg(feature = "engine")]
    fn images(&self) -> &super::TensorInfo {
        &self.container.tensors()[self.images]
    }

    /// Reads the encrypted labels of some images as they are stored; all are finite.
    ///
    /// # Errors
    /// [`Kind::NonFinite`] naming the image; as [`Container::read_rows`].
    pub fn read_labels<'b, T: Real + Element>(
        &'b self,
        images: Range<usize>,
        buffer: &'b mut ReadBuffer,
    ) -> Result<&'b [T], Error> {
        read_finite(&self.container, LABELS, images, buffer)
    }

    /// Reads some images as lanes `[images, n, channels x height x width]`, whichever form they are stored in.
    /// `key` is [`Container::evaluation_key`]; its order of lanes is that of `out`.
    ///
    /// # Errors
    /// [`Kind::NonFinite`] naming the image, for numbers of rows that lanes are made of; [`Kind::Shape`] for an `out` of another length or
    /// images that there are not; reading errors.
    pub fn read_image_lanes<T: Real + Element, const N: usize>(
        &self,
        images: Range<usize>,
        key: &EvaluationKey<T, N>,
        buffer: &mut ReadBuffer,
        out: &mut [T],
    ) -> Result<(), Error> {
        self.read_lanes(images, &LanePlanes::new(key), buffer, out, &[])
    }

    /// [`Self::read_image_lanes`], which asks for what lies `ahead` in memory while it computes.
    pub(crate) fn read_lanes<T: Real + Element>(
        &self,
        images: Range<usize>,
        lanes: &LanePlanes<T>,
        buffer: &mut ReadBuffer,
        out: &mut [T],
        ahead: &[u8],
    ) -> Result<(), Error> {
        read_lanes(&self.container, IMAGES, images, self.metadata().item_len(), lanes, buffer, out, ahead)
    }

    /// Reads some encrypted labels as lanes `[images, n, classes]`, whichever form they are stored in.
    ///
    /// # Errors
    /// As [`Self::read_image_lanes`].
    pub fn read_label_lanes<T: Real + Element, const N: usize>(
        &self,
        images: Range<usize>,
        key: &EvaluationKey<T, N>,
        buffer: &mut ReadBuffer,
        out: &mut [T],
    ) -> Result<(), Error> {
        let (item, lanes) = (self.metadata().classes.len(), LanePlanes::new(key));
        read_lanes(&self.container, LABELS, images, item, &lanes, buffer, out, &[])
    }
}

/// The tensor `plain_labels` of a container, each checked to name a class.
pub(crate) fn plain_labels(container: &Container) -> Result<Vec<u32>, Error> {
    let classes = container.metadata().classes.len();
    let labels = container.read_all::<i64>(PLAIN_LABELS)?;
    let check = |(index, label): (usize, i64)| {
        u32::try_from(label).ok().filter(|&label| (label as usize) < classes).ok_or_else(|| {
            Error::new(Kind::Malformed, format!("label {label}, but there are {classes} classes"))
                .at(container.path())
                .position(format!("tensor `{PLAIN_LABELS}`, row {index}"))
        })
    };
    labels.into_iter().enumerate().map(check).collect()
}

/// Reads rows and checks that all values are finite.
pub(crate) fn read_finite<'b, T: Real + Element>(
    container: &'b Container,
    name: &str,
    rows: Range<usize>,
    buffer: &'b mut ReadBuffer,
) -> Result<&'b [T], Error> {
    let first = rows.start;
    let row = container.tensor(name)?.row_len();
    let values = container.read_rows::<T>(name, rows, buffer)?;
    check_finite(container, name, first, row, values)?;
    Ok(values)
}

/// Fails for values from row `first` on that are not all finite.
fn check_finite<T: Real + Element>(
    container: &Container,
    name: &str,
    first: usize,
    row: usize,
    values: &[T],
) -> Result<(), Error> {
    if !all_finite(values)
        && let Some(index) = values.iter().position(|&value| !Real::is_finite(value))
    {
        let position = format!("tensor `{name}`, row {}", first + index / row.max(1));
        let error = Error::new(Kind::NonFinite, format!("the value {} is not finite", values[index]));
        return Err(error.at(container.path()).position(position));
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "two call sites")]
fn read_lanes<T: Real + Element>(
    container: &Container,
    name: &str,
    rows: Range<usize>,
    item: usize,
    lanes: &LanePlanes<T>,
    buffer: &mut ReadBuffer,
    out: &mut [T],
    ahead: &[u8],
) -> Result<(), Error> {
    let (metadata, n) = (container.metadata(), lanes.lanes());
    let problem = |message: String| Error::new(Kind::Shape, message).at(container.path());
    if metadata.lanes != n || metadata.key_id != Some(lanes.id()) {
        return Err(
            Error::new(Kind::Key, "read with the evaluation key of another file").at(container.path())
        );
    }
    if rows.len().checked_mul(n * item) != Some(out.len()) {
        return Err(problem(format!(
            "room for {} values, expected {} rows of {n} x {item}",
            out.len(),
            rows.len()
        )));
    }
    let info = container.tensor(name)?;
    container.expect(name, T::TYPE, info.shape())?;
    if rows.end > info.rows() {
        let error = problem(format!("rows {rows:?} of {}", info.rows()));
        return Err(error.position(format!("tensor `{name}`")));
    }
    match metadata.form {
        Form::Spectral => {
            ask_for(ahead);
            out.copy_from_slice(read_finite::<T>(container, name, rows, buffer)?);
        }
        Form::Matrix => {
            // What is asked for while one image is converted.
            let mut ahead = ahead.chunks(ahead.len().div_ceil(rows.len().max(1)).max(1));
            for (row, out) in rows.zip(out.chunks_exact_mut(n * item)) {
                let mut ahead = ahead.next().unwrap_or_default();
                for (place, run) in lanes.runs().enumerate() {
                    let values = run.start * item..run.end * item;
                    let entries = container.read_part::<T>(info, row..row + 1, values, buffer)?;
                    // Not a vector: an allocation would show where images are as small as labels.
                    let mut planes: [&[T]; MAX_LANES] = [&[]; MAX_LANES];
                    for (plane, entries) in planes.iter_mut().zip(entries.chunks_exact(item)) {
                        *plane = entries;
                    }
                    if !lanes.convert(place, &planes[..n], out, [item, 0], &[std::mem::take(&mut ahead)]) {
                        check_finite(container, name, row, entries.len(), entries)?;
                    }
                }
            }
        }
        Form::Plain => return Err(problem("not encrypted: it has no lanes".to_owned())),
    }
    Ok(())
}
