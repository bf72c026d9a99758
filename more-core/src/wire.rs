//! Keys, ciphertexts and spectra as bytes, whole or in pieces, and frames for serial lines.
//!
//! All numbers are little-endian and every encoding says what it is: version, kind, scalar, lanes, key id, for elements
//! their [`Shape`], and a checksum. `docs/formats.md` has the layouts, enough to write another implementation.
//! Checksums find damage, not forgery: **nothing is authenticated**.
//!
//! | | whole | in pieces |
//! | --- | --- | --- |
//! | keys | [`SecretKey::encode`](crate::SecretKey::encode), [`decode`](crate::SecretKey::decode) | |
//! | ciphertexts and spectra | [`encode()`], [`decode()`], [`elements`] | [`Writer`], [`Reader`] |
//! | any bytes over a serial line | [`stream::Sender::send`] | [`stream::Sender::begin`], [`stream::Receiver`] |
//!
//! Nothing here allocates; buffers are the caller's, or of a size fixed by the type.

mod crc;
mod elements;
mod header;
mod keys;
mod reader;
mod shape;
pub mod stream;
mod writer;

pub use elements::{Elements, Encodable, decode, elements, encode, encoded_len};
pub use header::{Header, Kind, LaneOrder};
pub use reader::Reader;
pub use shape::Shape;
pub use writer::{WriteError, Writer};

/// The format version that this crate writes and reads.
pub const VERSION: u8 = 1;

const CHECKSUM: usize = 4;
