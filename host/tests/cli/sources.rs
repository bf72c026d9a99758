//! Files as data sets, through the command line.

use image::{GrayImage, Luma};

use super::harness::Folder;

/// Two images for training, of two classes and one patient.
fn with_images() -> Folder {
    let folder = Folder::with_key();
    std::fs::create_dir(folder.path("data")).unwrap();
    write_image(&folder, "a", 40);
    write_image(&folder, "b", 80);
    folder.write(
        "data/labels.csv",
        "file,split,label,patient_id\na.png,train,RCA,4711\nb.png,train,LCA,4711\n",
    );
    folder
}

fn write_image(folder: &Folder, name: &str, shade: u8) {
    let image = GrayImage::from_fn(8, 6, |x, y| Luma([shade + (x * 9 + y) as u8]));
    image.save(folder.path(&format!("data/{name}.png"))).unwrap();
}

#[test]
fn a_damaged_image_leaves_no_container() {
    let folder = with_images();
    let encrypt = ["encrypt", "--key", "KEY", "--data", "images:data", "--split", "train", "--out", "o"];
    folder.write("data/b.png", "text");
    folder.fails(1, &encrypt, &["data/b.png: no readable PNG, JPEG, PGM or TIFF"]);
    write_image(&folder, "b", 80);
    let fields = folder.json(&encrypt);
    assert_eq!((&fields["count"], &fields["classes"]), (&2.into(), &2.into()));
    // Who is in it stays with the owner.
    assert!(!String::from_utf8_lossy(&folder.read("o")).contains("4711"));
    let unknown = [&encrypt[..], &["--classes", "LCA,LMCA"]].concat();
    folder.fails(1, &unknown, &["labels.csv: line 2: unknown label `RCA`, expected LCA, LMCA"]);
    folder.fails(2, &[&encrypt[..], &["--size", "0"]].concat(), &["--size"]);
}
