//! The C interface: `more_nn.h` is made from this crate by `cbindgen`, and says in C what is said here.
//!
//! Numbers are `f32`, encrypted ones have two lanes. Nothing allocates and nothing keeps a pointer but [`MoreStream`]; all buffers are
//! the caller's. Every pointer is checked for null and alignment, buffers for their lengths and for overlap; each call answers with a
//! [`MoreStatus`]. Functions may be called from several threads as long as none writes to what another uses.
//!
//! Each function of the `infer` and `stream_start` families pulls in kernels of its own, so that a linker that drops unused sections
//! leaves in the image only those that are called.
//!
//! **MORE over the real numbers keeps nothing confidential from a party that holds ciphertexts and cares to look**: see [`more_core`].

#![no_std]
#![deny(missing_docs)]
// The only code for devices that is not forbidden this: it takes C's word for what pointers point to.
#![allow(unsafe_code)]

// On hosts, for its panic handler.
#[cfg(not(target_os = "none"))]
extern crate std;

mod encryption;
mod generator;
mod infer;
mod key;
mod memory;
mod network;
mod status;
mod stream;
mod wire;

pub use encryption::{MORE_LANES, MoreCell, more_decrypt, more_encrypt, more_encrypt_with_masks};
pub use generator::{MoreGenerator, more_generator_erase, more_generator_seed};
pub use infer::{
    more_infer_encrypted, more_infer_encrypted_f8, more_infer_encrypted_f16,
    more_infer_encrypted_with_encrypted, more_infer_plain, more_infer_plain_f8, more_infer_plain_f16,
};
pub use key::{MORE_KEY_WORDS, MoreKey, more_key_erase, more_key_load};
pub use network::{
    MORE_MAX_LAYERS, MoreLayer, MoreLayerKind, MoreNetwork, MoreNetworkSizes, more_network_sizes,
};
pub use status::MoreStatus;
pub use stream::{
    MoreStream, more_stream_missing_rows, more_stream_output_encrypted, more_stream_output_plain,
    more_stream_push_row_encrypted, more_stream_push_row_plain, more_stream_reset,
    more_stream_start_encrypted, more_stream_start_encrypted_f8, more_stream_start_encrypted_f16,
    more_stream_start_encrypted_with_encrypted, more_stream_start_plain, more_stream_start_plain_f8,
    more_stream_start_plain_f16,
};
pub use wire::{more_decode, more_encode_answer, more_encode_image};

/// The version of this interface: it changes whenever a program must be compiled anew against the header.
pub const MORE_INTERFACE_VERSION: u32 = 1;

/// The `MORE_INTERFACE_VERSION` that the library was built with, to be compared with the header's.
#[unsafe(no_mangle)]
pub extern "C" fn more_interface_version() -> u32 {
    MORE_INTERFACE_VERSION
}

/// Nothing can panic where the profile `device` has optimised all crates as one, and a linker then drops this. Elsewhere there is
/// nobody to tell: the watchdog takes over.
#[cfg(all(target_os = "none", feature = "panic-handler"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
