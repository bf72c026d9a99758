//! The paper's figures: Vizitiu et al., "Towards Privacy-Preserving Deep Learning based Medical Imaging Applications", 2019,
//! Tables I and II.

use crate::architecture::Architecture;

/// What the figures are of.
pub(super) const NOTE: &str = "paper: Vizitiu et al. 2019, encrypted, an epoch of 60,000 or 10,000 inferences; other machine, other language";

/// Seconds and ratio to plain of an operation on ciphertexts, where the paper gives them.
pub(super) fn text(architecture: Architecture, operation: &str) -> String {
    let (seconds, ratio) = match (architecture, operation) {
        (Architecture::Mnist, "training_epoch") => (Some(444.59), 34.25),
        (Architecture::Mnist, "inference") => (Some(20.42), 37.81),
        (Architecture::Angiography, "training_epoch") => (None, 31.19),
        (Architecture::Angiography, "inference") => (None, 32.95),
        _ => return String::new(),
    };
    match seconds {
        Some(seconds) => format!("{seconds}, {ratio}"),
        None => format!("{ratio}"),
    }
}
