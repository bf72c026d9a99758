//! On data that is not in the repository.

use more_nn::dataset::{Frame, Options, Split};

use super::pixels;
use more_nn::dataset::{Dataset, Source};

fn folder(variable: &str) -> std::path::PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set")).into()
}

#[test]
#[ignore = "needs the ARCADE angiograms: set MORE_NN_ANGIOGRAPHY to their folder"]
fn arcade_has_its_published_sizes() {
    let source = Source::Images(folder("MORE_NN_ANGIOGRAPHY"));
    for (split, counts) in [(Split::Train, [625, 375]), (Split::Val, [134, 66]), (Split::All, [759, 441])] {
        let data = Dataset::open(&source, &Options::default(), split, None).unwrap();
        assert_eq!(
            (data.shape(), data.class_names()),
            ([1, 256, 256], &["LCA", "RCA"].map(str::to_owned)[..])
        );
        let found = [0, 1].map(|class| data.labels().iter().filter(|label| **label == class).count());
        assert_eq!(found, counts, "{split}");
    }
}

#[test]
#[ignore = "needs DICOM angiograms: set MORE_NN_DICOM to their folder"]
fn dicom_angiograms_are_decoded() {
    let folder = folder("MORE_NN_DICOM");
    let read = |name: &str, options: &Options| {
        let data = Dataset::open(&Source::Dicom(folder.join(name)), options, Split::All, None).unwrap();
        (data.shape(), pixels(&data).unwrap())
    };
    let options = Options::default();
    // The same image, compressed by RLE without loss and not compressed.
    let (shape, plain) = read("wg04_XA1_uncompressed_10bit.dcm", &options);
    let (_, compressed) = read("wg04_XA1_rle_10bit.dcm", &options);
    assert_eq!(shape, [1, 1024, 1024]);
    assert!(plain == compressed);
    // JPEG baseline, 96 frames. In the first no contrast agent is there yet; in frame 54 it fills the right coronary artery and its
    // branches to their ends.
    let name = "rubo_coronary_96f_jpegbaseline.dcm";
    let frame = |frame| read(name, &Options { frame, size: Some([256, 256]), ..Options::default() }).1;
    assert!(frame(Frame::Contrast) == frame(Frame::Number(54)));
    let all = Options { size: Some([256, 256]), ..Options::default() };
    let data = Dataset::open(&Source::Dicom(folder.clone()), &all, Split::All, None).unwrap();
    assert_eq!((data.len(), data.has_labels()), (3, false));
}
