//! An encrypted angiogram of 256 x 256 pixels comes in over the line and goes through the network row by row, as it arrives;
//! the encrypted answer goes out. Weights are plain and in flash.
//!
//! No image is in memory: rows are read from the frames, which therefore must come in order. An image with a gap is given up
//! (`incomplete`, and the bytes that came before it), and the next one waited for.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use more_core::wire::stream::{Event, Frame, FrameKind, Receiver};
use more_core::wire::{Header, Kind, Reader, Shape};
use more_firmware::clock::Clock;
use more_firmware::edge_box::send;
use more_firmware::uart::Uart;
use more_firmware::{data, expect, report, stack, succeed};
use more_scene::{Cell, FRAME};
use nn_core::{ANGIOGRAPHY, RowStream};

/// Zero.
const O: Cell = Cell::from_lanes([0.0; 2]);
const WIDTH: usize = ANGIOGRAPHY.input().width;

/// All that it needs beside the stack.
const MEMORY: usize = size_of::<Cell>() * (ANGIOGRAPHY.stream_memory() + WIDTH);
const _: () = assert!(MEMORY <= 112 * 1024, "more memory than documented");

#[entry]
fn main() -> ! {
    static mut MEMORY_OF_ROWS: [Cell; ANGIOGRAPHY.stream_memory()] = [O; ANGIOGRAPHY.stream_memory()];
    static mut ROW: [Cell; WIDTH] = [O; WIDTH];
    let (instructions, depth) = stack::depth_of(|| run(MEMORY_OF_ROWS, ROW));
    report::line("infer", &[instructions]);
    report::line("stack", &[depth as u32]);
    report::line("memory", &[MEMORY as u32]);
    succeed()
}

/// Answers the first image that is whole; the instructions that the network took.
#[inline(never)]
fn run(memory: &mut [Cell], row: &mut [Cell; WIDTH]) -> u32 {
    let clock = Clock::start();
    let mut uart = Uart::start();
    let mut receiver = Receiver::<FRAME>::new();
    let network = RowStream::new((), &ANGIOGRAPHY, &data::ANGIOGRAPHY_WEIGHTS, memory);
    let mut image = Image {
        clock: &clock,
        reader: None,
        received: 0,
        row,
        column: 0,
        network: expect(network, "wrong sizes"),
        instructions: 0,
    };
    loop {
        let byte = [uart.read()];
        let mut piece = &byte[..];
        while let Some(event) = receiver.feed(&mut piece) {
            match event {
                Event::Damaged(_) => report::line("damaged", &[]),
                Event::Lost { from, to } => report::line("lost", &[from.into(), to.into()]),
                Event::Frame(frame) => {
                    if let Some(header) = image.take(&frame) {
                        let output = expect(image.network.output(), "no image of this network");
                        expect(send(&mut uart, 0, &answer(header), output), "the answer cannot be sent");
                        return image.instructions;
                    }
                }
                _ => {}
            }
        }
    }
}

/// The image that is coming.
struct Image<'a> {
    clock: &'a Clock,
    /// `None` while the next image is waited for.
    reader: Option<Reader<Cell>>,
    /// Bytes of the transfer that came.
    received: u32,
    row: &'a mut [Cell; WIDTH],
    /// Where in the row the next pixel belongs.
    column: usize,
    network: RowStream<'a, Cell, f32>,
    instructions: u32,
}

impl Image<'_> {
    /// Takes a frame; the header of the image that is complete with it.
    fn take(&mut self, frame: &Frame<'_>) -> Option<Header> {
        match frame.kind {
            FrameKind::Begin => {
                self.reader = Some(Reader::new());
                self.network.reset();
                (self.received, self.column, self.instructions) = (0, 0, 0);
            }
            FrameKind::Data | FrameKind::End if frame.offset != self.received => {
                if self.reader.take().is_some() {
                    report::line("incomplete", &[self.received]);
                }
            }
            FrameKind::Data => {
                self.received += frame.payload.len() as u32;
                if self.pixels(frame.payload).is_none() {
                    self.reader = None;
                    report::line("no image of this network", &[]);
                }
            }
            // The encoding has a checksum of its own.
            FrameKind::End => return self.reader.take()?.finish().ok(),
        }
        None
    }

    /// The pixels of a frame; `None` for what is no image of the network.
    fn pixels(&mut self, mut payload: &[u8]) -> Option<()> {
        let Some(reader) = &mut self.reader else { return Some(()) };
        while let Some(pixel) = reader.read(&mut payload).ok()? {
            *self.row.get_mut(self.column)? = pixel;
            self.column += 1;
            if self.column == WIDTH {
                self.column = 0;
                let before = self.clock.now();
                self.network.push_row(self.row).ok()?;
                self.instructions += self.clock.instructions_since(before);
            }
        }
        Some(())
    }
}

/// The header of the answer: the same key, lanes in the same order.
fn answer(header: Header) -> Header {
    let shape = Shape::Slice { count: ANGIOGRAPHY.outputs() as u32 };
    match header.kind {
        Kind::Spectra { order, .. } => Header { kind: Kind::Spectra { shape, order }, ..header },
        _ => header,
    }
}
