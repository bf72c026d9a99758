//! One kernel at a time: what benchmarks measure and engineers look at.
//!
//! A network is executed in *stages*: a convolution or dense layer with the activation, pool and dropout behind it.
//! [`infer`](crate::infer) and [`train`](crate::train) call the kernels of the stages; here each can be called alone.

use core::fmt;

use crate::element::{Element, Learn, Weigh};
use crate::layout::LAYOUT_BLOCK;
use crate::stage::{Activation, Linear, Stage};
use crate::team::{self, Alone};
use crate::{Error, Gradient, Layer, Network, Shape, execute};

/// The kernels of one stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageKernels {
    stage: Stage,
}

impl Network<'_> {
    /// The stages of the network, in order.
    pub fn stage_kernels(&self) -> impl Iterator<Item = StageKernels> {
        self.stages().map(|stage| StageKernels { stage })
    }
}

impl StageKernels {
    /// Shape of the input.
    #[must_use]
    pub const fn input(&self) -> Shape {
        self.stage.input
    }

    /// Shape of what the activation makes, without the rows and columns that the pool drops.
    #[must_use]
    pub const fn active(&self) -> Shape {
        self.stage.active
    }

    /// Shape of the output.
    #[must_use]
    pub const fn output(&self) -> Shape {
        self.stage.output
    }

    /// Number of parameters: weights, then biases.
    #[must_use]
    pub const fn parameters(&self) -> usize {
        self.stage.parameters()
    }

    /// Where they stand among the network's.
    #[must_use]
    pub const fn parameter_range(&self) -> core::ops::Range<usize> {
        self.stage.parameter_range()
    }

    /// Dropout masks that a sample takes.
    #[must_use]
    pub const fn masks(&self) -> usize {
        self.stage.masks()
    }

    /// Multiply-accumulates of the forward, the weight gradient and the input gradient kernel, each.
    #[must_use]
    pub const fn multiply_accumulates(&self) -> usize {
        self.stage.fan_in * self.stage.active.len()
    }

    /// Values that pass through a sigmoid or hyperbolic tangent.
    #[must_use]
    pub const fn activations(&self) -> usize {
        match self.stage.activation {
            Activation::Sigmoid | Activation::Tanh => self.stage.active.len(),
            _ => 0,
        }
    }

    /// The function behind the sums: [`Layer::Sigmoid`], [`Layer::Tanh`], [`Layer::Relu`] or none.
    #[must_use]
    pub const fn function(&self) -> Option<Layer> {
        match self.stage.activation {
            Activation::Identity => None,
            Activation::Sigmoid => Some(Layer::Sigmoid),
            Activation::Tanh => Some(Layer::Tanh),
            Activation::Relu => Some(Layer::Relu),
        }
    }

    /// Elements that a [`RowStream`](crate::RowStream) keeps of the stage's input.
    #[must_use]
    pub const fn line_buffer(&self) -> usize {
        self.stage.line_buffer()
    }

    /// Threads that a [`Team`](crate::Team) can put to the forward, the activation gradient, the weight gradient and the input
    /// gradient kernel.
    #[must_use]
    pub fn shares(&self) -> [usize; 4] {
        let stage = &self.stage;
        let (active, input) = (stage.active, stage.input);
        let blocks = active.channels.div_ceil(LAYOUT_BLOCK);
        let parts = match stage.linear {
            Linear::Conv2d { kernel, stride } => {
                let gradient = if blocks == 1 { input.channels * kernel } else { blocks };
                [active.channels, active.channels, gradient, if stride == 1 { input.channels } else { 1 }]
            }
            Linear::Dense => [active.channels, active.channels, blocks, input.len()],
            Linear::None => [1, active.channels, 1, 1],
        };
        let operations = stage.operations();
        let worth =
            [operations, team::activation_gradient_operations(stage, active.height), operations, operations];
        core::array::from_fn(|kernel| parts[kernel].min(worth[kernel] / team::SMALLEST).max(1))
    }

    /// The output (or, with `kept`, also the activations in front of the pool, of the shape [`active`](Self::active)).
    /// Without a pool `kept` must be `None`.
    ///
    /// # Errors
    ///
    /// Names the buffer that has the wrong length.
    pub fn forward<E: Weigh<W>, W: Copy + Sync>(
        &self,
        context: E::Context,
        parameters: &[W],
        input: &[E],
        kept: Option<&mut [E]>,
        output: &mut [E],
    ) -> Result<(), Error> {
        let stage = &self.stage;
        execute::check(parameters.len(), stage.parameters(), |expected| Error::Weights { expected })?;
        execute::check(input.len(), stage.input.len(), |expected| Error::Input { expected })?;
        execute::check(output.len(), stage.output.len(), |expected| Error::Output { expected })?;
        if let Some(kept) = &kept {
            let expected = if stage.pool > 1 { stage.active.len() } else { 0 };
            execute::check(kept.len(), expected, |expected| Error::Scratch { expected })?;
        }
        execute::forward(Alone, context, stage, parameters, input, kept, output);
        Ok(())
    }

    /// Turns the activations into the gradient in front of the activation, in place, from the gradient of the output. Adds the gradient
    /// of the biases.
    ///
    /// # Errors
    ///
    /// Names the buffer that has the wrong length.
    pub fn activation_gradient<E, W>(
        &self,
        context: E::Context,
        masks: &[E::Number],
        output_gradient: &[E],
        active: &mut [E],
        gradient: &mut [W],
    ) -> Result<(), Error>
    where
        E: Learn<W>,
        W: Element<Context = ()>,
    {
        let stage = &self.stage;
        execute::check(masks.len(), stage.masks(), |expected| Error::Masks { expected })?;
        execute::check(output_gradient.len(), stage.output.len(), |expected| Error::Output { expected })?;
        execute::check(active.len(), stage.active.len(), |expected| Error::Scratch { expected })?;
        execute::check(gradient.len(), stage.parameters(), |expected| Error::Gradient { expected })?;
        execute::backward_activation(Alone, context, stage, masks, output_gradient, active, gradient);
        Ok(())
    }

    /// The gradient of the weights, in that of the parameters; `active_gradient` is what
    /// [`activation_gradient`](Self::activation_gradient) made. A convolution's is added in any case: it is a sum of several parts.
    ///
    /// # Errors
    ///
    /// Names the buffer that has the wrong length.
    pub fn weight_gradient<E, W>(
        &self,
        context: E::Context,
        input: &[E],
        active_gradient: &[E],
        gradient: Gradient<'_, W>,
    ) -> Result<(), Error>
    where
        E: Learn<W>,
        W: Element<Context = ()>,
    {
        let stage = &self.stage;
        execute::check(input.len(), stage.input.len(), |expected| Error::Input { expected })?;
        execute::check(active_gradient.len(), stage.active.len(), |expected| Error::Scratch { expected })?;
        let (gradient, adds) = gradient.into_parts();
        execute::check(gradient.len(), stage.parameters(), |expected| Error::Gradient { expected })?;
        execute::weight_gradient(Alone, context, stage, input, active_gradient, gradient, adds);
        Ok(())
    }

    /// Writes the gradient of the input.
    ///
    /// # Errors
    ///
    /// Names the buffer that has the wrong length.
    pub fn input_gradient<E: Weigh<W>, W: Copy + Sync>(
        &self,
        context: E::Context,
        parameters: &[W],
        active_gradient: &[E],
        input_gradient: &mut [E],
    ) -> Result<(), Error> {
        let stage = &self.stage;
        execute::check(parameters.len(), stage.parameters(), |expected| Error::Weights { expected })?;
        execute::check(active_gradient.len(), stage.active.len(), |expected| Error::Scratch { expected })?;
        execute::check(input_gradient.len(), stage.input.len(), |expected| Error::Output { expected })?;
        execute::input_gradient(Alone, context, stage, parameters, active_gradient, input_gradient);
        Ok(())
    }
}

/// As `conv 3x3 1x28x28 -> 8x26x26, sigmoid, pool 2`.
impl fmt::Display for StageKernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stage { input, active, pool, .. } = self.stage;
        match self.stage.linear {
            Linear::Conv2d { kernel, .. } => write!(
                f,
                "conv {kernel}x{kernel} {}x{}x{} -> {}",
                input.channels, input.height, input.width, active.channels
            )?,
            Linear::Dense => write!(f, "dense {} -> {}", input.len(), active.channels)?,
            Linear::None => write!(f, "{}x{}x{}", input.channels, input.height, input.width)?,
        }
        match self.stage.activation {
            Activation::Identity => {}
            Activation::Sigmoid => f.write_str(", sigmoid")?,
            Activation::Tanh => f.write_str(", tanh")?,
            Activation::Relu => f.write_str(", relu")?,
        }
        if pool > 1 {
            write!(f, ", pool {pool}")?;
        }
        if self.stage.dropout > 0.0 { f.write_str(", dropout") } else { Ok(()) }
    }
}
