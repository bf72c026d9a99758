//! Encryption of 10,000 images of MNIST's size with uniform masks from ChaCha20 on one core, `f32` and n = 2, and what the
//! generator alone takes for as many random bytes. Throughput counts images.
//!
//! ```sh
//! cargo bench -p more-tests --bench encryption
//! ```

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use more_core::mask::Uniform;
use more_core::rand_core::{Rng, SeedableRng};
use more_core::{Ciphertext, SecretKey, Spectrum};
use rand_chacha::ChaCha20Rng;

const IMAGES: usize = 10_000;
const PIXELS: usize = 28 * 28;

fn encryption(criterion: &mut Criterion) {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let key = SecretKey::<f32, 2>::generate(&mut rng).expect("a seeded generator");
    let mut masks = Uniform::new(0.0, 1.0).expect("a range");
    let messages: Vec<f32> = (0..IMAGES * PIXELS).map(|i| (i % 256) as f32 / 255.0).collect();

    let mut group = criterion.benchmark_group("encrypt/10,000 images");
    group.throughput(Throughput::Elements(IMAGES as u64));
    // Four bytes a mask.
    let mut bytes = vec![0; 4 * PIXELS];
    group.bench_function("generator alone, one image at a time", |bencher| {
        bencher.iter(|| (0..IMAGES).for_each(|_| rng.fill_bytes(&mut bytes)));
    });
    let mut image = vec![Ciphertext::<f32, 2>::zero(()); PIXELS];
    group.bench_function("matrix form, one image at a time", |bencher| {
        bencher.iter(|| {
            for pixels in messages.chunks_exact(PIXELS) {
                key.encrypt_slice(pixels, &mut masks, &mut rng, &mut image).expect("finite");
            }
        });
    });
    let mut image = vec![Spectrum::<f32, 2>::zero(()); PIXELS];
    group.bench_function("spectral form, one image at a time", |bencher| {
        bencher.iter(|| {
            for pixels in messages.chunks_exact(PIXELS) {
                key.encrypt_spectrum_slice(0, pixels, &mut masks, &mut rng, &mut image).expect("finite");
            }
        });
    });
    // 125 MB of result.
    let mut all = vec![Ciphertext::<f32, 2>::zero(()); IMAGES * PIXELS];
    group.bench_function("matrix form, all into memory", |bencher| {
        bencher.iter(|| key.encrypt_slice(&messages, &mut masks, &mut rng, &mut all).expect("finite"));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .without_plots();
    targets = encryption
}
criterion_main!(benches);
