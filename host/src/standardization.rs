//! Standardization: the affine map `x -> (x - mean) / deviation` that a network's images go through first.
//!
//! Images are encrypted as they are, and the two numbers travel beside them in the clear. The map is applied where images are made
//! into packs: lane by lane in spectral form; in matrix form `C -> (C - mean I) / deviation`, the same map of every lane.

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::dataset::Dataset;
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::progress::Progress;

/// Images whose sums one task takes at a time.
const IMAGES: usize = 16;

/// The mean and the standard deviation of the pixels of a training set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standardization {
    /// Finite.
    mean: f64,
    /// Finite and above 0.
    deviation: f64,
}

impl Standardization {
    /// A map with this mean and deviation.
    ///
    /// # Errors
    /// [`Kind::Malformed`] where one is not finite, or the deviation not above 0.
    pub fn new(mean: f64, deviation: f64) -> Result<Self, Error> {
        if mean.is_finite() && deviation.is_finite() && deviation > 0.0 {
            return Ok(Self { mean, deviation });
        }
        let message = format!("mean {mean}, deviation {deviation}: expected numbers, the deviation above 0");
        Err(Error::new(Kind::Malformed, message))
    }

    /// Mean and deviation of all pixels of `data`: `sqrt(mean(x^2) - mean(x)^2)`, sums in `f64`; `None` where all pixels are
    /// equal. Images are read once, a few at a time; any number of threads gives the same bits.
    ///
    /// # Errors
    /// Reading errors; [`Kind::Interrupted`].
    pub fn of(data: &Dataset, progress: &Progress) -> Result<Option<Self>, Error> {
        let image = data.image_len();
        let blocks = data.len().div_ceil(IMAGES);
        let sums = |pixels: &mut Vec<f32>, block: usize| {
            interrupt::check()?;
            let range = block * IMAGES..data.len().min((block + 1) * IMAGES);
            pixels.resize(range.len() * image, 0.0);
            progress.advance(range.len());
            data.read_images(range, pixels)?;
            Ok(pixels.chunks(image).map(sums_of).fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d)))
        };
        let sums = (0..blocks)
            .into_par_iter()
            .map_init(Vec::new, sums)
            .collect::<Result<Vec<(f64, f64)>, Error>>()?;
        let (sum, squares) = sums.into_iter().fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
        let count = (data.len() * image) as f64;
        let mean = sum / count;
        let variance = squares / count - mean * mean;
        // Equal pixels leave the rounding of two equal terms.
        if variance <= mean * mean * f64::EPSILON * 16.0 {
            return Ok(None);
        }
        Self::new(mean, libm::sqrt(variance)).map(Some)
    }

    /// The mean.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation.
    #[must_use]
    pub const fn deviation(&self) -> f64 {
        self.deviation
    }

    /// As it is in metadata.
    pub(crate) fn to_json(self) -> Value {
        json!({ "deviation": self.deviation, "mean": self.mean })
    }

    /// From metadata.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let map = value.as_object().filter(|map| map.len() == 2)?;
        let number = |name: &str| map.get(name)?.as_f64();
        Self::new(number("mean")?, number("deviation")?).ok()
    }
}

/// The sums of values and of their squares.
fn sums_of(values: &[f32]) -> (f64, f64) {
    // Eight sums side by side, which vectorise; their order is fixed.
    let (mut sums, mut squares) = ([0.0_f64; 8], [0.0_f64; 8]);
    for chunk in values.chunks(8) {
        for ((sum, square), value) in sums.iter_mut().zip(&mut squares).zip(chunk) {
            let value = f64::from(*value);
            *sum += value;
            *square += value * value;
        }
    }
    (sums.iter().sum(), squares.iter().sum())
}

#[cfg(feature = "engine")]
mod packs {
    use more_core::{Arithmetic, Real};
    use nn_core::element::Pack;
    use nn_core::simd::Isa;

    use super::Standardization;
    use crate::components::Packed;

    impl Standardization {
        /// Applies the map to packs of images: to the one component of plain numbers; to matrices entry by entry, the mean being taken
        /// from the diagonal.
        pub(crate) fn apply<I: Isa, E: Packed<I>>(&self, isa: I, packs: &mut [E]) {
            let splat = |value| Pack::splat(isa, <I::Real as Real>::from_f64(value));
            let (mean, scale) = (splat(self.mean), splat(1.0 / self.deviation));
            let lanes = E::COMPONENTS.isqrt();
            isa.enter(
                #[inline(always)]
                || {
                    for pack in packs {
                        for component in 0..E::COMPONENTS {
                            let pack = pack.pack_mut(component);
                            let on_diagonal = component % (lanes + 1) == 0;
                            *pack = (if on_diagonal { *pack - mean } else { *pack }) * scale;
                        }
                    }
                },
            );
        }
    }
}
