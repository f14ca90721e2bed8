//! Frames of a log, as each reader wants them.
//!
//! Owns how much goes into one, and where a time comes in. Must not know cursors or sockets.

use std::io;

use raven_protocol::terminal::{Frame, FrameKind, MAX_FRAME_PAYLOAD};

use super::journal::Journal;
use super::wire::Reader;

/// A frame on the wire.
pub struct Message {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where the next one begins.
    pub until: u64,
}

impl Journal {
    /// A frame of at most so many bytes from an offset on; `None` where there are none.
    pub fn frame(&self, offset: u64, most: u64, reader: Reader) -> io::Result<Option<Message>> {
        let (kind, most, stamp) = match reader {
            Reader::Viewer => (FrameKind::Output, most, None),
            Reader::Recorder => {
                let (at, until) = self.stamp(offset)?;
                (FrameKind::Stamped, most.min(until - offset), Some(at))
            }
        };
        let mut bytes = Frame { kind, offset, bytes: &[] }.encode();
        bytes.extend(stamp.iter().flat_map(|at| at.as_millis().to_be_bytes()));
        let begin = bytes.len();
        bytes.resize(begin + most.min(MAX_FRAME_PAYLOAD as u64) as usize, 0);
        let count = self.read(offset, &mut bytes[begin..])?;
        bytes.truncate(begin + count);
        Ok((count > 0).then_some(Message { bytes, until: offset + count as u64 }))
    }
}
