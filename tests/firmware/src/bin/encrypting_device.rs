//! A device that holds a key: encrypts images row by row, as a sensor would deliver them, and sends each as one transfer. The
//! evaluation key goes first, so that the receiver can store what follows.
//!
//! Reports `decode,INSTRUCTIONS` of taking the keys out of flash, and for each image `encrypt,INSTRUCTIONS`, masks included,
//! and `send,INSTRUCTIONS`, encoding and frames included.

#![no_std]
#![no_main]

use core::convert::Infallible;

use cortex_m_rt::entry;
use more_core::mask::Uniform;
use more_core::wire::stream::Sender;
use more_core::wire::{Header, Shape, WriteError, Writer};
use more_core::{EvaluationKey, SecretKey};
use more_firmware::clock::Clock;
use more_firmware::uart::Uart;
use more_firmware::{data, entropy, expect, report, stack, succeed};
use more_scene::{Cell, FRAME};
use nn_core::MNIST;

const WIDTH: usize = MNIST.input().width;

type Failure = WriteError<WriteError<Infallible>>;

#[entry]
fn main() -> ! {
    let (result, depth) = stack::depth_of(run);
    expect(result, "an image cannot be encrypted or sent");
    report::line("stack", &[depth as u32]);
    succeed()
}

#[inline(never)]
fn run() -> Result<(), Failure> {
    let clock = Clock::start();
    let mut uart = Uart::start();
    let mut rng = entropy::generator();
    let before = clock.now();
    let key = SecretKey::<f32, 2>::decode(data::SECRET_KEY)?;
    let evaluation = EvaluationKey::<f32, 2>::decode(data::EVALUATION_KEY)?;
    let lane = key.message_lane(&evaluation)?;
    report::line("decode", &[clock.instructions_since(before)]);

    let mut masks = Uniform::new(0.0, 1.0)?;
    let shape = Shape::Image { channels: 1, height: MNIST.input().height as u32, width: WIDTH as u32 };
    let header = Header::spectra(&evaluation, shape)?;
    let mut sender = Sender::<_, FRAME>::new(1, |bytes: &[u8]| uart.write(bytes));
    sender.send(data::EVALUATION_KEY).map_err(WriteError::Sink)?;
    for image in &data::IMAGES {
        let (mut encrypting, mut sending) = (0, 0);
        let mut transfer = sender.begin(header.total_len()).map_err(WriteError::Sink)?;
        let mut writer = Writer::<Cell, _>::new(&header, |bytes: &[u8]| transfer.write(bytes))?;
        for row in image.chunks_exact(WIDTH) {
            let mut encrypted = [Cell::from_lanes([0.0; 2]); WIDTH];
            let before = clock.now();
            key.encrypt_spectrum_slice(lane, row, &mut masks, &mut rng, &mut encrypted)?;
            encrypting += clock.instructions_since(before);
            let before = clock.now();
            writer.write(&encrypted)?;
            sending += clock.instructions_since(before);
        }
        writer.finish()?;
        transfer.finish().map_err(WriteError::Sink)?;
        report::line("encrypt", &[encrypting]);
        report::line("send", &[sending]);
    }
    Ok(())
}
