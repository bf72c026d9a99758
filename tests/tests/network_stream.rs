//! An image that comes row by row gives the bits of the whole image; calls out of order are refused and change nothing.
//!
//! Random networks on every element are compared in `Check::infer`, which the other suites and the fuzz target run too.

use more_core::{Ciphertext, Real, Spectrum};
use more_tests::generators;
use more_tests::network::case::{Case, Draw, case};
use more_tests::network::check::{bits, garbage, row_of, run_infer, run_stream};
use more_tests::network::lanes::{Key, Lanes};
use nn_core::{
    ANGIOGRAPHY, Alone, Error, Layer, MNIST, Network, RowStream, Shape, Weigh, avg_pool, conv, dense,
    strided_conv,
};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};

fn persisted(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/network_stream.txt"
        )))),
        ..ProptestConfig::with_cases(cases)
    }
}

/// A random image and weights of a network.
fn draw<T: Real, const N: usize>(network: &Network<'_>, seed: u64) -> [Vec<[T; N]>; 2] {
    let mut draw = Draw::new(seed);
    [network.input().len(), network.parameters()]
        .map(|len| (0..len).map(|_| std::array::from_fn(|_| draw.uniform(-0.5, 0.5))).collect())
}

fn elements<E: Lanes<N, Context = ()>, const N: usize>(
    key: Key<'_, E::Real, N>,
    lanes: &[[E::Real; N]],
) -> Vec<E> {
    lanes.iter().map(|lanes| E::from_lanes((), key, &[*lanes])).collect()
}

/// Both kinds of weights.
fn same<T, E, const N: usize>(network: &Network<'_>, key: Key<'_, T, N>, seed: u64) -> TestCaseResult
where
    T: Real,
    E: Lanes<N, Real = T, Context = ()> + Weigh<E> + Weigh<T>,
{
    let [image, weights] = draw::<T, N>(network, seed);
    let image = elements::<E, N>(key, &image);
    let encrypted = elements::<E, N>(key, &weights);
    let plain: Vec<T> = weights.iter().map(|lanes| lanes[0]).collect();
    let streamed = bits(&run_stream((), network, &encrypted, &image));
    prop_assert_eq!(streamed, bits(&run_infer((), network, &encrypted, &image)));
    let streamed = bits(&run_stream((), network, &plain, &image));
    prop_assert_eq!(streamed, bits(&run_infer((), network, &plain, &image)));
    Ok(())
}

fn on_every_element(case: &Case) -> TestCaseResult {
    let network = &case.network();
    same::<_, f32, 1>(network, None, case.seed)?;
    same::<_, f64, 1>(network, None, case.seed)?;
    same::<_, Spectrum<f32, 2>, 2>(network, None, case.seed)?;
    same::<_, Spectrum<f64, 3>, 3>(network, None, case.seed)?;
    let keys = generators::Case {
        seed: case.seed,
        condition: 3.0,
        scale: 1.0,
        spread: generators::Spread::Independent,
        first: [0.0; 8],
        second: [0.0; 8],
    };
    same::<_, Ciphertext<f32, 2>, 2>(network, Some(&keys.keys::<f32, 2>().1), case.seed)?;
    same::<_, Ciphertext<f64, 3>, 3>(network, Some(&keys.keys::<f64, 3>().1), case.seed)
}

/// A call on a stream.
#[derive(Clone, Copy, Debug)]
enum Call {
    Row,
    Rows,
    WrongLength(isize),
    Output,
    Reset,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    prop::collection::vec(
        prop_oneof![
            4 => Just(Call::Row),
            2 => Just(Call::Rows),
            2 => prop::sample::select(vec![-1, 1, 5]).prop_map(Call::WrongLength),
            1 => Just(Call::Output),
            1 => Just(Call::Reset),
        ],
        0..40,
    )
}

proptest! {
    #![proptest_config(persisted(200))]
    #[test]
    fn random_networks(case in case(500)) {
        on_every_element(&case)?;
    }

    #[test]
    fn calls_in_any_order(case in case(300), calls in calls()) {
        let network = case.network();
        let (shape, height) = (network.input(), network.input().height);
        let length = shape.channels * shape.width;
        let [image, weights] = draw::<f32, 1>(&network, case.seed).map(|lanes| lanes.concat());
        let mut kernel = weights.clone();
        nn_core::layout::to_kernel(&network, &weights, &mut kernel).expect("lengths fit");
        let whole = bits(&run_infer((), &network, &weights, &image));

        let mut memory = garbage((), network.stream_memory());
        let mut stream = RowStream::new((), &network, &kernel, &mut memory).expect("lengths fit");
        let mut received = 0;
        for call in calls.into_iter().chain([Call::Rows, Call::Output]) {
            match call {
                Call::Row if received == height => {
                    let row = vec![f32::NAN; length];
                    prop_assert_eq!(stream.push_row(&row), Err(Error::ImageComplete { rows: height }));
                }
                Call::Row => {
                    prop_assert_eq!(stream.push_row(&row_of(shape, &image, received)), Ok(()));
                    received += 1;
                }
                Call::Rows => {
                    let missing = height - received;
                    let fill = |row: usize, channel: usize, place: &mut [f32]| {
                        let row = row_of(shape, &image, received + row);
                        place.copy_from_slice(&row[channel * shape.width..][..shape.width]);
                    };
                    let refused = stream.push_rows_from(Alone, missing + 1, |_, _, _| panic!("a row too many"));
                    prop_assert_eq!(refused, Err(Error::ImageComplete { rows: height }));
                    prop_assert_eq!(stream.push_rows_from(Alone, missing, fill), Ok(()));
                    received = height;
                }
                Call::WrongLength(by) => {
                    let row = vec![f32::NAN; length.saturating_add_signed(by)];
                    let expected = if received == height {
                        Error::ImageComplete { rows: height }
                    } else {
                        Error::Row { expected: length }
                    };
                    prop_assert_eq!(stream.push_row(&row), Err(expected));
                }
                Call::Output if received == height => {
                    let output = stream.output().expect("all rows have come");
                    prop_assert_eq!(bits(output), whole.clone());
                }
                Call::Output => {
                    let missing = height - received;
                    prop_assert_eq!(stream.output(), Err(Error::ImageIncomplete { missing }));
                }
                Call::Reset => {
                    stream.reset();
                    received = 0;
                }
            }
            prop_assert_eq!(stream.missing_rows(), height - received);
        }
    }

    #[test]
    fn buffers_of_another_length(case in case(300), short in 1..5_usize) {
        let network = case.network();
        let (parameters, needed) = (network.parameters(), network.stream_memory());
        let mut memory = vec![0.5_f32; needed + 3];
        let weights = vec![0.5_f32; parameters + short];
        let refused = RowStream::new((), &network, &weights, &mut memory).err();
        prop_assert_eq!(refused, Some(Error::Weights { expected: parameters }));
        let weights = &weights[..parameters];
        let len = needed.saturating_sub(short);
        let refused = RowStream::new((), &network, weights, &mut memory[..len]).err();
        prop_assert_eq!(refused, Some(Error::Memory { expected: needed }));
        prop_assert!(RowStream::new((), &network, weights, &mut memory).is_ok());
    }
}

/// Windows further apart than they are large, rows that no window has, pools over pools, a dense layer in front of a convolution.
#[test]
fn unusual_networks() {
    let lists: [&[Layer]; 6] = [
        &[strided_conv(3, 1, 3), Layer::Relu, strided_conv(2, 2, 3)],
        &[avg_pool(3), avg_pool(2), conv(2, 1)],
        &[strided_conv(2, 2, 3), Layer::Tanh, avg_pool(2), strided_conv(4, 1, 2), avg_pool(1), dense(3)],
        &[Layer::Sigmoid, Layer::Tanh, Layer::Sigmoid],
        &[dense(7), Layer::Sigmoid, conv(3, 1), avg_pool(1), dense(2)],
        &[conv(17, 3), avg_pool(2), Layer::Relu, conv(4, 2)],
    ];
    for (seed, layers) in lists.into_iter().enumerate() {
        let case = Case { input: Shape::new(2, 17, 16), layers: layers.to_vec(), seed: seed as u64 };
        on_every_element(&case).unwrap_or_else(|error| panic!("{layers:?}: {error}"));
    }
}

#[test]
fn the_papers_networks() {
    same::<_, Spectrum<f32, 2>, 2>(&MNIST, None, 1).expect("the same bits");
    same::<_, f32, 1>(&ANGIOGRAPHY, None, 2).expect("the same bits");
}

// Two lanes of `f32`, by the compiler: 16 KiB of scratch beside the image; line buffers and a row that is being encrypted within
// 128 KiB, with 16 KiB left for the stack and the rest.
const _: () = assert!(MNIST.scratch() * 2 * 4 <= 16 * 1024);
const _: () = assert!((ANGIOGRAPHY.stream_memory() + 256) * 2 * 4 <= 112 * 1024);

/// Elements of memory, counted by hand.
#[test]
fn memory_by_hand() {
    // Four rows (3 x 3 windows, pool 2) of 1 x 28 and 8 x 13, the inputs of both dense layers, and the output.
    assert_eq!(MNIST.stream_memory(), 4 * 28 + 4 * 8 * 13 + 16 * 5 * 5 + 100 + 10);
    let lines = 4 * 256 + 4 * 4 * 127 + 4 * 8 * 62 + 4 * 16 * 30;
    assert_eq!(ANGIOGRAPHY.stream_memory(), lines + 32 * 14 * 14 + 64 + 1);
}
