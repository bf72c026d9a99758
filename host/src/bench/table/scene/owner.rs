//! The data owner's part: keys, encryption, decryption.

use std::time::Instant;

use more_core::{EvaluationKey, SecretKey};

use super::{Scene, Table};
use crate::components::Scalar;
use crate::container::{Container, Content, Form, MemoryFile, Target};
use crate::dataset::{Dataset, Split};
use crate::decryption::decrypt_container;
use crate::encryption::{self, encrypt_to};
use crate::error::Error;
use crate::progress::Progress;
use crate::training::Engine;
use crate::with_lanes;

/// Keys that one run makes, for the clock to resolve.
const KEYS: usize = 100;

impl Scene<'_> {
    pub(super) fn key_generation<T: Scalar>(&self, table: &mut Table) -> Result<(), Error> {
        self.progress.label("keys");
        let mut random = getrandom::SysRng;
        let (_, [times]) = with_lanes!(self.settings.lanes, N => {
            self.alternate(None, &mut || {
                let start = Instant::now();
                for _ in 0..KEYS {
                    let key = SecretKey::<T, N>::generate(&mut random)?;
                    std::hint::black_box(EvaluationKey::from_secret_key(&key, &mut random)?);
                }
                Ok([start.elapsed().as_secs_f64() / KEYS as f64])
            })
        })??;
        table.push::<T>(self.settings, "key_generation", None, 0, &times, None);
        Ok(())
    }

    /// Encrypts the training set in either form; `matrices` holds the last in matrix form.
    pub(super) fn encryption<T: Scalar>(
        &self,
        table: &mut Table,
        matrices: &MemoryFile,
    ) -> Result<(), Error> {
        self.progress.label("encryption");
        let lanes = MemoryFile::new();
        for (form, file) in [(Form::Spectral, &lanes), (Form::Matrix, matrices)] {
            let (_, [times]) = self.alternate(None, &mut || {
                let start = Instant::now();
                self.encrypt(self.train, Split::Train, form, file)?;
                Ok([start.elapsed().as_secs_f64()])
            })?;
            table.push::<T>(self.settings, "encryption", Some(form), self.train.len(), &times, None);
        }
        Ok(())
    }

    /// Encrypts images into memory. Labels of the test set stay in the clear: inference and decryption are of images and outputs.
    pub(super) fn encrypt(
        &self,
        data: &Dataset,
        split: Split,
        form: Form,
        file: &MemoryFile,
    ) -> Result<(), Error> {
        let plain_labels = split == Split::Test;
        let (standardization, augmentation, seed) = (None, None, None);
        let options = encryption::Options { form, plain_labels, standardization, seed, augmentation };
        let (secret, evaluation) = (&self.secret, &self.evaluation);
        let target = Target::Memory(file.clone());
        encrypt_to(data, split, secret, evaluation, &options, &target, &Progress::hidden())
    }

    pub(super) fn decryption<T: Scalar>(
        &self,
        table: &mut Table,
        engine: Engine,
        outputs: &MemoryFile,
    ) -> Result<(), Error> {
        let mut count = 0;
        let (_, [times]) = self.alternate(None, &mut || {
            let start = Instant::now();
            let container = Container::open_memory(outputs, Content::Outputs)?;
            count = decrypt_container(&container, Some(&self.secret))?.count();
            Ok([start.elapsed().as_secs_f64()])
        })?;
        table.push::<T>(self.settings, "decryption", Some(engine.form()), count, &times, None);
        Ok(())
    }
}
