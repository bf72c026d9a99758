//! Against SciPy, and against 80 digits of mpmath: `tests/oracle/scipy_matrix_functions.py` made the vectors.

use more_core::{Ciphertext, Error};
use more_tests::tolerance::Setting;

const VECTORS: &str = include_str!("../../oracle/matrix_functions.csv");

/// The numbers of the lines of one case, by what they are.
struct Vectors(Vec<(&'static str, Vec<f64>)>);

impl Vectors {
    fn get(&self, what: &str) -> Option<&[f64]> {
        self.0.iter().find(|(name, _)| *name == what).map(|(_, numbers)| numbers.as_slice())
    }
}

fn cases() -> Vec<Vectors> {
    let mut cases: Vec<Vectors> = Vec::new();
    for line in VECTORS.lines() {
        let mut fields = line.split(',');
        let case: usize = fields.next().and_then(|field| field.parse().ok()).expect("a case number");
        let what = fields.next().expect("a name");
        let numbers = fields.map(|field| field.parse().expect("a number")).collect();
        if case == cases.len() {
            cases.push(Vectors(Vec::new()));
        }
        cases[case].0.push((what, numbers));
    }
    cases
}

/// The functions found in one case, checked.
fn check<const N: usize>(case: &Vectors) -> usize {
    type Row<const N: usize> = (
        &'static str,
        fn(Ciphertext<f64, N>) -> Result<Ciphertext<f64, N>, Error>,
        fn(f64) -> f64,
        fn(f64) -> f64,
    );
    let functions: [Row<N>; 4] = [
        ("exp", Ciphertext::try_expm, f64::exp, f64::exp),
        ("ln", Ciphertext::try_logm, f64::ln, |x| 1.0 / x),
        ("sqrt", Ciphertext::try_sqrtm, f64::sqrt, |x| 0.5 / x.sqrt()),
        ("sign", Ciphertext::try_signm, f64::signum, |_| 0.0),
    ];
    let lanes = case.get("lanes").expect("lanes");
    let condition = case.get("condition").expect("a condition number")[0];
    let setting = Setting { eps: f64::EPSILON, kappa: condition, n: N };
    let matrix = case.get("matrix").expect("a matrix");
    let mut columns = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..N {
            columns[j][i] = matrix[i * N + j];
        }
    }
    let greatest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0_f64, |a, b| a.max(b.abs()));
    let mut checked = 0;
    for (name, function, plain, slope) in functions {
        let (Some(scipy), Some(exact)) =
            (case.get(&format!("{name} scipy")), case.get(&format!("{name} exact")))
        else {
            continue;
        };
        let mut slope = greatest(&mut lanes.iter().map(|x| slope(*x)));
        if name == "sign" {
            let pairs = lanes.iter().flat_map(|x| lanes.iter().map(move |y| (x, y)));
            slope = greatest(&mut pairs.filter(|(x, y)| *x * *y < 0.0).map(|(x, y)| 2.0 / (x - y)));
        }
        let l = greatest(&mut lanes.iter().copied());
        let bound = setting.function_entry(l, slope, greatest(&mut lanes.iter().map(|x| plain(*x))));
        let found = function(Ciphertext::from_columns(columns)).expect("in the domain");
        for i in 0..N {
            for j in 0..N {
                let (entry, k) = (found.columns()[j][i], i * N + j);
                let (by_exact, by_scipy) = ((entry - exact[k]).abs(), (entry - scipy[k]).abs());
                assert!(by_exact <= bound, "{name} of lanes {lanes:?}: off {by_exact:e} > {bound:e}");
                let theirs = if name == "exp" { setting.scipy_exponential(bound) } else { bound };
                assert!(by_scipy <= bound + theirs, "{name} of lanes {lanes:?}: {by_scipy:e} from SciPy");
            }
        }
        checked += 1;
    }
    checked
}

#[test]
fn agrees_with_scipy_and_with_eighty_digits() {
    let mut checked = 0;
    for case in cases() {
        checked += match case.get("lanes").expect("lanes").len() {
            2 => check::<2>(&case),
            3 => check::<3>(&case),
            4 => check::<4>(&case),
            n => panic!("no vectors of {n} lanes are expected"),
        };
    }
    // Three functions of 24 cases with positive lanes, two of 12 with mixed ones.
    assert_eq!(checked, 96);
}
