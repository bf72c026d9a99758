//! IDX files, the format of MNIST.
//!
//! Big-endian: two zero bytes, the element type (8 = unsigned byte), the number of dimensions, one u32 for each
//! dimension, then the elements, last dimension fastest. Source: <http://yann.lecun.com/exdb/mnist/>.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::Split;
use crate::error::{Error, Kind};

/// Largest height and width: far above any IDX data set, and small enough that sizes cannot overflow.
const MAXIMUM_SIDE: usize = 1 << 14;
/// Most bytes that one file may unpack to: a small compressed file must not fill the memory.
const MAXIMUM_BYTES: usize = 1 << 33;
/// Memory that is reserved on the header's word alone; more only as the data arrives.
const TRUSTED_BYTES: usize = 1 << 26;

/// The content of an image file.
#[derive(Debug)]
pub(super) struct Images {
    pub(super) count: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// `count x height x width`.
    pub(super) pixels: Vec<u8>,
}

/// The images' and the labels' file of a part of MNIST in `folder`.
pub(super) fn find(folder: &Path, split: Split) -> Result<(PathBuf, PathBuf), Error> {
    let prefix = match split {
        Split::Train => "train",
        Split::Test => "t10k",
        Split::Val | Split::All => {
            return Err(Error::usage(format!("MNIST has the parts train and test, `{split}` is asked for")));
        }
    };
    Ok((find_file(folder, prefix, "images", 3)?, find_file(folder, prefix, "labels", 1)?))
}

fn find_file(folder: &Path, prefix: &str, content: &str, rank: usize) -> Result<PathBuf, Error> {
    let names = ["-", "."].map(|dot| format!("{prefix}-{content}{dot}idx{rank}-ubyte"));
    for name in &names {
        for suffix in ["", ".gz"] {
            let path = folder.join(format!("{name}{suffix}"));
            if path.is_file() {
                return Ok(path);
            }
        }
    }
    let message = match folder.is_dir() {
        true => format!("neither {} nor {} is here, with or without .gz", names[0], names[1]),
        false => "there is no such folder".to_owned(),
    };
    Err(Error::new(Kind::Missing, message)
        .at(folder)
        .with_hint("give the folder that holds the four files of MNIST: mnist:DIR"))
}

pub(super) fn read_images(path: &Path) -> Result<Images, Error> {
    let (dimensions, pixels) = read(path, 3, "images")?;
    Ok(Images { count: dimensions[0], height: dimensions[1], width: dimensions[2], pixels })
}

pub(super) fn read_labels(path: &Path) -> Result<Vec<u8>, Error> {
    Ok(read(path, 1, "labels")?.1)
}

fn read(path: &Path, rank: usize, content: &str) -> Result<(Vec<usize>, Vec<u8>), Error> {
    let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let compressed = std::io::BufRead::fill_buf(&mut file)
        .map_err(|error| Error::io(path, "read", error))?
        .starts_with(&[0x1f, 0x8b]);
    let result = match compressed {
        true => parse(&mut MultiGzDecoder::new(file), rank, content),
        false => parse(&mut file, rank, content),
    };
    result.map_err(|error| match error.kind() {
        Kind::Truncated => error.at(path).with_hint("the file was cut off; fetch or copy it again"),
        _ => error.at(path),
    })
}

fn parse(input: &mut dyn Read, rank: usize, content: &str) -> Result<(Vec<usize>, Vec<u8>), Error> {
    let mut header = [0; 16];
    let header = &mut header[..4 + 4 * rank];
    // The magic number by itself, so that a short file of another kind is called what it is.
    let (magic, extents) = header.split_at_mut(4);
    read_exact(input, magic, "the header")?;
    let expected = [0, 0, 8, rank as u8];
    if *magic != expected {
        let found = magic.iter().fold(0u32, |value, &byte| value << 8 | u32::from(byte));
        let expected = u32::from_be_bytes(expected);
        let message =
            format!("magic number {found:#010x}, expected {expected:#010x} (IDX, unsigned bytes, {content})");
        let error = Error::new(Kind::WrongFile, message).position("byte 0");
        return Err(error.with_hint("this is no IDX file of this kind; are images and labels swapped?"));
    }
    read_exact(input, extents, "the header")?;
    let dimensions: Vec<usize> = extents
        .chunks_exact(4)
        .map(|bytes| bytes.iter().fold(0usize, |value, &byte| value << 8 | usize::from(byte)))
        .collect();
    if let Some(axis) = dimensions[1..].iter().position(|&extent| extent == 0 || extent > MAXIMUM_SIDE) {
        let message =
            format!("dimension {} is {}, expected 1 to {MAXIMUM_SIDE}", axis + 1, dimensions[axis + 1]);
        return Err(Error::new(Kind::Malformed, message).position(format!("byte {}", 8 + 4 * axis)));
    }
    let length = dimensions.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    let Some(length) = length.filter(|&length| length <= MAXIMUM_BYTES) else {
        let message = format!("the header announces {dimensions:?} values, at most {MAXIMUM_BYTES} are read");
        return Err(Error::new(Kind::Malformed, message).position("byte 4"));
    };
    let mut values = Vec::with_capacity(length.min(TRUSTED_BYTES));
    input.take(length as u64).read_to_end(&mut values).map_err(unreadable)?;
    if values.len() != length {
        let message = format!("{} of {length} values that the header announces", values.len());
        return Err(Error::new(Kind::Truncated, message));
    }
    // Reading on to the end also makes the decoder check its own checksum.
    match input.read(&mut [0]) {
        Ok(0) => Ok((dimensions, values)),
        Ok(_) => {
            let message = format!("data goes on after the {length} values that the header announces");
            Err(Error::new(Kind::Malformed, message).position(format!("byte {}", header.len() + length)))
        }
        Err(error) => Err(unreadable(error)),
    }
}

fn read_exact(input: &mut dyn Read, buffer: &mut [u8], what: &str) -> Result<(), Error> {
    input.read_exact(buffer).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            Error::new(Kind::Truncated, format!("the file ends within {what}"))
        }
        _ => unreadable(error),
    })
}

fn unreadable(error: std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Kind::Truncated,
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput => Kind::Corrupt,
        _ => Kind::Io,
    };
    Error::new(kind, "cannot read").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(dimensions: &[u32], values: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
        bytes.extend(dimensions.iter().flat_map(|extent| extent.to_be_bytes()));
        bytes.extend(values);
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read_bytes(bytes: &[u8], rank: usize) -> Result<(Vec<usize>, Vec<u8>), Error> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        read(file.path(), rank, "images")
    }

    #[test]
    fn plain_and_compressed_files_are_equal() {
        let bytes = file(&[2, 1, 3], &[1, 2, 3, 4, 5, 6]);
        let plain = read_bytes(&bytes, 3).unwrap();
        assert_eq!(plain, (vec![2, 1, 3], vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(read_bytes(&gzip(&bytes), 3).unwrap(), plain);
    }

    #[test]
    fn damaged_files_are_refused_with_their_cause() {
        let good = file(&[2, 1, 3], &[1, 2, 3, 4, 5, 6]);
        let compressed = gzip(&good);
        let mut flipped = compressed.clone();
        let middle = flipped.len() - 6;
        flipped[middle] ^= 1;
        let cases: [(&[u8], Kind); 9] = [
            (&[], Kind::Truncated),
            (&good[..10], Kind::Truncated),
            (&good[..good.len() - 1], Kind::Truncated),
            (&[&good[..], &[0]].concat(), Kind::Malformed),
            (&file(&[6], &[1, 2, 3, 4, 5, 6])[..], Kind::WrongFile),
            (&file(&[2, 0, 3], &[]), Kind::Malformed),
            (&file(&[u32::MAX, 1 << 14, 1 << 14], &[]), Kind::Malformed),
            (&compressed[..compressed.len() - 4], Kind::Truncated),
            (&flipped, Kind::Corrupt),
        ];
        for (index, (bytes, kind)) in cases.into_iter().enumerate() {
            let error = read_bytes(bytes, 3).unwrap_err();
            assert_eq!(error.kind(), kind, "case {index}: {error}");
            assert!(error.path().is_some());
        }
        let error = read_bytes(&file(&[12], &[0; 12]), 3).unwrap_err();
        assert_eq!(error.kind(), Kind::WrongFile, "{error}");
        assert!(error.to_string().contains("0x00000801, expected 0x00000803"), "{error}");
    }

    #[test]
    fn a_hostile_header_allocates_little() {
        // Announces 8 GiB; the reader must fail on the missing data, not on memory.
        let error = read_bytes(&file(&[32, 1 << 14, 1 << 14], &[7; 100]), 3).unwrap_err();
        assert_eq!(error.kind(), Kind::Truncated);
    }

    #[test]
    fn both_ways_to_name_the_files_are_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("t10k-images.idx3-ubyte"), b"").unwrap();
        let error = find(folder.path(), Split::Test).unwrap_err();
        assert_eq!(error.kind(), Kind::Missing);
        std::fs::write(folder.path().join("t10k-labels-idx1-ubyte.gz"), b"").unwrap();
        let (images, labels) = find(folder.path(), Split::Test).unwrap();
        assert!(images.ends_with("t10k-images.idx3-ubyte") && labels.ends_with("t10k-labels-idx1-ubyte.gz"));
        assert!(
            find(&folder.path().join("no"), Split::Train).unwrap_err().to_string().contains("no such folder")
        );
    }
}
