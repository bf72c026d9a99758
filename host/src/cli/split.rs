//! `split`: a data set into training, validation and test parts, patient by patient.

use std::path::PathBuf;

use serde::Serialize;

use super::Report;
use super::source_options::SourceOptions;
use more_nn::dataset::Source;
use more_nn::dataset::partition::{Part, Partition};
use more_nn::error::Error;
use more_nn::output_file::{Access, OutputFile};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The data: images:DIR or dicom:DIR.
    #[arg(long, value_name = "SOURCE")]
    data: Source,
    #[command(flatten)]
    files: SourceOptions,
    /// The shares of train, val and test.
    #[arg(long, value_name = "TRAIN,VAL,TEST", value_delimiter = ',', default_value = "0.7,0.15,0.15")]
    fractions: Vec<f64>,
    /// Decides who goes where: the same seed gives the same parts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The table to write, to be given to --labels; a file of that name is replaced. It has the columns of the table of labels, the one of
    /// parts replaced or added.
    #[arg(long, value_name = "CSV")]
    out: PathBuf,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Fields {
    parts: Vec<Part>,
    images_without_patient: usize,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let fractions = <[f64; 3]>::try_from(arguments.fractions.as_slice())
        .map_err(|_| Error::usage("--fractions takes three numbers, as in 0.7,0.15,0.15"))?;
    let partition = Partition::of(&arguments.data, &arguments.files.options(), fractions, arguments.seed)?;
    let mut file = OutputFile::create(&arguments.out, Access::Shared, true)?;
    file.write(&partition.csv()?)?;
    file.commit()?;
    let parts = partition.parts();
    let without = partition.without_patient();
    let images: usize = parts.iter().map(|part| part.images).sum();
    if without > 0 {
        report.remark(format!(
            "warning: {without} of {images} images have no patient id. Each counts as a patient of its own: frames of one patient, \
             near-duplicates among them, may be in several parts, and tests then say too much"
        ));
    }
    let mut text = String::new();
    for part in &parts {
        let classes: Vec<String> =
            part.classes.iter().map(|(name, count)| format!("{name} {count}")).collect();
        text.push_str(&format!("{:6}{:>7} images", part.split, part.images));
        if part.patients > 0 {
            text.push_str(&format!(" of {} patients", part.patients));
        }
        if !classes.is_empty() {
            text.push_str(&format!(": {}", classes.join(", ")));
        }
        text.push('\n');
    }
    text.push_str(&format!("table: {}", arguments.out.display()));
    report.result(&Fields { parts, images_without_patient: without }, text)
}
