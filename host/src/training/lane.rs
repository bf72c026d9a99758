//! One network in training: a plain one, one lane of a spectral one, or one whose weights are matrices.

use more_core::{Arithmetic, Real};
use nn_core::element::Pack;
use nn_core::resample::resample_rows;
use nn_core::simd::Isa;
use nn_core::{Element, Gradient, Network, Sample, Shape, Team, layout, train_with};
use rayon::prelude::*;

use super::optimizer::Optimizer;
use super::order::dropout_masks;
use super::rule::Rule;
use crate::augmentation::Augmentation;
use crate::components::{Learner, Packed, Planes, Scalar, Weight};
use crate::crew::{self, Crew, Rendezvous, Rooms};
use crate::error::{Error, Kind};
use crate::large_pages;
use crate::lines::Lines;
use crate::samples::Samples;
use crate::standardization::Standardization;

/// Weights that are updated at a time, to stay in the first-level cache.
const UPDATE_CHUNK: usize = 1024;

/// Weights below which an update is not worth handing over to another thread.
const SMALLEST_SHARE: usize = 8192;

/// Bytes of the transformed rows of a pack's images that are gathered at a time.
const BAND_BYTES: usize = 1 << 17;

/// A network in training and its memory.
pub(super) struct Lane<I: Isa, W: Weight> {
    isa: I,
    network: Network<'static>,
    /// The first component of the data that this lane reads.
    first: usize,
    /// In the order of the kernels.
    parameters: Lines<W>,
    /// One for each pack of a batch.
    units: Vec<Unit<W>>,
    /// What the optimizer remembers of each weight: none, one or two numbers.
    moments: [Vec<W>; 2],
    /// Steps that were taken.
    steps: u32,
    /// The sum of the losses since it was last taken.
    loss: W,
}

/// What the forward and backward pass of one pack gives.
struct Unit<W: Weight> {
    gradient: Lines<W>,
    loss: W,
}

/// Memory for the forward and backward pass of one pack, of any lane.
pub(super) struct Scratch<I: Isa, E> {
    input: Lines<E>,
    labels: Vec<E>,
    masks: Vec<Pack<I>>,
    workspace: Lines<E>,
}

impl<I: Isa, E: Packed<I>> Scratch<I, E> {
    pub(super) fn new(isa: I, network: &Network<'_>) -> Self {
        let zero = E::zero(isa);
        Self {
            input: large_pages::filled(zero, network.input().len()),
            labels: vec![zero; network.outputs()],
            masks: vec![Pack::splat(isa, Real::ZERO); network.dropout_masks()],
            workspace: large_pages::filled(zero, network.workspace()),
        }
    }
}

/// The images of a batch or more.
#[derive(Clone, Copy)]
pub(super) struct Images<'a> {
    /// Their numbers in the data set, which decide their dropout and augmentation.
    pub(super) ids: &'a [usize],
    /// Where they stand in the samples.
    pub(super) positions: &'a [usize],
}

/// What is the same for every batch.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) seed: u64,
    pub(super) epoch: usize,
    pub(super) batch: usize,
    pub(super) learning_rate: f64,
    pub(super) optimizer: Optimizer,
    pub(super) weight_decay: f64,
    /// Of each class, where they are not all 1.
    pub(super) class_weights: Option<&'a [f64]>,
    /// Networks that are trained at the same time.
    pub(super) lanes: usize,
    /// Divide the gradient of a batch by its number of images.
    pub(super) mean: bool,
    pub(super) augmentation: Option<Augmentation>,
    /// The map that images go through first.
    pub(super) standardization: Option<Standardization>,
}

impl<I, W> Lane<I, W>
where
    I: Isa<Real: Scalar>,
    W: Weight + Element<Real = I::Real>,
{
    /// A lane that starts from `parameters` in the order of files.
    pub(super) fn new(
        isa: I,
        network: Network<'static>,
        first: usize,
        parameters: &[W],
        batch: usize,
        optimizer: Optimizer,
    ) -> Result<Self, Error> {
        let mut kernel = large_pages::filled(W::zero(()), network.parameters());
        layout::to_kernel(&network, parameters, &mut kernel).map_err(internal)?;
        let unit =
            || Unit { gradient: large_pages::filled(W::zero(()), network.parameters()), loss: W::zero(()) };
        let units = (0..batch.div_ceil(I::SAMPLES)).into_par_iter().map(|_| unit()).collect();
        let moment = |index| vec![W::zero(()); if index < optimizer.moments() { kernel.len() } else { 0 }];
        let moments = [moment(0), moment(1)];
        Ok(Self { isa, network, first, parameters: kernel, units, moments, steps: 0, loss: W::zero(()) })
    }

    /// Trains on images in their order, batch after batch.
    pub(super) fn train<E: Learner<I, W>>(
        &mut self,
        samples: &Samples<I::Real>,
        images: Images<'_>,
        pass: &Pass<'_>,
        rooms: &Rooms<'_, Scratch<I, E>>,
        project: &(impl Fn(W) -> W + Sync),
    ) -> Result<(), Error> {
        for (ids, positions) in images.ids.chunks(pass.batch).zip(images.positions.chunks(pass.batch)) {
            let (network, parameters, isa, first) = (&self.network, &self.parameters, self.isa, self.first);
            let packs = ids.len().div_ceil(I::SAMPLES);
            let units = &mut self.units[..packs];
            let images = ids.par_chunks(I::SAMPLES).zip(positions.par_chunks(I::SAMPLES));
            let crew = Crew::per_unit(packs * pass.lanes);
            let rendezvous = Rendezvous::new(packs);
            units.par_iter_mut().zip(images).try_for_each(|(unit, (ids, positions))| {
                let images = Images { ids, positions };
                let work = |scratch: &mut Scratch<I, E>| {
                    let gradient = &mut unit.gradient;
                    scratch.run(crew, isa, network, parameters, samples, first, images, pass, gradient)
                };
                unit.loss = rendezvous.attend(|| rooms.enter(work))?;
                Ok::<(), Error>(())
            })?;
            for unit in units {
                self.loss = self.loss.add(unit.loss);
            }
            let divisor = if pass.mean { ids.len() as f64 } else { 1.0 };
            self.steps = self.steps.saturating_add(1);
            let [first, second] = &mut self.moments;
            let step = Step {
                isa: self.isa,
                parameters: &mut self.parameters,
                gradients: self.units[..packs].iter().map(|unit| &unit.gradient[..]).collect(),
                moments: [first, second],
                rule: &Rule::new(pass, divisor, self.steps),
                project,
            };
            step.share(Crew::per_unit(pass.lanes).size());
        }
        Ok(())
    }

    /// The sum of the losses since the last call.
    pub(super) fn take_loss(&mut self) -> W {
        std::mem::replace(&mut self.loss, W::zero(()))
    }

    /// The parameters in the order of files.
    pub(super) fn parameters(&self) -> Result<Vec<W>, Error> {
        let mut file = vec![W::zero(()); self.parameters.len()];
        layout::to_file(&self.network, &self.parameters, &mut file).map_err(internal)?;
        Ok(file)
    }
}

/// One step of some of the weights, by the gradients of the packs, added in their order. They are only read: the threads that write them
/// again keep them in their caches.
struct Step<'a, I: Isa, W: Weight, P> {
    isa: I,
    parameters: &'a mut [W],
    gradients: Vec<&'a [W]>,
    /// Of these weights, or empty.
    moments: [&'a mut [W]; 2],
    rule: &'a Rule<I::Real>,
    project: &'a P,
}

impl<I: Isa, W: Weight + Element<Real = I::Real>, P: Fn(W) -> W + Sync> Step<'_, I, W, P> {
    /// On so many threads.
    fn share(self, threads: usize) {
        if threads < 2 || self.parameters.len() < 2 * SMALLEST_SHARE {
            return self.run();
        }
        let middle = self.parameters.len() / 2;
        let (parameters, other_parameters) = self.parameters.split_at_mut(middle);
        let halves = self.gradients.into_iter().map(|gradient| gradient.split_at(middle));
        let (gradients, other_gradients) = halves.unzip();
        let [first, second] = self.moments.map(|moment| moment.split_at_mut(middle.min(moment.len())));
        let (moments, other_moments) = ([first.0, second.0], [first.1, second.1]);
        let Self { isa, rule, project, .. } = self;
        let these = Step { isa, parameters, gradients, moments, rule, project };
        let (parameters, gradients, moments) = (other_parameters, other_gradients, other_moments);
        let others = Step { isa, parameters, gradients, moments, rule, project };
        let rendezvous = Rendezvous::new(2);
        crew::join(
            || rendezvous.attend(|| these.share(threads.div_ceil(2))),
            || rendezvous.attend(|| others.share(threads / 2)),
        );
    }

    fn run(mut self) {
        let Some((first, others)) = self.gradients.split_first() else { return };
        let mut sums = [W::zero(()); UPDATE_CHUNK];
        let parameters = self.parameters.chunks_mut(UPDATE_CHUNK);
        for (index, (parameters, first)) in parameters.zip(first.chunks(UPDATE_CHUNK)).enumerate() {
            let start = index * UPDATE_CHUNK;
            let gradient = &mut sums[..first.len()];
            gradient.copy_from_slice(first);
            for other in others {
                let other = &other[start..start + gradient.len()];
                self.isa.enter(
                    #[inline(always)]
                    || {
                        for (sum, g) in gradient.iter_mut().zip(other) {
                            *sum = sum.add(*g);
                        }
                    },
                );
            }
            let [first, second] = &mut self.moments;
            let of = |len: usize| start.min(len)..(start + gradient.len()).min(len);
            let (first_range, second_range) = (of(first.len()), of(second.len()));
            let moments = [&mut first[first_range], &mut second[second_range]];
            self.isa.enter(
                #[inline(always)]
                || self.rule.apply(self.isa, parameters, gradient, moments),
            );
            for w in parameters {
                *w = (self.project)(*w);
            }
        }
    }
}

impl<I: Isa<Real: Scalar>, E: Packed<I>> Scratch<I, E> {
    /// Loss and gradient of one pack of images.
    #[expect(clippy::too_many_arguments, reason = "one call site; what the units of a batch share")]
    fn run<W>(
        &mut self,
        crew: Crew,
        isa: I,
        network: &Network<'_>,
        parameters: &[W],
        samples: &Samples<I::Real>,
        first: usize,
        images: Images<'_>,
        pass: &Pass<'_>,
        gradient: &mut [W],
    ) -> Result<W, Error>
    where
        E: Learner<I, W>,
        W: Weight + Element<Real = I::Real>,
    {
        match pass.augmentation {
            Some(augmentation) => {
                let planes = samples.images();
                self.transform(isa, augmentation, network.input(), planes, first, images, pass.epoch)?;
            }
            None => samples.images().gather::<I, E>(isa, images.positions, first, &mut self.input),
        }
        if let Some(standardization) = &pass.standardization {
            standardization.apply(isa, &mut self.input);
        }
        samples.labels().gather::<I, E>(isa, images.positions, first, &mut self.labels);
        let mut weight = Pack::splat(isa, Real::ZERO);
        for (sample, image) in images.ids.iter().enumerate() {
            weight.samples_mut()[sample] = Real::ONE;
            if !self.masks.is_empty() {
                dropout_masks(network, pass.seed, pass.epoch, *image, |index, mask| {
                    self.masks[index].samples_mut()[sample] = mask;
                });
            }
        }
        if let Some(weights) = pass.class_weights {
            weight = weight * class_weight(isa, &self.labels, weights);
        }
        let sample = Sample { input: &self.input, labels: &self.labels, masks: &self.masks, weight };
        let gradient = Gradient::Write(gradient);
        let loss = train_with(crew, isa, network, parameters, &sample, &mut self.workspace, gradient);
        Ok(loss.map_err(internal)?.sum())
    }

    /// Gathers a pack of images as they look in this epoch: copy `k` in epoch `k`, counted from 1.
    #[expect(clippy::too_many_arguments, reason = "one call site; what the images of a pack share")]
    fn transform(
        &mut self,
        isa: I,
        augmentation: Augmentation,
        image: Shape,
        planes: Planes<'_, I::Real>,
        first: usize,
        images: Images<'_>,
        epoch: usize,
    ) -> Result<(), Error> {
        let maps = images.ids.iter().map(|id| augmentation.map(image, *id, epoch + 1));
        let maps = maps.collect::<Result<Vec<_>, _>>()?;
        let all: Vec<usize> = (0..maps.len()).collect();
        let plane = Shape { channels: 1, ..image };
        // In bands of rows that a second-level cache holds.
        let row = I::SAMPLES * E::COMPONENTS * image.width * size_of::<I::Real>();
        let band = (BAND_BYTES / row).max(1);
        self.input.par_chunks_mut(plane.len()).enumerate().try_for_each(|(channel, packs)| {
            let bands = packs.par_chunks_mut(band * image.width).enumerate();
            bands.try_for_each_init(Vec::new, |values, (number, packs)| {
                let rows = number * band..number * band + packs.len() / image.width;
                values.resize(maps.len() * E::COMPONENTS * packs.len(), Real::ZERO);
                let outputs = values.chunks_exact_mut(E::COMPONENTS * packs.len());
                for ((output, map), position) in outputs.zip(&maps).zip(images.positions) {
                    for (component, output) in output.chunks_exact_mut(packs.len()).enumerate() {
                        let input = planes.plane(*position, first + component);
                        let input = &input[channel * plane.len()..][..plane.len()];
                        isa.enter(
                            #[inline(always)]
                            || resample_rows((), plane, map, rows.clone(), input, output),
                        )
                        .map_err(internal)?;
                    }
                }
                let transformed = Planes { values, components: E::COMPONENTS, len: packs.len() };
                transformed.gather::<I, E>(isa, &all, 0, packs);
                Ok::<(), Error>(())
            })
        })
    }
}

/// The weight of each sample's class: the sum of `weight y` over the classes, of which a sigmoid's label is the second. In matrix
/// form labels are plain numbers times the identity matrix.
fn class_weight<I: Isa<Real: Scalar>, E: Packed<I>>(isa: I, labels: &[E], weights: &[f64]) -> Pack<I> {
    let number = |value: f64| Pack::splat(isa, I::Real::from_f64(value));
    if let ([label], [other, own]) = (labels, weights) {
        return number(*other) + number(own - other) * *label.pack(0);
    }
    let terms = labels.iter().zip(weights).map(|(label, weight)| number(*weight) * *label.pack(0));
    terms.fold(number(0.0), |sum, term| sum + term)
}

/// Buffers are made to measure from the network itself: a wrong length is a defect of this program.
pub(crate) fn internal(error: nn_core::Error) -> Error {
    Error::new(Kind::Shape, "a buffer does not fit its network").caused_by(error)
}
