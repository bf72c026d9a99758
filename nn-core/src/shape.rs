//! Shapes of feature maps.

/// The shape of a feature map: channels, rows and columns, stored in that order (CHW, row-major).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of channels.
    pub channels: usize,
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
}

impl Shape {
    /// A feature map of `channels` planes with `height` rows and `width` columns each.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// A vector: what a dense layer gives.
    #[must_use]
    pub const fn vector(len: usize) -> Self {
        Self::new(len, 1, 1)
    }

    /// Number of elements of one channel: `height * width`.
    #[must_use]
    pub const fn plane(self) -> usize {
        self.height * self.width
    }

    /// Number of elements: `channels * height * width`.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no layer gives an empty feature map")]
    pub const fn len(self) -> usize {
        self.channels * self.height * self.width
    }

    /// The number of elements, or `None` where it does not fit a `usize` (networks read from files).
    pub(crate) const fn checked_len(self) -> Option<usize> {
        match self.channels.checked_mul(self.height) {
            Some(rows) => rows.checked_mul(self.width),
            None => None,
        }
    }
}

impl core::fmt::Display for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}
