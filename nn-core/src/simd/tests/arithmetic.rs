//! Every method of every instruction set against arithmetic on numbers, and the rules of [`Arithmetic`] on packs.

use std::vec::Vec;

use more_core::{Arithmetic, Ciphertext, Real, Scalar};

use super::super::{Isa, Job, MAX_SAMPLES, PackReal, samples};
use super::{on_all, vector};
use crate::Gradient;
use crate::element::{Element, Learn, Number, Pack};

/// Numbers of all sizes, both zeros, subnormals, infinities, NaN, ties of rounding.
fn numbers<T: Real>() -> Vec<T> {
    let tiny = T::to_f64(T::MIN_POSITIVE);
    let mut out = Vec::new();
    for x in
        [0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 1e-3, 0.1, 7.25, 1e6, 123_456.75, tiny, tiny / 8.0, T::to_f64(T::MAX)]
    {
        out.push(T::from_f64(x));
        out.push(T::from_f64(-x));
    }
    out.extend([T::INFINITY, -T::INFINITY, T::NAN]);
    // Full mantissas, so that a fused operation differs from two rounded ones.
    let mut state = 1_u64;
    for _ in 0..40 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out.push(T::from_f64(<f64 as Real>::uniform(state) * 8.0 - 4.0));
    }
    out
}

fn same<T: Real>(a: T, b: T) -> bool {
    let (x, y) = (T::to_f64(a), T::to_f64(b));
    x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan())
}

fn fused<T: Real>(a: T, b: T, c: T) -> T {
    let (x, y, z) = (T::to_f64(a), T::to_f64(b), T::to_f64(c));
    match T::SCALAR {
        // Narrowing a correctly rounded f64 could round twice: the f32 operation of its own.
        Scalar::F32 => T::from_f64(f64::from(libm::fmaf(x as f32, y as f32, z as f32))),
        Scalar::F64 => T::from_f64(libm::fma(x, y, z)),
    }
}

/// A method of a vector with the function of numbers it must equal.
macro_rules! check {
    ($I:ty, $what:literal, $result:expr, [$($operand:ident),*], $expected:expr) => {
        for (k, y) in samples::<$I>(&$result).iter().enumerate() {
            $(let $operand = samples::<$I>(&$operand)[k];)*
            let expected = $expected;
            assert!(same(*y, expected), "{} of {:?}: {y} for {expected}", $what, [$($operand),*]);
        }
    };
}

#[derive(Clone)]
struct Methods;

impl<T: PackReal> Job<T> for Methods {
    type Output = ();

    fn run<I: Isa<Real = T>>(self, isa: I) {
        let numbers = numbers::<T>();
        let at = |i: usize| numbers[i % numbers.len()];
        let is_portable = std::format!("{isa:?}").starts_with("Portable");
        for i in 0..numbers.len() {
            for j in 0..numbers.len() {
                let gather = |step: usize, first: usize| {
                    vector(isa, &(0..I::SAMPLES).map(|k| at(first + step * k)).collect::<Vec<_>>())
                };
                let (a, b, c) = (gather(1, i), gather(1, j), gather(5, i + 3 * j));
                check!(I, "sum", isa.add(a, b), [a, b], a + b);
                check!(I, "difference", isa.sub(a, b), [a, b], a - b);
                check!(I, "product", isa.mul(a, b), [a, b], a * b);
                check!(I, "quotient", isa.div(a, b), [a, b], a / b);
                check!(
                    I,
                    "fused",
                    isa.fma(a, b, c),
                    [a, b, c],
                    if is_portable { c + a * b } else { fused(a, b, c) }
                );
                check!(
                    I,
                    "fused difference",
                    isa.fms(a, b, c),
                    [a, b, c],
                    if is_portable { a * b - c } else { fused(a, b, -c) }
                );
                check!(I, "sign", isa.copysign(a, b), [a, b], T::copysign(a, b));
                check!(I, "max", isa.max(a, b), [a, b], if a > b { a } else { b });
                check!(I, "min", isa.min(a, b), [a, b], if a < b { a } else { b });
                let d = gather(7, j);
                check!(I, "select", isa.select_less(a, b, c, d), [a, b, c, d], if a < b { c } else { d });
                check!(I, "nan_or", isa.nan_or(a, b), [a, b], if T::is_nan(a) { a } else { b });
            }
            let a = vector(isa, &(0..I::SAMPLES).map(|k| at(i + k)).collect::<Vec<_>>());
            check!(I, "root", isa.sqrt(a), [a], Real::sqrt(a));
            check!(I, "splat", isa.splat(at(i)), [a], {
                let _ = a;
                at(i)
            });
        }
    }
}

#[test]
fn methods_are_those_of_numbers() {
    on_all::<f32, _>(Methods);
    on_all::<f64, _>(Methods);
}

#[derive(Clone)]
struct Scaling;

impl<T: PackReal> Job<T> for Scaling {
    type Output = ();

    fn run<I: Isa<Real = T>>(self, isa: I) {
        let (lowest, highest) = match T::SCALAR {
            Scalar::F32 => (-126, 127),
            Scalar::F64 => (-1022, 1023),
        };
        // All powers that are normal numbers.
        for n in lowest..=highest {
            let n_in_last_bits = T::from_f64(f64::from(n) + T::to_f64(T::ROUNDING));
            let y = samples::<I>(&isa.power_of_two(isa.splat(n_in_last_bits)))[I::SAMPLES - 1];
            assert!(same(y, T::from_f64(libm::scalbn(1.0, n))), "2^{n}: {y} with {isa:?}");
        }
        for i in 0..100_000 {
            let x = T::from_f64(libm::exp2(f64::from(i) * 2e-3 - 100.0) * 1.1);
            let y = T::to_f64(samples::<I>(&isa.recip(isa.splat(x)))[0]);
            let error = (y * T::to_f64(x) - 1.0).abs() / T::to_f64(T::EPSILON);
            assert!(error <= 1.0, "reciprocal of {x} off by {error} with {isa:?}");
            let y = T::to_f64(samples::<I>(&isa.quotient(isa.splat(T::from_f64(0.7)), isa.splat(x)))[0]);
            let error = (y * T::to_f64(x) / T::to_f64(T::from_f64(0.7)) - 1.0).abs() / T::to_f64(T::EPSILON);
            assert!(error <= 1.0, "quotient by {x} off by {error} with {isa:?}");
        }
        // Integers: any order gives the exact sum.
        let ramp: Vec<T> = (0..I::SAMPLES).map(|k| T::from_f64((3 * k * k + 1) as f64)).collect();
        let total: usize = (0..I::SAMPLES).map(|k| 3 * k * k + 1).sum();
        assert_eq!(T::to_f64(isa.sum(vector(isa, &ramp))), total as f64);
    }
}

#[test]
fn scaling_reciprocals_and_sums() {
    on_all::<f32, _>(Scaling);
    on_all::<f64, _>(Scaling);
}

#[derive(Clone)]
struct Rules;

impl<T: PackReal> Job<T> for Rules {
    type Output = ();

    fn run<I: Isa<Real = T>>(self, isa: I) {
        let pack = |x: T| <Pack<I> as Arithmetic>::splat(isa, x);
        let first = |x: Pack<I>| x.samples()[0];
        for x in numbers::<T>() {
            for y in numbers::<T>() {
                let (a, b) = (pack(x), pack(y));
                assert!(same(first(Arithmetic::maximum(a, b)), Arithmetic::maximum(x, y)), "max {x} {y}");
                assert!(same(first(Arithmetic::minimum(a, b)), Arithmetic::minimum(x, y)), "min {x} {y}");
                assert!(same(first(a.scale_by(b)), x * y));
                assert!(same(first(Arithmetic::scale(a, y)), x * y));
            }
            let a = pack(x);
            assert!(same(first(-a), -x), "-({x})");
            assert!(same(first(a.magnitude()), Real::abs(x)), "|{x}|");
            assert!(same(first(Element::relu(a)), Element::relu(x)), "relu {x}");
            assert!(same(first(Element::step(a)), Element::step(x)), "step {x}");
            assert!(same(first(Element::recip(a)), T::ONE / x), "1 / {x}");
            assert_eq!(a == pack(x), !T::is_nan(x));
        }
        assert_eq!(Number::sum(pack(T::ONE)), T::from_f64(I::SAMPLES as f64));

        // Sums of several packs, as many as are taken at once and others: those of each, to the last bit.
        for count in [1, 15, 16, 18, 33] {
            let mut packs = std::vec![pack(T::ZERO); count];
            for (k, x) in packs.iter_mut().flat_map(|p| p.samples_mut()).enumerate() {
                *x = T::from_f64(((k * 37 % 101) as f64 - 50.0) / 7.0);
            }
            let mut sums = std::vec![T::ZERO; count];
            <Pack<I> as Learn<T>>::sums(&packs, &mut sums);
            for (sum, p) in sums.iter().zip(packs) {
                assert!(same(*sum, Number::sum(p)), "{count} sums, {isa:?}");
            }
        }
        matrix_sums::<I, 2>(isa);
        matrix_sums::<I, 3>(isa);
        matrix_sums::<I, 4>(isa);
        matrix_sums::<I, 5>(isa);

        // The gradient of a dense block by outer products, for widths that fill vectors and that do not.
        for width in 1..=16 {
            for inputs in [1, 7, 8, 9, 20] {
                let value = |o: usize, s: usize| ((o * 7 + s * 3) % 11) as f64 - 5.0;
                let make = |count: usize, offset: usize| -> Vec<Pack<I>> {
                    (0..count)
                        .map(|o| {
                            let mut p = pack(T::ZERO);
                            for (s, x) in p.samples_mut().iter_mut().enumerate() {
                                *x = T::from_f64(value(o + offset, s));
                            }
                            p
                        })
                        .collect()
                };
                let (d, x) = (make(width, 0), make(inputs, 5));
                let mut gradient: Vec<T> = (0..width * inputs).map(|i| T::from_f64(i as f64)).collect();
                // Written over as well.
                let mut written = std::vec![T::from_f64(f64::NAN); width * inputs];
                <Pack<I> as Learn<T>>::outer(isa, &d, &x, Gradient::Write(&mut written));
                <Pack<I> as Learn<T>>::outer(isa, &d, &x, Gradient::Add(&mut gradient));
                for i in 0..inputs {
                    for o in 0..width {
                        // Small integers: exact in any order.
                        let sum: f64 = (0..I::SAMPLES).map(|s| value(o, s) * value(i + 5, s)).sum();
                        let expected = (i * width + o) as f64 + sum;
                        assert_eq!(T::to_f64(gradient[i * width + o]), expected, "width {width}, {isa:?}");
                        assert_eq!(T::to_f64(written[i * width + o]), sum, "width {width}, {isa:?}");
                    }
                }
            }
        }
    }
}

/// Sums of several matrices, as many as are taken at once and others: those of each, to the last bit.
fn matrix_sums<I: Isa, const N: usize>(isa: I) {
    for count in [1, 3, 4, 9] {
        let mut matrices = std::vec![Ciphertext::<Pack<I>, N>::zero(isa); count];
        let entries = matrices.iter_mut().flat_map(|m| m.columns_mut().as_flattened_mut());
        for (k, x) in entries.flat_map(|p| p.samples_mut()).enumerate() {
            *x = Real::from_f64(((k * 37 % 101) as f64 - 50.0) / 7.0);
        }
        let mut sums = std::vec![Ciphertext::<I::Real, N>::zero(()); count];
        Learn::sums(&matrices, &mut sums);
        for (sum, m) in sums.iter().zip(matrices) {
            for (sum, p) in sum.columns().as_flattened().iter().zip(m.columns().as_flattened()) {
                assert!(same(*sum, Number::sum(*p)), "{count} matrices of {N}, {isa:?}");
            }
        }
    }
}

#[test]
fn packs_follow_the_rules_of_numbers() {
    on_all::<f32, _>(Rules);
    on_all::<f64, _>(Rules);
}

#[derive(Clone)]
struct Transpose;

impl<T: PackReal> Job<T> for Transpose {
    type Output = ();

    fn run<I: Isa<Real = T>>(self, isa: I) {
        let mut rows = [isa.splat(T::NAN); MAX_SAMPLES];
        for (i, row) in rows.iter_mut().enumerate().take(I::SAMPLES) {
            let values: Vec<T> = (0..I::SAMPLES).map(|j| T::from_f64((16 * i + j) as f64)).collect();
            *row = vector(isa, &values);
        }
        let mut found = Vec::new();
        isa.transpose(|i| rows[i], |j, column| found.push((j, column)));
        assert_eq!(found.iter().map(|(j, _)| *j).collect::<Vec<_>>(), (0..I::SAMPLES).collect::<Vec<_>>());
        for (j, column) in found {
            for (i, value) in samples::<I>(&column).iter().enumerate() {
                assert_eq!(T::to_f64(*value), (16 * i + j) as f64, "row {i}, column {j}");
            }
        }
    }
}

#[test]
fn columns_become_rows() {
    on_all::<f32, _>(Transpose);
    on_all::<f64, _>(Transpose);
}
