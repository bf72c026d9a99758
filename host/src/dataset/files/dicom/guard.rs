//! Decoders that panic on damaged data, kept from ending the program: that of RLE in `dicom-transfer-syntax-registry` 0.10 does so
//! where a segment is shorter than the image.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is caught, so that nothing is to be printed.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// The result of `decode`, or `None` where it panicked.
pub(super) fn caught<R>(decode: impl FnOnce() -> R) -> Option<R> {
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_CAUGHT.get() {
                before(panic);
            }
        }));
    });
    IS_CAUGHT.set(true);
    // What `decode` was building is dropped with the panic.
    let result = catch_unwind(AssertUnwindSafe(decode)).ok();
    IS_CAUGHT.set(false);
    result
}
