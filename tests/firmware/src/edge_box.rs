//! A box at the edge of the network: it gets an encrypted image, holds no key, and answers with encrypted logits.

use core::convert::Infallible;

use more_core::wire::stream::{Assembler, Sender};
use more_core::wire::{self, Header, Kind, Shape, WriteError, Writer};
use more_scene::{Cell, FRAME, PIXELS};
use nn_core::{MNIST, Weigh};

use crate::clock::Clock;
use crate::line::Line;
use crate::uart::Uart;
use crate::{expect, network};

/// Bytes of an encrypted image on the line.
pub const ENCODED: usize = wire::encoded_len::<Cell>(PIXELS);

/// The box's memory.
pub struct Memory<'a> {
    /// What comes over the line.
    pub encoding: &'a mut [u8; ENCODED],
    /// The image in it.
    pub image: &'a mut [Cell; PIXELS],
    /// The network's.
    pub scratch: &'a mut [Cell; MNIST.scratch()],
    /// The logits.
    pub output: &'a mut [Cell; MNIST.outputs()],
}

/// Answers the first image that is whole.
pub fn run<W: Copy + Sync>(parameters: &[W], memory: &mut Memory<'_>)
where
    Cell: Weigh<W>,
{
    let clock = Clock::start();
    let mut uart = Uart::start();
    let mut assembler = Assembler::new(memory.encoding);
    Line::new().receive(&mut uart, &mut assembler);
    let header = expect(wire::decode(assembler.bytes(), memory.image), "no image of this network");

    let result = network::run(&clock, &MNIST, parameters, memory.image, memory.scratch, memory.output);
    expect(result, "wrong sizes");

    // The logits are under the same key, with lanes in the same order.
    let shape = Shape::Slice { count: memory.output.len() as u32 };
    let kind = match header.kind {
        Kind::Spectra { order, .. } => Kind::Spectra { shape, order },
        other => other,
    };
    expect(send(&mut uart, 0, &Header { kind, ..header }, memory.output), "the logits cannot be sent");
}

/// Sends elements as the transfer `number`.
///
/// # Errors
///
/// If the header is not that of the elements.
pub fn send(
    uart: &mut Uart,
    number: u16,
    header: &Header,
    elements: &[Cell],
) -> Result<(), WriteError<WriteError<Infallible>>> {
    let mut sender = Sender::<_, FRAME>::new(number, |bytes: &[u8]| uart.write(bytes));
    let mut transfer = sender.begin(header.total_len()).map_err(WriteError::Sink)?;
    let mut writer = Writer::<Cell, _>::new(header, |bytes: &[u8]| transfer.write(bytes))?;
    writer.write(elements)?;
    writer.finish()?;
    transfer.finish().map_err(WriteError::Sink)
}
