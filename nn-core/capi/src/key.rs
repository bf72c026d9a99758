use core::ptr;

use more_core::{EvaluationKey, SecretKey};

use crate::MoreStatus;
use crate::memory::{addresses, reference, slice};

/// Words of 64 bits of a `MoreKey`.
pub const MORE_KEY_WORDS: usize = 16;

/// A secret key with the evaluation key that orders its lanes. 128 bytes that are the library's: they hold the secret.
#[derive(Debug)]
#[repr(C)]
pub struct MoreKey {
    /// The library's; zeros are a key that is not loaded.
    storage: [u64; MORE_KEY_WORDS],
}

/// What the storage holds.
#[repr(C)]
pub(crate) struct Keys {
    /// `LOADED`, or the rest means nothing.
    state: u64,
    pub(crate) lane: usize,
    pub(crate) secret: SecretKey<f32, 2>,
    pub(crate) evaluation: EvaluationKey<f32, 2>,
}

const LOADED: u64 = 0x6C6F_6164_6564_6B65;

const _: () =
    assert!(size_of::<Keys>() <= size_of::<MoreKey>() && align_of::<Keys>() <= align_of::<MoreKey>());

/// The loaded key.
///
/// # Safety
///
/// `key`, unless refused, points to a `MoreKey` that is zeroed, loaded or erased, and nothing writes to it for `'a`.
pub(crate) unsafe fn keys<'a>(key: *const MoreKey) -> Result<&'a Keys, MoreStatus> {
    // SAFETY: the caller's promise.
    let storage = unsafe { reference(key)? };
    if storage.storage[0] != LOADED {
        return Err(MoreStatus::NotInitialised);
    }
    // SAFETY: the first word, which `Keys` begins with, says that `more_key_load` has written a value of this type here. It
    // fits, as asserted.
    Ok(unsafe { &*ptr::from_ref(storage).cast() })
}

/// Loads a key from the bytes that `SecretKey::encode` and `EvaluationKey::encode` write (`docs/formats.md`). A key that was there
/// before is forgotten without being erased. The storage may be copied; each copy has to be erased.
///
/// # Safety
///
/// Pointers that are not refused point to as many elements as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_key_load(
    key: *mut MoreKey,
    secret: *const u8,
    secret_bytes: usize,
    evaluation: *const u8,
    evaluation_bytes: usize,
) -> MoreStatus {
    let run = || {
        addresses(key, 1)?;
        // SAFETY: the caller's promise.
        let secret = SecretKey::decode(unsafe { slice(secret, secret_bytes)? })?;
        // SAFETY: the caller's promise.
        let evaluation = EvaluationKey::decode(unsafe { slice(evaluation, evaluation_bytes)? })?;
        let lane = secret.message_lane(&evaluation)?;
        // SAFETY: not null, aligned and large enough; nothing that is there needs to be dropped to be sound.
        unsafe { key.cast::<Keys>().write(Keys { state: LOADED, lane, secret, evaluation }) };
        Ok(())
    };
    MoreStatus::of(run())
}

/// Overwrites a key with zeros. One that is not loaded is left as it is.
///
/// # Safety
///
/// As of `more_key_load`; the storage is zeroed, loaded or erased.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_key_erase(key: *mut MoreKey) -> MoreStatus {
    let run = || {
        // SAFETY: the caller's promise.
        if unsafe { reference(key)? }.storage[0] == LOADED {
            // SAFETY: as in `keys`. The state is overwritten below, so that it is not dropped twice.
            unsafe { ptr::drop_in_place(key.cast::<Keys>()) };
            // SAFETY: not null and aligned; zeros are a value of the type. Volatile, so that the store is not left out.
            unsafe { key.write_volatile(MoreKey { storage: [0; MORE_KEY_WORDS] }) };
        }
        Ok(())
    };
    MoreStatus::of(run())
}
