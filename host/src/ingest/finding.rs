//! What a line has done to what was sent: [`Finding`].

use std::fmt;
use std::ops::Range;

/// Something that did not come as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How many bytes had come when it was noticed.
    pub byte: u64,
    /// What it is.
    pub what: What,
}

/// See [`Finding`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// Bytes that are no frame.
    Damaged {
        /// Why.
        reason: String,
    },
    /// Frames with these sequence numbers did not come, or came damaged.
    Lost {
        /// The first.
        from: u16,
        /// The last.
        to: u16,
    },
    /// Of these transfers not a frame has come.
    Absent {
        /// The first.
        from: u16,
        /// The last.
        to: u16,
    },
    /// A transfer that lacks bytes.
    Incomplete {
        /// Its number.
        transfer: u16,
        /// Its length.
        total: usize,
        /// Which of its bytes, as far as is known.
        missing: Vec<Range<usize>>,
    },
    /// A transfer that is whole, but is nothing to be stored.
    Refused {
        /// Its number.
        transfer: u16,
        /// Why.
        reason: String,
    },
}

/// Stretches that are named one by one.
const NAMED: usize = 4;

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: ", self.byte)?;
        match &self.what {
            What::Damaged { reason } => write!(f, "no frame: {reason}"),
            What::Lost { from, to } if from == to => write!(f, "frame {from} is missing"),
            What::Lost { from, to } => write!(f, "frames {from} to {to} are missing"),
            What::Absent { from, to } if from == to => write!(f, "nothing came of transfer {from}"),
            What::Absent { from, to } => write!(f, "nothing came of transfers {from} to {to}"),
            What::Incomplete { transfer, total, missing } => {
                let lost: usize = missing.iter().map(ExactSizeIterator::len).sum();
                write!(f, "transfer {transfer} is incomplete: {lost} of {total} bytes are missing")?;
                for (index, gap) in missing.iter().take(NAMED).enumerate() {
                    let between = if index == 0 { ": " } else { ", " };
                    write!(f, "{between}{} to {}", gap.start, gap.end - 1)?;
                }
                if missing.len() > NAMED { f.write_str(" and more") } else { Ok(()) }
            }
            What::Refused { transfer, reason } => write!(f, "transfer {transfer} is not stored: {reason}"),
        }
    }
}
