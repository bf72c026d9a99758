//! Each operation of the scheme with its bound from the tolerance table.

use more_core::{Ciphertext, EvaluationKey, LaneRows, Real};

use super::point::Instance;
use crate::functions::{self, Function, Jumping, highest, jumping, steepest};
use crate::generators::{largest, smallest};

/// The error as a share of its bound; `None` where none is claimed: a lane at a jump.
type Share<T, const N: usize> = dyn Fn(&Instance<T, N>) -> Option<f64> + Send + Sync;

/// An operation that can be tried.
pub struct Operation<T: Real, const N: usize> {
    /// As the report calls it.
    pub name: String,
    /// The least lane.
    pub low: f64,
    /// The greatest lane.
    pub high: f64,
    /// How it fares on an instance.
    pub share: Box<Share<T, N>>,
}

/// All of them.
#[must_use]
pub fn operations<T: Real, const N: usize>() -> Vec<Operation<T, N>> {
    let mut list = ring();
    list.extend(functions::functions().into_iter().map(continuous));
    list.extend(jumping().into_iter().map(with_jumps));
    list.extend(functions::matrix::functions().into_iter().map(as_matrix));
    list.push(sign_as_matrix());
    list
}

/// The largest error of a lane over `bound`. No error is no share, also of a bound that is zero.
fn share<T: Real, const N: usize>(lanes: &[T; N], expected: &[f64; N], bound: f64) -> f64 {
    let error = lanes.iter().zip(expected).fold(0.0, |worst: f64, (lane, expected)| {
        let error = (T::to_f64(*lane) - expected).abs();
        if error.is_nan() || error > worst { error } else { worst }
    });
    if error == 0.0 { 0.0 } else { error / bound }
}

fn in_matrix_form<T: Real, const N: usize>(
    key: &EvaluationKey<T, N>,
    c: &Ciphertext<T, N>,
    expected: &[f64; N],
    bound: f64,
) -> Option<f64> {
    Some(share(key.to_spectrum(c).expect("finite").lanes(), expected, bound))
}

fn zip<const N: usize>(a: &[f64; N], b: &[f64; N], f: impl Fn(f64, f64) -> f64) -> [f64; N] {
    std::array::from_fn(|k| f(a[k], b[k]))
}

macro_rules! ring_operation {
    ($name:literal, $low:expr, $high:expr, |$i:ident, $x:ident, $y:ident, $la:ident, $lb:ident| $c:expr, $expected:expr, $bound:expr) => {
        Operation {
            name: $name.to_owned(),
            low: $low,
            high: $high,
            share: Box::new(|$i: &Instance<T, N>| {
                let ($x, $y) = (&$i.a.map(T::to_f64), &$i.b.map(T::to_f64));
                let ($la, $lb) = (largest(&$i.a), largest(&$i.b));
                let (_, _, _) = ($y, $la, $lb);
                in_matrix_form(&$i.key, &$c, &$expected, $bound)
            }),
        }
    };
}

fn ring<T: Real, const N: usize>() -> Vec<Operation<T, N>> {
    vec![
        Operation {
            name: "encrypt, decrypt".to_owned(),
            low: -1.0,
            high: 1.0,
            share: Box::new(|i| {
                let message = i.secret.decrypt(&i.ca).expect("finite");
                Some(share(&[message], &[T::to_f64(i.a[0])], i.setting.conversion(largest(&i.a))))
            }),
        },
        ring_operation!("conversion", -1.0, 1.0, |i, x, y, la, lb| i.ca, *x, i.setting.conversion(la)),
        Operation {
            name: "conversion by rows".to_owned(),
            low: -1.0,
            high: 1.0,
            share: Box::new(|i| {
                let lanes = LaneRows::new(&i.key).to_spectrum(&i.ca);
                Some(share(lanes.lanes(), &i.a.map(T::to_f64), i.setting.rows(largest(&i.a))))
            }),
        },
        ring_operation!("sum", -1.0, 1.0, |i, x, y, la, lb| i.ca + i.cb, zip(x, y, |x, y| x + y), {
            i.setting.conversion(la + lb)
        }),
        ring_operation!("product", -1.0, 1.0, |i, x, y, la, lb| i.ca * i.cb, zip(x, y, |x, y| x * y), {
            i.setting.product(la * lb)
        }),
        ring_operation!("projection", -1.0, 1.0, |i, x, y, la, lb| i.key.project(&i.ca), *x, {
            2.0 * i.setting.conversion(la)
        }),
        ring_operation!(
            "reciprocal",
            0.1,
            2.0,
            |i, x, y, la, lb| i.ca.try_recip().expect("not zero"),
            x.map(f64::recip),
            i.setting.reciprocal(la, smallest(&i.a))
        ),
        ring_operation!(
            "quotient",
            0.1,
            2.0,
            |i, x, y, la, lb| i.ca.try_div(i.cb).expect("not zero"),
            zip(x, y, |x, y| x / y),
            la * i.setting.reciprocal(lb, smallest(&i.b)) + i.setting.product(la / smallest(&i.b))
        ),
    ]
}

fn continuous<T: Real, const N: usize>(function: Function<T, N>) -> Operation<T, N> {
    Operation {
        name: function.name.to_owned(),
        low: function.low,
        high: function.high,
        share: Box::new(move |i| {
            let exact = i.a.map(T::to_f64);
            let bound =
                i.setting.function(largest(&i.a), function.steepest(&exact), function.highest(&exact));
            let c = (function.matrix)(i.ca).expect("in the domain");
            in_matrix_form(&i.key, &c, &exact.map(function.plain), bound)
        }),
    }
}

fn with_jumps<T: Real, const N: usize>(Jumping { function, distance }: Jumping<T, N>) -> Operation<T, N> {
    Operation {
        name: function.name.to_owned(),
        low: function.low,
        high: function.high,
        share: Box::new(move |i| {
            let exact = i.a.map(T::to_f64);
            if exact.iter().any(|x| distance(*x) <= i.setting.conversion(largest(&i.a))) {
                return None;
            }
            let bound =
                i.setting.function(largest(&i.a), function.quotient(&exact), function.highest(&exact));
            let c = (function.matrix)(i.ca).expect("a ciphertext");
            in_matrix_form(&i.key, &c, &exact.map(function.plain), bound)
        }),
    }
}

fn as_matrix<T: Real, const N: usize>(function: functions::matrix::Function<T, N>) -> Operation<T, N> {
    Operation {
        name: format!("{}, matrix", function.name),
        low: function.low,
        high: function.high,
        share: Box::new(move |i| {
            // A lane within its own rounding error of zero may be negative: outside the domain, as the function says.
            if function.low > 0.0 && smallest(&i.a) <= 2.0 * i.setting.conversion(largest(&i.a)) {
                return None;
            }
            let exact = i.a.map(T::to_f64);
            let (slope, value) = (steepest(function.slope, &exact), highest(function.plain, &exact));
            let c = (function.matrix)(i.ca).expect("in the domain");
            in_matrix_form(
                &i.key,
                &c,
                &exact.map(function.plain),
                i.setting.function(largest(&i.a), slope, value),
            )
        }),
    }
}

/// Lanes of both signs, none nearer to zero than a tenth of the largest, which a lane of the list by eigenvalues is not.
fn sign_as_matrix<T: Real, const N: usize>() -> Operation<T, N> {
    Operation {
        name: "sign, matrix".to_owned(),
        low: -3.0,
        high: 3.0,
        share: Box::new(|i| {
            let exact = i.a.map(T::to_f64);
            if smallest(&i.a) <= 0.1 * largest(&i.a) {
                return None;
            }
            let steepest =
                exact.iter().flat_map(|x| exact.map(|y| (x.signum() - y.signum()).abs() / (x - y).abs()));
            let slope = steepest.filter(|slope| slope.is_finite()).fold(0.0, f64::max);
            let bound = i.setting.function(largest(&i.a), slope, 1.0);
            let c = i.ca.try_signm().expect("no lane is zero");
            in_matrix_form(&i.key, &c, &exact.map(f64::signum), bound)
        }),
    }
}
