//! Descriptions: sizes as counted by hand, bad lists, buffers of the wrong length.

use more_tests::network::case::{Case, case};
use nn_core::{
    ANGIOGRAPHY, Error, Head, Layer, MNIST, Network, NetworkError, Sample, Shape, avg_pool, conv, dense,
    dropout, infer, layout, strided_conv, train,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

#[test]
fn mnist_by_hand() {
    // conv 8 x (1 x 3 x 3 + 1) = 80, conv 16 x (8 x 3 x 3 + 1) = 1168, dense 100 x (16 x 5 x 5 + 1) = 40,100,
    // dense 10 x 101 = 1010.
    assert_eq!(MNIST.parameters(), 80 + 1168 + 40_100 + 1010);
    assert_eq!((MNIST.input(), MNIST.output()), (Shape::new(1, 28, 28), Shape::new(10, 1, 1)));
    assert_eq!((MNIST.head(), MNIST.classes(), MNIST.dropout_masks()), (Head::Softmax, 10, 0));
    // Outputs behind the pools: 8 x 13 x 13 = 1352 and 16 x 5 x 5 = 400, then 100; the largest neighbours are the first two.
    assert_eq!(MNIST.scratch(), 1352 + 400);
    // Two lanes of f32 on a device.
    assert!(MNIST.scratch() * 2 * 4 <= 16 * 1024);
    // 9 taps for 8 x 26 x 26, 72 for 16 x 10 x 10 (the pool drops the 11th row and column), 400 x 100, 100 x 10.
    assert_eq!(MNIST.multiply_accumulates(), 9 * 5408 + 72 * 1600 + 40_000 + 1000);
    assert_eq!(MNIST.activations(), 5408 + 1600 + 100);
    // Kept: 5408 + 1352, 1600 + 400, 100, 10; the buffer holds the 100 outputs of the first dense layer.
    assert_eq!(MNIST.workspace(), 5408 + 1352 + 1600 + 400 + 100 + 10 + 100);
    let operations = 2 * (2 * 9 * 5408 + 3 * 72 * 1600 + 3 * 40_000 + 3 * 1000);
    assert_eq!(MNIST.training_operations(), operations);
}

#[test]
fn angiography_by_hand() {
    // 256 -> 254 -> 127 -> 125 -> 62 -> 60 -> 30 -> 28 -> 14: 32 x 14 x 14 = 6272 inputs of the dense layer.
    let parameters = 4 * 10 + 8 * (36 + 1) + 16 * (72 + 1) + 32 * (144 + 1) + 64 * (6272 + 1) + 65;
    assert_eq!(ANGIOGRAPHY.parameters(), parameters);
    assert_eq!(ANGIOGRAPHY.output(), Shape::new(1, 1, 1));
    assert_eq!(
        (ANGIOGRAPHY.head(), ANGIOGRAPHY.classes(), ANGIOGRAPHY.dropout_masks()),
        (Head::Sigmoid, 2, 64)
    );
    assert_eq!(ANGIOGRAPHY.dropout_rates().collect::<Vec<_>>(), [(0.25, 64)]);
    // 4 x 127 x 127 and 8 x 62 x 62.
    assert_eq!(ANGIOGRAPHY.scratch(), 64_516 + 30_752);
    // The pool behind the second convolution drops a row and a column of 125.
    let products =
        9 * 4 * 254 * 254 + 36 * 8 * 124 * 124 + 72 * 16 * 60 * 60 + 144 * 32 * 28 * 28 + 6272 * 64 + 64;
    assert_eq!(ANGIOGRAPHY.multiply_accumulates(), products);
    let groups: Vec<_> =
        ANGIOGRAPHY.parameter_groups().map(|group| (group.layer, group.outputs, group.fan_in)).collect();
    assert_eq!(groups, [(0, 4, 9), (3, 8, 36), (6, 16, 72), (9, 32, 144), (12, 64, 6272), (15, 1, 64)]);
}

#[test]
fn bad_lists() {
    let image = Shape::new(1, 6, 6);
    let refused = |shape, layers: &[Layer]| Network::try_new(shape, layers).expect_err("a bad list");
    assert_eq!(refused(image, &[]), NetworkError::Empty);
    for shape in [Shape::new(0, 6, 6), Shape::new(1, 0, 6), Shape::new(1, 6, 0)] {
        assert_eq!(refused(shape, &[dense(1)]), NetworkError::ZeroSize);
    }
    for layer in [conv(0, 3), conv(1, 0), strided_conv(1, 3, 0), avg_pool(0), dense(0)] {
        assert_eq!(refused(image, &[layer]), NetworkError::ZeroSize);
        assert_eq!(refused(image, &[conv(2, 3), layer, dense(1)]), NetworkError::ZeroSize);
    }
    for layer in [conv(1, 7), avg_pool(7), strided_conv(1, usize::MAX, 1), avg_pool(usize::MAX)] {
        assert_eq!(refused(image, &[layer]), NetworkError::WindowTooLarge);
    }
    assert_eq!(refused(Shape::new(1, 7, 6), &[conv(1, 7)]), NetworkError::WindowTooLarge);
    assert_eq!(refused(Shape::new(1, 6, 7), &[avg_pool(7)]), NetworkError::WindowTooLarge);
    assert_eq!(refused(image, &[dense(4), avg_pool(2)]), NetworkError::WindowTooLarge);
    for rate in [1.0, 1.5, -0.1, f32::NAN, f32::INFINITY] {
        assert_eq!(refused(image, &[dense(4), dropout(rate), dense(1)]), NetworkError::DropoutRate);
    }
    let before = [dropout(0.5), dense(2)];
    let last = [dense(2), dropout(0.5)];
    let activated = [dense(2), dropout(0.5), Layer::Tanh, dense(2)];
    let twice = [dense(2), dropout(0.5), dropout(0.5), dense(2)];
    for layers in [&before[..], &last, &activated, &twice] {
        assert_eq!(refused(image, layers), NetworkError::DropoutPosition);
    }
    let half = 1 << (usize::BITS / 2);
    assert_eq!(refused(Shape::new(half, half, 1), &[Layer::Tanh]), NetworkError::TooLarge);
    assert_eq!(refused(Shape::new(half, 1, 1), &[dense(half)]), NetworkError::TooLarge);
    assert_eq!(refused(Shape::new(1, half / 2, half / 2), &[conv(16, 1)]), NetworkError::TooLarge);
}

/// Every function of sizes, in a build that panics on overflow.
fn sizes(network: &Network<'_>) -> [usize; 10] {
    [
        network.parameters(),
        network.scratch(),
        network.workspace(),
        network.multiply_accumulates(),
        network.training_operations(),
        network.activations(),
        network.dropout_masks(),
        network.outputs(),
        network.classes(),
        network.parameter_groups().map(|group| group.len() + group.fan_out()).max().unwrap_or(0),
    ]
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        0..6_usize,
        (0..usize::BITS, 0..3_usize)
            .prop_map(|(bits, offset)| (1_usize << bits).wrapping_sub(1).wrapping_add(offset)),
        (0..3_usize).prop_map(|offset| usize::MAX - offset),
        any::<usize>(),
    ]
}

fn any_layer() -> impl Strategy<Value = Layer> {
    prop_oneof![
        (size(), size(), size()).prop_map(|(filters, kernel, stride)| strided_conv(filters, kernel, stride)),
        size().prop_map(avg_pool),
        size().prop_map(dense),
        Just(Layer::Sigmoid),
        Just(Layer::Tanh),
        Just(Layer::Relu),
        any::<f32>().prop_map(dropout),
        Just(dropout(0.5)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/network_description.txt"
        )))),
        ..ProptestConfig::with_cases(50_000)
    })]
    #[test]
    fn no_list_overflows(shape in (size(), size(), size()), layers in prop::collection::vec(any_layer(), 0..4)) {
        if let Ok(network) = Network::try_new(Shape::new(shape.0, shape.1, shape.2), &layers) {
            let sizes = sizes(&network);
            prop_assert!(sizes[2] >= network.outputs());
        }
    }
}

fn wrong_lengths(case: &Case, by: isize) -> Result<(), TestCaseError> {
    let network = case.network();
    let off = |len: usize| len.checked_add_signed(by).filter(|off| *off != len);
    let (parameters, scratch, workspace) = (network.parameters(), network.scratch(), network.workspace());
    let (inputs, outputs, dropped) = (network.input().len(), network.outputs(), network.dropout_masks());
    const MARK: f64 = 1234.5;

    // Inference with one buffer of another length: parameters, input, output, scratch.
    for which in 0..4 {
        let mut lengths = [parameters, inputs, outputs, scratch];
        let Some(other) = off(lengths[which]) else { continue };
        let expected = lengths[which];
        lengths[which] = other;
        let [p, i, o, s] = lengths;
        let (mut scratch, mut output) = (vec![MARK; s], vec![MARK; o]);
        let result = infer((), &network, &vec![0.5; p], &vec![0.5; i], &mut scratch, &mut output);
        if which == 3 && by > 0 {
            // More scratch than asked for is no mistake.
            prop_assert_eq!(result, Ok(()));
            continue;
        }
        let error = [
            Error::Weights { expected },
            Error::Input { expected },
            Error::Output { expected },
            Error::Scratch { expected },
        ][which];
        prop_assert_eq!(result, Err(error));
        prop_assert!(scratch.iter().chain(&output).all(|x| *x == MARK), "something was written");
    }
    for which in 0..6 {
        let mut lengths = [parameters, parameters, inputs, outputs, dropped, workspace];
        let Some(other) = off(lengths[which]) else { continue };
        let expected = lengths[which];
        lengths[which] = other;
        let [p, g, i, l, m, w] = lengths;
        let (mut workspace, mut gradient) = (vec![MARK; w], vec![MARK; g]);
        let (input, labels, masks) = (vec![0.5; i], vec![0.5; l], vec![0.5; m]);
        let sample = Sample { input: &input, labels: &labels, masks: &masks, weight: 1.0 };
        let result = train((), &network, &vec![0.5; p], &sample, &mut workspace, &mut gradient);
        if which == 5 && by > 0 {
            prop_assert!(result.is_ok());
            continue;
        }
        let error = [
            Error::Weights { expected },
            Error::Gradient { expected },
            Error::Input { expected },
            Error::Labels { expected },
            Error::Masks { expected },
            Error::Scratch { expected },
        ][which];
        prop_assert_eq!(result, Err(error));
        prop_assert!(workspace.iter().chain(&gradient).all(|x| *x == MARK), "something was written");
    }
    if let Some(other) = off(parameters) {
        for (file, kernel) in [(parameters, other), (other, parameters)] {
            let (file, mut to) = (vec![0.5; file], vec![MARK; kernel]);
            let expected = Err(Error::Weights { expected: parameters });
            prop_assert_eq!(layout::to_kernel(&network, &file, &mut to), expected);
            prop_assert_eq!(layout::to_file(&network, &file, &mut to), expected);
            prop_assert!(to.iter().all(|x| *x == MARK));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/network_description.txt"
        )))),
        ..ProptestConfig::with_cases(500)
    })]
    #[test]
    fn buffers_of_another_length(case in case(1000), by in prop::sample::select(vec![-7_isize, -1, 1, 16])) {
        wrong_lengths(&case, by)?;
    }
}
