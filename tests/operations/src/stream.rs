//! Frames over a serial line.

use more_core::rand_core::TryCryptoRng;
use more_core::wire::stream::{Assembler, Event, Progress, Receiver, Sender};
use more_core::{Error, Real};

use crate::Visitor;
use crate::inputs::{FRAME, TRANSFER, encoding_error, into, opaque, opaque_mut};

/// The bytes of a transfer come in pieces of this length.
const PIECE: usize = 30;

pub(crate) fn visit<T: Real, const N: usize, G: TryCryptoRng>(v: &mut impl Visitor<T, N, G>) {
    const GROUP: &str = "stream";
    v.visit(GROUP, "Sender::send", |i| {
        let bytes = opaque(&i.ciphertexts_bytes[..TRANSFER]);
        Sender::<_, FRAME>::new(1, into(opaque_mut(&mut i.bytes))).send(bytes).map_err(encoding_error)
    });
    v.visit(GROUP, "Sender::begin and Transfer::write", |i| {
        let bytes = opaque(&i.ciphertexts_bytes[..TRANSFER]);
        let mut sender = Sender::<_, FRAME>::new(1, into(opaque_mut(&mut i.bytes)));
        let mut transfer = sender.begin(bytes.len()).map_err(encoding_error)?;
        for piece in bytes.chunks(PIECE) {
            transfer.write(piece).map_err(encoding_error)?;
        }
        transfer.finish().map_err(encoding_error)
    });
    v.visit(GROUP, "Receiver::feed", |i| {
        let mut receiver = Receiver::<FRAME>::new();
        let (mut frames, mut other) = (0, 0);
        for mut piece in opaque(&i.line).chunks(PIECE) {
            while let Some(event) = receiver.feed(&mut piece) {
                match event {
                    Event::Frame(_) => frames += 1,
                    _ => other += 1,
                }
            }
        }
        (frames, other)
    });
    v.visit(GROUP, "Receiver::feed and Assembler::accept", |i| {
        let mut receiver = Receiver::<FRAME>::new();
        let mut assembler = Assembler::<4>::new(opaque_mut(&mut i.bytes));
        for mut piece in opaque(&i.line).chunks(PIECE) {
            while let Some(event) = receiver.feed(&mut piece) {
                if let Event::Frame(frame) = event
                    && !assembler.is_other(&frame)
                    && assembler.accept(&frame)? == Progress::Complete
                {
                    return Ok(assembler.bytes().len());
                }
            }
        }
        // Not the length that would be an answer; also shows that the list of gaps can be walked.
        Err(if assembler.missing().next().is_some() { Error::Truncated } else { Error::Length })
    });
}
