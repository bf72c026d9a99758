//! Firmware under QEMU against the host.

use std::fmt::Write;
use std::path::Path;

use more_core::Real;
use more_operations::{
    Configuration, Inputs, Outcome, Source, Visitor, for_each_configuration, source, visit_all,
};
use more_tests::device::kernels::{self, Expected, Measured};
use more_tests::device::run_firmware;

/// An operation for one scalar and number of lanes, and what came of it.
#[derive(Debug, PartialEq)]
struct Record {
    group: String,
    name: String,
    scalar: String,
    lanes: usize,
    succeeded: bool,
    digest: u64,
}

/// What the device says besides.
struct Cost {
    stack: u32,
    instructions: u32,
}

#[derive(Default)]
struct Host {
    records: Vec<Record>,
}

struct Run<'a, T: Real, const N: usize> {
    records: &'a mut Vec<Record>,
    inputs: Inputs<T, N, Source>,
}

impl<T: Real, const N: usize> Visitor<T, N, Source> for Run<'_, T, N> {
    fn visit<R: Outcome>(
        &mut self,
        group: &'static str,
        name: &'static str,
        operation: impl Fn(&mut Inputs<T, N, Source>) -> R,
    ) {
        self.inputs.reset(source());
        let result = operation(&mut self.inputs);
        self.records.push(Record {
            group: group.into(),
            name: name.into(),
            scalar: T::SCALAR.to_string(),
            lanes: N,
            succeeded: result.succeeded(),
            digest: self.inputs.digest(&result),
        });
    }
}

impl Configuration for Host {
    fn run<T: Real, const N: usize>(&mut self) {
        let inputs = Inputs::<T, N, _>::new(source()).expect("a seeded generator");
        visit_all(&mut Run { records: &mut self.records, inputs });
    }
}

/// A line of the firmware's output; `src/bin/operations.rs` has the columns.
fn parse(line: &str) -> (Record, Cost) {
    let fields: Vec<&str> = line.split(',').collect();
    let [group, name, scalar, lanes, stack, instructions, succeeded, digest] = fields[..] else {
        panic!("not eight columns: {line}");
    };
    let number = |text: &str| text.parse::<u32>().unwrap_or_else(|_| panic!("no number: {line}"));
    let record = Record {
        group: group.into(),
        name: name.into(),
        scalar: scalar.into(),
        lanes: number(lanes) as usize,
        succeeded: succeeded == "true",
        digest: u64::from_str_radix(digest, 16).unwrap_or_else(|_| panic!("no digest: {line}")),
    };
    (record, Cost { stack: number(stack), instructions: number(instructions) })
}

/// A row for each operation, a column for each configuration, in the order of the output.
fn table(measured: &[(Record, Cost)]) -> String {
    let rows = measured.iter().filter(|(record, _)| record.scalar == "f32" && record.lanes == 2);
    let mut text = String::from(
        "| operation | f32, n = 2 | f32, n = 3 | f64, n = 2 | f64, n = 3 |\n| --- | --- | --- | --- | --- |\n",
    );
    for (row, _) in rows {
        write!(text, "| {} `{}` |", row.group, row.name).expect("a string takes all text");
        for (record, cost) in measured {
            if record.group == row.group && record.name == row.name {
                write!(text, " {} / {} |", cost.stack, cost.instructions).expect("a string takes all text");
            }
        }
        text.push('\n');
    }
    text
}

#[test]
fn every_operation_has_a_name_of_its_own_and_succeeds() {
    let mut host = Host::default();
    for_each_configuration(&mut host);
    for (k, record) in host.records.iter().enumerate() {
        assert!(record.succeeded, "{record:?}");
        let same = |other: &Record| {
            (&record.group, &record.name, &record.scalar, record.lanes)
                == (&other.group, &other.name, &other.scalar, other.lanes)
        };
        assert!(!host.records[..k].iter().any(same), "twice: {record:?}");
    }
}

/// The firmware checks the counter of instructions and the depth of the stack on code where both are known.
#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn the_instruments_are_exact() {
    print!("{}", run_firmware(env!("CARGO_TARGET_TMPDIR"), "instruments"));
}

/// `libm`, soft `f64` and the processor's `f32` give the host's bits. Prints the table of `docs/benchmarks.md`, which
/// must list every operation.
#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn every_operation_gives_the_hosts_bits() {
    let output = run_firmware(env!("CARGO_TARGET_TMPDIR"), "operations");
    let measured: Vec<_> = output.lines().map(parse).collect();
    let table = table(&measured);
    println!("{table}");

    let mut host = Host::default();
    for_each_configuration(&mut host);
    assert_eq!(measured.len(), host.records.len());
    for ((device, cost), host) in measured.iter().zip(&host.records) {
        assert_eq!(device, host);
        // A call pushes its return address, and takes an instruction.
        assert!(cost.stack > 0 && cost.instructions > 0, "{device:?}");
    }

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
    let page = std::fs::read_to_string(page).expect("the page is in the repository");
    for row in table.lines() {
        let operation = row.split('|').nth(1).unwrap_or_default();
        let listed = page.lines().any(|line| line.split('|').nth(1) == Some(operation));
        assert!(listed, "not in docs/benchmarks.md:{operation}; see the command there");
    }
}

/// Stage by stage and row by row; no frame holds an array of 1 KiB, and products do not become dearer unnoticed.
#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn kernels_give_the_hosts_bits_in_few_instructions() {
    let measured = Measured::parse(&run_firmware(env!("CARGO_TARGET_TMPDIR"), "kernels"));
    let expected = kernels::expected();
    println!("{}", kernels::table(&measured, &expected, (1, 3)));

    assert_eq!(measured.len(), expected.len());
    for (device, host) in measured.iter().zip(&expected) {
        assert_eq!(device.name, host.name);
        assert_eq!(device.digest, host.digest, "{:?}: other bits", device.name);
        assert!(device.stack < 1536, "{device:?}");
        // What was to be reached on numbers and on two lanes with plain weights; a few percent above docs/benchmarks.md for the third.
        let most = match (device.name[1].as_str(), device.name[2].as_str()) {
            ("row by row", "plain") => 2.4,
            ("row by row", "two lanes, plain weights") => 4.0,
            ("row by row", "two lanes, encrypted weights") => 4.8,
            _ => continue,
        };
        let each = device.linear as f64 / host.multiply_accumulates as f64;
        assert!(each <= most, "{:?}: {each} instructions per multiply-accumulate", device.name);
    }
    assert_plan_counts_alike(&measured, &expected);
}

/// `more-nn plan` estimates with what is counted: two figures, hence the 5 %.
fn assert_plan_counts_alike(measured: &[Measured], expected: &[Expected]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src/plan.rs");
    let source = std::fs::read_to_string(source).expect("the file is in the repository");
    for (name, counted) in kernels::constants(measured, expected) {
        let definition = format!("const {name}: f64 = ");
        let line = source.lines().find_map(|line| line.strip_prefix(&definition)?.strip_suffix(';'));
        let planned: f64 = line.and_then(|number| number.parse().ok()).expect("a constant of that name");
        assert!((planned / counted - 1.0).abs() < 0.05, "{name}: {planned} is planned, {counted} counted");
    }
}

/// Plain weights in 16 and 8 bits: widened without a rounding, at a known price.
#[test]
#[ignore = "needs qemu-system-arm and the target thumbv7em-none-eabihf"]
fn rounded_weights_give_the_hosts_bits() {
    let measured = Measured::parse(&run_firmware(env!("CARGO_TARGET_TMPDIR"), "rounded_weights"));
    let expected = kernels::expected_rounded();
    println!("{}", kernels::table_rounded(&measured, &expected));
    kernels::assert_same_bits(&measured, &expected);
    for (device, host) in measured.iter().zip(&expected) {
        // What docs/benchmarks.md says, and a few percent for another compiler.
        let most = match (device.name[1].as_str(), device.name[2].as_str()) {
            ("row by row", "plain, f16" | "plain, f8") => 4.7,
            ("row by row", "two lanes, f16" | "two lanes, f8") => 6.3,
            _ => continue,
        };
        let each = device.linear as f64 / host.multiply_accumulates as f64;
        assert!(each <= most, "{:?}: {each} instructions per multiply-accumulate", device.name);
    }
}
