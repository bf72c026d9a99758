//! CRC-32 (IEEE 802.3, as in zlib) of each block of the data section.

use crc32fast::Hasher;

/// Bytes of the data section that one checksum covers; the last block may be shorter.
pub(super) const BLOCK: u64 = 1 << 20;

/// Number of checksums for a data section of `length` bytes: one of the header, one for each block.
pub(super) const fn count(length: u64) -> u64 {
    1 + length.div_ceil(BLOCK)
}

/// Checksums of a stream that is cut into blocks.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    hasher: Hasher,
    filled: u64,
    finished: Vec<u32>,
}

impl Blocks {
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = usize::try_from(BLOCK - self.filled).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.hasher.update(now);
            self.filled += now.len() as u64;
            if self.filled == BLOCK {
                self.close();
            }
            bytes = later;
        }
    }

    pub(super) fn finish(mut self) -> Vec<u32> {
        if self.filled > 0 {
            self.close();
        }
        self.finished
    }

    fn close(&mut self) {
        let hasher = std::mem::take(&mut self.hasher);
        self.finished.push(hasher.finalize());
        self.filled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_depend_on_how_the_stream_is_cut() {
        let bytes: Vec<u8> = (0..BLOCK * 2 + 5).map(|index| (index % 251) as u8).collect();
        let expected: Vec<u32> = bytes.chunks(BLOCK as usize).map(crc32fast::hash).collect();
        for step in [999_983, BLOCK as usize, bytes.len()] {
            let mut blocks = Blocks::default();
            bytes.chunks(step).for_each(|part| blocks.update(part));
            assert_eq!(blocks.finish(), expected);
        }
        assert_eq!(count(bytes.len() as u64), 1 + expected.len() as u64);
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926, "the check value of CRC-32/ISO-HDLC");
    }
}
