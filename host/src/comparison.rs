//! Two networks side by side: their outputs for the same images, or their parameters.

use more_core::Real;

use crate::components::Scalar;
use crate::container::{Container, Form, align_keys, check_same_key};
use crate::decryption::Outputs;
use crate::error::{Error, Kind};
use crate::model::Model;
use crate::with_lanes;

/// How far two sets of outputs agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Number of images.
    pub count: usize,
    /// Images of the same class in both.
    pub agreeing: usize,
    /// The largest difference of two outputs.
    pub largest_difference: f64,
    /// The largest gap between the two best outputs of an image (in the second set) whose class differs; rounding explains a
    /// difference where this is below twice [`largest_difference`](Self::largest_difference).
    pub widest_gap: f64,
}

impl Comparison {
    /// Compares outputs image by image.
    ///
    /// # Errors
    /// [`Kind::Shape`] for different numbers of images or outputs.
    pub fn of(a: &Outputs, b: &Outputs) -> Result<Self, Error> {
        if (a.count(), a.width()) != (b.count(), b.width()) {
            let message = format!(
                "{} results of {} outputs beside {} of {}",
                a.count(),
                a.width(),
                b.count(),
                b.width()
            );
            return Err(Error::new(Kind::Shape, message));
        }
        let pairs = a.values().iter().zip(b.values());
        let largest_difference = pairs.fold(0.0_f64, |largest, (a, b)| largest.max((a - b).abs()));
        let differing = (0..a.count()).filter(|&item| a.class(item) != b.class(item));
        let (mut differ, mut widest_gap) = (0, 0.0_f64);
        for item in differing {
            differ += 1;
            widest_gap = widest_gap.max(gap(&b.values()[item * b.width()..][..b.width()]));
        }
        Ok(Self { count: a.count(), agreeing: a.count() - differ, largest_difference, widest_gap })
    }

    /// The share of images of the same class.
    #[must_use]
    pub fn agreement(&self) -> f64 {
        self.agreeing as f64 / self.count as f64
    }

    /// Whether rounding explains every class that differs.
    #[must_use]
    pub fn is_explained_by_rounding(&self) -> bool {
        self.widest_gap <= 2.0 * self.largest_difference
    }
}

/// How far the parameters of two models agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterComparison {
    /// Number of parameters.
    pub count: usize,
    /// Lanes that were compared: 1 for plain models.
    pub lanes: usize,
    /// The largest difference of two parameters, in any lane.
    pub largest_difference: f64,
    /// The largest parameter of the first model, in any lane.
    pub largest_parameter: f64,
}

impl ParameterComparison {
    /// Compares two models parameter by parameter: both plain, or both encrypted with one key, in either form, every lane with its
    /// own. No secret key is needed.
    ///
    /// # Errors
    /// [`Kind::Shape`] for another network or scalar; [`Kind::Usage`] for a plain model beside an encrypted one; [`Kind::Key`] for
    /// another key; reading errors.
    ///
    /// # Panics
    /// Where `T` is not the first file's scalar.
    pub fn of<T: Scalar>(a: &Container, b: &Container) -> Result<Self, Error> {
        if a.metadata().scalar != b.metadata().scalar {
            return Err(Error::new(Kind::Shape, "the two models have different scalars").at(b.path()));
        }
        let (first, second) = (Model::<T>::read(a)?, Model::<T>::read(b)?);
        if first.architecture != second.architecture {
            let message =
                format!("a model of `{}` beside one of `{}`", second.architecture, first.architecture);
            return Err(Error::new(Kind::Shape, message).at(b.path()));
        }
        if (first.form == Form::Plain) != (second.form == Form::Plain) {
            let error = Error::new(Kind::Usage, "one model is plain, the other encrypted").at(b.path());
            return Err(error.with_hint("compare their outputs instead, with --key"));
        }
        let (first, second) = (first.into_spectral(a)?, second.into_spectral(b)?);
        let lane_of = if first.form == Form::Plain {
            vec![0]
        } else {
            check_same_key(a, b)?;
            with_lanes!(first.lanes, N => align_keys::<T, N>(a, b)?.to_vec())?
        };
        let (mut largest_difference, mut largest_parameter) = (0.0_f64, 0.0_f64);
        for (plane, other) in first.planes.iter().zip(lane_of.iter().map(|lane| &second.planes[*lane])) {
            for (a, b) in plane.iter().zip(other) {
                let (a, b) = (Real::to_f64(*a), Real::to_f64(*b));
                largest_difference = largest_difference.max((a - b).abs());
                largest_parameter = largest_parameter.max(a.abs());
            }
        }
        let count = first.planes[0].len();
        Ok(Self { count, lanes: lane_of.len(), largest_difference, largest_parameter })
    }
}

/// The distance of the two largest outputs, or of a probability from one half.
fn gap(outputs: &[f64]) -> f64 {
    if let [probability] = outputs {
        return (probability - 0.5).abs();
    }
    let (mut first, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for &output in outputs {
        if output > first {
            (first, second) = (output, first);
        } else if output > second {
            second = output;
        }
    }
    first - second
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_between_the_two_best() {
        assert_eq!(gap(&[1.0, 5.0, 2.0, 4.5]), 0.5);
        assert_eq!(gap(&[3.0, 3.0, 1.0]), 0.0);
        assert_eq!(gap(&[0.25]), 0.25);
    }
}
