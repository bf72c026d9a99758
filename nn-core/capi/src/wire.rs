use more_core::wire::{self, Header, Kind, Shape};

use crate::encryption::Cell;
use crate::key::keys;
use crate::memory::{addresses, apart, slice, slice_mut};
use crate::{MoreCell, MoreKey, MoreStatus};

/// Writes an encrypted image as bytes to be sent (`docs/formats.md`, "Ciphertexts and spectra"), `52 + 8 count` of them, and their number
/// to `written`. `count` is `channels * height * width`.
///
/// # Safety
///
/// Pointers that are not refused point to as many elements as said; the key is zeroed, loaded or erased.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_encode_image(
    key: *const MoreKey,
    channels: u32,
    height: u32,
    width: u32,
    elements: *const MoreCell,
    count: usize,
    out: *mut u8,
    out_bytes: usize,
    written: *mut usize,
) -> MoreStatus {
    let run = || {
        // SAFETY: the caller's promise.
        let keys = unsafe { keys(key)? };
        let header = Header::spectra(&keys.evaluation, Shape::Image { channels, height, width })?;
        // SAFETY: the caller's promise.
        unsafe { encode(&header, elements, count, out, out_bytes, written) }
    };
    MoreStatus::of(run())
}

/// Writes outputs as bytes to be sent, under the key and with the order of lanes of the image that they belong to. `request` is the encoding
/// of that image: no key is needed to answer.
///
/// # Safety
///
/// As of `more_encode_image`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_encode_answer(
    request: *const u8,
    request_bytes: usize,
    elements: *const MoreCell,
    count: usize,
    out: *mut u8,
    out_bytes: usize,
    written: *mut usize,
) -> MoreStatus {
    let run = || {
        apart(&addresses(out, out_bytes)?, &[&addresses(request, request_bytes)?])?;
        // SAFETY: the caller's promise.
        let header = Header::peek(unsafe { slice(request, request_bytes)? })?;
        let Kind::Spectra { order, .. } = header.kind else { return Err(MoreStatus::Encoding) };
        let shape = Shape::Slice { count: u32::try_from(count).map_err(|_| MoreStatus::Length)? };
        let header = Header { kind: Kind::Spectra { shape, order }, ..header };
        // SAFETY: the caller's promise.
        unsafe { encode(&header, elements, count, out, out_bytes, written) }
    };
    MoreStatus::of(run())
}

/// # Safety
///
/// As of `more_encode_image`.
unsafe fn encode(
    header: &Header,
    elements: *const MoreCell,
    count: usize,
    out: *mut u8,
    out_bytes: usize,
    written: *mut usize,
) -> Result<(), MoreStatus> {
    let (out_range, written_range) = (addresses(out, out_bytes)?, addresses(written, 1)?);
    apart(&out_range, &[&written_range, &addresses(elements, count)?])?;
    // SAFETY: the caller's promise; the two are apart.
    let (elements, out) = unsafe { (slice(elements.cast::<Cell>(), count)?, slice_mut(out, out_bytes)?) };
    let length = wire::encode(header, elements, out)?;
    // SAFETY: not null and aligned; the rest is the caller's promise.
    unsafe { written.write(length) };
    Ok(())
}

/// Reads encrypted elements, an image or outputs, from the bytes that they were sent as. `count` is the number expected, exactly.
///
/// # Safety
///
/// As of `more_encode_image`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_decode(
    bytes: *const u8,
    byte_count: usize,
    elements: *mut MoreCell,
    count: usize,
) -> MoreStatus {
    let run = || {
        apart(&addresses(elements, count)?, &[&addresses(bytes, byte_count)?])?;
        // SAFETY: the caller's promise; the two are apart.
        let (bytes, elements) =
            unsafe { (slice(bytes, byte_count)?, slice_mut(elements.cast::<Cell>(), count)?) };
        let (header, _) = wire::elements::<Cell>(bytes)?;
        if header.count() != elements.len() {
            return Err(MoreStatus::Length);
        }
        wire::decode(bytes, elements)?;
        Ok(())
    };
    MoreStatus::of(run())
}
