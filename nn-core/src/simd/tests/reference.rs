//! Exponentials to about 30 digits: sums of two `f64`.

/// `high + low`, with `|low|` at most half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Double {
    pub(super) high: f64,
    pub(super) low: f64,
}

const LN_2: Double = Double { high: core::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };

impl Double {
    pub(super) const fn new(high: f64) -> Self {
        Self { high, low: 0.0 }
    }

    /// Dekker's sum of `|a| >= |b|`.
    fn quick(a: f64, b: f64) -> Self {
        let high = a + b;
        Self { high, low: b - (high - a) }
    }

    /// Knuth's sum, exact.
    fn two_sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Self { high, low: (a - (high - part)) + (b - part) }
    }

    fn add(self, other: Self) -> Self {
        let high = Self::two_sum(self.high, other.high);
        let low = Self::two_sum(self.low, other.low);
        let sum = Self::quick(high.high, high.low + low.high);
        Self::quick(sum.high, sum.low + low.low)
    }

    fn mul(self, other: Self) -> Self {
        let high = self.high * other.high;
        let low = libm::fma(self.high, other.high, -high);
        Self::quick(high, low + (self.high * other.low + self.low * other.high))
    }

    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }

    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self.add(other.mul(Self::new(first)).neg());
        let second = rest.high / other.high;
        let rest = rest.add(other.mul(Self::new(second)).neg());
        Self::quick(first, second).add(Self::new(rest.high / other.high))
    }

    fn times_power_of_two(self, n: i32) -> Self {
        Self { high: libm::scalbn(self.high, n), low: libm::scalbn(self.low, n) }
    }
}

/// Terms of Taylor's series: `0.35^21 / 21!` is 5e-30 of the first one.
const TERMS: usize = 21;

/// `1 / k`.
fn inverses() -> &'static [Double; TERMS + 1] {
    static INVERSES: std::sync::OnceLock<[Double; TERMS + 1]> = std::sync::OnceLock::new();
    INVERSES.get_or_init(|| core::array::from_fn(|k| Double::new(1.0).div(Double::new(k.max(1) as f64))))
}

/// `(s, n)` with `e^x = 2^n (1 + s)`, `s` from Taylor's series for `|r| <= ln 2 / 2`.
fn reduce(x: Double) -> (Double, i32) {
    let n = libm::rint(x.high / LN_2.high);
    let r = x.add(LN_2.mul(Double::new(-n)));
    let mut s = Double::new(0.0);
    for inverse in inverses()[1..].iter().rev() {
        s = s.add(Double::new(1.0)).mul(r).mul(*inverse);
    }
    (s, n as i32)
}

/// `e^x`.
pub(super) fn exp(x: f64) -> Double {
    let (s, n) = reduce(Double::new(x));
    s.add(Double::new(1.0)).times_power_of_two(n)
}

/// `1 / (1 + e^-x)`.
pub(super) fn sigmoid(x: f64) -> Double {
    let one = Double::new(1.0);
    one.div(one.add(exp(-x)))
}

/// `(e^2x - 1) / (e^2x + 1)`.
pub(super) fn tanh(x: f64) -> Double {
    // Halving and doubling keep products of subnormal numbers away.
    if x.abs() < 1e-150 {
        return Double::new(x);
    }
    let (s, n) = reduce(Double::new(2.0 * x.clamp(-40.0, 40.0)));
    let power = Double::new(1.0).times_power_of_two(n);
    let expm1 = s.mul(power).add(power).add(Double::new(-1.0));
    let expm1 = if n == 0 { s } else { expm1 };
    expm1.div(expm1.add(Double::new(2.0)))
}

#[test]
fn known_digits() {
    // The digits of e and tanh 1 behind the nearest f64, from arithmetic with 60 digits.
    let e = exp(1.0);
    assert_eq!(e.high, core::f64::consts::E);
    assert!((e.low - 1.445_646_891_729_250_2e-16).abs() < 1e-30);
    let t = tanh(1.0);
    assert_eq!(t.high, 0.761_594_155_955_764_9);
    assert!((t.low - 3.709_021_448_216_492e-17).abs() < 1e-30);
    let s = sigmoid(0.0);
    assert_eq!((s.high, s.low), (0.5, 0.0));
}
