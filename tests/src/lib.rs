//! Generators and tolerances shared by the tests of this workspace.

pub mod bounds;
pub mod device;
pub mod functions;
pub mod generators;
pub mod network;
pub mod tolerance;
