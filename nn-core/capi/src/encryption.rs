use more_core::Spectrum;
use more_core::mask::{Decoys, Masks, Uniform};
use rand_core::{TryCryptoRng, TryRng};

use crate::key::{Keys, keys};
use crate::memory::{addresses, apart, reference_mut, slice, slice_mut};
use crate::{MoreGenerator, MoreKey, MoreStatus};

/// Lanes of an encrypted number.
pub const MORE_LANES: usize = 2;

/// An encrypted number in spectral form: one lane is the message, the other a mask.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct MoreCell {
    /// The lanes, in the order of the evaluation key.
    pub lanes: [f32; MORE_LANES],
}

/// An encrypted number as the crates have it: its lanes and nothing else, as a `MoreCell`.
pub(crate) type Cell = Spectrum<f32, MORE_LANES>;

const _: () =
    assert!(size_of::<Cell>() == size_of::<MoreCell>() && align_of::<Cell>() == align_of::<MoreCell>());

/// For masks that take no random numbers; fails where one is asked for.
struct NoRandom;

impl TryRng for NoRandom {
    type Error = core::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(core::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(core::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(core::fmt::Error)
    }
}

impl TryCryptoRng for NoRandom {}

/// Encrypts messages, an image, a row or any other run of them, with independent masks that are uniform between `mask_low` and
/// `mask_high`. Such masks on images tell which lane is the message: see `docs/security.md`, and `more_encrypt_with_masks`.
///
/// `out_count` is `count`. After an error `out` holds zeros, unless it was refused itself.
///
/// # Safety
///
/// Pointers that are not refused point to as many elements as said; the key is zeroed, loaded or erased.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_encrypt(
    key: *const MoreKey,
    generator: *mut MoreGenerator,
    mask_low: f32,
    mask_high: f32,
    messages: *const f32,
    count: usize,
    out: *mut MoreCell,
    out_count: usize,
) -> MoreStatus {
    let run = || {
        // SAFETY: the caller's promise.
        let keys = unsafe { keys(key)? };
        // SAFETY: the caller's promise.
        let generator = unsafe { reference_mut(generator)? };
        let masks = Uniform::new(mask_low, mask_high)?;
        // SAFETY: the caller's promise.
        generator.with(|rng| unsafe { encrypt(keys, masks, rng, messages, count, out, out_count) })?
    };
    MoreStatus::of(run())
}

/// Encrypts messages with masks that the caller supplies, one for each message: pixels of a public image that looks like the ones
/// that are encrypted, say.
///
/// `mask_count` and `out_count` are `count`. After an error `out` holds zeros, unless it was refused itself.
///
/// # Safety
///
/// As of `more_encrypt`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_encrypt_with_masks(
    key: *const MoreKey,
    messages: *const f32,
    count: usize,
    masks: *const f32,
    mask_count: usize,
    out: *mut MoreCell,
    out_count: usize,
) -> MoreStatus {
    let run = || {
        // SAFETY: the caller's promise.
        let keys = unsafe { keys(key)? };
        if mask_count != count {
            return Err(MoreStatus::Masks);
        }
        apart(&addresses(out, out_count)?, &[&addresses(masks, mask_count)?])?;
        // SAFETY: the caller's promise, and apart from `out`.
        let masks = Decoys::new(unsafe { slice(masks, mask_count)? });
        // SAFETY: the caller's promise.
        unsafe { encrypt(keys, masks, &mut NoRandom, messages, count, out, out_count) }
    };
    MoreStatus::of(run())
}

/// # Safety
///
/// As of `more_encrypt`.
unsafe fn encrypt(
    keys: &Keys,
    mut masks: impl Masks<f32>,
    rng: &mut impl TryCryptoRng,
    messages: *const f32,
    count: usize,
    out: *mut MoreCell,
    out_count: usize,
) -> Result<(), MoreStatus> {
    apart(&addresses(out, out_count)?, &[&addresses(messages, count)?])?;
    // SAFETY: the caller's promise; the two are apart.
    let (messages, out) = unsafe { (slice(messages, count)?, slice_mut(out.cast::<Cell>(), out_count)?) };
    Ok(keys.secret.encrypt_spectrum_slice(keys.lane, messages, &mut masks, rng, out)?)
}

/// Decrypts elements, such as the outputs of a network. `out_count` is `count`; after an error `out` holds zeros, unless it was refused
/// itself.
///
/// # Safety
///
/// As of `more_encrypt`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_decrypt(
    key: *const MoreKey,
    elements: *const MoreCell,
    count: usize,
    out: *mut f32,
    out_count: usize,
) -> MoreStatus {
    let run = || {
        // SAFETY: the caller's promise.
        let keys = unsafe { keys(key)? };
        apart(&addresses(out, out_count)?, &[&addresses(elements, count)?])?;
        // SAFETY: the caller's promise; the two are apart.
        let (elements, out) = unsafe { (slice(elements.cast::<Cell>(), count)?, slice_mut(out, out_count)?) };
        let result = decrypt(keys, elements, out);
        if result.is_err() {
            out.fill(0.0);
        }
        result
    };
    MoreStatus::of(run())
}

fn decrypt(keys: &Keys, elements: &[Cell], out: &mut [f32]) -> Result<(), MoreStatus> {
    if elements.len() != out.len() {
        return Err(MoreStatus::Length);
    }
    for (out, element) in out.iter_mut().zip(elements) {
        *out = keys.secret.decrypt_spectrum(keys.lane, element)?;
    }
    Ok(())
}
