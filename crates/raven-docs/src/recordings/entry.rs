//! What a recording is made of: entries in the order in which they happened, as bytes.
//!
//! Owns their layout. Must not know blocks, files or who writes them.
//!
//! On disk an entry is `[kind u8][milliseconds since the Unix epoch, i64 be][length u32 be][payload]`.

use anyhow::{Context as _, bail};
use bytes::{Buf as _, BufMut as _, Bytes};
use raven_protocol::terminal::{Exit, TerminalSize};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::cast::Inputs;
use crate::auth::Named;

/// Bytes before an entry's payload.
const HEADER: usize = 13;

/// Something that happened at a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// First of all.
    Begin(Begin),
    /// The program wrote; the offset is that of the first byte in its host's log.
    Output { offset: u64, bytes: Bytes },
    /// After a gap: bytes that paint the screen as it was at the offset.
    Repaint { offset: u64, bytes: Bytes },
    /// Somebody typed.
    Input { by: Named, typed: Typed },
    /// The terminal's size changed.
    Size(TerminalSize),
    /// Something worth finding again.
    Mark(Mark),
    /// Output that could not be had, from one offset to another.
    Gap { from: u64, to: u64, why: String },
    /// The end; nothing follows.
    End { exit: Option<Exit>, why: String },
}

/// What a recording is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Begin {
    pub session: String,
    pub agent: Named,
    pub workspace: String,
    #[serde(flatten)]
    pub size: TerminalSize,
}

/// What is kept of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    Full(Bytes),
    /// Only how many bytes, because the workspace records no input.
    Length(u64),
}

impl Typed {
    /// What of it is told.
    pub fn told(&self, inputs: Inputs) -> Self {
        match (self, inputs) {
            (Self::Full(bytes), Inputs::Counted) => Self::Length(bytes.len() as u64),
            (told, _) => told.clone(),
        }
    }
}

/// A place in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub kind: MarkKind,
    pub label: String,
}

/// Why a place was marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// The agent changed its status.
    Agent,
    /// Another one types.
    Writer,
    /// Something about the recording itself.
    Recording,
}

#[derive(Serialize, Deserialize)]
struct Gap {
    from: u64,
    to: u64,
    why: String,
}

#[derive(Serialize, Deserialize)]
struct End {
    exit: Option<Exit>,
    why: String,
}

/// Who typed, before the bytes of an input entry.
#[derive(Serialize, Deserialize)]
struct Typist {
    by: Named,
    /// There when the bytes are not.
    length: Option<u64>,
}

impl Entry {
    /// Bytes that an entry takes, about.
    pub fn cost(&self) -> usize {
        HEADER
            + match &self.what {
                What::Output { bytes, .. } | What::Repaint { bytes, .. } => 8 + bytes.len(),
                What::Input { typed: Typed::Full(bytes), .. } => 100 + bytes.len(),
                _ => 200,
            }
    }

    /// Adds the entry to a buffer.
    pub fn encode(&self, into: &mut Vec<u8>) {
        let begin = into.len();
        into.put_u8(self.what.kind());
        into.put_i64(self.at.as_millis());
        into.put_u32(0);
        match &self.what {
            What::Output { offset, bytes } | What::Repaint { offset, bytes } => {
                into.put_u64(*offset);
                into.extend_from_slice(bytes);
            }
            What::Input { by, typed } => {
                let length = if let Typed::Length(length) = typed { Some(*length) } else { None };
                let typist = json(&Typist { by: by.clone(), length });
                into.put_u16(u16::try_from(typist.len()).unwrap_or(u16::MAX));
                into.extend_from_slice(&typist);
                if let Typed::Full(bytes) = typed {
                    into.extend_from_slice(bytes);
                }
            }
            What::Begin(begin) => into.extend(json(begin)),
            What::Size(size) => into.extend(json(size)),
            What::Mark(mark) => into.extend(json(mark)),
            What::Gap { from, to, why } => {
                into.extend(json(&Gap { from: *from, to: *to, why: why.clone() }));
            }
            What::End { exit, why } => into.extend(json(&End { exit: *exit, why: why.clone() })),
        }
        let length = u32::try_from(into.len() - begin - HEADER).unwrap_or(u32::MAX);
        into[begin + 9..begin + HEADER].copy_from_slice(&length.to_be_bytes());
    }

    /// Reads every entry of a block.
    ///
    /// # Errors
    /// When the bytes are not entries: they were not written by this program, or by a newer one.
    pub fn decode_all(mut from: Bytes) -> anyhow::Result<Vec<Self>> {
        let mut entries = Vec::new();
        while from.has_remaining() {
            if from.remaining() < HEADER {
                bail!("an entry is cut off");
            }
            let kind = from.get_u8();
            let at = Timestamp::from_millis(from.get_i64());
            let length = from.get_u32() as usize;
            if from.remaining() < length {
                bail!("an entry is cut off");
            }
            entries.push(Self { at, what: What::decode(kind, from.split_to(length))? });
        }
        Ok(entries)
    }
}

impl What {
    fn kind(&self) -> u8 {
        match self {
            Self::Begin(_) => b'b',
            Self::Output { .. } => b'o',
            Self::Repaint { .. } => b'p',
            Self::Input { .. } => b'i',
            Self::Size(_) => b'r',
            Self::Mark(_) => b'm',
            Self::Gap { .. } => b'g',
            Self::End { .. } => b'x',
        }
    }

    fn decode(kind: u8, mut payload: Bytes) -> anyhow::Result<Self> {
        if matches!(kind, b'o' | b'p') && payload.len() < 8 || kind == b'i' && payload.len() < 2 {
            bail!("an entry is too short");
        }
        Ok(match kind {
            b'o' => Self::Output { offset: payload.get_u64(), bytes: payload },
            b'p' => Self::Repaint { offset: payload.get_u64(), bytes: payload },
            b'i' => {
                let length = usize::from(payload.get_u16());
                if payload.len() < length {
                    bail!("an entry is too short");
                }
                let Typist { by, length } = serde_json::from_slice(&payload.split_to(length))?;
                Self::Input { by, typed: length.map_or(Typed::Full(payload), Typed::Length) }
            }
            b'b' => Self::Begin(serde_json::from_slice(&payload)?),
            b'r' => Self::Size(serde_json::from_slice(&payload)?),
            b'm' => Self::Mark(serde_json::from_slice(&payload)?),
            b'g' => {
                let Gap { from, to, why } = serde_json::from_slice(&payload)?;
                Self::Gap { from, to, why }
            }
            b'x' => {
                let End { exit, why } = serde_json::from_slice(&payload).context("an end")?;
                Self::End { exit, why }
            }
            other => bail!("an entry of the unknown kind {other:#04x}"),
        })
    }
}

/// Our own plain structs are always written.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn one_of_each() -> Vec<Entry> {
        let at = Timestamp::from_millis(1_700_000_000_123);
        let by = Named { id: "usr_1".into(), name: "Ada".into() };
        let size = TerminalSize::DEFAULT;
        let bytes = Bytes::from_static(b"\xff\x1b[m\0");
        let begin = Begin { session: "ses_1".into(), agent: by.clone(), workspace: "ws_1".into(), size };
        [
            What::Begin(begin),
            What::Output { offset: u64::MAX - 9, bytes: bytes.clone() },
            What::Repaint { offset: 7, bytes: Bytes::new() },
            What::Input { by: by.clone(), typed: Typed::Full(bytes) },
            What::Input { by, typed: Typed::Length(12) },
            What::Size(size),
            What::Mark(Mark { kind: MarkKind::Agent, label: "ready".into() }),
            What::Gap { from: 3, to: 9, why: "lost".into() },
            What::End { exit: Some(Exit { code: Some(1), signal: None }), why: "it ended".into() },
        ]
        .map(|what| Entry { at, what })
        .to_vec()
    }

    #[test]
    fn entries_survive_being_written() {
        let entries = one_of_each();
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| entry.encode(&mut bytes));
        assert_eq!(Entry::decode_all(bytes.into()).unwrap(), entries);
    }

    #[test]
    fn whatever_else_the_bytes_are_is_refused_without_a_panic() {
        let mut bytes = Vec::new();
        one_of_each().iter().for_each(|entry| entry.encode(&mut bytes));
        for cut in 1..bytes.len() {
            let _whole_entries_or_refused = Entry::decode_all(Bytes::copy_from_slice(&bytes[..cut]));
        }
        assert!(Entry::decode_all(Bytes::copy_from_slice(&bytes[..bytes.len() - 1])).is_err());
        assert!(Entry::decode_all(Bytes::from_static(b"z\0\0\0\0\0\0\0\0\0\0\0\0")).is_err());
    }
}
