//! The benchmarks of the command line: kernels against the machine's limit, encrypted against plain as in the paper's tables, and
//! growth with every size that matters.
//!
//! Nothing here touches a disk while the clock runs.

pub mod growth;
pub mod kernels;
pub mod rates;
pub mod scaling;
pub mod statistics;
pub mod table;
