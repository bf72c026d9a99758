//! Bytes from a serial line: the receiver takes what it is given, says nothing twice, and puts together only what was sent.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use more_core::wire::stream::{Assembler, Event, Progress, Receiver, Sender};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Anything.
    Line { piece: u8, bytes: &'a [u8] },
    /// Two transfers, between them noise, the first one with bytes changed, left out or put in.
    Noisy { piece: u8, changes: Vec<(u16, Change)>, first: &'a [u8], second: &'a [u8], noise: &'a [u8] },
}

#[derive(Arbitrary, Debug)]
enum Change {
    Flip(u8),
    Drop(u8),
    Insert(u8),
}

fn sent(transfer: u16, bytes: &[u8]) -> Vec<u8> {
    let mut line = Vec::new();
    let mut sender = Sender::<_, 64>::new(transfer, |frame: &[u8]| {
        line.extend_from_slice(frame);
        Ok::<_, ()>(())
    });
    sender.send(bytes).expect("a line that does not fail");
    line
}

/// Feeds the line in pieces and hands every transfer that is complete to `complete`; the events, as text.
fn received(line: &[u8], piece: usize, mut complete: impl FnMut(u16, &[u8])) -> Vec<String> {
    let mut receiver = Receiver::<64>::new();
    let mut buffer = vec![0; 1 << 12];
    let mut assembler = Assembler::<4>::new(&mut buffer);
    let mut events = Vec::new();
    for mut piece in line.chunks(piece) {
        while let Some(event) = receiver.feed(&mut piece) {
            events.push(format!("{event:?}"));
            let Event::Frame(frame) = event else { continue };
            assert!(frame.payload.len() <= 64 - 20);
            assert!(frame.offset as usize + frame.payload.len() <= frame.total as usize + 4);
            let progress = assembler.accept(&frame);
            let ends: Vec<usize> = assembler.missing().flat_map(|gap| [gap.start, gap.end]).collect();
            assert!(ends.is_sorted_by(|a, b| a < b), "gaps that are empty, touch or overlap");
            assert!(ends.last().is_none_or(|end| *end <= assembler.bytes().len()));
            if progress == Ok(Progress::Complete) {
                assert!(ends.is_empty());
                complete(frame.transfer, assembler.bytes());
            }
        }
        assert!(piece.is_empty(), "input is used up");
    }
    events
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Line { piece, bytes } => {
        let zeros = bytes.iter().filter(|byte| **byte == 0).count();
        let events = received(bytes, 1 + usize::from(piece), |_, _| ());
        assert!(events.len() <= 2 * zeros, "at most a loss and a frame for each zero");
        assert_eq!(events, received(bytes, 1, |_, _| ()), "the size of the pieces makes no difference");
    }
    Input::Noisy { piece, changes, first, second, noise } => {
        let first = &first[..first.len().min(1 << 12)];
        let second = &second[..second.len().min(1 << 12)];
        let mut line = sent(1, first);
        for (at, change) in changes {
            if line.is_empty() {
                break;
            }
            let at = usize::from(at) % line.len();
            match change {
                Change::Flip(by) => line[at] ^= by,
                Change::Drop(length) => drop(line.drain(at..(at + usize::from(length)).min(line.len()))),
                Change::Insert(byte) => line.insert(at, byte),
            }
        }
        line.extend_from_slice(noise);
        line.extend(sent(2, second));
        let mut whole = false;
        received(&line, 1 + usize::from(piece), |transfer, bytes| match transfer {
            1 => assert_eq!(bytes, first),
            2 => {
                assert_eq!(bytes, second);
                whole = true;
            }
            // Noise may hold a transfer of its own.
            _ => {}
        });
        assert!(whole, "the transfer after the noise is received");
    }
});
