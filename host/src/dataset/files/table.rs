//! Tables of labels: CSV files with a header.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use crate::dataset::{Columns, Split};
use crate::error::{Error, Kind};

/// A table with the places of the columns that matter.
#[derive(Debug)]
pub(super) struct Table {
    path: PathBuf,
    header: StringRecord,
    /// With their lines in the file.
    rows: Vec<(u64, StringRecord)>,
    file: usize,
    split: Option<usize>,
    label: Option<usize>,
    patient: Option<usize>,
}

/// What a row says; empty cells are absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) line: u64,
    pub(super) file: &'a str,
    pub(super) split: Option<Split>,
    pub(super) label: Option<&'a str>,
    pub(super) patient: Option<&'a str>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// [`Kind::Io`]; [`Kind::Malformed`] naming the line for rows of another length than the header, text that is not UTF-8, and
    /// a file that is named twice; [`Kind::Missing`] for a column that is asked for and is not there, or a table without rows.
    pub(super) fn read(path: &Path, columns: &Columns) -> Result<Self, Error> {
        let at = |error: csv::Error| csv_error(error).at(path);
        let text = std::fs::read(path).map_err(|error| Error::io(path, "open", error))?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_slice());
        // A byte order mark, as spreadsheets write it, is skipped by the reader.
        let header = reader.headers().map_err(at)?.clone();
        let place = |name: &Option<String>, default: &str, needed: bool| {
            let wanted = name.as_deref().unwrap_or(default);
            let found = header.iter().position(|column| column == wanted);
            if found.is_none() && (needed || name.is_some()) {
                let there: Vec<&str> = header.iter().collect();
                let message = format!("no column `{wanted}`, the header has {}", there.join(", "));
                return Err(Error::new(Kind::Missing, message).at(path).position("line 1"));
            }
            Ok(found)
        };
        let file = place(&columns.file, "file", true)?.unwrap_or_default();
        let split = place(&columns.split, "split", false)?;
        let label = place(&columns.label, "label", false)?;
        let patient = place(&columns.patient, "patient_id", false)?;
        let mut rows: Vec<(u64, StringRecord)> = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(at)?;
            let line = record.position().map_or(0, |position| line_of(&text, position));
            rows.push((line, record));
        }
        if rows.is_empty() {
            return Err(Error::new(Kind::Missing, "the table has no row").at(path));
        }
        let table = Self { path: path.to_owned(), header, rows, file, split, label, patient };
        let mut seen = HashMap::new();
        for (line, record) in &table.rows {
            let name = record.get(file).unwrap_or_default();
            if name.is_empty() {
                return Err(table.error(*line, "no file is named"));
            }
            if let Some(other) = seen.insert(name, line) {
                return Err(table.error(*line, format!("`{name}` is in line {other} already")));
            }
        }
        Ok(table)
    }

    /// Where the table is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An error in a line.
    pub(super) fn error(&self, line: u64, message: impl Into<String>) -> Error {
        Error::new(Kind::Malformed, message).at(&self.path).position(format!("line {line}"))
    }

    /// Whether there is a column of labels.
    pub(super) fn has_labels(&self) -> bool {
        self.label.is_some()
    }

    /// The rows.
    ///
    /// # Errors
    /// [`Kind::Malformed`] for a part that is none.
    pub(super) fn rows(&self) -> Result<Vec<Row<'_>>, Error> {
        self.rows.iter().map(|(line, record)| self.row(*line, record)).collect()
    }

    fn row<'a>(&self, line: u64, record: &'a StringRecord) -> Result<Row<'a>, Error> {
        let cell =
            |place: Option<usize>| place.and_then(|place| record.get(place)).filter(|text| !text.is_empty());
        let split = match cell(self.split) {
            None => None,
            Some(text) => Some(Split::from_name(text).ok_or_else(|| {
                self.error(line, format!("`{text}` is no part, expected train, val or test"))
            })?),
        };
        Ok(Row {
            line,
            file: record.get(self.file).unwrap_or_default(),
            split,
            label: cell(self.label),
            patient: cell(self.patient),
        })
    }

    /// The header and rows with the column of parts replaced, or added as the last one.
    pub(super) fn with_splits(&self, splits: &[Split]) -> Vec<Vec<String>> {
        let put = |record: &StringRecord, cell: &str| {
            let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
            match self.split {
                Some(place) => cells[place] = cell.to_owned(),
                None => cells.push(cell.to_owned()),
            }
            cells
        };
        let name = self.split.map_or("split", |place| &self.header[place]);
        let rows = self.rows.iter().zip(splits).map(|((_, record), split)| put(record, split.name()));
        std::iter::once(put(&self.header, name)).chain(rows).collect()
    }
}

/// The line of a record. Its position is where the reader stood before it, empty lines not yet skipped.
fn line_of(text: &[u8], position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..)).unwrap_or_default();
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    position.line() + skipped.count() as u64
}

fn csv_error(error: csv::Error) -> Error {
    let line = error.position().map(csv::Position::line);
    let located = |error: Error| match line {
        Some(line) => error.position(format!("line {line}")),
        None => error,
    };
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            located(Error::new(Kind::Malformed, format!("{len} cells, the header has {expected_len}")))
        }
        csv::ErrorKind::Utf8 { .. } => located(Error::new(Kind::Malformed, "the text is not UTF-8")),
        _ => located(Error::new(Kind::Malformed, "no readable CSV").caused_by(error)),
    }
}
