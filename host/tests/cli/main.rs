//! The command line, driven through the real binary in a scratch folder.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod angiography;
mod augment;
mod bench;
mod curve;
mod damaged_containers;
mod damaged_data;
mod damaged_keys;
mod decrypt;
mod encrypt;
mod export;
mod firmware_page;
mod harness;
mod ingest;
mod keygen;
mod made_images;
mod misuse;
mod predict;
mod preview;
mod signals;
mod sources;
mod split;
mod standardization;
mod train;
