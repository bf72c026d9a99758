//! `nn-core` against the oracle.

use more_core::{Arithmetic, Real};
use nn_core::{
    Alone, Element, Learn, Network, RowStream, Sample, Shape, Weigh, infer, layout, train, transform_weights,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::case::{Case, Numbers};
use super::lanes::{Key, Lanes, Samples};
use super::oracle::Oracle;
use super::tracked::Tracked;
use crate::tolerance::network::Rounding;

/// Elements that nothing may depend on: NaN where a kernel reads what it has not written.
pub fn garbage<E: Element>(context: E::Context, len: usize) -> Vec<E> {
    vec![E::zero(context).scale(<E::Real as Real>::NAN); len]
}

/// `infer` with buffers of exactly the lengths asked for.
///
/// # Panics
///
/// If `infer` refuses them.
pub fn run_infer<E: Weigh<W>, W: Copy + Sync>(
    context: E::Context,
    network: &Network<'_>,
    parameters: &[W],
    image: &[E],
) -> Vec<E> {
    let mut kernel = parameters.to_vec();
    layout::to_kernel(network, parameters, &mut kernel).expect("lengths fit");
    let mut scratch = garbage(context, network.scratch());
    let mut output = garbage(context, network.outputs());
    infer(context, network, &kernel, image, &mut scratch, &mut output).expect("lengths fit");
    output
}

/// A row of an image as a stream takes it, `[channel][column]`.
pub fn row_of<E: Copy>(shape: Shape, image: &[E], row: usize) -> Vec<E> {
    let channels = image.chunks_exact(shape.plane());
    channels.flat_map(|plane| &plane[row * shape.width..][..shape.width]).copied().collect()
}

/// The output for an image that comes row by row, with memory of exactly the length asked for; the same in bands of rows, from weights that
/// were transformed beforehand.
///
/// # Panics
///
/// If the stream refuses a row, or the two outputs differ.
pub fn run_stream<E: Weigh<W> + std::fmt::Debug, W: Copy + Sync>(
    context: E::Context,
    network: &Network<'_>,
    parameters: &[W],
    image: &[E],
) -> Vec<E> {
    let mut kernel = parameters.to_vec();
    layout::to_kernel(network, parameters, &mut kernel).expect("lengths fit");
    let mut memory = garbage(context, network.stream_memory());
    // Whatever they were: what is read is written.
    let any = parameters.iter().copied().cycle();
    let mut transforms: Vec<W> = any.take(network.transforms::<E, W>()).collect();
    transform_weights::<E, W>(network, &kernel, &mut transforms).expect("lengths fit");
    let mut outputs = [false, true].map(|is_prepared| {
        let mut stream = RowStream::new(context, network, &kernel, &mut memory).expect("lengths fit");
        if is_prepared {
            stream = stream.with_transforms(&transforms).expect("as many as asked for");
        }
        let (shape, height) = (network.input(), network.input().height);
        if is_prepared {
            // In two bands.
            for (first, rows) in [(0, height / 3), (height / 3, height - height / 3)] {
                let fill = |row: usize, channel: usize, place: &mut [E]| {
                    let row = row_of(shape, image, first + row);
                    place.copy_from_slice(&row[channel * shape.width..][..shape.width]);
                };
                stream.push_rows_from(Alone, rows, fill).expect("the next rows");
            }
        } else {
            for row in 0..height {
                stream.push_row(&row_of(shape, image, row)).expect("the next row");
            }
        }
        stream.output().expect("all rows have come").to_vec()
    });
    assert_eq!(bits(&outputs[0]), bits(&outputs[1]), "in bands, of transforms");
    std::mem::take(&mut outputs[0])
}

/// All numbers of some elements, such that equal texts are equal bits but for those of a NaN: Rust prints as many digits as tell
/// a number from every other.
pub fn bits(elements: &[impl std::fmt::Debug]) -> String {
    format!("{elements:?}")
}

/// `train` with buffers of exactly the lengths asked for: the loss and the gradient in the order of files.
///
/// # Panics
///
/// If `train` refuses them.
pub fn run_train<E, W>(
    context: E::Context,
    network: &Network<'_>,
    parameters: &[W],
    sample: &Sample<'_, E>,
) -> (E, Vec<W>)
where
    E: Learn<W>,
    W: Element<Context = ()>,
{
    let mut kernel = parameters.to_vec();
    layout::to_kernel(network, parameters, &mut kernel).expect("lengths fit");
    let mut workspace = garbage(context, network.workspace());
    let mut gradient = vec![W::zero(()); parameters.len()];
    let loss = train(context, network, &kernel, sample, &mut workspace, &mut gradient).expect("lengths fit");
    let mut file = gradient.clone();
    layout::to_file(network, &gradient, &mut file).expect("lengths fit");
    (loss, file)
}

/// Lanes as the oracle takes them.
pub fn exact<T: Real, const N: usize>(lanes: &[[T; N]]) -> Vec<Tracked<N>> {
    lanes.iter().map(|lanes| Tracked::exact(lanes.map(T::to_f64))).collect()
}

/// As [`exact`], with the error of an encryption or conversion.
pub fn encrypted<T: Real, const N: usize>(rounding: &Rounding, lanes: &[[T; N]]) -> Vec<Tracked<N>> {
    let mut tracked = exact(lanes);
    for x in &mut tracked {
        x.error = rounding.linear * x.largest();
    }
    tracked
}

/// Every lane within its bound, and the conversion's that made it visible.
fn compare<T: Real, const N: usize>(
    rounding: &Rounding,
    what: &str,
    index: usize,
    computed: &[T; N],
    expected: &Tracked<N>,
) -> TestCaseResult {
    let bound = expected.error + rounding.linear * (expected.largest() + expected.error);
    for k in 0..N {
        let (computed, expected) = (T::to_f64(computed[k]), expected.lanes[k]);
        let error = (computed - expected).abs();
        // Where the oracle can give no bound (a rectifier at its step), nothing is compared.
        prop_assert!(
            error <= bound || bound.is_infinite() || bound.is_nan(),
            "{what} {index}, lane {k}: {computed:e} for {expected:e}, off by {error:e}, more than {bound:e}"
        );
    }
    Ok(())
}

/// A setting of one comparison.
pub struct Check<'a, T: Real, const N: usize> {
    /// The network.
    pub case: &'a Case,
    /// Its numbers.
    pub numbers: &'a Numbers<T, N>,
    /// For matrices.
    pub key: Key<'a, T, N>,
    /// What operations round away.
    pub rounding: Rounding,
}

impl<T: Real, const N: usize> Check<'_, T, N> {
    fn oracle(&self) -> Oracle<'_> {
        Oracle { rounding: self.rounding, input: self.case.input, layers: &self.case.layers }
    }

    /// Gathers element `i` of all samples.
    fn gather<E: Lanes<N, Real = T>>(&self, context: E::Context, samples: &[Vec<[T; N]>]) -> Vec<E> {
        (0..samples[0].len())
            .map(|i| {
                let lanes: Vec<_> = samples.iter().map(|sample| sample[i]).collect();
                E::from_lanes(context, self.key, &lanes)
            })
            .collect()
    }

    /// Inference with the given weights, whose lanes the oracle gets as `tracked`.
    ///
    /// # Errors
    ///
    /// An output outside its bound, or other bits where the image comes row by row.
    pub fn infer<E, W>(&self, context: E::Context, parameters: &[W], tracked: &[Tracked<N>]) -> TestCaseResult
    where
        E: Weigh<W> + Lanes<N, Real = T>,
        W: Copy + Sync,
    {
        let network = self.case.network();
        let images = &self.numbers.images[..E::SAMPLES];
        let input = self.gather::<E>(context, images);
        let output = run_infer(context, &network, parameters, &input);
        let streamed = run_stream(context, &network, parameters, &input);
        prop_assert_eq!(bits(&streamed), bits(&output), "row by row");
        for (sample, image) in images.iter().enumerate() {
            let expected = self.oracle().infer(tracked, &encrypted(&self.rounding, image));
            for (index, (y, expected)) in output.iter().zip(&expected).enumerate() {
                compare(&self.rounding, "output", index, &y.to_lanes(self.key)[sample], expected)?;
            }
        }
        Ok(())
    }

    /// Inference with plain weights: lane 0 of the parameters.
    ///
    /// # Errors
    ///
    /// An output outside its bound.
    pub fn infer_with_plain_weights<E>(&self, context: E::Context) -> TestCaseResult
    where
        E: Weigh<T> + Lanes<N, Real = T>,
    {
        let weights: Vec<T> = self.numbers.parameters.iter().map(|lanes| lanes[0]).collect();
        let tracked: Vec<_> = weights.iter().map(|w| Tracked::splat(T::to_f64(*w))).collect();
        self.infer::<E, T>(context, &weights, &tracked)
    }

    /// Inference and training with weights that have lanes of their own.
    ///
    /// # Errors
    ///
    /// An output, loss or gradient outside its bound.
    pub fn all<E, W>(&self, context: E::Context) -> TestCaseResult
    where
        E: Learn<W> + Lanes<N, Real = T>,
        E::Number: Samples,
        W: Element<Context = (), Real = T> + Lanes<N>,
    {
        let network = self.case.network();
        let numbers = self.numbers;
        let weights: Vec<W> =
            numbers.parameters.iter().map(|lanes| W::from_lanes((), self.key, &[*lanes])).collect();
        let tracked = encrypted(&self.rounding, &numbers.parameters);
        self.infer::<E, W>(context, &weights, &tracked)?;

        // The last sample of a pack only fills it.
        let counts = |sample: usize| sample == 0 || sample + 1 < E::SAMPLES;
        let weight: Vec<T> =
            (0..E::SAMPLES).map(|sample| if counts(sample) { T::ONE } else { T::ZERO }).collect();
        let masks: Vec<E::Number> = (0..network.dropout_masks())
            .map(|i| {
                let samples: Vec<_> = numbers.masks[..E::SAMPLES].iter().map(|masks| masks[i]).collect();
                E::Number::from_samples(context, &samples)
            })
            .collect();
        let sample = Sample {
            input: &self.gather::<E>(context, &numbers.images[..E::SAMPLES]),
            labels: &self.gather::<E>(context, &numbers.labels[..E::SAMPLES]),
            masks: &masks,
            weight: E::Number::from_samples(context, &weight),
        };
        let (loss, gradient) = run_train(context, &network, &weights, &sample);

        let mut gradients = Vec::new();
        for index in 0..E::SAMPLES {
            let masks: Vec<f64> = numbers.masks[index].iter().map(|m| T::to_f64(*m)).collect();
            let image = encrypted(&self.rounding, &numbers.images[index]);
            let labels = encrypted(&self.rounding, &numbers.labels[index]);
            let step = self.oracle().train(&tracked, &image, &labels, &masks);
            let computed = &loss.to_lanes(self.key)[index];
            if counts(index) {
                compare(&self.rounding, "loss", index, computed, &step.loss)?;
                gradients.push(step.gradient);
            } else {
                compare(&self.rounding, "loss of a filler", index, computed, &Tracked::splat(0.0))?;
            }
        }
        for (index, computed) in gradient.iter().enumerate() {
            let expected = Tracked::sum(&self.rounding, gradients.iter().map(|gradient| gradient[index]));
            compare(&self.rounding, "gradient", index, &computed.to_lanes(self.key)[0], &expected)?;
        }
        Ok(())
    }
}

/// Rounding of numbers and spectra of `T`.
#[must_use]
pub fn lane_wise<T: Real>() -> Rounding {
    Rounding::lane_wise(T::to_f64(T::EPSILON), T::to_f64(T::MIN_POSITIVE))
}

/// Asserts that two elements have the same bits in all samples.
///
/// # Errors
///
/// If they differ.
pub fn same_bits<T: Real + Arithmetic>(what: &str, a: T, b: T) -> TestCaseResult {
    let (x, y) = (T::to_f64(a), T::to_f64(b));
    prop_assert!(x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()), "{what}: {x:e} and {y:e}");
    Ok(())
}
