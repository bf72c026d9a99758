//! What needs no elementary function, with the same bits whether the feature `libm` is on or off: `.ci/run` runs this both ways.

use more_core::mask::{Decoys, Uniform};
use more_core::{Ciphertext, Error, EvaluationKey, KeyId, Real, SecretKey, Spectrum};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// FNV-1a over the bits of numbers.
struct Digest(u64);

impl Digest {
    fn add(&mut self, numbers: &[f64]) {
        for byte in numbers.iter().flat_map(|x| x.to_bits().to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn matrix<const N: usize>(&mut self, c: &Ciphertext<f64, N>) {
        self.add(c.columns().as_flattened());
    }
}

fn columns<const N: usize>() -> [[f64; N]; N] {
    // Diagonally dominant, hence well conditioned.
    core::array::from_fn(|j| {
        core::array::from_fn(|i| if i == j { N as f64 } else { 1.0 / (1.0 + (i + 2 * j) as f64) })
    })
}

fn everything<const N: usize>() -> Result<u64, Error> {
    let mut digest = Digest(0xcbf2_9ce4_8422_2325);
    let mut rng = ChaCha20Rng::seed_from_u64(N as u64);
    let key = SecretKey::<f64, N>::from_parts(KeyId([7; 16]), columns())?;
    digest.add(&[key.condition()]);
    digest.add(key.expose_columns().as_flattened());
    let mut bytes = [0; 1024];
    let length = key.encode(&mut bytes)?;
    let key = SecretKey::<f64, N>::decode(&bytes[..length])?;

    let bound = |l: f64| 4.0 * N as f64 * Real::powi(key.condition(), 3) * f64::EPSILON * l;
    let a = key.encrypt(2.25, &mut Uniform::new(1.0, 4.0)?, &mut rng)?;
    let b = key.encrypt(-0.75, &mut Decoys::new(&[-0.5; N]), &mut rng)?;
    let near = |c: &Ciphertext<f64, N>, expected: f64| {
        let message = key.decrypt_checked(c).expect("a ciphertext of this key");
        assert!((message - expected).abs() <= bound(16.0), "{message}, expected {expected}");
    };
    for (c, expected) in [
        (a, 2.25),
        (b, -0.75),
        (a + b, 1.5),
        (a * b, -1.6875),
        (b.try_div(a)?, -1.0 / 3.0),
        (a.try_sqrt()?, 1.5),
        (a.try_powi(-2)?, 1.0 / 5.0625),
        (b.try_abs()?, 0.75),
        (b.try_relu()?, 0.0),
        (b.try_leaky_relu(0.5)?, -0.375),
        (b.try_clamp(-0.625, 1.0)?, -0.625),
        (b.try_less(0.0)?, 1.0),
        (b.try_floor()?, -1.0),
        (b.try_round()?, -1.0),
        (a.try_maximum(b)?, 2.25),
        (Ciphertext::select(b.try_sign()?, a, b), -0.75 - 3.0),
    ] {
        digest.matrix(&c);
        near(&c, expected);
    }

    let evaluation = EvaluationKey::from_secret_key(&key, &mut rng)?;
    let lane = key.message_lane(&evaluation)?;
    let x: Spectrum<f64, N> = evaluation.to_spectrum_checked(&a)?.sqrt().abs();
    digest.add(x.lanes());
    near(&evaluation.to_ciphertext(&x), 1.5);
    assert!((key.decrypt_spectrum(lane, &x)? - 1.5).abs() <= bound(4.0));
    let found = EvaluationKey::from_ciphertext(&a, key.id())?;
    digest.add(found.columns().as_flattened());
    evaluation.alignment(&found)?;
    digest.add(&[Real::sqrt(2.0), Real::floor(-2.5), Real::round(-2.5)]);
    Ok(digest.0)
}

/// Other bits here are other results for users: a change that means them says so in the changelog and prints the new ones.
#[test]
fn the_same_bits_with_and_without() {
    let digests =
        [everything::<2>(), everything::<3>(), everything::<4>()].map(|digest| digest.expect("no error"));
    let expected = [0xf92f_a02d_5273_964d, 0x516d_de79_5e87_ba94, 0xfaff_78e7_c409_19a7];
    assert_eq!(digests, expected, "{digests:#x?}");
}
