//! Frames on a line that loses, changes, repeats and inserts bytes: what is received is what was sent, and what is missing is
//! named.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::HashMap;

use more_core::wire::stream::{Assembler, Event, FrameKind, Progress, Receiver, Sender};
use more_core::wire::{Header, Reader, Shape, WriteError, Writer};
use more_core::{Ciphertext, Error, KeyId};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// CRC-32 by long division, bit by bit: not how the crate does it.
fn crc32(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for byte in bytes {
        for bit in 0..8 {
            let carry = (remainder ^ u32::from(byte >> bit)) & 1;
            remainder = (remainder >> 1) ^ (carry * 0xEDB8_8320);
        }
    }
    !remainder
}

/// Stuffing as `docs/formats.md` has it, with the zero at the end.
fn stuffed(frame: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let with_zero = [frame, &[0]].concat();
    let mut rest = &with_zero[..];
    while !rest.is_empty() {
        let run = rest.iter().take(254).take_while(|byte| **byte != 0).count();
        out.push(run as u8 + 1);
        out.extend(&rest[..run]);
        rest = &rest[run..];
        if run < 254 {
            rest = &rest[1..];
        } else if rest == [0] {
            // Nothing but the zero that was put there is left.
            break;
        }
    }
    out.push(0);
    out
}

/// A frame as `docs/formats.md` has it.
fn frame(kind: u8, sequence: u16, transfer: u16, offset: u32, total: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, kind];
    bytes.extend((payload.len() as u16).to_le_bytes());
    bytes.extend(sequence.to_le_bytes());
    bytes.extend(transfer.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend(total.to_le_bytes());
    bytes.extend(payload);
    bytes.extend(crc32(&bytes).to_le_bytes());
    bytes
}

/// Bytes with many zeros, long runs without, and everything between.
fn payload(seed: u64, length: usize) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let limit = [2, 256, 1 << 20][(seed % 3) as usize];
    (0..length).map(|_| (rng.next_u32() % limit).min(255) as u8).collect()
}

fn sent<const N: usize>(first: u16, transfers: &[Vec<u8>]) -> Vec<u8> {
    let mut line = Vec::new();
    let mut sender = Sender::<_, N>::new(first, |bytes: &[u8]| {
        assert!(bytes.len() <= N, "a frame of {} bytes", bytes.len());
        let (last, before) = bytes.split_last().unwrap();
        assert!(*last == 0 && !before.contains(&0));
        line.extend_from_slice(bytes);
        Ok::<_, ()>(())
    });
    for bytes in transfers {
        sender.send(bytes).unwrap();
    }
    line
}

/// A received frame, kept.
#[derive(Clone, Debug, PartialEq)]
struct Kept(FrameKind, u16, u16, u32, u32, Vec<u8>);

#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Frame(Kept),
    Damaged,
    Lost(u16, u16),
    Restarted(u16),
    Repeated(u16),
}

fn received<const N: usize>(line: &[u8], piece: usize) -> Vec<Seen> {
    let mut receiver = Receiver::<N>::new();
    let mut seen = Vec::new();
    for mut piece in line.chunks(piece) {
        while let Some(event) = receiver.feed(&mut piece) {
            seen.push(match event {
                Event::Frame(f) => {
                    Seen::Frame(Kept(f.kind, f.sequence, f.transfer, f.offset, f.total, f.payload.to_vec()))
                }
                Event::Damaged(_) => Seen::Damaged,
                Event::Lost { from, to } => Seen::Lost(from, to),
                Event::Restarted { sequence } => Seen::Restarted(sequence),
                Event::Repeated { sequence } => Seen::Repeated(sequence),
                other => panic!("an event that the test does not know: {other:?}"),
            });
        }
        assert!(piece.is_empty());
    }
    seen
}

/// The frames of these transfers, written by hand from the format, by what is on the line for each.
fn expected_frames(first: u16, transfers: &[Vec<u8>], payload: usize) -> Vec<(Vec<u8>, Kept)> {
    let mut frames = Vec::new();
    for (i, bytes) in transfers.iter().enumerate() {
        let number = first.wrapping_add(i as u16);
        let total = bytes.len() as u32;
        let mut add = |kind: FrameKind, code: u8, offset: u32, payload: &[u8]| {
            let sequence = frames.len() as u16;
            let kept = Kept(kind, sequence, number, offset, total, payload.to_vec());
            frames.push((stuffed(&frame(code, sequence, number, offset, total, payload)), kept));
        };
        add(FrameKind::Begin, 1, 0, &[]);
        for (k, piece) in bytes.chunks(payload).enumerate() {
            add(FrameKind::Data, 2, (k * payload) as u32, piece);
        }
        add(FrameKind::End, 3, total, &crc32(bytes).to_le_bytes());
    }
    frames
}

fn quiet<const N: usize>() {
    assert!(Sender::<fn(), N>::PAYLOAD > 0);
    let lengths = [0, 1, 2, 9, 10, 11, 41, 42, 43, 230, 231, 232, 233, 234, 235, 253, 254, 255, 600];
    let transfers: Vec<Vec<u8>> =
        lengths.iter().enumerate().map(|(i, length)| payload(i as u64, *length)).collect();
    let line = sent::<N>(65_530, &transfers);
    let frames = expected_frames(65_530, &transfers, Sender::<fn(), N>::PAYLOAD);
    let mut by_hand = Vec::new();
    for (bytes, kept) in &frames {
        if kept.0 == FrameKind::Begin {
            by_hand.push(0);
        }
        by_hand.extend(bytes);
    }
    assert_eq!(line, by_hand);
    for piece in [1, 3, 1000, line.len()] {
        let seen = received::<N>(&line, piece);
        assert!(
            seen.iter().eq(frames
                .iter()
                .map(|(_, kept)| Seen::Frame(kept.clone()))
                .collect::<Vec<_>>()
                .iter())
        );
    }
    let mut receiver = Receiver::<N>::new();
    let mut buffer = [0; 600];
    let mut assembler = Assembler::<2>::new(&mut buffer);
    let mut whole = Vec::new();
    let mut input = &line[..];
    while let Some(event) = receiver.feed(&mut input) {
        let Event::Frame(frame) = event else { panic!("{event:?}") };
        assert!(!assembler.is_other(&frame));
        if assembler.accept(&frame) == Ok(Progress::Complete) {
            assert!(assembler.is_complete());
            whole.push(assembler.bytes().to_vec());
        }
    }
    assert_eq!(whole, transfers);
}

#[test]
fn a_quiet_line_carries_everything() {
    quiet::<32>();
    quiet::<64>();
    quiet::<256>();
    quiet::<257>();
    quiet::<1024>();
}

/// Which frames are on the line, by its zeros, and what a receiver must say of it.
fn model(line: &[u8], frames: &HashMap<&[u8], &Kept>) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut last: Option<u16> = None;
    for segment in line.split_inclusive(|byte| *byte == 0) {
        if segment == [0] || segment.last() != Some(&0) {
            continue;
        }
        let Some(kept) = frames.get(segment) else {
            seen.push(Seen::Damaged);
            continue;
        };
        let sequence = kept.1;
        match last {
            Some(last) if last == sequence => {
                seen.push(Seen::Repeated(sequence));
                continue;
            }
            Some(last) if sequence > last + 1 => seen.push(Seen::Lost(last + 1, sequence - 1)),
            Some(last) if sequence < last => seen.push(Seen::Restarted(sequence)),
            _ => {}
        }
        last = Some(sequence);
        seen.push(Seen::Frame((*kept).clone()));
    }
    seen
}

#[derive(Clone, Debug)]
enum Noise {
    Flip(prop::sample::Index, u8),
    Drop(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, usize),
}

fn noise() -> impl Strategy<Value = Noise> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Noise::Flip(at, bit)),
        (at(), prop_oneof![Just(1_usize), 1..200_usize]).prop_map(|(at, length)| Noise::Drop(at, length)),
        (at(), prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 1..80))
            .prop_map(|(at, bytes)| Noise::Insert(at, bytes)),
        (at(), 1..200_usize).prop_map(|(at, length)| Noise::Repeat(at, length)),
    ]
}

fn spoil(line: &mut Vec<u8>, noise: &[Noise]) {
    for one in noise {
        if line.is_empty() {
            return;
        }
        let end = |at: usize, length: usize, line: &[u8]| (at + length).min(line.len());
        match one {
            Noise::Flip(at, bit) => {
                let at = at.index(line.len());
                line[at] ^= 1 << bit;
            }
            Noise::Drop(at, length) => {
                let at = at.index(line.len());
                line.drain(at..end(at, *length, line));
            }
            Noise::Insert(at, bytes) => {
                let at = at.index(line.len());
                line.splice(at..at, bytes.iter().copied());
            }
            Noise::Repeat(at, length) => {
                let at = at.index(line.len());
                let again = line[at..end(at, *length, line)].to_vec();
                line.splice(at..at, again);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Frames that the damage has left whole are received, nothing else is, and the losses between them are named.
    #[test]
    fn a_noisy_line_carries_what_it_leaves_whole(
        seeds in prop::collection::vec((any::<u64>(), 0..300_usize), 1..6),
        noise in prop::collection::vec(noise(), 0..12),
        garbage in prop::collection::vec(any::<u8>(), 0..100),
        piece in 1..100_usize,
    ) {
        let transfers: Vec<Vec<u8>> = seeds.iter().map(|(seed, length)| payload(*seed, *length)).collect();
        let frames = expected_frames(7, &transfers, Sender::<fn(), 64>::PAYLOAD);
        let by_bytes = frames.iter().map(|(bytes, kept)| (&bytes[..], kept)).collect();
        let mut line = sent::<64>(7, &transfers);
        spoil(&mut line, &noise);
        line.splice(0..0, garbage);
        prop_assert_eq!(received::<64>(&line, piece), model(&line, &by_bytes));
    }

    /// Whatever happened to one transfer, the next one arrives, and no other bytes are ever taken for a transfer.
    #[test]
    fn a_transfer_after_a_broken_one_is_whole(
        first in (any::<u64>(), 0..500_usize),
        second in (any::<u64>(), 0..500_usize),
        noise in prop::collection::vec(noise(), 1..12),
    ) {
        let transfers = [payload(first.0, first.1), payload(second.0, second.1)];
        let mut line = sent::<64>(40, &transfers[..1]);
        spoil(&mut line, &noise);
        line.extend(sent::<64>(41, &transfers[1..]));
        let mut receiver = Receiver::<64>::new();
        let mut buffer = [0xEE; 500];
        let mut assembler = Assembler::<4>::new(&mut buffer);
        let mut input = &line[..];
        let mut last = None;
        while let Some(event) = receiver.feed(&mut input) {
            let Event::Frame(frame) = event else { continue };
            let progress = assembler.accept(&frame).unwrap();
            let sent = &transfers[usize::from(frame.transfer - 40)];
            let mut missing = vec![false; sent.len()];
            assembler.missing().for_each(|gap| missing[gap].fill(true));
            for ((got, sent), missing) in assembler.bytes().iter().zip(sent).zip(&missing) {
                prop_assert!(*missing || got == sent);
            }
            prop_assert_eq!(progress == Progress::Complete, assembler.is_complete() && progress != Progress::Ignored);
            if progress == Progress::Complete {
                prop_assert_eq!(assembler.bytes(), &sent[..]);
                last = Some(frame.transfer);
            }
        }
        prop_assert_eq!(last, Some(41));
    }

    /// The list of gaps against one flag a byte: never too short, and exact while it is not full.
    #[test]
    fn gaps_are_named(
        seed in any::<u64>(),
        length in 1..400_usize,
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        last in any::<bool>(),
    ) {
        let bytes = payload(seed, length);
        let line = sent::<32>(3, std::slice::from_ref(&bytes));
        let mut frames: Vec<Kept> = Vec::new();
        for seen in received::<32>(&line, line.len()) {
            let Seen::Frame(kept) = seen else { panic!("{seen:?}") };
            frames.push(kept);
        }
        let end = frames.len() - 1;
        let (mut few, mut many) = ([0; 400], [0; 400]);
        let mut few = Assembler::<3>::new(&mut few);
        let mut many = Assembler::<64>::new(&mut many);
        let mut got = vec![false; length];
        // Without the first frame; then, if `last`, with every one.
        let rest = if last { 1..end } else { 0..0 };
        for at in order.iter().map(|at| 1 + at.index(end - 1)).chain(rest).chain([end]) {
            let Kept(kind, sequence, transfer, offset, total, payload) = &frames[at];
            let frame = more_core::wire::stream::Frame {
                kind: *kind, sequence: *sequence, transfer: *transfer, offset: *offset, total: *total, payload,
            };
            let (few_progress, progress) = (few.accept(&frame).unwrap(), many.accept(&frame).unwrap());
            if *kind == FrameKind::Data {
                got[*offset as usize..*offset as usize + payload.len()].fill(true);
            } else {
                let whole = got.iter().all(|got| *got);
                prop_assert_eq!(progress, if whole { Progress::Complete } else { Progress::Incomplete });
                prop_assert!(whole || few_progress == Progress::Incomplete);
            }
            let mut missing = vec![true; length];
            many.missing().for_each(|gap| missing[gap].fill(false));
            prop_assert_eq!(&missing, &got);
            prop_assert!(many.missing().zip(many.missing().skip(1)).all(|(a, b)| a.end < b.start));
            few.missing().for_each(|gap| missing[gap].fill(false));
            prop_assert!(missing.iter().zip(&got).all(|(there, got)| !there || *got));
            prop_assert!(few.missing().count() <= 3);
            if many.missing().count() == 0 {
                prop_assert_eq!(many.bytes(), &bytes[..]);
            }
        }
    }
}

#[test]
fn every_flipped_bit_on_the_line_is_found() {
    let transfers = [payload(1, 100), payload(2, 300), payload(3, 20)];
    let frames = expected_frames(0, &transfers, Sender::<fn(), 64>::PAYLOAD);
    let by_bytes: HashMap<&[u8], &Kept> = frames.iter().map(|(bytes, kept)| (&bytes[..], kept)).collect();
    let line = sent::<64>(0, &transfers);
    for bit in 0..8 * line.len() {
        let mut damaged = line.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(received::<64>(&damaged, 17), model(&damaged, &by_bytes), "bit {bit}");
    }
}

#[test]
fn sequence_numbers_wrap_around() {
    let bytes = vec![0; 70_000 * Sender::<fn(), 32>::PAYLOAD];
    let mut line = sent::<32>(0, std::slice::from_ref(&bytes));
    let count = |seen: &[Seen]| seen.iter().filter(|seen| matches!(seen, Seen::Frame(_))).count();
    let seen = received::<32>(&line, 4096);
    assert_eq!((seen.len(), count(&seen)), (70_002, 70_002));
    // Frames 65,530 to 65,540, the last of which has number 4.
    let ends: Vec<usize> =
        line.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(at, _)| at + 1).collect();
    line.drain(ends[65_530]..ends[65_541]);
    let seen = received::<32>(&line, 4096);
    assert_eq!((seen.len(), count(&seen)), (70_002 - 11 + 1, 70_002 - 11));
    assert!(seen.contains(&Seen::Lost(65_530, 4)));
}

fn event<const N: usize>(bytes: &[u8]) -> Option<String> {
    let mut receiver = Receiver::<N>::new();
    receiver.feed(&mut &bytes[..]).map(|event| format!("{event:?}"))
}

#[test]
fn frames_that_are_none_are_refused() {
    let sealed = |mut bytes: Vec<u8>, change: &dyn Fn(&mut Vec<u8>)| {
        bytes.truncate(bytes.len() - 4);
        change(&mut bytes);
        let checksum = crc32(&bytes);
        bytes.extend(checksum.to_le_bytes());
        event::<64>(&stuffed(&bytes)).unwrap()
    };
    let damaged = |error: Error| format!("{:?}", Event::Damaged(error));
    let data = || frame(2, 5, 6, 7, 20, &[1, 2, 3]);
    assert!(sealed(data(), &|_| ()).starts_with("Frame"));
    assert_eq!(sealed(data(), &|bytes| bytes[0] = 2), damaged(Error::Version(2)));
    // Of a later version the header may be shorter.
    assert_eq!(sealed(data(), &|bytes| *bytes = vec![9]), damaged(Error::Version(9)));
    assert_eq!(sealed(data(), &|bytes| bytes.clear()), damaged(Error::Truncated));
    assert_eq!(sealed(data(), &|bytes| bytes.truncate(15)), damaged(Error::Truncated));
    for kind in [0, 4, 255] {
        assert_eq!(sealed(data(), &|bytes| bytes[1] = kind), damaged(Error::WrongKind));
    }
    assert_eq!(sealed(data(), &|bytes| bytes[2] = 4), damaged(Error::Length));
    assert_eq!(sealed(data(), &|bytes| bytes[8] = 18), damaged(Error::Length));
    assert_eq!(sealed(data(), &|bytes| bytes[8..12].fill(255)), damaged(Error::Length));
    assert!(sealed(data(), &|bytes| bytes[8] = 17).starts_with("Frame"));
    assert_eq!(sealed(frame(1, 0, 0, 1, 20, &[]), &|_| ()), damaged(Error::Length));
    assert_eq!(sealed(frame(1, 0, 0, 0, 20, &[1]), &|_| ()), damaged(Error::Length));
    assert_eq!(sealed(frame(3, 0, 0, 19, 20, &[0; 4]), &|_| ()), damaged(Error::Length));
    assert_eq!(sealed(frame(3, 0, 0, 20, 20, &[0; 3]), &|_| ()), damaged(Error::Length));
    let mut wrong = data();
    wrong[17] ^= 1;
    assert_eq!(event::<64>(&stuffed(&wrong)), Some(damaged(Error::Checksum)));
    // A run that ends before its length says.
    assert_eq!(event::<64>(&[5, 1, 2, 0]), Some(damaged(Error::Truncated)));
    assert_eq!(event::<64>(&[0, 0, 0, 5, 1, 2]), None);

    // Longer than the receiver's buffer, with the right checksum; the next is received.
    let mut line = stuffed(&frame(2, 5, 6, 0, 200, &[1; 45]));
    assert_eq!(event::<64>(&line), Some(damaged(Error::BufferTooSmall)));
    line.extend(vec![3; 1000]);
    line.push(0);
    line.extend(stuffed(&data()));
    let seen = received::<64>(&line, 9);
    assert_eq!(seen[..2], [Seen::Damaged, Seen::Damaged]);
    assert!(matches!(&seen[2..], [Seen::Frame(kept)] if kept.1 == 5));
}

fn accept(assembler: &mut Assembler<'_, 2>, bytes: &[u8]) -> Result<Progress, Error> {
    let mut receiver = Receiver::<256>::new();
    let line = stuffed(bytes);
    match receiver.feed(&mut &line[..]) {
        Some(Event::Frame(frame)) => assembler.accept(&frame),
        other => panic!("{other:?}"),
    }
}

#[test]
fn assemblers_refuse_what_does_not_fit() {
    let mut buffer = [0; 10];
    let mut assembler = Assembler::<2>::new(&mut buffer);
    assert_eq!((assembler.bytes(), assembler.missing().count()), (&[][..], 0));
    assert_eq!(accept(&mut assembler, &frame(1, 0, 1, 0, 11, &[])), Err(Error::BufferTooSmall));
    assert_eq!(accept(&mut assembler, &frame(2, 0, 1, 0, u32::MAX, &[1])), Err(Error::BufferTooSmall));
    // A transfer without its first frame, whose last does not match.
    assert_eq!(accept(&mut assembler, &frame(2, 0, 1, 0, 3, &[1, 2])), Ok(Progress::Received));
    let last = frame(3, 0, 1, 3, 3, &crc32(&[1, 2, 3]).to_le_bytes());
    assert_eq!(accept(&mut assembler, &last), Ok(Progress::Incomplete));
    assert_eq!(assembler.missing().collect::<Vec<_>>(), std::slice::from_ref(&(2..3)));
    assert_eq!(accept(&mut assembler, &frame(2, 0, 1, 2, 3, &[4])), Ok(Progress::Received));
    assert_eq!(accept(&mut assembler, &last), Err(Error::Checksum));
    assert_eq!(assembler.missing().collect::<Vec<_>>(), std::slice::from_ref(&(0..3)));
    assert!(!assembler.is_complete());
    // Sent again, it is complete, and stays so.
    assert_eq!(accept(&mut assembler, &frame(2, 0, 1, 0, 3, &[1, 2, 3])), Ok(Progress::Received));
    assert_eq!(accept(&mut assembler, &last), Ok(Progress::Complete));
    assert_eq!(accept(&mut assembler, &frame(2, 0, 1, 0, 3, &[9])), Ok(Progress::Ignored));
    assert_eq!(accept(&mut assembler, &last), Ok(Progress::Ignored));
    assert_eq!(assembler.bytes(), [1, 2, 3]);
    // Another transfer of the same number, announced as such.
    assert_eq!(accept(&mut assembler, &frame(1, 0, 1, 0, 3, &[])), Ok(Progress::Begun));
    assert_eq!(assembler.missing().collect::<Vec<_>>(), std::slice::from_ref(&(0..3)));
}

#[test]
fn senders_refuse_what_does_not_fit() {
    let mut sender = Sender::<_, 64>::new(0, |_: &[u8]| Ok::<_, ()>(()));
    let mut transfer = sender.begin(10).unwrap();
    transfer.write(&[0; 6]).unwrap();
    assert_eq!(transfer.write(&[0; 5]), Err(WriteError::Encoding(Error::Length)));
    assert_eq!(transfer.left(), 4);
    assert_eq!(transfer.finish(), Err(WriteError::Encoding(Error::Length)));
    #[cfg(target_pointer_width = "64")]
    assert_eq!(sender.begin(1 << 32).map(|_| ()), Err(WriteError::Encoding(Error::Length)));

    // A line that fails for a while: the transfer after it is whole.
    let (mut line, mut calls) = (Vec::new(), 0);
    let mut sender = Sender::<_, 64>::new(0, |bytes: &[u8]| {
        calls += 1;
        if calls == 4 {
            return Err("busy");
        }
        line.extend_from_slice(bytes);
        Ok(())
    });
    assert_eq!(sender.send(&[5; 200]), Err(WriteError::Sink("busy")));
    sender.send(&[6; 50]).unwrap();
    let seen = received::<64>(&line, 64);
    let lost = seen.iter().filter(|seen| matches!(seen, Seen::Lost(..))).count();
    assert_eq!((lost, seen.iter().filter(|seen| **seen == Seen::Damaged).count()), (1, 0));
    let last: Vec<u8> = seen
        .iter()
        .filter_map(|seen| if let Seen::Frame(k) = seen { Some(k) } else { None })
        .filter(|kept| kept.2 == 1 && kept.0 == FrameKind::Data)
        .flat_map(|kept| kept.5.clone())
        .collect();
    assert_eq!(last, [6; 50]);
}

/// A device that holds one row encodes and sends an image; the other end reads it element by element. Neither holds it.
#[test]
fn an_image_row_by_row_over_a_line() {
    let shape = Shape::Image { channels: 1, height: 20, width: 30 };
    let header = Header::ciphertexts::<f32, 2>(KeyId([9; 16]), shape).unwrap();
    let pixel = |y: usize, x: usize| Ciphertext::<f32, 2>::from_columns([[y as f32, 0.5], [-1.0, x as f32]]);
    let mut line = Vec::new();
    let mut sender = Sender::<_, 128>::new(0, |bytes: &[u8]| {
        line.extend_from_slice(bytes);
        Ok::<_, ()>(())
    });
    let mut transfer = sender.begin(header.total_len()).unwrap();
    let mut writer =
        Writer::<Ciphertext<f32, 2>, _>::new(&header, |bytes: &[u8]| transfer.write(bytes)).unwrap();
    for y in 0..20 {
        writer.write(&std::array::from_fn::<_, 30, _>(|x| pixel(y, x))).unwrap();
    }
    writer.finish().unwrap();
    transfer.finish().unwrap();

    let mut receiver = Receiver::<128>::new();
    let mut reader = Reader::<Ciphertext<f32, 2>>::new();
    let mut read = Vec::new();
    let mut input = &line[..];
    while let Some(event) = receiver.feed(&mut input) {
        let Event::Frame(frame) = event else { panic!("{event:?}") };
        let mut payload = if frame.kind == FrameKind::Data { frame.payload } else { &[] };
        while let Some(element) = reader.read(&mut payload).unwrap() {
            read.push(element);
        }
    }
    assert_eq!(reader.finish(), Ok(header));
    assert!(read.iter().enumerate().all(|(i, element)| *element == pixel(i / 30, i % 30)));
    assert_eq!(read.len(), 600);
}
