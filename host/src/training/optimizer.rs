//! How weights follow their gradients.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// What a step does with the gradient `g` of the weights `w`, at the rate `r`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// `v = momentum v + g + decay w`, `w = w - r v`: stochastic gradient descent, with PyTorch's form of momentum.
    Sgd {
        /// 0 without.
        momentum: f64,
    },
    /// `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
    /// `w = w - r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon) - r decay w` in step `t`, lane by lane; `b1 = 0.9`,
    /// `b2 = 0.999`, `epsilon = 1e-8`.
    ///
    /// Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; the decay apart from
    /// the gradient as in Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    Adam,
}

/// Adam's rates of decay.
pub(crate) const BETA: [f64; 2] = [0.9, 0.999];
/// What keeps Adam's quotient finite.
pub(crate) const EPSILON: f64 = 1e-8;

impl Optimizer {
    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam => "adam",
        }
    }

    /// Numbers that it remembers for each weight.
    pub(crate) fn moments(self) -> usize {
        match self {
            Self::Sgd { momentum } => usize::from(momentum != 0.0),
            Self::Adam => 2,
        }
    }
}

/// How the learning rate goes on from epoch to epoch.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// It is multiplied by a factor every so many epochs.
    Step {
        /// Epochs of the same rate.
        epochs: usize,
        /// What follows is so many times it.
        factor: f64,
    },
    /// Half a cosine, from the rate in the first epoch towards 0 after the last.
    ///
    /// Source: Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, without restarts.
    Cosine,
}

impl Schedule {
    /// The factor of the learning rate in `epoch`, counted from 0, of `epochs`.
    #[must_use]
    pub fn factor(self, epoch: usize, epochs: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Step { epochs, factor } => {
                // As many factors as fit: a power of an exponent of that size is 0 or 1 or infinite anyway.
                factor.powi(i32::try_from(epoch / epochs.max(1)).unwrap_or(i32::MAX))
            }
            Self::Cosine => {
                let progress = epoch as f64 / epochs.max(1) as f64;
                0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("constant"),
            Self::Step { epochs, factor } => write!(f, "step:{epochs}:{factor}"),
            Self::Cosine => f.write_str("cosine"),
        }
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::usage(format!("`{text}`: expected constant, cosine or step:EPOCHS:FACTOR, as step:10:0.5"))
        };
        match text.split(':').collect::<Vec<_>>()[..] {
            ["constant"] => Ok(Self::Constant),
            ["cosine"] => Ok(Self::Cosine),
            ["step", epochs, factor] => {
                let epochs = epochs.parse().ok().filter(|epochs| *epochs > 0).ok_or_else(wrong)?;
                let positive = |factor: &f64| *factor > 0.0 && factor.is_finite();
                Ok(Self::Step { epochs, factor: factor.parse().ok().filter(positive).ok_or_else(wrong)? })
            }
            _ => Err(wrong()),
        }
    }
}

/// How much the images of each class count in the loss.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum ClassWeights {
    /// All alike.
    #[default]
    Equal,
    /// In inverse proportion to how many images the class has, `images / (classes * images of the class)`: needs labels in the
    /// clear.
    Balanced,
    /// Weights in the order of the classes.
    Given(Vec<f64>),
}

impl ClassWeights {
    /// The weight of each of `classes` classes, or `None` where all are 1; `labels` where they are plain.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) for weights of another number of classes or none to count from.
    pub(crate) fn weights(&self, classes: usize, labels: Option<&[u32]>) -> Result<Option<Vec<f64>>, Error> {
        match self {
            Self::Equal => Ok(None),
            Self::Given(weights) if weights.len() == classes => Ok(Some(weights.clone())),
            Self::Given(weights) => {
                Err(Error::usage(format!("{} class weights for {classes} classes", weights.len())))
            }
            Self::Balanced => {
                let labels = labels.ok_or_else(|| {
                    Error::usage("encrypted labels cannot be counted for balanced class weights")
                        .with_hint("give the weights, as --class-weights 0.8,1.33")
                })?;
                let mut counts = vec![0_usize; classes];
                labels.iter().for_each(|label| counts[*label as usize] += 1);
                let weight = |count: &usize| labels.len() as f64 / (classes * (*count).max(1)) as f64;
                Ok(Some(counts.iter().map(weight).collect()))
            }
        }
    }
}

impl fmt::Display for ClassWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => f.write_str("equal"),
            Self::Balanced => f.write_str("balanced"),
            Self::Given(weights) => {
                let weights: Vec<String> = weights.iter().map(f64::to_string).collect();
                f.write_str(&weights.join(","))
            }
        }
    }
}

impl FromStr for ClassWeights {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "equal" => Ok(Self::Equal),
            "balanced" => Ok(Self::Balanced),
            list => {
                let weight =
                    |text: &str| text.trim().parse().ok().filter(|w: &f64| *w >= 0.0 && w.is_finite());
                let weights = list.split(',').map(weight).collect::<Option<Vec<_>>>();
                weights.map(Self::Given).ok_or_else(|| {
                    Error::usage(format!(
                        "`{text}`: expected equal, balanced, or a weight for each class, as 0.8,1.33"
                    ))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_have_their_factors() {
        let step: Schedule = "step:10:0.5".parse().unwrap();
        assert_eq!([0, 9, 10, 29].map(|epoch| step.factor(epoch, 30)), [1.0, 1.0, 0.5, 0.25]);
        assert_eq!("cosine".parse::<Schedule>().unwrap().factor(0, 8), 1.0);
        // cos(pi / 4) and cos(pi / 2).
        assert!((Schedule::Cosine.factor(2, 8) - (1.0 + 0.5_f64.sqrt()) / 2.0).abs() < 1e-15);
        assert!((Schedule::Cosine.factor(4, 8) - 0.5).abs() < 1e-15);
        for wrong in ["", "step", "step:0:0.5", "step:3:-1", "step:3:nan", "linear"] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
        for schedule in [Schedule::Constant, Schedule::Cosine, step] {
            assert_eq!(schedule.to_string().parse::<Schedule>().unwrap(), schedule);
        }
    }

    #[test]
    fn balanced_weights_give_every_class_the_same_sum() {
        let weights = ClassWeights::Balanced.weights(2, Some(&[0, 0, 0, 1])).unwrap().unwrap();
        assert_eq!(weights, [4.0 / 6.0, 2.0]);
        assert!(ClassWeights::Balanced.weights(2, None).is_err());
        assert!("0.5,2".parse::<ClassWeights>().unwrap().weights(3, None).is_err());
        for wrong in ["", "a", "1,-1", "1,inf"] {
            assert!(wrong.parse::<ClassWeights>().is_err(), "{wrong}");
        }
    }
}
