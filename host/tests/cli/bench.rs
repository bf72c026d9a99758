//! The benchmarks: that their rows are complete and finite. How long anything takes is not looked at.

use serde_json::Value;

use super::harness::Folder;

/// What every row of a table has, no more and no less.
const FIELDS: [&str; 10] = [
    "engine",
    "images",
    "lanes",
    "operation",
    "ratio_to_plain",
    "scalar",
    "seconds_max",
    "seconds_median",
    "seconds_min",
    "threads",
];

/// Operation, engine, images, whether there is a ratio.
type Expected = (&'static str, &'static str, u64, bool);

/// The rows of all engines on so many images.
fn all_engines(train: u64, test: u64) -> Vec<Expected> {
    let own = |engine| {
        [
            ("conversion", engine, train, false),
            ("training_epoch", engine, train, engine != "plain"),
            ("training_epoch_converted", engine, train, engine != "plain"),
            ("inference", engine, test, engine != "plain"),
        ]
    };
    let mut rows = vec![
        ("key_generation", "any", 0, false),
        ("encryption", "spectral", train, false),
        ("encryption", "matrix", train, false),
    ];
    rows.extend(own("plain"));
    rows.extend(own("spectral"));
    rows.push(("decryption", "spectral", test, false));
    rows.push(("inference_plain_weights", "spectral", test, true));
    rows.extend(own("matrix"));
    rows.push(("decryption", "matrix", test, false));
    rows
}

fn check_table(table: &Value, network: &str, scalar: &str, lanes: u64, expected: &[Expected]) {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(table), ["network", "rows"]);
    assert_eq!(table["network"], network);
    let rows = table["rows"].as_array().unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row["operation"].as_str().unwrap(), row["engine"].as_str().unwrap()))
        .collect();
    assert_eq!(found, expected.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>());
    for (row, (_, engine, images, has_ratio)) in rows.iter().zip(expected) {
        assert_eq!(keys(row), FIELDS, "{row}");
        let row_lanes = if *engine == "plain" { 1 } else { lanes };
        assert_eq!((&row["scalar"], &row["lanes"]), (&scalar.into(), &row_lanes.into()), "{row}");
        assert_eq!((&row["images"], &row["threads"]), (&(*images).into(), &2.into()), "{row}");
        let seconds = |field: &str| row[field].as_f64().unwrap();
        let (least, median, most) =
            (seconds("seconds_min"), seconds("seconds_median"), seconds("seconds_max"));
        assert!(0.0 < least && least <= median && median <= most && most.is_finite(), "{row}");
        assert_eq!(row["ratio_to_plain"].as_f64().is_some_and(|ratio| ratio > 0.0), *has_ratio, "{row}");
        assert!(*has_ratio || row["ratio_to_plain"].is_null(), "{row}");
    }
}

#[test]
fn table1_has_all_rows() {
    let folder = Folder::new();
    let options = ["--images", "64", "--test-images", "48", "--runs", "5", "--threads", "2"];
    let table = folder.json(&[&["bench", "table1"], &options[..]].concat());
    check_table(&table, "mnist", "f32", 2, &all_engines(64, 48));
    assert!(folder.contents().is_empty(), "nothing is left in the working folder");
}

#[test]
fn table1_takes_other_scalars_lanes_and_engines() {
    let folder = Folder::new();
    let sizes = ["--images", "40", "--test-images", "20", "--threads", "2", "--data", "digits:50:3"];
    let table = |extra: &[&str]| folder.json(&[&["bench", "table1"], &sizes[..], extra].concat());

    let matrix = table(&["--scalar", "f64", "--lanes", "3", "--engines", "matrix"]);
    let mut rows = all_engines(40, 20);
    rows.retain(|row| ["key_generation", "encryption"].contains(&row.0) || row.1 == "matrix");
    let without_ratio = |rows: &mut Vec<Expected>| rows.iter_mut().for_each(|row| row.3 = false);
    without_ratio(&mut rows);
    check_table(&matrix, "mnist", "f64", 3, &rows);

    // The matrix engine takes four lanes at most, and is left out beyond.
    let five = table(&["--lanes", "5"]);
    let mut rows = all_engines(40, 20);
    rows.retain(|row| row.0 == "encryption" || row.1 != "matrix");
    check_table(&five, "mnist", "f32", 5, &rows);

    let plain = table(&["--engines", "plain,plain"]);
    rows.retain(|row| row.1 == "plain");
    check_table(&plain, "mnist", "f32", 2, &rows);
}

#[test]
fn table1_prints_the_paper_beside_ours() {
    let folder = Folder::new();
    let text =
        folder.succeeds(&["bench", "table1", "--images", "64", "--test-images", "16", "--threads", "1"]);
    for figure in ["444.59, 34.25", "20.42, 37.81", "correlation of spectral", "correlation of matrix"] {
        assert!(text.contains(figure), "`{figure}` is not in: {text}");
    }
}

#[test]
fn table2_has_all_rows() {
    let folder = Folder::new();
    let options = ["--images", "16", "--test-images", "16", "--threads", "2", "--engines", "plain,spectral"];
    let table = folder.json(&[&["bench", "table2"], &options[..]].concat());
    let mut rows = all_engines(16, 16);
    rows.retain(|row| row.0 == "encryption" || row.1 != "matrix");
    check_table(&table, "angiography", "f32", 2, &rows);
}

#[test]
fn kernels_are_all_there() {
    let folder = Folder::new();
    let table = folder.json(&["bench", "kernels", "--network", "mnist", "--budget", "1"]);
    let positive = |value: &Value| value.as_f64().is_some_and(|value| value > 0.0);
    for rate in [
        "peak_gflops",
        "exp_nanoseconds",
        "sigmoid_nanoseconds",
        "tanh_nanoseconds",
        "small_pages_gigabytes",
        "large_pages_gigabytes",
    ] {
        assert!(positive(&table[rate]), "{rate}: {table}");
    }
    let [network] = table["networks"].as_array().unwrap().as_slice() else { panic!("{table}") };
    let stages = network["stages"].as_array().unwrap();
    assert_eq!((stages.len(), &network["network"], &network["samples"]), (4, &"mnist".into(), &16.into()));
    assert_eq!(stages[0]["multiply_accumulates"], 9 * 8 * 26 * 26);
    for stage in stages {
        for kernel in ["forward", "forward_kept", "weight_gradient", "input_gradient"] {
            for field in ["microseconds", "gflops", "peak_share", "limit_share"] {
                assert!(positive(&stage[kernel][field]), "{kernel}.{field}: {stage}");
            }
        }
        assert!(positive(&stage["activation_gradient"]["microseconds"]), "{stage}");
    }
    for whole in ["inference", "training"] {
        let whole = &network[whole];
        assert!(positive(&whole["ratio"]) && positive(&whole["kernels_ratio"]), "{whole}");
        let [time, limit] =
            ["microseconds", "limit_microseconds"].map(|field| whole[field].as_f64().unwrap());
        // Two roundings of numbers that were printed exactly.
        assert!(
            (whole["ratio"].as_f64().unwrap() * limit / time - 1.0).abs() < 4.0 * f64::EPSILON,
            "{whole}"
        );
    }
}

#[test]
fn growth_covers_all_axes_and_plots_them() {
    let folder = Folder::new();
    let options =
        ["--sides", "12,24", "--images", "32", "--runs", "1", "--threads", "2", "--svg", "growth.svg"];
    let growth = folder.json(&[&["bench", "growth"], &options[..]].concat());
    let series = growth["series"].as_array().unwrap();
    let found: Vec<_> = series.iter().map(|one| [&one["axis"], &one["operation"], &one["engine"]]).collect();
    let sizes = |axis: &str| -> &[u64] {
        match axis {
            "pixels" => &[144, 576],
            "lanes" => &[2, 3, 4, 5, 6, 7, 8],
            "batch" => &[16, 32, 64, 128],
            _ => &[8, 16, 32, 64],
        }
    };
    for (axis, operation, engine) in [
        ("pixels", "training", "plain"),
        ("pixels", "training", "spectral"),
        ("pixels", "inference", "plain"),
        ("pixels", "inference", "spectral"),
        ("lanes", "training", "spectral"),
        ("lanes", "inference", "spectral"),
        ("lanes", "encryption", "matrix"),
        ("batch", "training", "plain"),
        ("batch", "training", "spectral"),
        ("images", "training", "plain"),
        ("images", "training", "spectral"),
        ("images", "inference", "plain"),
        ("images", "encryption", "matrix"),
    ] {
        assert!(
            found.contains(&[&axis.into(), &operation.into(), &engine.into()]),
            "{axis} {operation} {engine}"
        );
    }
    for one in series {
        let points = one["points"].as_array().unwrap();
        let expected: Vec<Value> =
            sizes(one["axis"].as_str().unwrap()).iter().map(|size| (*size).into()).collect();
        assert_eq!(points.iter().map(|point| point["size"].clone()).collect::<Vec<_>>(), expected, "{one}");
        assert!(points.iter().all(|point| point["seconds"].as_f64().unwrap() > 0.0), "{one}");
        assert!(one["exponent"].as_f64().unwrap().is_finite(), "{one}");
    }
    let svg = String::from_utf8(folder.read("growth.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
    // A line for each series, and one for each entry of a legend at least.
    assert!(svg.matches("<polyline").count() >= 2 * series.len(), "{svg}");
}

#[test]
fn wrong_options_are_usage_errors() {
    let folder = Folder::new();
    for arguments in [
        &["bench", "table1", "--engines", "plain,homomorphic"][..],
        &["bench", "table1", "--runs", "4"],
        &["bench", "table1", "--lanes", "9"],
        &["bench", "table1", "--images", "0"],
        &["bench", "table1", "--data", "cifar"],
        &["bench", "table1", "--engines", "matrix", "--lanes", "5"],
        &["bench", "kernels", "--simd", "neon9"],
        &["bench", "growth", "--sides", "3"],
    ] {
        folder.fails(2, arguments, &[]);
    }
    // Digits are no angiograms.
    folder.fails(1, &["bench", "table2", "--data", "digits:20"], &["256x256"]);
    folder.fails(1, &["bench", "growth", "--svg", "no/such/folder.svg"], &["no/such/folder.svg"]);
}
