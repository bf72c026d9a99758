//! A team of any size, in any order of its work, computes the bits of one thread.

use more_core::{Arithmetic, Spectrum};
use nn_core::element::Pack;
use nn_core::simd::{InstructionSet, Isa, Job, PackReal};
use nn_core::{
    ANGIOGRAPHY, Alone, Element, Gradient, Learn, MNIST, Network, Sample, Shape, Team, Weigh, infer,
    infer_with, train, train_with,
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

/// What a network is computed on.
struct Operands<C, E, W, M> {
    context: C,
    /// One that is about that number.
    element: fn(C, f32) -> E,
    weight: fn(f32) -> W,
    /// That number in each sample.
    mask: fn(C, f32) -> M,
    /// Whether all bits are the same.
    same: fn(&[E], &[E]) -> bool,
}

impl<C: Copy + std::fmt::Debug, E, W, M: Copy> Operands<C, E, W, M>
where
    E: Learn<W> + Weigh<W> + Element<Context = C, Number = M>,
    W: Element<Context = ()> + PartialEq,
{
    fn check(&self, network: &Network<'_>) {
        let context = self.context;
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut random = |scale: f32| scale * (rng.next_u32() as f32 / u32::MAX as f32 - 0.5);
        let parameters: Vec<W> = (0..network.parameters()).map(|_| (self.weight)(random(0.2))).collect();
        let mut some = |count: usize, scale: f32| -> Vec<E> {
            (0..count).map(|_| (self.element)(context, random(scale))).collect()
        };
        let input = some(network.input().len(), 1.0);
        let labels = some(network.outputs(), 1.0);
        let masks = vec![(self.mask)(context, 1.25); network.dropout_masks()];
        let weight = (self.mask)(context, 1.0);
        let sample = Sample { input: &input, labels: &labels, masks: &masks, weight };
        let mut workspace = some(network.workspace(), 0.0);
        let mut scratch = some(network.scratch(), 0.0);

        let mut output = some(network.outputs(), 0.0);
        infer(context, network, &parameters, &input, &mut scratch, &mut output).expect("buffers fit");
        let mut gradient = vec![(self.weight)(0.0); network.parameters()];
        let loss = train(context, network, &parameters, &sample, &mut workspace, &mut gradient)
            .expect("buffers fit");

        macro_rules! check {
            ($team:expr) => {{
                let mut shared_output = some(network.outputs(), 0.0);
                // Written over, whatever is there: memory that another lane has used may hold anything.
                let mut shared = vec![(self.weight)(f32::NAN); network.parameters()];
                workspace.fill((self.element)(context, f32::NAN));
                scratch.fill((self.element)(context, f32::NAN));
                infer_with($team, context, network, &parameters, &input, &mut scratch, &mut shared_output)
                    .expect("buffers fit");
                let shared_loss = train_with(
                    $team,
                    context,
                    network,
                    &parameters,
                    &sample,
                    &mut workspace,
                    Gradient::Write(&mut shared),
                )
                .expect("buffers fit");
                assert!((self.same)(&output, &shared_output), "outputs, {:?}, {context:?}", $team);
                assert!((self.same)(&[loss], &[shared_loss]), "loss, {:?}, {context:?}", $team);
                assert!(gradient == shared, "gradient, {:?}, {context:?}", $team);
            }};
        }
        for size in [2, 3, 5, 16] {
            check!(Backwards(size));
        }
        check!(Threads(3));
        check!(Alone);
    }
}

#[test]
fn numbers_of_both_networks() {
    let numbers = Operands::<(), f32, f32, f32> {
        context: (),
        element: |(), x| x,
        weight: |x| x,
        mask: |(), x| x,
        same: |a, b| a == b,
    };
    numbers.check(&MNIST);
    numbers.check(&ANGIOGRAPHY);
}

#[test]
fn spectra() {
    let spectra = Operands::<(), Spectrum<f32, 2>, Spectrum<f32, 2>, f32> {
        context: (),
        element: |(), x| Spectrum::from_lanes([x, -x]),
        weight: |x| Spectrum::from_lanes([x, -x]),
        mask: |(), x| x,
        same: |a, b| a == b,
    };
    spectra.check(&MNIST);
}

/// Images large enough for training to compute the first stage's activations anew.
const LARGE: Network<'static> = Network::new(Shape::new(1, 100, 100), ANGIOGRAPHY.layers());

struct Packs;

impl Job<f32> for Packs {
    type Output = ();

    fn run<I: Isa<Real = f32>>(self, isa: I) {
        let packs = Operands::<I, Pack<I>, f32, Pack<I>> {
            context: isa,
            element: |isa, x| {
                let mut pack = Arithmetic::splat(isa, x);
                for (k, sample) in Pack::samples_mut(&mut pack).iter_mut().enumerate() {
                    *sample *= 1.0 - 0.1 * k as f32;
                }
                pack
            },
            weight: |x| x,
            mask: |isa, x| Arithmetic::splat(isa, x),
            same: |a, b| a.iter().map(Pack::samples).eq(b.iter().map(Pack::samples)),
        };
        packs.check(&MNIST);
        packs.check(&LARGE);
    }
}

#[test]
fn packs_of_all_instruction_sets() {
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        f32::dispatch(set, Packs);
    }
}
