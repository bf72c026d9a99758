//! Images made on the spot, for networks that no source draws images for.

use nn_core::Network;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::dataset::Dataset;
use crate::error::Error;

/// Noise, the brighter the higher the class: as much work as any images, and something to learn.
///
/// # Errors
/// [`Kind::Shape`](crate::Kind::Shape) where the images do not fit into memory.
pub fn images(network: &Network<'_>, count: usize, seed: u64) -> Result<Dataset, Error> {
    let (shape, classes) = (network.input(), network.classes());
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut pixels = vec![0; count.saturating_mul(shape.len())];
    generator.fill_bytes(&mut pixels);
    let labels: Vec<u32> = (0..count).map(|image| (image % classes) as u32).collect();
    for (image, label) in pixels.chunks_exact_mut(shape.len()).zip(&labels) {
        let offset = (128 * *label as usize / classes) as u8;
        for pixel in image {
            *pixel = *pixel / 2 + offset;
        }
    }
    let names = (0..classes).map(|class| class.to_string()).collect();
    Dataset::from_bytes([shape.channels, shape.height, shape.width], names, pixels, labels)
}
