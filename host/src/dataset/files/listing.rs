//! What files a source consists of, and what is known of each: part, class, patient.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::dicom;
use super::table::Table;
use crate::dataset::{Options, Source, Split};
use crate::error::{Error, Kind};

/// Files that are taken for images: the endings of their names.
const ENDINGS: [&str; 6] = ["png", "jpg", "jpeg", "pgm", "tif", "tiff"];

/// The files of a source.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) items: Vec<Item>,
    pub(super) classes: Vec<String>,
    pub(super) table: Option<Table>,
}

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) path: PathBuf,
    /// As the table says it, or relative to the folder.
    pub(super) name: String,
    /// The line of the table.
    pub(super) line: Option<u64>,
    pub(super) split: Option<Split>,
    /// An index into the classes.
    pub(super) label: Option<u32>,
    pub(super) patient: Option<String>,
}

impl Listing {
    /// Lists the files of `images:DIR` or `dicom:DIR`, all parts of it.
    ///
    /// # Errors
    /// Reading errors; [`Kind::Missing`] where there is no file; [`Kind::Malformed`] for labels that some have and others do not,
    /// or that are none of the classes asked for, and for a patient in two parts.
    pub(super) fn of(source: &Source, options: &Options) -> Result<Self, Error> {
        let (path, is_dicom) = match source {
            Source::Images(path) => (path, false),
            Source::Dicom(path) => (path, true),
            _ => return Err(Error::usage(format!("`{source}` does not consist of files"))),
        };
        let found = std::fs::metadata(path).map_err(|error| Error::io(path, "open", error))?;
        if !is_dicom && !found.is_dir() {
            return Err(Error::new(Kind::WrongFile, "not a folder, expected images:DIR").at(path));
        }
        let default = path.join("labels.csv");
        let table = match &options.labels {
            Some(table) => Some(Table::read(table, &options.columns)?),
            None if found.is_dir() && default.is_file() => Some(Table::read(&default, &options.columns)?),
            None => None,
        };
        let folder = if found.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        let mut named = match &table {
            Some(table) => from_table(folder, table)?,
            None if found.is_dir() => from_folder(folder, is_dicom)?,
            None => vec![Named::new(path.clone(), folder)],
        };
        if let (Some(table), false) = (&table, found.is_dir()) {
            // The table may be that of the whole folder.
            named.retain(|named| named.item.path == *path);
            if named.is_empty() {
                let message = format!("no row names {}", path.display());
                return Err(Error::new(Kind::Missing, message).at(table.path()));
            }
        }
        if named.is_empty() {
            let what = if is_dicom { "DICOM file" } else { "image (PNG, JPEG, PGM, TIFF)" };
            return Err(Error::new(Kind::Missing, format!("the folder holds no {what}")).at(path));
        }
        let classes = number_classes(&mut named, options, table.as_ref())?;
        let mut items: Vec<Item> = named.into_iter().map(|named| named.item).collect();
        if is_dicom {
            dicom::read_patients(&mut items)?;
        }
        let listing = Self { items, classes, table };
        if !options.allow_patient_overlap {
            listing.check_patients()?;
        }
        Ok(listing)
    }

    /// Where an item is listed: its line in the table, or its file.
    pub(super) fn place(&self, item: &Item) -> String {
        match item.line {
            Some(line) => format!("line {line}"),
            None => item.name.clone(),
        }
    }

    /// Fails where a patient is in two parts.
    fn check_patients(&self) -> Result<(), Error> {
        let mut first: HashMap<&str, (&Item, Split)> = HashMap::new();
        for item in &self.items {
            let (Some(patient), Some(split)) = (item.patient.as_deref(), item.split) else { continue };
            let (other, part) = *first.entry(patient).or_insert((item, split));
            if part != split {
                let (a, b) = (self.place(other), self.place(item));
                let message = format!("patient `{patient}` is in {part} ({a}) and in {split} ({b})");
                let path = self.table.as_ref().map_or(&*item.path, Table::path);
                return Err(Error::new(Kind::Malformed, message).at(path).with_hint(
                    "split by patient with `more-nn split`, or accept it with --allow-patient-overlap",
                ));
            }
        }
        Ok(())
    }
}

/// An item whose class is a name yet.
struct Named {
    item: Item,
    class: Option<String>,
}

impl Named {
    fn new(path: PathBuf, folder: &Path) -> Self {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        // As a table would have it on any machine.
        let parts: Vec<_> = name.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        let name = parts.join("/");
        let item = Item { path, name, line: None, split: None, label: None, patient: None };
        Self { item, class: None }
    }
}

fn from_table(folder: &Path, table: &Table) -> Result<Vec<Named>, Error> {
    let named = |row: super::table::Row<'_>| Named {
        item: Item {
            path: folder.join(row.file),
            name: row.file.to_owned(),
            line: Some(row.line),
            split: row.split,
            label: None,
            patient: row.patient.map(str::to_owned),
        },
        class: row.label.map(str::to_owned),
    };
    Ok(table.rows()?.into_iter().map(named).collect())
}

/// The files below a folder, in the order of their names: `[part/][class/]..file` for images.
fn from_folder(folder: &Path, is_dicom: bool) -> Result<Vec<Named>, Error> {
    let mut found = Vec::new();
    let is_wanted = |path: &Path| {
        if is_dicom {
            return dicom::looks_like_one(path);
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        Ok(ending.is_some_and(|ending| ENDINGS.contains(&&*ending)))
    };
    walk(folder, &is_wanted, &mut found)?;
    let mut all: Vec<Named> = found.into_iter().map(|path| Named::new(path, folder)).collect();
    if !is_dicom {
        for named in &mut all {
            let folders: Vec<&str> = named.item.name.split('/').collect();
            let mut folders = &folders[..folders.len() - 1];
            if let Some((split, rest)) =
                folders.split_first().and_then(|(first, rest)| Some((Split::from_name(first)?, rest)))
            {
                (named.item.split, folders) = (Some(split), rest);
            }
            named.class = folders.first().map(|class| (*class).to_owned());
        }
        if let (Some(with), Some(without)) = (
            all.iter().find(|named| named.item.split.is_some()),
            all.iter().find(|named| named.item.split.is_none()),
        ) {
            let message = format!("`{}` is in a part and `{}` in none", with.item.name, without.item.name);
            return Err(Error::new(Kind::Malformed, message)
                .at(folder)
                .with_hint("either all images are below train, val or test, or none"));
        }
    }
    Ok(all)
}

fn walk(
    folder: &Path,
    is_wanted: &dyn Fn(&Path) -> Result<bool, Error>,
    found: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    let entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
        .map_err(|error| Error::io(folder, "read the folder", error))?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden {
            continue;
        }
        // A link to a folder is not followed: it may lead back.
        if path.is_dir() && !path.is_symlink() {
            walk(&path, is_wanted, found)?;
        } else if path.is_file() && is_wanted(&path)? {
            found.push(path);
        }
    }
    Ok(())
}

/// Numbers the classes: those asked for, or all that occur, in the order of their names, numbers by value.
fn number_classes(all: &mut [Named], options: &Options, table: Option<&Table>) -> Result<Vec<String>, Error> {
    let error = |item: &Item, message: String| match (table, item.line) {
        (Some(table), Some(line)) => table.error(line, message),
        _ => Error::new(Kind::Malformed, message).at(&item.path),
    };
    let found: BTreeSet<&str> = all.iter().filter_map(|named| named.class.as_deref()).collect();
    let mut classes: Vec<String> = found.iter().map(|class| (*class).to_owned()).collect();
    if classes.iter().all(|class| class.parse::<i64>().is_ok()) {
        classes.sort_by_key(|class| class.parse::<i64>().unwrap_or_default());
    }
    let is_unlabelled = found.is_empty() && !table.is_some_and(Table::has_labels);
    if let Some(asked) = &options.classes {
        classes.clone_from(asked);
    }
    if is_unlabelled {
        return Ok(classes);
    }
    for Named { item, class } in all {
        let Some(class) = class else {
            return Err(error(item, format!("`{}` has no label, others do", item.name)));
        };
        let Some(label) = classes.iter().position(|known| known == class) else {
            let message = format!("unknown label `{class}`, expected {}", classes.join(", "));
            return Err(error(item, message));
        };
        item.label = Some(label as u32);
    }
    Ok(classes)
}
