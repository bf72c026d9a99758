//! A crate for a microcontroller.

use std::fs;
use std::path::Path;

use nn_core::Layer;

use super::{DeviceModel, WeightFormat};
use crate::error::{Error, Kind};

type File = (String, Vec<u8>);

/// The files of the crate.
///
/// # Errors
/// [`Kind::Usage`] without `crates`, [`Kind::Missing`] where these are not there.
pub(super) fn files(model: &DeviceModel, crates: Option<&str>) -> Result<Vec<File>, Error> {
    let crates = crates.ok_or_else(|| {
        Error::usage("a crate needs nn-core")
            .with_hint("say where it is: --crates FOLDER or --crates ADDRESS of this workspace")
    })?;
    let encrypted = model.element_lanes > 1;
    let element = element(model.element_lanes);
    let weight = match model.format {
        _ if model.weight_lanes > 1 => element.clone(),
        WeightFormat::F32 => "f32".to_owned(),
        WeightFormat::F16 => "f16".to_owned(),
        WeightFormat::F8 => "F8".to_owned(),
    };
    let mut imports = String::new();
    if encrypted {
        imports += "use more_core::Spectrum;\n";
    }
    if model.format != WeightFormat::F32 {
        imports += &format!("use nn_core::element::{weight};\n");
    }
    let input = model.network().input();
    let layers: Vec<String> = model.network().layers().iter().map(|layer| expression(*layer)).collect();
    let lanes = |name: &str, count: &str, file: &str, lanes: usize, of: &str| {
        let bytes = format!("transmute!(*include_bytes!(\"{file}\"))");
        match lanes {
            1 => format!("pub static {name}: [{of}; {count}] = {bytes};"),
            _ => format!("pub static {name}: [{of}; {count}] = spectra({bytes});"),
        }
    };
    let mut statics = format!(
        "/// Weights and biases, in flash, in the order of the kernels.\n{}\n\n/// An image to begin with.\n{}\n",
        lanes("WEIGHTS", "NETWORK.parameters()", "../weights.bin", model.weight_lanes, "Weight"),
        lanes("SAMPLE", "NETWORK.input().len()", "../sample.bin", model.element_lanes, "Element"),
    );
    if encrypted {
        statics +=
            &include_str!("templates/spectra.rs.in").replace("@LANES@", &model.element_lanes.to_string());
    }
    if model.key.is_some() {
        statics += include_str!("templates/evaluation_key.rs.in");
    }
    let source = include_str!("templates/model.rs.in")
        .replace("@NETWORK@", model.architecture.name())
        .replace("@IMPORTS@", &imports)
        .replace("@ELEMENT@", &element)
        .replace("@WEIGHT@", &weight)
        .replace("@INPUT@", &format!("{}, {}, {}", input.channels, input.height, input.width))
        .replace("@LAYERS@", &layers.join(",\n        "))
        .replace("@STATICS@", &statics);
    let main = include_str!("templates/main.rs.in")
        .replace("@ZERO@", if encrypted { "Element::from_lanes([0.0; LANES])" } else { "0.0" })
        .replace("@IMPORT_LANES@", if encrypted { "LANES, " } else { "" })
        .replace("@EACH@", if encrypted { "output.lanes()" } else { "[*output]" });
    let manifest = include_str!("templates/Cargo.toml.in")
        .replace("@NAME@", model.architecture.name())
        .replace("@MORE_CORE@", &dependency(crates, "more-core")?)
        .replace("@NN_CORE@", &dependency(crates, "nn-core")?);
    let text = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let sample = model.sample.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut files = vec![
        text("Cargo.toml", &manifest),
        text(".cargo/config.toml", include_str!("templates/config.toml.in")),
        text("build.rs", include_str!("templates/build.rs.in")),
        text("memory.x", include_str!("templates/memory.x.in")),
        text("src/main.rs", &main),
        text("src/model.rs", &source),
        ("weights.bin".to_owned(), model.weight_bytes()?),
        ("sample.bin".to_owned(), sample),
    ];
    if let Some(key) = &model.key {
        files.push(("evaluation_key.bin".to_owned(), key.clone()));
    }
    Ok(files)
}

fn element(lanes: usize) -> String {
    if lanes > 1 { format!("Spectrum<f32, {lanes}>") } else { "f32".to_owned() }
}

/// The layer as an expression of `nn_core`.
fn expression(layer: Layer) -> String {
    match layer {
        Layer::Conv2d { filters, kernel, stride } => {
            format!("Layer::Conv2d {{ filters: {filters}, kernel: {kernel}, stride: {stride} }}")
        }
        Layer::AvgPool2d { size } => format!("Layer::AvgPool2d {{ size: {size} }}"),
        Layer::Dense { outputs } => format!("Layer::Dense {{ outputs: {outputs} }}"),
        Layer::Dropout { rate } => format!("Layer::Dropout {{ rate: {rate:?} }}"),
        // Variants without fields print as they are written.
        other => format!("Layer::{other:?}"),
    }
}

/// The right side of a dependency in the manifest.
fn dependency(crates: &str, name: &str) -> Result<String, Error> {
    if crates.contains("://") {
        return Ok(format!("git = {}", quoted(crates)?));
    }
    let folder = fs::canonicalize(Path::new(crates).join(name))
        .map_err(|error| Error::io(crates, &format!("find the crate {name} in this folder"), error))?;
    if !folder.join("Cargo.toml").is_file() {
        return Err(Error::new(Kind::Missing, "there is no Cargo.toml here").at(folder));
    }
    Ok(format!("path = {}", quoted(&folder.to_string_lossy())?))
}

/// A string of TOML, literal: such a string has no escapes.
fn quoted(text: &str) -> Result<String, Error> {
    if text.contains('\'') || text.contains(char::is_control) {
        return Err(Error::usage(format!("{text:?} has a quote or control character in it")));
    }
    Ok(format!("'{text}'"))
}
