//! Learning on the device, without a key and without an allocator: encrypted samples come in over the line, each makes one step
//! (forward, backward, update) of encrypted weights, which go out in the end.
//!
//! A sample is two transfers: the image, then its label as a one-hot list of ciphertexts.

#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use more_core::wire::stream::Assembler;
use more_core::wire::{Header, Kind, LaneOrder, Shape, decode};
use more_firmware::clock::Clock;
use more_firmware::edge_box::{ENCODED, send};
use more_firmware::line::Line;
use more_firmware::uart::Uart;
use more_firmware::{data, expect, report, stack, succeed};
use more_scene::{Cell, LEARNER, PIXELS, STEPS, descend};
use nn_core::{Error, Sample, train};

/// Zero.
const O: Cell = Cell::from_lanes([0.0; 2]);

/// All that the step needs beside the stack.
const MEMORY: usize = ENCODED
    + size_of::<Cell>() * (PIXELS + LEARNER.outputs() + 2 * LEARNER.parameters() + LEARNER.workspace());
const _: () = assert!(MEMORY <= 96 * 1024, "more memory than documented");

#[entry]
fn main() -> ! {
    static mut ENCODING: [u8; ENCODED] = [0; ENCODED];
    static mut IMAGE: [Cell; PIXELS] = [O; PIXELS];
    static mut LABELS: [Cell; LEARNER.outputs()] = [O; LEARNER.outputs()];
    static mut PARAMETERS: [Cell; LEARNER.parameters()] = [O; LEARNER.parameters()];
    static mut GRADIENT: [Cell; LEARNER.parameters()] = [O; LEARNER.parameters()];
    static mut WORKSPACE: [Cell; LEARNER.workspace()] = [O; LEARNER.workspace()];

    let clock = Clock::start();
    let mut uart = Uart::start();
    let mut line = Line::new();
    let mut assembler = Assembler::new(ENCODING);
    PARAMETERS.copy_from_slice(&data::LEARNER_WEIGHTS);

    let mut header = None;
    for _ in 0..STEPS {
        line.receive(&mut uart, &mut assembler);
        let of_image = expect(decode(assembler.bytes(), IMAGE), "no image of this network");
        line.receive(&mut uart, &mut assembler);
        let of_labels = expect(decode(assembler.bytes(), LABELS), "no label");
        // What is under another key, or has its lanes in another order, cannot be combined with the weights.
        let found = (of_image.id, order(&of_image));
        if found != (of_labels.id, order(&of_labels))
            || header.is_some_and(|header: Header| found != (header.id, order(&header)))
        {
            expect(Err(()), "another key")
        }
        header = Some(of_labels);

        let sample = Sample { input: &*IMAGE, labels: &*LABELS, masks: &[], weight: 1.0 };
        let mut instructions = 0;
        let (result, depth) = stack::depth_of(|| {
            let before = clock.now();
            let result = step(PARAMETERS, &sample, WORKSPACE, GRADIENT);
            instructions = clock.instructions_since(before);
            result
        });
        expect(result, "wrong sizes");
        report::line("step", &[instructions]);
        report::line("stack", &[depth as u32]);
    }
    report::line("memory", &[MEMORY as u32]);

    if let Some(header) = header {
        let shape = Shape::Slice { count: PARAMETERS.len() as u32 };
        let kind = match header.kind {
            Kind::Spectra { order, .. } => Kind::Spectra { shape, order },
            other => other,
        };
        expect(send(&mut uart, 0, &Header { kind, ..header }, PARAMETERS), "the weights cannot be sent");
    }
    succeed()
}

/// Forward, backward, update.
#[inline(never)]
fn step(
    parameters: &mut [Cell],
    sample: &Sample<'_, Cell>,
    workspace: &mut [Cell],
    gradient: &mut [Cell],
) -> Result<Cell, Error> {
    let loss = train((), &LEARNER, black_box(&*parameters), sample, workspace, gradient)?;
    descend(parameters, gradient);
    Ok(loss)
}

/// Which order the lanes have.
fn order(header: &Header) -> Option<LaneOrder> {
    match header.kind {
        Kind::Spectra { order, .. } => Some(order),
        _ => None,
    }
}
