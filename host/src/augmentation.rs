//! Augmentation: copies of an image that are turned, enlarged and moved a little, as Vizitiu et al. (2019) train on.
//!
//! Resampling has plain coefficients ([`nn_core::resample`]), so the owner of the data can do it before or after encryption, or a
//! service on ciphertexts, with equal results. Whoever does it after encryption transforms the masks like the message: fresh masks for
//! copies of one image would tell the lanes apart.

use nn_core::resample::{Affine, resample};
use nn_core::{Element, Shape};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::error::{Error, Kind};

/// Largest rotation, in degrees: the paper's.
pub const ROTATION: f64 = 10.0;
/// Largest shift, as a share of height and width.
pub const SHIFT: f64 = 0.05;
/// Largest zoom above and below 1.
pub const ZOOM: f64 = 0.1;

/// How images are transformed, drawn anew for each image and copy.
///
/// Rotation within 10 degrees about the centre, shift within 5 % of height and of width, zoom in `[0.9, 1.1]`, each uniform, from a
/// ChaCha8 stream of its own for each image and copy: neither the other images nor the number of threads change a draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Augmentation {
    seed: u64,
}

impl Augmentation {
    /// All draws come from this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The map of a copy of an image of this shape. Copy 0 is the image itself; a service takes copy `k` in epoch `k`, counted
    /// from 1.
    ///
    /// # Errors
    /// [`Kind::Shape`] where a side is so long that 5 % of it are more than a map takes.
    pub fn map(self, shape: Shape, image: usize, copy: usize) -> Result<Affine, Error> {
        if copy == 0 {
            return Ok(Affine::IDENTITY);
        }
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        // Training's other streams have one of the two upper bits; see `training::order`.
        generator.set_stream(((copy as u64) << 36) | image as u64);
        let mut within = |limit: f64| {
            let uniform = <f64 as more_core::Real>::uniform(generator.next_u64());
            limit * (2.0 * uniform - 1.0)
        };
        let rotation = within(ROTATION).to_radians();
        let zoom = 1.0 + within(ZOOM);
        let shift = [within(SHIFT) * shape.height as f64, within(SHIFT) * shape.width as f64];
        Affine::new(rotation, zoom, shift).map_err(refused)
    }

    /// Transforms an image of numbers or ciphertexts: `shape` has as many channels as there are planes.
    ///
    /// # Errors
    /// As [`map`](Self::map); [`Kind::Shape`] for buffers of another length.
    #[inline(always)]
    pub fn apply<E: Element<Context = ()>>(
        self,
        shape: Shape,
        image: usize,
        copy: usize,
        input: &[E],
        output: &mut [E],
    ) -> Result<(), Error> {
        let map = self.map(shape, image, copy)?;
        resample((), shape, &map, input, output).map_err(refused)
    }
}

fn refused(error: nn_core::Error) -> Error {
    Error::new(Kind::Shape, "cannot augment the image").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape::new(1, 101, 201);
    const CENTRE: [usize; 2] = [50, 100];

    /// Rotation in degrees, zoom and shift as shares of the sides, from where three pixels come from.
    fn parameters(map: &Affine) -> [f64; 4] {
        let at = |row, column| map.source(SHAPE, row, column).unwrap();
        let [row, column] = at(CENTRE[0], CENTRE[1]);
        let [next_row, next_column] = at(CENTRE[0], CENTRE[1] + 1);
        let (along, across) = (next_column - column, next_row - row);
        let zoom = 1.0 / along.hypot(across);
        let angle = across.atan2(along);
        // source(centre) - centre = -R(angle) shift / zoom, R acting on (right, down).
        let (x, y) = (column - CENTRE[1] as f64, row - CENTRE[0] as f64);
        let right = -zoom * (angle.cos() * x + angle.sin() * y);
        let down = -zoom * (angle.cos() * y - angle.sin() * x);
        [angle.to_degrees(), zoom, down / SHAPE.height as f64, right / SHAPE.width as f64]
    }

    #[test]
    fn parameters_fill_their_ranges() {
        let augmentation = Augmentation::new(1);
        let found: Vec<[f64; 4]> =
            (0..4000).map(|image| parameters(&augmentation.map(SHAPE, image, 1).unwrap())).collect();
        for (index, (centre, limit)) in
            [(0.0, ROTATION), (1.0, ZOOM), (0.0, SHIFT), (0.0, SHIFT)].into_iter().enumerate()
        {
            // In units of the range. Positions are rounded to 2^-32 pixels, hence angles to some 1e-8 degrees.
            let scaled = || found.iter().map(|drawn| (drawn[index] - centre) / limit);
            assert!(scaled().all(|value| value.abs() <= 1.0 + 1e-7), "parameter {index}");
            let (low, high) = scaled().fold((1.0_f64, -1.0_f64), |(low, high), x| (low.min(x), high.max(x)));
            // Nobody of 4000 in the outer 0.5 % of either side: (1 - 0.005)^4000 = 2e-9.
            assert!(low < -0.99 && high > 0.99, "parameter {index}: {low} to {high}");
            // A uniform mean has a deviation of sqrt(1/3/4000) = 0.0091, the mean square (variance 4/45) of 0.0047: five of them.
            let mean = scaled().sum::<f64>() / 4000.0;
            let square = scaled().map(|x| x * x).sum::<f64>() / 4000.0;
            assert!(mean.abs() < 0.046 && (square - 1.0 / 3.0).abs() < 0.024, "{index}: {mean}, {square}");
        }
    }

    #[test]
    fn maps_depend_on_seed_image_and_copy_alone() {
        let map = |seed, image, copy| Augmentation::new(seed).map(SHAPE, image, copy).unwrap();
        assert_eq!(map(3, 5, 2), map(3, 5, 2));
        for other in [map(4, 5, 2), map(3, 6, 2), map(3, 5, 3), map(3, 2, 5)] {
            assert_ne!(map(3, 5, 2), other);
        }
        assert_eq!(map(3, 5, 0), Affine::IDENTITY);
    }
}
