//! Masks that are drawn one by one, each from the same number of uniform numbers.

use rand_core::TryCryptoRng;

use super::unit;
use crate::{Error, Real};

/// One mask, `at` of `U` uniform numbers, to every element of `out`.
pub(super) fn fill<T: Real, G: TryCryptoRng + ?Sized, const U: usize>(
    rng: &mut G,
    out: &mut [T],
    at: impl Fn([T; U]) -> T,
) -> Result<(), Error> {
    for mask in out {
        let mut uniform = [T::ZERO; U];
        for u in &mut uniform {
            *u = unit(rng)?;
        }
        *mask = at(uniform);
    }
    Ok(())
}

/// The same masks as one call of [`fill`] for each message, for generators that emit whole words in order, as ChaCha
/// does: `count` of them, `lanes` for each message.
#[inline(always)]
pub(super) fn fill_many<T: Real, G: TryCryptoRng + ?Sized, const U: usize>(
    rng: &mut G,
    count: usize,
    lanes: usize,
    at: impl Fn([T; U]) -> T,
    mut put: impl FnMut(usize, usize, T),
) -> Result<(), Error> {
    // Four blocks of ChaCha, the unit in which vectorised generators work.
    let mut buffer = [0; 256];
    // As many numbers as are converted together: a vector register of `f32`.
    let mut values = [T::ZERO; 16];
    let each = U * T::BYTES;
    let (mut message, mut lane) = (0, 0);
    let mut left = count * lanes;
    while left != 0 {
        let now = left.min(buffer.len() / each);
        let bytes = buffer.get_mut(..now * each).ok_or(Error::Random)?;
        rng.try_fill_bytes(bytes).map_err(|_| Error::Random)?;
        for bytes in bytes.chunks(values.len() * each) {
            let mut some = 0;
            for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(each)) {
                let mut uniform = [T::ZERO; U];
                for (u, bytes) in uniform.iter_mut().zip(bytes.chunks_exact(T::BYTES)) {
                    *u = T::uniform_le(bytes).ok_or(Error::Random)?;
                }
                *value = at(uniform);
                some += 1;
            }
            for value in values.iter().take(some) {
                put(message, lane, *value);
                lane += 1;
                if lane == lanes {
                    lane = 0;
                    message += 1;
                }
            }
        }
        left -= now;
    }
    Ok(())
}
