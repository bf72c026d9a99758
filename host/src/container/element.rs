//! The element types that containers hold.

use bytemuck::Pod;

/// The type of a tensor's elements, stored little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElementType {
    /// Unsigned byte.
    U8,
    /// Unsigned 32-bit integer.
    U32,
    /// Signed 64-bit integer.
    I64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

impl ElementType {
    /// The name that safetensors gives to the type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "U8",
            Self::U32 => "U32",
            Self::I64 => "I64",
            Self::F32 => "F32",
            Self::F64 => "F64",
        }
    }

    /// Bytes of one element.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::U8, Self::U32, Self::I64, Self::F32, Self::F64]
            .into_iter()
            .find(|element| element.name() == name)
    }

    /// The element type of a scalar.
    #[must_use]
    pub const fn of_scalar(scalar: more_core::Scalar) -> Self {
        match scalar {
            more_core::Scalar::F32 => Self::F32,
            more_core::Scalar::F64 => Self::F64,
        }
    }
}

/// A type whose slices are read from and written to containers.
pub trait Element: Pod + Send + Sync {
    /// The type's name in files.
    const TYPE: ElementType;

    /// The same value with its bytes in the other order.
    #[doc(hidden)]
    #[must_use]
    fn swapped(self) -> Self;
}

macro_rules! elements {
    ($($type:ty = $name:ident, $swapped:expr;)*) => {$(
        impl Element for $type {
            const TYPE: ElementType = ElementType::$name;

            fn swapped(self) -> Self {
                $swapped(self)
            }
        }
    )*};
}

elements! {
    u8 = U8, u8::swap_bytes;
    u32 = U32, u32::swap_bytes;
    i64 = I64, i64::swap_bytes;
    f32 = F32, |value: f32| f32::from_bits(value.to_bits().swap_bytes());
    f64 = F64, |value: f64| f64::from_bits(value.to_bits().swap_bytes());
}
