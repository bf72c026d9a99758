//! How far computation goes with rational numbers encoded for the integer scheme, and what its operations cost.
//!
//! Prints the tables of `docs/integer-scheme.md`. All results are decrypted from ciphertexts and compared with the exact
//! ones. Seeded, so that only times differ from run to run.
//!
//! ```sh
//! cargo run --release -p more-core --features integer --example integer_encodings
//! ```

use std::hint::black_box;
use std::time::{Duration, Instant};

use more_core::integer::crypto_bigint::{SplitEven, U256, U512, U1024, U2048, Uint};
use more_core::integer::{Ciphertext, FixedPoint, Fraction, Modulus, Residue, SecretKey};
use more_core::mask::Uniform;
use more_core::rand_core::{Rng, SeedableRng};
use more_core::{Error, SecretKey as RealKey};
use rand_chacha::ChaCha20Rng;

/// A key, what it encrypts with, and its generator.
struct Setting<const L: usize> {
    modulus: Modulus<L>,
    key: SecretKey<L, 2>,
    rng: ChaCha20Rng,
}

impl<const L: usize> Setting<L> {
    fn new<const H: usize>() -> Result<Self, Error>
    where
        Uint<L>: SplitEven<Output = Uint<H>>,
    {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let modulus = Modulus::generate(&mut rng)?;
        let key = SecretKey::generate(&modulus, &mut rng)?;
        Ok(Self { modulus, key, rng })
    }

    fn encrypt(&mut self, x: &Residue<L>) -> Result<Ciphertext<L, 2>, Error> {
        self.key.encrypt(x, &mut self.rng)
    }

    /// `x^k` by multiplication under encryption until `right(k, x^k)` fails: the number of multiplications that
    /// gave a right result.
    fn multiplications(
        &mut self,
        x: &Residue<L>,
        right: impl Fn(&Modulus<L>, u32, &Residue<L>) -> bool,
    ) -> Result<u32, Error> {
        let x = self.encrypt(x)?;
        let mut power = x.clone();
        let mut count = 0;
        loop {
            power = power.mul(&x, &self.modulus);
            if !right(&self.modulus, count + 2, &self.key.decrypt(&power)) {
                return Ok(count);
            }
            count += 1;
        }
    }

    /// `(3/2)^k` as a scaled integer. Decoding rounds once, and so does the power, in each of its steps.
    fn fixed_point(&mut self, fraction_bits: u32) -> Result<u32, Error> {
        let fixed = FixedPoint::new(fraction_bits);
        let x = fixed.encode(1.5, &self.modulus)?;
        self.multiplications(&x, |modulus, k, power| {
            let exact = libm::pow(1.5, k.into());
            (fixed.decode(power, k, modulus) - exact).abs() <= f64::from(k) * f64::EPSILON * exact
        })
    }

    /// `(a/b)^k` as a fraction.
    fn fraction(&mut self, a: u32, b: u32) -> Result<u32, Error> {
        let x = Fraction::new(false, Uint::from(a), Uint::from(b))?.encode(&self.modulus)?;
        self.multiplications(&x, |modulus, k, power| {
            // The exact power: a^k / b^k, as long as it fits at all.
            let (mut over, mut under) = (Uint::<L>::ONE, Uint::<L>::ONE);
            for _ in 0..k {
                over = over.wrapping_mul(&Uint::<L>::from(a));
                under = under.wrapping_mul(&Uint::<L>::from(b));
            }
            Fraction::decode(power, modulus)
                .is_ok_and(|x| *x.numerator() == over && *x.denominator() == under)
        })
    }

    /// The longest sum of products of random pixels `j / 255` and weights in `[-1, 1]`, these as convergents with
    /// denominators of at most `max_denominator`, that comes out right. Does not end where the least common multiple of
    /// all denominators, about `e^max_denominator`, stays within the bound.
    fn dot_product(&mut self, max_denominator: u32) -> Result<u32, Error> {
        let mut sum = Ciphertext::scalar(&Residue::ZERO);
        let mut exact = 0.0;
        let mut count = 0;
        loop {
            let pixel = Fraction::new(false, Uint::from(self.rng.next_u32() % 256), Uint::from(255_u32))?;
            let weight = (self.rng.next_u64() >> 11) as f64 / 4_503_599_627_370_496.0 - 1.0;
            let weight = Fraction::from_f64(weight, max_denominator)?;
            exact += pixel.to_f64() * weight.to_f64();
            let pixel = self.encrypt(&pixel.encode(&self.modulus)?)?;
            let weight = self.encrypt(&weight.encode(&self.modulus)?)?;
            sum = sum.add(&pixel.mul(&weight, &self.modulus), &self.modulus);
            let found = Fraction::decode(&self.key.decrypt(&sum), &self.modulus);
            // Sums of f64 err by far less than 1e-9 here, a wrong fraction by far more.
            if !found.is_ok_and(|found| (found.to_f64() - exact).abs() < 1e-9) {
                return Ok(count);
            }
            count += 1;
        }
    }

    /// What scaled integers make of a quotient.
    fn fixed_quotient(&mut self, a: f64, b: f64) -> Result<f64, Error> {
        let fixed = FixedPoint::new(16);
        let a = self.encrypt(&fixed.encode(a, &self.modulus)?)?;
        let b = self.encrypt(&fixed.encode(b, &self.modulus)?)?;
        let quotient = a.try_div(&b, &self.modulus)?;
        Ok(fixed.decode(&self.key.decrypt(&quotient), 0, &self.modulus))
    }
}

/// The shortest of several runs.
fn best<R>(mut f: impl FnMut() -> R) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..200 {
        let start = Instant::now();
        black_box(f());
        best = best.min(start.elapsed());
    }
    best
}

fn us(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e6)
}

struct Rows {
    fixed: String,
    fractions: String,
    sums: String,
    quotients: String,
    times: String,
}

fn rows<const L: usize, const H: usize>() -> Result<Rows, Error>
where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    let bits = Uint::<L>::BITS;
    let start = Instant::now();
    let mut setting = Setting::<L>::new::<H>()?;
    let generation = start.elapsed();
    let mut fixed = format!("| {bits} |");
    for fraction_bits in [8, 16, 24, 32] {
        fixed += &format!(" {} |", setting.fixed_point(fraction_bits)?);
    }
    let mut fractions = format!("| {bits} |");
    for (a, b) in [(3, 2), (5, 7), (128, 255), (40_503, 65_536)] {
        fractions += &format!(" {} |", setting.fraction(a, b)?);
    }
    let mut sums = format!("| {bits} |");
    for max_denominator in [1024, 65_536, u32::MAX] {
        sums += &format!(" {} |", setting.dot_product(max_denominator)?);
    }
    let mut quotients = format!("| {bits} |");
    for (a, b) in [(6.0, 3.0), (1.0, 3.0), (1.0, 0.75)] {
        quotients += &format!(" {:.3e} |", setting.fixed_quotient(a, b)?);
    }

    let message = setting.modulus.random(&mut setting.rng)?;
    let a = setting.encrypt(&message)?;
    let b = setting.encrypt(&message)?;
    let Setting { modulus, key, rng } = &mut setting;
    let times = format!(
        "| {bits} | {:.1} | {} | {} | {} | {} | {} | {} |",
        generation.as_secs_f64() * 1e3,
        us(best(|| key.encrypt(&message, rng))),
        us(best(|| key.decrypt(&a))),
        us(best(|| a.add(&b, modulus))),
        us(best(|| a.mul(&b, modulus))),
        us(best(|| a.try_recip(modulus))),
        us(best(|| Fraction::decode(&message, modulus))),
    );
    Ok(Rows { fixed, fractions, sums, quotients, times })
}

/// The same operations on real numbers, in blocks, since one is shorter than the clock's step.
fn real() -> Result<String, Error> {
    const BLOCK: usize = 1000;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key = RealKey::<f64, 2>::generate(&mut rng)?;
    let mut masks = Uniform::new(0.5, 1.0)?;
    let mut real = Vec::new();
    for _ in 0..BLOCK {
        real.push(key.encrypt(0.75, &mut masks, &mut rng)?);
    }
    let mut out = real.clone();
    let ns = |time: Duration| format!("{:.5}", time.as_secs_f64() * 1e6 / BLOCK as f64);
    let encrypt = ns(best(|| {
        for c in &mut out {
            *c = key.encrypt(0.75, &mut masks, &mut rng).unwrap_or(*c);
        }
        black_box(&mut out);
    }));
    let decrypt = ns(best(|| real.iter().filter(|c| key.decrypt(black_box(c)).is_ok()).count()));
    let mut apply = |f: &dyn Fn(usize) -> more_core::Ciphertext<f64, 2>| {
        ns(best(|| {
            for (k, c) in out.iter_mut().enumerate() {
                *c = f(k);
            }
            black_box(&mut out);
        }))
    };
    let sum = apply(&|k| real[k] + real[BLOCK - 1 - k]);
    let product = apply(&|k| real[k] * real[BLOCK - 1 - k]);
    let inverse = apply(&|k| real[k].try_recip().unwrap_or(real[k]));
    Ok(format!("| real, f64 | | {encrypt} | {decrypt} | {sum} | {product} | {inverse} | |"))
}

fn table(title: &str, head: &str, rows: &[&str]) {
    println!("{title}\n\n{head}\n{}|", "| --- ".repeat(head.matches('|').count() - 1));
    rows.iter().for_each(|row| println!("{row}"));
    println!();
}

fn main() -> Result<(), Error> {
    let sizes = [
        rows::<{ U256::LIMBS }, _>()?,
        rows::<{ U512::LIMBS }, _>()?,
        rows::<{ U1024::LIMBS }, _>()?,
        rows::<{ U2048::LIMBS }, _>()?,
    ];
    let print = |title: &str, head: &str, row: fn(&Rows) -> &str| {
        let rows: Vec<&str> = sizes.iter().map(row).collect();
        table(title, head, &rows);
    };
    print(
        "Scaled integers: multiplications by 1.5 until the result is wrong, by bits behind the binary point",
        "| bits of M | 8 | 16 | 24 | 32 |",
        |rows| &rows.fixed,
    );
    print(
        "Scaled integers with 16 bits: what a quotient decodes to",
        "| bits of M | 6 / 3 | 1 / 3 | 1 / 0.75 |",
        |rows| &rows.quotients,
    );
    print(
        "Fractions: multiplications by a / b until the result is wrong",
        "| bits of M | 3 / 2 | 5 / 7 | 128 / 255 | 40503 / 65536 |",
        |rows| &rows.fractions,
    );
    print(
        "Fractions: terms of a dot product of pixels j / 255 and weights until the result is wrong, by the greatest denominator of a weight",
        "| bits of M | 2^10 | 2^16 | 2^32 |",
        |rows| &rows.sums,
    );
    let real = real()?;
    let mut times: Vec<&str> = sizes.iter().map(|rows| rows.times.as_str()).collect();
    times.push(&real);
    table(
        "Time of an operation at N = 2 in microseconds; of modulus and key in milliseconds",
        "| bits of M | modulus and key, ms | encrypt | decrypt | add | multiply | invert | reconstruct a fraction |",
        &times,
    );
    Ok(())
}
