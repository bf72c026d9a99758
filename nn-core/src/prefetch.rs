//! Feature maps that are in no cache: [`Prefetch`].

use crate::element::Element;
use crate::stage::BAND_BYTES;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Asks for places of feature maps a few columns before a kernel comes to them. What a processor does of itself ends with each page of
/// memory, and begins anew only after several lines of the next.
#[derive(Clone, Copy)]
pub(crate) struct Prefetch(());

impl Prefetch {
    /// For some feature maps, which a kernel walks through once: where they are packs, each a cache line, and too large for a second-level
    /// cache.
    #[inline(always)]
    pub(crate) const fn of<E: Element>(maps: &[E]) -> Option<Self> {
        if E::SAMPLES > 1 && size_of::<E>() <= LINE && size_of_val(maps) > BAND_BYTES {
            Some(Self(()))
        } else {
            None
        }
    }

    /// Asks for the cache line of the element `at`.
    #[inline(always)]
    pub(crate) fn ask<E>(self, maps: &[E], at: usize) {
        #[cfg(feature = "simd")]
        if let Some(place) = maps.get(at..) {
            crate::simd::prefetch(place);
        }
        #[cfg(not(feature = "simd"))]
        let _ = (maps, at);
    }
}
