//! Progress of long jobs on standard error: how far, how fast, how long still.

use std::borrow::Cow;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const TEMPLATE: &str = "{msg:12} {bar:30} {human_pos}/{human_len} {unit}  {rate}/s  {eta} left";

/// A progress line; silent when standard error is no terminal, and with `--quiet`.
///
/// Its line is cleared when it is dropped. All methods take `&self` and may be called from several threads.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A line that counts to `total` units (`"images"`, for instance), headed by `label`.
    #[must_use]
    pub fn new(quiet: bool, label: impl Into<Cow<'static, str>>, total: usize, unit: &'static str) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(
            style
                .with_key("unit", move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = out.write_str(unit);
                })
                .with_key("rate", |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = write!(out, "{:.0}", state.per_sec());
                }),
        );
        bar.set_message(label);
        Self { bar }
    }

    /// A line that shows nothing.
    #[must_use]
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    /// Changes the head of the line, e.g. to `epoch 3/25`.
    pub fn label(&self, label: impl Into<Cow<'static, str>>) {
        self.bar.set_message(label);
    }

    /// Counts `units` more as done.
    pub fn advance(&self, units: usize) {
        self.bar.inc(units as u64);
    }

    /// Prints a line above the progress line, on standard error; nothing where the line is hidden.
    pub fn note(&self, text: impl AsRef<str>) {
        self.bar.println(text);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
