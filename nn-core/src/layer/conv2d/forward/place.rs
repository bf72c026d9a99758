//! Where a register block of filters puts what it computes.

use crate::Shape;

/// A place in each of several feature maps, one after the other.
pub(super) struct Place<'a, E> {
    maps: &'a mut [E],
    /// That place in the next one.
    at: usize,
    plane: usize,
}

impl<'a, E> Place<'a, E> {
    #[inline(always)]
    pub(super) fn new(first: usize, shape: Shape, row: usize, column: usize, maps: &'a mut [E]) -> Self {
        let plane = shape.plane();
        Self { maps, at: first * plane + row * shape.width + column, plane }
    }

    #[inline(always)]
    pub(super) fn put(&mut self, value: E) {
        if let Some(place) = self.maps.get_mut(self.at) {
            *place = value;
        }
        self.at += self.plane;
    }
}
