//! The matrix form: ring, division, functions of one and two arguments.

use core::hint::black_box;

use more_core::rand_core::TryCryptoRng;
use more_core::{Ciphertext, Real};

use crate::Visitor;

/// A line for each function of one argument.
macro_rules! functions {
    ($v:ident, $group:ident, $($name:ident($($parameter:ident),*)),* $(,)?) => {$(
        $v.visit($group, stringify!($name), |i| i.a.$name($(i.$parameter),*));
    )*};
}

pub(crate) fn visit<T: Real, const N: usize, G: TryCryptoRng>(v: &mut impl Visitor<T, N, G>) {
    const GROUP: &str = "matrix";
    v.visit(GROUP, "add", |i| i.a + i.b);
    v.visit(GROUP, "sub", |i| i.a - i.b);
    v.visit(GROUP, "mul", |i| i.a * i.b);
    v.visit(GROUP, "neg", |i| -i.a);
    v.visit(GROUP, "mul_acc", |i| i.a.mul_acc(i.b, i.a));
    v.visit(GROUP, "mul_acc_scalar", |i| i.a.mul_acc_scalar(i.low, i.b));
    v.visit(GROUP, "maximum", |i| i.a.maximum(i.b));
    v.visit(GROUP, "minimum", |i| i.a.minimum(i.b));
    v.visit(GROUP, "try_maximum", |i| i.a.try_maximum(i.b));
    v.visit(GROUP, "try_minimum", |i| i.a.try_minimum(i.b));
    v.visit(GROUP, "try_div", |i| i.a.try_div(i.b));
    v.visit(GROUP, "select", |i| Ciphertext::select(i.a, i.b, i.a));
    v.visit(GROUP, "scalar", |i| Ciphertext::<T, N>::scalar((), i.low));
    v.visit(GROUP, "is_finite", |i| i.a.is_finite());
    v.visit(GROUP, "try_apply", |i| i.a.try_apply(|x| black_box(x)));
    v.visit(GROUP, "try_apply_with_derivative", |i| {
        i.a.try_apply_with_derivative(|x| black_box(x), |x| black_box(x))
    });
    v.visit(GROUP, "apply_unchecked (sigmoid)", |i| {
        i.a.apply_unchecked(T::sigmoid, |x| T::sigmoid(x) * (T::ONE - T::sigmoid(x)))
    });
    v.visit(GROUP, "apply_with_slope_unchecked (sigmoid)", |i| {
        i.a.apply_with_slope_unchecked(T::sigmoid, |_, y| y * (T::ONE - y))
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
        try_less_than(b),
        try_less_than_or_equal(b),
        try_greater_than(b),
        try_greater_than_or_equal(b),
        try_equal_to(b, high),
    );
    // As matrix functions, which never look at an eigenvalue.
    functions!(
        v,
        GROUP,
        try_expm(),
        try_logm(),
        try_sqrtm(),
        try_signm(),
        try_absm(),
        try_relum(),
        try_tanhm(),
        try_sigmoidm(),
    );
    // By lanes, under an evaluation key.
    v.visit(GROUP, "try_apply2", |i| i.evaluation.try_apply2(&i.a, &i.b, |x, y| black_box(x + y)));
    v.visit(GROUP, "try_atan2", |i| i.evaluation.try_atan2(&i.a, &i.b));
    v.visit(GROUP, "try_hypot", |i| i.evaluation.try_hypot(&i.a, &i.b));
    v.visit(GROUP, "try_pow", |i| i.evaluation.try_pow(&i.a, &i.b));
}
