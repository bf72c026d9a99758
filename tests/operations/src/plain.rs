//! The same operations on plain numbers, for comparison. They are no operations of `more-core`, hence not in
//! [`visit_all`](crate::visit_all).

use core::hint::black_box;

use more_core::Real;
use more_core::rand_core::TryCryptoRng;

use crate::inputs::{opaque, opaque_mut};
use crate::outcome::Plain;
use crate::{Inputs, Visitor};

const GROUP: &str = "plain";

/// A line for each operation on two numbers and the inputs.
macro_rules! operations {
    ($v:ident, |$x:ident, $y:ident, $i:ident| $($name:ident: $value:expr),* $(,)?) => {$(
        $v.visit(GROUP, stringify!($name), |$i: &mut Inputs<T, N, G>| {
            let [$x, $y, ..] = $i.messages;
            // Not all take two.
            let _ = $y;
            Plain($value)
        });
    )*};
}

fn indicator<T: Real>(condition: bool) -> T {
    if condition { T::ONE } else { T::ZERO }
}

fn greatest<T: Real>(values: &[T]) -> T {
    values.iter().fold(-T::INFINITY, |greatest, value| greatest.maximum(*value))
}

/// Turns the values into `exp(z_i - max z)`; returns their sum and the maximum.
fn exponentials<T: Real>(values: &mut [T]) -> (T, T) {
    let shift = greatest(values);
    let mut total = T::ZERO;
    for value in values {
        *value = T::exp(*value - shift);
        total = total + *value;
    }
    (total, shift)
}

/// Shows every plain operation to the visitor, under the name that the encoded ones have without `try_`.
pub fn visit_plain<T: Real, const N: usize, G: TryCryptoRng>(v: &mut impl Visitor<T, N, G>) {
    operations!(v, |x, y, i|
        add: x + y,
        sub: x - y,
        mul: x * y,
        neg: -x,
        mul_acc: x.mul_acc(y, x),
        mul_acc_scalar: x.mul_acc(i.low, y),
        scale: x * i.low,
        scale_by: x * i.low,
        add_scalar: x + i.low,
        sub_scalar: x - i.low,
        add_each: x + i.low,
        maximum: x.maximum(y),
        minimum: x.minimum(y),
        maximum_scalar: x.maximum(i.low),
        minimum_scalar: x.minimum(i.low),
        div: x / y,
        recip: T::ONE / x,
        select: (T::ONE - x) * x + x * y,
        exp: T::exp(x),
        expm1: T::exp_m1(x),
        ln: T::ln(x),
        ln_1p: T::ln_1p(x),
        log10: T::log10(x),
        sqrt: T::sqrt(x),
        cbrt: T::cbrt(x),
        powi: T::powi(x, i.exponent),
        powf: T::powf(x, i.low),
        sin: T::sin(x),
        cos: T::cos(x),
        tan: T::tan(x),
        atan: T::atan(x),
        sinh: T::sinh(x),
        cosh: T::cosh(x),
        tanh: T::tanh(x),
        sigmoid: T::sigmoid(x),
        softplus: T::softplus(x),
        relu: x.maximum(T::ZERO),
        leaky_relu: if x > T::ZERO { x } else { i.low * x },
        gelu: T::HALF * x * T::erfc(x * T::from_f64(-core::f64::consts::FRAC_1_SQRT_2)),
        silu: x * T::sigmoid(x),
        abs: T::abs(x),
        sign: T::copysign(T::ONE, x),
        step: indicator::<T>(x >= T::ZERO),
        clamp: x.maximum(i.low).minimum(i.high),
        floor: T::floor(x),
        round: T::round(x),
        less: indicator::<T>(x < i.low),
        less_or_equal: indicator::<T>(x <= i.low),
        greater: indicator::<T>(x > i.low),
        greater_or_equal: indicator::<T>(x >= i.low),
        equal: indicator::<T>(T::abs(x - i.low) <= i.high),
        less_than: indicator::<T>(x < y),
        less_than_or_equal: indicator::<T>(x <= y),
        greater_than: indicator::<T>(x > y),
        greater_than_or_equal: indicator::<T>(x >= y),
        equal_to: indicator::<T>(T::abs(x - y) <= i.high),
        atan2: T::atan2(x, y),
        hypot: T::hypot(x, y),
        pow: T::powf(x, y),
    );
    v.visit(GROUP, "sort", |i| {
        let mut values = i.messages;
        let values = opaque_mut(&mut values);
        values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(core::cmp::Ordering::Equal));
        Plain(values.first().copied().unwrap_or_default())
    });
    v.visit(GROUP, "argmax", |i| {
        let mut best = (0, -T::INFINITY);
        for (k, value) in opaque(&i.messages).iter().enumerate() {
            if *value > best.1 {
                best = (k, *value);
            }
        }
        best.0
    });
    v.visit(GROUP, "softmax", |i| {
        let mut values = i.messages;
        let values = opaque_mut(&mut values);
        let (total, _) = exponentials(values);
        let factor = T::ONE / total;
        for value in values.iter_mut() {
            *value = *value * factor;
        }
        Plain(black_box(values).first().copied().unwrap_or_default())
    });
    v.visit(GROUP, "log_sum_exp", |i| {
        let mut values = i.messages;
        let (total, shift) = exponentials(opaque_mut(&mut values));
        Plain(shift + T::ln(total))
    });
}

/// The plain operation that an encoded one of this name corresponds to, if there is one.
#[must_use]
pub fn plain_name(name: &str) -> &str {
    let name = name.strip_prefix("try_").unwrap_or(name);
    match name {
        "logm" => "ln",
        "expm" | "sqrtm" | "signm" | "absm" | "relum" | "tanhm" | "sigmoidm" => name.trim_end_matches('m'),
        "recip_unchecked" => "recip",
        "apply_unchecked (sigmoid)" | "apply_with_slope_unchecked (sigmoid)" => "sigmoid",
        _ => name,
    }
}
