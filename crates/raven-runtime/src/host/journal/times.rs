//! When the bytes of a log were written: marks beside each segment, and the newest in memory.
//!
//! Owns their resolution and their files. Must not know what reads them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use raven_protocol::time::Timestamp;

/// Milliseconds between two marks: bytes that came closer together have the same time. It keeps marks to
/// 1.6 KB a second at most, and is shorter than a person sees.
const RESOLUTION_MS: i64 = 10;

/// Bytes of a mark in its file: offset and time, both big-endian.
pub const MARK: u64 = 16;

/// The bytes from this offset on came at this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub offset: u64,
    pub at: Timestamp,
}

impl Mark {
    fn encode(self) -> [u8; MARK as usize] {
        let mut bytes = [0; MARK as usize];
        bytes[..8].copy_from_slice(&self.offset.to_be_bytes());
        bytes[8..].copy_from_slice(&self.at.as_millis().to_be_bytes());
        bytes
    }

    fn decode(bytes: [u8; MARK as usize]) -> Self {
        let [offset, at] = [0, 8].map(|from| {
            let mut half = [0; 8];
            half.copy_from_slice(&bytes[from..from + 8]);
            half
        });
        Self { offset: u64::from_be_bytes(offset), at: Timestamp::from_millis(i64::from_be_bytes(at)) }
    }
}

/// The marks of one segment on disk, oldest first.
pub struct MarkFile {
    file: File,
    count: u64,
}

impl MarkFile {
    /// Takes over a file, with the marks that are in it.
    pub fn new(file: File) -> io::Result<Self> {
        let count = file.metadata()?.len() / MARK;
        Ok(Self { file, count })
    }

    /// Adds a mark.
    pub fn push(&mut self, mark: Mark) -> io::Result<()> {
        self.file.write_all(&mark.encode())?;
        self.count += 1;
        Ok(())
    }

    /// Bytes on disk.
    pub fn size(&self) -> u64 {
        self.count * MARK
    }

    /// The mark that an offset is under, and where the next one begins.
    pub fn find(&self, offset: u64) -> io::Result<Option<(Mark, u64)>> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle)?.offset <= offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(index) = low.checked_sub(1) else { return Ok(None) };
        let next = if low < self.count { self.get(low)?.offset } else { u64::MAX };
        Ok(Some((self.get(index)?, next)))
    }

    fn get(&self, index: u64) -> io::Result<Mark> {
        let mut bytes = [0; MARK as usize];
        self.file.read_exact_at(&mut bytes, index * MARK)?;
        Ok(Mark::decode(bytes))
    }
}

/// The newest marks, for readers that are not behind.
#[derive(Default)]
pub struct Recent {
    marks: VecDeque<Mark>,
}

impl Recent {
    /// Whether bytes at this time need a mark of their own.
    pub fn is_due(&self, at: Timestamp) -> bool {
        // A clock that was set back needs one too.
        self.marks
            .back()
            .is_none_or(|last| !(0..RESOLUTION_MS).contains(&(at.as_millis() - last.at.as_millis())))
    }

    /// Adds a mark; those that only concern bytes before `oldest` go.
    pub fn push(&mut self, mark: Mark, oldest: u64) {
        self.marks.push_back(mark);
        while self.marks.get(1).is_some_and(|second| second.offset <= oldest) {
            self.marks.pop_front();
        }
    }

    /// The newest mark.
    pub fn last(&self) -> Option<Mark> {
        self.marks.back().copied()
    }

    /// The mark that an offset is under, and where the next one begins; `None` for older offsets.
    pub fn find(&self, offset: u64) -> Option<(Mark, u64)> {
        let after = self.marks.partition_point(|mark| mark.offset <= offset);
        let mark = *self.marks.get(after.checked_sub(1)?)?;
        Some((mark, self.marks.get(after).map_or(u64::MAX, |next| next.offset)))
    }
}
