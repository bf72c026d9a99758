//! How the files of a source are read.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::Error;

/// How the files of a source are read; drawn digits and MNIST take none of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The table of labels, a CSV file with a header; `labels.csv` in the folder where there is one and none is given.
    pub labels: Option<PathBuf>,
    /// The names of its columns.
    pub columns: Columns,
    /// The names of the classes, in the order of their numbers; all labels that occur, sorted, where not given.
    pub classes: Option<Vec<String>>,
    /// Height and width that images are brought to.
    pub size: Option<[usize; 2]>,
    /// How they are brought to it.
    pub fit: Fit,
    /// The frame that is taken of a DICOM file with several.
    pub frame: Frame,
    /// The values of a DICOM file that become 0 and 1.
    pub window: Window,
    /// The names of the arrays of images and labels; those in use elsewhere are looked for where not given.
    pub arrays: [Option<String>; 2],
    /// Accept a patient in several parts.
    pub allow_patient_overlap: bool,
}

/// Names of the columns of a table of labels. Only those that are given must be there, and `file`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The image's file, relative to the folder: `file` where not given.
    pub file: Option<String>,
    /// The part, train, val or test: `split` where not given.
    pub split: Option<String>,
    /// The class's name: `label` where not given.
    pub label: Option<String>,
    /// Who the image is of: `patient_id` where not given.
    pub patient: Option<String>,
}

/// How an image is brought to a size. Pixels are averaged by area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "engine", derive(clap::ValueEnum))]
pub enum Fit {
    /// The whole image, its proportions kept, black where nothing is left of it.
    #[default]
    Pad,
    /// The middle of the image, its proportions kept.
    Crop,
    /// The whole image, stretched.
    Resize,
}

/// Which frame of several is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frame {
    /// The one in the middle: of `n` the one numbered `(n + 1) / 2`, rounded up.
    #[default]
    Middle,
    /// The one with the highest vessel contrast.
    Contrast,
    /// The one of that number, counted from 1 as in DICOM.
    Number(u32),
}

impl FromStr for Frame {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match (text, text.parse()) {
            ("middle", _) => Ok(Self::Middle),
            ("contrast", _) => Ok(Self::Contrast),
            (_, Ok(number)) if number > 0 => Ok(Self::Number(number)),
            _ => Err(Error::usage(format!(
                "`{text}` is no frame, expected middle, contrast or a number from 1"
            ))),
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Middle => f.write_str("middle"),
            Self::Contrast => f.write_str("contrast"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// Which values become 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Window {
    /// The window that the file names, the first of several; [`Full`](Self::Full) where it names none.
    #[default]
    File,
    /// All that the bits stored can hold.
    Full,
    /// A window of the linear kind (DICOM PS3.3, C.11.2.1.2.1).
    Linear {
        /// Its centre, in the values after rescaling.
        center: f64,
        /// Its width, at least 1.
        width: f64,
    },
}

impl FromStr for Window {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong =
            || Error::usage(format!("`{text}` is no window, expected file, full or CENTER,WIDTH (128,256)"));
        match text {
            "file" => Ok(Self::File),
            "full" => Ok(Self::Full),
            _ => {
                let (center, width) = text.split_once(',').ok_or_else(wrong)?;
                let number = |text: &str| text.trim().parse::<f64>().ok().filter(|value| value.is_finite());
                let (center, width) = (number(center).ok_or_else(wrong)?, number(width).ok_or_else(wrong)?);
                if width < 1.0 {
                    return Err(wrong());
                }
                Ok(Self::Linear { center, width })
            }
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Full => f.write_str("full"),
            Self::Linear { center, width } => write!(f, "{center},{width}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_windows_are_parsed() {
        for text in ["middle", "contrast", "1", "96"] {
            assert_eq!(text.parse::<Frame>().unwrap().to_string(), text);
        }
        for text in ["file", "full", "128,256", "-3.5,1"] {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), text);
        }
        for text in ["", "0", "-1", "first"] {
            assert_eq!(text.parse::<Frame>().unwrap_err().exit_code(), 2, "{text}");
        }
        for text in ["", "3", "3,", "3,0.5", "nan,2", "1,inf", "a,b"] {
            assert_eq!(text.parse::<Window>().unwrap_err().exit_code(), 2, "{text}");
        }
    }
}
