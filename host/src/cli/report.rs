//! What commands print.

use std::fmt::Display;
use std::io::Write;

use serde::Serialize;

use super::Global;
use more_nn::error::Error;
use more_nn::progress::Progress;

/// Where a command's results and remarks go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    global: Global,
}

impl Report {
    pub(crate) fn new(global: Global) -> Self {
        Self { global }
    }

    /// A progress line, hidden with `--quiet`.
    pub(crate) fn progress(&self, label: &'static str, total: usize, unit: &'static str) -> Progress {
        Progress::new(self.global.quiet, label, total, unit)
    }

    /// A remark for people, on standard error.
    pub(crate) fn remark(&self, text: impl Display) {
        if !self.global.quiet {
            // Nobody to tell if standard error is gone.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// The result: `fields` as JSON on standard output with `--json`, otherwise `text`. With `--json` the text goes to
    /// standard error.
    pub(crate) fn result(&self, fields: &impl Serialize, text: impl Display) -> Result<(), Error> {
        let mut stdout = std::io::stdout().lock();
        let written = if self.global.json {
            self.remark(text);
            let json = serde_json::to_string(fields).map_err(|error| Error::stdout(error.into()))?;
            writeln!(stdout, "{json}")
        } else if self.global.quiet {
            Ok(())
        } else {
            writeln!(stdout, "{text}")
        };
        written.and_then(|()| stdout.flush()).map_err(Error::stdout)
    }
}

/// Prints an error with its remedy on standard error.
pub(super) fn error(error: &Error) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "error: {error}");
    if let Some(hint) = error.hint() {
        let _ = writeln!(stderr, "  help: {hint}");
    }
}
