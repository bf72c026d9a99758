//! Inference: a network's outputs for a whole data set, on plain data and on ciphertexts, without a key.
//!
//! Images stream through, pack by pack and row by row, so memory does not grow with the data set, and what is between the stages of
//! the network stays in a cache whatever the size of the images. A pack is a unit of work of the threads; in spectral form every
//! lane of it is computed on packs of plain numbers.

use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use more_core::Ciphertext;
use nn_core::element::Pack;
use nn_core::simd::{InstructionSet, Isa, Job};
use nn_core::{Element, Network, RowStream, Weigh, layout};
use rayon::prelude::*;

use crate::components::{Packed, PlainWeight, Scalar, Weight, scatter, transforms};
use crate::container::{
    Container, ContainerWriter, Content, Form, LABELS, Metadata, OUTPUTS, PLAIN_LABELS, ReadBuffer, Target,
    align_keys, check_same_key, label_tensor, output_tensor, plain_label_tensor,
};
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::large_pages;
use crate::lines::Lines;
use crate::model::Model;
use crate::progress::Progress;
use crate::rows::{RowBuffers, Rows};
use crate::samples::{Input, lanes_to_entries, read_label_lanes};
use crate::standardization::Standardization;
use crate::training::{Engine, internal, too_many_lanes};
use crate::with_lanes;

/// Bytes of images that a thread computes at a time.
const CHUNK_BYTES: usize = 1 << 18;

/// Chunks between two writes, for each thread: many, so that threads seldom wait for each other.
const CHUNKS_PER_THREAD: usize = 64;

/// Images whose labels are passed on at a time.
const LABELS_PER_WRITE: usize = 1 << 12;

/// Computes the outputs of the model at `model` for all images of `input` and writes them to `out`, labels passed on.
///
/// Outputs have the form of `engine`, or are plain where the data is. A plain model is evaluated on plain and on encrypted data; an
/// encrypted one on data of its key.
///
/// # Errors
/// [`Kind::Key`] for data of another key than the model's; [`Kind::Shape`] for images that the network does not take,
/// another scalar or other classes than the model's; [`Kind::Usage`] for an encrypted model on plain data; [`Kind::NonFinite`];
/// [`Kind::Interrupted`]; reading and writing errors. Nothing is left at `out` then, or what was there before.
pub fn predict<T: Scalar>(
    input: &Input,
    model: &Container,
    engine: Engine,
    instruction_set: InstructionSet,
    out: &Path,
    progress: &Progress,
) -> Result<(), Error> {
    predict_to::<T>(input, model, engine, instruction_set, &out.into(), progress)
}

/// The same for any target.
///
/// # Errors
/// As [`predict`].
pub fn predict_to<T: Scalar>(
    input: &Input,
    model: &Container,
    engine: Engine,
    instruction_set: InstructionSet,
    out: &Target,
    progress: &Progress,
) -> Result<(), Error> {
    let form = if input.form() == Form::Plain { Form::Plain } else { engine.form() };
    let model = weights_for::<T>(input, model, form)?;
    let network = model.architecture.network();
    let classes = classes_of(input, &model)?;
    let mut metadata = Metadata::plain(Content::Outputs, T::SCALAR, &[network.outputs()], classes);
    let mut key = None;
    if let (Input::File(file), true) = (input, form != Form::Plain) {
        let id = file.metadata().key_id;
        let id = id.ok_or_else(|| input.locate(Error::new(Kind::Key, "the file names no key")))?;
        metadata = metadata.encrypted(form, input.lanes(), id);
        key = Some(file.container().evaluation_key_bytes()?);
    }
    metadata.network = Some(model.architecture.name().to_owned());
    let count = input.count();
    let mut tensors = vec![output_tensor(&metadata, count)];
    if input.has_encrypted_labels() {
        tensors.push(label_tensor(&metadata, count));
    } else if input.has_labels() {
        // Written first: before outputs as wide as they are, too.
        tensors.insert(0, plain_label_tensor(count));
    }
    let mut writer = ContainerWriter::start(out, &metadata, key.as_deref(), tensors)?;
    if let Some(labels) = input.plain_labels()? {
        let labels: Vec<i64> = labels.into_iter().map(i64::from).collect();
        writer.write(PLAIN_LABELS, &labels)?;
    }
    let job = Run { input, model: &model, form, writer: &mut writer, progress };
    match form {
        Form::Matrix => T::dispatch_matrix(instruction_set, OnMatrices(job)),
        _ => T::dispatch(instruction_set, OnPlanes(job)),
    }?;
    if input.has_encrypted_labels() {
        pass_labels_on::<T>(input, form, &mut writer)?;
    }
    interrupt::check()?;
    writer.finish()
}

/// The classes of the outputs: the model's. Labels are passed on, so those of labelled data must be the same.
fn classes_of<'a, T>(input: &Input, model: &'a Model<T>) -> Result<&'a [String], Error> {
    let (found, expected) = (input.class_names(), &model.classes);
    if !input.has_labels() || found == expected {
        return Ok(expected);
    }
    let message = format!("the classes are {}, the model's {}", found.join(", "), expected.join(", "));
    let error = input.locate(Error::new(Kind::Shape, message));
    Err(error.with_hint("give --classes in the model's order"))
}

/// The model, fit for the data: of the same scalar and key, in a form that `form` can be computed with, its lanes in the order of
/// the data's.
fn weights_for<T: Scalar>(input: &Input, container: &Container, form: Form) -> Result<Model<T>, Error> {
    let mut model = Model::<T>::read(container)?;
    input.check(model.architecture)?;
    if model.form == Form::Plain {
        return Ok(model);
    }
    let Input::File(file) = input else {
        let error =
            Error::new(Kind::Usage, "an encrypted model is of no use on plain data").at(container.path());
        return Err(error.with_hint("encrypt the data with the model's key, or train a plain model"));
    };
    if form == Form::Plain {
        let error =
            Error::new(Kind::Usage, "the data is plain, the model is encrypted").at(file.container().path());
        return Err(error.with_hint("encrypt the data with the model's key"));
    }
    check_same_key(file.container(), container)?;
    with_lanes!(model.lanes, N => {
        let lane_of = align_keys::<T, N>(file.container(), container)?;
        if form == Form::Spectral {
            model = model.into_spectral(container)?;
            model.planes = lane_of.iter().map(|lane| model.planes[*lane].clone()).collect();
        } else if model.form == Form::Spectral {
            let key = container.evaluation_key::<T, N>()?;
            let mut planes = vec![Vec::new(); N * N];
            for index in 0..model.planes[0].len() {
                let lanes = std::array::from_fn(|lane| model.planes[lane][index]);
                let weight = key.to_ciphertext(&more_core::Spectrum::<T, N>::from_lanes(lanes));
                for (component, plane) in planes.iter_mut().enumerate() {
                    plane.push(Weight::component(&weight, component));
                }
            }
            (model.planes, model.form) = (planes, Form::Matrix);
        }
        model
    })
}

/// Copies the labels of `input`, brought to `form`.
fn pass_labels_on<T: Scalar>(input: &Input, form: Form, writer: &mut ContainerWriter) -> Result<(), Error> {
    let Input::File(file) = input else { return Ok(()) };
    let (count, classes) = (input.count(), input.class_names().len());
    let groups = (0..count).step_by(LABELS_PER_WRITE).map(|first| first..count.min(first + LABELS_PER_WRITE));
    if form == file.metadata().form {
        let mut buffer = ReadBuffer::new();
        for images in groups {
            writer.write(LABELS, file.read_labels::<T>(images, &mut buffer)?)?;
        }
        return Ok(());
    }
    with_lanes!(input.lanes(), N => {
        let key = file.container().evaluation_key::<T, N>()?;
        let (mut lanes, mut matrices) = (Vec::new(), Vec::new());
        for images in groups {
            lanes.resize(images.len() * N * classes, T::ZERO);
            read_label_lanes::<T, N>(file, images.start, &key, &mut lanes)?;
            if form == Form::Spectral {
                writer.write(LABELS, &lanes)?;
                continue;
            }
            matrices.resize(images.len() * N * N * classes, T::ZERO);
            lanes_to_entries::<T, N>(&lanes, classes, &key, &mut matrices);
            writer.write(LABELS, &matrices)?;
        }
    })
}

/// Inference, to be compiled for each instruction set.
struct Run<'a, T> {
    input: &'a Input,
    model: &'a Model<T>,
    form: Form,
    writer: &'a mut ContainerWriter,
    progress: &'a Progress,
}

/// Inference on planes: plain data, or the lanes of ciphertexts.
struct OnPlanes<'a, T>(Run<'a, T>);

/// Inference on matrices.
struct OnMatrices<'a, T>(Run<'a, T>);

impl<T: Scalar> Job<T> for OnPlanes<'_, T> {
    type Output = Result<(), Error>;

    fn run<I: Isa<Real = T>>(self, isa: I) -> Result<(), Error> {
        let parameters = self.0.parameters::<T>(self.0.input.lanes())?;
        self.0.chunks::<I, Pack<I>, T>(isa, parameters)
    }
}

impl<T: Scalar> Job<T> for OnMatrices<'_, T> {
    type Output = Result<(), Error>;

    fn run<I: Isa<Real = T>>(self, isa: I) -> Result<(), Error> {
        match self.0.input.lanes() {
            2 => self.0.matrix::<I, 2>(isa),
            3 => self.0.matrix::<I, 3>(isa),
            4 => self.0.matrix::<I, 4>(isa),
            lanes => Err(too_many_lanes(lanes)),
        }
    }
}

impl<T: Scalar> Run<'_, T> {
    fn matrix<I: Isa<Real = T>, const N: usize>(self, isa: I) -> Result<(), Error> {
        if self.model.form == Form::Plain {
            let weights = self.parameters::<T>(1)?;
            let wrap = |run: &Lines<T>| Lines::from_iter(0, run.iter().copied().map(PlainWeight));
            let weights = weights.iter().map(wrap).collect();
            self.chunks::<I, Ciphertext<Pack<I>, N>, PlainWeight<T>>(isa, weights)
        } else {
            let weights = self.parameters::<Ciphertext<T, N>>(1)?;
            self.chunks::<I, Ciphertext<Pack<I>, N>, Ciphertext<T, N>>(isa, weights)
        }
    }

    /// The model's parameters in the order of the kernels, a set for each run of the network that an image takes; that of a plain
    /// model serves all.
    fn parameters<W: Weight + Element<Real = T>>(&self, runs: usize) -> Result<Vec<Lines<W>>, Error> {
        let network = self.model.architecture.network();
        // Once, not for each run: a second-level cache holds other things, too.
        let sets = if self.model.form == Form::Plain { 1 } else { runs };
        let set = |run: usize| {
            let weights: Vec<W> = self.model.weights(run * W::COMPONENTS);
            let mut kernel = large_pages::filled(W::zero(()), weights.len());
            layout::to_kernel(&network, &weights, &mut kernel).map_err(internal)?;
            Ok(kernel)
        };
        (0..sets).into_par_iter().map(set).collect()
    }

    /// Reads, computes and writes chunk after chunk, several at a time.
    fn chunks<I, E, W>(self, isa: I, parameters: Vec<Lines<W>>) -> Result<(), Error>
    where
        I: Isa<Real = T>,
        E: Packed<I> + Weigh<W>,
        W: Copy + Sync + Send + Sync,
    {
        let network = self.model.architecture.network();
        let parts = self.form.components(self.input.lanes());
        let rows = Rows::of(self.input, self.form)?;
        let (standardization, kinds) = (self.model.standardization, std::marker::PhantomData);
        let transforms = parameters.par_iter().map(|set| transforms::<E, W>(&network, set));
        let transforms = transforms.collect::<Result<_, _>>().map_err(internal)?;
        let evaluator = Evaluator::<I, E, W> {
            isa,
            network,
            rows,
            parameters,
            transforms,
            parts,
            standardization,
            kinds,
        };

        let count = self.input.count();
        let chunk = self.input.chunk::<T>(self.form, CHUNK_BYTES);
        let output = parts * network.outputs();
        let group = chunk * (CHUNKS_PER_THREAD * rayon::current_num_threads()).min(count.div_ceil(chunk));
        let mut outputs = vec![T::ZERO; group.min(count) * output];
        let workers = Mutex::new(Vec::<Worker<T, E>>::new());
        let idle = || workers.lock().unwrap_or_else(PoisonError::into_inner);
        for first in (0..count).step_by(group) {
            let images = group.min(count - first);
            let outputs = &mut outputs[..images * output];
            // Down to single chunks: a thread that is done takes half of what another has left.
            let chunks = outputs.par_chunks_mut(chunk * output).enumerate().with_max_len(1);
            chunks.try_for_each(|(index, outputs)| {
                interrupt::check()?;
                let mut worker = idle().pop().unwrap_or_default();
                let first = first + index * chunk;
                let range = first..first + outputs.len() / output;
                let read = range.len();
                evaluator.run(range, &mut worker, outputs)?;
                idle().push(worker);
                self.progress.advance(read);
                Ok::<(), Error>(())
            })?;
            self.writer.write(OUTPUTS, outputs)?;
        }
        Ok(())
    }
}

/// The memory of a pack at a time, used again and again.
struct Worker<T, E> {
    rows: RowBuffers<T>,
    /// Line buffers: of a stream for each run, or of one for all.
    streams: Vec<E>,
    /// Whether the last run was the first of the band at hand.
    is_backward: bool,
}

impl<T, E> Default for Worker<T, E> {
    fn default() -> Self {
        Self { rows: RowBuffers::default(), streams: Vec::new(), is_backward: false }
    }
}

/// A network with its parameters, ready to run.
struct Evaluator<'a, I: Isa<Real: Scalar>, E, W> {
    isa: I,
    network: Network<'static>,
    rows: Rows<'a, I::Real>,
    /// In the order of the kernels, one set a run, or one for all.
    parameters: Vec<Lines<W>>,
    /// Of each set's weights.
    transforms: Vec<Lines<W>>,
    /// Components of an image.
    parts: usize,
    /// The map that images go through first.
    standardization: Option<Standardization>,
    kinds: std::marker::PhantomData<fn(E)>,
}

impl<I, E, W> Evaluator<'_, I, E, W>
where
    I: Isa<Real: Scalar>,
    E: Packed<I> + Weigh<W>,
    W: Copy + Sync,
{
    /// The outputs `[image][component][output]` of some images.
    fn run(
        &self,
        images: Range<usize>,
        worker: &mut Worker<I::Real, E>,
        outputs: &mut [I::Real],
    ) -> Result<(), Error> {
        let network = &self.network;
        let (memory, runs) = (network.stream_memory(), self.parts / E::COMPONENTS);
        let output = self.parts * network.outputs();
        let Worker { rows, streams, is_backward } = worker;
        let packs = images.clone().step_by(I::SAMPLES).zip(outputs.chunks_mut(I::SAMPLES * output));
        for (first, outputs) in packs {
            let images = first..images.end.min(first + I::SAMPLES);
            let mut received = 0;
            self.rows.each::<I, E>(self.isa, images, rows, |ahead, rows, put| {
                // Runs that get whole images have the same line buffers, one after the other: all of them at once are more than a
                // second-level cache holds beside the weights. Others go on with theirs.
                let is_whole = rows == network.input().height;
                streams.resize(if is_whole { memory } else { runs * memory }, E::zero(self.isa));
                // A run has all rows of a band before the next one has any, and the last of a band is the first of the one behind:
                // line buffers and weights are still in a cache then.
                *is_backward = !*is_backward;
                for turn in 0..runs {
                    let run = if *is_backward { runs - 1 - turn } else { turn };
                    let place = if is_whole { 0 } else { run * memory };
                    let (set, memory) = (run % self.parameters.len(), &mut streams[place..][..memory]);
                    let mut stream =
                        RowStream::resume(self.isa, network, &self.parameters[set], memory, received)
                            .and_then(|stream| stream.with_transforms(&self.transforms[set]))
                            .map_err(internal)?;
                    let fill = |row: usize, channel: usize, place: &mut [E]| {
                        put(run, row, channel, place);
                        if let Some(standardization) = &self.standardization {
                            standardization.apply(self.isa, place);
                        }
                    };
                    stream.push_rows_from(ahead, rows, fill).map_err(internal)?;
                    if stream.missing_rows() == 0 {
                        let values = stream.output().map_err(internal)?;
                        scatter::<I, E>(values, self.parts, run * E::COMPONENTS, outputs);
                    }
                }
                received += rows;
                Ok(())
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use more_core::{EvaluationKey, KeyId, LaneRows, Spectrum};

    use super::*;
    use crate::container::{IMAGES, ImagesFile, MemoryFile, image_tensor, matrix_at, put_matrices};

    /// More labels than are passed on at a time, and then more than a thread's.
    const COUNT: usize = LABELS_PER_WRITE + 300;
    const CLASSES: usize = 3;

    fn key() -> EvaluationKey<f64, 2> {
        EvaluationKey::from_parts(KeyId([1; 16]), [[1.0, 0.6], [0.01, 1.0]]).expect("regular")
    }

    /// An empty container of encrypted labels or outputs.
    fn metadata(content: Content, shape: &[usize], form: Form) -> Metadata {
        let classes: Vec<String> = (0..CLASSES).map(|class| class.to_string()).collect();
        Metadata::plain(content, more_core::Scalar::F64, shape, &classes).encrypted(form, 2, key().id())
    }

    fn key_bytes() -> Vec<u8> {
        let mut bytes = vec![0; EvaluationKey::<f64, 2>::ENCODED_LEN];
        key().encode(&mut bytes).expect("of its length");
        bytes
    }

    fn labels(form: Form) -> Vec<f64> {
        (0..COUNT * CLASSES * form.components(2)).map(|place| (place * 7919 % 1009) as f64).collect()
    }

    /// What comes out where labels of one form go in.
    fn passed_on(labels: &[f64], from: Form, to: Form) -> Result<Vec<f64>, Error> {
        let (memory, out) = (MemoryFile::new(), MemoryFile::new());
        let images = metadata(Content::Images, &[1, 1, 1], from);
        let tensors = vec![image_tensor(&images, COUNT), label_tensor(&images, COUNT)];
        let mut writer =
            ContainerWriter::start(&Target::Memory(memory.clone()), &images, Some(&key_bytes()), tensors)?;
        writer.write(IMAGES, &vec![0.0; COUNT * from.components(2)])?;
        writer.write(LABELS, labels)?;
        writer.finish()?;
        let input = Input::File(ImagesFile::open_memory(&memory)?);
        let outputs = metadata(Content::Outputs, &[CLASSES], to);
        let tensors = vec![label_tensor(&outputs, COUNT)];
        let mut writer =
            ContainerWriter::start(&Target::Memory(out.clone()), &outputs, Some(&key_bytes()), tensors)?;
        pass_labels_on::<f64>(&input, to, &mut writer)?;
        writer.finish()?;
        let container = Container::open_memory(&out, Content::Outputs)?;
        Ok(container.read_rows::<f64>(LABELS, 0..COUNT, &mut ReadBuffer::new())?.to_vec())
    }

    #[test]
    fn labels_are_passed_on_in_the_form_of_the_outputs() {
        let (matrix, spectral) = (labels(Form::Matrix), labels(Form::Spectral));
        for (labels, form) in [(&matrix, Form::Matrix), (&spectral, Form::Spectral)] {
            assert!(passed_on(labels, form, form).expect("labels") == *labels);
        }
        let (key, rows) = (key(), LaneRows::new(&key()));
        let lanes = passed_on(&matrix, Form::Matrix, Form::Spectral).expect("labels");
        let entries = passed_on(&spectral, Form::Spectral, Form::Matrix).expect("labels");
        for image in 0..COUNT {
            let matrices = &matrix[image * 4 * CLASSES..][..4 * CLASSES];
            let mut expected = [0.0; 4 * CLASSES];
            for class in 0..CLASSES {
                let found = rows.to_spectrum(&matrix_at::<f64, 2>(matrices, CLASSES, class));
                for (lane, value) in found.lanes().iter().enumerate() {
                    assert_eq!(lanes[(image * 2 + lane) * CLASSES + class], *value, "image {image}");
                }
                let own = [0, 1].map(|lane| spectral[(image * 2 + lane) * CLASSES + class]);
                let own = key.to_ciphertext(&Spectrum::from_lanes(own));
                put_matrices(&[own], &mut expected, CLASSES, class);
            }
            assert_eq!(entries[image * 4 * CLASSES..][..4 * CLASSES], expected, "image {image}");
        }
    }

    #[test]
    fn a_label_that_is_not_finite_is_named() {
        let row = LABELS_PER_WRITE + 280;
        for (from, to) in [Form::Matrix, Form::Spectral]
            .into_iter()
            .flat_map(|from| [Form::Matrix, Form::Spectral].map(|to| (from, to)))
        {
            let mut labels = labels(from);
            // All of it: of matrices only the rows that lanes are made of are looked at.
            labels[row * CLASSES * from.components(2)..][..CLASSES * from.components(2)].fill(f64::NAN);
            let error = passed_on(&labels, from, to).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), Kind::NonFinite, "{from:?} {to:?}");
            assert!(error.to_string().contains(&format!("row {row}")), "{error}");
        }
    }
}
