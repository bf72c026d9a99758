//! C sources for the library of the package `more-nn-capi`.

use std::fmt::Write;

use nn_core::Layer;

use super::{DeviceModel, WeightFormat};
use crate::error::{Error, Kind};

/// Numbers of a line of an array.
const A_LINE: usize = 8;

/// The C interface's header, made from its sources.
const HEADER: &str = include_str!("../../../nn-core/capi/more_nn.h");

/// The files.
///
/// # Errors
/// [`Kind::Shape`] for another number of lanes than the C interface has.
pub(super) fn files(model: &DeviceModel) -> Result<Vec<(String, Vec<u8>)>, Error> {
    if model.element_lanes > 2 {
        let message = format!("{} lanes, the C interface has 2", model.element_lanes);
        return Err(Error::new(Kind::Shape, message).with_hint("export with --target rust"));
    }
    let encrypted = model.element_lanes == 2;
    let (element, kind) = if encrypted { ("MoreCell", "encrypted") } else { ("float", "plain") };
    let (weight, suffix) = match model.format {
        _ if model.weight_lanes > 1 => ("MoreCell", "_with_encrypted"),
        WeightFormat::F32 => ("float", ""),
        WeightFormat::F16 => ("uint16_t", "_f16"),
        WeightFormat::F8 => ("uint8_t", "_f8"),
    };
    let (name, upper) = (model.architecture.name(), model.architecture.name().to_uppercase());
    let network = model.network();
    let input = network.input();
    let sizes = [
        ("PARAMETERS", network.parameters(), "Weights and biases."),
        ("INPUT", input.len(), "Elements of the input, [channel][row][column]."),
        ("ROW", input.channels * input.width, "Elements of one of its rows, [channel][column]."),
        ("ROWS", input.height, "Rows of the input."),
        ("OUTPUTS", network.outputs(), "Elements of the output."),
        ("SCRATCH", network.scratch(), "Elements of scratch that inference takes."),
        ("STREAM_MEMORY", network.stream_memory(), "Elements of memory that a stream takes."),
    ];
    let mut macros = String::new();
    for (size, value, comment) in sizes {
        let _ = writeln!(macros, "// {comment}\n#define {upper}_{size} {value}");
    }
    let fill = |template: &str| {
        template
            .replace("@NAME@", name)
            .replace("@UPPER@", &upper)
            .replace("@ELEMENT@", element)
            .replace("@WEIGHT@", weight)
            .replace("@INFER@", &format!("more_infer_{kind}{suffix}"))
            .replace("@START@", &format!("more_stream_start_{kind}{suffix}"))
            .replace("@LANES@", &model.element_lanes.to_string())
            .replace("@VALUE@", if encrypted { "output[index].lanes[lane]" } else { "output[index]" })
    };
    let layers: String = network.layers().iter().filter_map(|layer| row(*layer)).collect();
    let header = fill(include_str!("templates/model.h.in"))
        .replace("@SIZES@", &macros)
        .replace("@KEY@", &key_declaration(model, &upper, name));
    let source = fill(include_str!("templates/model.c.in"))
        .replace("@INPUT_SHAPE@", &format!("{}, {}, {}", input.channels, input.height, input.width))
        .replace("@LAYERS@", &layers)
        .replace("@WEIGHTS@", &weights(model)?)
        .replace("@SAMPLE@", &cells(&model.sample, model.element_lanes))
        .replace("@KEY@", &key(model, &upper, name));
    let main = fill(include_str!("templates/main.c.in"));
    let text = |name: String, text: &str| (name, text.as_bytes().to_vec());
    Ok(vec![
        text(format!("{name}.h"), &header),
        text(format!("{name}.c"), &source),
        text("main.c".to_owned(), &main),
        text("more_nn.h".to_owned(), HEADER),
    ])
}

/// A row of the table of layers; dropout does nothing in inference and has none.
fn row(layer: Layer) -> Option<String> {
    let (kind, outputs, size, stride) = match layer {
        Layer::Conv2d { filters, kernel, stride } => ("CONV2D", filters, kernel, stride),
        Layer::AvgPool2d { size } => ("AVG_POOL2D", 0, size, 0),
        Layer::Dense { outputs } => ("DENSE", outputs, 0, 0),
        Layer::Sigmoid => ("SIGMOID", 0, 0, 0),
        Layer::Tanh => ("TANH", 0, 0, 0),
        Layer::Relu => ("RELU", 0, 0, 0),
        _ => return None,
    };
    Some(format!("    {{MORE_LAYER_KIND_{kind}, {outputs}, {size}, {stride}}},\n"))
}

fn weights(model: &DeviceModel) -> Result<String, Error> {
    if model.format == WeightFormat::F32 {
        let parameters = 0..model.network().parameters();
        let values: Vec<f32> =
            parameters.flat_map(|index| model.weights.iter().map(move |plane| plane[index])).collect();
        return Ok(cells(&values, model.weight_lanes));
    }
    let bytes = model.weight_bytes()?;
    let numbers = bytes.chunks(model.format.bytes()).map(|bytes| match *bytes {
        [low, high] => format!("{:#06x}", u16::from_le_bytes([low, high])),
        _ => format!("{:#04x}", bytes[0]),
    });
    Ok(lines(numbers))
}

/// Numbers, or structs of so many lanes.
fn cells(values: &[f32], lanes: usize) -> String {
    // Seventeen digits would do as well; the shortest text that reads back to the same bits is what `{:e}` gives.
    let number = |value: &f32| format!("{value:e}f");
    lines(values.chunks(lanes).map(|cell| match cell {
        [value] => number(value),
        lanes => format!("{{{{{}}}}}", lanes.iter().map(number).collect::<Vec<_>>().join(", ")),
    }))
}

fn lines(numbers: impl Iterator<Item = String>) -> String {
    let numbers: Vec<String> = numbers.collect();
    numbers.chunks(A_LINE).map(|line| format!("    {},\n", line.join(", "))).collect()
}

fn key_declaration(model: &DeviceModel, upper: &str, name: &str) -> String {
    let Some(key) = &model.key else { return String::new() };
    format!(
        "\n// The key that orders the lanes of the weights, and of the images that they are for.\n\
         #define {upper}_EVALUATION_KEY {}\nextern const uint8_t {name}_evaluation_key[{upper}_EVALUATION_KEY];\n",
        key.len()
    )
}

fn key(model: &DeviceModel, upper: &str, name: &str) -> String {
    let Some(key) = &model.key else { return String::new() };
    let bytes = lines(key.iter().map(|byte| format!("{byte:#04x}")));
    format!("\nconst uint8_t {name}_evaluation_key[{upper}_EVALUATION_KEY] = {{\n{bytes}}};\n")
}
