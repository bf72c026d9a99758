//! What is refused, and what is erased.

use super::*;

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
