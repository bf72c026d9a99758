//! The spectral form: ring, division, functions of one and two arguments.

use core::hint::black_box;

use more_core::rand_core::TryCryptoRng;
use more_core::{Real, Spectrum};

use crate::Visitor;

/// A line for each function of one argument.
macro_rules! functions {
    ($v:ident, $group:ident, $($name:ident($($parameter:ident),*)),* $(,)?) => {$(
        $v.visit($group, stringify!($name), |i| i.x.$name($(i.$parameter),*));
    )*};
}

pub(crate) fn visit<T: Real, const N: usize, G: TryCryptoRng>(v: &mut impl Visitor<T, N, G>) {
    const GROUP: &str = "spectral";
    v.visit(GROUP, "add", |i| i.x + i.y);
    v.visit(GROUP, "sub", |i| i.x - i.y);
    v.visit(GROUP, "mul", |i| i.x * i.y);
    v.visit(GROUP, "neg", |i| -i.x);
    v.visit(GROUP, "mul_acc", |i| i.x.mul_acc(i.y, i.x));
    v.visit(GROUP, "mul_acc_scalar", |i| i.x.mul_acc_scalar(i.low, i.y));
    v.visit(GROUP, "maximum", |i| i.x.maximum(i.y));
    v.visit(GROUP, "minimum", |i| i.x.minimum(i.y));
    v.visit(GROUP, "try_div", |i| i.x.try_div(i.y));
    v.visit(GROUP, "select", |i| Spectrum::select(i.x, i.y, i.x));
    v.visit(GROUP, "scalar", |i| Spectrum::<T, N>::scalar((), i.low));
    v.visit(GROUP, "is_finite", |i| i.x.is_finite());
    v.visit(GROUP, "map", |i| i.x.map(|x| black_box(x)));
    v.visit(GROUP, "zip", |i| i.x.zip(i.y, |x, _| black_box(x)));
    v.visit(GROUP, "try_zip", |i| i.x.try_zip(i.y, |x, _| black_box(x)));
    v.visit(GROUP, "try_apply", |i| i.x.try_apply(|x| black_box(x)));
    v.visit(GROUP, "try_apply_with_derivative", |i| {
        i.x.try_apply_with_derivative(|x| black_box(x), |x| black_box(x))
    });
    v.visit(GROUP, "apply_unchecked (sigmoid)", |i| i.x.apply_unchecked(T::sigmoid, |x| x));
    v.visit(GROUP, "apply_with_slope_unchecked (sigmoid)", |i| {
        i.x.apply_with_slope_unchecked(T::sigmoid, |x, _| x)
    });
    functions!(
        v,
        GROUP,
        scale(low),
        scale_by(low),
        add_scalar(low),
        sub_scalar(low),
        add_each(low),
        recip_unchecked(),
        try_recip(),
        try_exp(),
        try_expm1(),
        try_ln(),
        try_ln_1p(),
        try_log10(),
        try_sqrt(),
        try_cbrt(),
        try_powi(exponent),
        try_powf(low),
        try_sin(),
        try_cos(),
        try_tan(),
        try_atan(),
        try_sinh(),
        try_cosh(),
        try_tanh(),
        try_sigmoid(),
        try_softplus(),
        try_relu(),
        try_leaky_relu(low),
        try_gelu(),
        try_silu(),
        try_abs(),
        try_sign(),
        try_step(),
        try_clamp(low, high),
        try_floor(),
        try_round(),
        try_less(low),
        try_less_or_equal(low),
        try_greater(low),
        try_greater_or_equal(low),
        try_equal(low, high),
        try_maximum_scalar(low),
        try_minimum_scalar(low),
        try_less_than(y),
        try_less_than_or_equal(y),
        try_greater_than(y),
        try_greater_than_or_equal(y),
        try_equal_to(y, high),
        try_atan2(y),
        try_hypot(y),
        try_pow(y),
    );
    // The same without checks.
    functions!(
        v,
        GROUP,
        exp(),
        expm1(),
        ln(),
        ln_1p(),
        log10(),
        sqrt(),
        cbrt(),
        powi(exponent),
        powf(low),
        sin(),
        cos(),
        tan(),
        atan(),
        sinh(),
        cosh(),
        tanh(),
        sigmoid(),
        softplus(),
        relu(),
        leaky_relu(low),
        gelu(),
        silu(),
        abs(),
        sign(),
        step(),
        clamp(low, high),
        floor(),
        round(),
        less(low),
        less_or_equal(low),
        greater(low),
        greater_or_equal(low),
        equal(low, high),
        maximum_scalar(low),
        minimum_scalar(low),
        less_than(y),
        less_than_or_equal(y),
        greater_than(y),
        greater_than_or_equal(y),
        equal_to(y, high),
        atan2(y),
        hypot(y),
        pow(y),
    );
}
