//! Inference and streams, by every family of functions.

use super::*;

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
