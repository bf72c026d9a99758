//! The integer scheme: operations on ciphertexts are those on messages modulo M, at every size.

use more_core::Error;
use more_core::integer::crypto_bigint::{RandomMod, SplitEven, U64, U256, U512, U1024, U2048, Uint};
use more_core::integer::{Ciphertext, Modulus, Residue, SecretKey};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A message by what is special about it.
#[derive(Clone, Copy, Debug)]
enum Message {
    Small(u64),
    FromTop(u64),
    Random(u64),
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        (0..4_u64).prop_map(Message::Small),
        any::<u64>().prop_map(Message::Small),
        (1..4_u64).prop_map(Message::FromTop),
        any::<u64>().prop_map(Message::Random),
    ]
}

impl Message {
    fn value<const L: usize>(self, modulus: &Modulus<L>) -> Uint<L> {
        match self {
            Self::Small(x) => Uint::from(x),
            Self::FromTop(x) => modulus.value().wrapping_sub(&Uint::from(x)),
            Self::Random(seed) => {
                let nonzero = modulus.value().to_nz_vartime().expect("not zero");
                Uint::random_mod_vartime(&mut seeded(seed), &nonzero)
            }
        }
    }
}

/// Messages and their results by plain long multiplication and division, against ciphertexts.
fn identities<const L: usize, const N: usize>(modulus: &Modulus<L>, cases: u32) {
    let nonzero = modulus.value().to_nz_vartime().expect("not zero");
    let strategy = (any::<u64>(), message(), message(), message());
    let check = |(seed, a, b, s): (u64, Message, Message, Message)| {
        let mut rng = seeded(seed);
        let key = SecretKey::<L, N>::generate(modulus, &mut rng).expect("a seeded generator");
        let [a, b, s] = [a, b, s].map(|message| message.value(modulus));
        let residue = |x: &Uint<L>| modulus.residue(x).expect("below the modulus");
        let ca = key.encrypt(&residue(&a), &mut rng).expect("a seeded generator");
        let cb = key.encrypt(&residue(&b), &mut rng).expect("a seeded generator");
        let open = |c: &Ciphertext<L, N>| {
            let message = key.decrypt_checked(c).expect("of this key");
            assert_eq!(key.decrypt(c), message);
            modulus.integer(&message)
        };

        prop_assert_eq!(open(&ca), a);
        prop_assert_eq!(open(&ca.add(&cb, modulus)), a.add_mod(&b, &nonzero));
        prop_assert_eq!(open(&ca.sub(&cb, modulus)), a.sub_mod(&b, &nonzero));
        prop_assert_eq!(open(&ca.neg(modulus)), a.neg_mod(&nonzero));
        prop_assert_eq!(open(&ca.mul(&cb, modulus)), a.mul_mod(&b, &nonzero));
        prop_assert_eq!(open(&ca.add_scalar(&residue(&s), modulus)), a.add_mod(&s, &nonzero));
        prop_assert_eq!(open(&ca.sub_scalar(&residue(&s), modulus)), a.sub_mod(&s, &nonzero));
        prop_assert_eq!(open(&ca.scale(&residue(&s), modulus)), a.mul_mod(&s, &nonzero));
        prop_assert_eq!(open(&Ciphertext::scalar(&residue(&s))), s);
        // Ciphertexts under one key commute.
        prop_assert_eq!(ca.mul(&cb, modulus), cb.mul(&ca, modulus));
        prop_assert_eq!(modulus.integer(&residue(&s)), s);

        // Masks are invertible but for one in 2^100; the messages may be zero.
        if b == Uint::ZERO {
            prop_assert_eq!(cb.try_recip(modulus), Err(Error::Singular));
        } else {
            let quotient = open(&ca.try_div(&cb, modulus).expect("invertible lanes"));
            prop_assert_eq!(quotient.mul_mod(&b, &nonzero), a);
            let one = cb.mul(&cb.try_recip(modulus).expect("invertible lanes"), modulus);
            prop_assert_eq!(one, Ciphertext::scalar(&modulus.one()));
        }
        Ok(())
    };
    TestRunner::new(Config::with_cases(cases)).run(&strategy, check).expect("an identity");
}

fn generated<const L: usize, const H: usize>() -> Modulus<L>
where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    let modulus = Modulus::generate(&mut seeded(5)).expect("a seeded generator");
    assert_eq!(modulus.value().bits_vartime(), Uint::<L>::BITS);
    modulus
}

#[test]
fn identities_256() {
    let modulus = generated();
    identities::<{ U256::LIMBS }, 2>(&modulus, 64);
    identities::<{ U256::LIMBS }, 3>(&modulus, 32);
    identities::<{ U256::LIMBS }, 8>(&modulus, 8);
}

#[test]
fn identities_512() {
    let modulus = generated();
    identities::<{ U512::LIMBS }, 2>(&modulus, 32);
    identities::<{ U512::LIMBS }, 4>(&modulus, 16);
}

#[test]
fn identities_1024() {
    let modulus = generated();
    identities::<{ U1024::LIMBS }, 2>(&modulus, 16);
    identities::<{ U1024::LIMBS }, 3>(&modulus, 8);
}

#[test]
fn identities_2048() {
    let modulus = generated();
    identities::<{ U2048::LIMBS }, 2>(&modulus, 6);
    identities::<{ U2048::LIMBS }, 3>(&modulus, 3);
}

/// A modulus far below its width: the carries differ.
#[test]
fn identities_with_leading_zeros() {
    let primes = [U256::from(4_294_967_291_u64), U256::from(18_446_744_073_709_551_557_u64)];
    let modulus = Modulus::new(primes[0].wrapping_mul(&primes[1])).expect("two primes");
    identities::<{ U256::LIMBS }, 2>(&modulus, 32);
}

type Small<const N: usize> = [[Residue<{ U64::LIMBS }>; N]; N];

const TINY: i128 = 11 * 13;

fn tiny() -> Modulus<{ U64::LIMBS }> {
    Modulus::new(U64::from(TINY as u64)).expect("11 times 13")
}

fn matrix<const N: usize>(modulus: &Modulus<{ U64::LIMBS }>, entries: &[[i128; N]; N]) -> Small<N> {
    entries.map(|column| column.map(|x| modulus.residue(&U64::from(x as u64)).expect("below 143")))
}

/// By Laplace's expansion, in integers.
fn determinant(entries: &[Vec<i128>]) -> i128 {
    if entries.is_empty() {
        return 1;
    }
    let minor = |k: usize| -> Vec<Vec<i128>> {
        let rest = entries.iter().enumerate().filter(|(j, _)| *j != k);
        rest.map(|(_, column)| column[1..].to_vec()).collect()
    };
    let sign = |k: usize| if k.is_multiple_of(2) { 1 } else { -1 };
    (0..entries.len()).map(|k| sign(k) * entries[k][0] * determinant(&minor(k))).sum()
}

fn inverse_exists_as_the_determinant_says<const N: usize>() {
    let modulus = tiny();
    let strategy = prop::array::uniform::<_, N>(prop::array::uniform::<_, N>(prop_oneof![
        3 => 0..TINY,
        1 => (0..13_i128).prop_map(|k| 11 * k),
        1 => (0..11_i128).prop_map(|k| 13 * k),
    ]));
    let check = |entries: [[i128; N]; N]| {
        let a = Ciphertext::from_columns(matrix(&modulus, &entries));
        let d = determinant(&entries.map(|column| column.to_vec()));
        let inverse = a.try_recip(&modulus);
        if d % 11 == 0 || d % 13 == 0 {
            prop_assert_eq!(inverse, Err(Error::Singular));
        } else {
            let inverse = inverse.expect("a unit");
            prop_assert_eq!(a.mul(&inverse, &modulus), Ciphertext::scalar(&modulus.one()));
            prop_assert_eq!(inverse.mul(&a, &modulus), Ciphertext::scalar(&modulus.one()));
        }
        Ok(())
    };
    TestRunner::new(Config::with_cases(400)).run(&strategy, check).expect("as the determinant says");
}

#[test]
fn an_inverse_exists_if_and_only_if_the_determinant_is_a_unit() {
    inverse_exists_as_the_determinant_says::<2>();
    inverse_exists_as_the_determinant_says::<3>();
    inverse_exists_as_the_determinant_says::<5>();
}

/// Neither 11 nor 13 has an inverse modulo 143, so elimination finds no pivot in the first column; the determinant,
/// 11 * 13 - 13 * 12 = -13 for the first matrix and 11 * 12 - 13 = 119 = 7 * 17 for the second, decides.
#[test]
fn a_column_without_an_invertible_entry() {
    let modulus = tiny();
    let singular = Ciphertext::from_columns(matrix(&modulus, &[[11, 13], [12, 13]]));
    assert_eq!(singular.try_recip(&modulus), Err(Error::Singular));
    let regular = Ciphertext::from_columns(matrix(&modulus, &[[11, 13], [1, 12]]));
    let inverse = regular.try_recip(&modulus).expect("119 is a unit");
    assert_eq!(regular.mul(&inverse, &modulus), Ciphertext::scalar(&modulus.one()));
}

/// The same error whichever lane cannot be inverted, be it a mask or the message.
#[test]
fn lanes_that_cannot_be_inverted() {
    let modulus = tiny();
    let key = SecretKey::<_, 3>::generate(&modulus, &mut seeded(1)).expect("a seeded generator");
    for lane in 0..3 {
        for bad in [0, 11, 13, 26] {
            let mut lanes = [1, 2, 3];
            lanes[lane] = bad;
            let lanes = lanes.map(|x: u64| modulus.residue(&U64::from(x)).expect("below 143"));
            let c = key.encrypt_lanes(&lanes);
            assert_eq!(c.try_recip(&modulus), Err(Error::Singular));
            assert_eq!(c.try_div(&c, &modulus), Err(Error::Singular));
        }
    }
    assert_eq!(modulus.try_recip(&Residue::ZERO), Err(Error::Singular));
    assert_eq!(modulus.try_recip(&modulus.residue(&U64::from(26_u64)).expect("below")), Err(Error::Singular));
}

/// All products and inverses modulo 143 against machine integers.
#[test]
fn every_residue_of_a_small_modulus() {
    let modulus = tiny();
    let residue = |x: u64| modulus.residue(&U64::from(x)).expect("below 143");
    let integer = |x: &Residue<_>| u64::from(modulus.integer(x));
    for a in 0..143 {
        for b in 0..143 {
            assert_eq!(integer(&modulus.mul(&residue(a), &residue(b))), a * b % 143);
            assert_eq!(integer(&modulus.add(&residue(a), &residue(b))), (a + b) % 143);
            assert_eq!(integer(&modulus.sub(&residue(a), &residue(b))), (143 + a - b) % 143);
        }
        match modulus.try_recip(&residue(a)) {
            Ok(inverse) => assert_eq!(integer(&inverse) * a % 143, 1),
            Err(error) => assert!(error == Error::Singular && (a % 11 == 0 || a % 13 == 0)),
        }
    }
}

#[test]
fn numbers_that_are_no_modulus() {
    // Even, small, small factors, primes (2^61 - 1 is one, 2^127 - 1 another).
    let mersenne = |n: u32| U256::ONE.wrapping_shl_vartime(n).wrapping_sub(&U256::ONE);
    for bad in [0_u64, 1, 2, 3, 9, 11, 22, 33, 55, 77, 101, 1 << 40] {
        assert_eq!(Modulus::new(U256::from(bad)), Err(Error::Modulus), "{bad}");
    }
    assert_eq!(Modulus::new(mersenne(61)), Err(Error::Modulus));
    assert_eq!(Modulus::new(mersenne(127)), Err(Error::Modulus));
    assert!(Modulus::new(mersenne(61).wrapping_mul(&mersenne(127))).is_ok());
    for good in [121_u64, 143, 169, 11 * 17] {
        assert!(Modulus::new(U256::from(good)).is_ok(), "{good}");
    }
}

#[test]
fn a_modulus_from_primes() {
    type Half = more_core::integer::crypto_bigint::U128;
    let from = |p: u64, q: u64| Modulus::<{ U256::LIMBS }>::from_primes(&Half::from(p), &Half::from(q));
    assert_eq!(from(11, 13).map(|modulus| *modulus.value()), Ok(U256::from(143_u64)));
    for (p, q) in [(11, 11), (11, 14), (15, 13), (7, 11), (11, 1), (0, 11), (2, 11)] {
        assert_eq!(from(p, q), Err(Error::Modulus), "{p} {q}");
    }
}

#[test]
fn integers_beyond_the_modulus() {
    let modulus = tiny();
    assert!(modulus.residue(&U64::from(142_u64)).is_ok());
    for beyond in [143_u64, 144, u64::MAX] {
        assert_eq!(modulus.residue(&U64::from(beyond)), Err(Error::Domain));
    }
}

#[test]
fn wrong_keys_and_foreign_ciphertexts() {
    let modulus = generated::<{ U256::LIMBS }, _>();
    let mut rng = seeded(2);
    let key = SecretKey::<_, 2>::generate(&modulus, &mut rng).expect("a seeded generator");
    let other = SecretKey::<_, 2>::generate(&modulus, &mut rng).expect("a seeded generator");
    let c = key.encrypt(&modulus.one(), &mut rng).expect("a seeded generator");
    assert_eq!(key.decrypt_checked(&c), Ok(modulus.one()));
    assert_eq!(other.decrypt_checked(&c), Err(Error::WrongKey));

    // Entries of a larger modulus.
    let small = Modulus::new(U256::from(143_u64)).expect("11 times 13");
    let small_key = SecretKey::<_, 2>::generate(&small, &mut rng).expect("a seeded generator");
    assert_eq!(small_key.decrypt_checked(&c), Err(Error::WrongKey));
    // Unchecked, a meaningless number; but no panic.
    let _ = small_key.decrypt(&c);
    let _ = small.integer(&key.decrypt(&c));

    // The order of the columns is the secret: with the masks' column first, a mask comes out.
    let swapped = [key.expose_columns()[1], key.expose_columns()[0]];
    let swapped = SecretKey::from_columns(&modulus, &swapped).expect("invertible");
    assert_ne!(swapped.decrypt_checked(&c).expect("not detected"), modulus.one());
}

#[test]
fn a_singular_matrix_is_no_key() {
    let modulus = tiny();
    for entries in [[[1, 2], [2, 4]], [[11, 0], [0, 1]], [[0, 0], [0, 0]]] {
        let key = SecretKey::from_columns(&modulus, &matrix(&modulus, &entries));
        assert_eq!(key.err(), Some(Error::Singular));
    }
}

#[test]
fn a_key_prints_no_secret() {
    let modulus = tiny();
    let key = SecretKey::<_, 2>::generate(&modulus, &mut seeded(3)).expect("a seeded generator");
    assert_eq!(format!("{key:?}"), "SecretKey { modulus: Uint(0x000000000000008F), .. }");
}

/// 14300 draws, 100 a residue: the sum of squares follows chi^2 with 142 degrees of freedom, mean 142 and deviation
/// 16.9; 240 is 5.8 deviations above.
#[test]
fn residues_are_drawn_uniformly() {
    let modulus = tiny();
    let mut rng = seeded(4);
    let mut counts = [0_u32; 143];
    for _ in 0..14_300 {
        let x = modulus.integer(&modulus.random(&mut rng).expect("a seeded generator"));
        counts[u64::from(x) as usize] += 1;
    }
    let chi2: f64 = counts.iter().map(|count| (f64::from(*count) - 100.0).powi(2) / 100.0).sum();
    assert!((60.0..240.0).contains(&chi2), "{chi2}");
}
