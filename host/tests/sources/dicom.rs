use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_object::mem::InMemElement;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use more_nn::dataset::{Frame, Options, Split, Window};

use super::{Folder, open, pixels, refused};

/// A DICOM file.
#[derive(Clone)]
struct Made<'a> {
    rows: u16,
    columns: u16,
    photometric: &'a str,
    allocated: u16,
    stored: u16,
    high: u16,
    signed: bool,
    frames: Vec<Vec<u16>>,
    /// Frames as they are compressed in a transfer syntax.
    compressed: Option<(&'a str, Vec<Vec<u8>>)>,
    extra: Vec<(Tag, VR, &'a str)>,
}

impl Default for Made<'_> {
    fn default() -> Self {
        Self {
            rows: 4,
            columns: 3,
            photometric: "MONOCHROME2",
            allocated: 16,
            stored: 10,
            high: 9,
            signed: false,
            frames: vec![ramp()],
            compressed: None,
            extra: Vec::new(),
        }
    }
}

/// From 0 to 1023.
fn ramp() -> Vec<u16> {
    (0..12).map(|index| index * 93).collect()
}

const RESCALE_INTERCEPT: Tag = Tag(0x0028, 0x1052);
const RESCALE_SLOPE: Tag = Tag(0x0028, 0x1053);
const CENTER: Tag = Tag(0x0028, 0x1050);
const WIDTH: Tag = Tag(0x0028, 0x1051);
const PATIENT: Tag = Tag(0x0010, 0x0020);

impl Made<'_> {
    fn write(&self, folder: &Folder, name: &str) {
        let number = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
        let text =
            |tag, vr, value: &str| -> InMemElement { DataElement::new(tag, vr, PrimitiveValue::from(value)) };
        let samples: Vec<u16> = self.frames.concat();
        let pixel_data = Tag(0x7FE0, 0x0010);
        let mut elements = vec![
            text(Tag(0x0008, 0x0060), VR::CS, "XA"),
            number(Tag(0x0028, 0x0002), 1),
            text(Tag(0x0028, 0x0004), VR::CS, self.photometric),
            text(Tag(0x0028, 0x0008), VR::IS, &self.frames.len().to_string()),
            number(Tag(0x0028, 0x0010), self.rows),
            number(Tag(0x0028, 0x0011), self.columns),
            number(Tag(0x0028, 0x0100), self.allocated),
            number(Tag(0x0028, 0x0101), self.stored),
            number(Tag(0x0028, 0x0102), self.high),
            number(Tag(0x0028, 0x0103), u16::from(self.signed)),
            if let Some((_, fragments)) = &self.compressed {
                let sequence = PixelFragmentSequence::new_fragments(fragments.clone());
                DataElement::new(pixel_data, VR::OB, sequence)
            } else if self.allocated == 8 {
                let bytes: Vec<u8> = samples.iter().map(|sample| *sample as u8).collect();
                DataElement::new(pixel_data, VR::OB, PrimitiveValue::from(bytes))
            } else {
                DataElement::new(pixel_data, VR::OW, PrimitiveValue::U16(samples.into()))
            },
        ];
        elements.extend(self.extra.iter().map(|(tag, vr, value)| text(*tag, *vr, value)));
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(self.compressed.as_ref().map_or("1.2.840.10008.1.2.1", |(syntax, _)| *syntax))
            .media_storage_sop_class_uid("1.2.840.10008.5.1.4.1.1.12.1")
            .media_storage_sop_instance_uid("2.25.1");
        let object = InMemDicomObject::from_element_iter(elements).with_meta(meta).unwrap();
        object.write_to_file(folder.path(name)).unwrap();
    }

    fn read(&self, options: &Options) -> Result<Vec<f32>, more_nn::Error> {
        let folder = Folder::new();
        self.write(&folder, "a.dcm");
        open(&folder, "dicom", "a.dcm", options, Split::All).and_then(|data| pixels(&data))
    }
}

/// The pixels of `made`, each to the rounding of one division in f64 and its conversion.
#[track_caller]
fn check(made: &Made<'_>, options: &Options, expected: impl Fn(f64) -> f64) {
    let found = made.read(options).unwrap();
    for (index, found) in found.iter().enumerate() {
        let expected = expected(index as f64 * 93.0);
        assert!(
            (f64::from(*found) - expected).abs() <= f64::from(f32::EPSILON),
            "{index}: {found}, {expected}"
        );
    }
}

#[test]
fn values_follow_bits_photometric_interpretation_and_rescaling() {
    let options = Options::default();
    check(&Made::default(), &options, |value| value / 1023.0);
    check(&Made { photometric: "MONOCHROME1", ..Made::default() }, &options, |value| 1.0 - value / 1023.0);
    // Ten bits at the top of sixteen, with an overlay in the bits below.
    let frames = vec![ramp().iter().map(|value| value << 6 | 0x15).collect()];
    check(&Made { high: 15, frames, ..Made::default() }, &options, |value| value / 1023.0);
    // Signed: from -512 to 511, the bits above not being the sign's.
    let frames = vec![ramp().iter().map(|value| value.wrapping_sub(512) & 0x3FF).collect()];
    check(&Made { signed: true, frames, ..Made::default() }, &options, |value| value / 1023.0);
    // A slope below zero turns the range around.
    let extra = vec![(RESCALE_INTERCEPT, VR::DS, "100"), (RESCALE_SLOPE, VR::DS, "-2")];
    check(&Made { extra, ..Made::default() }, &options, |value| 1.0 - value / 1023.0);
    let bytes = Made { allocated: 8, stored: 8, high: 7, ..Made::default() };
    let found = Made { frames: vec![(0..12).map(|value| value * 23).collect()], ..bytes }.read(&options);
    assert_eq!(found.unwrap(), (0..12).map(|value| value as f32 * 23.0 / 255.0).collect::<Vec<_>>());
}

/// A frame in RLE (PS3.5, annex G): high bytes, then low bytes, both as literal runs.
fn rle(frame: &[u16]) -> Vec<u8> {
    let run = |part: usize| {
        let bytes = frame.iter().map(|value| value.to_be_bytes()[part]);
        std::iter::once(frame.len() as u8 - 1).chain(bytes).chain([128]).collect::<Vec<u8>>()
    };
    let (high, low) = (run(0), run(1));
    let mut header = [0_u32; 16];
    (header[0], header[1], header[2]) = (2, 64, 64 + high.len() as u32);
    let header: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
    [header, high, low].concat()
}

#[test]
fn compressed_frames_are_decoded_and_damaged_ones_refused() {
    let syntax = "1.2.840.10008.1.2.5";
    let half: Vec<u16> = ramp().iter().map(|value| value / 2).collect();
    let frames = vec![rle(&ramp()), rle(&half)];
    let made =
        Made { frames: vec![vec![]; 2], compressed: Some((syntax, frames.clone())), ..Made::default() };
    let first = Options { frame: Frame::Number(1), ..Options::default() };
    check(&made, &first, |value| value / 1023.0);
    check(&made, &Options::default(), |value| (value / 2.0).floor() / 1023.0);
    // A segment that ends early, a header that promises too much, no header.
    for damage in
        [frames[0][..frames[0].len() - 6].to_vec(), [&[200, 0], &frames[0][2..]].concat(), vec![0; 2]]
    {
        let made = Made { compressed: Some((syntax, vec![damage])), frames: vec![vec![]], ..Made::default() };
        refused(made.read(&first), &["a.dcm: frame 1: the pixel data cannot be decoded"]);
    }

    let mut jpeg = Vec::new();
    let even = image::GrayImage::from_pixel(3, 4, image::Luma([77]));
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100);
    even.write_with_encoder(encoder).unwrap();
    jpeg.resize(jpeg.len().next_multiple_of(2), 0);
    let compressed = Some(("1.2.840.10008.1.2.4.50", vec![jpeg]));
    let made = Made { allocated: 8, stored: 8, high: 7, frames: vec![vec![]], compressed, ..Made::default() };
    assert!(made.read(&first).unwrap().iter().all(|value| (value - 77.0 / 255.0).abs() < 1.5 / 255.0));
}

#[test]
fn windows_are_those_of_the_standard() {
    let window = |center: f64, width: f64| {
        // PS3.3, C.11.2.1.2.1, with 0 and 1 for the ends.
        move |value: f64| ((value - (center - 0.5)) / (width - 1.0) + 0.5).clamp(0.0, 1.0)
    };
    let windowed =
        Made { extra: vec![(CENTER, VR::DS, "400\\900"), (WIDTH, VR::DS, "301\\100")], ..Made::default() };
    // The first of two.
    check(&windowed, &Options::default(), window(400.0, 301.0));
    let asked = Window::Linear { center: 600.0, width: 200.0 };
    check(&windowed, &Options { window: asked, ..Options::default() }, window(600.0, 200.0));
    check(&windowed, &Options { window: Window::Full, ..Options::default() }, |value| value / 1023.0);
    // The window is one of values after rescaling.
    let extra =
        [&windowed.extra[..], &[(RESCALE_INTERCEPT, VR::DS, "-100"), (RESCALE_SLOPE, VR::DS, "1")]].concat();
    check(&Made { extra, ..Made::default() }, &Options::default(), |value| {
        window(400.0, 301.0)(value - 100.0)
    });
}

#[test]
fn frames_are_chosen() {
    // 32 x 32 pixels; in frame 4 a vessel, one pixel wide, from top to bottom.
    let frame = |value: u16| vec![value; 32 * 32];
    let mut vessel = frame(800);
    vessel.iter_mut().skip(10).step_by(32).for_each(|value| *value = 500);
    let frames = vec![frame(800), frame(400), frame(600), vessel, frame(200)];
    let made = Made { rows: 32, columns: 32, frames, ..Made::default() };
    let value = |frame: Frame, index: usize| {
        let options = Options { frame, ..Options::default() };
        made.read(&options).map(|pixels| (f64::from(pixels[index]) * 1023.0).round())
    };
    assert_eq!(value(Frame::Middle, 0).unwrap(), 600.0);
    assert_eq!(value(Frame::Number(1), 0).unwrap(), 800.0);
    assert_eq!(value(Frame::Number(5), 0).unwrap(), 200.0);
    assert_eq!(value(Frame::Contrast, 10).unwrap(), 500.0);
    refused(value(Frame::Number(6), 0), &["a.dcm", "frame 6 is asked for", "has 5"]);
}

#[test]
fn folders_tables_and_patients() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("data/study")).unwrap();
    for (name, patient) in [("study/one", "17 "), ("study/two.dcm", "17"), ("three", "18")] {
        Made { extra: vec![(PATIENT, VR::LO, patient)], ..Made::default() }
            .write(&folder, &format!("data/{name}"));
    }
    folder.write("data/README", "no DICOM");
    let options = |table: &str| Options { labels: Some(folder.path(table)), ..Options::default() };
    let data = open(&folder, "dicom", "data", &Options::default(), Split::All).unwrap();
    assert_eq!((data.len(), data.has_labels(), data.shape()), (3, false, [1, 4, 3]));
    assert_eq!([0, 1, 2].map(|image| data.patient_id(image).unwrap()), ["17", "17", "18"]);

    folder.write(
        "good.csv",
        "file,label,split\nstudy/one,LCA,train\nstudy/two.dcm,RCA,train\nthree,RCA,test\n",
    );
    let data = open(&folder, "dicom", "data", &options("good.csv"), Split::Train).unwrap();
    assert_eq!(data.labels(), [0, 1]);
    folder.write("bad.csv", "file,split\nstudy/one,train\nthree,train\nstudy/two.dcm,test\n");
    let error = open(&folder, "dicom", "data", &options("bad.csv"), Split::Train);
    refused(error, &["bad.csv", "patient `17` is in train (line 2) and in test (line 4)"]);
    // What the table says counts.
    folder.write("known.csv", "file,split,patient_id\nstudy/one,train,a\nstudy/two.dcm,test,b\n");
    let data = open(&folder, "dicom", "data", &options("known.csv"), Split::Test).unwrap();
    assert_eq!(data.patient_id(0), Some("b"));
    // One file, with the table of the folder.
    let data = open(&folder, "dicom", "data/three", &Options::default(), Split::All).unwrap();
    assert_eq!((data.len(), data.patient_id(0)), (1, Some("18")));
}

#[test]
fn wrong_files_are_named_with_what_was_expected() {
    let read = |made: Made<'_>| made.read(&Options::default());
    refused(
        read(Made { photometric: "RGB", ..Made::default() }),
        &["a.dcm", "frame 1", "expected MONOCHROME1"],
    );
    refused(read(Made { stored: 17, ..Made::default() }), &["17 bits stored", "of 16 allocated"]);
    refused(read(Made { allocated: 32, ..Made::default() }), &["a.dcm"]);
    refused(read(Made { frames: vec![vec![1; 11]], ..Made::default() }), &["a.dcm: frame 1", "pixel data"]);
    let folder = Folder::new();
    folder.write("a.dcm", "text");
    refused(
        open(&folder, "dicom", "a.dcm", &Options::default(), Split::All),
        &["a.dcm", "no readable DICOM"],
    );
    Made::default().write(&folder, "b.dcm");
    let whole = folder.read("b.dcm");
    folder.write("b.dcm", &whole[..whole.len() - 9]);
    refused(open(&folder, "dicom", "b.dcm", &Options::default(), Split::All), &["b.dcm"]);
    std::fs::create_dir(folder.path("empty")).unwrap();
    refused(open(&folder, "dicom", "empty", &Options::default(), Split::All), &["holds no DICOM file"]);
}
