//! Plain networks against the oracle: numbers and packs of every instruction set, inference and training.

use more_tests::network::case::{Case, case};
use more_tests::network::check::{Check, garbage, lane_wise, run_infer, run_train, same_bits};
use more_tests::network::lanes::{Lanes, Samples};
use nn_core::element::Pack;
use nn_core::simd::{InstructionSet, Isa, Job, PackReal, Portable};
use nn_core::{
    Error, Layer, Learn, Network, RowStream, Sample, avg_pool, conv, dense, layout, strided_conv, train,
    transform_weights,
};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};

fn numbers<T>(case: &Case) -> TestCaseResult
where
    T: PackReal + Lanes<1, Real = T> + Learn<T> + Samples,
{
    let numbers = case.numbers::<T, 1>(1);
    Check { case, numbers: &numbers, key: None, rounding: lane_wise::<T>() }.all::<T, T>(())
}

struct Packs<'a>(&'a Case);

impl<T> Job<T> for Packs<'_>
where
    T: PackReal + Lanes<1, Real = T>,
{
    type Output = TestCaseResult;

    fn run<I: Isa<Real = T>>(self, isa: I) -> TestCaseResult {
        let numbers = self.0.numbers::<T, 1>(I::SAMPLES);
        Check { case: self.0, numbers: &numbers, key: None, rounding: lane_wise::<T>() }
            .all::<Pack<I>, T>(isa)
    }
}

fn packs<T: PackReal + Lanes<1, Real = T>>(case: &Case) -> TestCaseResult {
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        T::dispatch(set, Packs(case))
            .map_err(|error| TestCaseError::fail(format!("{}: {error}", set.name())))?;
    }
    Ok(())
}

/// A portable pack does what a single number does: the same bits, though its register blocks are others.
fn portable<T>(case: &Case) -> TestCaseResult
where
    T: PackReal + Samples + Learn<T>,
    Portable<T, 16>: Isa<Real = T>,
    Pack<Portable<T, 16>>: Learn<T, Real = T, Number = Pack<Portable<T, 16>>, Context = Portable<T, 16>>,
{
    let isa = Portable::<T, 16>::new();
    let samples = <Portable<T, 16> as Isa>::SAMPLES;
    let network = case.network();
    let numbers = case.numbers::<T, 1>(samples);
    let parameters = numbers.parameters.as_flattened();
    let gather = |rows: Vec<&[T]>| -> Vec<Pack<Portable<T, 16>>> {
        (0..rows[0].len())
            .map(|i| Pack::from_samples(isa, &rows.iter().map(|row| row[i]).collect::<Vec<_>>()))
            .collect()
    };
    let rows = |of: &'_ [Vec<[T; 1]>]| gather(of.iter().map(|row| row.as_flattened()).collect());
    let image = rows(&numbers.images);
    let masks = gather(numbers.masks.iter().map(Vec::as_slice).collect());
    let output = run_infer(isa, &network, parameters, &image);
    let sample = Sample {
        input: &image,
        labels: &rows(&numbers.labels),
        masks: &masks,
        weight: Pack::from_samples(isa, &vec![T::ONE; samples]),
    };
    let (loss, _) = run_train(isa, &network, parameters, &sample);
    for s in 0..samples {
        let image = numbers.images[s].as_flattened();
        for (pack, single) in output.iter().zip(run_infer((), &network, parameters, image)) {
            same_bits("output", pack.samples()[s], single)?;
        }
        let sample = Sample {
            input: image,
            labels: numbers.labels[s].as_flattened(),
            masks: &numbers.masks[s],
            weight: T::ONE,
        };
        let (single, gradient) = run_train((), &network, parameters, &sample);
        same_bits("loss", loss.samples()[s], single)?;

        // The gradient of one sample of a pack, the others weighted with zero: sums over samples add zeros only.
        if s == 0 {
            let mut only = vec![T::ZERO; samples];
            only[0] = T::ONE;
            let sample = Sample {
                input: &gather(vec![image; samples]),
                labels: &gather(vec![numbers.labels[s].as_flattened(); samples]),
                masks: &gather(vec![&numbers.masks[s]; samples]),
                weight: Pack::from_samples(isa, &only),
            };
            let (_, packed) = run_train(isa, &network, parameters, &sample);
            for (pack, single) in packed.iter().zip(&gradient) {
                // -0 + 0 is 0: zeros may lose their sign.
                same_bits("gradient", *pack + T::ZERO, *single + T::ZERO)?;
            }
        }
    }
    Ok(())
}

/// Gradients are added to what is there: a second sample doubles them, bit by bit.
fn accumulation(case: &Case) -> TestCaseResult {
    let network = case.network();
    let numbers = case.numbers::<f64, 1>(1);
    let mut kernel = vec![0.0; network.parameters()];
    layout::to_kernel(&network, numbers.parameters.as_flattened(), &mut kernel).expect("lengths fit");
    let sample = Sample {
        input: numbers.images[0].as_flattened(),
        labels: numbers.labels[0].as_flattened(),
        masks: &numbers.masks[0],
        weight: 1.0,
    };
    let mut workspace = garbage::<f64>((), network.workspace());
    let mut gradient = vec![0.0; network.parameters()];
    train((), &network, &kernel, &sample, &mut workspace, &mut gradient).expect("lengths fit");
    let once = gradient.clone();
    train((), &network, &kernel, &sample, &mut workspace, &mut gradient).expect("lengths fit");
    for (twice, once) in gradient.iter().zip(once) {
        prop_assert_eq!(*twice, 2.0 * once);
    }
    Ok(())
}

/// The two orders of weights are inverse permutations of each other.
fn orders(case: &Case) -> TestCaseResult {
    let network = case.network();
    let file: Vec<usize> = (0..network.parameters()).collect();
    let (mut kernel, mut back) = (vec![usize::MAX; file.len()], vec![usize::MAX; file.len()]);
    layout::to_kernel(&network, &file, &mut kernel).expect("lengths fit");
    layout::to_file(&network, &kernel, &mut back).expect("lengths fit");
    prop_assert_eq!(&back, &file);
    let mut sorted = kernel;
    sorted.sort_unstable();
    prop_assert_eq!(sorted, file);
    Ok(())
}

/// Lists that reach the corners of the kernels: windows as large as the map, pools that drop rows and columns behind
/// convolutions of every size and stride, every width of a block of outputs.
fn corners() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |input: (usize, usize, usize), layers: Vec<Layer>| {
        let seed = cases.len() as u64;
        cases.push(Case { input: nn_core::Shape::new(input.0, input.1, input.2), layers, seed });
    };
    for kernel in [1, 2, 3, 4, 5] {
        for stride in [1, 2, 3] {
            for pool in [1, 2, 3] {
                for size in [kernel + (pool - 1) * stride, 9, 11] {
                    if (size - kernel) / stride + 1 < pool {
                        continue;
                    }
                    let second = strided_conv(3, kernel, stride);
                    let layers =
                        vec![conv(2, 1), Layer::Tanh, second, Layer::Sigmoid, avg_pool(pool), dense(2)];
                    add((1, size, size + 1), layers);
                }
            }
        }
    }
    for width in (1..=34).chain([48, 50, 64, 67]) {
        add((3, 1, 5), vec![dense(width), Layer::Tanh, dense(width)]);
        add((2, 4, 4), vec![conv(width, 2), Layer::Relu, conv(3, 2), dense(1), Layer::Sigmoid]);
    }
    for pool in [1, 2, 3] {
        add((2, 8, 7), vec![Layer::Tanh, avg_pool(pool), Layer::Sigmoid, avg_pool(2)]);
        add((2, 8, 8), vec![conv(3, 1), avg_pool(pool), avg_pool(2), Layer::Tanh, dense(3)]);
        add((2, 8, 8), vec![conv(3, 2), Layer::Sigmoid, avg_pool(pool), nn_core::dropout(0.5), conv(2, 2)]);
        add((2, 8, 8), vec![conv(3, 2), Layer::Sigmoid, avg_pool(pool)]);
        add(
            (2, 8, 8),
            vec![conv(3, 2), Layer::Sigmoid, Layer::Tanh, nn_core::dropout(0.5), dense(3), Layer::Sigmoid],
        );
    }
    for last in [Layer::Sigmoid, Layer::Tanh, Layer::Relu] {
        add((1, 3, 3), vec![last]);
        add((1, 1, 1), vec![dense(1), last]);
        add((1, 2, 2), vec![dense(4), Layer::Tanh, last]);
        add((1, 3, 3), vec![conv(1, 3), Layer::Tanh, last]);
    }
    cases
}

#[test]
fn corners_on_numbers() {
    for case in corners() {
        numbers::<f64>(&case)
            .and_then(|()| numbers::<f32>(&case))
            .unwrap_or_else(|e| panic!("{case:?}: {e}"));
    }
}

#[test]
fn corners_on_packs() {
    for case in corners() {
        packs::<f64>(&case).and_then(|()| packs::<f32>(&case)).unwrap_or_else(|e| panic!("{case:?}: {e}"));
    }
}

#[test]
fn corners_bit_by_bit() {
    for case in corners() {
        portable::<f64>(&case)
            .and_then(|()| portable::<f32>(&case))
            .unwrap_or_else(|e| panic!("{case:?}: {e}"));
    }
}

/// Planes and columns enough for Winograd's filtering: whole blocks of filters and channels and parts of them, rows and columns that the pool
/// drops, alone and behind a pool.
#[test]
fn winograd_on_packs() {
    // The least of AVX-512 and more, then of AVX2; last, columns for nothing but the weight gradient.
    let sizes = [(8, 16, 4, 12), (9, 17, 7, 19), (4, 8, 4, 12), (6, 11, 9, 15), (8, 16, 6, 8)];
    for (seed, (channels, filters, height, width)) in sizes.into_iter().enumerate() {
        let (tanh, sigmoid, pool) = (Layer::Tanh, Layer::Sigmoid, avg_pool(2));
        let second = conv(filters, 3);
        let alone = vec![conv(channels, 1), tanh, second, sigmoid, pool, dense(2)];
        let behind =
            vec![conv(channels, 2), sigmoid, pool, second, tanh, pool, nn_core::dropout(0.5), dense(2)];
        for (input, layers) in [
            (nn_core::Shape::new(2, height, width), alone),
            (nn_core::Shape::new(1, 2 * height + 1, 2 * width + 1), behind),
        ] {
            let case = Case { input, layers, seed: seed as u64 };
            packs::<f64>(&case)
                .and_then(|()| packs::<f32>(&case))
                .unwrap_or_else(|error| panic!("{case:?}: {error}"));
        }
    }
}

/// What a stream does with transforms: it refuses others than as many as there are, and takes them for the weights.
struct Transforms(InstructionSet);

impl<T: PackReal> Job<T> for Transforms {
    type Output = ();

    fn run<I: Isa<Real = T>>(self, isa: I) {
        let layers =
            [conv(8, 3), Layer::Tanh, avg_pool(2), conv(16, 3), Layer::Sigmoid, avg_pool(2), dense(2)];
        let network = Network::new(nn_core::Shape::new(1, 12, 30), &layers);
        let mut weights = vec![T::from_f64(0.01); network.parameters()];
        let expected = network.transforms::<Pack<I>, T>();
        assert_eq!(expected > 0, matches!(self.0, InstructionSet::Avx2 | InstructionSet::Avx512));
        let mut transforms = vec![T::ONE; expected + 1];
        let refused = Err(Error::Transforms { expected });
        assert_eq!(transform_weights::<Pack<I>, T>(&network, &weights, &mut transforms), refused);
        let refused = Err(Error::Weights { expected: weights.len() });
        let transformed = transform_weights::<Pack<I>, T>(&network, &weights[1..], &mut transforms[1..]);
        assert_eq!(transformed, refused);
        assert!(transforms.iter().all(|entry| *entry == T::ONE), "written to");

        let mut memory = garbage::<Pack<I>>(isa, network.stream_memory());
        let row = vec![Pack::from_samples(isa, &vec![T::ONE; I::SAMPLES]); 30];
        for len in [expected + 1, expected.saturating_sub(1)] {
            let stream = RowStream::new(isa, &network, &weights, &mut memory).expect("lengths fit");
            let refused = stream.with_transforms(&transforms[..len]).err();
            assert_eq!(refused, (len != expected).then_some(Error::Transforms { expected }));
        }
        transform_weights::<Pack<I>, T>(&network, &weights, &mut transforms[1..]).expect("lengths fit");
        let mut run = |weights: &[T], transforms: &[T]| {
            let stream = RowStream::new(isa, &network, weights, &mut memory).expect("lengths fit");
            let mut stream = stream.with_transforms(transforms).expect("as many as there are");
            (0..12).for_each(|_| stream.push_row(&row).expect("the next row"));
            stream.output().expect("all rows have come")[0].samples()[0]
        };
        let output = run(&weights, &transforms[1..]);
        // Of the second stage, whose transforms are taken instead.
        weights[8 * 10] = T::ZERO;
        let others = run(&weights, &transforms[1..]);
        assert_eq!(others == output, expected > 0);
        transforms[1..].fill(T::ZERO);
        assert_eq!(run(&weights, &transforms[1..]) == others, expected == 0);
    }
}

#[test]
fn transforms_stand_for_weights() {
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        f32::dispatch(set, Transforms(set));
        f64::dispatch(set, Transforms(set));
    }
}

/// Feature maps that are computed in bands of rows, of which the first stage's are computed anew for the gradients: bands of all
/// heights at the end, kernels, strides and pools.
fn large_image(seed: u64, kernel: usize, stride: usize, pool: usize, size: usize) {
    let layers = vec![
        strided_conv(4, kernel, stride),
        Layer::Sigmoid,
        avg_pool(pool),
        conv(5, 3),
        Layer::Tanh,
        avg_pool(2),
        conv(3, 3),
        dense(2),
    ];
    let case = Case { input: nn_core::Shape::new(1, size, size + 3), layers, seed };
    let network = case.network();
    let kept: usize = network.stage_kernels().map(|stage| stage.active().len() + stage.output().len()).sum();
    assert!(network.workspace() < kept, "the first stage is kept");
    numbers::<f64>(&case)
        .and_then(|()| packs::<f32>(&case))
        .and_then(|()| packs::<f64>(&case))
        .unwrap_or_else(|e| panic!("{case:?}: {e}"));
}

#[test]
fn large_images() {
    large_image(0, 3, 1, 2, 94);
}

#[test]
fn large_images_of_a_pool_of_three() {
    large_image(1, 2, 1, 3, 101);
}

#[test]
fn large_images_with_a_stride() {
    large_image(2, 5, 2, 2, 192);
}

#[test]
fn a_wrong_weight_is_noticed() {
    // The comparison itself: a millionth more in any one weight is outside the bounds of f64.
    let case = Case {
        input: nn_core::Shape::new(2, 7, 7),
        layers: vec![conv(5, 3), Layer::Tanh, avg_pool(2), dense(17), Layer::Sigmoid, dense(4)],
        seed: 1,
    };
    let numbers = case.numbers::<f64, 1>(1);
    let exact = more_tests::network::check::exact(&numbers.parameters);
    for moved in 0..exact.len() {
        let mut weights = numbers.parameters.as_flattened().to_vec();
        weights[moved] += 1e-6;
        let check = Check { case: &case, numbers: &numbers, key: None, rounding: lane_wise::<f64>() };
        assert!(check.infer::<f64, f64>((), &weights, &exact).is_err(), "parameter {moved}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/network_oracle.txt"
        )))),
        ..ProptestConfig::with_cases(400)
    })]
    #[test]
    fn random_on_numbers(case in case(3000)) {
        numbers::<f64>(&case)?;
        numbers::<f32>(&case)?;
    }
    #[test]
    fn random_on_packs_of_f32(case in case(1500)) {
        packs::<f32>(&case)?;
    }
    #[test]
    fn random_on_packs_of_f64(case in case(1500)) {
        packs::<f64>(&case)?;
    }
    #[test]
    fn random_bit_by_bit(case in case(3000)) {
        portable::<f32>(&case)?;
        portable::<f64>(&case)?;
    }
    #[test]
    fn random_accumulation(case in case(3000)) {
        accumulation(&case)?;
    }
    #[test]
    fn random_orders(case in case(10000)) {
        orders(&case)?;
    }
}
