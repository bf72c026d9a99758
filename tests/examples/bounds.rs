//! How much of each bound of `docs/numerics.md` is used: random messages, and a search for the worst.
//!
//! ```sh
//! cargo run --release -p more-tests --features measurements --example bounds -- [MESSAGES] [EVALUATIONS] [NAME]
//! ```
//!
//! Prints a table with a row for each operation (those whose name contains `NAME`) and a column for each number of lanes and
//! scalar: the share of the bound over `MESSAGES` random messages (default 1,000,000) and, after the stroke, the share that
//! `EVALUATIONS` steps of hill climbing find (default 100,000). Fails if a bound is exceeded.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use more_core::Real;
use more_tests::bounds::{Use, climb, operations, sample};

struct Column {
    title: String,
    rows: Vec<(String, Use, Use)>,
}

fn column<T: Real, const N: usize>(messages: usize, evaluations: usize, name: &str) -> Column {
    let chosen: Vec<_> = operations::<T, N>().into_iter().filter(|o| o.name.contains(name)).collect();
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((k, operation)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|k| Some((k, chosen.get(k)?)))
                {
                    let random = sample(operation, messages, k as u64);
                    let worst = climb(operation, evaluations, k as u64);
                    rows.lock().expect("no thread failed").push((k, operation.name.clone(), random, worst));
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("no thread failed");
    rows.sort_by_key(|row| row.0);
    let title = format!("n = {N}, {}", T::SCALAR);
    eprintln!("{title}: done");
    Column { title, rows: rows.into_iter().map(|(_, name, random, worst)| (name, random, worst)).collect() }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| {
        arguments.get(i).map_or(default, |text| text.parse().expect("a whole number"))
    };
    let (messages, evaluations) = (number(0, 1_000_000), number(1, 100_000));
    let name = arguments.get(2).map_or("", String::as_str);
    let columns = [
        column::<f32, 2>(messages, evaluations, name),
        column::<f64, 2>(messages, evaluations, name),
        column::<f32, 3>(messages, evaluations, name),
        column::<f64, 3>(messages, evaluations, name),
        column::<f32, 4>(messages, evaluations, name),
        column::<f64, 4>(messages, evaluations, name),
    ];

    println!("| operation | {} |", columns.each_ref().map(|c| c.title.clone()).join(" | "));
    println!("| --- |{}", " --- |".repeat(columns.len()));
    let mut largest = 0.0_f64;
    let mut exceeded = false;
    for k in 0..columns[0].rows.len() {
        let cells = columns.each_ref().map(|c| {
            let (_, random, worst) = &c.rows[k];
            for share in [random.share, worst.share] {
                largest = largest.max(share);
                // Also true of NaN.
                exceeded |= !matches!(share.partial_cmp(&1.0), Some(std::cmp::Ordering::Less));
            }
            format!("{:.3} / {:.3}", random.share, worst.share)
        });
        println!("| {} | {} |", columns[0].rows[k].0, cells.join(" | "));
    }
    println!("\n{messages} random messages, {evaluations} steps; largest share {largest:.3}");
    if exceeded { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
