//! The image that an exported program runs on.

use crate::container::{Container, Form, align_keys, check_same_key};
use crate::error::{Error, Kind};
use crate::image_reader::Buffers;
use crate::model::Model;
use crate::samples::Input;
use crate::with_lanes;

/// Lanes of the model's input, and its first image `[pixel][lane]`, with lanes in the order of the model's.
pub(super) fn read(
    input: Option<&Input>,
    model: &Model<f32>,
    container: &Container,
) -> Result<(usize, Vec<f32>), Error> {
    let pixels = model.architecture.network().input().len();
    let Some(input) = input else {
        return Ok((model.planes.len(), vec![0.0; pixels * model.planes.len()]));
    };
    input.check(model.architecture)?;
    let lanes = if input.form() == Form::Plain { 1 } else { input.lanes() };
    if model.form != Form::Plain && lanes == 1 {
        return Err(Error::new(Kind::Usage, "an encrypted model is of no use on plain data")
            .at(container.path())
            .with_hint("give an encrypted sample, or none"));
    }
    let form = if lanes == 1 { Form::Plain } else { Form::Spectral };
    let mut planes = vec![0.0; lanes * pixels];
    input.read_images::<f32>(0..1, form, &mut Buffers::default(), &mut planes)?;
    let mut order: Vec<usize> = (0..lanes).collect();
    if let (Input::File(file), true) = (input, model.form != Form::Plain) {
        check_same_key(file.container(), container)?;
        with_lanes!(lanes, N => {
            let lane_of = align_keys::<f32, N>(file.container(), container)?;
            for (lane, of) in lane_of.into_iter().enumerate() {
                order[of] = lane;
            }
        })?;
    }
    let pixel = |pixel: usize| order.iter().map(move |lane| (*lane, pixel));
    let sample = (0..pixels).flat_map(pixel).map(|(lane, pixel)| planes[lane * pixels + pixel]);
    Ok((lanes, sample.collect()))
}
