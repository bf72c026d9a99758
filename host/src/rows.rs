//! Rows of images on their way from where they are stored to a network that takes them one by one.
//!
//! Nothing between the two is as large as an image: a band of rows is read into a cache (files in memory are not copied, but all of a
//! band is looked at first, image by image, which brings it there faster than to take a row of each image in turn), and a row of a pack
//! of images is transposed, and converted from matrices to lanes, in registers.

use std::ops::Range;

use more_core::{Arithmetic, Ciphertext, EvaluationKey, Real};
use nn_core::element::Pack;
use nn_core::simd::{Isa, MAX_SAMPLES, PackReal};

use crate::components::{Packed, Scalar, gather_lines};
use crate::container::{Form, ImagesFile, ReadBuffer};
use crate::error::Error;
use crate::samples::{Buffers, Input, components};

/// Bytes of the rows that are read at a time, of all images of a pack together: a second-level cache holds them.
const BAND_BYTES: usize = 1 << 18;

/// The images of a data set, row by row in a form.
#[derive(Debug)]
pub(crate) struct Rows<'a, T: Real> {
    input: &'a Input,
    form: Form,
    components: usize,
    route: Route<'a, T>,
}

/// How rows get into the form.
#[derive(Debug)]
enum Route<'a, T: Real> {
    /// They are stored in it, plane by plane.
    Stored(&'a ImagesFile),
    /// They are stored as matrices, whose lanes are computed in packs.
    Matrices(&'a ImagesFile, Keys<T>),
    /// Images are read as a whole, decoded or converted one by one.
    Whole,
}

/// Evaluation keys of matrices that a register holds whole numbers of.
#[derive(Debug)]
enum Keys<T: Real> {
    Two(EvaluationKey<T, 2>),
    Four(EvaluationKey<T, 4>),
}

/// Memory for the rows of a pack, used again and again.
#[derive(Debug)]
pub(crate) struct RowBuffers<T, E> {
    /// For each plane of each image.
    planes: Vec<ReadBuffer>,
    /// Where images are read as a whole.
    whole: Vec<T>,
    buffers: Buffers<T>,
    row: Vec<E>,
}

impl<T, E> Default for RowBuffers<T, E> {
    fn default() -> Self {
        Self { planes: Vec::new(), whole: Vec::new(), buffers: Buffers::default(), row: Vec::new() }
    }
}

impl<'a, T: Scalar> Rows<'a, T> {
    /// The images of `input` in a form that is `Plain` where the data is and not otherwise.
    ///
    /// # Errors
    /// Those of reading the evaluation key.
    pub(crate) fn of(input: &'a Input, form: Form) -> Result<Self, Error> {
        let route = match input {
            // Entries of matrices lie beside each other, not in planes.
            Input::File(file) if form == file.metadata().form && form != Form::Matrix => Route::Stored(file),
            Input::File(file) if form == Form::Spectral => match file.metadata().lanes {
                2 => Route::Matrices(file, Keys::Two(file.container().evaluation_key()?)),
                4 if T::BYTES == 4 => Route::Matrices(file, Keys::Four(file.container().evaluation_key()?)),
                _ => Route::Whole,
            },
            _ => Route::Whole,
        };
        Ok(Self { input, form, components: components(form, input.lanes()), route })
    }

    /// Hands each row of a pack of images to `take`, from the first to the last: `[run][channel][column]`, where a run is as many
    /// components as an element has.
    ///
    /// # Errors
    /// As [`Input::read_images`], and those of `take`.
    pub(crate) fn each<I: Isa<Real = T>, E: Packed<I>>(
        &self,
        isa: I,
        images: Range<usize>,
        buffers: &mut RowBuffers<T, E>,
        mut take: impl FnMut(&mut [E]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let [channels, height, width] = self.input.shape();
        let RowBuffers { planes: read, whole, buffers, row } = buffers;
        row.resize(self.components / E::COMPONENTS * channels * width, E::zero(isa));
        let (file, planes, pixel) = match &self.route {
            Route::Stored(file) => (Some(*file), self.components * channels, 1),
            Route::Matrices(file, _) => (Some(*file), channels, self.components * self.components),
            Route::Whole => (None, self.components * channels, 1),
        };
        let plane = height * width * pixel;
        if file.is_none() {
            whole.resize(images.len() * planes * plane, T::ZERO);
            self.input.read_images(images.clone(), self.form, buffers, whole)?;
        }
        read.resize_with(images.len() * planes, ReadBuffer::new);
        let line = width * pixel;
        let band = (BAND_BYTES / (read.len() * line * T::BYTES).max(1)).clamp(1, height);
        for first in (0..height).step_by(band) {
            let rows = first..height.min(first + band);
            let mut parts = Vec::with_capacity(read.len());
            if let Some(file) = file
                && rows.len() == height
            {
                // Whole images lie one behind the other.
                parts.extend(file.read_images::<T>(images.clone(), &mut read[0])?.chunks_exact(plane));
            } else {
                for (index, buffer) in read.iter_mut().enumerate() {
                    let (image, number) = (index / planes, index % planes);
                    let values = number * plane + rows.start * line..number * plane + rows.end * line;
                    parts.push(match file {
                        Some(file) => file.read_image_part::<T>(images.start + image, values, buffer)?,
                        None => &whole[image * planes * plane..][values],
                    });
                }
            }
            for at in 0..rows.len() {
                for number in 0..planes {
                    let mut lines = [&[] as &[T]; MAX_SAMPLES];
                    for (target, part) in lines.iter_mut().zip(parts.iter().skip(number).step_by(planes)) {
                        *target = &part[at * line..][..line];
                    }
                    let lines = &lines[..images.len()];
                    match &self.route {
                        Route::Matrices(_, keys) => {
                            let lanes = row.chunks_exact_mut(width).skip(number).step_by(channels);
                            match keys {
                                Keys::Two(key) => convert_lines(isa, key, lines, lanes),
                                Keys::Four(key) => convert_lines(isa, key, lines, lanes),
                            }
                        }
                        _ => {
                            let (component, channel) = (number / channels, number % channels);
                            let run = component / E::COMPONENTS;
                            let packs = &mut row[(run * channels + channel) * width..][..width];
                            gather_lines::<I, E>(isa, lines, component % E::COMPONENTS, packs);
                        }
                    }
                }
                take(row)?;
            }
        }
        Ok(())
    }
}

/// The lanes of the matrices in `lines`, a line an image, each `[column][entry]`, to packs `[lane][column]`. Lines that are
/// missing for a whole pack count as zeros.
pub(crate) fn convert_lines<'a, I: Isa<Real: PackReal>, E: Packed<I>, const N: usize>(
    isa: I,
    key: &EvaluationKey<I::Real, N>,
    lines: &[&[I::Real]],
    mut lanes: impl Iterator<Item = &'a mut [E]>,
) {
    let mut targets: [&mut [E]; N] = std::array::from_fn(|_| lanes.next().unwrap_or_default());
    let width = targets[0].len();
    let columns = I::SAMPLES / (N * N);
    isa.enter(
        #[inline(always)]
        || {
            for first in (0..width).step_by(columns) {
                let count = columns.min(width - first);
                let mut rows = [Pack::splat(isa, I::Real::ZERO); MAX_SAMPLES];
                for (row, line) in rows.iter_mut().zip(lines) {
                    let values = &line[first * N * N..];
                    if values.len() >= I::SAMPLES {
                        *row = Pack::load(isa, values);
                    } else {
                        row.samples_mut()[..values.len()].copy_from_slice(values);
                    }
                }
                let entries = Pack::transpose(isa, rows);
                for at in 0..count {
                    let mut matrix = [[entries[0]; N]; N];
                    for i in 0..N {
                        for j in 0..N {
                            matrix[j][i] = entries[(at * N + i) * N + j];
                        }
                    }
                    let spectrum = key.to_spectrum_unchecked(&Ciphertext::from_columns(matrix));
                    for (target, lane) in targets.iter_mut().zip(spectrum.lanes()) {
                        *target[first + at].pack_mut(0) = *lane;
                    }
                }
            }
        },
    );
}
