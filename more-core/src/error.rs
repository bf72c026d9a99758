//! What can go wrong: [`Error`].

use core::fmt;

/// Why an operation of this crate failed. It never tells which lane was at fault: that could tell a message from a
/// mask.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The source of random numbers failed.
    Random,
    /// An infinity or NaN among the inputs or in the result.
    NonFinite,
    /// An argument lies outside the function's domain.
    Domain,
    /// A division by an element with a lane that is zero to rounding.
    Singular,
    /// An iteration did not reach its tolerance within its bound.
    NoConvergence,
    /// Two lanes of the ciphertext are too close together to tell its eigenvectors apart.
    EqualLanes,
    /// The condition number is not in the range allowed.
    Condition,
    /// The element was made with another key, or is no ciphertext at all.
    WrongKey,
    /// The two evaluation keys do not belong to one secret key.
    Misaligned,
    /// A lane index or number of lanes out of range.
    Lane,
    /// Slices of lengths that do not fit: not equal, not a whole multiple, or empty where there must be an element.
    Length,
    /// Parameters of a mask distribution that describe none, or masks that ran out.
    Masks,
    /// Encoded bytes: cut off.
    Truncated,
    /// Encoded bytes: the buffer to write to is too small.
    BufferTooSmall,
    /// Encoded bytes: they do not begin with the mark of this format.
    BadMagic,
    /// Encoded bytes: a version that this crate does not read.
    Version(u8),
    /// Encoded bytes: another kind of object than asked for.
    WrongKind,
    /// Encoded bytes: another number of lanes than asked for.
    WrongLanes(u8),
    /// Encoded bytes: another scalar than asked for.
    WrongScalar,
    /// Encoded bytes: a shape that there is not, or more elements than memory has room for.
    WrongShape,
    /// Encoded bytes: the checksum does not match.
    Checksum,
    /// Encoded bytes: more bytes than the object has.
    TrailingBytes,
    /// Not a key id: 32 hexadecimal digits were expected.
    KeyId,
    /// Not a modulus of the integer scheme: it is even, prime, or has a factor below 11.
    Modulus,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Random => "the source of random numbers failed",
            Self::NonFinite => "an infinity or NaN in a value",
            Self::Domain => "an argument outside the function's domain",
            Self::Singular => "division by an element with a lane that is zero to rounding",
            Self::NoConvergence => "no convergence within the iteration bound",
            Self::EqualLanes => "two lanes are too close together to find the eigenvectors",
            Self::Condition => "the condition number is out of range",
            Self::WrongKey => "the element does not belong to this key",
            Self::Misaligned => "the evaluation keys do not belong to one secret key",
            Self::Lane => "the lane is out of range",
            Self::Length => "slices of lengths that do not fit",
            Self::Masks => "the masks are not a valid distribution or ran out",
            Self::Truncated => "the encoding is cut off",
            Self::BufferTooSmall => "the buffer is too small for the encoding",
            Self::BadMagic => "not an encoding of this format",
            Self::Version(version) => return write!(f, "encoding version {version} is not supported"),
            Self::WrongKind => "the encoding holds another kind of object",
            Self::WrongLanes(lanes) => return write!(f, "the encoding has {lanes} lanes"),
            Self::WrongScalar => "the encoding holds another scalar type",
            Self::WrongShape => "the encoding has a shape that is not possible",
            Self::Checksum => "the checksum does not match: the encoding is damaged",
            Self::TrailingBytes => "bytes after the end of the encoding",
            Self::KeyId => "a key id has 32 hexadecimal digits",
            Self::Modulus => "the modulus is even, prime, or has a factor below 11",
        };
        f.write_str(text)
    }
}

impl core::error::Error for Error {}
