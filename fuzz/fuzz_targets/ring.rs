//! Random programs over `+ - *`, negation and scaling: in spectral form with the bits of plain arithmetic, in matrix form
//! within the bound that is carried along.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use more_core::{Ciphertext, EvaluationKey, Real, SecretKey, Spectrum};
use more_tests::network::tracked::Tracked;
use more_tests::tolerance::Setting;
use more_tests::tolerance::network::Rounding;

/// What follows the byte that says which scalar and how many lanes.
#[derive(Arbitrary, Debug)]
#[arbitrary(bound = "T: Real")]
struct Program<T: Real, const N: usize> {
    key: SecretKey<T, N>,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Leaf([i32; 4], u8),
    Copy(u8),
    Add,
    Sub,
    Mul,
    Neg,
    Scale(i32, u8),
}

/// A program this long costs a millisecond; a longer one finds nothing that a short one does not.
const STEPS: usize = 64;

/// Between 2^-40 and 2^40, with full mantissas.
fn number(mantissa: i32, exponent: u8) -> f64 {
    f64::from(mantissa) * (f64::from(i32::from(exponent % 80) - 71)).exp2()
}

/// The same value three times.
#[derive(Clone, Copy)]
struct Value<T: Real, const N: usize> {
    plain: [T; N],
    spectrum: Spectrum<T, N>,
    matrix: Ciphertext<T, N>,
    tracked: Tracked<N>,
}

fn run<T: Real, const N: usize>(input: &[u8]) {
    let Ok(program) = Program::<T, N>::arbitrary_take_rest(Unstructured::new(input)) else { return };
    let secret = &program.key;
    // The secret key's own order of lanes.
    let key = EvaluationKey::from_parts(secret.id(), *secret.expose_columns()).expect("valid columns");
    let setting = Setting { eps: T::to_f64(T::EPSILON), kappa: secret.condition(), n: N };
    let rounding = Rounding::matrix(&setting, T::to_f64(T::MIN_POSITIVE));
    let splat = |x: T| Tracked::<N>::splat(T::to_f64(x));
    let mut stack: Vec<Value<T, N>> = Vec::new();
    for step in program.steps.iter().take(STEPS) {
        let value = match step {
            Step::Leaf(mantissas, exponent) => {
                let plain = std::array::from_fn(|k| T::from_f64(number(mantissas[k], *exponent)));
                let matrix = secret.encrypt_lanes(&plain).expect("finite lanes");
                let mut tracked = Tracked::exact(plain.map(T::to_f64));
                tracked.error = rounding.linear * tracked.largest();
                Value { plain, spectrum: Spectrum::from_lanes(plain), matrix, tracked }
            }
            Step::Copy(depth) => match stack.len().checked_sub(1 + usize::from(*depth)) {
                Some(at) => stack[at],
                None => continue,
            },
            Step::Add | Step::Sub | Step::Mul => {
                let (Some(b), Some(a)) = (stack.pop(), stack.pop()) else { return };
                let zip = |f: fn(T, T) -> T| std::array::from_fn(|k| f(a.plain[k], b.plain[k]));
                let (x, y) = (a.tracked, b.tracked);
                match step {
                    Step::Add => Value {
                        plain: zip(|a, b| a + b),
                        spectrum: a.spectrum + b.spectrum,
                        matrix: a.matrix + b.matrix,
                        tracked: Tracked::sum(&rounding, [x, y].into_iter()),
                    },
                    Step::Sub => Value {
                        plain: zip(|a, b| a - b),
                        spectrum: a.spectrum - b.spectrum,
                        matrix: a.matrix - b.matrix,
                        tracked: x.sub(&rounding, y),
                    },
                    _ => Value {
                        plain: zip(|a, b| a * b),
                        spectrum: a.spectrum * b.spectrum,
                        matrix: a.matrix * b.matrix,
                        tracked: x.mul(&rounding, y),
                    },
                }
            }
            Step::Neg => {
                let Some(a) = stack.pop() else { return };
                Value {
                    plain: a.plain.map(|x| -x),
                    spectrum: -a.spectrum,
                    matrix: -a.matrix,
                    tracked: splat(T::ZERO).sub(&rounding, a.tracked),
                }
            }
            Step::Scale(mantissa, exponent) => {
                let Some(a) = stack.pop() else { return };
                let factor = T::from_f64(number(*mantissa, *exponent));
                Value {
                    plain: a.plain.map(|x| x * factor),
                    spectrum: a.spectrum.scale(factor),
                    matrix: a.matrix.scale(factor),
                    tracked: a.tracked.scale(&rounding, T::to_f64(factor)),
                }
            }
        };

        for k in 0..N {
            let (plain, lane) = (T::to_f64(value.plain[k]), T::to_f64(value.spectrum.lanes()[k]));
            assert_eq!(plain.to_bits(), lane.to_bits(), "spectral form, lane {k}");
        }
        // Bounds are relative: they do not speak of what overflows or underflows in a product.
        let largest = value.tracked.largest() + value.tracked.error;
        let (least, most) = (T::to_f64(T::MIN_POSITIVE), T::to_f64(T::MAX));
        if largest * largest > 1e-3 * most || (largest > 0.0 && largest * largest < 1e6 * least) {
            return;
        }
        let lanes = key.to_spectrum(&value.matrix).expect("finite");
        let bound = value.tracked.error + rounding.linear * largest;
        for k in 0..N {
            let error = (T::to_f64(lanes.lanes()[k]) - value.tracked.lanes[k]).abs();
            assert!(error <= bound, "matrix form, lane {k}: off by {error:e}, more than {bound:e}");
        }
        let message = T::to_f64(secret.decrypt(&value.matrix).expect("finite"));
        assert!((message - value.tracked.lanes[0]).abs() <= bound, "decryption");
        stack.push(value);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((kind, program)) = input.split_first() else { return };
    match kind % 6 {
        0 => run::<f32, 2>(program),
        1 => run::<f64, 2>(program),
        2 => run::<f32, 3>(program),
        3 => run::<f64, 3>(program),
        4 => run::<f32, 4>(program),
        _ => run::<f64, 4>(program),
    }
});
