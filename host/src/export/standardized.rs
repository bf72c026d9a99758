//! A standardization as part of the first layer: `b + sum w (x - m) / d` is `b' + sum w' x` with `w' = w / d` and
//! `b' = b - sum w' m`. Without padding every window has all its weights, so this is exact but for rounding. Lanes of encrypted weights
//! are treated alike: `m` and `d` are plain.

use crate::error::{Error, Kind};
use crate::model::Model;

/// Makes the model's standardization part of its weights.
///
/// # Errors
/// [`Kind::Shape`] where the first layer has no weights.
pub(super) fn fold(model: &mut Model<f32>) -> Result<(), Error> {
    let Some(standardization) = model.standardization.take() else { return Ok(()) };
    let group = model.architecture.network().parameter_groups().next().filter(|group| group.layer == 0);
    let group = group.ok_or_else(|| {
        Error::new(Kind::Shape, "the first layer has no weights that could take up the standardization")
    })?;
    let (mean, deviation) = (standardization.mean(), standardization.deviation());
    for plane in &mut model.planes {
        let (weights, biases) = plane[group.first..group.first + group.len()].split_at_mut(group.weights());
        for (filter, bias) in weights.chunks_exact_mut(group.fan_in).zip(biases) {
            let mut sum = 0.0;
            for weight in filter {
                let folded = f64::from(*weight) / deviation;
                sum += folded;
                *weight = folded as f32;
            }
            *bias = (f64::from(*bias) - mean * sum) as f32;
        }
    }
    Ok(())
}
