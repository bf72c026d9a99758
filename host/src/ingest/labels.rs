//! The classes of what a device sends: [`Labels`].

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind};

/// A table `transfer,label`, a line for each transfer; the label is the name of a class, or its number from 0.
#[derive(Clone, Debug)]
pub struct Labels {
    path: PathBuf,
    /// By transfer: the label and the line it is on.
    labels: BTreeMap<u16, (String, usize)>,
}

impl Labels {
    /// Reads a table.
    ///
    /// # Errors
    /// [`Kind::Io`]; [`Kind::Malformed`] naming the line.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|error| Error::io(path, "read", error))?;
        let wrong = |line: usize, message: String| {
            Error::new(Kind::Malformed, message).at(path).position(format!("line {line}"))
        };
        let mut labels = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines()) {
            if (line == 1 && text.trim() == "transfer,label") || text.trim().is_empty() {
                continue;
            }
            let Some((transfer, label)) = text.split_once(',') else {
                return Err(wrong(line, "expected transfer,label".to_owned()));
            };
            let Ok(transfer) = transfer.trim().parse::<u16>() else {
                return Err(wrong(line, format!("`{transfer}` is no number of a transfer, 0 to 65535")));
            };
            if labels.insert(transfer, (label.trim().to_owned(), line)).is_some() {
                return Err(wrong(line, format!("transfer {transfer} a second time")));
            }
        }
        Ok(Self { path: path.to_owned(), labels })
    }

    /// The classes of these transfers.
    ///
    /// # Errors
    /// [`Kind::Missing`] for a transfer without a label, [`Kind::Malformed`] for a label that is no class.
    pub(super) fn of(&self, transfers: &[u16], classes: &[String]) -> Result<Vec<i64>, Error> {
        let class_of = |transfer: &u16| {
            let Some((label, line)) = self.labels.get(transfer) else {
                let message = format!("no label for transfer {transfer}");
                return Err(Error::new(Kind::Missing, message).at(&self.path));
            };
            let by_name = classes.iter().position(|class| class == label);
            let class = by_name.or_else(|| label.parse().ok().filter(|&class| class < classes.len()));
            class.map(|class| class as i64).ok_or_else(|| {
                let names = classes.join(", ");
                Error::new(Kind::Malformed, format!("label `{label}`, expected a class: {names}"))
                    .at(&self.path)
                    .position(format!("line {line}"))
            })
        };
        transfers.iter().map(class_of).collect()
    }
}
