use std::fs;

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, RgbImage};
use more_nn::dataset::{Columns, Fit, Options, Split};

use super::{Folder, open, pixels, refused};

/// A picture of 6 rows and 8 columns.
fn grey(shade: u8) -> GrayImage {
    GrayImage::from_fn(8, 6, |x, y| Luma([shade.wrapping_add((x * 9 + y * 23) as u8)]))
}

fn write_grey(folder: &Folder, name: &str, shade: u8) {
    let path = folder.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    grey(shade).save(path).unwrap();
}

fn expected(image: &GrayImage) -> Vec<f32> {
    image.as_raw().iter().map(|byte| f32::from(*byte) / 255.0).collect()
}

/// Four images of two classes in `data/`, with a table.
fn with_table(rows: &str) -> Folder {
    let folder = Folder::new();
    for (index, name) in ["a.png", "b.png", "c.png", "d.png"].iter().enumerate() {
        write_grey(&folder, &format!("data/{name}"), 40 * index as u8);
    }
    folder.write("data/labels.csv", rows);
    folder
}

const TABLE: &str = "file,split,label,patient_id\n\
    a.png,train,RCA,1\nb.png,train,LCA,1\nc.png,validation,RCA,2\nd.png,test,LCA,\n";

#[test]
fn every_format_and_depth_gives_its_values() {
    let folder = Folder::new();
    fs::create_dir(folder.path("data")).unwrap();
    let deep = ImageBuffer::from_fn(8, 6, |x, y| Luma([(x * 8000 + y * 1001) as u16]));
    let colour = RgbImage::from_fn(8, 6, |x, y| image::Rgb([grey(3).get_pixel(x, y).0[0]; 3]));
    for name in ["a.png", "b.pgm", "c.tiff", "d.tif"] {
        grey(3).save(folder.path(format!("data/{name}"))).unwrap();
    }
    colour.save(folder.path("data/e.png")).unwrap();
    for name in ["f.png", "g.tif"] {
        DynamicImage::ImageLuma16(deep.clone()).save(folder.path(format!("data/{name}"))).unwrap();
    }
    // 12 bits, as detectors have them.
    let twelve: Vec<u8> = (0..48_u16).flat_map(|value| (value * 87).to_be_bytes()).collect();
    folder.write("data/h.pgm", [b"P5\n8 6\n4095\n", &twelve[..]].concat());
    folder.write("data/README.txt", "no image");
    let data = open(&folder, "images", "data", &Options::default(), Split::All).unwrap();
    assert_eq!((data.len(), data.shape(), data.has_labels()), (8, [1, 6, 8], false));
    let found = pixels(&data).unwrap();
    let (bytes, words) = found.split_at(5 * 48);
    for (image, found) in bytes.chunks_exact(48).enumerate() {
        assert_eq!(found, expected(&grey(3)), "image {image}");
    }
    let deep: Vec<f32> = deep.as_raw().iter().map(|value| f32::from(*value) / 65_535.0).collect();
    assert_eq!(words[..96], [&deep[..], &deep].concat());
    for (value, found) in words[96..].iter().enumerate() {
        // Decoded to 16 bits: half a unit of these.
        let difference = (found - value as f32 * 87.0 / 4095.0).abs();
        assert!(difference <= 0.5 / 65_535.0 + f32::EPSILON, "{value}: {found}");
    }
}

#[test]
fn a_jpeg_is_near_its_original() {
    let folder = Folder::new();
    fs::create_dir(folder.path("data")).unwrap();
    let smooth = GrayImage::from_fn(64, 64, |x, y| Luma([(60 + x + 2 * y) as u8]));
    smooth.save(folder.path("data/a.jpg")).unwrap();
    let data = open(&folder, "images", "data", &Options::default(), Split::All).unwrap();
    for (found, expected) in pixels(&data).unwrap().iter().zip(expected(&smooth)) {
        // The quality of the encoder's default: a slope costs a few units of 255.
        assert!((found - expected).abs() < 6.0 / 255.0, "{found} {expected}");
    }
}

#[test]
fn a_table_gives_parts_classes_and_patients() {
    let folder = with_table(TABLE);
    let data = |split| open(&folder, "images", "data", &Options::default(), split).unwrap();
    let train = data(Split::Train);
    assert_eq!((train.len(), train.labels()), (2, &[1, 0][..]));
    assert_eq!(train.class_names(), ["LCA", "RCA"]);
    assert_eq!((train.patient_id(1), data(Split::Test).patient_id(0)), (Some("1"), None));
    assert_eq!(pixels(&train).unwrap(), [expected(&grey(0)), expected(&grey(40))].concat());
    assert_eq!(data(Split::Val).labels(), [1]);
    assert_eq!(data(Split::All).labels(), [1, 0, 1, 0]);
    // A part that has one class knows both.
    assert_eq!(data(Split::Test).class_names(), ["LCA", "RCA"]);

    let options = Options { classes: Some(vec!["RCA".into(), "LCA".into()]), ..Options::default() };
    assert_eq!(open(&folder, "images", "data", &options, Split::All).unwrap().labels(), [0, 1, 0, 1]);
}

#[test]
fn columns_and_the_table_may_have_other_names_and_a_byte_order_mark() {
    let folder = with_table(TABLE);
    folder.write("other.csv", "\u{feff}path,view,set\n b.png , 10,TEST\n\"c.png\",9,Train\n");
    let options = Options {
        labels: Some(folder.path("other.csv")),
        columns: Columns {
            file: Some("path".into()),
            label: Some("view".into()),
            split: Some("set".into()),
            patient: None,
        },
        ..Options::default()
    };
    let data = open(&folder, "images", "data", &options, Split::Test).unwrap();
    assert_eq!((data.labels(), data.class_names()), (&[1][..], &["9".to_owned(), "10".to_owned()][..]));
    assert_eq!(pixels(&data).unwrap(), expected(&grey(40)));
}

#[test]
fn folders_are_classes_and_may_be_below_parts() {
    let folder = Folder::new();
    for (index, name) in ["b/1.png", "a/x/2.png", "a/3.png", ".hidden/4.png"].iter().enumerate() {
        write_grey(&folder, &format!("flat/{name}"), index as u8);
    }
    let data = open(&folder, "images", "flat", &Options::default(), Split::All).unwrap();
    // In the order of names: a/3, a/x/2, b/1.
    assert_eq!((data.labels(), data.class_names().len()), (&[0, 0, 1][..], 2));
    assert_eq!(pixels(&data).unwrap()[..48], expected(&grey(2)));
    let error = open(&folder, "images", "flat", &Options::default(), Split::Train);
    refused(error, &["is not split", "`train` is asked for", "--split all"]);

    for name in ["train/b/1.png", "train/a/2.png", "val/a/3.png"] {
        write_grey(&folder, &format!("parts/{name}"), 0);
    }
    let options = Options::default();
    assert_eq!(open(&folder, "images", "parts", &options, Split::Train).unwrap().labels(), [0, 1]);
    assert_eq!(open(&folder, "images", "parts", &options, Split::Val).unwrap().labels(), [0]);
    let error = open(&folder, "images", "parts", &options, Split::Test);
    refused(error, &["no part `test`", "train and val"]);
    write_grey(&folder, "parts/more/5.png", 0);
    refused(open(&folder, "images", "parts", &options, Split::All), &["more/5.png", "in none"]);
}

#[test]
fn sizes_are_brought_to_one() {
    let folder = with_table(TABLE);
    GrayImage::from_pixel(20, 10, Luma([100])).save(folder.path("data/b.png")).unwrap();
    let read = |options: &Options| pixels(&open(&folder, "images", "data", options, Split::All)?);
    refused(read(&Options::default()), &["b.png", "10x20", "expected 6x8", "--size"]);
    for (fit, bars) in [(Fit::Pad, true), (Fit::Crop, false), (Fit::Resize, false)] {
        let options = Options { size: Some([4, 4]), fit, ..Options::default() };
        let found = read(&options).unwrap();
        assert_eq!(found.len(), 64);
        // 20 x 10 becomes two rows between black ones.
        let row = |row: usize| &found[16 + 4 * row..][..4];
        for index in 0..4 {
            let black = bars && (index == 0 || index == 3);
            let expected = if black { 0.0 } else { 100.0 / 255.0 };
            assert!(row(index).iter().all(|value| (value - expected).abs() <= f32::EPSILON), "{fit:?}");
        }
    }
}

#[test]
fn damaged_images_and_tables_are_named_with_their_place() {
    let table = |rows: &str| {
        let folder = with_table(rows);
        open(&folder, "images", "data", &Options::default(), Split::All)
    };
    refused(table("file,label\na.png,A\n\nx.png,A\n"), &["labels.csv: line 4", "no file", "x.png"]);
    refused(table("file,label\na.png,A\nb.png\n"), &["labels.csv: line 3", "1 cells", "header has 2"]);
    refused(table("file,label\na.png,A\nb.png,\n"), &["line 3", "`b.png` has no label"]);
    refused(table("file,label\na.png,A\na.png,A\n"), &["line 3", "`a.png` is in line 2 already"]);
    refused(table("name,label\na.png,A\n"), &["line 1", "no column `file`", "name, label"]);
    refused(table("file,label\n"), &["labels.csv", "no row"]);
    refused(table("file,label\n,A\n"), &["line 2", "no file is named"]);
    refused(table("file,split\na.png,dev\n"), &["line 2", "`dev` is no part", "train, val or test"]);
    refused(
        table("file,split,patient_id\na.png,train,7\nb.png,test,8\nc.png,test,7\n"),
        &["labels.csv", "patient `7` is in train (line 2) and in test (line 4)", "--allow-patient-overlap"],
    );

    let folder = with_table("file,label\na.png,LCA\nb.png,LCAA\n");
    let options = Options { classes: Some(vec!["LCA".into(), "RCA".into()]), ..Options::default() };
    let error = open(&folder, "images", "data", &options, Split::All);
    refused(error, &["line 3", "unknown label `LCAA`", "expected LCA, RCA"]);
    let columns = Columns { label: Some("view".into()), ..Columns::default() };
    let error = open(&folder, "images", "data", &Options { columns, ..Options::default() }, Split::All);
    refused(error, &["no column `view`", "file, label"]);

    let folder = with_table(TABLE);
    let whole = folder.read("data/b.png");
    folder.write("data/b.png", &whole[..whole.len() / 2]);
    let data = open(&folder, "images", "data", &Options::default(), Split::Train).unwrap();
    refused(pixels(&data), &["b.png", "no readable PNG"]);
    folder.write("data/a.png", "text");
    let error = open(&folder, "images", "data", &Options::default(), Split::Train);
    refused(error, &["a.png", "no readable PNG"]);
    refused(open(&folder, "images", "none", &Options::default(), Split::All), &["none", "cannot open"]);
    fs::create_dir(folder.path("empty")).unwrap();
    let error = open(&folder, "images", "empty", &Options::default(), Split::All);
    refused(error, &["holds no image"]);
}

#[test]
fn patients_in_two_parts_may_be_accepted() {
    let folder = with_table("file,split,patient_id\na.png,train,7\nb.png,test,7\n");
    let options = Options { allow_patient_overlap: true, ..Options::default() };
    assert_eq!(open(&folder, "images", "data", &options, Split::Test).unwrap().len(), 1);
}
