//! What a terminal link carries: sizes, session status, and the `raven.terminal.v1` frames.
//!
//! Owns the framing. Must not know sockets or the emulator.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The WebSocket subprotocol of the framed terminal link.
pub const V1_SUBPROTOCOL: &str = "raven.terminal.v1";

/// Largest payload of one output or input frame, in bytes; longer runs are split by the sender.
pub const MAX_FRAME_PAYLOAD: usize = 64 * 1024;

/// Input of one connection that may be under way, in bytes: sent, and not yet told to be taken. A client
/// that keeps to it can always send control messages, because the host never stops reading from it.
pub const INPUT_WINDOW: u64 = 256 * 1024;

/// A terminal's size in character cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "RawSize")]
pub struct TerminalSize {
    /// Columns, 2 to 1000.
    #[schema(minimum = 2, maximum = 1000)]
    pub cols: u16,
    /// Rows, 1 to 500.
    #[schema(minimum = 1, maximum = 500)]
    pub rows: u16,
}

#[derive(Deserialize)]
struct RawSize {
    cols: u32,
    rows: u32,
}

/// Why a size is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a terminal of {cols}x{rows} is refused: use 2 to 1000 columns and 1 to 500 rows")]
pub struct InvalidSize {
    /// Columns asked for.
    pub cols: u32,
    /// Rows asked for.
    pub rows: u32,
}

impl TerminalSize {
    /// 80×24, the size of a session unless said otherwise.
    pub const DEFAULT: Self = Self { cols: 80, rows: 24 };

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSize`] outside 2–1000 columns or 1–500 rows.
    pub fn new(cols: u32, rows: u32) -> Result<Self, InvalidSize> {
        let narrowed = (u16::try_from(cols), u16::try_from(rows));
        match narrowed {
            (Ok(c @ 2..=1000), Ok(r @ 1..=500)) => Ok(Self { cols: c, rows: r }),
            _ => Err(InvalidSize { cols, rows }),
        }
    }
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<RawSize> for TerminalSize {
    type Error = InvalidSize;
    fn try_from(raw: RawSize) -> Result<Self, InvalidSize> {
        Self::new(raw.cols, raw.rows)
    }
}

/// The six states of a terminal session, as in the guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminalStatus {
    /// Session created, waiting for the runtime's connection.
    Pending,
    /// The runtime is establishing the PTY connection.
    Connecting,
    /// Ready for interaction.
    Active,
    /// The agent needs authentication.
    LoginRequired,
    /// The connection to the runtime is lost; it is being sought again.
    Disconnected,
    /// The session has ended.
    Terminated,
}

impl TerminalStatus {
    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        self == Self::Terminated
    }

    /// The state after `next` was reported: the end is final, everything else may follow anything.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        if self.is_final() { self } else { next }
    }
}

/// What a binary frame carries. On the wire: `[kind u8][offset u64 be][bytes]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Bytes of the PTY exactly as they came; the offset is that of the first byte.
    Output = 0x01,
    /// Bytes that paint the screen on a freshly reset terminal; the log goes on at the offset.
    Repaint = 0x02,
    /// Output for a recorder: the bytes begin with the time at which the first of them was read from the
    /// PTY, as [`Stamped`] has it.
    Stamped = 0x03,
    /// Keystrokes, client to server; the offset counts the bytes this connection sent before.
    Input = 0x10,
}

/// A binary frame of `raven.terminal.v1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the bytes are.
    pub kind: FrameKind,
    /// Position in the byte log; see [`FrameKind`].
    pub offset: u64,
    /// The payload.
    pub bytes: &'a [u8],
}

/// Why a binary message is not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFrame {
    /// Fewer than the nine bytes of the header.
    #[error("a frame has at least 9 bytes, this one {0}")]
    Short(usize),
    /// A kind that this version does not know.
    #[error("unknown frame kind {0:#04x}")]
    Kind(u8),
}

impl<'a> Frame<'a> {
    /// Length of the header, in bytes.
    pub const HEADER: usize = 9;

    /// The frame on the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut wire = Vec::with_capacity(Self::HEADER + self.bytes.len());
        wire.push(self.kind as u8);
        wire.extend_from_slice(&self.offset.to_be_bytes());
        wire.extend_from_slice(self.bytes);
        wire
    }

    /// Reads a frame; the payload borrows from the wire.
    ///
    /// # Errors
    /// [`InvalidFrame`] for a short message or an unknown kind.
    pub fn decode(wire: &'a [u8]) -> Result<Self, InvalidFrame> {
        let Some((header, bytes)) = wire.split_first_chunk::<{ Frame::HEADER }>() else {
            return Err(InvalidFrame::Short(wire.len()));
        };
        let [kind, offset @ ..] = *header;
        let kind = match kind {
            0x01 => FrameKind::Output,
            0x02 => FrameKind::Repaint,
            0x03 => FrameKind::Stamped,
            0x10 => FrameKind::Input,
            other => return Err(InvalidFrame::Kind(other)),
        };
        Ok(Self { kind, offset: u64::from_be_bytes(offset), bytes })
    }
}

/// The payload of a [`FrameKind::Stamped`] frame: `[milliseconds since the Unix epoch, i64 be][bytes]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamped<'a> {
    /// When the first byte was read from the PTY, by the clock of the runtime's machine.
    pub at: Timestamp,
    /// Bytes of the PTY exactly as they came.
    pub bytes: &'a [u8],
}

impl<'a> Stamped<'a> {
    /// Length of the time, in bytes.
    pub const HEADER: usize = 8;

    /// Reads the payload of a frame.
    ///
    /// # Errors
    /// [`InvalidFrame::Short`] when it is shorter than the time.
    pub fn decode(payload: &'a [u8]) -> Result<Self, InvalidFrame> {
        let Some((at, bytes)) = payload.split_first_chunk::<{ Stamped::HEADER }>() else {
            return Err(InvalidFrame::Short(Frame::HEADER + payload.len()));
        };
        Ok(Self { at: Timestamp::from_millis(i64::from_be_bytes(*at)), bytes })
    }
}

/// JSON control messages, server to client, of `raven.terminal.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerControl {
    /// First message of every connection.
    Hello {
        /// Oldest offset that can still be replayed.
        base: u64,
        /// Offset after the newest byte.
        head: u64,
        /// The PTY's size.
        #[serde(flatten)]
        size: TerminalSize,
    },
    /// The PTY's size changed.
    Size {
        /// The new size.
        #[serde(flatten)]
        size: TerminalSize,
    },
    /// The program ended; nothing follows.
    Exit {
        /// How it ended.
        #[serde(flatten)]
        exit: Exit,
    },
    /// How much of this connection's input the PTY has taken.
    Taken {
        /// Bytes since the connection began.
        offset: u64,
    },
    /// A message of the client was refused; the connection goes on.
    Error {
        /// A stable `SCREAMING_SNAKE` word.
        code: String,
        /// What was refused and what to send instead.
        message: String,
    },
}

/// JSON control messages, client to server, of `raven.terminal.v1`.
///
/// The query parameter `since` of the connection asks for the log from that offset; without it, or
/// when that offset is gone, the stream begins with a repaint. With `record=true` the connection is a
/// recorder's: output comes stamped, from the oldest byte that is kept when `since` is gone, and may be
/// acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClientControl {
    /// Sets the PTY's size.
    Resize {
        /// Columns; validated by the server with [`TerminalSize::new`].
        cols: u32,
        /// Rows; validated by the server with [`TerminalSize::new`].
        rows: u32,
    },
    /// Asks for a repaint frame at the current position of this connection's stream.
    Repaint,
    /// Only from a recorder: everything before the offset is recorded, and need not be kept for it.
    Ack {
        /// Offset after the last recorded byte.
        offset: u64,
    },
    /// Only from a recorder: it records no more. From now on the host keeps the newest output and never
    /// waits for it.
    Release,
}

/// What a host keeps of its program's output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Keep {
    /// The newest, up to a bound.
    #[default]
    Newest,
    /// Everything that no recorder has acknowledged. When that reaches the bound, the program waits.
    UntilRecorded,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exit {
    /// Exit status, when it ended by itself.
    pub code: Option<i32>,
    /// Signal number, when a signal ended it.
    pub signal: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_the_wire() {
        for bytes in [&b""[..], b"x", b"\xff\x00\x1b[6n"] {
            let frame = Frame { kind: FrameKind::Output, offset: u64::MAX - 1, bytes };
            assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
        }
        assert_eq!(Frame::decode(b"\x01\0\0"), Err(InvalidFrame::Short(3)));
        assert_eq!(Frame::decode(&[9; 9]), Err(InvalidFrame::Kind(9)));
    }

    #[test]
    fn sizes_outside_the_bounds_are_refused_wherever_they_come_from() {
        for (cols, rows) in [(0, 0), (1, 24), (80, 0), (1001, 24), (80, 501), (10_000, 10_000), (65_616, 24)]
        {
            assert!(TerminalSize::new(cols, rows).is_err(), "{cols}x{rows}");
            let json = serde_json::json!({"cols": cols, "rows": rows});
            assert!(serde_json::from_value::<TerminalSize>(json).is_err(), "{cols}x{rows}");
        }
        assert_eq!(TerminalSize::new(1000, 500).unwrap().cols, 1000);
    }

    #[test]
    fn control_messages_have_the_documented_spelling() {
        let size = TerminalSize::DEFAULT;
        let spelled = serde_json::to_value(ServerControl::Hello { base: 1, head: 2, size }).unwrap();
        assert_eq!(
            spelled,
            serde_json::json!({"type": "hello", "base": 1, "head": 2, "cols": 80, "rows": 24})
        );
        let resize: ClientControl = serde_json::from_str(r#"{"type":"resize","cols":0,"rows":9}"#).unwrap();
        assert_eq!(resize, ClientControl::Resize { cols: 0, rows: 9 });
        assert_eq!(serde_json::to_string(&ClientControl::Repaint).unwrap(), r#"{"type":"repaint"}"#);
        let ack = ClientControl::Ack { offset: 7 };
        assert_eq!(serde_json::to_string(&ack).unwrap(), r#"{"type":"ack","offset":7}"#);
        let taken = ServerControl::Taken { offset: 7 };
        assert_eq!(serde_json::to_string(&taken).unwrap(), r#"{"type":"taken","offset":7}"#);
        assert_eq!(serde_json::to_string(&Keep::UntilRecorded).unwrap(), r#""untilRecorded""#);
    }

    #[test]
    fn a_terminated_session_stays_so() {
        assert_eq!(TerminalStatus::Terminated.then(TerminalStatus::Active), TerminalStatus::Terminated);
        assert_eq!(TerminalStatus::Disconnected.then(TerminalStatus::Active), TerminalStatus::Active);
    }
}
