//! Ctrl-C and termination signals, as a flag that long loops look at.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Kind};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Turns Ctrl-C, `SIGTERM` and `SIGHUP` into a request that [`check`] reports; a second signal ends the process at once.
///
/// # Errors
/// [`Kind::Io`] where the handler cannot be installed, or a second time in one process.
pub fn install() -> Result<(), Error> {
    let handler = || {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Error::new(Kind::Io, "cannot handle signals").caused_by(error))
}

/// Fails once the user has asked to stop; called by every long loop between units of work.
///
/// # Errors
/// [`Kind::Interrupted`].
pub fn check() -> Result<(), Error> {
    match REQUESTED.load(Ordering::Relaxed) {
        true => Err(Error::interrupted()),
        false => Ok(()),
    }
}
