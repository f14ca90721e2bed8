//! What a host tells the daemon of its screen and of its program's signals.
//!
//! Owns their shape on the wire. Must not know what they mean.

use raven_protocol::terminal::TerminalSize;
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The screen at one moment, between two frames of its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Bytes of output that it shows.
    pub head: u64,
    /// The same as long as the same text is shown.
    pub fingerprint: u64,
    /// The terminal's size.
    pub size: TerminalSize,
    /// The rows, without trailing blanks.
    pub rows: Vec<LookRow>,
    /// Row and column of the cursor, from 0.
    pub cursor: (u16, u16),
    /// The title that the program set.
    pub title: Option<String>,
    /// Whether the alternate screen is shown.
    pub alternate: bool,
    /// Whether the program wants to be told what is pasted.
    pub bracketed_paste: bool,
    /// Links that are shown.
    pub links: Vec<LookLink>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            head: 0,
            fingerprint: 0,
            size: TerminalSize::DEFAULT,
            rows: Vec::new(),
            cursor: (0, 0),
            title: None,
            alternate: false,
            bracketed_paste: false,
            links: Vec::new(),
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookRow {
    /// Its text.
    pub text: String,
    /// The same with blanks for what is faint, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bright: Option<String>,
    /// Whether it goes on in the next because it was too long.
    pub wraps: bool,
}

/// A link, however many cells it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookLink {
    /// Where it leads.
    pub uri: String,
    /// The first row that shows it, from 0.
    pub row: u16,
}

/// Something that the program, or a hook of it, said beside its screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// From 1, one for each, as long as the host lives.
    pub seq: u64,
    /// When it came.
    pub at: Timestamp,
    /// The way that it came.
    pub source: SignalSource,
    /// The hook's name, where it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What was said.
    pub body: String,
}

/// The way that a signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalSource {
    /// OSC 7501 in the output; the body is without that number.
    ProgramStatus,
    /// OSC 9 in the output.
    Notification,
    /// A command that the program ran, by `raven-runtime signal`.
    Hook,
}
