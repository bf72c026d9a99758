//! Rows of images on their way from where they are stored to a network that takes them one by one.
//!
//! Nothing between the two is as large as an image: a band of rows is read, decoded or made lanes of in a cache, and a row of a pack of images
//! is transposed in registers. Files in memory are asked for while the kernels compute on the band before; matrices that lanes are made of before
//! packs are gathered, while those of the image before are made: planes of large images lie powers of two apart and so have few places in a cache.

use std::ops::Range;

use more_core::{Arithmetic, MAX_LANES, Real};
use nn_core::element::Pack;
use nn_core::simd::Isa;

use crate::ahead::Ahead;
use crate::components::{LaneLines, Packed, Scalar, Stored, gather};
use crate::container::{Form, ImagesFile, LaneOfTwo, LanePlanes, ReadBuffer};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::image_reader::{Buffers, ImageReader};
use crate::lines::{self, LINE_BYTES, Lines};
use crate::samples::Input;
use crate::with_lanes;

/// Bytes of the rows that are read at a time, of all images of a pack together: a second-level cache holds them twice, since those of the next
/// band are asked for.
const BAND_BYTES: usize = 1 << 18;

/// Those of matrices, of which no more than one image is asked for ahead where they are large.
const MATRIX_BAND_BYTES: usize = 1 << 19;

/// Bytes of the entries that a lane of a pack of small images is made of, at most. Of larger ones, and for more lanes, each of which takes all
/// entries of a row, too much comes from a second-level cache; and planes of large images lie about powers of two apart, for which a cache
/// has few places.
const SMALL_BYTES: usize = 1 << 17;

// Whole images are a band then, of both rows of the matrices.
const _: () = assert!(2 * SMALL_BYTES <= MATRIX_BAND_BYTES);

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
    /// They are stored as matrices, of whose rows lanes are made band by band, each image by itself; if they have two columns and are small,
    /// where a row of a pack is gathered.
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
    whole: Lines<T>,
    buffers: Buffers<T>,
}

impl<T> Default for RowBuffers<T> {
    fn default() -> Self {
        Self { planes: Vec::new(), whole: lines::empty(), buffers: Buffers::default() }
    }
}

/// Puts the columns of a channel of a row where they belong: of a run, which is as many components as an element has, of a row of a band.
pub(crate) type Put<'a, E> = dyn FnMut(usize, usize, usize, &mut [E]) + 'a;

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

    /// Hands the rows of a pack of images to `take`, some at a time, from the first to the last. It gets how many they are, and what puts the
    /// channels of a run of one of them wherever they are computed on. Kernels that do so with the team that `take` gets ask for the
    /// rows behind, but for matrices that lanes are made of here.
    ///
    /// # Errors
    /// As [`ImageReader::read`], and those of `take`.
    pub(crate) fn each<I: Isa<Real = T>, E: Packed<I>>(
        &self,
        isa: I,
        images: Range<usize>,
        buffers: &mut RowBuffers<T>,
        mut take: impl FnMut(&Ahead<'_>, usize, &mut Put<'_, E>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let [channels, height, width] = self.input.shape();
        let RowBuffers { planes: read, whole, buffers } = buffers;
        let selection = self.selection(images.len());
        let Selection { planes, band, lanes, .. } = &selection;
        if let Route::Whole(reader) = &self.route {
            whole.resize(images.len() * planes * height * width, T::ZERO);
            reader.read(images.clone(), buffers, whole)?;
        }
        let file = match &self.route {
            Route::Stored(file) | Route::Matrices(file, _) => Some(*file),
            Route::Bytes(_) | Route::Whole(_) => None,
        };
        // Numbers that packs are gathered from as they are stored: lanes were looked at when they were made.
        let unchecked = file.filter(|_| matches!(self.route, Route::Stored(_)) || lanes.is_some());
        for start in (0..height).step_by(*band) {
            let rows = start..height.min(start + band);
            let parts = self.parts(&selection, &images, &rows, read, whole)?;
            let ahead = match file {
                // Where lanes are made.
                Some(_) if unchecked.is_none() => Ahead::default(),
                Some(file) if rows.end < height => {
                    let values = rows.end * width..height.min(rows.end + band) * width;
                    Ahead::new(band_bytes(file, images.clone(), &selection.starts, values))
                }
                // The next images are likely this thread's, too.
                Some(file) => {
                    let next = images.end..images.end + images.len();
                    Ahead::new(band_bytes(file, next, &selection.starts, 0..band * width))
                }
                None => Ahead::default(),
            };
            let of_plane = |number: usize| Stored::new(parts.iter().skip(number).step_by(*planes).copied());
            let lines: Vec<Stored<'_, T>> = (0..*planes).map(of_plane).collect();
            // Planes of each row in which all numbers are finite.
            let mut finite = vec![0; rows.len()];
            take(&ahead, rows.len(), &mut |run, row, channel, packs| {
                debug_assert_eq!(packs.len(), width);
                let first = row * width;
                let gathered = match lanes {
                    Some(lanes) => {
                        let LaneOfTwo { place, is_first, columns, ratio } = lanes[run];
                        let [diagonal, beside] =
                            columns.map(|column| &lines[(place * lanes.len() + column) * channels + channel]);
                        gather::<I, E>(isa, &LaneLines { diagonal, beside, ratio }, first, 0, packs);
                        // Both lanes of a row of matrices are made of all its entries.
                        if is_first { columns.len() } else { 0 }
                    }
                    None => {
                        for component in 0..E::COMPONENTS {
                            let number = (run * E::COMPONENTS + component) * channels + channel;
                            gather::<I, E>(isa, &lines[number], first, component, packs);
                        }
                        E::COMPONENTS
                    }
                };
                if unchecked.is_some() && gathered > 0 && all_finite(isa, packs) {
                    finite[row] += gathered;
                }
            })?;
            let Some(file) = unchecked else { continue };
            // Otherwise some numbers are not finite, or nothing is computed from them.
            for (row, _) in finite.iter().enumerate().filter(|(_, finite)| *finite < planes) {
                for (index, part) in parts.iter().enumerate() {
                    file.check_finite(images.start + index / planes, &part[row * width..][..width])?;
                }
            }
        }
        Ok(())
    }

    /// What is read of the images of a pack.
    fn selection(&self, images: usize) -> Selection<T> {
        let [channels, height, width] = self.input.shape();
        let runs: Vec<Range<usize>> = match &self.route {
            Route::Matrices(_, lanes) => lanes.runs().collect(),
            _ => std::iter::once(0..self.components).collect(),
        };
        let numbers = runs.iter().flat_map(|run| run.start * channels..run.end * channels);
        let starts: Vec<usize> = numbers.map(|number| number * height * width).collect();
        let bytes = match &self.route {
            Route::Matrices(..) => MATRIX_BAND_BYTES,
            Route::Stored(_) | Route::Bytes(_) | Route::Whole(_) => BAND_BYTES,
        };
        let band = (bytes / (images * starts.len() * width * T::BYTES).max(1)).clamp(1, height);
        // Of about equal height: while the kernels compute on a low one there is little time to ask for the next.
        let band = height.div_ceil(height.div_ceil(band));
        let planes = self.components * channels;
        let is_small = images * planes * height * width * T::BYTES <= SMALL_BYTES;
        let lanes = match &self.route {
            Route::Matrices(_, lanes) if is_small => lanes.two_lanes(),
            _ => None,
        };
        let planes = if lanes.is_some() { starts.len() } else { planes };
        Selection { runs, starts, planes, band, lanes }
    }

    /// Some rows of each plane, `[image][plane]`.
    fn parts<'b>(
        &'b self,
        selection: &Selection<T>,
        images: &Range<usize>,
        rows: &Range<usize>,
        read: &'b mut Vec<ReadBuffer>,
        whole: &'b mut Lines<T>,
    ) -> Result<Vec<&'b [T]>, Error> {
        let [channels, height, width] = self.input.shape();
        let Selection { runs, starts, planes, band, lanes } = selection;
        let (plane, values) = (height * width, rows.start * width..rows.end * width);
        let part = |start: usize| start + values.start..start + values.end;
        read.resize_with(images.len() * starts.len(), ReadBuffer::new);
        let mut parts = Vec::with_capacity(images.len() * planes);
        match &self.route {
            // Whole images lie one behind the other.
            Route::Stored(file) if rows.len() == height => {
                let whole = file.read_unchecked::<T>(images.clone(), 0..planes * plane, &mut read[0])?;
                parts.extend(whole.chunks_exact(plane));
            }
            Route::Stored(file) => {
                for (index, buffer) in read.iter_mut().enumerate() {
                    let image = images.start + index / planes;
                    parts.push(file.read_unchecked::<T>(
                        image..image + 1,
                        part(starts[index % planes]),
                        buffer,
                    )?);
                }
            }
            // So do whole planes of a row of the matrices.
            Route::Matrices(file, _) if lanes.is_some() => {
                debug_assert_eq!(rows.len(), height, "small images are a band");
                let of_images = images.clone().flat_map(|image| runs.iter().map(move |run| (image, run)));
                for ((image, run), buffer) in of_images.zip(read) {
                    let values = run.start * channels * plane..run.end * channels * plane;
                    let entries = file.read_unchecked::<T>(image..image + 1, values, buffer)?;
                    parts.extend(entries.chunks_exact(plane));
                }
            }
            Route::Matrices(file, lanes) => {
                let (len, distance) = (planes * values.len(), distance::<T>(planes * values.len()));
                whole.resize(images.len() * distance, T::ZERO);
                for (image, out) in images.clone().zip(whole.chunks_exact_mut(distance)) {
                    let next = if image + 1 < images.end {
                        (image + 1, values.clone())
                    } else if rows.end < height {
                        (images.start, rows.end * width..height.min(rows.end + band) * width)
                    } else {
                        (images.end, 0..band * width)
                    };
                    self.convert(file, lanes, (image, values.clone()), next, read, &mut out[..len])?;
                }
                let whole = whole.chunks_exact(distance);
                parts.extend(whole.flat_map(|image| image[..len].chunks_exact(values.len())));
            }
            Route::Bytes(data) => {
                let (len, distance) = (planes * values.len(), distance::<T>(planes * values.len()));
                whole.resize(images.len() * distance, T::ZERO);
                for (image, out) in images.clone().zip(whole.chunks_exact_mut(distance)) {
                    for (start, out) in starts.iter().zip(out.chunks_exact_mut(values.len())) {
                        let found = data.decode(image, part(*start), out);
                        debug_assert!(found, "images of the data set are asked for");
                    }
                }
                let whole = whole.chunks_exact(distance);
                parts.extend(whole.flat_map(|image| image[..len].chunks_exact(values.len())));
            }
            Route::Whole(_) => parts.extend(whole.chunks_exact(plane).map(|part| &part[values.clone()])),
        }
        Ok(parts)
    }

    /// The lanes `[lane][channel]` of some values of each plane of one image that is stored as matrices. What to convert next is asked for
    /// meanwhile.
    fn convert(
        &self,
        file: &ImagesFile,
        lanes: &LanePlanes<T>,
        (image, values): (usize, Range<usize>),
        (next_image, next_values): (usize, Range<usize>),
        read: &mut [ReadBuffer],
        out: &mut [T],
    ) -> Result<(), Error> {
        let [channels, height, width] = self.input.shape();
        let (plane, len) = (height * width, values.len());
        // Planes of a row lie one behind the other: where they are read to their ends, all channels are one.
        let pieces = if len == plane { 1 } else { channels };
        for (place, run) in lanes.runs().enumerate() {
            for piece in 0..pieces {
                // Not vectors: there are many pieces.
                let (mut planes, mut ahead) = ([&[][..]; MAX_LANES], [&[][..]; MAX_LANES]);
                if len == plane {
                    let values = run.start * channels * plane..run.end * channels * plane;
                    let entries = file.read_unchecked::<T>(image..image + 1, values, &mut read[0])?;
                    let entries = entries.chunks_exact(channels * plane);
                    let parts = planes.iter_mut().zip(&mut ahead);
                    for ((component, entries), (part, ahead)) in run.clone().zip(entries).zip(parts) {
                        let next = component * channels * plane..(component + 1) * channels * plane;
                        *part = entries;
                        *ahead = file.image_bytes(next_image, next).unwrap_or_default();
                    }
                } else {
                    let parts = planes.iter_mut().zip(&mut ahead);
                    for ((component, buffer), (part, ahead)) in run.clone().zip(read.iter_mut()).zip(parts) {
                        let start = (component * channels + piece) * plane;
                        let values = start + values.start..start + values.end;
                        *part = file.read_unchecked::<T>(image..image + 1, values, buffer)?;
                        let next = start + next_values.start..start + next_values.end;
                        *ahead = file.image_bytes(next_image, next).unwrap_or_default();
                    }
                }
                let (planes, ahead) = (&planes[..run.len()], &ahead[..run.len()]);
                if !lanes.convert(place, planes, out, [channels * len, piece * len], ahead) {
                    planes.iter().try_for_each(|plane| file.check_finite(image, plane))?;
                }
            }
        }
        Ok(())
    }
}

/// What is read of the images of a pack, and how.
struct Selection<T> {
    /// Components that are read.
    runs: Vec<Range<usize>>,
    /// Where each of their planes begins in an image.
    starts: Vec<usize>,
    /// Planes that packs are gathered from: lanes, or what is read.
    planes: usize,
    /// Rows at a time.
    band: usize,
    /// What each lane is made of, if that is where packs are gathered.
    lanes: Option<[LaneOfTwo<T>; 2]>,
}

/// From one image to the next, numbers: so many and the rest of a cache line, and an odd number of lines. At a power of two, lines of
/// neighbouring images would have the same few places in a cache.
fn distance<T: Scalar>(len: usize) -> usize {
    ((len * T::BYTES).div_ceil(LINE_BYTES) | 1) * (LINE_BYTES / T::BYTES)
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
    let (blocks, rest) = packs.as_chunks::<4>();
    let sum = isa.enter(
        #[inline(always)]
        || {
            // 0 x is zero for what is finite and NaN otherwise.
            let zero = Pack::splat(isa, I::Real::ZERO);
            // Several sums, since an addition waits for the one before.
            let [mut a, mut b, mut c, mut d] = [zero; 4];
            for [of_a, of_b, of_c, of_d] in blocks {
                for component in 0..E::COMPONENTS {
                    a = zero.mul_acc(*of_a.pack(component), a);
                    b = zero.mul_acc(*of_b.pack(component), b);
                    c = zero.mul_acc(*of_c.pack(component), c);
                    d = zero.mul_acc(*of_d.pack(component), d);
                }
            }
            for pack in rest {
                for component in 0..E::COMPONENTS {
                    a = zero.mul_acc(*pack.pack(component), a);
                }
            }
            a + b + c + d
        },
    );
    sum.samples().iter().all(|&sample| sample == I::Real::ZERO)
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use more_core::{EvaluationKey, KeyId, LaneRows};
    use nn_core::simd::{InstructionSet, Job, PackReal};

    use super::*;
    use crate::container::{ContainerWriter, Content, IMAGES, MemoryFile, Metadata, Target, image_tensor};
    use crate::error::Kind;

    /// More than a pack.
    const COUNT: usize = 19;

    /// Several bands of rows, the last of which is lower.
    const LARGE: [usize; 3] = [3, 71, 40];

    /// All rows are a band, and lanes of two columns are made where they are gathered.
    const SMALL: [usize; 3] = [2, 2, 17];

    /// Ciphertexts, not of any key: what is the lane of each is a matter of arithmetic. Of one image one number, if any, is not finite.
    fn ciphertexts<T: Scalar, const N: usize>(
        key: &EvaluationKey<T, N>,
        form: Form,
        shape: [usize; 3],
        spoilt: Option<(usize, usize)>,
        target: &Target,
    ) {
        let names = ["a".to_owned()];
        let metadata = Metadata::plain(Content::Images, T::SCALAR, &shape, &names);
        let metadata = metadata.encrypted(form, N, key.id());
        let mut bytes = vec![0; EvaluationKey::<T, N>::ENCODED_LEN];
        key.encode(&mut bytes).expect("of its length");
        let tensors = vec![image_tensor(&metadata, COUNT)];
        let mut writer =
            ContainerWriter::start(target, &metadata, Some(&bytes), tensors).expect("a container");
        let len = metadata.item_len() * form.components(N);
        for image in 0..COUNT {
            let value = |place: usize| T::from_f64((place * 7919 % 1009) as f64 / 504.0 - 1.0);
            let mut planes: Vec<T> = (0..len).map(|index| value(image * len + index)).collect();
            if let Some((of, place)) = spoilt
                && of == image
            {
                planes[place] = T::from_f64(f64::NAN);
            }
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
                rows.each(isa, images.clone(), &mut buffers, |_, rows, put| {
                    for (plane, row) in
                        (0..components * channels).flat_map(|plane| (0..rows).map(move |row| (plane, row)))
                    {
                        put(plane / channels, row, plane % channels, &mut packs);
                        for (sample, image) in images.clone().enumerate() {
                            let start = image * item + (plane * height + y + row) * width;
                            for (x, (pack, value)) in packs.iter().zip(&expected[start..]).enumerate() {
                                assert!(pack.samples()[sample] == *value, "{image} {plane} {y} {row} {x}");
                            }
                        }
                    }
                    y += rows;
                    Ok(())
                })
                .expect("all rows");
                assert_eq!(y, height);
            }
        }
    }

    fn compare<T: Scalar>(input: &Input, form: Form) {
        for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
            T::dispatch(set, Compare(input, form));
        }
    }

    /// A key whose matrices give so many lanes by each of their rows.
    fn key<T: Scalar, const N: usize>(lanes_of_rows: &[usize]) -> EvaluationKey<T, N> {
        let mut columns = [[T::from_f64(0.01); N]; N];
        for (k, column) in columns.iter_mut().enumerate() {
            column[k] = T::ONE;
        }
        // A row that serves two lanes.
        if lanes_of_rows[0] == 2 {
            columns[0][1] = T::from_f64(0.6);
        }
        let key = EvaluationKey::from_parts(KeyId([1; 16]), columns).expect("regular");
        let mut found = vec![0; N];
        LaneRows::new(&key).rows().iter().for_each(|row| found[*row] += 1);
        found.retain(|lanes| *lanes > 0);
        found.sort_unstable_by_key(|lanes| Reverse(*lanes));
        assert_eq!(found, lanes_of_rows);
        key
    }

    fn check<T: Scalar, const N: usize>(lanes_of_rows: &[usize], form: Form, shape: [usize; 3]) {
        let key = key::<T, N>(lanes_of_rows);
        let memory = MemoryFile::new();
        ciphertexts(&key, form, shape, None, &Target::Memory(memory.clone()));
        compare::<T>(&Input::File(ImagesFile::open_memory(&memory).expect("images")), Form::Spectral);
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("images");
        ciphertexts(&key, form, shape, None, &Target::File(path.clone()));
        compare::<T>(&Input::File(ImagesFile::open(&path).expect("images")), Form::Spectral);
    }

    #[test]
    fn lanes_of_matrices_come_row_by_row() {
        for shape in [LARGE, SMALL] {
            check::<f32, 2>(&[2], Form::Matrix, shape);
            check::<f64, 2>(&[2], Form::Matrix, shape);
            check::<f32, 2>(&[1, 1], Form::Matrix, shape);
            check::<f64, 2>(&[1, 1], Form::Matrix, shape);
            check::<f32, 3>(&[2, 1], Form::Matrix, shape);
            check::<f64, 3>(&[2, 1], Form::Matrix, shape);
            check::<f32, 8>(&[2, 1, 1, 1, 1, 1, 1], Form::Matrix, shape);
        }
    }

    #[test]
    fn lanes_as_they_are_stored_come_row_by_row() {
        for shape in [LARGE, SMALL] {
            check::<f32, 2>(&[2], Form::Spectral, shape);
            check::<f64, 3>(&[2, 1], Form::Spectral, shape);
        }
    }

    /// Takes all rows, and puts them into packs or not.
    struct Take<'a>(&'a Input, bool);

    impl Job<f32> for Take<'_> {
        type Output = Result<(), Error>;

        fn run<I: Isa<Real = f32>>(self, isa: I) -> Result<(), Error> {
            let Self(input, puts) = self;
            let [channels, _, width] = input.shape();
            let rows = Rows::<f32>::of(input, Form::Spectral)?;
            let mut packs = vec![Pack::splat(isa, 0.0); width];
            rows.each(isa, 0..COUNT.min(I::SAMPLES), &mut RowBuffers::default(), |_, rows, put| {
                for (lane, row) in (0..input.lanes()).flat_map(|lane| (0..rows).map(move |row| (lane, row))) {
                    (0..channels).filter(|_| puts).for_each(|channel| put(lane, row, channel, &mut packs));
                }
                Ok(())
            })
        }
    }

    #[test]
    fn what_is_not_finite_is_noticed_whether_or_not_it_is_computed_on() {
        for (form, shape) in
            [Form::Matrix, Form::Spectral].into_iter().flat_map(|form| [(form, LARGE), (form, SMALL)])
        {
            for lanes_of_rows in [&[2][..], &[1, 1]] {
                let key = key::<f32, 2>(lanes_of_rows);
                let item: usize = shape.iter().product();
                // Of matrices only the rows that lanes are made of are looked at.
                let rows = LaneRows::new(&key);
                let planes =
                    if form == Form::Matrix { 2 * rows.rows()[0]..2 * rows.rows()[0] + 2 } else { 0..2 };
                let places = [0, 1, 2, 3, item - 1];
                for (plane, place) in planes.flat_map(|plane| places.map(|place| (plane, place))) {
                    let memory = MemoryFile::new();
                    let target = Target::Memory(memory.clone());
                    ciphertexts(&key, form, shape, Some((3, plane * item + place)), &target);
                    let input = Input::File(ImagesFile::open_memory(&memory).expect("images"));
                    for puts in [false, true] {
                        let error = f32::dispatch(InstructionSet::best(), Take(&input, puts)).unwrap_err();
                        assert_eq!(error.kind(), Kind::NonFinite);
                        assert!(error.to_string().contains("row 3"), "{error}");
                    }
                }
            }
        }
    }

    #[test]
    fn bytes_come_row_by_row() {
        let pixels: Vec<u8> =
            (0..COUNT * LARGE.iter().product::<usize>()).map(|at| (at * 31 % 251) as u8).collect();
        let data = Dataset::from_bytes(LARGE, vec!["a".to_owned()], pixels, vec![0; COUNT]).expect("images");
        let input = Input::Plain(data);
        compare::<f32>(&input, Form::Plain);
        compare::<f64>(&input, Form::Plain);
    }
}
