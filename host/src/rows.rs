//! Rows of images on their way from where they are stored to a network that takes them one by one.
//!
//! Nothing between the two is as large as an image: a band of rows is read into a cache (files in memory are not copied, but asked for
//! while the kernels compute on the band before), and a row of a pack of images is transposed, converted from matrices to lanes, and
//! checked to be finite where it is in registers or the first-level cache.

use std::ops::Range;

use more_core::{Arithmetic, Real};
use nn_core::element::Pack;
use nn_core::simd::{Isa, MAX_SAMPLES, PackReal};

use crate::ahead::Ahead;
use crate::components::{Packed, Scalar, gather_lines};
use crate::container::{Form, ImagesFile, LanePlanes, ReadBuffer};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::image_reader::{Buffers, ImageReader};
use crate::samples::Input;
use crate::with_lanes;

/// Bytes of the rows that are read at a time, of all images of a pack together: a second-level cache holds them.
const BAND_BYTES: usize = 1 << 18;

/// Columns of matrices that are made lanes of at a time, so that their entries stay in a first-level cache.
const COLUMNS: usize = 64;

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
    /// They are stored as matrices, of whose rows lanes are made in packs.
    Matrices(&'a ImagesFile, LanePlanes<T>),
    /// They are in memory, a byte a value, and decoded band by band.
    Bytes(&'a Dataset),
    /// Images are read as a whole, decoded or converted one by one.
    Whole(ImageReader<'a, T>),
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
    /// Of matrices, some columns of the rows of matrices that are read: `[plane][column]`.
    entries: Vec<E>,
}

impl<T, E> Default for RowBuffers<T, E> {
    fn default() -> Self {
        Self {
            planes: Vec::new(),
            whole: Vec::new(),
            buffers: Buffers::default(),
            row: Vec::new(),
            entries: Vec::new(),
        }
    }
}

impl<'a, T: Scalar> Rows<'a, T> {
    /// The images of `input` in a form that is `Plain` where the data is and not otherwise.
    ///
    /// # Errors
    /// Those of reading the evaluation key.
    pub(crate) fn of(input: &'a Input, form: Form) -> Result<Self, Error> {
        let route = match input {
            Input::File(file) if form == file.metadata().form => Route::Stored(file),
            Input::File(file) if form == Form::Spectral => with_lanes!(file.metadata().lanes, N => {
                Route::Matrices(file, LanePlanes::new(&file.container().evaluation_key::<T, N>()?))
            })?,
            Input::Plain(data) if data.decode::<T>(0, 0..0, &mut []) => Route::Bytes(data),
            _ => Route::Whole(ImageReader::of(input, form)?),
        };
        Ok(Self { input, components: form.components(input.lanes()), route })
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
        let RowBuffers { planes: read, whole, buffers, row, entries } = buffers;
        row.resize(self.components / E::COMPONENTS * channels * width, E::zero(isa));
        let plane = height * width;
        if let Route::Whole(reader) = &self.route {
            whole.resize(images.len() * self.components * channels * plane, T::ZERO);
            reader.read(images.clone(), buffers, whole)?;
        }
        let file = match &self.route {
            Route::Stored(file) | Route::Matrices(file, _) => Some(*file),
            Route::Bytes(_) | Route::Whole(_) => None,
        };
        // Components that are read, as runs of neighbours, and where each plane of them begins in an image.
        let runs: Vec<Range<usize>> = match &self.route {
            Route::Matrices(_, lanes) => lanes.runs().collect(),
            _ => std::iter::once(0..self.components).collect(),
        };
        let starts: Vec<usize> = runs
            .iter()
            .flat_map(|run| run.start * channels..run.end * channels)
            .map(|number| number * plane)
            .collect();
        read.resize_with(images.len() * starts.len(), ReadBuffer::new);
        let band = (BAND_BYTES / (read.len() * width * T::BYTES).max(1)).clamp(1, height);
        // Of about equal height: while the kernels compute on a low one there is little time to ask for the next.
        let band = height.div_ceil(height.div_ceil(band));
        for first in (0..height).step_by(band) {
            let rows = first..height.min(first + band);
            let values = rows.start * width..rows.end * width;
            // `[image][plane]`.
            let mut parts: Vec<&[T]> = Vec::with_capacity(read.len());
            let mut buffers = read.iter_mut();
            if let Route::Bytes(data) = &self.route {
                whole.resize(images.len() * channels * values.len(), T::ZERO);
                let mut decoded = whole.chunks_exact_mut(values.len());
                for image in images.clone() {
                    for (start, decoded) in starts.iter().zip(&mut decoded) {
                        data.decode(image, start + values.start..start + values.end, decoded);
                    }
                }
            }
            match file {
                // Planes of a run, and where all are read whole images, lie one behind the other.
                Some(file) if rows.len() == height => {
                    let all = matches!(self.route, Route::Stored(_));
                    let step = if all { images.len() } else { 1 };
                    for image in images.clone().step_by(step) {
                        for (run, buffer) in runs.iter().zip(&mut buffers) {
                            let values = run.start * channels * plane..run.end * channels * plane;
                            let part = file.read_unchecked::<T>(image..image + step, values, buffer)?;
                            parts.extend(part.chunks_exact(plane));
                        }
                    }
                }
                Some(file) => {
                    for image in images.clone() {
                        for (start, buffer) in starts.iter().zip(&mut buffers) {
                            let values = start + values.start..start + values.end;
                            parts.push(file.read_unchecked::<T>(image..image + 1, values, buffer)?);
                        }
                    }
                }
                None if matches!(self.route, Route::Bytes(_)) => {
                    parts.extend(whole.chunks_exact(values.len()))
                }
                None => parts.extend(whole.chunks_exact(plane).map(|part| &part[values.clone()])),
            }
            let ahead = match file {
                Some(file) if rows.end < height => {
                    let values = rows.end * width..height.min(rows.end + band) * width;
                    Ahead::new(band_bytes(file, images.clone(), &starts, values))
                }
                // The next images are likely this thread's, too.
                Some(file) => {
                    let next = images.end..images.end + images.len();
                    Ahead::new(band_bytes(file, next, &starts, 0..band * width))
                }
                None => Ahead::default(),
            };
            for at in 0..rows.len() {
                // Some columns of the row in one plane, a line an image.
                let lines = |number: usize, columns: Range<usize>| {
                    let mut lines = [&[] as &[T]; MAX_SAMPLES];
                    for (line, part) in lines.iter_mut().zip(parts.iter().skip(number).step_by(starts.len()))
                    {
                        *line = &part[at * width..][columns.clone()];
                    }
                    lines
                };
                let count = images.len();
                if let Route::Matrices(_, lanes) = &self.route {
                    let matrix = starts.len() / channels;
                    for channel in 0..channels {
                        for start in (0..width).step_by(COLUMNS) {
                            let columns = start..width.min(start + COLUMNS);
                            let len = columns.len();
                            entries.resize(matrix * len, E::zero(isa));
                            for (index, packs) in entries.chunks_exact_mut(len).enumerate() {
                                let lines = lines(index * channels + channel, columns.clone());
                                gather_lines::<I, E>(isa, &lines[..count], 0, packs);
                            }
                            let place = |lane: usize| (lane * channels + channel) * width + start;
                            to_lanes(isa, lanes, entries, len, row, place);
                        }
                    }
                } else {
                    for number in 0..starts.len() {
                        let (component, channel) = (number / channels, number % channels);
                        let run = component / E::COMPONENTS;
                        let packs = &mut row[(run * channels + channel) * width..][..width];
                        let lines = lines(number, 0..width);
                        gather_lines::<I, E>(isa, &lines[..count], component % E::COMPONENTS, packs);
                    }
                }
                if let Some(file) = file
                    && !all_finite(isa, row)
                {
                    for (index, part) in parts.iter().enumerate() {
                        file.check_finite(images.start + index / starts.len(), part)?;
                    }
                }
                take(&ahead, row)?;
            }
        }
        Ok(())
    }
}

/// The lanes of packs of entries, each `len` columns from `place(lane)` on in a row.
pub(crate) fn to_lanes<I: Isa<Real: PackReal>, E: Packed<I>>(
    isa: I,
    lanes: &LanePlanes<I::Real>,
    entries: &[E],
    len: usize,
    row: &mut [E],
    place: impl Fn(usize) -> usize,
) {
    isa.enter(
        #[inline(always)]
        || {
            lanes.convert_packs(
                entries,
                len,
                row,
                place,
                #[inline(always)]
                |mut sum: E, ratio, entry: E| {
                    *sum.pack_mut(0) = sum.pack(0).mul_acc_scalar(ratio, *entry.pack(0));
                    sum
                },
            );
        },
    );
}

/// Where some values of planes of some images, which begin at `starts`, lie in memory.
fn band_bytes<'a>(
    file: &'a ImagesFile,
    images: Range<usize>,
    starts: &[usize],
    values: Range<usize>,
) -> impl Iterator<Item = &'a [u8]> {
    let of_image = move |image| starts.iter().map(move |start| (image, start));
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
