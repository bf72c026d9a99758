//! Inference on an image that comes row by row.

mod band;
mod parsed;

pub(crate) use band::Band;

use parsed::ParsedStages;

use crate::element::Weigh;
use crate::execute::{check, forward, forward_by};
use crate::layer::conv2d;
use crate::part::{copy, cut_mut, last, part, part_mut};
use crate::stage::Stage;
use crate::team::{Alone, Team};
use crate::{Error, Network, Shape};

/// Takes a row that is missing and computes all that it completes by the `$stages`: `$fill` makes it row `$at` of the `$planes` of the first line buffer,
/// a channel each. Not a function: a device would take more instructions.
macro_rules! take_row {
    ($self:ident, $team:ident, $input:ident, $stages:expr, |$planes:ident, $at:ident| $fill:expr) => {{
        // The stage at hand with its line buffer, those behind it, and what becomes of the row that it gets.
        let received = $self.received;
        $self.received += 1;
        let mut stages = $stages;
        let mut transforms = $self.transforms;
        let Some(mut stage) = stages.next() else { return Ok(()) };
        let mut band = Band::of(&stage);
        let (mut buffer, mut others) = cut_mut($self.memory, stage.line_buffer());
        let Some(mut at) = band.next_row::<E>(received) else { return Ok(()) };
        let ($planes, $at) = (buffer.chunks_exact_mut((band.rows * $input.width).max(1)), at.place);
        $fill

        while at.completes {
            let next = stages.next();
            let next_band = next.as_ref().map_or(Band::whole(stage.output.height), Band::of);
            let next_at = next_band.next_row::<E>(at.complete);
            let line = stage.output.width;
            let (target, behind) = cut_mut(others, stage.output.channels * next_band.rows * line);
            if let Some(next_at) = next_at {
                let parameters = part($self.parameters, stage.parameter_range());
                let on_band = stage.on_band(at.first_place, next_band.rows);
                let end = target.len();
                let output = part_mut(target, next_at.place * line..end);
                // Nothing of it where there are no transforms: on a device every instruction counts.
                if const { <E as Weigh<W>>::WINOGRAD } {
                    let len = conv2d::transforms::<E, W>(&stage);
                    let (own, others) = transforms.split_at_checked(len).unwrap_or_default();
                    forward_by($team, $self.context, &on_band, (parameters, own), buffer, None, output);
                    transforms = others;
                } else {
                    forward($team, $self.context, &on_band, parameters, buffer, None, output);
                }
            }
            band.advance(stage.input.width, buffer);
            let (Some(next), Some(next_at)) = (next, next_at) else { break };
            (stage, band, buffer, others, at) = (next, next_band, target, behind, next_at);
        }
        Ok(())
    }};
}

/// A network on an image that comes row by row, as a sensor delivers it: line buffers instead of feature maps.
///
/// A stage (see [`profile`](crate::profile)) computes a row of its output as soon as the rows that it depends on are there: of a
/// convolution with kernel `k`, stride `s` and a pool of `p` rows behind it, `s (p - 1) + k` rows, of which it keeps the last `k - s`
/// for the next one. A dense layer sums over channels before rows and so holds its whole input, which is small behind
/// convolutions and pools. The kernels are those of [`infer`](crate::infer) and add in the same order: outputs have the same bits.
///
/// Memory is the caller's, [`Network::stream_memory`] elements; for [`ANGIOGRAPHY`](crate::ANGIOGRAPHY) on two lanes of `f32`, 103 KiB where
/// image, scratch and output take 1256. All other state is in this struct: dropping it and making another one begins anew.
///
/// ```
/// use nn_core::{MNIST, RowStream};
///
/// let parameters = [0.01_f32; MNIST.parameters()]; // in flash, in the order of `nn_core::layout`
/// let mut memory = [0.0; MNIST.stream_memory()]; // a `static` on a device
/// let mut stream = RowStream::new((), &MNIST, &parameters, &mut memory)?;
/// for frame in 0..2 {
///     for row in 0..28 {
///         stream.push_row(&[0.5; 28])?;
///     }
///     let logits: &[f32] = stream.output()?;
///     assert_eq!(logits.len(), 10);
///     stream.reset(); // for the next frame
/// }
/// # Ok::<(), nn_core::Error>(())
/// ```
///
/// Rows can be encrypted as they arrive, so that no more than a row is ever in the clear:
///
/// ```
/// use more_core::{EvaluationKey, SecretKey, Spectrum, mask::Uniform};
/// use nn_core::{Layer::Sigmoid, Network, RowStream, Shape, avg_pool, conv, dense};
/// use rand_chacha::ChaCha20Rng;
/// use rand_core::SeedableRng;
///
/// const VIEWS: Network<'static> = Network::new(Shape::new(1, 12, 16), &[conv(2, 3), Sigmoid, avg_pool(2), dense(2)]);
///
/// let mut rng = ChaCha20Rng::seed_from_u64(1); // on a device from its hardware source
/// let key = SecretKey::<f32, 2>::generate(&mut rng)?;
/// let evaluation_key = EvaluationKey::from_secret_key(&key, &mut rng)?;
/// let lane = key.message_lane(&evaluation_key)?;
/// let mut masks = Uniform::new(0.0, 1.0)?;
///
/// let parameters = [0.1_f32; VIEWS.parameters()];
/// let mut row = [Spectrum::zero(()); VIEWS.input().width];
/// let mut memory = [Spectrum::zero(()); VIEWS.stream_memory()];
/// let mut stream = RowStream::new((), &VIEWS, &parameters, &mut memory)?;
/// for _ in 0..VIEWS.input().height {
///     let pixels = [0.25; VIEWS.input().width]; // from the sensor
///     key.encrypt_spectrum_slice(lane, &pixels, &mut masks, &mut rng, &mut row)?;
///     stream.push_row(&row)?;
/// }
/// for y in stream.output()? {
///     let logit = key.decrypt_spectrum(lane, y)?;
///     # assert!(logit.is_finite());
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// In matrix form rows come from [`SecretKey::encrypt_slice`](more_core::SecretKey::encrypt_slice), and no evaluation key is needed.
#[derive(Debug)]
pub struct RowStream<'a, E: Weigh<W>, W: Copy + Sync> {
    context: E::Context,
    network: Network<'a>,
    parameters: &'a [W],
    /// Of its weights, or none.
    transforms: &'a [W],
    /// The line buffers of the stages, in order, then the network's output.
    memory: &'a mut [E],
    /// Rows of the image that have come. What every stage holds follows from it.
    received: usize,
}

impl<'a, E: Weigh<W>, W: Copy + Sync> RowStream<'a, E, W> {
    /// A stream of `network` that waits for the first row.
    ///
    /// `parameters` in the order of the kernels ([`to_kernel`](crate::layout::to_kernel)); `memory` takes at least
    /// [`Network::stream_memory`] elements, whatever they are.
    ///
    /// # Errors
    ///
    /// Names the buffer that has the wrong length.
    pub fn new(
        context: E::Context,
        network: &Network<'a>,
        parameters: &'a [W],
        memory: &'a mut [E],
    ) -> Result<Self, Error> {
        check(parameters.len(), network.parameters(), |expected| Error::Weights { expected })?;
        let expected = network.stream_memory();
        let memory = memory.get_mut(..expected).ok_or(Error::Memory { expected })?;
        Ok(Self { context, network: *network, parameters, transforms: &[], memory, received: 0 })
    }

    /// The same stream, which takes the transforms of its weights from `transforms` ([`transform_weights`](crate::transform_weights)) instead
    /// of computing them for each row. Outputs have the same bits.
    ///
    /// On packs; on single numbers there are none, and nothing is gained.
    ///
    /// # Errors
    ///
    /// [`Error::Transforms`] where there are not [`Network::transforms`] of them.
    pub fn with_transforms(self, transforms: &'a [W]) -> Result<Self, Error> {
        let expected = self.network.transforms::<E, W>();
        check(transforms.len(), expected, |expected| Error::Transforms { expected })?;
        Ok(Self { transforms, ..self })
    }

    /// The stream that has taken `received` rows, on the memory that it left: for callers that cannot keep the struct.
    ///
    /// ```
    /// use nn_core::{MNIST, RowStream};
    ///
    /// let parameters = [0.01_f32; MNIST.parameters()];
    /// let mut memory = [0.0; MNIST.stream_memory()];
    /// for row in 0..28 {
    ///     let mut stream = RowStream::resume((), &MNIST, &parameters, &mut memory, row)?;
    ///     stream.push_row(&[0.5; 28])?;
    /// }
    /// let stream = RowStream::resume((), &MNIST, &parameters, &mut memory, 28)?;
    /// let logits: &[f32] = stream.output()?;
    /// # assert_eq!(logits.len(), 10);
    /// # Ok::<(), nn_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`Error::ImageComplete`] for more rows than an image has.
    pub fn resume(
        context: E::Context,
        network: &Network<'a>,
        parameters: &'a [W],
        memory: &'a mut [E],
        received: usize,
    ) -> Result<Self, Error> {
        let rows = network.input().height;
        if received > rows {
            return Err(Error::ImageComplete { rows });
        }
        Ok(Self { received, ..Self::new(context, network, parameters, memory)? })
    }

    /// Rows of the image that have not come yet.
    #[must_use]
    pub const fn missing_rows(&self) -> usize {
        self.network.input().height - self.received
    }

    /// Takes the next row, `[channel][column]`, and computes all that it completes.
    ///
    /// # Errors
    ///
    /// [`Error::Row`] for a row of another length, [`Error::ImageComplete`] for one too many. Nothing has changed then: the
    /// stream goes on with the row that it waits for.
    pub fn push_row(&mut self, row: &[E]) -> Result<(), Error> {
        self.push_row_with(Alone, row)
    }

    /// [`push_row`](Self::push_row) on a team.
    ///
    /// # Errors
    ///
    /// As [`push_row`](Self::push_row).
    pub fn push_row_with(&mut self, team: impl Team, row: &[E]) -> Result<(), Error> {
        let input = self.network.input();
        if self.missing_rows() == 0 {
            return Err(Error::ImageComplete { rows: input.height });
        }
        check(row.len(), input.channels * input.width, |expected| Error::Row { expected })?;

        take_row!(self, team, input, self.network.stages(), |planes, at| {
            for (plane, channel) in planes.zip(row.chunks_exact(input.width.max(1))) {
                copy(channel, part_mut(plane, at * input.width..(at + 1) * input.width));
            }
        })
    }

    /// [`push_row_with`](Self::push_row_with), for `rows` rows that are made where the stream keeps them: `fill` gets each row, from 0 on, and
    /// each of its channels, from the first to the last, with the place of its columns, whose elements may be any. It gets none of
    /// a row that nothing is computed from, at the end of an image.
    ///
    /// ```
    /// use nn_core::{Alone, MNIST, RowStream};
    ///
    /// let parameters = [0.01_f32; MNIST.parameters()];
    /// let mut memory = [0.0; MNIST.stream_memory()];
    /// let mut stream = RowStream::new((), &MNIST, &parameters, &mut memory)?;
    /// stream.push_rows_from(Alone, 28, |row, _channel, place| place.fill(row as f32 / 28.0))?;
    /// let mut other_memory = [0.0; MNIST.stream_memory()];
    /// let mut other = RowStream::new((), &MNIST, &parameters, &mut other_memory)?;
    /// for row in 0..28 {
    ///     other.push_row(&[row as f32 / 28.0; 28])?;
    /// }
    /// assert_eq!(stream.output()?, other.output()?);
    /// # Ok::<(), nn_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::ImageComplete`] for more rows than are missing; none has been taken then.
    pub fn push_rows_from(
        &mut self,
        team: impl Team,
        rows: usize,
        mut fill: impl FnMut(usize, usize, &mut [E]),
    ) -> Result<(), Error> {
        let input = self.network.input();
        if rows > self.missing_rows() {
            return Err(Error::ImageComplete { rows: input.height });
        }
        let mut stages = ParsedStages::new(self.network.stages());
        for row in 0..rows {
            self.take(team, input, stages.walk(), |channel, place| fill(row, channel, place))?;
        }
        Ok(())
    }

    /// Takes a row, which is missing.
    fn take(
        &mut self,
        team: impl Team,
        input: Shape,
        stages: impl Iterator<Item = Stage>,
        mut fill: impl FnMut(usize, &mut [E]),
    ) -> Result<(), Error> {
        take_row!(self, team, input, stages, |planes, at| {
            for (channel, plane) in planes.enumerate() {
                fill(channel, part_mut(plane, at * input.width..(at + 1) * input.width));
            }
        })
    }

    /// The network's output for the image, as [`infer`](crate::infer) gives it.
    ///
    /// # Errors
    ///
    /// [`Error::ImageIncomplete`] before the last row.
    pub fn output(&self) -> Result<&[E], Error> {
        match self.missing_rows() {
            0 => Ok(last(self.memory, self.network.outputs())),
            missing => Err(Error::ImageIncomplete { missing }),
        }
    }

    /// Begins a new image, whether or not the one at hand is complete.
    pub const fn reset(&mut self) {
        self.received = 0;
    }
}
