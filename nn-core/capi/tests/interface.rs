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

#[test]
fn an_image_and_its_rows_are_encrypted_as_by_the_crate_and_decrypted_again() {
    let scene = scene();
    let expected = to_c(&encrypted(&scene));
    let mut whole = vec![ZERO; INPUT];
    assert_eq!(encrypt(&scene.key, &mut generator(9), &scene.image, &mut whole), MoreStatus::Ok);
    assert_eq!(whole, expected);

    let mut rows = vec![ZERO; INPUT];
    let mut generator = generator(9);
    for (messages, out) in scene.image.chunks(ROW).zip(rows.chunks_mut(ROW)) {
        assert_eq!(encrypt(&scene.key, &mut generator, messages, out), MoreStatus::Ok);
    }
    assert_eq!(rows, expected);

    let mut back = vec![0.0; INPUT];
    // SAFETY: lengths of the vectors.
    let status = unsafe { more_decrypt(&scene.key, rows.as_ptr(), INPUT, back.as_mut_ptr(), INPUT) };
    assert_eq!((status, back), (MoreStatus::Ok, scene.image));
}

#[test]
fn masks_of_the_caller_stand_beside_the_messages() {
    let scene = scene();
    let masks: Vec<f32> = scene.image.iter().rev().copied().collect();
    let mut out = vec![ZERO; INPUT];
    // SAFETY: lengths of the vectors.
    let status = unsafe {
        more_encrypt_with_masks(
            &scene.key,
            scene.image.as_ptr(),
            INPUT,
            masks.as_ptr(),
            INPUT,
            out.as_mut_ptr(),
            INPUT,
        )
    };
    assert_eq!(status, MoreStatus::Ok);
    for ((cell, message), mask) in out.iter().zip(&scene.image).zip(&masks) {
        assert_eq!((cell.lanes[scene.lane], cell.lanes[1 - scene.lane]), (*message, *mask));
    }
}

#[test]
fn sizes_are_those_of_the_crate() {
    let mut sizes = zeroed();
    // SAFETY: both are references.
    let status = unsafe { more_network_sizes(&network(), &mut sizes) };
    let expected = MoreNetworkSizes {
        parameters: RUST_NETWORK.parameters(),
        input: INPUT,
        row: ROW,
        outputs: OUTPUTS,
        scratch: SCRATCH,
        stream_memory: MEMORY,
    };
    assert_eq!((status, sizes), (MoreStatus::Ok, expected));
    assert_eq!(more_interface_version(), MORE_INTERFACE_VERSION);
}

/// Inference and a stream of two images, by the functions of one family, against `nn_core::infer`.
macro_rules! family {
    ($name:ident, $infer:ident, $start:ident, $push:ident, $output:ident, $zero:expr, $input:expr, $weights:expr, $expected:expr) => {
        #[test]
        fn $name() {
            let scene = scene();
            let (input, weights, expected) = ($input(&scene), $weights(&scene), $expected(&scene));
            let mut scratch = vec![$zero; SCRATCH];
            let mut output = vec![$zero; OUTPUTS];
            let count = weights.len();
            // SAFETY: lengths of the vectors.
            let status = unsafe {
                $infer(
                    &network(),
                    weights.as_ptr(),
                    count,
                    input.as_ptr(),
                    INPUT,
                    scratch.as_mut_ptr(),
                    SCRATCH,
                    output.as_mut_ptr(),
                    OUTPUTS,
                )
            };
            assert_eq!((status, &output), (MoreStatus::Ok, &expected));

            let mut memory = vec![$zero; MEMORY];
            let mut stream = zeroed();
            // SAFETY: lengths of the vectors, which outlive the stream, as the layers do.
            let status = unsafe {
                $start(&mut stream, &network(), weights.as_ptr(), count, memory.as_mut_ptr(), MEMORY)
            };
            assert_eq!(status, MoreStatus::Ok);
            for _ in 0..2 {
                for row in 0..13 {
                    let pixels: Vec<_> =
                        (0..ROW).map(|at| input[at / 11 * 13 * 11 + row * 11 + at % 11]).collect();
                    let mut output = vec![$zero; OUTPUTS];
                    let mut missing = 0;
                    // SAFETY: lengths of the vectors; the stream was started.
                    unsafe {
                        assert_eq!(more_stream_missing_rows(&stream, &mut missing), MoreStatus::Ok);
                        assert_eq!(missing, 13 - row);
                        let early = $output(&stream, output.as_mut_ptr(), OUTPUTS);
                        assert_eq!(early, MoreStatus::ImageIncomplete);
                        assert_eq!($push(&mut stream, pixels.as_ptr(), ROW - 1), MoreStatus::Row);
                        assert_eq!($push(&mut stream, pixels.as_ptr(), ROW), MoreStatus::Ok);
                    }
                }
                let mut output = vec![$zero; OUTPUTS];
                // SAFETY: as above.
                unsafe {
                    assert_eq!($push(&mut stream, input.as_ptr(), ROW), MoreStatus::ImageComplete);
                    assert_eq!($output(&stream, output.as_mut_ptr(), OUTPUTS - 1), MoreStatus::Output);
                    assert_eq!($output(&stream, output.as_mut_ptr(), OUTPUTS), MoreStatus::Ok);
                    assert_eq!(more_stream_reset(&mut stream), MoreStatus::Ok);
                }
                assert_eq!(output, expected);
            }
        }
    };
}

fn image(scene: &Scene) -> Vec<f32> {
    scene.image.clone()
}

fn cells(scene: &Scene) -> Vec<MoreCell> {
    to_c(&encrypted(scene))
}

fn weights(scene: &Scene) -> Vec<f32> {
    scene.weights.clone()
}

fn halves(scene: &Scene) -> Vec<u16> {
    scene.weights.iter().map(|weight| f16::from_f32(*weight).to_bits()).collect()
}

fn eighths(scene: &Scene) -> Vec<u8> {
    let narrow = |weight: &f32| F8::from_f32(*weight).expect("in range").to_bits();
    scene.weights.iter().map(narrow).collect()
}

fn secret_weights(scene: &Scene) -> Vec<Cell> {
    let mut masks = Uniform::new(-0.5, 0.5).expect("a range");
    let mut out = vec![O; scene.weights.len()];
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    scene
        .secret
        .encrypt_spectrum_slice(scene.lane, &scene.weights, &mut masks, &mut rng, &mut out)
        .expect("finite");
    out
}

fn plain_output(scene: &Scene, weights: &[f32]) -> Vec<f32> {
    let (mut scratch, mut output) = (vec![0.0; SCRATCH], vec![0.0; OUTPUTS]);
    nn_core::infer((), &RUST_NETWORK, weights, &scene.image, &mut scratch, &mut output).expect("lengths fit");
    output
}

fn encrypted_output<W: Copy + Sync>(scene: &Scene, weights: &[W]) -> Vec<MoreCell>
where
    Cell: nn_core::Weigh<W>,
{
    let (mut scratch, mut output) = (vec![O; SCRATCH], vec![O; OUTPUTS]);
    nn_core::infer((), &RUST_NETWORK, weights, &encrypted(scene), &mut scratch, &mut output)
        .expect("lengths fit");
    to_c(&output)
}

/// The weights that the codes stand for, in `f32`: computing with either gives the same bits.
fn widened_halves(scene: &Scene) -> Vec<f32> {
    halves(scene).iter().map(|bits| f16::from_bits(*bits).to_f32()).collect()
}

fn widened_eighths(scene: &Scene) -> Vec<f32> {
    eighths(scene).iter().map(|bits| F8::from_bits(*bits).to_f32()).collect()
}

family!(
    plain,
    more_infer_plain,
    more_stream_start_plain,
    more_stream_push_row_plain,
    more_stream_output_plain,
    0.0_f32,
    image,
    weights,
    |scene| plain_output(scene, &weights(scene))
);
family!(
    plain_f16,
    more_infer_plain_f16,
    more_stream_start_plain_f16,
    more_stream_push_row_plain,
    more_stream_output_plain,
    0.0_f32,
    image,
    halves,
    |scene| plain_output(scene, &widened_halves(scene))
);
family!(
    plain_f8,
    more_infer_plain_f8,
    more_stream_start_plain_f8,
    more_stream_push_row_plain,
    more_stream_output_plain,
    0.0_f32,
    image,
    eighths,
    |scene| plain_output(scene, &widened_eighths(scene))
);
family!(
    encrypted_plain_weights,
    more_infer_encrypted,
    more_stream_start_encrypted,
    more_stream_push_row_encrypted,
    more_stream_output_encrypted,
    ZERO,
    cells,
    weights,
    |scene| encrypted_output(scene, &weights(scene))
);
family!(
    encrypted_f16,
    more_infer_encrypted_f16,
    more_stream_start_encrypted_f16,
    more_stream_push_row_encrypted,
    more_stream_output_encrypted,
    ZERO,
    cells,
    halves,
    |scene| encrypted_output(scene, &widened_halves(scene))
);
family!(
    encrypted_f8,
    more_infer_encrypted_f8,
    more_stream_start_encrypted_f8,
    more_stream_push_row_encrypted,
    more_stream_output_encrypted,
    ZERO,
    cells,
    eighths,
    |scene| encrypted_output(scene, &widened_eighths(scene))
);
family!(
    encrypted_with_encrypted_weights,
    more_infer_encrypted_with_encrypted,
    more_stream_start_encrypted_with_encrypted,
    more_stream_push_row_encrypted,
    more_stream_output_encrypted,
    ZERO,
    cells,
    |scene| to_c(&secret_weights(scene)),
    |scene| encrypted_output(scene, &secret_weights(scene))
);

#[test]
fn an_image_travels_as_bytes_and_is_answered_without_a_key() {
    let scene = scene();
    let image = cells(&scene);
    let header = Header::spectra(&scene.evaluation, Shape::Image { channels: 2, height: 13, width: 11 });
    let mut expected = vec![0; wire::encoded_len::<Cell>(INPUT)];
    wire::encode(&header.expect("a shape"), &encrypted(&scene), &mut expected).expect("room");

    let mut bytes = vec![0; expected.len() + 3];
    let mut written = 0;
    // SAFETY: lengths of the vectors.
    let status = unsafe {
        more_encode_image(
            &scene.key,
            2,
            13,
            11,
            image.as_ptr(),
            INPUT,
            bytes.as_mut_ptr(),
            bytes.len(),
            &mut written,
        )
    };
    assert_eq!((status, &bytes[..written]), (MoreStatus::Ok, &expected[..]));

    let mut back = vec![ZERO; INPUT];
    let decode = |bytes: &[u8], back: &mut [MoreCell]| {
        // SAFETY: lengths of the slices.
        unsafe { more_decode(bytes.as_ptr(), bytes.len(), back.as_mut_ptr(), back.len()) }
    };
    assert_eq!(decode(&expected, &mut back), MoreStatus::Ok);
    assert_eq!(back, image);
    assert_eq!(decode(&expected, &mut back[1..]), MoreStatus::Length);
    assert_eq!(decode(&expected[1..], &mut back), MoreStatus::Encoding);
    let mut damaged = expected.clone();
    damaged[100] ^= 1;
    assert_eq!(decode(&damaged, &mut back), MoreStatus::Encoding);

    let mut answer = vec![0; 200];
    // SAFETY: lengths of the vectors.
    let status = unsafe {
        let (request, elements) = (expected.as_ptr(), image.as_ptr());
        let room = answer.len();
        more_encode_answer(request, expected.len(), elements, 3, answer.as_mut_ptr(), room, &mut written)
    };
    assert_eq!(status, MoreStatus::Ok);
    let (header, elements) = wire::elements::<Cell>(&answer[..written]).expect("an encoding");
    header.check_key(&scene.evaluation).expect("the same key and order");
    assert_eq!(to_c(&elements.collect::<Vec<_>>()), image[..3]);
}

#[test]
fn keys_and_generators_must_be_there_and_can_be_erased() {
    let mut scene = scene();
    let mut out = vec![ZERO; INPUT];
    let (secret, evaluation) = encodings(&scene.secret, &scene.evaluation);
    assert_eq!(encrypt(&zeroed(), &mut generator(1), &scene.image, &mut out), MoreStatus::NotInitialised);
    assert_eq!(encrypt(&scene.key, &mut zeroed(), &scene.image, &mut out), MoreStatus::NotInitialised);

    let mut other = zeroed();
    assert_eq!(load(&mut other, &evaluation, &secret), MoreStatus::Encoding);
    assert_eq!(load(&mut other, &secret[1..], &evaluation), MoreStatus::Encoding);
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let foreign = SecretKey::<f32, 2>::generate(&mut rng).expect("a key");
    let foreign = EvaluationKey::from_secret_key(&foreign, &mut rng).expect("its evaluation key");
    assert_eq!(load(&mut other, &secret, &encodings(&scene.secret, &foreign).1), MoreStatus::WrongKey);
    assert_eq!(other.into_words(), [0; MORE_KEY_WORDS]);

    let mut used = generator(1);
    // SAFETY: references.
    unsafe {
        assert_eq!(more_key_erase(&mut scene.key), MoreStatus::Ok);
        assert_eq!(more_key_erase(&mut scene.key), MoreStatus::Ok);
        assert_eq!(more_generator_erase(&mut used), MoreStatus::Ok);
    }
    assert_eq!(encrypt(&scene.key, &mut generator(1), &scene.image, &mut out), MoreStatus::NotInitialised);
    assert_eq!(scene.key.into_words(), [0; MORE_KEY_WORDS]);
    // SAFETY: too few bytes, which is found first.
    assert_eq!(unsafe { more_generator_seed(&mut used, [1; 31].as_ptr(), 31) }, MoreStatus::Length);
}

trait Words {
    fn into_words(self) -> [u64; MORE_KEY_WORDS];
}

impl Words for MoreKey {
    fn into_words(self) -> [u64; MORE_KEY_WORDS] {
        // SAFETY: the struct is these words.
        unsafe { mem::transmute(self) }
    }
}

#[test]
fn wrong_pointers_and_lengths_are_refused() {
    let scene = scene();
    let (weights, count) = (scene.weights.as_ptr(), scene.weights.len());
    let mut input = scene.image.clone();
    let (mut scratch, mut output) = (vec![0.0; SCRATCH], [7.0; OUTPUTS]);
    let (scratch_at, output_at) = (scratch.as_mut_ptr(), output.as_mut_ptr());
    let input_at = input.as_mut_ptr();
    let network = network();
    // SAFETY: what is not as it should be is refused before it is used.
    unsafe {
        let infer = |network, weights, weight_count, input, scratch, scratch_count, output, output_count| {
            more_infer_plain(
                network,
                weights,
                weight_count,
                input,
                INPUT,
                scratch,
                scratch_count,
                output,
                output_count,
            )
        };
        let null = ptr::null();
        let none = ptr::null_mut();
        let odd = scratch_at.cast::<u8>().wrapping_add(1).cast::<f32>();
        let cases = [
            (
                infer(ptr::null(), weights, count, input_at, scratch_at, SCRATCH, output_at, OUTPUTS),
                MoreStatus::Null,
            ),
            (
                infer(&network, null, count, input_at, scratch_at, SCRATCH, output_at, OUTPUTS),
                MoreStatus::Null,
            ),
            (
                infer(&network, weights, count, null, scratch_at, SCRATCH, output_at, OUTPUTS),
                MoreStatus::Null,
            ),
            (infer(&network, weights, count, input_at, none, SCRATCH, output_at, OUTPUTS), MoreStatus::Null),
            (infer(&network, weights, count, input_at, scratch_at, SCRATCH, none, OUTPUTS), MoreStatus::Null),
            (
                infer(&network, weights, count, input_at, odd, SCRATCH - 1, output_at, OUTPUTS),
                MoreStatus::Alignment,
            ),
            (
                infer(&network, weights, count - 1, input_at, scratch_at, SCRATCH, output_at, OUTPUTS),
                MoreStatus::Weights,
            ),
            (
                infer(&network, weights, count, input_at, scratch_at, SCRATCH - 1, output_at, OUTPUTS),
                MoreStatus::Scratch,
            ),
            (
                infer(&network, weights, count, input_at, scratch_at, SCRATCH, output_at, OUTPUTS - 1),
                MoreStatus::Output,
            ),
            (
                infer(&network, weights, usize::MAX, input_at, scratch_at, SCRATCH, output_at, OUTPUTS),
                MoreStatus::Length,
            ),
            (
                infer(&network, weights, count, scratch_at, scratch_at, SCRATCH, output_at, OUTPUTS),
                MoreStatus::Overlap,
            ),
            (
                infer(&network, weights, count, input_at, scratch_at, SCRATCH, input_at, OUTPUTS),
                MoreStatus::Overlap,
            ),
            (
                infer(&network, weights, count, input_at, scratch_at, SCRATCH, scratch_at, OUTPUTS),
                MoreStatus::Overlap,
            ),
        ];
        for (case, (status, expected)) in cases.into_iter().enumerate() {
            assert_eq!(status, expected, "case {case}");
        }
        let short = more_infer_plain(
            &network,
            weights,
            count,
            input_at,
            INPUT - 1,
            scratch_at,
            SCRATCH,
            output_at,
            OUTPUTS,
        );
        assert_eq!(short, MoreStatus::Input);
    }
    assert_eq!(output, [7.0; OUTPUTS], "nothing was written");

    let mut out = vec![ZERO; INPUT];
    let mut generator = generator(1);
    assert_eq!(encrypt(&scene.key, &mut generator, &scene.image[1..], &mut out), MoreStatus::Length);
    let infinite = [f32::INFINITY; 2];
    let mut two = [MoreCell { lanes: [1.0; 2] }; 2];
    assert_eq!(encrypt(&scene.key, &mut generator, &infinite, &mut two), MoreStatus::NonFinite);
    assert_eq!(two, [ZERO; 2]);
}

#[test]
fn a_stream_is_used_for_what_it_was_started_for() {
    let scene = scene();
    let mut memory = vec![0.0; MEMORY];
    let mut stream: MoreStream = zeroed();
    let cells = cells(&scene);
    // SAFETY: lengths of the vectors; the stream is zeroed, then started.
    unsafe {
        let row = scene.image.as_ptr();
        assert_eq!(more_stream_push_row_plain(&mut stream, row, ROW), MoreStatus::NotInitialised);
        assert_eq!(more_stream_reset(&mut stream), MoreStatus::NotInitialised);
        let (weights, count) = (scene.weights.as_ptr(), scene.weights.len());
        let mut start = |memory_count| {
            more_stream_start_plain(
                &mut stream,
                &network(),
                weights,
                count,
                memory.as_mut_ptr(),
                memory_count,
            )
        };
        assert_eq!(start(MEMORY - 1), MoreStatus::Memory);
        assert_eq!(start(MEMORY), MoreStatus::Ok);
        assert_eq!(
            more_stream_push_row_encrypted(&mut stream, cells.as_ptr(), ROW),
            MoreStatus::WrongElements
        );
        assert_eq!(more_stream_push_row_plain(&mut stream, memory.as_ptr(), ROW), MoreStatus::Overlap);
        assert_eq!(more_stream_push_row_plain(&mut stream, row, ROW), MoreStatus::Ok);
    }
}

#[test]
fn descriptions_that_are_no_network_are_refused() {
    let sizes = |layers: &[MoreLayer], height| {
        let network =
            MoreNetwork { channels: 1, height, width: 8, layers: layers.as_ptr(), layer_count: layers.len() };
        let mut sizes = zeroed();
        // SAFETY: references, and the length of the slice.
        unsafe { more_network_sizes(&network, &mut sizes) }
    };
    let conv = layer(Conv2d, 1, 3, 1);
    let unknown = MoreLayer { kind: 7, ..conv };
    assert_eq!(sizes(&[conv], 8), MoreStatus::Ok);
    assert_eq!(sizes(&[conv, unknown], 8), MoreStatus::LayerKind);
    assert_eq!(sizes(&[], 8), MoreStatus::NoLayer);
    assert_eq!(sizes(&[conv], 0), MoreStatus::ZeroSize);
    assert_eq!(sizes(&[conv], 2), MoreStatus::WindowTooLarge);
    assert_eq!(sizes(&[conv], usize::MAX), MoreStatus::TooLarge);
    assert_eq!(sizes(&[layer(Sigmoid, 0, 0, 0); MORE_MAX_LAYERS + 1], 8), MoreStatus::TooManyLayers);
}
