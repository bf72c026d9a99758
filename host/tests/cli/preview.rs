use more_nn::augmentation::Augmentation;
use more_nn::container::Form;
use more_nn::dataset::{Dataset, Split};
use nn_core::Shape;

use super::harness::{Folder, TRAIN};

/// Enlargement of digits, and where the first tile begins: a gap and, above, a line of text.
const ZOOM: usize = 4;
const LEFT: usize = 4;
const TOP: usize = 18;
const GAP: usize = 4;
const SIDE: usize = 28 * ZOOM;

struct Sheet(image::GrayImage);

impl Sheet {
    fn read(folder: &Folder, name: &str) -> Self {
        Self(image::load_from_memory(&folder.read(name)).unwrap().into_luma8())
    }

    /// One pixel of each square of a tile, which has one grey.
    fn tile(&self, left: usize, top: usize) -> Vec<u8> {
        let mut greys = Vec::new();
        for row in 0..28 {
            for column in 0..28 {
                let at = |x: usize, y: usize| self.0.get_pixel(x as u32, y as u32).0[0];
                let (x, y) = (left + column * ZOOM, top + row * ZOOM);
                assert!((0..ZOOM * ZOOM).all(|place| at(x + place % ZOOM, y + place / ZOOM) == at(x, y)));
                greys.push(at(x, y));
            }
        }
        greys
    }
}

fn images() -> Vec<f32> {
    let data = Dataset::load(&TRAIN.parse().unwrap(), Split::Train, None).unwrap();
    let mut pixels = vec![0.0; data.len() * 784];
    data.read_images(0..data.len(), &mut pixels).unwrap();
    pixels
}

fn greys(image: &[f32]) -> Vec<u8> {
    image.iter().map(|value| (value * 255.0).round() as u8).collect()
}

#[test]
fn plain_images_are_shown_as_they_are_and_copies_beside_them() {
    let folder = Folder::new();
    let command = ["preview", "--data", TRAIN, "--first", "5", "--count", "3", "--out", "sheet.png"];
    let fields = folder.json(&command);
    assert_eq!((&fields["count"], &fields["ranges"]), (&3.into(), &serde_json::json!([[0.0, 1.0]])));
    let (sheet, pixels) = (Sheet::read(&folder, "sheet.png"), images());
    assert_eq!((u64::from(sheet.0.width()), fields["width"].as_u64().unwrap()), (3 * 124, 3 * 124));
    for (index, image) in pixels.chunks_exact(784).skip(5).take(3).enumerate() {
        assert_eq!(sheet.tile(index * (SIDE + 3 * GAP) + LEFT, TOP), greys(image));
    }
    let extra = ["--augment", "--augment-seed", "9"];
    folder.succeeds(&[&command[..], &extra].concat());
    let sheet = Sheet::read(&folder, "sheet.png");
    for copy in 0..4 {
        let mut expected = vec![0.0; 784];
        let image = &pixels[5 * 784..6 * 784];
        Augmentation::new(9).apply(Shape::new(1, 28, 28), 5, copy, image, &mut expected).unwrap();
        assert_eq!(sheet.tile(LEFT + copy * (SIDE + GAP), TOP), greys(&expected), "copy {copy}");
    }
}

#[test]
fn of_ciphertexts_every_lane_is_shown_and_the_key_names_the_message() {
    for (scalar, lanes, form) in [("f32", 2, Form::Matrix), ("f64", 3, Form::Spectral)] {
        let folder = Folder::with_digits(scalar, lanes, form);
        let command = ["preview", "--data", "train", "--count", "4", "--out"];
        let fields = folder.json(&[&command[..], &["service.png"]].concat());
        assert_eq!(fields["ranges"].as_array().unwrap().len(), lanes);
        folder.succeeds(&[&command[..], &["owner.png", "--key", "KEY"]].concat());
        let [service, owner] = ["service.png", "owner.png"].map(|name| Sheet::read(&folder, name));
        assert!(service.0 != owner.0, "the message is named");
        let expected = greys(&images()[..784]);
        let tiles: Vec<Vec<u8>> =
            (0..lanes).map(|lane| service.tile(LEFT, TOP + lane * (SIDE + TOP))).collect();
        for (lane, tile) in tiles.iter().enumerate() {
            assert_eq!(*tile, owner.tile(LEFT, TOP + lane * (SIDE + TOP)));
        }
        // The message's lane spans [0, 1] to rounding, so its greys are those of the image but for halves that round otherwise.
        let near = |tile: &&Vec<u8>| tile.iter().zip(&expected).all(|(a, b)| a.abs_diff(*b) <= 1);
        assert_eq!(tiles.iter().filter(near).count(), 1, "n = {lanes}, {form}");
    }
}

#[test]
fn what_cannot_be_shown_is_told() {
    let folder = Folder::with_digits("f32", 2, Form::Spectral);
    folder.succeeds(&["keygen", "--out", "OTHER", "--seed", "2"]);
    for (data, extra, code, text) in [
        ("digits:20", &["--first", "20"][..], 2, "there are 20"),
        ("digits:20", &["--count", "0"], 2, "--count"),
        ("digits:20", &["--key", "KEY"], 2, "--key is for encrypted data"),
        ("digits:20", &["--augment-seed", "1"], 2, "--augment"),
        ("train", &["--key", "OTHER"], 1, "key"),
        ("train", &["--key", "NONE"], 1, "NONE"),
        ("missing", &[], 1, "missing"),
    ] {
        let command = ["preview", "--data", data, "--out", "sheet.png"];
        folder.fails(code, &[&command[..], extra].concat(), &[text]);
    }
    folder.fails(1, &["preview", "--data", "digits:20", "--out", "no/sheet.png"], &["no/sheet.png"]);
}

#[test]
fn phantoms_are_a_source() {
    let folder = Folder::with_key();
    let fields =
        folder.json(&["preview", "--data", "angiograms:9:3", "--split", "val", "--out", "sheet.png"]);
    assert_eq!((&fields["count"], &fields["width"]), (&9.into(), &(5 * 268).into()));
    let data = Dataset::load(&"angiograms:9:3".parse().unwrap(), Split::Val, None).unwrap();
    assert_eq!(
        (data.len(), data.shape(), data.class_names()),
        (9, [1, 256, 256], &["LCA".to_owned(), "RCA".to_owned()][..])
    );
    let patients: Vec<_> = (0..9).map(|frame| data.patient_id(frame).unwrap()).collect();
    assert_eq!((patients[0], patients[7], patients[8]), ("val-0", "val-0", "val-1"));
    let (mut all, mut one) = (vec![0.0; 2 * 65_536], vec![0.0; 65_536]);
    data.read_images(7..9, &mut all).unwrap();
    let fewer = Dataset::load(&"angiograms:100:3".parse().unwrap(), Split::Val, Some(8)).unwrap();
    fewer.read_images(7..8, &mut one).unwrap();
    assert!(all[..65_536] == one[..] && all[65_536..] != one[..]);
    folder.encrypt("angiograms:2", "train", &["--form", "spectral", "--out", "train"]);
    folder.fails(
        2,
        &["preview", "--data", "angiograms", "--split", "all", "--out", "x"],
        &["not for all at once"],
    );
}
