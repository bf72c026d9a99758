//! Encryption of a data set into a container.
//!
//! The work is cut into blocks of images whose size depends on the images and the key alone; each block has its own
//! stream of one ChaCha20 generator. So the same seed gives the same bytes for any number of threads. While one wave
//! of blocks is encrypted, the one before it is written.

mod copies;

use std::ops::Range;
use std::path::Path;

use more_core::mask::{Masks, OneHot, Uniform};
use more_core::{Ciphertext, Real, SecretKey, Spectrum};
use nn_core::Shape;
use rand_chacha::ChaCha20Rng;
use rand_core::{SeedableRng, TryRng};
use rayon::prelude::*;

use crate::augmentation::Augmentation;
use crate::container::{
    ContainerWriter, Content, Element, Form, IMAGES, LABELS, Metadata, PLAIN_LABELS, Target, image_tensor,
    label_tensor, plain_label_tensor, put_matrices,
};
use crate::dataset::{Dataset, Split};
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::key_file::{EvaluationKeyFile, SecretKeyFile};
use crate::progress::Progress;
use crate::standardization::Standardization;
use crate::with_scalar_and_lanes;
use copies::Copies;

/// Bytes of a block's ciphertexts in matrix form, to which blocks are rounded down.
const BLOCK_BYTES: usize = 1 << 20;
/// Values that are encrypted at a time, to stay in the processor's cache.
const CHUNK: usize = 1024;
/// Streams of the generator: bit 63 is always set (key generation uses stream 0 and may have had the same seed), bit
/// 62 tells labels, bits 61 and 60 the part; the low bits count the blocks.
const MASKS: u64 = 1 << 63;
const LABEL_MASKS: u64 = 1 << 62;
const TEST_MASKS: u64 = 1 << 61;
const VAL_MASKS: u64 = 1 << 60;

/// How a data set is encrypted.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The form of the ciphertexts, not [`Form::Plain`].
    pub form: Form,
    /// Keep the labels in the clear.
    pub plain_labels: bool,
    /// What goes into the file as the standardization of its training set, in the clear.
    pub standardization: Option<Standardization>,
    /// Where the masks start from; `None` asks the operating system. Whoever knows the seed knows the masks.
    pub seed: Option<u64>,
    /// Augmented copies beside each image.
    pub augmentation: Option<Copied>,
}

/// Augmented copies of each image: as many ciphertexts follow each other, the first of the image itself. They are copies of its
/// ciphertext, so masks and labels are the same and pixels' masks are transformed like the message.
#[derive(Clone, Copy, Debug)]
pub struct Copied {
    /// What is stored of each image, itself included; not 0.
    pub copies: usize,
    /// How the others are transformed.
    pub augmentation: Augmentation,
}

/// Encrypts `data`, a part `split` of some source, into a container at `out`. Masks of pixels are uniform in [0, 1],
/// masks of labels one-hot vectors of random classes.
///
/// # Errors
/// [`Kind::Key`] where `evaluation` is not the key's; [`Kind::Random`]; [`Kind::Interrupted`]; reading and writing
/// errors. Nothing is left at `out` then, or what was there before.
pub fn encrypt(
    data: &Dataset,
    split: Split,
    secret: &SecretKeyFile,
    evaluation: &EvaluationKeyFile,
    options: &Options,
    out: &Path,
    progress: &Progress,
) -> Result<(), Error> {
    encrypt_to(data, split, secret, evaluation, options, &out.into(), progress)
}

/// The same for any target.
///
/// # Errors
/// As [`encrypt`].
pub fn encrypt_to(
    data: &Dataset,
    split: Split,
    secret: &SecretKeyFile,
    evaluation: &EvaluationKeyFile,
    options: &Options,
    out: &Target,
    progress: &Progress,
) -> Result<(), Error> {
    if options.form == Form::Plain {
        return Err(Error::usage("ciphertexts have matrix or spectral form"));
    }
    if options.augmentation.is_some_and(|copied| copied.copies == 0) {
        return Err(Error::usage("augmentation keeps at least one image of each, 0 are asked for"));
    }
    secret.check_owner(evaluation.path(), evaluation.id(), evaluation.lanes(), evaluation.scalar())?;
    with_scalar_and_lanes!(secret.scalar(), secret.lanes(), (T, N) => {
        run::<T, N>(data, split, secret, evaluation, options, out, progress)
    })?
}

fn run<T: Scalar, const N: usize>(
    data: &Dataset,
    split: Split,
    secret: &SecretKeyFile,
    evaluation: &EvaluationKeyFile,
    options: &Options,
    out: &Target,
    progress: &Progress,
) -> Result<(), Error> {
    let key = secret.decode::<T, N>()?;
    let lane = key.message_lane(&evaluation.decode()?).map_err(|error| {
        let message = format!("does not belong to {}: {error}", secret.path().display());
        Error::new(Kind::Key, message).at(evaluation.path())
    })?;
    let mut metadata = Metadata::plain(Content::Images, T::SCALAR, &data.shape(), data.class_names());
    metadata = metadata.encrypted(options.form, N, key.id());
    metadata.standardization = options.standardization;
    metadata.extra.insert("split".to_owned(), split.to_string().into());
    let count = data.len();
    let copies = options.augmentation.map_or(1, |copied| copied.copies);
    let stored = count.checked_mul(copies).ok_or_else(|| {
        Error::usage(format!("{copies} copies of each of {count} images are more than there can be"))
    })?;
    if options.augmentation.is_some() {
        metadata.extra.insert("copies".to_owned(), copies.into());
    }
    let images = image_tensor(&metadata, stored);
    // Plain labels are written first: before images as wide as they are, too.
    let tensors = match (data.has_labels(), options.plain_labels) {
        (false, _) => vec![images],
        (true, true) => vec![plain_label_tensor(stored), images],
        (true, false) => vec![images, label_tensor(&metadata, stored)],
    };
    let mut writer = ContainerWriter::start(out, &metadata, Some(evaluation.bytes()), tensors)?;

    let streams = Streams::new(options.seed, split)?;
    let encryptor = Encryptor { key, lane, form: options.form };
    if options.plain_labels && data.has_labels() {
        let repeated = data.labels().iter().flat_map(|label| std::iter::repeat_n(*label, copies));
        let labels: Vec<i64> = repeated.map(i64::from).collect();
        writer.write(PLAIN_LABELS, &labels)?;
    }
    let image = data.image_len();
    let pixel_masks = Uniform::new(T::ZERO, T::ONE)?;
    let fill_images = |images: Range<usize>, messages: &mut Vec<T>, pixels: &mut Vec<f32>| {
        pixels.resize(images.len() * image, 0.0);
        data.read_images(images, pixels)?;
        messages.clear();
        messages.extend(pixels.iter().map(|&pixel| T::from_f64(f64::from(pixel))));
        Ok(())
    };
    let [channels, height, width] = data.shape();
    let transformed = options
        .augmentation
        .map(|Copied { augmentation, .. }| (augmentation, Shape::new(channels, height, width)));
    let of_images = Copies { count: copies, transformed };
    let work = Work {
        tensor: IMAGES,
        count,
        item: image,
        masks: pixel_masks,
        stream: 0,
        whole: false,
        copies: of_images,
    };
    encryptor.stream(&work, &streams, &mut writer, progress, fill_images)?;
    if !options.plain_labels && data.has_labels() {
        let classes = data.class_names().len();
        let fill_labels = |images: Range<usize>, messages: &mut Vec<T>, _: &mut Vec<f32>| {
            messages.clear();
            for &label in &data.labels()[images] {
                let one_hot = |class| if class == label as usize { T::ONE } else { T::ZERO };
                messages.extend((0..classes).map(one_hot));
            }
            Ok(())
        };
        let masks = OneHot::new(classes)?;
        let of_labels = Copies { count: copies, transformed: None };
        let stream = LABEL_MASKS;
        let work =
            Work { tensor: LABELS, count, item: classes, masks, stream, whole: true, copies: of_labels };
        encryptor.stream(&work, &streams, &mut writer, &Progress::hidden(), fill_labels)?;
    }
    interrupt::check()?;
    writer.finish()
}

/// The scalars, as everything here takes them.
trait Scalar: Real + Element + nn_core::Number + nn_core::Element<Real = Self, Context = ()> {}

impl Scalar for f32 {}
impl Scalar for f64 {}

/// The generators of the masks.
struct Streams {
    seed: [u8; 32],
    part: u64,
}

impl Streams {
    fn new(seed: Option<u64>, split: Split) -> Result<Self, Error> {
        let seed = match seed {
            Some(seed) => ChaCha20Rng::seed_from_u64(seed).get_seed(),
            None => {
                let mut bytes = [0; 32];
                getrandom::SysRng.try_fill_bytes(&mut bytes).map_err(|error| {
                    Error::new(Kind::Random, "the operating system gives no random numbers").caused_by(error)
                })?;
                bytes
            }
        };
        let part = match split {
            Split::Train => MASKS,
            Split::Val => MASKS | VAL_MASKS,
            Split::Test => MASKS | TEST_MASKS,
            Split::All => MASKS | TEST_MASKS | VAL_MASKS,
        };
        Ok(Self { seed, part })
    }

    fn block(&self, stream: u64, block: usize) -> ChaCha20Rng {
        let mut generator = ChaCha20Rng::from_seed(self.seed);
        generator.set_stream(self.part | stream | block as u64);
        generator
    }
}

/// A tensor that is to be filled.
struct Work<M> {
    tensor: &'static str,
    count: usize,
    /// Numbers of one item.
    item: usize,
    masks: M,
    stream: u64,
    /// Whether an item must be encrypted as a whole, its masks being a vector.
    whole: bool,
    copies: Copies,
}

/// Memory for one block, used again and again.
struct Block<T: Real, const N: usize> {
    pixels: Vec<f32>,
    messages: Vec<T>,
    matrices: Vec<Ciphertext<T, N>>,
    spectra: Vec<Spectrum<T, N>>,
    /// As it goes to the file.
    stored: Vec<T>,
    /// Memory for what is copied.
    originals: Vec<T>,
}

impl<T: Real, const N: usize> Default for Block<T, N> {
    fn default() -> Self {
        let (pixels, messages, stored, originals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { pixels, messages, matrices: Vec::new(), spectra: Vec::new(), stored, originals }
    }
}

struct Encryptor<T: Real, const N: usize> {
    key: SecretKey<T, N>,
    lane: usize,
    form: Form,
}

impl<T: Scalar, const N: usize> Encryptor<T, N> {
    /// Encrypts all items of a tensor and writes them; `fill` gives the messages of a range of items.
    fn stream<M: Masks<T> + Copy + Sync>(
        &self,
        work: &Work<M>,
        streams: &Streams,
        writer: &mut ContainerWriter,
        progress: &Progress,
        fill: impl Fn(Range<usize>, &mut Vec<T>, &mut Vec<f32>) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let items = (BLOCK_BYTES / (work.item * N * N * T::BYTES)).max(1);
        let blocks = work.count.div_ceil(items);
        let wave = 2 * rayon::current_num_threads();
        let memory = || -> Vec<Block<T, N>> { (0..wave.min(blocks)).map(|_| Block::default()).collect() };
        let (mut ready, mut next) = (memory(), memory());
        let mut ready_count = 0;
        let mut write = |blocks: &[Block<T, N>]| {
            blocks.iter().try_for_each(|block| writer.write(work.tensor, &block.stored))
        };
        let mut begin = 0;
        while begin < blocks {
            let count = wave.min(blocks - begin);
            let encrypt = || {
                next[..count].par_iter_mut().enumerate().try_for_each(|(index, block)| {
                    interrupt::check()?;
                    let number = begin + index;
                    let range = number * items..work.count.min((number + 1) * items);
                    let (first, length) = (range.start, range.len());
                    fill(range, &mut block.messages, &mut block.pixels)?;
                    self.encrypt_block(work, &mut streams.block(work.stream, number), block)?;
                    let Block { stored, originals, .. } = block;
                    work.copies.extend(self.form.components(N), first, work.item, stored, originals)?;
                    progress.advance(length);
                    Ok::<(), Error>(())
                })
            };
            let (written, encrypted) = rayon::join(|| write(&ready[..ready_count]), encrypt);
            written?;
            encrypted?;
            std::mem::swap(&mut ready, &mut next);
            ready_count = count;
            begin += count;
        }
        write(&ready[..ready_count])
    }

    /// Encrypts the messages of a block, item by item, into the layout of the files.
    fn encrypt_block<M: Masks<T> + Copy>(
        &self,
        work: &Work<M>,
        generator: &mut ChaCha20Rng,
        block: &mut Block<T, N>,
    ) -> Result<(), Error> {
        let Block { messages, matrices, spectra, stored, .. } = block;
        let mut masks = work.masks;
        let chunk = if work.whole { work.item } else { CHUNK };
        let values = self.form.components(N);
        stored.resize(messages.len() * values, T::ZERO);
        for (item, stored) in
            messages.chunks_exact(work.item).zip(stored.chunks_exact_mut(work.item * values))
        {
            for (index, messages) in item.chunks(chunk).enumerate() {
                let first = index * chunk;
                if self.form == Form::Matrix {
                    matrices.resize(messages.len(), Ciphertext::zero(()));
                    self.key.encrypt_slice(messages, &mut masks, generator, matrices)?;
                    put_matrices(matrices, stored, work.item, first);
                } else {
                    spectra.resize(messages.len(), Spectrum::zero(()));
                    self.key.encrypt_spectrum_slice(self.lane, messages, &mut masks, generator, spectra)?;
                    for (lane, plane) in stored.chunks_exact_mut(work.item).enumerate() {
                        for (value, spectrum) in plane[first..].iter_mut().zip(spectra.iter()) {
                            *value = spectrum.lanes()[lane];
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
