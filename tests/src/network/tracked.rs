//! Values with a bound of the error that another computation of them may have.

use crate::tolerance::network::Rounding;

/// The lanes of an element in `f64`, and by how much each of them may be off in the computation under test.
///
/// For the matrix form, `error` bounds the Frobenius norm of what `S^-1 C S` has beside the lanes: sums and products pass
/// such a matrix on as they do a number, functions by their divided differences, which no slope between the lanes
/// exceeds.
#[derive(Clone, Copy, Debug)]
pub struct Tracked<const N: usize> {
    /// The lanes.
    pub lanes: [f64; N],
    /// The bound of their error.
    pub error: f64,
}

/// `f` with what its error bound needs.
pub struct Function<'a> {
    /// `f`.
    pub value: &'a dyn Fn(f64) -> f64,
    /// The largest slope on an interval, between any two points of it.
    pub slope: &'a dyn Fn(f64, f64) -> f64,
}

impl<const N: usize> Tracked<N> {
    /// Lanes without an error.
    #[must_use]
    pub const fn exact(lanes: [f64; N]) -> Self {
        Self { lanes, error: 0.0 }
    }

    /// The same number in each lane.
    #[must_use]
    pub const fn splat(value: f64) -> Self {
        Self::exact([value; N])
    }

    /// The largest magnitude.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.lanes.iter().fold(0.0, |a: f64, b| a.max(b.abs()))
    }

    /// `start + sum of a b`, in any order.
    #[must_use]
    pub fn dot(rounding: &Rounding, start: Self, terms: impl Iterator<Item = (Self, Self)>) -> Self {
        let mut sum = start;
        let (mut count, mut size) = (1.0, start.largest());
        for (a, b) in terms {
            for k in 0..N {
                sum.lanes[k] += a.lanes[k] * b.lanes[k];
            }
            let (la, lb) = (a.largest(), b.largest());
            sum.error += a.error * lb + la * b.error + a.error * b.error;
            size += (la + a.error) * (lb + b.error);
            count += 1.0;
        }
        sum.error += rounding.product * count * size;
        sum
    }

    /// The sum, in any order.
    #[must_use]
    pub fn sum(rounding: &Rounding, terms: impl Iterator<Item = Self>) -> Self {
        let mut sum = Self::splat(0.0);
        let (mut count, mut size) = (0.0, 0.0);
        for term in terms {
            for k in 0..N {
                sum.lanes[k] += term.lanes[k];
            }
            sum.error += term.error;
            size += term.largest() + term.error;
            count += 1.0;
        }
        sum.error += rounding.linear * count * size;
        sum
    }

    /// `self - other`.
    #[must_use]
    pub fn sub(self, rounding: &Rounding, other: Self) -> Self {
        Self::sum(rounding, [self, other.negative()].into_iter())
    }

    /// `self * other`.
    #[must_use]
    pub fn mul(self, rounding: &Rounding, other: Self) -> Self {
        Self::dot(rounding, Self::splat(0.0), std::iter::once((self, other)))
    }

    /// `factor * self`, the factor being a rounded plain number.
    #[must_use]
    pub fn scale(self, rounding: &Rounding, factor: f64) -> Self {
        let error = factor.abs() * (self.error + 2.0 * rounding.linear * (self.largest() + self.error));
        Self { lanes: self.lanes.map(|x| x * factor), error }
    }

    fn negative(self) -> Self {
        Self { lanes: self.lanes.map(|x| -x), ..self }
    }

    /// `f` of each lane.
    #[must_use]
    pub fn apply(self, rounding: &Rounding, f: &Function<'_>) -> Self {
        let lanes = self.lanes.map(f.value);
        let low = self.lanes.iter().copied().fold(f64::INFINITY, f64::min) - self.error;
        let high = self.lanes.iter().copied().fold(f64::NEG_INFINITY, f64::max) + self.error;
        let slope = (f.slope)(low, high);
        let value = lanes.iter().fold(0.0, |a: f64, b| a.max(b.abs())) + slope * self.error;
        let size = self.largest() + self.error;
        let error = slope * (self.error + rounding.slope * size) + rounding.value * value + rounding.floor;
        Self { lanes, error }
    }
}

fn sigmoid_value(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// `1 / (1 + e^-x)`.
pub const SIGMOID: Function<'static> = Function { value: &sigmoid_value, slope: &|_, _| 0.25 };
/// The hyperbolic tangent.
pub const TANH: Function<'static> = Function { value: &f64::tanh, slope: &|_, _| 1.0 };
/// `max(x, 0)`.
pub const RELU: Function<'static> = Function { value: &|x| x.max(0.0), slope: &|_, _| 1.0 };
/// `e^x`.
pub const EXP: Function<'static> = Function { value: &f64::exp, slope: &|_, high| high.exp() };
/// `ln x` for `x > 0`.
pub const LN: Function<'static> =
    Function { value: &f64::ln, slope: &|low, _| if low > 0.0 { 1.0 / low } else { f64::INFINITY } };
/// `1 / x` for `x > 0`.
pub const RECIP: Function<'static> = Function {
    value: &|x| 1.0 / x,
    slope: &|low, _| if low > 0.0 { 1.0 / (low * low) } else { f64::INFINITY },
};
/// `ln(1 + e^x)`.
pub const SOFTPLUS: Function<'static> =
    Function { value: &|x| x.max(0.0) + (-x.abs()).exp().ln_1p(), slope: &|_, _| 1.0 };

/// 1 where `x > 0`: no slope where all lanes are on one side, the quotient of their distance where they are on two, and
/// nothing can be said where the error reaches over the step.
#[must_use]
pub fn step<const N: usize>(x: Tracked<N>, rounding: &Rounding) -> Tracked<N> {
    let margin = x.lanes.iter().fold(f64::INFINITY, |a: f64, b| a.min(b.abs()));
    let error = x.error + (rounding.slope + rounding.step) * x.largest();
    let slope = if error >= margin { f64::INFINITY } else { 1.0 / margin };
    x.apply(rounding, &Function { value: &|x| if x > 0.0 { 1.0 } else { 0.0 }, slope: &|_, _| slope })
}
