//! What a device sends over a serial line, into a container: encrypted images, or the outputs that a network on the device has
//! computed from them.
//!
//! Transfers are encodings of `more_core::wire`: images, or lists (the outputs of one image each). One with an evaluation
//! key, which a device may send at any time, serves where none is given. The first image or list decides on shape, form, scalar,
//! lanes and key of all. What the line has lost or damaged is handed over as [`Finding`]s; transfers that are whole are stored,
//! or none where `strict` is asked for.
//!
//! How many there will be is not known before the end, so they wait in a file without a name.

mod finding;
mod labels;
mod source;
mod store;
mod transfers;

use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::Path;

use more_core::wire::{Header, Kind as Encoded, Shape};
use more_core::{KeyId, Scalar};

pub use finding::{Finding, What};
pub use labels::Labels;
pub use source::{Limits, Source};

use crate::container::{
    ContainerWriter, Content, Form, IMAGES, Metadata, OUTPUTS, PLAIN_LABELS, image_tensor, output_tensor,
    plain_label_tensor,
};
use crate::error::{Error, Kind};
use crate::key_file::EvaluationKeyFile;
use crate::with_scalar_and_lanes;
use store::Evaluation;
use transfers::{Transfer, Transfers};

/// How a line is stored.
#[derive(Debug)]
pub struct Options {
    /// Goes into the container; without one the key that came over the line does.
    pub evaluation: Option<EvaluationKeyFile>,
    /// Names of the classes; where not given they are numbers.
    pub classes: Option<Vec<String>>,
    /// How many classes images of a shape (channels, height, width) have, where they are not named. Outputs have one each, or two
    /// for a single output.
    pub known: fn(&[usize]) -> Option<usize>,
    /// The classes of what is sent.
    pub labels: Option<Labels>,
    /// Stop after so many whole images or outputs.
    pub count: Option<usize>,
    /// Store nothing unless everything came whole.
    pub strict: bool,
}

/// What was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Images or outputs.
    pub content: Content,
    /// How many.
    pub count: usize,
    /// The shape of one.
    pub shape: Vec<usize>,
    /// The form of the ciphertexts.
    pub form: Form,
    /// Lanes of a ciphertext.
    pub lanes: usize,
    /// The width of the numbers.
    pub scalar: Scalar,
    /// The key's id.
    pub key_id: KeyId,
    /// The numbers of the transfers that were stored, in this order.
    pub transfers: Vec<u16>,
    /// Bytes that came over the line.
    pub bytes: u64,
    /// How many findings there were.
    pub findings: usize,
}

/// Reads `source` to its end and writes what is whole to `out`.
///
/// # Errors
/// [`Kind::Missing`] where nothing came whole, no evaluation key is known, or a label is not given; [`Kind::Key`] for ciphertexts
/// of another key than the evaluation key's, and for a secret key on the line; [`Kind::Corrupt`] for any finding where
/// `strict` is asked for; [`Kind::Interrupted`]; reading and writing errors. Nothing is left at `out` then, or what was there
/// before.
pub fn ingest(
    source: &mut Source,
    options: &Options,
    out: &Path,
    mut observe: impl FnMut(&Finding),
) -> Result<Summary, Error> {
    let name = source.name().to_owned();
    let at = |error: Error| if error.kind() == Kind::Usage { error } else { error.at(&name) };
    let mut spool = Spool::new()?;
    let mut collected = Collected::new(options);
    let mut room = transfers::room();
    let mut transfers = Transfers::new(&mut room);
    let mut buffer = vec![0; 1 << 16];
    let mut findings = 0;
    let mut finish = false;
    while !finish {
        let length = source.read(&mut buffer)?;
        finish = length == 0;
        let mut take = |what: Taken<'_>| -> Result<bool, Error> {
            let finding = match what {
                Taken::Finding(finding) => Some(finding),
                Taken::Transfer(transfer) => collected.take(transfer, &mut spool)?,
            };
            if let Some(finding) = finding {
                findings += 1;
                observe(&finding);
                if options.strict {
                    let error = Error::new(Kind::Corrupt, finding.to_string());
                    return Err(error.with_hint("without --strict what came whole is stored"));
                }
            }
            Ok(options.count.is_some_and(|count| collected.numbers.len() >= count))
        };
        finish |= match finish {
            true => transfers.end(&mut take),
            false => transfers.feed(&buffer[..length], &mut take),
        }
        .map_err(at)?;
    }
    let bytes = transfers.bytes();
    let summary = collected.write(spool, out).map_err(at)?;
    Ok(Summary { bytes, findings, ..summary })
}

/// What [`Transfers`] hands over.
enum Taken<'a> {
    Finding(Finding),
    Transfer(Transfer<'a>),
}

/// A file without a name.
struct Spool(BufWriter<File>);

impl Spool {
    fn new() -> Result<Self, Error> {
        let file = tempfile::tempfile()
            .map_err(|error| Error::new(Kind::Io, "cannot create a temporary file").caused_by(error))?;
        Ok(Self(BufWriter::new(file)))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.0.write_all(bytes).map_err(failed)
    }

    /// The file, at its beginning.
    fn into_file(self) -> Result<File, Error> {
        let mut file = self.0.into_inner().map_err(|error| failed(error.into_error()))?;
        file.rewind().map_err(failed)?;
        Ok(file)
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::new(Kind::Io, "cannot use a temporary file").caused_by(error)
}

/// What has come whole so far.
struct Collected<'a> {
    options: &'a Options,
    evaluation: Option<Evaluation>,
    /// Of the first image or list.
    header: Option<Header>,
    /// The transfers that are in the spool.
    numbers: Vec<u16>,
}

impl<'a> Collected<'a> {
    fn new(options: &'a Options) -> Self {
        let evaluation = options.evaluation.as_ref().map(Evaluation::from_file);
        Self { options, evaluation, header: None, numbers: Vec::new() }
    }

    /// Takes a transfer; what is wrong with it, if it is not stored.
    fn take(&mut self, transfer: Transfer<'_>, spool: &mut Spool) -> Result<Option<Finding>, Error> {
        let refused = |reason: String| {
            Ok(Some(Finding {
                byte: transfer.byte,
                what: What::Refused { transfer: transfer.number, reason },
            }))
        };
        let header = match Header::peek(transfer.bytes) {
            Ok(header) => header,
            Err(error) => return refused(error.to_string()),
        };
        match header.kind {
            Encoded::SecretKey => {
                return Err(Error::new(Kind::Key, "a secret key came over the line")
                    .position(format!("transfer {}", transfer.number))
                    .with_hint("whoever listened can decrypt everything under it: make a new one"));
            }
            Encoded::EvaluationKey => {
                // One that was given goes first; of those on the line the first, which is the lanes' order of all.
                let known = self.evaluation.as_ref();
                if known.is_some_and(|known| !known.is_given() && known.bytes() != transfer.bytes) {
                    return refused("another evaluation key than the one before".to_owned());
                }
                if known.is_none() {
                    match Evaluation::from_line(&header, transfer.bytes) {
                        Ok(key) => self.evaluation = Some(key),
                        Err(error) => return refused(error.to_string()),
                    }
                }
                return Ok(None);
            }
            Encoded::Ciphertexts { .. } | Encoded::Spectra { .. } => {}
        }
        if let Some(first) = &self.header
            && *first != header
        {
            return refused("shape, form, scalar, lanes or key are not those of the first".to_owned());
        }
        match shape_of(&header) {
            Some((_, shape)) if !shape.contains(&0) => {}
            _ => return refused("neither an image nor a list of outputs".to_owned()),
        }
        let stored = match with_scalar_and_lanes!(header.scalar, header.lanes, (T, N) => {
            store::stored::<T, N>(&header, transfer.bytes)
        })? {
            Ok(stored) => stored,
            Err(reason) => return refused(reason),
        };
        spool.write(&stored)?;
        self.header = Some(header);
        self.numbers.push(transfer.number);
        Ok(None)
    }

    fn write(self, spool: Spool, out: &Path) -> Result<Summary, Error> {
        let Some(header) = self.header else {
            return Err(Error::new(Kind::Missing, "no image and no list of outputs came whole")
                .with_hint("is it the right line, and its rate (--baud) the device's?"));
        };
        let Some(evaluation) = self.evaluation else {
            return Err(Error::new(Kind::Missing, "no evaluation key came over the line")
                .with_hint("give it by --eval KEY.eval"));
        };
        with_scalar_and_lanes!(header.scalar, header.lanes, (T, N) => evaluation.check::<T, N>(&header))??;
        let Some((content, shape)) = shape_of(&header) else {
            return Err(Error::new(Kind::Malformed, "neither images nor outputs"));
        };
        let count = self.numbers.len();
        let needed = match content {
            Content::Outputs => Some(shape[0].max(2)),
            _ => None,
        };
        let classes = match &self.options.classes {
            Some(classes) if needed.is_some_and(|needed| needed != classes.len()) => {
                let message = format!("{} classes for {} outputs", classes.len(), shape[0]);
                return Err(Error::usage(message).with_hint("--classes can be left out"));
            }
            Some(classes) => classes.clone(),
            None => {
                let count = needed.or_else(|| (self.options.known)(&shape)).ok_or_else(|| {
                    Error::new(Kind::Missing, format!("how many classes have images of shape {shape:?}?"))
                        .with_hint("give their number or names by --classes")
                })?;
                (0..count).map(|class| class.to_string()).collect()
            }
        };
        let form = match header.kind {
            Encoded::Spectra { .. } => Form::Spectral,
            _ => Form::Matrix,
        };
        let lanes = usize::from(header.lanes);
        let metadata =
            Metadata::plain(content, header.scalar, &shape, &classes).encrypted(form, lanes, header.id);
        let (tensor, description) = match content {
            Content::Outputs => (OUTPUTS, output_tensor(&metadata, count)),
            _ => (IMAGES, image_tensor(&metadata, count)),
        };
        let labels = match &self.options.labels {
            Some(labels) => Some(labels.of(&self.numbers, &classes)?),
            None => None,
        };
        let mut tensors = vec![description];
        if labels.is_some() {
            tensors.insert(0, plain_label_tensor(count));
        }
        let mut writer = ContainerWriter::create(out, &metadata, Some(evaluation.bytes()), tensors)?;
        if let Some(labels) = labels {
            writer.write(PLAIN_LABELS, &labels)?;
        }
        let mut file = spool.into_file()?;
        match header.scalar {
            Scalar::F32 => copy::<f32>(&mut file, tensor, &mut writer)?,
            Scalar::F64 => copy::<f64>(&mut file, tensor, &mut writer)?,
        }
        crate::interrupt::check()?;
        writer.finish()?;
        let (key_id, scalar, transfers) = (header.id, header.scalar, self.numbers);
        Ok(Summary { content, count, shape, form, lanes, scalar, key_id, transfers, bytes: 0, findings: 0 })
    }
}

/// Copies the spool's numbers, which are little-endian.
fn copy<T: crate::container::Element + more_core::Real>(
    file: &mut File,
    tensor: &str,
    writer: &mut ContainerWriter,
) -> Result<(), Error> {
    let mut bytes = Vec::new();
    let mut numbers: Vec<T> = Vec::new();
    loop {
        bytes.clear();
        file.take(1 << 20).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.is_empty() {
            return Ok(());
        }
        numbers.clear();
        numbers.extend(bytes.chunks_exact(T::BYTES).filter_map(T::read_le));
        writer.write(tensor, &numbers)?;
    }
}

/// What the elements of a header are.
fn shape_of(header: &Header) -> Option<(Content, Vec<usize>)> {
    let (Encoded::Ciphertexts { shape } | Encoded::Spectra { shape, .. }) = header.kind else { return None };
    let extents = |extents: &[u32]| extents.iter().map(|&extent| extent as usize).collect();
    match shape {
        Shape::Single => None,
        Shape::Slice { count } => Some((Content::Outputs, extents(&[count]))),
        Shape::Image { channels, height, width } => {
            Some((Content::Images, extents(&[channels, height, width])))
        }
    }
}
