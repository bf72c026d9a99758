//! Options that say how the files of a source are read, shared by the commands that take sources.

use std::path::PathBuf;

use more_nn::dataset::{Columns, Dataset, Fit, Frame, Options, Source, Split, Window};
use more_nn::error::Error;

/// How images:DIR, dicom:DIR, npz:FILE and safetensors:FILE are read.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Files of a SOURCE")]
pub(super) struct SourceOptions {
    /// The table of labels of images:DIR or dicom:DIR, a CSV file with a header; DIR/labels.csv where there is one and none is given.
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// The table's column of files, relative to DIR [default: file].
    #[arg(long, value_name = "NAME")]
    file_column: Option<String>,
    /// The table's column of parts: train, val or test [default: split].
    #[arg(long, value_name = "NAME")]
    split_column: Option<String>,
    /// The table's column of labels [default: label].
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,
    /// The table's column of patients [default: patient_id; of DICOM files without, their own PatientID].
    #[arg(long, value_name = "NAME")]
    patient_column: Option<String>,
    /// The names of the classes, in their order [default: the labels that occur, sorted].
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    classes: Option<Vec<String>>,
    /// Bring images to this size: 256 or HEIGHTxWIDTH. Pixels are averaged by area.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    size: Option<[usize; 2]>,
    /// How images are brought to the size: all of it with black bars, its middle, or stretched.
    #[arg(long, value_enum, default_value_t = Fit::Pad)]
    fit: Fit,
    /// The frame of DICOM files with several: middle, contrast (the highest vessel contrast) or a number from 1.
    #[arg(long, default_value_t = Frame::Middle)]
    frame: Frame,
    /// The window of DICOM files: file (their own; full where they name none), full (all that their bits hold) or CENTER,WIDTH.
    #[arg(long, default_value_t = Window::File, allow_hyphen_values = true)]
    window: Window,
    /// The array of images of npz:FILE or safetensors:FILE, [n, h, w] or [n, 1, h, w], u8 or f32 in [0, 1] [default: PART_images,
    /// x_PART, or `images` for --split all].
    #[arg(long, value_name = "NAME")]
    images_array: Option<String>,
    /// The array of labels, whole numbers from 0 [default: PART_labels, y_PART or `labels`].
    #[arg(long, value_name = "NAME")]
    labels_array: Option<String>,
    /// Accept a patient whose images are in several parts: tests then say too much.
    #[arg(long)]
    allow_patient_overlap: bool,
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let (height, width) = text.split_once('x').unwrap_or((text, text));
    // More than DICOM's own limit is a slip.
    let extent = |text: &str| text.parse().ok().filter(|extent| (1..=65_535).contains(extent));
    match (extent(height), extent(width)) {
        (Some(height), Some(width)) => Ok([height, width]),
        _ => Err("expected SIDE or HEIGHTxWIDTH, 1 to 65535".to_owned()),
    }
}

impl SourceOptions {
    pub(super) fn options(&self) -> Options {
        Options {
            labels: self.labels.clone(),
            columns: Columns {
                file: self.file_column.clone(),
                split: self.split_column.clone(),
                label: self.label_column.clone(),
                patient: self.patient_column.clone(),
            },
            classes: self.classes.clone(),
            size: self.size,
            fit: self.fit,
            frame: self.frame,
            window: self.window,
            arrays: [self.images_array.clone(), self.labels_array.clone()],
            allow_patient_overlap: self.allow_patient_overlap,
        }
    }

    /// Opens a part of a source.
    pub(super) fn open(&self, source: &Source, split: Split, limit: Option<u64>) -> Result<Dataset, Error> {
        let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Dataset::open(source, &self.options(), split, limit)
    }
}
