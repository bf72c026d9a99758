//! Encodings over a serial line that loses, changes and inserts bytes.
//!
//! A *transfer* carries one encoding, or any other bytes. A [`Sender`] cuts it into [`Frame`]s, each with its place in the
//! transfer, a sequence number and a CRC-32, stuffs them so that no byte is zero (consistent overhead byte stuffing,
//! Cheshire and Baker, 1999), and ends each with a zero. A [`Receiver`] looks for the zeros: after any damage the next
//! frame that is whole is received. It reports what was damaged and which sequence numbers are missing. An
//! [`Assembler`] puts the frames of a transfer into a buffer and names the gaps. Nothing is sent again by itself: the line may
//! have one direction.
//!
//! A damaged frame passes the CRC-32 by chance once in 2^32, the whole transfer's checksum is on top of that. (One bit
//! changed on the line may change many bytes of the frame, since the stuffing ties them together: the guarantee of a CRC
//! for few flipped bits does not carry over, only the chance does. With a CRC-16 and one damaged frame a second, one
//! wrong frame would pass every 18 hours.)
//!
//! `N` is the length of the longest frame on the line, its zero included: senders and receivers with the same `N` fit together,
//! and so does a receiver with a larger one. Frames have 20 bytes beside their payload, and stuffing adds one in 254.
//!
//! ```
//! use more_core::wire::WriteError;
//! use more_core::wire::stream::{Assembler, Event, Progress, Receiver, Sender};
//!
//! # fn main() -> Result<(), WriteError<&'static str>> {
//! let mut line = heapless::Vec::<u8, 1024>::new();
//! let mut sender = Sender::<_, 64>::new(1, |bytes: &[u8]| line.extend_from_slice(bytes).map_err(|_| "line is full"));
//! sender.send(&[7; 100])?;
//! sender.send(&[8; 90])?;
//!
//! line[40] ^= 0x10; // Noise.
//!
//! let mut receiver = Receiver::<64>::new();
//! let mut buffer = [0; 100];
//! let mut assembler = Assembler::<8>::new(&mut buffer);
//! let mut whole = 0;
//! for mut piece in line.chunks(10) {
//!     while let Some(event) = receiver.feed(&mut piece) {
//!         let Event::Frame(frame) = event else { continue };
//!         match assembler.accept(&frame)? {
//!             Progress::Incomplete => assert_eq!(assembler.missing().next(), Some(0..42)),
//!             Progress::Complete => {
//!                 assert_eq!(assembler.bytes(), [8; 90]);
//!                 whole += 1;
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(whole, 1);
//! # Ok(())
//! # }
//! ```

mod assembler;
mod frame;
mod receiver;
mod sender;

pub use assembler::{Assembler, Progress};
pub use frame::{Frame, FrameKind};
pub use receiver::{Event, Receiver};
pub use sender::{Sender, Transfer};

/// The version of the frames that this crate writes and reads.
pub const VERSION: u8 = 1;
