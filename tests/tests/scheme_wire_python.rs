//! A reader of its own, `tests/oracle/wire.py`, written from `docs/formats.md`, agrees on every number.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use more_core::wire::stream::Sender;
use more_core::wire::{self, Encodable, Header, Kind, Shape};
use more_core::{Ciphertext, EvaluationKey, KeyId, Real, SecretKey, Spectrum};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

fn python(arguments: &[&str], name: &str, bytes: &[u8]) -> Output {
    let python = std::env::var_os("MORE_NN_PYTHON").expect("MORE_NN_PYTHON is not set");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle/wire.py");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, bytes).unwrap();
    let output =
        Command::new(python).args(["-I", "-S"]).arg(script).args(arguments).arg(&file).output().unwrap();
    std::fs::remove_file(&file).unwrap();
    output
}

fn encoded<E: Encodable>(header: &Header, elements: &[E]) -> Vec<u8> {
    let mut bytes = vec![0; header.total_len()];
    wire::encode(header, elements, &mut bytes).unwrap();
    bytes
}

fn number<T: Real>(rng: &mut ChaCha20Rng) -> T {
    let exponent = (rng.next_u32() % 60) as i32 - 30;
    T::from_f64((f64::uniform(rng.next_u64()) - 0.5) * Real::powi(2.0_f64, exponent))
}

/// What the script must print, its numbers as bits.
fn expected(header: &Header, extents: &[u32], rows: &[Vec<f64>]) -> (String, Vec<Vec<u64>>) {
    let (form, order) = match header.kind {
        Kind::Spectra { order, .. } => ("spectral", order.0),
        _ => ("matrix", 0),
    };
    let extents: String = extents.iter().map(|extent| format!(" {extent}")).collect();
    let first = format!("{form} {} {} {} {order:08x}{extents}", header.scalar, header.lanes, header.id);
    (first, rows.iter().map(|row| row.iter().map(|x| x.to_bits()).collect()).collect())
}

fn printed(output: &Output) -> (String, Vec<Vec<u64>>) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut lines = text.lines();
    let first = lines.next().unwrap().to_owned();
    let bits = |word: &str| word.parse::<f64>().unwrap().to_bits();
    (first, lines.map(|line| line.split(' ').map(bits).collect()).collect())
}

fn both_forms<T: Real, const N: usize>(seed: u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let shape = Shape::Image { channels: 2, height: 3, width: 4 };
    let key = SecretKey::<T, N>::generate(&mut rng).unwrap();
    let key = EvaluationKey::from_secret_key(&key, &mut rng).unwrap();

    let spectra: Vec<Spectrum<T, N>> =
        (0..24).map(|_| Spectrum::from_lanes(std::array::from_fn(|_| number(&mut rng)))).collect();
    let header = Header::spectra(&key, shape).unwrap();
    let rows: Vec<Vec<f64>> = spectra.iter().map(|x| x.lanes().map(T::to_f64).to_vec()).collect();
    let output = python(&[], &format!("spectra-{seed}"), &encoded(&header, &spectra));
    assert_eq!(printed(&output), expected(&header, &[2, 3, 4], &rows));

    let matrices: Vec<Ciphertext<T, N>> =
        spectra.iter().map(|spectrum| key.to_ciphertext(spectrum)).collect();
    let header = Header::ciphertexts::<T, N>(key.id(), shape).unwrap();
    let row_by_row = |c: &Ciphertext<T, N>| {
        (0..N * N).map(|at| T::to_f64(c.columns()[at % N][at / N])).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<f64>> = matrices.iter().map(row_by_row).collect();
    let bytes = encoded(&header, &matrices);
    let output = python(&[], &format!("matrices-{seed}"), &bytes);
    assert_eq!(printed(&output), expected(&header, &[2, 3, 4], &rows));

    // Over a line whose first transfer is damaged.
    let mut line = b"boot\r\n".to_vec();
    let mut sender = Sender::<_, 300>::new(5, |frame: &[u8]| {
        line.extend_from_slice(frame);
        Ok::<_, ()>(())
    });
    sender.send(&bytes).unwrap();
    sender.send(&bytes).unwrap();
    line[100] ^= 4;
    let output = python(&["--line"], &format!("line-{seed}"), &line);
    assert_eq!(printed(&output), expected(&header, &[2, 3, 4], &rows));
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaints.contains("transfer 5 lacks bytes from 0"), "{complaints}");
}

#[test]
#[ignore = "needs Python: set MORE_NN_PYTHON to its interpreter"]
fn python_reads_the_same_numbers() {
    both_forms::<f32, 2>(1);
    both_forms::<f64, 2>(2);
    both_forms::<f32, 3>(3);
    both_forms::<f64, 4>(4);
}

#[test]
#[ignore = "needs Python: set MORE_NN_PYTHON to its interpreter"]
fn python_finds_damage_too() {
    let header = Header::ciphertexts::<f32, 2>(KeyId([7; 16]), Shape::Slice { count: 2 }).unwrap();
    let bytes = encoded(&header, &[Ciphertext::<f32, 2>::scalar((), 0.5); 2]);
    for at in (0..bytes.len()).step_by(9) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(!python(&[], &format!("damaged-{at}"), &damaged).status.success(), "byte {at}");
    }
    assert!(!python(&[], "short", &bytes[..bytes.len() - 1]).status.success());
    assert!(python(&[], "whole", &bytes).status.success());
}
