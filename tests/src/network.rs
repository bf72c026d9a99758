//! Networks under test: random ones, an oracle that computes them by plain loops with error bounds, and the comparison.

pub mod case;
pub mod check;
pub mod lanes;
pub mod oracle;
pub mod tracked;
