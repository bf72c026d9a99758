//! A network computed by plain loops, layer by layer, as PyTorch defines its layers: `nn.Conv2d` without padding,
//! `nn.AvgPool2d`, `nn.Linear` behind a flattening, and element-wise functions; losses `nn.CrossEntropyLoss` with class
//! probabilities as labels and `nn.BCEWithLogitsLoss`. Weights in PyTorch's order.
//!
//! Nothing here knows how `nn-core` fuses layers, blocks weights or keeps activations.

use nn_core::{Layer, Shape};

use super::tracked::{EXP, Function, LN, RECIP, RELU, SIGMOID, SOFTPLUS, TANH, Tracked, step};
use crate::tolerance::network::Rounding;

/// A network with its rounding model.
#[derive(Clone, Copy, Debug)]
pub struct Oracle<'a> {
    /// What an operation of the computation under test may round away.
    pub rounding: Rounding,
    /// Shape of the input.
    pub input: Shape,
    /// The layers.
    pub layers: &'a [Layer],
}

/// What one step of training gives.
#[derive(Clone, Debug)]
pub struct Step<const N: usize> {
    /// The loss.
    pub loss: Tracked<N>,
    /// The gradient of the parameters, in the order of files.
    pub gradient: Vec<Tracked<N>>,
}

/// A layer at work.
struct Place {
    layer: Layer,
    input: Shape,
    output: Shape,
    /// Index of its first parameter, and how many weights it has.
    first: usize,
    weights: usize,
    /// Index of its first mask.
    masks: usize,
}

impl Oracle<'_> {
    /// # Panics
    ///
    /// For a layer that is not in the list of this oracle.
    fn places(&self) -> Vec<Place> {
        let (mut shape, mut first, mut masks) = (self.input, 0, 0);
        let mut places = Vec::new();
        for layer in self.layers {
            let (c, h, w) = (shape.channels, shape.height, shape.width);
            let (output, weights, biases) = match *layer {
                Layer::Conv2d { filters, kernel, stride } => (
                    Shape::new(filters, (h - kernel) / stride + 1, (w - kernel) / stride + 1),
                    filters * c * kernel * kernel,
                    filters,
                ),
                Layer::AvgPool2d { size } => (Shape::new(c, h / size, w / size), 0, 0),
                Layer::Dense { outputs } => (Shape::new(outputs, 1, 1), outputs * c * h * w, outputs),
                _ => (shape, 0, 0),
            };
            places.push(Place { layer: *layer, input: shape, output, first, weights, masks });
            first += weights + biases;
            if let Layer::Dropout { rate } = layer
                && *rate > 0.0
            {
                masks += c * h * w;
            }
            shape = output;
        }
        places
    }

    /// The output of every layer; dropout multiplies with the masks, or does nothing without.
    fn forward<const N: usize>(
        &self,
        parameters: &[Tracked<N>],
        image: &[Tracked<N>],
        masks: Option<&[f64]>,
    ) -> Vec<Vec<Tracked<N>>> {
        let rounding = &self.rounding;
        let mut outputs = vec![image.to_vec()];
        for place in self.places() {
            let x = &outputs[outputs.len() - 1];
            let (input, output) = (place.input, place.output);
            let weights = &parameters[place.first..];
            let biases = &weights[place.weights..];
            let apply = |f: &Function<'_>| x.iter().map(|x| x.apply(rounding, f)).collect();
            let y: Vec<Tracked<N>> = match place.layer {
                Layer::Conv2d { kernel, .. } => positions(output)
                    .map(|(o, i, j)| {
                        let taps = taps(&place, kernel, i, j);
                        let fan_in = input.channels * kernel * kernel;
                        let terms = taps.map(|(tap, at)| (weights[o * fan_in + tap], x[at]));
                        Tracked::dot(rounding, biases[o], terms)
                    })
                    .collect(),
                Layer::AvgPool2d { size } => positions(output)
                    .map(|(c, i, j)| {
                        let window = window(input, size, c, i, j);
                        let sum = Tracked::sum(rounding, window.map(|at| x[at]));
                        sum.scale(rounding, 1.0 / (size * size) as f64)
                    })
                    .collect(),
                Layer::Dense { outputs } => (0..outputs)
                    .map(|o| {
                        let row = weights[o * x.len()..].iter().copied();
                        Tracked::dot(rounding, biases[o], row.zip(x.iter().copied()))
                    })
                    .collect(),
                Layer::Sigmoid => apply(&SIGMOID),
                Layer::Tanh => apply(&TANH),
                Layer::Relu => apply(&RELU),
                Layer::Dropout { rate } => match masks {
                    Some(masks) if rate > 0.0 => {
                        let masks = &masks[place.masks..];
                        x.iter().zip(masks).map(|(x, mask)| x.scale(rounding, *mask)).collect()
                    }
                    _ => x.clone(),
                },
                _ => unreachable!("a layer that the oracle does not know"),
            };
            outputs.push(y);
        }
        outputs
    }

    /// The network's output.
    ///
    /// # Panics
    ///
    /// For a layer that the oracle does not know.
    #[must_use]
    pub fn infer<const N: usize>(&self, parameters: &[Tracked<N>], image: &[Tracked<N>]) -> Vec<Tracked<N>> {
        self.forward(parameters, image, None).pop().expect("at least the image")
    }

    /// The loss of one sample and its gradient.
    ///
    /// # Panics
    ///
    /// For a layer that the oracle does not know.
    #[must_use]
    pub fn train<const N: usize>(
        &self,
        parameters: &[Tracked<N>],
        image: &[Tracked<N>],
        labels: &[Tracked<N>],
        masks: &[f64],
    ) -> Step<N> {
        let rounding = &self.rounding;
        let outputs = self.forward(parameters, image, Some(masks));
        let mut places = self.places();
        let binary = labels.len() == 1 && matches!(self.layers.last(), Some(Layer::Sigmoid));
        if binary {
            places.pop();
        }
        let z = &outputs[places.len()];
        let (loss, mut d) = if binary { self.binary(z, labels) } else { self.cross_entropy(z, labels) };

        let mut gradient = vec![Tracked::splat(0.0); parameters.len()];
        while let Some(place) = places.pop() {
            let (x, y) = (&outputs[places.len()], &outputs[places.len() + 1]);
            let (input, output) = (place.input, place.output);
            let weights = &parameters[place.first..];
            let zero = Tracked::splat(0.0);
            d = match place.layer {
                Layer::Conv2d { kernel, .. } => {
                    let fan_in = input.channels * kernel * kernel;
                    let mut of_weights = vec![Vec::new(); place.weights];
                    let mut of_input = vec![Vec::new(); x.len()];
                    for ((o, i, j), d) in positions(output).zip(&d) {
                        for (tap, at) in taps(&place, kernel, i, j) {
                            of_weights[o * fan_in + tap].push((*d, x[at]));
                            of_input[at].push((weights[o * fan_in + tap], *d));
                        }
                    }
                    for (terms, g) in of_weights.into_iter().zip(&mut gradient[place.first..]) {
                        *g = Tracked::dot(rounding, zero, terms.into_iter());
                    }
                    for (o, plane) in d.chunks(output.plane()).enumerate() {
                        gradient[place.first + place.weights + o] =
                            Tracked::sum(rounding, plane.iter().copied());
                    }
                    of_input
                        .into_iter()
                        .map(|terms| Tracked::dot(rounding, zero, terms.into_iter()))
                        .collect()
                }
                Layer::Dense { .. } => {
                    for (o, d) in d.iter().enumerate() {
                        for (i, x) in x.iter().enumerate() {
                            gradient[place.first + o * x_len(input) + i] = d.mul(rounding, *x);
                        }
                        gradient[place.first + place.weights + o] = *d;
                    }
                    (0..x.len())
                        .map(|i| {
                            let terms = d.iter().enumerate().map(|(o, d)| (weights[o * x.len() + i], *d));
                            Tracked::dot(rounding, zero, terms)
                        })
                        .collect()
                }
                Layer::AvgPool2d { size } => {
                    let mut of_input = vec![zero; x.len()];
                    for ((c, i, j), d) in positions(output).zip(&d) {
                        let share = d.scale(rounding, 1.0 / (size * size) as f64);
                        for at in window(input, size, c, i, j) {
                            of_input[at] = share;
                        }
                    }
                    of_input
                }
                Layer::Sigmoid => {
                    let slope = |y: &Tracked<N>| y.sub(rounding, y.mul(rounding, *y));
                    y.iter().zip(&d).map(|(y, d)| d.mul(rounding, slope(y))).collect()
                }
                Layer::Tanh => {
                    let slope = |y: &Tracked<N>| Tracked::splat(1.0).sub(rounding, y.mul(rounding, *y));
                    y.iter().zip(&d).map(|(y, d)| d.mul(rounding, slope(y))).collect()
                }
                Layer::Relu => x.iter().zip(&d).map(|(x, d)| d.mul(rounding, step(*x, rounding))).collect(),
                Layer::Dropout { rate } if rate > 0.0 => {
                    let masks = &masks[place.masks..];
                    d.iter().zip(masks).map(|(d, mask)| d.scale(rounding, *mask)).collect()
                }
                _ => d,
            };
        }
        Step { loss, gradient }
    }

    /// `ln sum exp(z) - sum y z`, with the largest logit and 1 taken out, and `softmax(z) - y`.
    fn cross_entropy<const N: usize>(
        &self,
        z: &[Tracked<N>],
        labels: &[Tracked<N>],
    ) -> (Tracked<N>, Vec<Tracked<N>>) {
        let rounding = &self.rounding;
        let mut largest = z[0];
        for z in &z[1..] {
            // max(a, b) = b + max(a - b, 0), which for numbers is exact.
            let by_difference = largest.sub(rounding, *z).apply(rounding, &RELU);
            let sum = Tracked::sum(rounding, [by_difference, *z].into_iter());
            largest = Tracked { lanes: std::array::from_fn(|k| largest.lanes[k].max(z.lanes[k])), ..sum };
        }
        let largest = Tracked::sum(rounding, [largest, Tracked::splat(1.0)].into_iter());
        let shifted: Vec<_> = z.iter().map(|z| z.sub(rounding, largest)).collect();
        let powers: Vec<_> = shifted.iter().map(|z| z.apply(rounding, &EXP)).collect();
        let total = Tracked::sum(rounding, powers.iter().copied());
        let scale = total.apply(rounding, &RECIP);
        let zero = Tracked::splat(0.0);
        let target = Tracked::dot(rounding, zero, labels.iter().copied().zip(shifted.iter().copied()));
        let loss = total.apply(rounding, &LN).sub(rounding, target);
        let gradient = powers.iter().zip(labels).map(|(p, y)| p.mul(rounding, scale).sub(rounding, *y));
        (loss, gradient.collect())
    }

    /// `ln(1 + exp(z)) - y z` and `sigmoid(z) - y`.
    fn binary<const N: usize>(
        &self,
        z: &[Tracked<N>],
        labels: &[Tracked<N>],
    ) -> (Tracked<N>, Vec<Tracked<N>>) {
        let rounding = &self.rounding;
        let (z, y) = (z[0], labels[0]);
        // The logarithm of 1 + e^-|z| loses as much as the 1 does, however small it is.
        let mut softplus = z.apply(rounding, &SOFTPLUS);
        softplus.error += rounding.value;
        let loss = softplus.sub(rounding, y.mul(rounding, z));
        (loss, vec![z.apply(rounding, &SIGMOID).sub(rounding, y)])
    }
}

fn x_len(shape: Shape) -> usize {
    shape.channels * shape.height * shape.width
}

/// `(channel, row, column)` of every element.
fn positions(shape: Shape) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..shape.channels)
        .flat_map(move |c| (0..shape.height).flat_map(move |i| (0..shape.width).map(move |j| (c, i, j))))
}

/// Index of a weight within its filter and of the input it meets, for every tap of the window at output `(i, j)`.
fn taps(place: &Place, kernel: usize, i: usize, j: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
    let Layer::Conv2d { stride, .. } = place.layer else { unreachable!("only convolutions have taps") };
    let input = place.input;
    positions(Shape::new(input.channels, kernel, kernel)).enumerate().map(move |(tap, (c, u, v))| {
        (tap, c * input.plane() + (i * stride + u) * input.width + j * stride + v)
    })
}

/// Indices of the inputs of one pooling window.
fn window(input: Shape, size: usize, c: usize, i: usize, j: usize) -> impl Iterator<Item = usize> {
    positions(Shape::new(1, size, size))
        .map(move |(_, u, v)| c * input.plane() + (i * size + u) * input.width + j * size + v)
}
