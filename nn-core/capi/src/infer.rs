use nn_core::element::{F8, f16};
use nn_core::{Network, Weigh};

use crate::encryption::Cell;
use crate::memory::{addresses, apart, slice, slice_mut};
use crate::network::with_network;
use crate::{MoreCell, MoreNetwork, MoreStatus};

/// What all of the family do.
///
/// # Safety
///
/// As of `more_infer_plain`; `E` and `W` have the layout of the types in C.
#[expect(clippy::too_many_arguments, reason = "C's way to hand over slices")]
unsafe fn infer<E: Weigh<W, Context = ()>, W: Copy + Sync>(
    network: *const MoreNetwork,
    weights: *const W,
    weight_count: usize,
    input: *const E,
    input_count: usize,
    scratch: *mut E,
    scratch_count: usize,
    output: *mut E,
    output_count: usize,
) -> MoreStatus {
    let compute = |network: &Network<'_>| {
        let weight_range = addresses(weights, weight_count)?;
        let input_range = addresses(input, input_count)?;
        let scratch_range = addresses(scratch, scratch_count)?;
        let output_range = addresses(output, output_count)?;
        apart(&scratch_range, &[&weight_range, &input_range, &output_range])?;
        apart(&output_range, &[&weight_range, &input_range])?;
        // SAFETY: the caller's promise.
        let (weights, input) = unsafe { (slice(weights, weight_count)?, slice(input, input_count)?) };
        // SAFETY: the caller's promise; apart from each other and the rest.
        let (scratch, output) =
            unsafe { (slice_mut(scratch, scratch_count)?, slice_mut(output, output_count)?) };
        Ok(nn_core::infer((), network, weights, input, scratch, output)?)
    };
    // SAFETY: the caller's promise.
    MoreStatus::of(unsafe { with_network(network, compute) })
}

/// The network's output for a plain image, with weights in `float`.
///
/// Counts as `more_network_sizes` says: of the scratch at least, of all others exactly. Outputs of a network that ends with a sigmoid
/// are probabilities, of others logits.
///
/// # Safety
///
/// Pointers that are not refused, those in the network too, point to as many elements as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_infer_plain(
    network: *const MoreNetwork,
    weights: *const f32,
    weight_count: usize,
    input: *const f32,
    input_count: usize,
    scratch: *mut f32,
    scratch_count: usize,
    output: *mut f32,
    output_count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise; the types are those of C.
    unsafe {
        infer::<f32, f32>(
            network,
            weights,
            weight_count,
            input,
            input_count,
            scratch,
            scratch_count,
            output,
            output_count,
        )
    }
}

/// The network's output for a plain image, with weights in half precision (IEEE 754 binary16, finite).
///
/// As `more_infer_plain`.
///
/// # Safety
///
/// As of `more_infer_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_infer_plain_f16(
    network: *const MoreNetwork,
    weights: *const u16,
    weight_count: usize,
    input: *const f32,
    input_count: usize,
    scratch: *mut f32,
    scratch_count: usize,
    output: *mut f32,
    output_count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        infer::<f32, f16>(
            network,
            weights.cast(),
            weight_count,
            input,
            input_count,
            scratch,
            scratch_count,
            output,
            output_count,
        )
    }
}

/// The network's output for a plain image, with weights in 8 bits (E4M3, finite).
///
/// As `more_infer_plain`.
///
/// # Safety
///
/// As of `more_infer_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_infer_plain_f8(
    network: *const MoreNetwork,
    weights: *const u8,
    weight_count: usize,
    input: *const f32,
    input_count: usize,
    scratch: *mut f32,
    scratch_count: usize,
    output: *mut f32,
    output_count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        infer::<f32, F8>(
            network,
            weights.cast(),
            weight_count,
            input,
            input_count,
            scratch,
            scratch_count,
            output,
            output_count,
        )
    }
}

/// The network's output for an encrypted image, with plain weights in `float`.
///
/// As `more_infer_plain`.
///
/// # Safety
///
/// As of `more_infer_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_infer_encrypted(
    network: *const MoreNetwork,
    weights: *const f32,
    weight_count: usize,
    input: *const MoreCell,
    input_count: usize,
    scratch: *mut MoreCell,
    scratch_count: usize,
    output: *mut MoreCell,
    output_count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        infer::<Cell, f32>(
            network,
            weights,
            weight_count,
            input.cast(),
            input_count,
            scratch.cast(),
            scratch_count,
            output.cast(),
            output_count,
        )
    }
}

/// The network's output for an encrypted image, with plain weights in half precision (IEEE 754 binary16, finite).
///
/// As `more_infer_plain`.
///
/// # Safety
///
/// As of `more_infer_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_infer_encrypted_f16(
    network: *const MoreNetwork,
    weights: *const u16,
    weight_count: usize,
    input: *const MoreCell,
    input_count: usize,
    scratch: *mut MoreCell,
    scratch_count: usize,
    output: *mut MoreCell,
    output_count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        infer::<Cell, f16>(
            network,
            weights.cast(),
            weight_count,
            input.cast(),
            input_count,
            scratch.cast(),
            scratch_count,
            output.cast(),
            output_count,
        )
    }
}

/// The network's output for an encrypted image, with plain weights in 8 bits (E4M3, finite).
///
/// As `more_infer_plain`.
///
/// # Safety
///
/// As of `more_infer_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_infer_encrypted_f8(
    network: *const MoreNetwork,
    weights: *const u8,
    weight_count: usize,
    input: *const MoreCell,
    input_count: usize,
    scratch: *mut MoreCell,
    scratch_count: usize,
    output: *mut MoreCell,
    output_count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        infer::<Cell, F8>(
            network,
            weights.cast(),
            weight_count,
            input.cast(),
            input_count,
            scratch.cast(),
            scratch_count,
            output.cast(),
            output_count,
        )
    }
}

/// The network's output for an encrypted image, with weights that are encrypted under the same key, their lanes in the same order.
///
/// As `more_infer_plain`.
///
/// # Safety
///
/// As of `more_infer_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_infer_encrypted_with_encrypted(
    network: *const MoreNetwork,
    weights: *const MoreCell,
    weight_count: usize,
    input: *const MoreCell,
    input_count: usize,
    scratch: *mut MoreCell,
    scratch_count: usize,
    output: *mut MoreCell,
    output_count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        infer::<Cell, Cell>(
            network,
            weights.cast(),
            weight_count,
            input.cast(),
            input_count,
            scratch.cast(),
            scratch_count,
            output.cast(),
            output_count,
        )
    }
}
