//! `split`: parts by patient, and the tables they are written to.

use std::collections::{BTreeMap, BTreeSet};

use image::{GrayImage, Luma};

use super::harness::Folder;

/// 120 images of 40 patients, two thirds of them of class LCA, with a column that nobody knows.
fn data(folder: &Folder, patients: bool) {
    std::fs::create_dir(folder.path("data")).unwrap();
    let mut table = String::from("file,label,patient_id,comment\n");
    for image in 0..120 {
        let patient = image * 7 % 40;
        let class = if patient % 3 == 0 { "RCA" } else { "LCA" };
        let id = if patients { format!("P{patient}") } else { String::new() };
        table.push_str(&format!("{image}.png,{class},{id},\"a, {image}\"\n"));
        GrayImage::from_pixel(2, 2, Luma([image as u8]))
            .save(folder.path(&format!("data/{image}.png")))
            .unwrap();
    }
    folder.write("data/labels.csv", table);
}

fn rows(folder: &Folder, name: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(folder.path(name)).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn patients_are_kept_together_and_the_table_is_taken() {
    let folder = Folder::with_key();
    data(&folder, true);
    let split = ["split", "--data", "images:data", "--fractions", "0.6,0.2,0.2"];
    let fields = folder.json(&[&split[..], &["--seed", "3", "--out", "parts.csv"]].concat());
    assert_eq!(fields["images_without_patient"], 0);
    let found = rows(&folder, "parts.csv");
    assert_eq!(found[0], ["file", "label", "patient_id", "comment", "split"]);
    assert_eq!((found.len(), found[1][3].as_str()), (121, "a, 0"));
    let mut parts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &found[1..] {
        parts.entry(&row[4]).or_default().insert(&row[2]);
    }
    assert_eq!(parts.values().map(BTreeSet::len).sum::<usize>(), 40, "no patient is in two parts");
    for (part, share) in fields["parts"].as_array().unwrap().iter().zip([0.6, 0.2, 0.2]) {
        // Three images a patient: shares are met to within two patients.
        for (class, total) in [("LCA", 78.0), ("RCA", 42.0)] {
            let found = part["classes"][class].as_f64().unwrap();
            assert!((found - share * total).abs() <= 6.0, "{part}");
        }
    }
    let encrypt = ["encrypt", "--key", "KEY", "--data", "images:data", "--split", "val", "--out", "o"];
    let fields = folder.json(&[&encrypt[..], &["--labels", "parts.csv"]].concat());
    assert_eq!(fields["count"], found.iter().filter(|row| row[4] == "val").count());

    // Again, over the column that is there now, with the same seed and another.
    for (seed, same) in [("3", true), ("4", false)] {
        let again = ["--labels", "parts.csv", "--seed", seed, "--out", "again.csv"];
        folder.succeeds(&[&split[..], &again].concat());
        assert_eq!(rows(&folder, "again.csv") == found, same);
    }
    let mut moved = String::from_utf8(folder.read("parts.csv")).unwrap();
    moved = moved.replacen(",train\n", ",test\n", 1);
    folder.write("moved.csv", moved);
    folder.fails(
        1,
        &[&encrypt[..], &["--labels", "moved.csv"]].concat(),
        &["moved.csv: patient `P", "(line "],
    );
}

#[test]
fn without_patients_there_is_a_warning_and_every_image_stands_alone() {
    let folder = Folder::new();
    data(&folder, false);
    let outcome = folder.run(&["split", "--data", "images:data", "--out", "parts.csv"]);
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("warning: 120 of 120 images have no patient id"), "{outcome:?}");
    assert!(outcome.stderr.contains("near-duplicates"));
    // By the method of Webster: shares of 54.6, 11.7 and 11.7 of 78 images, of 29.4, 6.3 and 6.3 of 42.
    const EVEN: &str = "18 images: LCA 12, RCA 6";
    for (part, line) in [("train", "84 images: LCA 54, RCA 30"), ("val", EVEN), ("test", EVEN)] {
        let found = outcome.stdout.lines().find(|found| found.starts_with(part)).unwrap();
        assert!(found.contains(line), "{found}");
    }
}

#[test]
fn folders_without_a_table_get_one() {
    let folder = Folder::new();
    for (class, count) in [("LCA", 10), ("RCA", 10)] {
        std::fs::create_dir_all(folder.path(&format!("data/{class}"))).unwrap();
        for image in 0..count {
            let path = folder.path(&format!("data/{class}/{image}.png"));
            GrayImage::from_pixel(2, 2, Luma([image])).save(path).unwrap();
        }
    }
    folder.succeeds(&["split", "--data", "images:data", "--fractions", "0.5,0,0.5", "--out", "parts.csv"]);
    let found = rows(&folder, "parts.csv");
    assert_eq!((found.len(), &found[0][..]), (21, &["file", "split", "label"].map(str::to_owned)[..]));
    assert_eq!(found[1][0], "LCA/0.png");
    for class in ["LCA", "RCA"] {
        let test = found.iter().filter(|row| row[1] == "test" && row[2] == class).count();
        assert_eq!(test, 5);
    }
}

#[test]
fn wrong_fractions_are_refused() {
    let folder = Folder::new();
    data(&folder, true);
    for fractions in ["0.5,0.5", "0.5,0.5,0.5", "1.5,-0.25,-0.25", "nan,0,1", "a,b,c"] {
        folder.fails(2, &["split", "--data", "images:data", "--fractions", fractions, "--out", "o"], &[]);
    }
    folder.fails(2, &["split", "--data", "digits", "--out", "o"], &["does not consist of files"]);
}
