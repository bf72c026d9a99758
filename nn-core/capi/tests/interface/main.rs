//! The C functions, called from Rust: the bits of the Rust interface, and a status for everything that can be wrong.

use std::{mem, ptr};

use more_core::mask::Uniform;
use more_core::wire::{self, Header, Shape};
use more_core::{EvaluationKey, SecretKey, Spectrum};
use more_nn_capi::MoreLayerKind::{AvgPool2d, Conv2d, Dense, Relu, Sigmoid, Tanh};
use more_nn_capi::*;
use nn_core::element::{F8, f16};
use nn_core::{Layer, Network, avg_pool, conv, dense, strided_conv};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

mod inference;
mod refusals;
mod scheme;

type Cell = Spectrum<f32, 2>;

const fn layer(kind: MoreLayerKind, outputs: u32, size: u32, stride: u32) -> MoreLayer {
    MoreLayer { kind: kind as u32, outputs, size, stride }
}

/// Every kind of layer, and numbers of outputs that leave remainders of every register block.
const LAYERS: [MoreLayer; 10] = [
    layer(Conv2d, 5, 3, 1),
    layer(Sigmoid, 0, 0, 0),
    layer(AvgPool2d, 0, 2, 0),
    layer(Conv2d, 18, 2, 2),
    layer(Relu, 0, 0, 0),
    layer(Dense, 17, 0, 0),
    layer(Tanh, 0, 0, 0),
    layer(Dense, 10, 0, 0),
    layer(Sigmoid, 0, 0, 0),
    layer(Dense, 4, 0, 0),
];

const RUST_LAYERS: [Layer; 10] = [
    conv(5, 3),
    Layer::Sigmoid,
    avg_pool(2),
    strided_conv(18, 2, 2),
    Layer::Relu,
    dense(17),
    Layer::Tanh,
    dense(10),
    Layer::Sigmoid,
    dense(4),
];

const RUST_NETWORK: Network<'static> = Network::new(nn_core::Shape::new(2, 13, 11), &RUST_LAYERS);
const INPUT: usize = RUST_NETWORK.input().len();
const OUTPUTS: usize = RUST_NETWORK.outputs();
const SCRATCH: usize = RUST_NETWORK.scratch();
const MEMORY: usize = RUST_NETWORK.stream_memory();
const ROW: usize = 2 * 11;
const ZERO: MoreCell = MoreCell { lanes: [0.0; 2] };
const O: Cell = Cell::from_lanes([0.0; 2]);

fn network() -> MoreNetwork {
    MoreNetwork { channels: 2, height: 13, width: 11, layers: LAYERS.as_ptr(), layer_count: LAYERS.len() }
}

/// What no function has touched yet, as a C program's static variables.
fn zeroed<T>() -> T {
    // SAFETY: the types of the interface are numbers, pointers and optional functions: all may be zero.
    unsafe { mem::zeroed() }
}

struct Scene {
    secret: SecretKey<f32, 2>,
    evaluation: EvaluationKey<f32, 2>,
    lane: usize,
    key: MoreKey,
    weights: Vec<f32>,
    image: Vec<f32>,
}

fn scene() -> Scene {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let secret = SecretKey::generate(&mut rng).expect("a key");
    let evaluation = EvaluationKey::from_secret_key(&secret, &mut rng).expect("its evaluation key");
    let lane = secret.message_lane(&evaluation).expect("its own");
    let (secret_bytes, evaluation_bytes) = encodings(&secret, &evaluation);
    let mut key = zeroed();
    let status = load(&mut key, &secret_bytes, &evaluation_bytes);
    assert_eq!(status, MoreStatus::Ok);
    let mut uniform = |low: f32, high: f32| low + (high - low) * (rng.next_u32() >> 8) as f32 / 16_777_216.0;
    let weights = (0..RUST_NETWORK.parameters()).map(|_| uniform(-0.5, 0.5)).collect();
    let image = (0..INPUT).map(|_| uniform(0.0, 1.0)).collect();
    Scene { secret, evaluation, lane, key, weights, image }
}

fn encodings(secret: &SecretKey<f32, 2>, evaluation: &EvaluationKey<f32, 2>) -> (Vec<u8>, Vec<u8>) {
    let mut secret_bytes = vec![0; SecretKey::<f32, 2>::ENCODED_LEN];
    let mut evaluation_bytes = vec![0; EvaluationKey::<f32, 2>::ENCODED_LEN];
    secret.encode(&mut secret_bytes).expect("room");
    evaluation.encode(&mut evaluation_bytes).expect("room");
    (secret_bytes, evaluation_bytes)
}

fn load(key: &mut MoreKey, secret: &[u8], evaluation: &[u8]) -> MoreStatus {
    // SAFETY: lengths of the slices.
    unsafe { more_key_load(key, secret.as_ptr(), secret.len(), evaluation.as_ptr(), evaluation.len()) }
}

fn generator(seed: u8) -> MoreGenerator {
    let mut generator = zeroed();
    // SAFETY: 32 bytes.
    assert_eq!(unsafe { more_generator_seed(&mut generator, [seed; 32].as_ptr(), 32) }, MoreStatus::Ok);
    generator
}

fn encrypt(
    key: &MoreKey,
    generator: &mut MoreGenerator,
    messages: &[f32],
    out: &mut [MoreCell],
) -> MoreStatus {
    // SAFETY: lengths of the slices.
    unsafe {
        more_encrypt(key, generator, 0.0, 1.0, messages.as_ptr(), messages.len(), out.as_mut_ptr(), out.len())
    }
}

fn to_c(cells: &[Cell]) -> Vec<MoreCell> {
    cells.iter().map(|cell| MoreCell { lanes: *cell.lanes() }).collect()
}

/// The image as the crates encrypt it.
fn encrypted(scene: &Scene) -> Vec<Cell> {
    let mut out = vec![O; INPUT];
    let mut masks = Uniform::new(0.0, 1.0).expect("a range");
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    scene
        .secret
        .encrypt_spectrum_slice(scene.lane, &scene.image, &mut masks, &mut rng, &mut out)
        .expect("finite");
    out
}

fn cells(scene: &Scene) -> Vec<MoreCell> {
    to_c(&encrypted(scene))
}
