//! Scaled integers and fractions: what they give back, and exactly where they end.

use more_core::Error;
use more_core::integer::crypto_bigint::{SplitEven, U64, U256, U512, U1024, U2048, Uint};
use more_core::integer::{Ciphertext, FixedPoint, Fraction, Modulus, Residue, SecretKey};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const L: usize = U256::LIMBS;

fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn generated<const L: usize, const H: usize>() -> Modulus<L>
where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    Modulus::generate(&mut seeded(21)).expect("a seeded generator")
}

/// One modulus for the properties: `p q` of 128 bits each, by `scripts/integer_known_answers.py` with seed 42.
fn modulus() -> Modulus<L> {
    let value = "da6a3bf888e22d4c7f71fd8084199037fd4e3b61d7e7b6d7aa5ce39f3b5833e1";
    Modulus::new(U256::from_be_hex(value)).expect("a modulus")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Rounding to the nearest multiple of `2^-f` is all that is lost.
    #[test]
    fn fixed_point_rounds_once(x in -1e6..1e6_f64, f in 0..40_u32) {
        let (modulus, fixed) = (modulus(), FixedPoint::new(f));
        let back = fixed.decode(&fixed.encode(x, &modulus).expect("in range"), 1, &modulus);
        let unit = 2.0_f64.powi(-i32::try_from(f).expect("small"));
        prop_assert!((back - x).abs() <= unit / 2.0);
        prop_assert_eq!(back, (x / unit).round_ties_even() * unit);
    }

    /// Any finite number whose bits all fit comes back as it was.
    #[test]
    fn fixed_point_is_exact_where_bits_fit(mantissa in -(1_i64 << 53)..1 << 53, exponent in -60..100_i32) {
        let (modulus, fixed) = (modulus(), FixedPoint::new(60));
        let x = mantissa as f64 * 2.0_f64.powi(exponent);
        let residue = fixed.encode(x, &modulus).expect("in range");
        prop_assert_eq!(fixed.decode(&residue, 1, &modulus), x);
        prop_assert_eq!(modulus.neg(&residue), fixed.encode(-x, &modulus).expect("in range"));
    }

    /// Sums keep the scale, a product of k numbers has k times the bits.
    #[test]
    fn fixed_point_sums_and_products(a in -1000..1000_i32, b in -1000..1000_i32, c in -1000..1000_i32, seed: u64) {
        let (modulus, fixed) = (modulus(), FixedPoint::new(12));
        let key = SecretKey::<L, 2>::generate(&modulus, &mut seeded(seed)).expect("a seeded generator");
        let mut rng = seeded(seed ^ 1);
        // Multiples of 2^-12 below 1, so that all results are exact in f64.
        let [a, b, c] = [a, b, c].map(|x| f64::from(x) / 4096.0);
        let [x, y, z] = [a, b, c].map(|x| {
            key.encrypt(&fixed.encode(x, &modulus).expect("in range"), &mut rng).expect("a seeded generator")
        });
        let open = |c: &Ciphertext<L, 2>, factors| fixed.decode(&key.decrypt(c), factors, &modulus);
        prop_assert_eq!(open(&x.add(&y, &modulus).sub(&z, &modulus), 1), a + b - c);
        prop_assert_eq!(open(&x.mul(&y, &modulus), 2), a * b);
        prop_assert_eq!(open(&x.mul(&y, &modulus).mul(&z, &modulus), 3), a * b * c);
    }

    /// The four operations on ciphertexts are those on fractions.
    #[test]
    fn fractions_form_a_field(
        a in -1_000_000..1_000_000_i64, b in 1..1_000_000_i64,
        c in -1_000_000..1_000_000_i64, d in 1..1_000_000_i64, seed: u64,
    ) {
        let modulus = modulus();
        let mut rng = seeded(seed);
        let key = SecretKey::<L, 2>::generate(&modulus, &mut rng).expect("a seeded generator");
        let x = key.encrypt(&fraction(a, b).encode(&modulus).expect("in range"), &mut rng).expect("seeded");
        let y = key.encrypt(&fraction(c, d).encode(&modulus).expect("in range"), &mut rng).expect("seeded");
        let open = |c: &Ciphertext<L, 2>| lowest(&Fraction::decode(&key.decrypt(c), &modulus).expect("in range"));
        let [a, b, c, d] = [a, b, c, d].map(i128::from);
        prop_assert_eq!(open(&x.add(&y, &modulus)), reduced(a * d + c * b, b * d));
        prop_assert_eq!(open(&x.sub(&y, &modulus)), reduced(a * d - c * b, b * d));
        prop_assert_eq!(open(&x.mul(&y, &modulus)), reduced(a * c, b * d));
        if c != 0 {
            prop_assert_eq!(open(&x.try_div(&y, &modulus).expect("not zero")), reduced(a * d, b * c));
        }
    }

    /// A convergent in lowest terms, as near as the theory of continued fractions says.
    #[test]
    fn convergents(x in -1000.0..1000.0_f64, max in 1..u32::MAX) {
        let fraction = Fraction::<L>::from_f64(x, max).expect("in range");
        let (a, b) = lowest(&fraction);
        prop_assert_eq!(reduced(a, b), (a, b));
        prop_assert!(b <= i128::from(max));
        // |x - a / b| < 1 / (b max) in integers: x = m / 2^e with e at most 117 - 10 for what exceeds 2^-64.
        let scaled = x * 2.0_f64.powi(60);
        if scaled == scaled.trunc() {
            let difference = (scaled as i128 * b - (a << 60)).unsigned_abs();
            prop_assert!(difference * u128::from(max) <= 1 << 60);
        }
    }
}

fn fraction(a: i64, b: i64) -> Fraction<L> {
    Fraction::new(a < 0, Uint::from(a.unsigned_abs()), Uint::from(b.unsigned_abs())).expect("not over zero")
}

fn lowest(fraction: &Fraction<L>) -> (i128, i128) {
    let small = |x: &U256| i128::try_from(u128::from(x.resize::<{ 2 * U64::LIMBS }>())).expect("small");
    let numerator = small(fraction.numerator());
    (if fraction.is_negative() { -numerator } else { numerator }, small(fraction.denominator()))
}

fn reduced(a: i128, b: i128) -> (i128, i128) {
    let (mut x, mut y) = (a.abs(), b.abs());
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x * b.signum(), b.abs() / x)
}

#[test]
fn fixed_point_range() {
    let (modulus, fixed) = (modulus(), FixedPoint::new(8));
    // The modulus has 256 bits: magnitudes below 2^254 fit in any case, from 2^255 on none.
    for (x, fits) in [(2.0_f64.powi(246), true), (2.0_f64.powi(247), false), (2.0_f64.powi(1000), false)] {
        for x in [x, -x] {
            let encoded = fixed.encode(x, &modulus);
            assert_eq!(encoded.is_ok(), fits, "{x}");
            match encoded {
                Ok(residue) => assert_eq!(fixed.decode(&residue, 1, &modulus), x),
                Err(error) => assert_eq!(error, Error::Domain),
            }
        }
    }
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(fixed.encode(x, &modulus), Err(Error::NonFinite));
        assert_eq!(Fraction::<L>::from_f64(x, 10), Err(Error::NonFinite));
    }
    for x in [0.0, -0.0, 5e-324, -2.0_f64.powi(-9), 2.0_f64.powi(-9)] {
        assert_eq!(fixed.encode(x, &modulus), Ok(Residue::ZERO), "{x}: half of the last bit goes to even");
    }
    assert_eq!(fixed.encode(1.5 * 2.0_f64.powi(-8), &modulus), fixed.encode(2.0_f64.powi(-7), &modulus));
    assert_eq!(FixedPoint::new(u32::MAX).encode(1.0, &modulus), Err(Error::Domain));
    assert_eq!(FixedPoint::new(u32::MAX).encode(0.0, &modulus), Ok(Residue::ZERO));
    assert_eq!(FixedPoint::new(u32::MAX).decode(&modulus.one(), u32::MAX, &modulus), 0.0);
}

/// More bits than an `f64` has: rounded to nearest, ties to even, with every bit counted.
#[test]
fn fixed_point_decodes_to_the_nearest() {
    let (modulus, fixed) = (modulus(), FixedPoint::new(0));
    let integer = |x: U256| fixed.decode(&modulus.residue(&x).expect("below"), 1, &modulus);
    let power = |n: u32| U256::ONE.wrapping_shl_vartime(n);
    let half = power(200).wrapping_add(&power(147));
    assert_eq!(integer(half), 2.0_f64.powi(200));
    assert_eq!(integer(half.wrapping_add(&U256::ONE)), 2.0_f64.powi(200) + 2.0_f64.powi(148));
    assert_eq!(integer(half.wrapping_sub(&U256::ONE)), 2.0_f64.powi(200));
    let odd = half.wrapping_add(&power(148));
    assert_eq!(integer(odd), 2.0_f64.powi(200) + 2.0_f64.powi(149));
}

/// `|x| 2^(k f) < M / 2` and no further: 1.5^k at 16 bits, multiplied under encryption.
fn fixed_point_wraps<const L: usize, const H: usize>()
where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    let (modulus, fixed) = (generated::<L, H>(), FixedPoint::new(16));
    let mut rng = seeded(22);
    let key = SecretKey::<L, 2>::generate(&modulus, &mut rng).expect("a seeded generator");
    let x = fixed.encode(1.5, &modulus).expect("in range");
    let x = key.encrypt(&x, &mut rng).expect("a seeded generator");
    let mut power = x.clone();
    // 1.5 2^16 = 98304 by itself, as an integer; the last power before its limit is the last below M / 2.
    let factor = Uint::<L>::from(98_304_u32);
    let half = modulus.value().wrapping_shr_vartime(1);
    let limit = half.wrapping_div_vartime(&factor.to_nz_vartime().expect("not zero"));
    let mut integer = factor;
    let mut factors = 1;
    loop {
        assert_eq!(fixed.decode(&key.decrypt(&power), factors, &modulus), power_of_three_halves(factors));
        power = power.mul(&x, &modulus);
        factors += 1;
        if integer > limit {
            break;
        }
        integer = integer.wrapping_mul(&factor);
    }
    let expected = power_of_three_halves(factors);
    let wrapped = fixed.decode(&key.decrypt(&power), factors, &modulus);
    assert!((wrapped - expected).abs() > 0.25 * expected, "{wrapped} {expected}");
    // 16 + log2(1.5) bits a factor.
    let bits = f64::from(Uint::<L>::BITS - 1) / 16.585;
    assert!((f64::from(factors - 1) - bits).abs() <= 1.0, "{factors} {bits}");
}

/// The nearest `f64`, from the integer `3^k`.
fn power_of_three_halves(k: u32) -> f64 {
    let mut integer = U512::ONE;
    for _ in 0..k {
        integer = integer.wrapping_mul(&U512::from(3_u32));
    }
    let excess = integer.bits_vartime().saturating_sub(64);
    let head = u64::from(integer.wrapping_shr_vartime(excess).resize::<{ U64::LIMBS }>());
    let rest = excess > 0 && integer.trailing_zeros_vartime() < excess;
    (head | u64::from(rest)) as f64 * 2.0_f64.powi(excess as i32 - k as i32)
}

#[test]
fn fixed_point_ends_where_the_scale_reaches_the_modulus() {
    fixed_point_wraps::<{ U256::LIMBS }, _>();
    fixed_point_wraps::<{ U512::LIMBS }, _>();
    fixed_point_wraps::<{ U1024::LIMBS }, _>();
    fixed_point_wraps::<{ U2048::LIMBS }, _>();
}

/// 6 / 3 is there, 1 / 3 is not: its residue is `(M + 1) / 3` or `(2 M + 1) / 3`, a third of `M` in size.
#[test]
fn fixed_point_does_not_divide() {
    let (modulus, fixed) = (modulus(), FixedPoint::new(16));
    let mut rng = seeded(23);
    let key = SecretKey::<L, 2>::generate(&modulus, &mut rng).expect("a seeded generator");
    let mut encrypt = |x: f64| {
        key.encrypt(&fixed.encode(x, &modulus).expect("in range"), &mut rng).expect("a seeded generator")
    };
    let [one, three, six] = [1.0, 3.0, 6.0].map(&mut encrypt);
    let divide = |a: &Ciphertext<L, 2>, b| key.decrypt(&a.try_div(b, &modulus).expect("invertible lanes"));
    assert_eq!(fixed.decode(&divide(&six, &three), 0, &modulus), 2.0);
    let third = fixed.decode(&divide(&one, &three), 0, &modulus);
    assert!(third.abs() > 2.0_f64.powi(253), "{third}");
}

/// The last fraction inside the bound is found, whatever its sign and whichever part is at the bound.
#[test]
fn fractions_up_to_the_bound() {
    let modulus = modulus();
    let bound = Fraction::bound(&modulus);
    let square = bound.concatenating_square::<{ 2 * L }>();
    let next = bound.wrapping_add(&U256::ONE).concatenating_square::<{ 2 * L }>();
    let half = modulus.value().wrapping_shr_vartime(1).resize();
    assert!(square <= half && next > half);

    let below = bound.wrapping_sub(&U256::ONE);
    for (a, b) in [(bound, below), (below, bound), (bound, U256::ONE), (U256::ONE, bound)] {
        for negative in [false, true] {
            let fraction = Fraction::new(negative, a, b).expect("not over zero");
            let residue = fraction.encode(&modulus).expect("in range");
            assert_eq!(Fraction::decode(&residue, &modulus), Ok(fraction));
        }
    }
    let beyond = bound.wrapping_add(&U256::from(2_u32));
    let fraction = Fraction::new(false, beyond, bound).expect("not over zero");
    assert_ne!(Fraction::decode(&fraction.encode(&modulus).expect("in range"), &modulus), Ok(fraction));
}

#[test]
fn fractions_that_are_none() {
    let modulus = Modulus::new(U256::from(143_u64)).expect("11 times 13");
    assert_eq!(Fraction::<L>::new(false, U256::ONE, U256::ZERO), Err(Error::Domain));
    assert_eq!(Fraction::<L>::from_f64(1.0, 0), Err(Error::Domain));
    assert_eq!(Fraction::<L>::from_f64(1e30, 1), Err(Error::Domain));
    assert_eq!(fraction(1, 143).encode(&modulus), Err(Error::Domain));
    assert_eq!(fraction(144, 1).encode(&modulus), Err(Error::Domain));
    assert_eq!(fraction(1, 11).encode(&modulus), Err(Error::Singular));
}

/// Every fraction with parts up to 8, the bound of 143, comes back; each residue gives one of them or an error.
#[test]
fn every_residue_of_a_small_modulus() {
    let modulus = Modulus::new(U256::from(143_u64)).expect("11 times 13");
    assert_eq!(Fraction::bound(&modulus), U256::from(8_u32));
    let mut expected = [None; 143];
    for b in 1..=8_i64 {
        for a in -8..=8_i64 {
            if reduced(a.into(), b.into()) == (a.into(), b.into()) {
                let residue = fraction(a, b).encode(&modulus).expect("in range");
                let entry =
                    &mut expected[u64::from(modulus.integer(&residue).resize::<{ U64::LIMBS }>()) as usize];
                assert_eq!(*entry, None);
                *entry = Some((i128::from(a), i128::from(b)));
            }
        }
    }
    for (x, expected) in expected.iter().enumerate() {
        let residue = modulus.residue(&U256::from(x as u64)).expect("below 143");
        let found = Fraction::decode(&residue, &modulus);
        assert_eq!(found.map(|fraction| lowest(&fraction)), expected.ok_or(Error::Domain), "{x}");
    }
}

/// A number that has outgrown the bound is as good as a random residue, and `6 / pi^2` of these decode to something.
/// 4000 draws: the deviation of the share is 0.0077.
#[test]
fn outgrown_fractions_mostly_go_unnoticed() {
    let modulus = modulus();
    let mut rng = seeded(24);
    let decodes = (0..4000)
        .filter(|_| Fraction::decode(&modulus.random(&mut rng).expect("seeded"), &modulus).is_ok())
        .count();
    let share = decodes as f64 / 4000.0;
    assert!((share - 6.0 / core::f64::consts::PI.powi(2)).abs() < 5.0 * 0.0077, "{share}");
}

/// `(5/7)^k` ends with the last `7^k` within the bound.
fn fractions_end<const L: usize, const H: usize>()
where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    let modulus = generated::<L, H>();
    let mut rng = seeded(25);
    let key = SecretKey::<L, 2>::generate(&modulus, &mut rng).expect("a seeded generator");
    let x = Fraction::new(false, Uint::from(5_u32), Uint::from(7_u32)).expect("not over zero");
    let x = key.encrypt(&x.encode(&modulus).expect("in range"), &mut rng).expect("a seeded generator");
    let bound = Fraction::bound(&modulus);
    let (mut power, mut a, mut b) = (x.clone(), Uint::<L>::from(5_u32), Uint::<L>::from(7_u32));
    while b <= bound {
        let found = Fraction::decode(&key.decrypt(&power), &modulus).expect("in range");
        assert_eq!((*found.numerator(), *found.denominator(), found.is_negative()), (a, b, false));
        power = power.mul(&x, &modulus);
        (a, b) = (a.wrapping_mul(&Uint::<L>::from(5_u32)), b.wrapping_mul(&Uint::<L>::from(7_u32)));
    }
    let found = Fraction::decode(&key.decrypt(&power), &modulus);
    assert!(found.is_err() || found.is_ok_and(|found| *found.denominator() != b));
}

#[test]
fn fractions_end_where_their_parts_reach_the_bound() {
    fractions_end::<{ U256::LIMBS }, _>();
    fractions_end::<{ U512::LIMBS }, _>();
    fractions_end::<{ U1024::LIMBS }, _>();
    fractions_end::<{ U2048::LIMBS }, _>();
}

#[test]
fn convergents_of_known_numbers() {
    for (max, numerator, denominator) in [(1, 3, 1), (10, 22, 7), (1000, 355, 113), (33_102, 103_993, 33_102)]
    {
        let found = Fraction::<L>::from_f64(core::f64::consts::PI, max).expect("in range");
        assert_eq!(lowest(&found), (numerator, denominator));
        let found = Fraction::<L>::from_f64(-core::f64::consts::PI, max).expect("in range");
        assert_eq!(lowest(&found), (-numerator, denominator));
    }
    for (x, a, b) in
        [(0.0, 0, 1), (0.375, 3, 8), (1e-300, 0, 1), (2.0_f64.powi(-30), 1, 1 << 30), (4e9, 4_000_000_000, 1)]
    {
        assert_eq!(Fraction::<L>::from_f64(x, u32::MAX).map(|found| lowest(&found)), Ok((a, b)));
        assert_eq!(
            Fraction::<L>::from_f64(x, u32::MAX).map(|found| found.to_f64()),
            Ok(x.max(1e-290) * f64::from(u8::from(a != 0)))
        );
    }
}
