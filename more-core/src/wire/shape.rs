//! How the elements of one encoding are arranged: [`Shape`].

/// How the elements of one encoding are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One element.
    Single,
    /// A list of elements, which may be empty.
    Slice {
        /// How many.
        count: u32,
    },
    /// An image: element `(c, y, x)` is number `(c height + y) width + x`. No extent is zero.
    Image {
        /// The number of channels.
        channels: u32,
        /// The number of rows.
        height: u32,
        /// The number of columns.
        width: u32,
    },
}

impl Shape {
    /// The number of elements, `usize::MAX` if it does not fit.
    #[must_use]
    pub const fn count(self) -> usize {
        match self.checked_count() {
            Some(count) if count <= usize::MAX as u64 => count as usize,
            _ => usize::MAX,
        }
    }

    /// `None` for an image with an extent of zero, or with more elements than 64 bits count.
    pub(super) const fn checked_count(self) -> Option<u64> {
        match self {
            Self::Single => Some(1),
            Self::Slice { count } => Some(count as u64),
            Self::Image { channels: 0, .. }
            | Self::Image { height: 0, .. }
            | Self::Image { width: 0, .. } => None,
            Self::Image { channels, height, width } => {
                (channels as u64 * height as u64).checked_mul(width as u64)
            }
        }
    }

    /// The number of extents and the extents, those not used being zero.
    pub(super) const fn to_words(self) -> [u32; 4] {
        match self {
            Self::Single => [0, 0, 0, 0],
            Self::Slice { count } => [1, count, 0, 0],
            Self::Image { channels, height, width } => [3, channels, height, width],
        }
    }

    pub(super) const fn from_words(words: [u32; 4]) -> Option<Self> {
        match words {
            [0, 0, 0, 0] => Some(Self::Single),
            [1, count, 0, 0] => Some(Self::Slice { count }),
            [3, channels, height, width] => Some(Self::Image { channels, height, width }),
            _ => None,
        }
    }
}
