//! Where the bytes come from: a file, standard input, a serial device.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::Error;
use crate::interrupt;

/// How a serial device is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Its rate; what it was set to where not given.
    pub baud: Option<u32>,
    /// The end is assumed after so long without a byte.
    pub idle: Option<Duration>,
}

/// A line that is read to its end.
#[derive(Debug)]
pub struct Source {
    file: File,
    name: PathBuf,
    idle: Option<Duration>,
}

impl Source {
    /// Opens the file or device at `path`, or standard input for `-`. A terminal device is switched to raw bytes; it stays so.
    ///
    /// # Errors
    /// [`Kind::Io`](crate::Kind::Io); [`Kind::Usage`](crate::Kind::Usage) for a rate where there is no serial device.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, Error> {
        let (name, file) = if path == Path::new("-") {
            let name = PathBuf::from("standard input");
            let file = standard_input().map_err(|error| Error::io(&name, "open", error))?;
            (name, file)
        } else {
            let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
            (path.to_owned(), file)
        };
        let source = Self { file, name, idle: limits.idle };
        source.configure(limits.baud)?;
        Ok(source)
    }

    /// The path, for messages.
    #[must_use]
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// The next bytes, 0 of them at the end.
    ///
    /// # Errors
    /// [`Kind::Io`](crate::Kind::Io); [`Kind::Interrupted`](crate::Kind::Interrupted).
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if !self.wait()? {
            return Ok(0);
        }
        loop {
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => interrupt::check()?,
                // A terminal whose other side has gone.
                #[cfg(unix)]
                Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                    return Ok(0);
                }
                result => return result.map_err(|error| Error::io(&self.name, "read", error)),
            }
        }
    }
}

#[cfg(unix)]
fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

#[cfg(unix)]
impl Source {
    fn configure(&self, baud: Option<u32>) -> Result<(), Error> {
        use rustix::termios::{OptionalActions, isatty, tcgetattr, tcsetattr};

        if !isatty(&self.file) {
            return match baud {
                Some(_) => Err(Error::usage("--baud is for serial devices").at(&self.name)),
                None => Ok(()),
            };
        }
        let set = || {
            let mut settings = tcgetattr(&self.file)?;
            settings.make_raw();
            if let Some(baud) = baud {
                settings.set_speed(baud)?;
            }
            tcsetattr(&self.file, OptionalActions::Now, &settings)
        };
        set().map_err(|error: rustix::io::Errno| {
            Error::io(&self.name, "set up the serial device", error.into())
        })
    }

    /// Waits for bytes or the end; `false` after too long a time.
    fn wait(&self) -> Result<bool, Error> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use std::time::Instant;

        /// How often a request to stop is looked for.
        const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

        let start = Instant::now();
        loop {
            interrupt::check()?;
            let mut wanted = [PollFd::new(&self.file, PollFlags::IN)];
            match poll(&mut wanted, Some(&TICK)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(Error::io(&self.name, "wait for bytes", error.into())),
            }
            if self.idle.is_some_and(|idle| start.elapsed() >= idle) {
                return Ok(false);
            }
        }
    }
}

#[cfg(not(unix))]
impl Source {
    fn configure(&self, baud: Option<u32>) -> Result<(), Error> {
        match baud.is_some() || self.idle.is_some() {
            true => Err(Error::usage(
                "set the serial port up beforehand (`mode`); its rate and a limit of time \
                are for Unix",
            )
            .at(&self.name)),
            false => Ok(()),
        }
    }

    fn wait(&self) -> Result<bool, Error> {
        interrupt::check().map(|()| true)
    }
}
