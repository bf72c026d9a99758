//! Names of data sets, as given to `--data`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::digits::DEFAULT_SEED;
use crate::error::Error;

/// The sources that `--data` takes, for help texts.
pub(super) const EXPECTED: &str = "expected mnist:DIR, images:DIR, dicom:DIR, dicom:FILE, npz:FILE, \
    safetensors:FILE, angiograms, angiograms:COUNT, angiograms:COUNT:SEED, digits, digits:COUNT or digits:COUNT:SEED";

/// Where a data set comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `mnist:DIR`: the four IDX files of MNIST in one folder, compressed by gzip or not.
    Mnist(PathBuf),
    /// `images:DIR`: PNG, JPEG, PGM and TIFF files, with a table of labels or a folder for each class.
    Images(PathBuf),
    /// `dicom:DIR` or `dicom:FILE`: DICOM files, one frame of each, with a table of labels or without labels.
    Dicom(PathBuf),
    /// `npz:FILE`: NumPy arrays.
    Npz(PathBuf),
    /// `safetensors:FILE`: arrays in a safetensors file that is no container.
    Safetensors(PathBuf),
    /// `digits`, `digits:COUNT` or `digits:COUNT:SEED`: drawn digits, made on the spot.
    Digits {
        /// Images in the part that is asked for; a default for each part where absent.
        count: Option<usize>,
        /// Where the drawings start from: another seed gives other drawings.
        seed: u64,
    },
    /// `angiograms`, `angiograms:COUNT` or `angiograms:COUNT:SEED`: phantoms of coronary angiograms, made on the spot.
    Angiograms {
        /// Frames in the part that is asked for; a default for each part where absent.
        count: Option<usize>,
        /// Another seed gives other patients.
        seed: u64,
    },
}

/// Most images that are made: a number that fits everywhere, and for digits the memory.
const MAXIMUM: usize = 4_000_000;

/// `COUNT` or `COUNT:SEED` behind the name of a source that makes its images.
fn made(what: &str, rest: Option<&str>) -> Result<(Option<usize>, u64), Error> {
    let Some(rest) = rest else { return Ok((None, DEFAULT_SEED)) };
    let (count, seed) = match rest.split_once(':') {
        Some((count, seed)) => (count, Some(seed)),
        None => (rest, None),
    };
    let count =
        count.parse().ok().filter(|count| (1..=MAXIMUM).contains(count)).ok_or_else(|| {
            Error::usage(format!("`{count}` is no number of {what}, expected 1 to {MAXIMUM}"))
        })?;
    let seed = match seed {
        Some(seed) => seed.parse().map_err(|_| Error::usage(format!("`{seed}` is no seed")))?,
        None => DEFAULT_SEED,
    };
    Ok((Some(count), seed))
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) => (name, Some(rest)),
            None => (text, None),
        };
        let path = |what: &str| match rest {
            Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
            _ => Err(Error::usage(format!("{name} needs {what}"))),
        };
        match (name, rest) {
            ("mnist", _) => path("the folder of its files: mnist:DIR").map(Self::Mnist),
            ("images", _) => path("the folder of the images: images:DIR").map(Self::Images),
            ("dicom", _) => path("a folder or a file: dicom:DIR or dicom:FILE").map(Self::Dicom),
            ("npz", _) => path("a file: npz:FILE").map(Self::Npz),
            ("safetensors", _) => path("a file: safetensors:FILE").map(Self::Safetensors),
            ("digits", rest) => made("digits", rest).map(|(count, seed)| Self::Digits { count, seed }),
            ("angiograms", rest) => {
                made("angiograms", rest).map(|(count, seed)| Self::Angiograms { count, seed })
            }
            _ => Err(Error::usage(format!("unknown data source `{text}`, {EXPECTED}"))),
        }
    }
}

impl Source {
    /// The file or folder that is read, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Mnist(path)
            | Self::Images(path)
            | Self::Dicom(path)
            | Self::Npz(path)
            | Self::Safetensors(path) => Some(path),
            Self::Digits { .. } | Self::Angiograms { .. } => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mnist(folder) => write!(f, "mnist:{}", folder.display()),
            Self::Images(folder) => write!(f, "images:{}", folder.display()),
            Self::Dicom(path) => write!(f, "dicom:{}", path.display()),
            Self::Npz(path) => write!(f, "npz:{}", path.display()),
            Self::Safetensors(path) => write!(f, "safetensors:{}", path.display()),
            Self::Digits { count: None, .. } => f.write_str("digits"),
            Self::Digits { count: Some(count), seed } => write!(f, "digits:{count}:{seed}"),
            Self::Angiograms { count: None, .. } => f.write_str("angiograms"),
            Self::Angiograms { count: Some(count), seed } => write!(f, "angiograms:{count}:{seed}"),
        }
    }
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "engine", derive(clap::ValueEnum))]
#[non_exhaustive]
pub enum Split {
    /// What a network is trained on.
    Train,
    /// What options and epochs are chosen by.
    Val,
    /// What it is tested on.
    Test,
    /// Everything, whatever part it is in: for data that is not split.
    All,
}

impl Split {
    /// The parts that data is split into.
    pub const PARTS: [Self; 3] = [Self::Train, Self::Val, Self::Test];

    /// The part of that name, in any of the spellings in use.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Val),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }

    /// The name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Data for training or prediction: a container file, or a source in the clear.
///
/// What begins with the name of a source is a source; a file of that name is given as `./digits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A container file.
    File(PathBuf),
    /// A source in the clear.
    Source(Source),
}

impl Input {
    /// The file or folder that is read, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Source(source) => source.path(),
        }
    }
}

impl FromStr for Input {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.split(':').next().unwrap_or_default();
        match name {
            "mnist" | "digits" | "angiograms" => Ok(Self::Source(text.parse()?)),
            // Without a path, a file of that name: these are names that files have.
            "images" | "dicom" | "npz" | "safetensors" if name != text => Ok(Self::Source(text.parse()?)),
            "" => Err(Error::usage(format!("no data given, expected a file, or {EXPECTED}"))),
            _ => Ok(Self::File(text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_parsed() {
        assert_eq!("mnist:/a:b".parse::<Source>().unwrap(), Source::Mnist("/a:b".into()));
        for text in ["images:a", "dicom:a/b.dcm", "npz:a.npz", "safetensors:a"] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        let digits = Source::Digits { count: Some(5), seed: 9 };
        assert_eq!("digits:5:9".parse::<Source>().unwrap(), digits);
        assert_eq!(digits.to_string(), "digits:5:9");
        let angiograms = Source::Angiograms { count: Some(5), seed: 9 };
        assert_eq!("angiograms:5:9".parse::<Source>().unwrap(), angiograms);
        assert_eq!(angiograms.to_string(), "angiograms:5:9");
        assert_eq!("angiograms".parse::<Input>().unwrap(), Input::Source("angiograms".parse().unwrap()));
        assert_eq!("digits".parse::<Source>().unwrap(), Source::Digits { count: None, seed: DEFAULT_SEED });
    }

    #[test]
    fn wrong_sources_are_usage_errors() {
        for text in [
            "",
            "mnist",
            "mnist:",
            "images:",
            "npz",
            "digits:0",
            "angiograms:0",
            "angiograms:1:x",
            "digits:-1",
            "digits:1:x",
            "digits:99999999999",
            "cifar:x",
        ] {
            assert_eq!(text.parse::<Source>().unwrap_err().exit_code(), 2, "{text}");
        }
    }

    #[test]
    fn inputs_are_files_unless_a_source_is_named() {
        assert_eq!("a.more".parse::<Input>().unwrap(), Input::File("a.more".into()));
        assert_eq!("./digits".parse::<Input>().unwrap(), Input::File("./digits".into()));
        assert!(matches!("digits:3".parse::<Input>().unwrap(), Input::Source(_)));
        assert!("mnist".parse::<Input>().is_err());
        assert_eq!("images".parse::<Input>().unwrap(), Input::File("images".into()));
        assert!(matches!("images:a".parse::<Input>().unwrap(), Input::Source(_)));
        assert!("images:".parse::<Input>().is_err());
    }
}
