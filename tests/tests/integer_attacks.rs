//! What the integer scheme does not withstand: one known message opens the others, without the key and at any size.
//! The attackers use ciphertexts, the modulus and what they know, and no function that takes a key.

use more_core::integer::crypto_bigint::{SplitEven, U256, U2048, Uint};
use more_core::integer::{Ciphertext, Modulus, Residue, SecretKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// `m_2` from `m_1`, `C_1` and `C_2`, for two lanes: `C_2 = a I + b C_1` with `b` from the entries off the diagonal, so
/// `m_2 = a + b m_1` (Tsaban and Lifshitz, 2014).
fn by_the_linear_relation<const L: usize>(
    modulus: &Modulus<L>,
    m1: &Residue<L>,
    c1: &Ciphertext<L, 2>,
    c2: &Ciphertext<L, 2>,
) -> Residue<L> {
    let (c1, c2) = (c1.columns(), c2.columns());
    let b = modulus.mul(&c2[1][0], &modulus.try_recip(&c1[1][0]).expect("almost never"));
    let a = modulus.sub(&c2[0][0], &modulus.mul(&b, &c1[0][0]));
    modulus.add(&a, &modulus.mul(&b, m1))
}

/// The message's column of `S`, up to a factor, from one known pair and any number of lanes: the kernel of `C - m I`,
/// with 1 for its last entry.
fn message_column<const L: usize, const N: usize>(
    modulus: &Modulus<L>,
    m: &Residue<L>,
    c: &Ciphertext<L, N>,
) -> [Residue<L>; N] {
    let singular = c.sub_scalar(m, modulus);
    let mut rows: [[_; N]; N] = core::array::from_fn(|i| core::array::from_fn(|j| singular.columns()[j][i]));
    for k in 0..N - 1 {
        let unit = modulus.try_recip(&rows[k][k]).expect("almost never");
        let pivot = rows[k].map(|x| modulus.mul(&x, &unit));
        for (i, row) in rows.iter_mut().enumerate() {
            let factor = row[k];
            for j in 0..N {
                row[j] =
                    if i == k { pivot[j] } else { modulus.sub(&row[j], &modulus.mul(&factor, &pivot[j])) };
            }
        }
    }
    core::array::from_fn(|i| if i == N - 1 { modulus.one() } else { modulus.neg(&rows[i][N - 1]) })
}

/// The eigenvalue of `C` that belongs to an eigenvector with last entry 1.
fn eigenvalue<const L: usize, const N: usize>(
    modulus: &Modulus<L>,
    vector: &[Residue<L>; N],
    c: &Ciphertext<L, N>,
) -> Residue<L> {
    c.columns()
        .iter()
        .zip(vector)
        .fold(Residue::ZERO, |sum, (column, x)| modulus.add(&sum, &modulus.mul(&column[N - 1], x)))
}

fn determinant<const L: usize>(modulus: &Modulus<L>, c: &Ciphertext<L, 2>) -> Residue<L> {
    let c = c.columns();
    modulus.sub(&modulus.mul(&c[0][0], &c[1][1]), &modulus.mul(&c[1][0], &c[0][1]))
}

struct Victim<const L: usize, const N: usize> {
    modulus: Modulus<L>,
    messages: Vec<Residue<L>>,
    ciphertexts: Vec<Ciphertext<L, N>>,
}

/// Uniformly random messages, each encrypted once: the paper's own terms, but for one message that is known.
fn victim<const L: usize, const H: usize, const N: usize>(count: usize) -> Victim<L, N>
where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let modulus = Modulus::generate(&mut rng).expect("a seeded generator");
    let key = SecretKey::<L, N>::generate(&modulus, &mut rng).expect("a seeded generator");
    let messages: Vec<_> =
        (0..count).map(|_| modulus.random(&mut rng).expect("a seeded generator")).collect();
    let ciphertexts =
        messages.iter().map(|m| key.encrypt(m, &mut rng).expect("a seeded generator")).collect();
    Victim { modulus, messages, ciphertexts }
}

fn one_pair_opens_all_by_the_relation<const L: usize, const H: usize>(count: usize)
where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    let Victim { modulus, messages, ciphertexts } = victim::<L, H, 2>(count);
    let (known, pair) = (&messages[0], &ciphertexts[0]);
    for (c, m) in ciphertexts.iter().zip(&messages).skip(1) {
        assert_eq!(by_the_linear_relation(&modulus, known, pair, c), *m);
    }
}

fn one_pair_opens_all_by_the_kernel<const L: usize, const H: usize, const N: usize>(count: usize)
where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    let Victim { modulus, messages, ciphertexts } = victim::<L, H, N>(count);
    let column = message_column(&modulus, &messages[0], &ciphertexts[0]);
    for (c, m) in ciphertexts.iter().zip(&messages).skip(1) {
        assert_eq!(eigenvalue(&modulus, &column, c), *m);
    }
}

#[test]
fn one_known_message_opens_all_others() {
    one_pair_opens_all_by_the_relation::<{ U256::LIMBS }, _>(100);
    one_pair_opens_all_by_the_relation::<{ U2048::LIMBS }, _>(20);
}

#[test]
fn more_lanes_do_not_help() {
    one_pair_opens_all_by_the_kernel::<{ U256::LIMBS }, _, 3>(100);
    one_pair_opens_all_by_the_kernel::<{ U256::LIMBS }, _, 8>(20);
    one_pair_opens_all_by_the_kernel::<{ U2048::LIMBS }, _, 3>(20);
}

/// Without a known message: equal messages show, whatever their masks, and a guess can be tested.
#[test]
fn equal_messages_and_right_guesses_show() {
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    let modulus = Modulus::<{ U256::LIMBS }>::generate(&mut rng).expect("a seeded generator");
    let key = SecretKey::<_, 2>::generate(&modulus, &mut rng).expect("a seeded generator");
    let labels = [3_u64, 7, 3, 0, 7, 9];
    let residue = |x: u64| modulus.residue(&Uint::from(x)).expect("below the modulus");
    let encrypted = labels.map(|label| key.encrypt(&residue(label), &mut rng).expect("a seeded generator"));

    for (a, ca) in labels.iter().zip(&encrypted) {
        for (b, cb) in labels.iter().zip(&encrypted) {
            let zero = determinant(&modulus, &ca.sub(cb, &modulus)) == Residue::ZERO;
            assert_eq!(zero, a == b);
        }
        for guess in 0..10 {
            let zero = determinant(&modulus, &ca.sub_scalar(&residue(guess), &modulus)) == Residue::ZERO;
            assert_eq!(zero, guess == *a);
        }
    }
}
