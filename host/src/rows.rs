//! Rows of images on their way from where they are stored to a network that takes them one by one.
//!
//! Nothing between the two is as large as an image: a band of rows is read, decoded or made lanes of in a cache (files in memory are
//! asked for while the kernels compute on the band before), and a row of a pack of images is transposed in registers.

use std::ops::Range;

use more_core::{Arithmetic, Real};
use nn_core::element::Pack;
use nn_core::simd::{Isa, MAX_SAMPLES};

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
    /// They are stored as matrices, of whose rows lanes are made band by band.
    Matrices(&'a ImagesFile, LanePlanes<T>),
    /// They are in memory, a byte a value, and decoded band by band.
    Bytes(&'a Dataset),
    /// Images are read as a whole, decoded or converted one by one.
    Whole(ImageReader<'a, T>),
}

/// Memory for the rows of a pack, used again and again.
#[derive(Debug)]
pub(crate) struct RowBuffers<T> {
    /// For each plane of each image.
    planes: Vec<ReadBuffer>,
    /// Of images that are not stored in the form, what is in it: a band, or whole images.
    whole: Vec<T>,
    buffers: Buffers<T>,
}

impl<T> Default for RowBuffers<T> {
    fn default() -> Self {
        Self { planes: Vec::new(), whole: Vec::new(), buffers: Buffers::default() }
    }
}

/// Puts the columns of a channel of a row where they belong: those of a run, which is as many components as an element has.
pub(crate) type Put<'a, E> = dyn FnMut(usize, usize, &mut [E]) + 'a;

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

    /// Hands each row of a pack of images to `take`, from the first to the last: what it gets puts each run's channels wherever they are
    /// computed on. Kernels that do so with the team that `take` gets ask for the rows behind.
    ///
    /// # Errors
    /// As [`ImageReader::read`], and those of `take`.
    pub(crate) fn each<I: Isa<Real = T>, E: Packed<I>>(
        &self,
        isa: I,
        images: Range<usize>,
        buffers: &mut RowBuffers<T>,
        mut take: impl FnMut(&Ahead<'_>, &mut Put<'_, E>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let [channels, height, width] = self.input.shape();
        let RowBuffers { planes: read, whole, buffers } = buffers;
        let plane = height * width;
        // Of an image in the form.
        let planes = self.components * channels;
        if let Route::Whole(reader) = &self.route {
            whole.resize(images.len() * planes * plane, T::ZERO);
            reader.read(images.clone(), buffers, whole)?;
        }
        // Where each plane that is read begins in an image.
        let runs: Vec<Range<usize>> = match &self.route {
            Route::Matrices(_, lanes) => lanes.runs().collect(),
            _ => std::iter::once(0..self.components).collect(),
        };
        let numbers = runs.into_iter().flat_map(|run| run.start * channels..run.end * channels);
        let starts: Vec<usize> = numbers.map(|number| number * plane).collect();
        read.resize_with(images.len() * planes, ReadBuffer::new);
        let band = (BAND_BYTES / (images.len() * planes * width * T::BYTES).max(1)).clamp(1, height);
        // Of about equal height: while the kernels compute on a low one there is little time to ask for the next.
        let band = height.div_ceil(height.div_ceil(band));
        for first in (0..height).step_by(band) {
            let rows = first..height.min(first + band);
            let values = rows.start * width..rows.end * width;
            let of_plane = |start: usize| start + values.start..start + values.end;
            if !matches!(self.route, Route::Stored(_) | Route::Whole(_)) {
                whole.resize(images.len() * planes * values.len(), T::ZERO);
            }
            // `[image][plane]`.
            let mut parts: Vec<&[T]> = Vec::with_capacity(images.len() * planes);
            match &self.route {
                // Whole images lie one behind the other.
                Route::Stored(file) if rows.len() == height => {
                    let whole = file.read_unchecked::<T>(images.clone(), 0..planes * plane, &mut read[0])?;
                    parts.extend(whole.chunks_exact(plane));
                }
                Route::Stored(file) => {
                    for (index, buffer) in read.iter_mut().enumerate() {
                        let image = images.start + index / planes;
                        let values = of_plane(starts[index % planes]);
                        parts.push(file.read_unchecked::<T>(image..image + 1, values, buffer)?);
                    }
                }
                Route::Matrices(file, lanes) => {
                    for (image, out) in images.clone().zip(whole.chunks_exact_mut(planes * values.len())) {
                        self.convert(file, lanes, image, &values, read, out)?;
                    }
                    parts.extend(whole.chunks_exact(values.len()));
                }
                Route::Bytes(data) => {
                    for (index, out) in whole.chunks_exact_mut(values.len()).enumerate() {
                        let image = images.start + index / planes;
                        let found = data.decode(image, of_plane(starts[index % planes]), out);
                        debug_assert!(found, "images of the data set are asked for");
                    }
                    parts.extend(whole.chunks_exact(values.len()));
                }
                Route::Whole(_) => parts.extend(whole.chunks_exact(plane).map(|part| &part[values.clone()])),
            }
            let file = match &self.route {
                Route::Stored(file) | Route::Matrices(file, _) => Some(*file),
                Route::Bytes(_) | Route::Whole(_) => None,
            };
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
                let mut looked_at = 0;
                take(&ahead, &mut |run, channel, packs| {
                    for component in 0..E::COMPONENTS {
                        let number = (run * E::COMPONENTS + component) * channels + channel;
                        let mut lines = [&[] as &[T]; MAX_SAMPLES];
                        for (line, part) in lines.iter_mut().zip(parts.iter().skip(number).step_by(planes)) {
                            *line = &part[at * width..][..width];
                        }
                        gather_lines::<I, E>(isa, &lines[..images.len()], component, packs);
                    }
                    // Lanes of matrices were looked at when they were made.
                    if matches!(self.route, Route::Stored(_)) && all_finite(isa, packs) {
                        looked_at += E::COMPONENTS;
                    }
                })?;
                // Otherwise some numbers are not finite, or nothing is computed from them.
                if let Route::Stored(file) = &self.route
                    && looked_at < planes
                {
                    for (index, part) in parts.iter().enumerate() {
                        file.check_finite(images.start + index / planes, part)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The lanes `[lane][channel]` of some values of each plane of one image that is stored as matrices.
    fn convert(
        &self,
        file: &ImagesFile,
        lanes: &LanePlanes<T>,
        image: usize,
        values: &Range<usize>,
        read: &mut [ReadBuffer],
        out: &mut [T],
    ) -> Result<(), Error> {
        let [channels, height, width] = self.input.shape();
        let (plane, len) = (height * width, values.len());
        // Planes of a row lie one behind the other: where they are read to their ends, all channels are one.
        let pieces = if len == plane { 1 } else { channels };
        for (place, run) in lanes.runs().enumerate() {
            for piece in 0..pieces {
                let mut planes: Vec<&[T]> = Vec::with_capacity(run.len());
                if len == plane {
                    let values = run.start * channels * plane..run.end * channels * plane;
                    let entries = file.read_unchecked::<T>(image..image + 1, values, &mut read[0])?;
                    planes.extend(entries.chunks_exact(channels * plane));
                } else {
                    for (component, buffer) in run.clone().zip(read.iter_mut()) {
                        let start = (component * channels + piece) * plane;
                        let values = start + values.start..start + values.end;
                        planes.push(file.read_unchecked::<T>(image..image + 1, values, buffer)?);
                    }
                }
                if !lanes.convert(place, &planes, out, [channels * len, piece * len], &[]) {
                    planes.iter().try_for_each(|plane| file.check_finite(image, plane))?;
                }
            }
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use more_core::{Ciphertext, EvaluationKey, KeyId};
    use nn_core::simd::{InstructionSet, Job};

    use super::*;
    use crate::container::{
        ContainerWriter, Content, IMAGES, MemoryFile, Metadata, Target, image_tensor, put_matrices,
    };

    /// More than a pack, three channels, and rows of several bands, the last of which is lower.
    const COUNT: usize = 19;
    const SHAPE: [usize; 3] = [3, 71, 40];

    /// Matrices, not of any key: what is the lane of each is a matter of arithmetic.
    fn matrices<T: Scalar, const N: usize>(key: &EvaluationKey<T, N>, target: &Target) {
        let names = ["a".to_owned()];
        let metadata = Metadata::plain(Content::Images, T::SCALAR, &SHAPE, &names);
        let metadata = metadata.encrypted(Form::Matrix, N, key.id());
        let mut bytes = vec![0; EvaluationKey::<T, N>::ENCODED_LEN];
        key.encode(&mut bytes).expect("of its length");
        let tensors = vec![image_tensor(&metadata, COUNT)];
        let mut writer =
            ContainerWriter::start(target, &metadata, Some(&bytes), tensors).expect("a container");
        let item = metadata.item_len();
        for image in 0..COUNT {
            let value = |place: usize| T::from_f64((place * 7919 % 1009) as f64 / 504.0 - 1.0);
            let matrix = |index: usize| {
                let entry = |j, i| value(((image * item + index) * N + i) * N + j);
                Ciphertext::from_columns(std::array::from_fn(|j| std::array::from_fn(|i| entry(j, i))))
            };
            let matrices: Vec<Ciphertext<T, N>> = (0..item).map(matrix).collect();
            let mut planes = vec![T::ZERO; item * N * N];
            put_matrices(&matrices, &mut planes, item, 0);
            writer.write(IMAGES, &planes).expect("an image");
        }
        writer.finish().expect("a whole container");
    }

    /// What comes row by row has the bits of images that are read as a whole.
    struct Compare<'a>(&'a Input, Form);

    impl<T: Scalar> Job<T> for Compare<'_> {
        type Output = ();

        fn run<I: Isa<Real = T>>(self, isa: I) {
            let Self(input, form) = self;
            let [channels, height, width] = input.shape();
            let components = form.components(input.lanes());
            let item = components * channels * height * width;
            let mut expected = vec![T::ZERO; COUNT * item];
            let reader = ImageReader::of(input, form).expect("a reader");
            reader.read(0..COUNT, &mut Buffers::default(), &mut expected).expect("images");
            let rows = Rows::<T>::of(input, form).expect("rows");
            let mut buffers = RowBuffers::default();
            let mut packs = vec![Pack::splat(isa, T::ZERO); width];
            for first in (0..COUNT).step_by(I::SAMPLES) {
                let images = first..COUNT.min(first + I::SAMPLES);
                let mut y = 0;
                rows.each(isa, images.clone(), &mut buffers, |_, put| {
                    for plane in 0..components * channels {
                        put(plane / channels, plane % channels, &mut packs);
                        for (sample, image) in images.clone().enumerate() {
                            let line = &expected[image * item + (plane * height + y) * width..][..width];
                            for (x, (pack, value)) in packs.iter().zip(line).enumerate() {
                                assert!(pack.samples()[sample] == *value, "{image} {plane} {y} {x}");
                            }
                        }
                    }
                    y += 1;
                    Ok(())
                })
                .expect("all rows");
                assert_eq!(y, height);
            }
        }
    }

    fn compare<T: Scalar>(input: &Input, form: Form) {
        for set in [InstructionSet::best(), InstructionSet::Portable] {
            T::dispatch(set, Compare(input, form));
        }
    }

    fn check<T: Scalar, const N: usize>(beside: f64) {
        let mut columns = [[T::from_f64(beside); N]; N];
        for (k, column) in columns.iter_mut().enumerate() {
            column[k] = T::ONE;
        }
        // A row that serves two lanes beside others that serve one.
        columns[0][1] = T::from_f64(0.6);
        let key = EvaluationKey::<T, N>::from_parts(KeyId([1; 16]), columns).expect("regular");
        let memory = MemoryFile::new();
        matrices(&key, &Target::Memory(memory.clone()));
        compare::<T>(&Input::File(ImagesFile::open_memory(&memory).expect("images")), Form::Spectral);
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("images");
        matrices(&key, &Target::File(path.clone()));
        compare::<T>(&Input::File(ImagesFile::open(&path).expect("images")), Form::Spectral);
    }

    #[test]
    fn lanes_of_matrices_come_row_by_row() {
        check::<f32, 2>(0.5);
        check::<f32, 3>(0.01);
        check::<f64, 2>(0.5);
        check::<f64, 3>(0.01);
        check::<f32, 8>(0.01);
    }

    #[test]
    fn bytes_come_row_by_row() {
        let pixels: Vec<u8> =
            (0..COUNT * SHAPE.iter().product::<usize>()).map(|at| (at * 31 % 251) as u8).collect();
        let data = Dataset::from_bytes(SHAPE, vec!["a".to_owned()], pixels, vec![0; COUNT]).expect("images");
        let input = Input::Plain(data);
        compare::<f32>(&input, Form::Plain);
        compare::<f64>(&input, Form::Plain);
    }
}
