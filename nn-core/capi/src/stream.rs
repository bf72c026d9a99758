use core::ffi::c_void;

use nn_core::element::{F8, f16};
use nn_core::{Network, RowStream, Weigh};

use crate::encryption::Cell;
use crate::memory::{addresses, apart, reference, reference_mut, slice, slice_mut};
use crate::network::with_network;
use crate::{MoreCell, MoreNetwork, MoreStatus};

/// Which elements a stream takes.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Elements {
    Plain = 1,
    Encrypted = 2,
}

/// A network on an image that comes row by row: line buffers instead of feature maps, the same bits as the `more_infer` functions. Fields
/// are the library's. It keeps the pointers to layers, weights and memory that it was started with.
#[derive(Debug)]
#[repr(C)]
pub struct MoreStream {
    /// The network; its layers stay where they are.
    network: MoreNetwork,
    /// Its parameters.
    weights: *const c_void,
    /// How many there are.
    weight_count: usize,
    /// Line buffers and output.
    memory: *mut c_void,
    /// Elements of it.
    memory_count: usize,
    /// Rows that have come.
    received: usize,
    /// Which elements it takes; 0 before it is started.
    elements: u32,
    /// Takes a row.
    push_row:
        Option<unsafe extern "C" fn(stream: *mut MoreStream, row: *const c_void, count: usize) -> MoreStatus>,
    /// Copies the output.
    output: Option<
        unsafe extern "C" fn(stream: *const MoreStream, output: *mut c_void, count: usize) -> MoreStatus,
    >,
}

/// What `f` makes of the Rust form of `stream`.
///
/// # Safety
///
/// `stream` was started for `E` and `W`; what it points to is as it was then, and nothing else uses its memory.
unsafe fn resumed<E: Weigh<W, Context = ()>, W: Copy + Sync, R>(
    stream: &MoreStream,
    f: impl FnOnce(&mut RowStream<'_, E, W>) -> Result<R, MoreStatus>,
) -> Result<R, MoreStatus> {
    // SAFETY: the caller's promise.
    let weights = unsafe { slice(stream.weights.cast::<W>(), stream.weight_count)? };
    // SAFETY: the caller's promise; `start` has seen to it that the two are apart.
    let memory = unsafe { slice_mut(stream.memory.cast::<E>(), stream.memory_count)? };
    let run =
        |network: &Network<'_>| f(&mut RowStream::resume((), network, weights, memory, stream.received)?);
    // SAFETY: the caller's promise.
    unsafe { with_network(&raw const stream.network, run) }
}

/// # Safety
///
/// As [`resumed`], and of the row as of `more_stream_push_row_plain`.
unsafe extern "C" fn push_row<E: Weigh<W, Context = ()>, W: Copy + Sync>(
    stream: *mut MoreStream,
    row: *const c_void,
    count: usize,
) -> MoreStatus {
    let run = || {
        let row = row.cast::<E>();
        // SAFETY: the caller's promise.
        let stream = unsafe { reference_mut(stream)? };
        let memory = addresses(stream.memory.cast::<E>(), stream.memory_count)?;
        apart(&memory, &[&addresses(row, count)?])?;
        // SAFETY: the caller's promise; apart from what is written to.
        let row = unsafe { slice(row, count)? };
        // SAFETY: the caller's promise.
        unsafe { resumed::<E, W, _>(stream, |rows| Ok(rows.push_row(row)?))? };
        stream.received += 1;
        Ok(())
    };
    MoreStatus::of(run())
}

/// # Safety
///
/// As [`resumed`], and of the output as of `more_stream_output_plain`.
unsafe extern "C" fn copy_output<E: Weigh<W, Context = ()>, W: Copy + Sync>(
    stream: *const MoreStream,
    output: *mut c_void,
    count: usize,
) -> MoreStatus {
    let run = || {
        let output = output.cast::<E>();
        // SAFETY: the caller's promise.
        let stream = unsafe { reference(stream)? };
        let memory = addresses(stream.memory.cast::<E>(), stream.memory_count)?;
        apart(&addresses(output, count)?, &[&memory])?;
        // SAFETY: the caller's promise; apart from the memory.
        let output = unsafe { slice_mut(output, count)? };
        let copy = |rows: &mut RowStream<'_, E, W>| {
            let result = rows.output()?;
            if result.len() != output.len() {
                return Err(MoreStatus::Output);
            }
            output.copy_from_slice(result);
            Ok(())
        };
        // SAFETY: the caller's promise.
        unsafe { resumed::<E, W, _>(stream, copy) }
    };
    MoreStatus::of(run())
}

/// What all that start a stream do.
///
/// # Safety
///
/// As of `more_stream_start_plain`; `E` and `W` have the layout of the types in C.
unsafe fn start<E: Weigh<W, Context = ()>, W: Copy + Sync>(
    stream: *mut MoreStream,
    elements: Elements,
    network: *const MoreNetwork,
    weights: *const W,
    weight_count: usize,
    memory: *mut E,
    memory_count: usize,
) -> MoreStatus {
    let run = || {
        let stream_range = addresses(stream, 1)?;
        let (weight_range, memory_range) =
            (addresses(weights, weight_count)?, addresses(memory, memory_count)?);
        let network_range = addresses(network, 1)?;
        apart(&stream_range, &[&weight_range, &memory_range, &network_range])?;
        apart(&memory_range, &[&weight_range, &network_range])?;
        // SAFETY: the caller's promise.
        let network = *unsafe { reference(network)? };
        let new = MoreStream {
            network,
            weights: weights.cast(),
            weight_count,
            memory: memory.cast(),
            memory_count,
            received: 0,
            elements: elements as u32,
            push_row: Some(push_row::<E, W>),
            output: Some(copy_output::<E, W>),
        };
        // SAFETY: the caller's promise; this checks the network and the lengths.
        unsafe { resumed::<E, W, _>(&new, |_| Ok(()))? };
        // SAFETY: not null and aligned; the rest is the caller's promise.
        unsafe { stream.write(new) };
        Ok(())
    };
    MoreStatus::of(run())
}

/// Starts a stream of a plain image, with weights in `float`.
///
/// Counts as `more_network_sizes` says: of the memory at least, of the weights exactly. The layers, the weights and the memory have
/// to stay where they are while the stream is in use; the memory is the stream's alone.
///
/// # Safety
///
/// Pointers that are not refused, those in the network too, point to as many elements as said, and what they point to
/// stays as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_start_plain(
    stream: *mut MoreStream,
    network: *const MoreNetwork,
    weights: *const f32,
    weight_count: usize,
    memory: *mut f32,
    memory_count: usize,
) -> MoreStatus {
    let elements = Elements::Plain;
    // SAFETY: the caller's promise; the types are those of C.
    unsafe { start::<f32, f32>(stream, elements, network, weights, weight_count, memory, memory_count) }
}

/// Starts a stream of a plain image, with weights in half precision (IEEE 754 binary16, finite).
///
/// As `more_stream_start_plain`.
///
/// # Safety
///
/// As of `more_stream_start_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_start_plain_f16(
    stream: *mut MoreStream,
    network: *const MoreNetwork,
    weights: *const u16,
    weight_count: usize,
    memory: *mut f32,
    memory_count: usize,
) -> MoreStatus {
    let elements = Elements::Plain;
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        start::<f32, f16>(stream, elements, network, weights.cast(), weight_count, memory, memory_count)
    }
}

/// Starts a stream of a plain image, with weights in 8 bits (E4M3, finite).
///
/// As `more_stream_start_plain`.
///
/// # Safety
///
/// As of `more_stream_start_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_start_plain_f8(
    stream: *mut MoreStream,
    network: *const MoreNetwork,
    weights: *const u8,
    weight_count: usize,
    memory: *mut f32,
    memory_count: usize,
) -> MoreStatus {
    let elements = Elements::Plain;
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe { start::<f32, F8>(stream, elements, network, weights.cast(), weight_count, memory, memory_count) }
}

/// Starts a stream of an encrypted image, with plain weights in `float`.
///
/// As `more_stream_start_plain`.
///
/// # Safety
///
/// As of `more_stream_start_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_start_encrypted(
    stream: *mut MoreStream,
    network: *const MoreNetwork,
    weights: *const f32,
    weight_count: usize,
    memory: *mut MoreCell,
    memory_count: usize,
) -> MoreStatus {
    let elements = Elements::Encrypted;
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        start::<Cell, f32>(stream, elements, network, weights, weight_count, memory.cast(), memory_count)
    }
}

/// Starts a stream of an encrypted image, with plain weights in half precision (IEEE 754 binary16, finite).
///
/// As `more_stream_start_plain`.
///
/// # Safety
///
/// As of `more_stream_start_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_start_encrypted_f16(
    stream: *mut MoreStream,
    network: *const MoreNetwork,
    weights: *const u16,
    weight_count: usize,
    memory: *mut MoreCell,
    memory_count: usize,
) -> MoreStatus {
    let elements = Elements::Encrypted;
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        start::<Cell, f16>(
            stream,
            elements,
            network,
            weights.cast(),
            weight_count,
            memory.cast(),
            memory_count,
        )
    }
}

/// Starts a stream of an encrypted image, with plain weights in 8 bits (E4M3, finite).
///
/// As `more_stream_start_plain`.
///
/// # Safety
///
/// As of `more_stream_start_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_start_encrypted_f8(
    stream: *mut MoreStream,
    network: *const MoreNetwork,
    weights: *const u8,
    weight_count: usize,
    memory: *mut MoreCell,
    memory_count: usize,
) -> MoreStatus {
    let elements = Elements::Encrypted;
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        start::<Cell, F8>(
            stream,
            elements,
            network,
            weights.cast(),
            weight_count,
            memory.cast(),
            memory_count,
        )
    }
}

/// Starts a stream of an encrypted image, with weights that are encrypted under the same key, their lanes in the same order.
///
/// As `more_stream_start_plain`.
///
/// # Safety
///
/// As of `more_stream_start_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_start_encrypted_with_encrypted(
    stream: *mut MoreStream,
    network: *const MoreNetwork,
    weights: *const MoreCell,
    weight_count: usize,
    memory: *mut MoreCell,
    memory_count: usize,
) -> MoreStatus {
    let elements = Elements::Encrypted;
    // SAFETY: the caller's promise; the layouts are equal.
    unsafe {
        start::<Cell, Cell>(
            stream,
            elements,
            network,
            weights.cast(),
            weight_count,
            memory.cast(),
            memory_count,
        )
    }
}

/// The stream, if it was started and takes such elements.
///
/// # Safety
///
/// `stream`, unless refused, points to a `MoreStream` that is zeroed or was started.
unsafe fn started<'a>(stream: *const MoreStream, elements: Elements) -> Result<&'a MoreStream, MoreStatus> {
    // SAFETY: the caller's promise.
    let stream = unsafe { reference(stream)? };
    match stream.elements {
        0 => Err(MoreStatus::NotInitialised),
        other if other != elements as u32 => Err(MoreStatus::WrongElements),
        _ => Ok(stream),
    }
}

/// # Safety
///
/// As of `more_stream_push_row_plain`.
unsafe fn push(stream: *mut MoreStream, elements: Elements, row: *const c_void, count: usize) -> MoreStatus {
    // SAFETY: the caller's promise.
    match unsafe { started(stream, elements) }.map(|stream| stream.push_row) {
        // SAFETY: the function that the stream was started with, for these elements.
        Ok(Some(push_row)) => unsafe { push_row(stream, row, count) },
        Ok(None) => MoreStatus::NotInitialised,
        Err(status) => status,
    }
}

/// # Safety
///
/// As of `more_stream_output_plain`.
unsafe fn output(stream: *const MoreStream, elements: Elements, to: *mut c_void, count: usize) -> MoreStatus {
    // SAFETY: the caller's promise.
    match unsafe { started(stream, elements) }.map(|stream| stream.output) {
        // SAFETY: the function that the stream was started with, for these elements.
        Ok(Some(output)) => unsafe { output(stream, to, count) },
        Ok(None) => MoreStatus::NotInitialised,
        Err(status) => status,
    }
}

/// Takes the next row of a plain image, `[channel][column]`, and computes all that it completes. After an error the stream goes on with
/// the row that it waits for.
///
/// # Safety
///
/// Pointers that are not refused point to as many elements as said; the stream is zeroed or was started, and what it was started with
/// is as it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_push_row_plain(
    stream: *mut MoreStream,
    row: *const f32,
    count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise.
    unsafe { push(stream, Elements::Plain, row.cast(), count) }
}

/// Takes the next row of an encrypted image; otherwise as `more_stream_push_row_plain`.
///
/// # Safety
///
/// As of `more_stream_push_row_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_push_row_encrypted(
    stream: *mut MoreStream,
    row: *const MoreCell,
    count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise.
    unsafe { push(stream, Elements::Encrypted, row.cast(), count) }
}

/// The network's output for a plain image, once all its rows have come.
///
/// # Safety
///
/// As of `more_stream_push_row_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_output_plain(
    stream: *const MoreStream,
    to: *mut f32,
    count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise.
    unsafe { output(stream, Elements::Plain, to.cast(), count) }
}

/// The network's output for an encrypted image, once all its rows have come.
///
/// # Safety
///
/// As of `more_stream_push_row_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_output_encrypted(
    stream: *const MoreStream,
    to: *mut MoreCell,
    count: usize,
) -> MoreStatus {
    // SAFETY: the caller's promise.
    unsafe { output(stream, Elements::Encrypted, to.cast(), count) }
}

/// Rows of the image that have not come yet.
///
/// # Safety
///
/// As of `more_stream_push_row_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_missing_rows(stream: *const MoreStream, rows: *mut usize) -> MoreStatus {
    let run = || {
        apart(&addresses(rows, 1)?, &[&addresses(stream, 1)?])?;
        // SAFETY: the caller's promise.
        let stream = unsafe { reference(stream)? };
        if stream.elements == 0 {
            return Err(MoreStatus::NotInitialised);
        }
        // SAFETY: not null and aligned; the rest is the caller's promise.
        unsafe { rows.write(stream.network.height.saturating_sub(stream.received)) };
        Ok(())
    };
    MoreStatus::of(run())
}

/// Begins a new image, whether or not the one at hand is complete.
///
/// # Safety
///
/// As of `more_stream_push_row_plain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn more_stream_reset(stream: *mut MoreStream) -> MoreStatus {
    let run = || {
        // SAFETY: the caller's promise.
        let stream = unsafe { reference_mut(stream)? };
        if stream.elements == 0 {
            return Err(MoreStatus::NotInitialised);
        }
        stream.received = 0;
        Ok(())
    };
    MoreStatus::of(run())
}
