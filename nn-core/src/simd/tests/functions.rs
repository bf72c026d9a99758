//! The exponential function, sigmoid and hyperbolic tangent over the whole range of arguments.

use std::vec::Vec;

use more_core::{Real, Scalar};

use super::super::{Isa, Job, PackReal, Portable, samples};
use super::reference::{self, Double};
use super::{on_all, vector};

/// Arguments: every exponent with many mantissas, both signs, subnormals, infinities and NaN among them, and an even
/// sweep of where the functions are not constant.
fn arguments<T: PackReal>() -> Vec<T> {
    let mut out = Vec::new();
    let (range, steps) = match T::SCALAR {
        Scalar::F32 => {
            // A prime step visits every exponent some 2000 times.
            out.extend((0..u32::MAX / 4093).map(|i| T::from_f64(f64::from(f32::from_bits(i * 4093)))));
            (110.0, 600_011)
        }
        Scalar::F64 => {
            let step = u64::MAX / 400_009;
            out.extend((0..400_009).map(|i| T::from_f64(f64::from_bits(i * step))));
            (760.0, 600_011)
        }
    };
    out.extend((0..=steps).map(|i| T::from_f64(range * (2.0 * f64::from(i) / f64::from(steps) - 1.0))));
    // Near zero, where a hyperbolic tangent could cancel, and where reduction changes over.
    out.extend((0..200_003).map(|i| T::from_f64(f64::from(i) * 1e-5 - 1.0)));
    let half = core::f64::consts::LN_2 / 2.0;
    for k in -1100..1100 {
        for offset in -4..=4 {
            out.push(T::from_f64(half * f64::from(k) * (1.0 + f64::from(offset) * T::to_f64(T::EPSILON))));
        }
    }
    for special in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        out.push(T::from_f64(special));
    }
    out.push(T::MIN_POSITIVE);
    out.push(T::MIN_POSITIVE * T::EPSILON);
    out.push(T::MAX);
    out
}

/// The distance of neighbouring numbers of `T` at `x`.
fn unit<T: Real>(x: f64) -> f64 {
    let (digits, lowest) = match T::SCALAR {
        Scalar::F32 => (23, -126),
        Scalar::F64 => (52, -1022),
    };
    let exponent = if x == 0.0 { lowest } else { libm::ilogb(x).max(lowest) };
    libm::scalbn(1.0, exponent - digits)
}

/// `e^x`, `1 / (1 + e^-x)` and `tanh x`; infinite where `e^x` is too large for an `f64`.
fn exact<T: Real>(x: f64) -> [Double; 3] {
    if T::SCALAR == Scalar::F32 {
        // An f64 is exact to 1e-8 units of an f32.
        return [libm::exp(x), 1.0 / (1.0 + libm::exp(-x)), libm::tanh(x)].map(Double::new);
    }
    let exp = if x > 709.7 { Double::new(libm::exp(x)) } else { reference::exp(x.max(-800.0)) };
    // Beyond these the functions are constant.
    [exp, reference::sigmoid(x.clamp(-709.0, 800.0)), reference::tanh(x)]
}

/// Arguments, with the exact values.
struct Sweep<'a, T>(&'a [(T, [Double; 3])]);

impl<T> Clone for Sweep<'_, T> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<T: PackReal> Job<T> for Sweep<'_, T> {
    type Output = ();

    fn run<I: Isa<Real = T>>(self, isa: I) {
        // Vectors clamp the exponent's argument: below it the function stays at its least value.
        let lowest = T::to_f64(T::LOWEST);
        let floor = 2.1 * T::to_f64(T::MIN_POSITIVE);
        let mut worst = [0.0_f64; 3];
        for part in self.0.chunks(I::SAMPLES) {
            let v = vector(isa, &part.iter().map(|(x, _)| *x).collect::<Vec<_>>());
            let results = [isa.exp(v), isa.sigmoid(v), isa.tanh(v)];
            for (function, result) in results.iter().enumerate() {
                for ((x, exact), y) in part.iter().zip(samples::<I>(result)) {
                    let (x, y, exact) = (T::to_f64(*x), T::to_f64(*y), exact[function]);
                    if x.is_nan() {
                        assert!(y.is_nan(), "function {function} makes a number of NaN");
                    } else if function < 2 && x < lowest {
                        assert!((0.0..=floor).contains(&y), "function {function} at {x:e}: {y:e}");
                    } else if y.is_infinite() || exact.high.is_infinite() {
                        // Where the exact value rounds to infinity, up to the function's error.
                        let largest = T::to_f64(T::MAX);
                        let units = (exact.high - largest) / unit::<T>(largest);
                        assert!(function == 0 && (units > -2.0 && y.is_infinite()), "exp at {x:e} is {y:e}");
                    } else {
                        assert!(function != 2 || y.abs() <= 1.0, "tanh at {x:e}: {y:e}");
                        let error = ((y - exact.high) - exact.low).abs() / unit::<T>(exact.high);
                        worst[function] = worst[function].max(error);
                    }
                }
            }
        }
        let [exp, sigmoid, tanh] = worst;
        let name = std::any::type_name::<I>();
        std::println!("{name}: exp {exp:.3}, sigmoid {sigmoid:.3}, tanh {tanh:.3} units in the last place");
        // What the documentation of `exp` says.
        let bounds = match T::SCALAR {
            Scalar::F32 => [1.1, 2.2, 2.4],
            Scalar::F64 => [1.1, 2.1, 2.1],
        };
        for (function, (worst, bound)) in worst.into_iter().zip(bounds).enumerate() {
            assert!(worst <= bound, "{name}: function {function} is off by {worst} units");
        }
    }
}

fn sweep<T: PackReal>() {
    let points: Vec<_> = arguments::<T>().into_iter().map(|x| (x, exact::<T>(T::to_f64(x)))).collect();
    assert!(points.len() > 1_000_000);
    on_all::<T, _>(Sweep(&points));
}

#[test]
fn f32_over_the_whole_range() {
    sweep::<f32>();
}

#[test]
fn f64_over_the_whole_range() {
    sweep::<f64>();
}

#[derive(Clone)]
struct Logarithm;

impl<T: PackReal> Job<T> for Logarithm {
    type Output = ();

    fn run<I: Isa<Real = T>>(self, isa: I) {
        for x in arguments::<T>().chunks(I::SAMPLES).step_by(101) {
            let ln = isa.ln(vector(isa, x));
            for (x, y) in x.iter().zip(samples::<I>(&ln)) {
                let expected = <T as Real>::ln(*x);
                assert!(*y == expected || (T::is_nan(*y) && T::is_nan(expected)));
            }
        }
    }
}

#[test]
fn logarithms_are_those_of_numbers() {
    on_all::<f32, _>(Logarithm);
    on_all::<f64, _>(Logarithm);
}

/// The portable path rounds as single numbers do.
#[test]
fn portable_functions_have_the_bits_of_numbers() {
    fn check<T: PackReal>()
    where
        Portable<T, 8>: Isa<Real = T>,
    {
        use more_core::Arithmetic;
        let isa = Portable::<T, 8>::new();
        for x in arguments::<T>().chunks(<Portable<T, 8> as Isa>::SAMPLES).step_by(7) {
            let v = vector(isa, x);
            let functions: [fn(T) -> T; 3] =
                [Arithmetic::exponential, Arithmetic::sigmoid, Arithmetic::hyperbolic_tangent];
            for (vector, f) in [isa.exp(v), isa.sigmoid(v), isa.tanh(v)].into_iter().zip(functions) {
                for (x, y) in x.iter().zip(samples::<Portable<T, 8>>(&vector)) {
                    let expected = f(*x);
                    assert!(*y == expected || (T::is_nan(*y) && T::is_nan(expected)), "at {x}");
                }
            }
        }
    }
    check::<f32>();
    check::<f64>();
}
