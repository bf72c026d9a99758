//! The images of a sheet: read, augmented, and their values turned into greys.

use nn_core::Shape;

use super::{COPIES, Entry, Options};
use crate::components::Scalar;
use crate::container::{Form, LabelKind, ReadBuffer};
use crate::error::{Error, Kind};
use crate::image_reader::Buffers;
use crate::samples::Input;
use crate::with_lanes;

/// The entries of a sheet, and the range of each lane's values.
pub(super) fn read<T: Scalar>(
    input: &Input,
    options: &Options<'_>,
) -> Result<(Vec<Entry>, Vec<[f64; 2]>), Error> {
    let images = options.first..options.first.saturating_add(options.count).min(input.count());
    if images.is_empty() {
        let message = format!("no image from {} on, there are {}", options.first, input.count());
        return Err(input.locate(Error::usage(message)));
    }
    let form = if input.form() == Form::Plain { Form::Plain } else { Form::Spectral };
    let lanes = input.lanes();
    let [channels, height, width] = input.shape();
    let shape = Shape::new(lanes * channels, height, width);
    let mut values = vec![T::ZERO; images.len() * shape.len()];
    input.read_images(images.clone(), form, &mut Buffers::default(), &mut values)?;
    let names = names::<T>(input, images.clone())?;
    let message = message_lane::<T>(input, options)?;

    let mut ranges = vec![[0.0, 1.0]; lanes];
    if form == Form::Spectral {
        // Of a lane's values nothing is known: each is stretched from its least to its greatest one.
        ranges.fill([f64::INFINITY, f64::NEG_INFINITY]);
        for image in values.chunks_exact(shape.len()) {
            for (range, lane) in ranges.iter_mut().zip(image.chunks_exact(channels * height * width)) {
                for value in lane {
                    let value = more_core::Real::to_f64(*value);
                    *range = [range[0].min(value), range[1].max(value)];
                }
            }
        }
    }
    let mut copy = vec![T::ZERO; shape.len()];
    let mut entries = Vec::with_capacity(images.len());
    for ((index, image), names) in images.zip(values.chunks_exact(shape.len())).zip(names) {
        let caption = |lane: usize| {
            let name = names.get(lane).map_or(String::new(), |name| format!(": {name}"));
            match message {
                _ if form == Form::Plain => format!("{index}{name}"),
                Some(message) if message == lane => format!("{index} message{name}"),
                _ => format!("{index} lane {lane}{name}"),
            }
        };
        let mut tiles = vec![Vec::new(); lanes];
        let mut add = |image: &[T]| {
            for ((tiles, range), lane) in
                tiles.iter_mut().zip(&ranges).zip(image.chunks_exact(channels * height * width))
            {
                tiles.push(greys(lane, channels, *range));
            }
        };
        add(image);
        if let Some(augmentation) = options.augmentation {
            for number in 1..=COPIES {
                augmentation.apply(shape, index, number, image, &mut copy)?;
                add(&copy);
            }
        }
        entries.push(Entry { captions: (0..lanes).map(caption).collect(), tiles });
    }
    Ok((entries, ranges))
}

/// One lane's planes as greys: the mean of the channels, the range stretched to black and white.
fn greys<T: Scalar>(lane: &[T], channels: usize, [low, high]: [f64; 2]) -> Vec<u8> {
    let plane = lane.len() / channels;
    let scale = if high > low { 255.0 / (high - low) } else { 0.0 };
    (0..plane)
        .map(|pixel| {
            let sum: f64 =
                (0..channels).map(|channel| more_core::Real::to_f64(lane[channel * plane + pixel])).sum();
            (scale * (sum / channels as f64 - low)).round().clamp(0.0, 255.0) as u8
        })
        .collect()
}

/// The classes of each image, one or one for each lane; none without labels.
fn names<T: Scalar>(input: &Input, images: std::ops::Range<usize>) -> Result<Vec<Vec<String>>, Error> {
    let classes = input.class_names();
    let name = |class: usize| classes.get(class).cloned().unwrap_or_default();
    if let Some(labels) = input.plain_labels()?
        && !labels.is_empty()
    {
        let lanes = input.lanes();
        return Ok(labels[images].iter().map(|label| vec![name(*label as usize); lanes]).collect());
    }
    let Input::File(file) = input else { return Ok(vec![Vec::new(); images.len()]) };
    if file.label_kind() != LabelKind::Encrypted {
        return Ok(vec![Vec::new(); images.len()]);
    }
    with_lanes!(file.metadata().lanes, N => {
        let key = file.container().evaluation_key::<T, N>()?;
        let mut labels = vec![T::ZERO; images.len() * N * classes.len()];
        file.read_label_lanes::<T, N>(images, &key, &mut ReadBuffer::new(), &mut labels)?;
        // What each lane says: the class of its greatest number.
        let greatest = |lane: &[T]| {
            let best = lane.iter().enumerate().fold(0, |best, (class, value)| if *value > lane[best] { class } else { best });
            name(best)
        };
        labels
            .chunks_exact(N * classes.len())
            .map(|image| image.chunks_exact(classes.len()).map(greatest).collect())
            .collect()
    })
}

/// The message's lane, where the key is given.
fn message_lane<T: Scalar>(input: &Input, options: &Options<'_>) -> Result<Option<usize>, Error> {
    let Some(secret) = options.key else { return Ok(None) };
    let Input::File(file) = input else {
        return Err(Error::usage("--key is for encrypted data, this is plain"));
    };
    let metadata = file.metadata();
    let path = file.container().path();
    let id =
        metadata.key_id.ok_or_else(|| Error::usage("--key is for encrypted data, this is plain").at(path))?;
    secret.check_owner(path, id, metadata.lanes, metadata.scalar)?;
    with_lanes!(metadata.lanes, N => {
        let lane = secret.decode::<T, N>()?.message_lane(&file.container().evaluation_key::<T, N>()?);
        lane.map(Some).map_err(|error| Error::new(Kind::Key, error.to_string()).at(path))?
    })
}
