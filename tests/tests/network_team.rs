//! A team of any size, in any order of its work, computes the bits of one thread.

use more_core::Spectrum;
use nn_core::{
    ANGIOGRAPHY, Learn, MNIST, Network, Sample, Team, Weigh, infer, infer_with, train, train_with,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Does the second half of all work first.
#[derive(Clone, Copy, Debug)]
struct Backwards(usize);

impl Team for Backwards {
    fn size(self) -> usize {
        self.0
    }

    fn join(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        second();
        first();
    }
}

/// Each half on a thread of its own.
#[derive(Clone, Copy, Debug)]
struct Threads(usize);

impl Team for Threads {
    fn size(self) -> usize {
        self.0
    }

    fn join(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        std::thread::scope(|scope| {
            scope.spawn(second);
            first();
        });
    }
}

fn same<E>(network: &Network<'_>, number: impl Fn(f32) -> E)
where
    E: Learn<E> + Weigh<E> + nn_core::Element<Context = (), Number = f32> + PartialEq + std::fmt::Debug,
{
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let mut some = |count: usize, scale: f32| -> Vec<E> {
        (0..count).map(|_| number(scale * (rng.next_u32() as f32 / u32::MAX as f32 - 0.5))).collect()
    };
    let parameters = some(network.parameters(), 0.2);
    let input = some(network.input().len(), 1.0);
    let labels = some(network.outputs(), 1.0);
    let masks = vec![1.25; network.dropout_masks()];
    let sample = Sample { input: &input, labels: &labels, masks: &masks, weight: 1.0 };
    let mut workspace = some(network.workspace(), 0.0);
    let mut scratch = some(network.scratch(), 0.0);

    let mut output = some(network.outputs(), 0.0);
    infer((), network, &parameters, &input, &mut scratch, &mut output).expect("buffers fit");
    let mut gradient = some(network.parameters(), 0.0);
    let loss = train((), network, &parameters, &sample, &mut workspace, &mut gradient).expect("buffers fit");

    macro_rules! check {
        ($team:expr) => {{
            let mut shared_output = some(network.outputs(), 0.0);
            let mut shared = some(network.parameters(), 0.0);
            infer_with($team, (), network, &parameters, &input, &mut scratch, &mut shared_output)
                .expect("buffers fit");
            let shared_loss =
                train_with($team, (), network, &parameters, &sample, &mut workspace, &mut shared)
                    .expect("buffers fit");
            assert_eq!(output, shared_output, "{:?}", $team);
            assert_eq!(loss, shared_loss, "{:?}", $team);
            assert!(gradient == shared, "gradient, {:?}", $team);
        }};
    }
    for size in [2, 3, 5, 16] {
        check!(Backwards(size));
    }
    check!(Threads(3));
}

#[test]
fn numbers_of_both_networks() {
    same::<f32>(&MNIST, |x| x);
    same::<f32>(&ANGIOGRAPHY, |x| x);
}

#[test]
fn spectra() {
    same::<Spectrum<f32, 2>>(&MNIST, |x| Spectrum::from_lanes([x, -x]));
}
