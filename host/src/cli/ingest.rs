//! `ingest`: what a device sends over a serial line into a container.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{Report, distinct};
use more_nn::architecture::Architecture;
use more_nn::container::{Content, scalar_name};
use more_nn::error::Error;
use more_nn::ingest::{Labels, Limits, Options, Source, ingest};
use more_nn::key_file::EvaluationKeyFile;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What the device sends: a file, a serial device (set to raw bytes), or - for standard input.
    #[arg(long = "in", value_name = "FILE|DEVICE|-")]
    input: PathBuf,
    /// The evaluation key of the device's key; where not given, the one that the device sends.
    #[arg(long, value_name = "KEY.eval")]
    eval: Option<PathBuf>,
    /// How many classes there are, or their names (LEFT,RIGHT); where not given, those of the network that takes such images.
    #[arg(long, value_name = "COUNT|NAME,..")]
    classes: Option<Classes>,
    /// A table `transfer,label` with the class, by name or number, of each transfer; stored in the clear.
    #[arg(long, value_name = "FILE.csv")]
    labels: Option<PathBuf>,
    /// Store nothing unless all came whole. Otherwise what is damaged or lost is named, and the rest stored.
    #[arg(long)]
    strict: bool,
    /// Stop after N whole images.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Take SECONDS without a byte for the end, as a serial device has none.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// The rate of the serial device; where not given, what it was set to.
    #[arg(long, value_name = "RATE", value_parser = clap::value_parser!(u32).range(1..))]
    baud: Option<u32>,
    /// The container to write; a file of that name is replaced.
    #[arg(long, value_name = "CONTAINER")]
    out: PathBuf,
}

/// Names of classes; a number stands for so many, named 0, 1 and so on.
#[derive(Clone, Debug)]
struct Classes(Vec<String>);

impl std::str::FromStr for Classes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<u16>() {
            Ok(count @ 2..) => Ok(Self((0..count).map(|class| class.to_string()).collect())),
            Ok(_) => Err("at least two classes".to_owned()),
            Err(_) => {
                let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
                let unique: std::collections::BTreeSet<_> = names.iter().collect();
                match names.len() >= 2 && unique.len() == names.len() && !names.iter().any(String::is_empty) {
                    true => Ok(Self(names)),
                    false => Err("expected a number, or two names or more, all different".to_owned()),
                }
            }
        }
    }
}

#[derive(Serialize)]
struct Fields {
    content: &'static str,
    count: usize,
    shape: Vec<usize>,
    form: &'static str,
    lanes: usize,
    scalar: &'static str,
    key_id: String,
    transfers: Vec<u16>,
    bytes: u64,
    findings: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, report: &Report) -> Result<(), Error> {
    let read = [
        ("--in", Some(arguments.input.as_path())),
        ("--eval", arguments.eval.as_deref()),
        ("--labels", arguments.labels.as_deref()),
    ];
    distinct::check(&read, &[("--out", Some(&arguments.out))])?;
    let idle = arguments.timeout.map(Duration::from_secs);
    let mut source = Source::open(&arguments.input, Limits { baud: arguments.baud, idle })?;
    let options = Options {
        evaluation: arguments.eval.as_deref().map(EvaluationKeyFile::read).transpose()?,
        classes: arguments.classes.clone().map(|Classes(names)| names),
        known: |shape| {
            Architecture::ALL.iter().find_map(|known| {
                let input = known.network().input();
                (shape == [input.channels, input.height, input.width]).then(|| known.network().classes())
            })
        },
        labels: arguments.labels.as_deref().map(Labels::read).transpose()?,
        count: arguments.count.map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
        strict: arguments.strict,
    };
    let mut findings = Vec::new();
    let summary = ingest(&mut source, &options, &arguments.out, |finding| {
        report.remark(format_args!("{}: {finding}", source_name(&arguments.input)));
        findings.push(finding.to_string());
    })?;
    let what = match summary.content {
        Content::Images => "images",
        _ => "outputs",
    };
    let lost = match findings.len() {
        0 => String::new(),
        1 => ", 1 thing on the line damaged or lost".to_owned(),
        count => format!(", {count} things on the line damaged or lost"),
    };
    let text = format!(
        "stored {} {what} in {} ({} form, n = {}) from {} bytes{lost}",
        summary.count,
        arguments.out.display(),
        summary.form,
        summary.lanes,
        summary.bytes,
    );
    let fields = Fields {
        content: summary.content.name(),
        count: summary.count,
        shape: summary.shape,
        form: summary.form.name(),
        lanes: summary.lanes,
        scalar: scalar_name(summary.scalar),
        key_id: summary.key_id.to_string(),
        transfers: summary.transfers,
        bytes: summary.bytes,
        findings,
    };
    report.result(&fields, text)
}

fn source_name(input: &std::path::Path) -> String {
    if input.as_os_str() == "-" { "standard input".to_owned() } else { input.display().to_string() }
}
