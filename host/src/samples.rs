//! Images and labels in memory, as the engines want them.

use std::ops::Range;

use more_core::{EvaluationKey, Spectrum};
use nn_core::{Head, Network};
use rayon::prelude::*;

use crate::architecture::Architecture;
use crate::components::{Planes, Scalar};
use crate::container::{Form, ImagesFile, LabelKind, ReadBuffer, matrix_at, put_matrices};
use crate::dataset::Dataset;
use crate::error::{Error, Kind};
use crate::image_reader::{Buffers, ImageReader};
use crate::interrupt;
use crate::progress::Progress;
use crate::with_lanes;

/// Bytes that are read at a time, about.
const CHUNK_BYTES: usize = 4 << 20;

/// A data set that is being read: plain images from a source, or a container.
#[derive(Debug)]
pub enum Input {
    /// Images in the clear.
    Plain(Dataset),
    /// Images from a file, mostly encrypted.
    File(ImagesFile),
}

impl Input {
    /// Number of images.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Plain(data) => data.len(),
            Self::File(file) => file.count(),
        }
    }

    /// Channels, height and width.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        match self {
            Self::Plain(data) => data.shape(),
            Self::File(file) => file.shape(),
        }
    }

    /// Names of the classes.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        match self {
            Self::Plain(data) => data.class_names(),
            Self::File(file) => &file.metadata().classes,
        }
    }

    /// How the numbers are represented.
    #[must_use]
    pub fn form(&self) -> Form {
        match self {
            Self::Plain(_) => Form::Plain,
            Self::File(file) => file.metadata().form,
        }
    }

    /// Number of lanes, 1 for plain data.
    #[must_use]
    pub fn lanes(&self) -> usize {
        match self {
            Self::Plain(_) => 1,
            Self::File(file) => file.metadata().lanes,
        }
    }

    /// Whether there are labels.
    #[must_use]
    pub fn has_labels(&self) -> bool {
        match self {
            Self::Plain(data) => data.has_labels(),
            Self::File(file) => file.label_kind() != LabelKind::None,
        }
    }

    /// Whether the labels are encrypted.
    #[must_use]
    pub fn has_encrypted_labels(&self) -> bool {
        matches!(self, Self::File(file) if file.label_kind() == LabelKind::Encrypted)
    }

    /// The labels in the clear, where there are such.
    ///
    /// # Errors
    /// Reading errors.
    pub fn plain_labels(&self) -> Result<Option<Vec<u32>>, Error> {
        match self {
            Self::Plain(data) => Ok(data.has_labels().then(|| data.labels().to_vec())),
            Self::File(file) => file.plain_labels(),
        }
    }

    /// Checks that the network takes these images.
    ///
    /// # Errors
    /// [`Kind::Shape`], with the file's name.
    pub fn check(&self, architecture: Architecture) -> Result<(), Error> {
        let classes = match self.class_names().len() {
            // Images without labels need not name the classes.
            0 if !self.has_labels() => architecture.network().classes(),
            classes => classes,
        };
        architecture.check_data(self.shape(), classes).map_err(|error| self.locate(error))
    }

    /// Names the file, if it is one.
    #[must_use]
    pub fn locate(&self, error: Error) -> Error {
        match self {
            Self::Plain(_) => error,
            Self::File(file) => error.at(file.container().path()),
        }
    }

    /// Numbers of an image in a form, in memory.
    pub(crate) fn image_values(&self, form: Form) -> usize {
        self.shape().iter().product::<usize>() * form.components(self.lanes())
    }

    /// Images to read at a time in a form: of about so many bytes, a whole number of packs.
    #[must_use]
    pub fn chunk<T: Scalar>(&self, form: Form, bytes: usize) -> usize {
        let images = bytes / (self.image_values(form) * T::BYTES);
        images.next_multiple_of(16).max(16)
    }

    /// Reads images as [`ImageReader::read`] does.
    ///
    /// # Errors
    /// As [`ImageReader::of`] and [`ImageReader::read`].
    ///
    /// # Panics
    /// Where `out` has not the length of the images.
    pub fn read_images<T: Scalar>(
        &self,
        images: Range<usize>,
        form: Form,
        buffers: &mut Buffers<T>,
        out: &mut [T],
    ) -> Result<(), Error> {
        ImageReader::of(self, form)?.read(images, buffers, out)
    }

    /// Reads labels as planes `[image][component][output]`: a one-hot vector for a softmax, the probability of class 1 for
    /// a sigmoid. Plain labels are the same in every component's message: 0 or 1 in every lane.
    ///
    /// # Errors
    /// [`Kind::Missing`] without labels; [`Kind::NonFinite`] naming the image; reading errors.
    pub fn read_labels<T: Scalar>(&self, network: &Network<'_>, form: Form) -> Result<Vec<T>, Error> {
        let (outputs, classes) = (network.outputs(), network.classes());
        let per_image = form.components(self.lanes()) * outputs;
        // Of a probability vector, a sigmoid takes the second class.
        let first = match network.head() {
            Head::Sigmoid => 1,
            _ => 0,
        };
        let mut out = vec![T::ZERO; self.count() * per_image];
        if let Some(labels) = self.plain_labels()? {
            for (label, planes) in labels.iter().zip(out.chunks_exact_mut(per_image)) {
                let Some(output) = (*label as usize).checked_sub(first).filter(|&output| output < outputs)
                else {
                    continue;
                };
                for (component, plane) in planes.chunks_exact_mut(outputs).enumerate() {
                    // In matrix form a plain number is a multiple of the identity matrix.
                    let on_diagonal = form != Form::Matrix || component % (self.lanes() + 1) == 0;
                    plane[output] = if on_diagonal { T::ONE } else { T::ZERO };
                }
            }
            return Ok(out);
        }
        let Self::File(file) = self else { return Ok(out) };
        file.require_labels()?;
        with_lanes!(file.metadata().lanes, N => {
            let key = file.container().evaluation_key::<T, N>()?;
            let mut planes = vec![T::ZERO; self.count() * form.components(N) * classes];
            if form == Form::Spectral {
                read_label_lanes::<T, N>(file, 0, &key, &mut planes)?;
            } else {
                let mut buffer = ReadBuffer::new();
                let stored = file.read_labels::<T>(0..self.count(), &mut buffer)?;
                match file.metadata().form {
                    Form::Matrix => planes.copy_from_slice(stored),
                    _ => lanes_to_entries::<T, N>(stored, classes, &key, &mut planes),
                }
            }
            for (from, to) in planes.chunks_exact(classes).zip(out.chunks_exact_mut(outputs)) {
                to.copy_from_slice(&from[first..first + outputs]);
            }
        })?;
        Ok(out)
    }
}

/// Images whose labels are a thread's unit of work.
const LABELS_AT_A_TIME: usize = 256;

/// Reads the encrypted labels of as many images from `first` on as `out` has room for, as lanes `[image][lane][class]`, on all threads.
///
/// # Errors
/// As [`ImagesFile::read_label_lanes`]; of several labels that are not finite any is named.
pub(crate) fn read_label_lanes<T: Scalar, const N: usize>(
    file: &ImagesFile,
    first: usize,
    key: &EvaluationKey<T, N>,
    out: &mut [T],
) -> Result<(), Error> {
    let image = N * file.metadata().classes.len();
    out.par_chunks_mut((LABELS_AT_A_TIME * image).max(1)).enumerate().try_for_each_init(
        ReadBuffer::new,
        |buffer, (index, out)| {
            let first = first + index * LABELS_AT_A_TIME;
            file.read_label_lanes::<T, N>(first..first + out.len() / image, key, buffer, out)
        },
    )
}

/// `[item][lane][value]` to `[item][entry][value]`.
pub(crate) fn lanes_to_entries<T: Scalar, const N: usize>(
    stored: &[T],
    plane: usize,
    key: &EvaluationKey<T, N>,
    out: &mut [T],
) {
    for (stored, out) in stored.chunks_exact(plane * N).zip(out.chunks_exact_mut(plane * N * N)) {
        for index in 0..plane {
            let spectrum = Spectrum::from_lanes(std::array::from_fn(|lane| stored[lane * plane + index]));
            put_matrices(&[key.to_ciphertext(&spectrum)], out, plane, index);
        }
    }
}

/// A ciphertext's lanes from its entries, row by row.
pub(crate) fn entries_to_lanes<T: Scalar, const N: usize>(
    key: &EvaluationKey<T, N>,
    entries: &[T],
) -> Result<[T; N], Error> {
    Ok(*key.to_spectrum(&matrix_at(entries, 1, 0))?.lanes())
}

/// A training set that is read image by image: the labels are in memory, the images where they come from.
#[derive(Debug)]
pub struct Source<'a, T> {
    input: &'a Input,
    form: Form,
    reader: ImageReader<'a, T>,
    image_len: usize,
    labels: Vec<T>,
    label_len: usize,
}

impl<'a, T: Scalar> Source<'a, T> {
    /// Opens `input` for training in the form an engine works in, and reads its labels.
    ///
    /// # Errors
    /// As [`Input::read_labels`] and [`ImageReader::of`].
    pub fn open(input: &'a Input, network: &Network<'_>, form: Form) -> Result<Self, Error> {
        let (labels, reader) = (input.read_labels(network, form)?, ImageReader::of(input, form)?);
        let (image_len, label_len) = (network.input().len(), network.outputs());
        Ok(Self { input, form, reader, image_len, labels, label_len })
    }

    /// Components of a value.
    #[must_use]
    pub fn components(&self) -> usize {
        self.form.components(self.input.lanes())
    }

    /// Numbers of an image.
    fn item(&self) -> usize {
        self.components() * self.image_len
    }

    /// Room for images.
    #[must_use]
    pub fn room(&self) -> Samples<T> {
        Samples {
            components: self.components(),
            images: Vec::new(),
            image_len: self.image_len,
            labels: Vec::new(),
            label_len: self.label_len,
        }
    }

    /// Reads all images, in their order.
    ///
    /// # Errors
    /// As [`ImageReader::read`]; [`Kind::Interrupted`].
    pub fn read_all(self, progress: &Progress) -> Result<Samples<T>, Error> {
        let (input, item) = (self.input, self.item());
        let mut samples = self.room();
        samples.images = vec![T::ZERO; input.count() * item];
        let chunk = input.chunk::<T>(self.form, CHUNK_BYTES);
        samples.images.par_chunks_mut(chunk * item).enumerate().try_for_each_init(
            Buffers::default,
            |buffers, (index, out)| {
                interrupt::check()?;
                let first = index * chunk;
                let range = first..input.count().min(first + chunk);
                let read = range.len();
                self.reader.read(range, buffers, out)?;
                progress.advance(read);
                Ok::<(), Error>(())
            },
        )?;
        samples.labels = self.labels;
        Ok(samples)
    }

    /// Reads the images of these numbers, in this order, over what `samples` held.
    ///
    /// # Errors
    /// As [`ImageReader::read`].
    pub fn gather(&self, images: &[usize], samples: &mut Samples<T>) -> Result<(), Error> {
        let item = self.item();
        let len = images.len() * item;
        if samples.images.len() < len {
            // Zeros that the system gives, which the threads that read fetch: `resize` would write them on one.
            samples.images = vec![T::ZERO; len];
        }
        let out = samples.images[..len].par_chunks_mut(item * GATHERED);
        out.zip(images.par_chunks(GATHERED)).try_for_each_init(
            Buffers::default,
            |buffers, (out, images)| {
                for (index, (out, image)) in out.chunks_exact_mut(item).zip(images).enumerate() {
                    let ahead = images.get(index + 1).map_or(&[][..], |next| self.reader.ahead(*next));
                    self.reader.read_asking(*image..*image + 1, ahead, buffers, out)?;
                }
                Ok::<(), Error>(())
            },
        )?;
        samples.labels.clear();
        let item = self.components() * self.label_len;
        for image in images {
            samples.labels.extend_from_slice(&self.labels[image * item..(image + 1) * item]);
        }
        Ok(())
    }
}

/// Images that one task of [`Source::gather`] reads.
const GATHERED: usize = 16;

/// Training samples in memory.
#[derive(Debug)]
pub struct Samples<T> {
    /// Components of a value.
    components: usize,
    images: Vec<T>,
    image_len: usize,
    labels: Vec<T>,
    label_len: usize,
}

impl<T: Scalar> Samples<T> {
    /// The images' planes.
    #[must_use]
    pub fn images(&self) -> Planes<'_, T> {
        Planes { values: &self.images, components: self.components, len: self.image_len }
    }

    /// The labels' planes.
    #[must_use]
    pub fn labels(&self) -> Planes<'_, T> {
        Planes { values: &self.labels, components: self.components, len: self.label_len }
    }
}

/// The error for data that does not carry what an engine needs.
pub(crate) fn not_encrypted(engine: &str) -> Error {
    Error::new(Kind::Usage, format!("the {engine} engine works on ciphertexts, and this data is plain"))
        .with_hint("encrypt the data with `more-nn encrypt`, or leave --engine out")
}
