//! Splitting a data set into training, validation and test parts, patient by patient.
//!
//! All images of a patient go to one part. Groups are dealt out from the largest to the smallest, those of one size in an order
//! drawn from the seed, each to the part `p` where it lowers `sum_(p, c) (n_pc - t_pc)^2 / t_pc` most, with `n_pc` the images of class `c` in
//! part `p` so far and `t_pc` the part's share of the class. For single images that is the method of Webster and
//! Sainte-Lague, class by class, so parts are within one image of their shares; for groups no more than the size of the last groups off.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::listing::Listing;
use crate::dataset::{Options, Source, Split};
use crate::error::{Error, Kind};
use crate::shuffle::shuffle;

/// A source that was split.
#[derive(Debug)]
pub struct Partition {
    listing: Listing,
    splits: Vec<Split>,
}

/// What is in a part.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Part {
    /// Its name.
    pub split: &'static str,
    /// Number of images.
    pub images: usize,
    /// Number of patients that are known.
    pub patients: usize,
    /// Images of each class, by its name.
    pub classes: BTreeMap<String, usize>,
}

impl Partition {
    /// Splits `images:DIR` or `dicom:DIR` into train, val and test by `fractions`, whatever parts it had.
    ///
    /// # Errors
    /// As [`Dataset::open`](crate::dataset::Dataset::open); [`Kind::Usage`] for fractions that are not three numbers of at least 0 whose
    /// sum is 1; [`Kind::Missing`] where a part with a fraction above 0 stays empty.
    pub fn of(source: &Source, options: &Options, fractions: [f64; 3], seed: u64) -> Result<Self, Error> {
        let sum: f64 = fractions.iter().sum();
        let is_fraction = |fraction: &f64| (0.0..=1.0).contains(fraction);
        // Sums of decimal fractions round.
        if !fractions.iter().all(is_fraction) || (sum - 1.0).abs() > 1e-9 {
            let message =
                format!("the fractions {fractions:?} are not three numbers of at least 0 whose sum is 1");
            return Err(Error::usage(message));
        }
        let options = Options { allow_patient_overlap: true, ..options.clone() };
        let listing = Listing::of(source, &options)?;
        let splits =
            deal(&groups(&listing), listing.classes.len().max(1), fractions, seed, listing.items.len());
        let partition = Self { listing, splits };
        for (part, fraction) in partition.parts().iter().zip(fractions) {
            if fraction > 0.0 && part.images == 0 {
                let message = format!("the part {} stays empty: too few images or patients", part.split);
                return Err(Error::new(Kind::Missing, message));
            }
        }
        Ok(partition)
    }

    /// How many images have no patient id.
    #[must_use]
    pub fn without_patient(&self) -> usize {
        self.listing.items.iter().filter(|item| item.patient.is_none()).count()
    }

    /// What is in train, val and test.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let part = |split: Split| {
            let items =
                || self.listing.items.iter().zip(&self.splits).filter(move |(_, found)| **found == split);
            let mut classes = BTreeMap::new();
            for label in items().filter_map(|(item, _)| item.label) {
                *classes.entry(self.listing.classes[label as usize].clone()).or_insert(0) += 1;
            }
            let patients: BTreeSet<&str> = items().filter_map(|(item, _)| item.patient.as_deref()).collect();
            Part { split: split.name(), images: items().count(), patients: patients.len(), classes }
        };
        Split::PARTS.into_iter().map(part).collect()
    }

    /// The table of labels as CSV: that of the source with the column of parts replaced or added, its other columns as they were;
    /// or, where it has none, `file`, `split`, `label` and `patient_id`.
    ///
    /// # Errors
    /// [`Kind::Io`].
    pub fn csv(&self) -> Result<Vec<u8>, Error> {
        let records = match &self.listing.table {
            Some(table) => table.with_splits(&self.splits),
            None => self.fresh_table(),
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = records.iter().try_for_each(|record| writer.write_record(record));
        written.map_err(|error| Error::new(Kind::Io, "cannot write the table").caused_by(error))?;
        writer.into_inner().map_err(|error| Error::new(Kind::Io, format!("cannot write the table: {error}")))
    }

    fn fresh_table(&self) -> Vec<Vec<String>> {
        let items = &self.listing.items;
        let has_labels = items.iter().any(|item| item.label.is_some());
        let has_patients = items.iter().any(|item| item.patient.is_some());
        let record = |file: &str, split: &str, label: &str, patient: &str| {
            let mut cells = vec![file.to_owned(), split.to_owned()];
            if has_labels {
                cells.push(label.to_owned());
            }
            if has_patients {
                cells.push(patient.to_owned());
            }
            cells
        };
        let header = record("file", "split", "label", "patient_id");
        let rows = items.iter().zip(&self.splits).map(|(item, split)| {
            let label = item.label.map_or("", |label| &self.listing.classes[label as usize]);
            record(&item.name, split.name(), label, item.patient.as_deref().unwrap_or_default())
        });
        std::iter::once(header).chain(rows).collect()
    }
}

/// Images that stay together, with their classes.
struct Group {
    items: Vec<(usize, usize)>,
}

/// A group for each patient, and one for each image whose patient is not known.
fn groups(listing: &Listing) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, item) in listing.items.iter().enumerate() {
        let entry = (index, item.label.unwrap_or(0) as usize);
        match item.patient.as_deref() {
            None => groups.push(Group { items: vec![entry] }),
            Some(patient) => {
                let place = *places.entry(patient).or_insert_with(|| {
                    groups.push(Group { items: Vec::new() });
                    groups.len() - 1
                });
                groups[place].items.push(entry);
            }
        }
    }
    groups
}

/// The part of each item.
fn deal(groups: &[Group], classes: usize, fractions: [f64; 3], seed: u64, count: usize) -> Vec<Split> {
    let mut totals = vec![0.0; classes];
    for (_, class) in groups.iter().flat_map(|group| &group.items) {
        totals[*class] += 1.0;
    }
    let mut order: Vec<&Group> = groups.iter().collect();
    shuffle(&mut order, &mut ChaCha8Rng::seed_from_u64(seed));
    order.sort_by_key(|group| std::cmp::Reverse(group.items.len()));
    let mut filled = vec![[0.0_f64; 3]; classes];
    let mut splits = vec![Split::Train; count];
    for group in order {
        let mut added = vec![0.0; classes];
        for (_, class) in &group.items {
            added[*class] += 1.0;
        }
        let change = |part: usize| -> f64 {
            (0..classes)
                .filter(|class| added[*class] > 0.0)
                .map(|class| {
                    let share = fractions[part] * totals[class];
                    let off = filled[class][part] - share;
                    added[class] * (2.0 * off + added[class]) / share
                })
                .sum()
        };
        let parts = (0..3).filter(|part| fractions[*part] > 0.0).map(|part| (change(part), part));
        let best = parts.reduce(|best, next| if next.0 < best.0 { next } else { best });
        let part = best.map_or(0, |(_, part)| part);
        for class in 0..classes {
            filled[class][part] += added[class];
        }
        for (item, _) in &group.items {
            splits[*item] = Split::PARTS[part];
        }
    }
    splits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images of patients: `(patient, class)`.
    fn group(items: &[(usize, usize)]) -> Vec<Group> {
        let mut groups: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (index, (patient, class)) in items.iter().enumerate() {
            groups.entry(*patient).or_default().push((index, *class));
        }
        groups.into_values().map(|items| Group { items }).collect()
    }

    fn counts(items: &[(usize, usize)], splits: &[Split], class: usize) -> [usize; 3] {
        Split::PARTS.map(|part| {
            items.iter().zip(splits).filter(|((_, found), split)| *found == class && **split == part).count()
        })
    }

    #[test]
    fn single_images_are_within_one_of_their_shares_in_every_class() {
        let items: Vec<(usize, usize)> = (0..1001).map(|index| (index, usize::from(index % 8 < 3))).collect();
        let fractions = [0.7, 0.15, 0.15];
        let splits = deal(&group(&items), 2, fractions, 3, items.len());
        for class in 0..2 {
            let found = counts(&items, &splits, class);
            let total = found.iter().sum::<usize>() as f64;
            for (found, fraction) in found.iter().zip(fractions) {
                assert!((*found as f64 - fraction * total).abs() < 1.0, "{class}: {found} of {total}");
            }
        }
    }

    #[test]
    fn patients_stay_together_and_classes_in_balance() {
        // Patients of 1 to 12 images, of one class or both.
        let items: Vec<(usize, usize)> = (0..150)
            .flat_map(|patient| {
                (0..patient * 7 % 12 + 1)
                    .map(move |image| (patient, if patient % 3 == 0 { image % 2 } else { patient % 2 }))
            })
            .collect();
        let splits = deal(&group(&items), 2, [0.6, 0.2, 0.2], 1, items.len());
        let mut part_of = BTreeMap::new();
        for ((patient, _), split) in items.iter().zip(&splits) {
            assert_eq!(*part_of.entry(*patient).or_insert(*split), *split);
        }
        for class in 0..2 {
            let found = counts(&items, &splits, class);
            let total = found.iter().sum::<usize>() as f64;
            for (found, fraction) in found.iter().zip([0.6, 0.2, 0.2]) {
                // The last groups have one image: they even out what the others leave.
                assert!((*found as f64 - fraction * total).abs() <= 2.0, "{class}: {found} of {total}");
            }
        }
    }

    #[test]
    fn a_seed_decides_and_a_part_may_be_left_out() {
        let items: Vec<(usize, usize)> = (0..50).map(|index| (index, 0)).collect();
        let dealt = |seed| deal(&group(&items), 1, [0.8, 0.0, 0.2], seed, items.len());
        assert_eq!(dealt(1), dealt(1));
        assert_ne!(dealt(1), dealt(2));
        assert_eq!(counts(&items, &dealt(1), 0), [40, 0, 10]);
    }
}
