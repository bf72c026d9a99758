//! The data of firmware, made from fixed seeds, and what the host computes from it.

use std::fs;
use std::path::Path;

use more_core::mask::{OneHot, Uniform};
use more_core::wire::stream::Sender;
use more_core::wire::{self, Header, Shape};
use more_core::{EvaluationKey, SecretKey};
use more_scene::{Cell, FILES, FRAME, LEARNER, PIXELS, SEED, STEPS, descend};
use nn_core::{ANGIOGRAPHY, MNIST, Network, Sample, Weigh, infer, train};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Keys, images and weights.
pub struct Scene {
    /// The key.
    pub key: SecretKey<f32, 2>,
    /// Its evaluation key.
    pub evaluation: EvaluationKey<f32, 2>,
    /// The message's lane.
    pub lane: usize,
    /// Plain images.
    pub images: Vec<Vec<f32>>,
    /// Plain weights of [`MNIST`].
    pub weights: Vec<f32>,
    /// Plain weights of [`ANGIOGRAPHY`].
    pub angiography_weights: Vec<f32>,
    /// Those of [`MNIST`], encrypted.
    pub encrypted_weights: Vec<Cell>,
    /// Encrypted weights of [`LEARNER`].
    pub learner_weights: Vec<Cell>,
}

impl Scene {
    /// The scene of that seed, with so many images of uniform pixels.
    ///
    /// # Panics
    ///
    /// If the scheme refuses the key, which a test would want to know.
    #[must_use]
    pub fn new(seed: u64, images: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let key = SecretKey::generate(&mut rng).expect("a key");
        let evaluation = EvaluationKey::from_secret_key(&key, &mut rng).expect("its evaluation key");
        let lane = key.message_lane(&evaluation).expect("its own");
        let images = (0..images).map(|_| (0..PIXELS).map(|_| unit(&mut rng)).collect()).collect();
        let weights = glorot(&MNIST, &mut rng);
        let angiography_weights = glorot(&ANGIOGRAPHY, &mut rng);
        let mut encrypt = |weights: &[f32]| {
            let mut out = vec![Cell::from_lanes([0.0; 2]); weights.len()];
            let mut masks = Uniform::new(-0.25, 0.25).expect("a range");
            key.encrypt_spectrum_slice(lane, weights, &mut masks, &mut rng, &mut out).expect("finite");
            out
        };
        let encrypted_weights = encrypt(&weights);
        let learner_weights = encrypt(&glorot(&LEARNER, &mut ChaCha20Rng::seed_from_u64(seed + 1)));
        Self {
            key,
            evaluation,
            lane,
            images,
            weights,
            angiography_weights,
            encrypted_weights,
            learner_weights,
        }
    }

    /// Writes the files that are included into firmware.
    ///
    /// # Panics
    ///
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path) {
        let mut keys = [vec![0; SecretKey::<f32, 2>::ENCODED_LEN], self.evaluation_key_bytes()];
        self.key.encode(&mut keys[0]).expect("room");
        let numbers = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>();
        let lanes = |cells: &[Cell]| cells.iter().flat_map(|cell| numbers(cell.lanes())).collect::<Vec<_>>();
        let [secret, evaluation] = keys;
        let files = [
            secret,
            evaluation,
            self.images.iter().flat_map(|image| numbers(image)).collect(),
            numbers(&self.weights),
            numbers(&self.angiography_weights),
            lanes(&self.encrypted_weights),
            lanes(&self.learner_weights),
        ];
        for ((name, _), bytes) in FILES.iter().zip(files) {
            fs::write(folder.join(name), bytes).expect("a file can be written");
        }
    }

    /// The encoding of the evaluation key.
    ///
    /// # Panics
    ///
    /// Never: the buffer is as long as it must be.
    #[must_use]
    pub fn evaluation_key_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; EvaluationKey::<f32, 2>::ENCODED_LEN];
        self.evaluation.encode(&mut bytes).expect("room");
        bytes
    }

    /// The images, encrypted with the masks that the device draws.
    ///
    /// # Panics
    ///
    /// If the scheme refuses.
    #[must_use]
    pub fn encrypted(&self) -> Vec<Vec<Cell>> {
        let mut rng = ChaCha20Rng::from_seed(SEED);
        let mut masks = Uniform::new(0.0, 1.0).expect("a range");
        let mut encrypt = |image: &Vec<f32>| {
            let mut out = vec![Cell::from_lanes([0.0; 2]); image.len()];
            self.key.encrypt_spectrum_slice(self.lane, image, &mut masks, &mut rng, &mut out).map(|()| out)
        };
        self.images.iter().map(|image| encrypt(image).expect("finite")).collect()
    }

    /// An encrypted image of [`ANGIOGRAPHY`]'s shape.
    ///
    /// # Panics
    ///
    /// If the scheme refuses.
    #[must_use]
    pub fn angiogram(&self) -> Vec<Cell> {
        let mut rng = ChaCha20Rng::seed_from_u64(33);
        let pixels: Vec<f32> = (0..ANGIOGRAPHY.input().len()).map(|_| unit(&mut rng)).collect();
        let mut out = vec![Cell::from_lanes([0.0; 2]); pixels.len()];
        let mut masks = Uniform::new(0.0, 1.0).expect("a range");
        self.key.encrypt_spectrum_slice(self.lane, &pixels, &mut masks, &mut rng, &mut out).expect("finite");
        out
    }

    /// The encoding of an encrypted image for that network.
    ///
    /// # Panics
    ///
    /// If it has not the network's shape.
    #[must_use]
    pub fn encode(&self, network: &Network<'_>, image: &[Cell]) -> Vec<u8> {
        let input = network.input();
        let [channels, height, width] = [input.channels, input.height, input.width].map(|n| n as u32);
        self.encode_as(Shape::Image { channels, height, width }, image)
    }

    fn encode_as(&self, shape: Shape, cells: &[Cell]) -> Vec<u8> {
        let header = Header::spectra(&self.evaluation, shape).expect("a shape");
        let mut bytes = vec![0; wire::encoded_len::<Cell>(cells.len())];
        wire::encode(&header, cells, &mut bytes).expect("room");
        bytes
    }

    /// What the box that learns is sent: an image and its label for each step, the images in turn; and the weights
    /// that the host has after them.
    ///
    /// # Panics
    ///
    /// If the scheme refuses.
    #[must_use]
    pub fn lesson(&self) -> (Vec<u8>, Vec<Cell>) {
        let zero = Cell::from_lanes([0.0; 2]);
        let mut rng = ChaCha20Rng::seed_from_u64(77);
        let mut parameters = self.learner_weights.clone();
        let mut gradient = vec![zero; parameters.len()];
        let mut workspace = vec![zero; LEARNER.workspace()];
        let mut transfers = Vec::new();
        for (step, image) in self.encrypted().iter().cycle().take(STEPS).enumerate() {
            let one_hot: Vec<f32> =
                (0..LEARNER.outputs()).map(|class| f32::from(u8::from(class == 3 * step % 10))).collect();
            let mut labels = vec![zero; one_hot.len()];
            let mut masks = OneHot::new(one_hot.len()).expect("classes");
            self.key
                .encrypt_spectrum_slice(self.lane, &one_hot, &mut masks, &mut rng, &mut labels)
                .expect("finite");
            transfers.push(self.encode(&MNIST, image));
            transfers.push(self.encode_as(Shape::Slice { count: labels.len() as u32 }, &labels));
            let sample = Sample { input: image, labels: &labels, masks: &[], weight: 1.0 };
            train((), &LEARNER, &parameters, &sample, &mut workspace, &mut gradient).expect("sizes");
            descend(&mut parameters, &mut gradient);
        }
        (frames(&transfers), parameters)
    }
}

/// Transfers as frames, numbered from 1.
///
/// # Panics
///
/// Never: a vector takes all bytes.
#[must_use]
pub fn frames(transfers: &[Vec<u8>]) -> Vec<u8> {
    let mut line = Vec::new();
    let mut sender = Sender::<_, FRAME>::new(1, |bytes: &[u8]| {
        line.extend_from_slice(bytes);
        Ok::<_, ()>(())
    });
    for transfer in transfers {
        sender.send(transfer).expect("a vector");
    }
    line
}

/// A network's output on the host, in the arithmetic that devices have.
///
/// # Panics
///
/// If the sizes are wrong.
#[must_use]
pub fn outputs<E: Weigh<W, Context = ()>, W: Copy + Sync>(
    network: &Network<'_>,
    parameters: &[W],
    image: &[E],
) -> Vec<E> {
    let mut scratch = vec![E::zero(()); network.scratch()];
    let mut output = vec![E::zero(()); network.outputs()];
    infer((), network, parameters, image, &mut scratch, &mut output).expect("sizes");
    output
}

fn unit(rng: &mut ChaCha20Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1 << 24) as f32
}

/// Glorot's first weights, in the order of the kernels, which does not matter here; biases are 0.
fn glorot(network: &Network<'_>, rng: &mut ChaCha20Rng) -> Vec<f32> {
    let mut weights = vec![0.0; network.parameters()];
    for group in network.parameter_groups() {
        for weight in &mut weights[group.first..][..group.weights()] {
            *weight = (2.0 * unit(rng) - 1.0) * group.glorot_bound() as f32;
        }
    }
    weights
}
