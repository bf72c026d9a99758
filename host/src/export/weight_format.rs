use nn_core::element::{F8, f16};

use crate::error::{Error, Kind};

/// How a device stores a plain weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum WeightFormat {
    /// 32 bits, as it was trained.
    F32,
    /// 16 bits: IEEE 754 half precision.
    F16,
    /// 8 bits: E4M3.
    F8,
}

impl WeightFormat {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::F8 => "f8",
        }
    }

    /// Bytes of a weight.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
            Self::F8 => 1,
        }
    }

    /// The nearest number of the format.
    ///
    /// # Errors
    /// [`Kind::Malformed`] beyond its range.
    pub fn rounded(self, value: f32) -> Result<f32, Error> {
        match self {
            Self::F32 => Ok(value),
            Self::F16 => half(value).map(f16::to_f32),
            Self::F8 => eighth(value).map(F8::to_f32),
        }
    }

    /// Appends the nearest number of the format, little-endian.
    pub(super) fn put(self, value: f32, bytes: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::F32 => bytes.extend(value.to_le_bytes()),
            Self::F16 => bytes.extend(half(value)?.to_le_bytes()),
            Self::F8 => bytes.push(eighth(value)?.to_bits()),
        }
        Ok(())
    }
}

fn half(value: f32) -> Result<f16, Error> {
    let half = f16::from_f32(value);
    if half.is_finite() { Ok(half) } else { Err(beyond(value, "f16", f16::MAX.to_f32())) }
}

fn eighth(value: f32) -> Result<F8, Error> {
    F8::from_f32(value).ok_or_else(|| beyond(value, "f8", F8::MAX))
}

fn beyond(value: f32, format: &str, largest: f32) -> Error {
    let message = format!("the weight {value} is beyond {format}, whose largest number is {largest}");
    Error::new(Kind::Malformed, message).with_hint("export with --weights f32")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_rounded_number() {
        for format in [WeightFormat::F32, WeightFormat::F16, WeightFormat::F8] {
            for value in [0.0, -0.3, 1.0 / 3.0, 7.77, -1e-9] {
                let (mut bytes, mut again) = (Vec::new(), Vec::new());
                format.put(value, &mut bytes).unwrap();
                let rounded = format.rounded(value).unwrap();
                format.put(rounded, &mut again).unwrap();
                assert_eq!((bytes.len(), &bytes), (format.bytes(), &again));
                assert_eq!(format.rounded(rounded).unwrap().to_bits(), rounded.to_bits());
            }
        }
    }

    #[test]
    fn weights_beyond_the_range_are_refused() {
        assert_eq!(WeightFormat::F8.rounded(448.5).unwrap_err().kind(), Kind::Malformed);
        assert_eq!(WeightFormat::F16.rounded(-65_520.0).unwrap_err().kind(), Kind::Malformed);
        assert_eq!(WeightFormat::F16.rounded(65_519.0).unwrap(), 65_504.0);
    }
}
