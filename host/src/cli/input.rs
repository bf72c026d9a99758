//! The data that `train` and `predict` are given: a file or a source.

use more_core::Scalar;

use super::keygen::ScalarArgument;
use super::source_options::SourceOptions;
use more_nn::container::{ImagesFile, scalar_name};
use more_nn::dataset::{Input as Argument, Split};
use more_nn::error::{Error, Kind};
use more_nn::samples::Input;

/// Opens the data and says which scalar to compute with: a file's own, or for a source the one asked for.
pub(super) fn open(
    argument: &Argument,
    files: &SourceOptions,
    split: Split,
    limit: Option<u64>,
    scalar: Option<ScalarArgument>,
) -> Result<(Input, Scalar), Error> {
    let asked = scalar.map(Scalar::from);
    match argument {
        Argument::Source(source) => {
            Ok((Input::Plain(files.open(source, split, limit)?), asked.unwrap_or(Scalar::F32)))
        }
        Argument::File(path) => {
            if limit.is_some() {
                return Err(Error::usage("--limit is for sources; a file is taken whole")
                    .with_hint("give --limit to `encrypt`"));
            }
            let file = ImagesFile::open(path)?;
            let found = file.metadata().scalar;
            match asked {
                Some(asked) if asked != found => {
                    let (found, asked) = (scalar_name(found), scalar_name(asked));
                    let message =
                        format!("the numbers are {found}, {asked} is asked for (by the model or --scalar)");
                    Err(Error::new(Kind::Shape, message).at(path))
                }
                _ => Ok((Input::File(file), found)),
            }
        }
    }
}
