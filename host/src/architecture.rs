//! The networks that have a name.

use std::fmt;

use nn_core::Network;

use crate::error::{Error, Kind};

/// A network of the command line and of files. A new one takes a variant and a line in each `match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Architecture {
    /// [`nn_core::MNIST`]: handwritten digits, 28 x 28, ten classes.
    #[value(help = "handwritten digits, 28 x 28, ten classes")]
    Mnist,
    /// [`nn_core::ANGIOGRAPHY`]: coronary angiograms, 256 x 256, two classes.
    #[value(help = "coronary angiograms, 256 x 256, two classes")]
    Angiography,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mnist, Self::Angiography];

    /// The layers.
    #[must_use]
    pub const fn network(self) -> Network<'static> {
        match self {
            Self::Mnist => nn_core::MNIST,
            Self::Angiography => nn_core::ANGIOGRAPHY,
        }
    }

    /// The name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::Angiography => "angiography",
        }
    }

    /// The network of that name.
    ///
    /// # Errors
    /// [`Kind::Malformed`] for a name that is not known.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|architecture| architecture.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|architecture| architecture.name()).collect();
            Error::new(
                Kind::Malformed,
                format!("network `{name}` is unknown, expected one of {}", names.join(", ")),
            )
        })
    }

    /// Checks that images of a shape, in so many classes, are what the network takes.
    ///
    /// # Errors
    /// [`Kind::Shape`].
    pub fn check_data(self, shape: [usize; 3], classes: usize) -> Result<(), Error> {
        let network = self.network();
        let input = network.input();
        if shape != [input.channels, input.height, input.width] {
            let [channels, height, width] = shape;
            let message = format!(
                "images of {channels}x{height}x{width} (channels, height, width), the network `{self}` takes {input}"
            );
            return Err(Error::new(Kind::Shape, message));
        }
        if classes != network.classes() {
            let message =
                format!("{classes} classes, the network `{self}` tells {} apart", network.classes());
            return Err(Error::new(Kind::Shape, message));
        }
        Ok(())
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
