//! From stored values to grey values: bits stored, rescaling, window, MONOCHROME1 and MONOCHROME2.
//!
//! Source: DICOM PS3.3, C.7.6.3.1 (image pixel), C.11.1 (modality LUT), C.11.2.1.2 (window).

use dicom_object::{DefaultDicomObject, Tag};
use dicom_pixeldata::{
    DecodedPixelData, PhotometricInterpretation, PixelRepresentation, Rescale, VoiLutFunction, WindowLevel,
    WindowLevelTransform,
};

use crate::dataset::Window;
use crate::dataset::files::picture::Picture;
use crate::error::{Error, Kind};

const WINDOW_CENTER: Tag = Tag(0x0028, 0x1050);
const WINDOW_WIDTH: Tag = Tag(0x0028, 0x1051);

/// The one frame that `pixels` holds.
pub(super) fn picture(
    object: &DefaultDicomObject,
    pixels: &DecodedPixelData<'_>,
    window: Window,
) -> Result<Picture, Error> {
    let malformed = |message: String| Error::new(Kind::Malformed, message);
    let inverted = match pixels.photometric_interpretation() {
        PhotometricInterpretation::Monochrome1 => true,
        PhotometricInterpretation::Monochrome2 => false,
        other => {
            return Err(malformed(format!(
                "photometric interpretation {}, expected MONOCHROME1 or MONOCHROME2",
                other.as_str()
            )));
        }
    };
    let (height, width) = (pixels.rows() as usize, pixels.columns() as usize);
    let samples: Vec<u16> = match pixels.bits_allocated() {
        8 => pixels.data().iter().map(|byte| u16::from(*byte)).collect(),
        16 => pixels.data_ow(),
        bits => return Err(malformed(format!("{bits} bits allocated, expected 8 or 16"))),
    };
    // An odd number of bytes is padded to an even one.
    let expected = height * width;
    if expected == 0 || !(expected..=expected + 1).contains(&samples.len()) {
        return Err(malformed(format!("{} values for {height}x{width} pixels", samples.len())));
    }
    let stored = Stored::of(pixels)?;
    let rescale = pixels.rescale().ok().and_then(|all| all.first().copied());
    let rescale = rescale.unwrap_or(Rescale { slope: 1.0, intercept: 0.0 });
    let full = || {
        let (a, b) = (rescale.apply(stored.low()), rescale.apply(stored.high()));
        Grey::Range(a.min(b), a.max(b))
    };
    let function = pixels.voi_lut_function().ok().flatten().and_then(|all| all.first().copied());
    let function = function.unwrap_or(VoiLutFunction::Linear);
    let grey = match window {
        Window::Linear { center, width } => {
            Grey::Window(WindowLevelTransform::linear(WindowLevel { center, width }))
        }
        Window::File => match window_of(object, pixels) {
            Some(level) => Grey::Window(WindowLevelTransform::new(function, level)),
            None => full(),
        },
        Window::Full => full(),
    };
    let value = |sample: &u16| {
        let value = grey.of(rescale.apply(stored.value(*sample)));
        (if inverted { 1.0 - value } else { value }) as f32
    };
    let values: Vec<f32> = samples[..expected].iter().map(value).collect();
    super::super::check_values(&values)?;
    Ok(Picture { height, width, values })
}

/// The first window of the file, or that of the frame.
fn window_of(object: &DefaultDicomObject, pixels: &DecodedPixelData<'_>) -> Option<WindowLevel> {
    let first = |tag| object.get(tag)?.to_multi_float64().ok()?.first().copied();
    let level = match (first(WINDOW_CENTER), first(WINDOW_WIDTH)) {
        (Some(center), Some(width)) => Some(WindowLevel { center, width }),
        _ => pixels.window().ok().flatten().and_then(|all| all.first().copied()),
    };
    level.filter(|level| level.center.is_finite() && level.width.is_finite() && level.width > 0.0)
}

/// How a value lies in its bits.
struct Stored {
    bits: u32,
    shift: u32,
    signed: bool,
}

impl Stored {
    fn of(pixels: &DecodedPixelData<'_>) -> Result<Self, Error> {
        let (allocated, bits, high) = (
            u32::from(pixels.bits_allocated()),
            u32::from(pixels.bits_stored()),
            u32::from(pixels.high_bit()),
        );
        if !(1..=allocated).contains(&bits) || high >= allocated || high + 1 < bits {
            let message = format!("{bits} bits stored, the highest {high}, of {allocated} allocated");
            return Err(Error::new(Kind::Malformed, message));
        }
        let signed = pixels.pixel_representation() == PixelRepresentation::Signed;
        Ok(Self { bits, shift: high + 1 - bits, signed })
    }

    fn value(&self, sample: u16) -> f64 {
        // To the top of 32 bits and back: the sign is extended, and what is beside the value is gone.
        let top = (u32::from(sample) >> self.shift) << (32 - self.bits);
        if self.signed {
            f64::from(top as i32 >> (32 - self.bits))
        } else {
            f64::from(top >> (32 - self.bits))
        }
    }

    fn low(&self) -> f64 {
        if self.signed { -f64::from(1u32 << (self.bits - 1)) } else { 0.0 }
    }

    fn high(&self) -> f64 {
        let bits = if self.signed { self.bits - 1 } else { self.bits };
        f64::from((1u32 << bits) - 1)
    }
}

/// From rescaled values to [0, 1].
enum Grey {
    Range(f64, f64),
    Window(WindowLevelTransform),
}

impl Grey {
    fn of(&self, value: f64) -> f64 {
        match self {
            Self::Range(low, high) if high > low => ((value - low) / (high - low)).clamp(0.0, 1.0),
            Self::Range(..) => 0.0,
            Self::Window(window) => window.apply(value, 1.0).clamp(0.0, 1.0),
        }
    }
}
