use more_core::Error;
use nn_core::NetworkError;

/// What became of a call. After all but `MORE_STATUS_OK` no buffer holds a result: it is as it was, or zeroed where that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum MoreStatus {
    /// All is well.
    Ok = 0,
    /// A pointer is null.
    Null = 1,
    /// A pointer is not aligned for what it points to.
    Alignment = 2,
    /// A buffer that is written to overlaps another.
    Overlap = 3,
    /// A key, generator or stream that was not loaded, seeded or started, or has been erased.
    NotInitialised = 4,
    /// Numbers of elements that do not fit each other, or beyond all memory.
    Length = 5,
    /// A layer of a kind that there is not.
    LayerKind = 10,
    /// More layers than `MORE_MAX_LAYERS`.
    TooManyLayers = 11,
    /// The network has no layer.
    NoLayer = 12,
    /// A layer or the input has a size, stride or count of zero.
    ZeroSize = 13,
    /// A window is larger than the feature map that it slides over.
    WindowTooLarge = 14,
    /// A size of the network does not fit this machine's word.
    TooLarge = 15,
    /// The network has another number of parameters.
    Weights = 20,
    /// The network takes another number of input elements.
    Input = 21,
    /// The network has another number of outputs.
    Output = 22,
    /// The scratch is too small.
    Scratch = 23,
    /// The memory of the stream is too small.
    Memory = 24,
    /// A row has another number of elements.
    Row = 25,
    /// The image has all its rows already.
    ImageComplete = 26,
    /// Rows of the image are missing yet.
    ImageIncomplete = 27,
    /// The stream is one of the other kind of elements: plain or encrypted.
    WrongElements = 28,
    /// Bytes that are no encoding of what was asked for: damaged, cut off, of another kind, scalar, number of lanes or version.
    Encoding = 30,
    /// Bytes that belong to another key.
    WrongKey = 31,
    /// The key's condition number is out of range.
    Condition = 32,
    /// An infinity or NaN among the inputs or in the result.
    NonFinite = 33,
    /// The range of the masks is empty or not finite, or there are too few.
    Masks = 34,
    /// The buffer for an encoding is too small.
    BufferTooSmall = 35,
    /// An error that this version of the interface has no name for.
    Other = 99,
}

impl MoreStatus {
    pub(crate) fn of(result: Result<(), Self>) -> Self {
        match result {
            Ok(()) => Self::Ok,
            Err(status) => status,
        }
    }
}

impl From<Error> for MoreStatus {
    fn from(error: Error) -> Self {
        match error {
            Error::NonFinite => Self::NonFinite,
            Error::Condition => Self::Condition,
            Error::WrongKey | Error::Misaligned => Self::WrongKey,
            Error::Length => Self::Length,
            Error::Masks => Self::Masks,
            Error::BufferTooSmall => Self::BufferTooSmall,
            Error::Truncated
            | Error::BadMagic
            | Error::Version(_)
            | Error::WrongKind
            | Error::WrongLanes(_)
            | Error::WrongScalar
            | Error::WrongShape
            | Error::Checksum
            | Error::TrailingBytes => Self::Encoding,
            _ => Self::Other,
        }
    }
}

impl From<NetworkError> for MoreStatus {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Empty => Self::NoLayer,
            NetworkError::ZeroSize => Self::ZeroSize,
            NetworkError::WindowTooLarge => Self::WindowTooLarge,
            NetworkError::TooLarge => Self::TooLarge,
            _ => Self::Other,
        }
    }
}

impl From<nn_core::Error> for MoreStatus {
    fn from(error: nn_core::Error) -> Self {
        use nn_core::Error as E;
        match error {
            E::Weights { .. } => Self::Weights,
            E::Input { .. } => Self::Input,
            E::Output { .. } => Self::Output,
            E::Scratch { .. } => Self::Scratch,
            E::Memory { .. } => Self::Memory,
            E::Row { .. } => Self::Row,
            E::ImageComplete { .. } => Self::ImageComplete,
            E::ImageIncomplete { .. } => Self::ImageIncomplete,
            _ => Self::Other,
        }
    }
}
