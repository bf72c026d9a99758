//! The name of a key: [`KeyId`].

use core::fmt;
use core::str::FromStr;

use rand_core::TryCryptoRng;

use crate::Error;

/// 128 random bits that name a secret key, its evaluation keys and the files made with them.
///
/// Never a function of the key: a hash of `S` beside the ciphertexts would let anyone test the order of its columns,
/// which is the scheme's only secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    /// Draws a new id.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the source fails.
    pub fn generate<G: TryCryptoRng + ?Sized>(rng: &mut G) -> Result<Self, Error> {
        let mut bytes = [0; 16];
        rng.try_fill_bytes(&mut bytes).map_err(|_| Error::Random)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits: &[u8; 32] = text.as_bytes().try_into().map_err(|_| Error::KeyId)?;
        let digit = |byte: u8| match char::from(byte).to_digit(16) {
            Some(value) => Ok(value as u8),
            None => Err(Error::KeyId),
        };
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::KeyId;
    use crate::Error;

    #[test]
    fn text_round_trip() {
        let id = KeyId([0, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff, 10, 11, 12, 13, 14, 15]);
        assert_eq!(id.to_string(), "000123456789abcdefff0a0b0c0d0e0f");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "00", "000123456789abcdefff0a0b0c0d0e0g", "000123456789abcdefff0a0b0c0d0e0f0"] {
            assert_eq!(bad.parse::<KeyId>(), Err(Error::KeyId));
        }
    }
}
