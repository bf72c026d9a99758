//! Rows of images on their way from where they are stored to a network that takes them one by one.
//!
//! Nothing between the two is as large as an image: a band of rows is read into a cache (files in memory are not copied, but asked for
//! while the kernels compute on the band before), and a row of a pack of images is transposed, converted from matrices to lanes, and
//! checked to be finite where it is in registers or the first-level cache.

use std::ops::Range;

use more_core::{Arithmetic, Ciphertext, EvaluationKey, Real};
use nn_core::element::Pack;
use nn_core::simd::{Isa, MAX_SAMPLES, PackReal};

use crate::ahead::Ahead;
use crate::components::{Packed, Scalar, gather_lines};
use crate::container::{Form, ImagesFile, ReadBuffer};
use crate::error::Error;
use crate::image_reader::{Buffers, ImageReader};
use crate::samples::{Input, components};

/// Bytes of the rows that are read at a time, of all images of a pack together: a second-level cache holds them.
const BAND_BYTES: usize = 1 << 18;

/// The images of a data set, row by row in a form.
#[derive(Debug)]
pub(crate) struct Rows<'a, T: Real> {
    input: &'a Input,
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
    Whole(ImageReader<'a, T>),
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
                _ => Route::Whole(ImageReader::of(input, form)?),
            },
            _ => Route::Whole(ImageReader::of(input, form)?),
        };
        Ok(Self { input, components: components(form, input.lanes()), route })
    }

    /// Hands each row of a pack of images to `take`, from the first to the last: `[run][channel][column]`, where a run is as many
    /// components as an element has. Kernels that compute on it with the team that `take` gets ask for the rows behind.
    ///
    /// # Errors
    /// As [`ImageReader::read`], and those of `take`.
    pub(crate) fn each<I: Isa<Real = T>, E: Packed<I>>(
        &self,
        isa: I,
        images: Range<usize>,
        buffers: &mut RowBuffers<T, E>,
        mut take: impl FnMut(&Ahead<'_>, &mut [E]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let [channels, height, width] = self.input.shape();
        let RowBuffers { planes: read, whole, buffers, row } = buffers;
        row.resize(self.components / E::COMPONENTS * channels * width, E::zero(isa));
        let (file, planes, pixel) = match &self.route {
            Route::Stored(file) => (Some(*file), self.components * channels, 1),
            Route::Matrices(file, _) => (Some(*file), channels, self.components * self.components),
            Route::Whole(_) => (None, self.components * channels, 1),
        };
        let plane = height * width * pixel;
        if let Route::Whole(reader) = &self.route {
            whole.resize(images.len() * planes * plane, T::ZERO);
            reader.read(images.clone(), buffers, whole)?;
        }
        read.resize_with(images.len() * planes, ReadBuffer::new);
        let line = width * pixel;
        let band = (BAND_BYTES / (read.len() * line * T::BYTES).max(1)).clamp(1, height);
        // Of about equal height: while the kernels compute on a low one there is little time to ask for the next.
        let band = height.div_ceil(height.div_ceil(band));
        for first in (0..height).step_by(band) {
            let rows = first..height.min(first + band);
            let mut parts = Vec::with_capacity(read.len());
            if let Some(file) = file
                && rows.len() == height
            {
                // Whole images lie one behind the other.
                let whole = file.read_unchecked::<T>(images.clone(), 0..planes * plane, &mut read[0])?;
                parts.extend(whole.chunks_exact(plane));
            } else {
                for (index, buffer) in read.iter_mut().enumerate() {
                    let (image, number) = (index / planes, index % planes);
                    let values = number * plane + rows.start * line..number * plane + rows.end * line;
                    let first = images.start + image;
                    parts.push(match file {
                        Some(file) => file.read_unchecked::<T>(first..first + 1, values, buffer)?,
                        None => &whole[image * planes * plane..][values],
                    });
                }
            }
            let ahead = match file {
                Some(file) if rows.end < height => {
                    let values = rows.end * line..height.min(rows.end + band) * line;
                    Ahead::new(band_bytes(file, images.clone(), planes, plane, values))
                }
                // The next images are likely this thread's, too.
                Some(file) => {
                    let next = images.end..images.end + images.len();
                    Ahead::new(band_bytes(file, next, planes, plane, 0..band * line))
                }
                None => Ahead::default(),
            };
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
                if let Some(file) = file {
                    let first_lane = match &self.route {
                        // Finite only where all entries are.
                        Route::Matrices(..) => &row[..channels * width],
                        _ => &row[..],
                    };
                    if !all_finite(isa, first_lane) {
                        for (index, part) in parts.iter().enumerate() {
                            file.check_finite(images.start + index / planes, part)?;
                        }
                    }
                }
                take(&ahead, row)?;
            }
        }
        Ok(())
    }
}

/// Where some values of each plane of some images lie in memory.
fn band_bytes(
    file: &ImagesFile,
    images: Range<usize>,
    planes: usize,
    plane: usize,
    values: Range<usize>,
) -> impl Iterator<Item = &[u8]> {
    let of_image = move |image| (0..planes).map(move |number| (image, number * plane));
    let part = move |(image, start)| file.image_bytes(image, start + values.start..start + values.end);
    images.flat_map(of_image).filter_map(part)
}

/// Whether all samples of all packs are finite: for packs in a cache what the container's check is for slices in memory.
fn all_finite<I: Isa, E: Packed<I>>(isa: I, packs: &[E]) -> bool {
    let mut sum = Pack::splat(isa, I::Real::ZERO);
    isa.enter(
        #[inline(always)]
        || {
            // 0 x is zero for what is finite and NaN otherwise.
            let zero = Pack::splat(isa, I::Real::ZERO);
            for pack in packs {
                for component in 0..E::COMPONENTS {
                    sum = zero.mul_acc(*pack.pack(component), sum);
                }
            }
        },
    );
    sum.samples().iter().all(|&sample| sample == I::Real::ZERO)
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
    let done = if let Some(lines) = lines.first_chunk::<MAX_SAMPLES>()
        && I::SAMPLES == MAX_SAMPLES
    {
        convert_blocks::<I, E, N, MAX_SAMPLES>(isa, key, lines, &mut targets)
    } else if let Some(lines) = lines.first_chunk::<8>()
        && I::SAMPLES == 8
    {
        convert_blocks::<I, E, N, 8>(isa, key, lines, &mut targets)
    } else {
        0
    };
    for first in (done..width).step_by(columns) {
        let mut rows = [Pack::splat(isa, I::Real::ZERO); MAX_SAMPLES];
        for (row, line) in rows.iter_mut().zip(lines) {
            let values = &line[first * N * N..];
            let count = values.len().min(I::SAMPLES);
            row.samples_mut()[..count].copy_from_slice(&values[..count]);
        }
        let count = columns.min(width - first);
        let block = targets.each_mut().map(|target| &mut target[first..first + count]);
        isa.enter(
            #[inline(always)]
            || convert_block(isa, key, rows, block),
        );
    }
}

/// [`convert_lines`] of as many lines as a pack has samples, for as many columns as whole registers hold. Says how many.
fn convert_blocks<I: Isa<Real: PackReal>, E: Packed<I>, const N: usize, const SAMPLES: usize>(
    isa: I,
    key: &EvaluationKey<I::Real, N>,
    lines: &[&[I::Real]; SAMPLES],
    targets: &mut [&mut [E]; N],
) -> usize {
    let columns = const { SAMPLES / (N * N) };
    let whole = targets[0].len() / columns * columns;
    isa.enter(
        #[inline(always)]
        || {
            for first in (0..whole).step_by(columns) {
                // Of fixed length, so that nothing is copied.
                let mut rows = [Pack::splat(isa, I::Real::ZERO); MAX_SAMPLES];
                for (row, line) in rows.iter_mut().zip(lines) {
                    *row = Pack::load(isa, &line[first * N * N..]);
                }
                let mut block = targets.iter_mut().map(
                    #[inline(always)]
                    |target| &mut target[first..first + columns],
                );
                let block = std::array::from_fn(
                    #[inline(always)]
                    |_| block.next().unwrap_or_default(),
                );
                convert_block(isa, key, rows, block);
            }
        },
    );
    whole
}

/// The lanes of some columns, as many as `targets` have, from rows of entries: of one sample each.
#[inline(always)]
fn convert_block<I: Isa<Real: PackReal>, E: Packed<I>, const N: usize>(
    isa: I,
    key: &EvaluationKey<I::Real, N>,
    rows: [Pack<I>; MAX_SAMPLES],
    mut targets: [&mut [E]; N],
) {
    let entries = Pack::transpose(isa, rows);
    for at in 0..targets[0].len() {
        let mut matrix = [[entries[0]; N]; N];
        for i in 0..N {
            for j in 0..N {
                matrix[j][i] = entries[(at * N + i) * N + j];
            }
        }
        let spectrum = key.to_spectrum_unchecked(&Ciphertext::from_columns(matrix));
        for (target, lane) in targets.iter_mut().zip(spectrum.lanes()) {
            *target[at].pack_mut(0) = *lane;
        }
    }
}
