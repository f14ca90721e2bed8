//! The newest output of a session, kept so that a viewer who was away briefly gets just what it missed.
//!
//! Owns a bounded run of chunks. Must not know viewers.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Bytes kept: a moment's output of a busy program. A longer absence costs one repaint instead.
const KEPT: usize = 32 * 1024;

/// A bounded run of chunks, each with the offset after it.
#[derive(Default)]
pub struct Tail {
    chunks: VecDeque<(u64, Bytes)>,
    bytes: usize,
    /// Offset before the first kept chunk, unless nobody may go on from there.
    base: Option<u64>,
}

impl Tail {
    /// Starts anew at an offset.
    pub fn reset(&mut self, offset: u64) {
        *self = Self { base: Some(offset), ..Self::default() };
    }

    /// Starts anew: whoever was there before cannot go on from anywhere.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Adds a chunk; `end` is the offset after it in the runtime's log.
    pub fn push(&mut self, end: u64, bytes: Bytes) {
        self.bytes += bytes.len();
        self.chunks.push_back((end, bytes));
        while self.bytes > KEPT
            && let Some((end, dropped)) = self.chunks.pop_front()
        {
            self.bytes -= dropped.len();
            self.base = Some(end);
        }
    }

    /// What came after an offset; `None` when it is not the end of a kept chunk.
    pub fn since(&self, offset: u64) -> Option<Bytes> {
        let ends = self.chunks.iter().map(|(end, _)| Some(*end));
        let skipped = std::iter::once(self.base).chain(ends).position(|end| end == Some(offset))?;
        let mut missed = BytesMut::new();
        for (_, bytes) in self.chunks.iter().skip(skipped) {
            missed.extend_from_slice(bytes);
        }
        Some(missed.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_is_missing_while_it_is_kept() {
        let mut tail = Tail::default();
        tail.reset(100);
        tail.push(103, Bytes::from_static(b"abc"));
        tail.push(105, Bytes::from_static(b"de"));
        assert_eq!(tail.since(100).unwrap(), "abcde");
        assert_eq!(tail.since(103).unwrap(), "de");
        assert_eq!(tail.since(105).unwrap(), "");
        assert_eq!(tail.since(104), None, "not a boundary");
        tail.push(105 + 40_000, Bytes::from(vec![b'x'; 40_000]));
        assert_eq!(tail.since(105), None, "gone");
        assert_eq!(tail.since(40_105).unwrap(), "");
    }
}
