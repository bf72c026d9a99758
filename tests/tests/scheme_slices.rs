//! Sort, top-k, argmax, softmax and log-sum-exp of slices in both forms, lane by lane against plain `f64`.

#![allow(clippy::needless_range_loop, reason = "two arrays are walked with one index")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use more_core::{Ciphertext, Error, EvaluationKey, Real, SecretKey, Spectrum};
use more_tests::generators::{Case, case, largest};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};

/// How a value of the slice comes about.
#[derive(Clone, Debug)]
enum Source {
    /// From numbers of its own.
    Own([f64; 8]),
    /// The one before, again.
    Again,
    /// The one before times `1 + gap`.
    Near(f64),
}

fn sources() -> impl Strategy<Value = Vec<Source>> {
    let source = prop_oneof![
        4 => prop::array::uniform8(-1.0..1.0_f64).prop_map(Source::Own),
        1 => Just(Source::Again),
        1 => (0.0..17.0_f64).prop_map(|digits| Source::Near(10.0_f64.powf(-digits))),
    ];
    prop::collection::vec(source, 0..12)
}

/// The values' lanes: the first from the case, within `limit` and twice that for near ones.
fn values<T: Real, const N: usize>(case: &Case, sources: &[Source], limit: f64) -> Vec<[T; N]> {
    let mut values: Vec<[T; N]> = vec![case.lanes_within(&case.first, -limit, limit)];
    let mut fresh = values[0];
    for source in sources {
        let value = match source {
            Source::Own(numbers) => {
                fresh = case.lanes_within(numbers, -limit, limit);
                fresh
            }
            Source::Again => values[values.len() - 1],
            // From the last value of its own, so that factors do not pile up.
            Source::Near(gap) => fresh.map(|lane| lane * T::from_f64(1.0 + gap)),
        };
        values.push(value);
    }
    values
}

fn encrypted<T: Real, const N: usize>(key: &SecretKey<T, N>, values: &[[T; N]]) -> Vec<Ciphertext<T, N>> {
    values.iter().map(|lanes| key.encrypt_lanes(lanes).expect("finite")).collect()
}

fn spectra<T: Real, const N: usize>(values: &[[T; N]]) -> Vec<Spectrum<T, N>> {
    values.iter().map(|lanes| Spectrum::from_lanes(*lanes)).collect()
}

fn lane<T: Real, const N: usize>(values: &[[T; N]], k: usize) -> Vec<f64> {
    values.iter().map(|lanes| T::to_f64(lanes[k])).collect()
}

/// `[i][k]`, as the evaluation key reads it.
fn read<T: Real, const N: usize>(key: &EvaluationKey<T, N>, values: &[Ciphertext<T, N>]) -> Vec<[T; N]> {
    values.iter().map(|c| *key.to_spectrum(c).expect("finite").lanes()).collect()
}

fn size<T: Real, const N: usize>(values: &[[T; N]]) -> f64 {
    values.iter().map(largest).fold(0.0, f64::max)
}

/// Each value passes through `t (t + 1) / 2` exchanges in a sort, and through at most as many as there are values and
/// places in a selection.
fn sorting<T: Real, const N: usize>(case: &Case, sources: &[Source]) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let values = values::<T, N>(case, sources, case.scale);
    let l = size(&values);
    let count = values.len();
    let t = f64::from(count.next_power_of_two().ilog2());
    let places = 1 + case.seed as usize % count;

    let mut ciphertexts = encrypted(&secret, &values);
    let mut top = vec![Ciphertext::zero(()); places];
    Ciphertext::try_top_k(&ciphertexts, &mut top).expect("ciphertexts");
    Ciphertext::try_sort(&mut ciphertexts).expect("ciphertexts");
    let (found, top) = (read(&key, &ciphertexts), read(&key, &top));
    let mut exact = spectra(&values);
    let mut exact_top = vec![Spectrum::zero(()); places];
    Spectrum::try_top_k(&exact, &mut exact_top).expect("not empty");
    Spectrum::try_sort(&mut exact).expect("not empty");

    let bound = setting.conversion(l) + 0.5 * t * (t + 1.0) * setting.extreme(2.0 * l);
    let top_bound = setting.conversion(l) + (count + places) as f64 * setting.extreme(2.0 * l);
    for k in 0..N {
        let mut sorted = lane(&values, k);
        sorted.sort_by(f64::total_cmp);
        for i in 0..count {
            prop_assert_eq!(T::to_f64(exact[i].lanes()[k]), sorted[i]);
            let error = (T::to_f64(found[i][k]) - sorted[i]).abs();
            prop_assert!(error <= bound, "place {i} of {values:?}, lane {k}: off {error:e} > {bound:e}");
        }
        for i in 0..places {
            let expected = sorted[count - 1 - i];
            prop_assert_eq!(T::to_f64(exact_top[i].lanes()[k]), expected);
            let error = (T::to_f64(top[i][k]) - expected).abs();
            prop_assert!(
                error <= top_bound,
                "top {i} of {values:?}, lane {k}: off {error:e} > {top_bound:e}"
            );
        }
    }
    Ok(())
}

/// Exact in spectral form. In matrix form where no value is nearer to the greatest before it than the error of their
/// difference; else only the sum of the one-hot vector is.
fn argmax<T: Real, const N: usize>(case: &Case, sources: &[Source]) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let values = values::<T, N>(case, sources, case.scale);
    let l = size(&values);
    let count = values.len();
    let expected: [usize; N] = std::array::from_fn(|k| {
        let lane = lane(&values, k);
        (0..count).fold(0, |best, i| if lane[i] > lane[best] { i } else { best })
    });

    let exact = spectra(&values);
    let index = Spectrum::try_argmax(&exact).expect("not empty");
    prop_assert_eq!(index.lanes().map(T::to_f64), expected.map(|i| i as f64));
    let mut one_hot = vec![Spectrum::zero(()); count];
    Spectrum::try_argmax_one_hot(&exact, &mut one_hot).expect("of one length");
    for k in 0..N {
        for i in 0..count {
            prop_assert_eq!(T::to_f64(one_hot[i].lanes()[k]), f64::from(u8::from(i == expected[k])));
        }
    }

    let ciphertexts = encrypted(&secret, &values);
    let index = read(&key, &[Ciphertext::try_argmax(&ciphertexts).expect("ciphertexts")])[0];
    let mut one_hot = vec![Ciphertext::zero(()); count];
    Ciphertext::try_argmax_one_hot(&ciphertexts, &mut one_hot).expect("of one length");
    let one_hot = read(&key, &one_hot);
    // Errors of the running maximum, of all comparisons, and of the two recurrences.
    let (mut running, mut compared, mut clear) = (0.0, 0.0, true);
    let mut greatest = values[0].map(T::to_f64);
    for value in &values[1..] {
        let gaps: [f64; N] = std::array::from_fn(|k| T::to_f64(value[k]) - greatest[k]);
        clear &= gaps.iter().all(|gap| gap.abs() > setting.tie(2.0 * l) + running);
        let mut slope = 0.0_f64;
        for k in 0..N {
            for m in 0..k {
                if (gaps[k] > 0.0) != (gaps[m] > 0.0) {
                    slope = slope.max(1.0 / (gaps[k] - gaps[m]).abs());
                }
            }
            greatest[k] = greatest[k].max(T::to_f64(value[k]));
        }
        compared += setting.function(2.0 * l, slope, 1.0) + slope * running;
        running += setting.extreme(2.0 * l);
    }
    let step = setting.product(1.0) + setting.conversion(2.0);
    let n = count as f64;
    for k in 0..N {
        if clear {
            let bound = setting.conversion(n) + n * (compared + n * step);
            let error = (T::to_f64(index[k]) - expected[k] as f64).abs();
            prop_assert!(error <= bound, "index of {values:?}, lane {k}: off {error:e} > {bound:e}");
            let bound = setting.conversion(1.0) + compared + n * step;
            for i in 0..count {
                let error = (T::to_f64(one_hot[i][k]) - f64::from(u8::from(i == expected[k]))).abs();
                prop_assert!(error <= bound, "entry {i} of {values:?}, lane {k}: off {error:e} > {bound:e}");
            }
        }
    }
    // What is left for earlier values is 1 less all later entries; each step rounds its product with a comparison.
    let left = 1.0 + (0..N).map(|k| lane(&one_hot, k).iter().map(|x| x.abs()).sum()).fold(0.0, f64::max);
    let bound = n * (setting.product(left * (1.0 + setting.overshoot())) + setting.conversion(left));
    for k in 0..N {
        let sum: f64 = lane(&one_hot, k).iter().sum();
        prop_assert!((sum - 1.0).abs() <= bound, "sum {sum} > 1 + {bound:e} of {one_hot:?}");
    }
    Ok(())
}

fn plain_softmax(values: &[f64]) -> (Vec<f64>, f64) {
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = values.iter().map(|z| (z - greatest).exp()).collect();
    let total: f64 = powers.iter().sum();
    (powers.iter().map(|power| power / total).collect(), greatest + total.ln())
}

fn softmax<T: Real, const N: usize>(case: &Case, sources: &[Source]) -> TestCaseResult {
    let (secret, key, setting) = case.keys::<T, N>();
    let values = values::<T, N>(case, sources, case.scale);
    let l = size(&values);
    let n = values.len() as f64;

    let mut exact = spectra(&values);
    let exact_log = Spectrum::try_log_sum_exp(&exact).expect("not empty");
    Spectrum::try_softmax(&mut exact).expect("not empty");
    let mut ciphertexts = encrypted(&secret, &values);
    let log = read(&key, &[Ciphertext::try_log_sum_exp(&ciphertexts).expect("ciphertexts")])[0];
    Ciphertext::try_softmax(&mut ciphertexts).expect("ciphertexts");
    let found = read(&key, &ciphertexts);

    // The derivation of docs/numerics.md, step by step.
    let maximum = (n - 1.0) * setting.extreme(2.0 * l);
    let power = maximum + setting.conversion(2.0 * l) + setting.function(2.0 * l, 1.0, 1.0);
    let total = n * (power + setting.conversion(n));
    let factor = total + setting.reciprocal(n, 1.0);
    let bound = setting.conversion(1.0) + power + factor + setting.product(1.0);
    let logarithm = total + setting.function(n, 1.0, n.ln());
    let log_bound = setting.conversion(2.0 * l + n.ln()) + maximum + logarithm;
    // In spectral form: the difference is rounded, which the exponential multiplies; the sum of n terms; the reciprocal
    // and the product. All of it twice, since the reference is rounded likewise.
    let spectral = |power: f64, z: f64| setting.elementary(power) + power * setting.rounded(z);
    for k in 0..N {
        let lane = lane(&values, k);
        let greatest = lane.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (expected, expected_log) = plain_softmax(&lane);
        let powers: Vec<f64> = lane.iter().map(|z| (z - greatest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        let sum_error = powers.iter().zip(&lane).map(|(p, z)| spectral(*p, z - greatest)).sum::<f64>()
            + n * setting.rounded(sum);
        for i in 0..lane.len() {
            let error = (T::to_f64(found[i][k]) - expected[i]).abs();
            prop_assert!(error <= bound, "softmax {i} of {values:?}, lane {k}: off {error:e} > {bound:e}");
            let error = (T::to_f64(exact[i].lanes()[k]) - expected[i]).abs();
            // An exponential below the range is rounded to a subnormal number or to zero.
            let rounding = (spectral(powers[i], lane[i] - greatest) + expected[i] * sum_error) / sum
                + 2.0 * setting.rounded(expected[i])
                + T::to_f64(T::MIN_POSITIVE);
            let rounding = 2.0 * rounding;
            prop_assert!(error <= rounding, "softmax {i}, spectral lane {k}: off {error:e} > {rounding:e}");
        }
        let error = (T::to_f64(log[k]) - expected_log).abs();
        prop_assert!(error <= log_bound, "log of {values:?}, lane {k}: off {error:e} > {log_bound:e}");
        let error = (T::to_f64(exact_log.lanes()[k]) - expected_log).abs();
        let rounding = setting.rounded(expected_log) + setting.elementary(sum.ln()) + sum_error / sum;
        let rounding = 2.0 * rounding;
        prop_assert!(error <= rounding, "log, spectral lane {k}: off {error:e} > {rounding:e}");
    }
    Ok(())
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    macro_rules! refused {
        ($($form:ident)*) => {$(
            type E = $form<f32, 2>;
            let two = [E::zero(()); 2];
            let (mut none, mut one, mut three): ([E; 0], _, _) = ([], [E::zero(())], [E::zero(()); 3]);
            assert_eq!(E::try_sort(&mut none), Err(Error::Length));
            assert_eq!(E::try_softmax(&mut none), Err(Error::Length));
            assert_eq!(E::try_argmax(&none), Err(Error::Length));
            assert_eq!(E::try_log_sum_exp(&none), Err(Error::Length));
            assert_eq!(E::try_argmax_one_hot(&[], &mut none), Err(Error::Length));
            assert_eq!(E::try_top_k(&two, &mut none), Err(Error::Length));
            assert_eq!(E::try_top_k(&two, &mut three), Err(Error::Length));
            assert_eq!(E::try_argmax_one_hot(&two, &mut three), Err(Error::Length));
            assert_eq!(E::try_argmax_one_hot(&two, &mut one), Err(Error::Length));
        )*};
    }
    {
        refused!(Ciphertext);
    }
    {
        refused!(Spectrum);
    }
}

/// NaN is the greatest and stays in its lane; where there is one, no index is a number.
#[test]
fn nan_and_infinity_stay_in_their_lanes() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let lanes =
        [[2.0, nan, inf, -inf], [1.0, 3.0, nan, -inf], [5.0, -inf, 0.0, -inf], [5.0, nan, -1.0, -inf]];
    let values = lanes.map(Spectrum::from_lanes);
    let show = |values: &[Spectrum<f64, 4>], k: usize| -> Vec<String> {
        values.iter().map(|value| value.lanes()[k].to_string()).collect()
    };
    let mut sorted = values;
    Spectrum::try_sort(&mut sorted).unwrap();
    assert_eq!(show(&sorted, 0), ["1", "2", "5", "5"]);
    assert_eq!(show(&sorted, 1), ["-inf", "3", "NaN", "NaN"]);
    assert_eq!(show(&sorted, 2), ["-1", "0", "inf", "NaN"]);
    assert_eq!(show(&sorted, 3), ["-inf"; 4]);
    let mut top = [Spectrum::zero(()); 3];
    Spectrum::try_top_k(&values, &mut top).unwrap();
    assert_eq!(show(&top, 1), ["NaN", "NaN", "3"]);
    assert_eq!(show(&top, 2), ["NaN", "inf", "0"]);

    assert_eq!(show(&[Spectrum::try_argmax(&values).unwrap()], 0), ["2"]);
    let index = *Spectrum::try_argmax(&values).unwrap().lanes();
    assert!(index[1].is_nan() && index[2].is_nan() && index[3] == 0.0);
    let mut one_hot = [Spectrum::zero(()); 4];
    Spectrum::try_argmax_one_hot(&values, &mut one_hot).unwrap();
    assert_eq!(show(&one_hot, 0), ["0", "0", "1", "0"]);
    assert_eq!(show(&one_hot, 1), ["NaN"; 4]);
    assert_eq!(show(&one_hot, 2), ["NaN"; 4]);
    assert_eq!(show(&one_hot, 3), ["1", "0", "0", "0"]);
    assert!(Spectrum::try_argmax(&[Spectrum::<f64, 2>::scalar((), nan)]).unwrap().lanes()[0].is_nan());

    let log = [[1.0, nan, inf, -inf], [-inf, 0.0, 0.0, -inf]].map(Spectrum::from_lanes);
    assert_eq!(show(&[Spectrum::try_log_sum_exp(&log).unwrap()], 0), ["1"]);
    assert_eq!(show(&[Spectrum::try_log_sum_exp(&log).unwrap()], 1), ["NaN"]);
    assert_eq!(show(&[Spectrum::try_log_sum_exp(&log).unwrap()], 2), ["inf"]);
    assert_eq!(show(&[Spectrum::try_log_sum_exp(&log).unwrap()], 3), ["-inf"]);
    let mut probabilities = log;
    Spectrum::try_softmax(&mut probabilities).unwrap();
    assert_eq!(show(&probabilities, 0), ["1", "0"]);
    for k in 1..4 {
        assert_eq!(show(&probabilities, k), ["NaN"; 2]);
    }
}

#[test]
fn what_is_not_finite_is_an_error_in_matrix_form() {
    let values = [Ciphertext::<f64, 3>::scalar((), 1.0), Ciphertext::scalar((), f64::NAN)];
    for slice in [&values[..], &values[1..]] {
        let mut out = vec![Ciphertext::zero(()); slice.len()];
        assert_eq!(Ciphertext::try_argmax(slice), Err(Error::NonFinite));
        assert_eq!(Ciphertext::try_argmax_one_hot(slice, &mut out), Err(Error::NonFinite));
        assert_eq!(Ciphertext::try_log_sum_exp(slice), Err(Error::NonFinite));
        assert_eq!(Ciphertext::try_softmax(&mut slice.to_vec()), Err(Error::NonFinite));
    }
    assert_eq!(Ciphertext::try_sort(&mut values.to_vec()), Err(Error::NonFinite));
    assert_eq!(Ciphertext::try_top_k(&values, &mut [Ciphertext::zero(())]), Err(Error::NonFinite));
}

/// A network of exchanges sorts everything if it sorts all sequences of zeros and ones (Knuth 5.3.4, theorem Z).
#[test]
fn the_network_sorts_all_zeros_and_ones() {
    for count in 1..=14 {
        for bits in 0..1_u32 << count {
            let mut values: Vec<_> =
                (0..count).map(|i| Spectrum::<f32, 2>::scalar((), (bits >> i & 1) as f32)).collect();
            Spectrum::try_sort(&mut values).unwrap();
            let zeros = count - bits.count_ones() as usize;
            assert!(values.iter().enumerate().all(|(i, x)| x.lanes()[1] == f32::from(u8::from(i >= zeros))));
        }
    }
}

macro_rules! suite {
    ($cases:literal: $($name:ident: $real:ty, $n:literal;)*) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(ProptestConfig {
                    failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
                        env!("CARGO_MANIFEST_DIR"),
                        "/proptest-regressions/scheme_slices.txt"
                    )))),
                    ..ProptestConfig::with_cases($cases)
                })]
                #[test]
                fn sorting(case in case(), sources in sources()) {
                    super::sorting::<$real, $n>(&case, &sources)?;
                }
                #[test]
                fn argmax(case in case(), sources in sources()) {
                    super::argmax::<$real, $n>(&case, &sources)?;
                }
                #[test]
                fn softmax(case in case(), sources in sources()) {
                    super::softmax::<$real, $n>(&case, &sources)?;
                }
            }
        }
    )*};
}

suite! { 500:
    f32_2: f32, 2; f64_2: f64, 2; f32_3: f32, 3; f64_3: f64, 3; f32_4: f32, 4; f64_4: f64, 4;
}
