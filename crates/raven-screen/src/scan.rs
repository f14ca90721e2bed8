//! Where a terminal's byte stream may be cut: text here, one whole control sequence there.
//!
//! Owns the state machine that finds the ends of sequences (7-bit, and the C1 controls in UTF-8 that
//! xterm.js honours). Must not know what any sequence means.

use memchr::memchr2;

/// What opened the sequence that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `ESC` and whatever is neither of the below.
    Escape,
    /// `ESC [`
    Csi,
    /// `ESC ]`
    Osc,
    /// `ESC P`
    Dcs,
    /// `ESC X`, `ESC ^`, `ESC _`: strings that nobody here reads.
    Opaque,
}

/// Where the machine stands between two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ground,
    /// After `C2`: the next byte decides between a C1 control and a letter.
    Lead,
    Escape,
    Intermediate,
    Csi,
    String(Kind),
    /// Inside a string, after `ESC`.
    StringEscape(Kind),
    /// Inside a string, after `C2`.
    StringLead(Kind),
}

/// What one byte does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is text, and so is what was held before it.
    Text,
    /// It belongs to a sequence that goes on.
    Inside,
    /// It is the last byte of a sequence.
    Ends(Kind),
    /// It cancels the sequence: nothing of it is carried out.
    Cancels(Kind),
    /// What was held is complete (a string whose `ESC` was not a terminator) or void; the byte before
    /// this one, an `ESC`, is held anew, and this byte is to be given to the machine again.
    Breaks(Kind),
    /// What was held is void, and this byte opens the next sequence.
    Restarts(Kind),
}

/// The machine: it holds no bytes, only where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine {
    state: State,
}

/// Longest sequence that is taken as a whole; others take the long way, which counts their bytes.
const MAX_WHOLE: usize = 256;

const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
pub(crate) const ESC: u8 = 0x1b;
const LEAD: u8 = 0xc2;

impl Machine {
    pub(crate) const fn new() -> Self {
        Self { state: State::Ground }
    }

    /// How many of the bytes are text for certain, without a step each.
    pub(crate) fn plain(&self, bytes: &[u8]) -> usize {
        match self.state {
            State::Ground => memchr2(ESC, LEAD, bytes).unwrap_or(bytes.len()),
            _ => 0,
        }
    }

    /// The length of the CSI sequence that the bytes begin with, if it is there as a whole and has no
    /// controls in it. By far most sequences are so, and need no step for each byte.
    pub(crate) fn whole_csi(&self, bytes: &[u8]) -> Option<usize> {
        if self.state != State::Ground || !bytes.starts_with(b"\x1b[") {
            return None;
        }
        let length = bytes.iter().skip(2).position(|byte| !(0x20..0x40).contains(byte))? + 3;
        ((0x40..0x7f).contains(&bytes[length - 1]) && length <= MAX_WHOLE).then_some(length)
    }

    /// Whether the next byte belongs to a sequence whose start was seen.
    pub(crate) fn in_sequence(&self) -> bool {
        self.state != State::Ground
    }

    /// The byte that may turn out to begin the terminator of the open string.
    pub(crate) fn dangling(&self) -> Option<u8> {
        match self.state {
            State::StringEscape(_) => Some(ESC),
            State::StringLead(_) => Some(LEAD),
            _ => None,
        }
    }

    /// What the open sequence is, as far as can be told.
    pub(crate) fn kind(&self) -> Kind {
        match self.state {
            State::Csi => Kind::Csi,
            State::String(kind) | State::StringEscape(kind) | State::StringLead(kind) => kind,
            State::Ground | State::Lead | State::Escape | State::Intermediate => Kind::Escape,
        }
    }

    /// Takes one byte.
    pub(crate) fn step(&mut self, byte: u8) -> Step {
        let (state, step) = match self.state {
            State::Ground => match byte {
                ESC => (State::Escape, Step::Inside),
                LEAD => (State::Lead, Step::Inside),
                _ => (State::Ground, Step::Text),
            },
            State::Lead => after_lead(byte),
            State::Escape => after_escape(byte),
            State::Intermediate => match byte {
                0x30..=0x7e => (State::Ground, Step::Ends(Kind::Escape)),
                CAN | SUB => (State::Ground, Step::Cancels(Kind::Escape)),
                ESC => (State::Escape, Step::Restarts(Kind::Escape)),
                _ => (State::Intermediate, Step::Inside),
            },
            State::Csi => match byte {
                0x40..=0x7e => (State::Ground, Step::Ends(Kind::Csi)),
                CAN | SUB => (State::Ground, Step::Cancels(Kind::Csi)),
                ESC => (State::Escape, Step::Restarts(Kind::Csi)),
                _ => (State::Csi, Step::Inside),
            },
            State::String(kind) => in_string(kind, byte),
            State::StringLead(kind) => match byte {
                0x9c => (State::Ground, Step::Ends(kind)),
                _ => in_string(kind, byte),
            },
            State::StringEscape(kind) => match byte {
                b'\\' => (State::Ground, Step::Ends(kind)),
                _ => (State::Escape, Step::Breaks(kind)),
            },
        };
        self.state = state;
        step
    }
}

fn after_lead(byte: u8) -> (State, Step) {
    match byte {
        0x84 | 0x85 | 0x88 => (State::Ground, Step::Ends(Kind::Escape)),
        0x90 => (State::String(Kind::Dcs), Step::Inside),
        0x98 | 0x9e | 0x9f => (State::String(Kind::Opaque), Step::Inside),
        0x9b => (State::Csi, Step::Inside),
        0x9d => (State::String(Kind::Osc), Step::Inside),
        ESC => (State::Escape, Step::Restarts(Kind::Escape)),
        LEAD => (State::Lead, Step::Restarts(Kind::Escape)),
        _ => (State::Ground, Step::Text),
    }
}

fn after_escape(byte: u8) -> (State, Step) {
    match byte {
        b'[' => (State::Csi, Step::Inside),
        b']' => (State::String(Kind::Osc), Step::Inside),
        b'P' => (State::String(Kind::Dcs), Step::Inside),
        b'X' | b'^' | b'_' => (State::String(Kind::Opaque), Step::Inside),
        0x20..=0x2f => (State::Intermediate, Step::Inside),
        0x30..=0x7e => (State::Ground, Step::Ends(Kind::Escape)),
        CAN | SUB => (State::Ground, Step::Cancels(Kind::Escape)),
        ESC => (State::Escape, Step::Restarts(Kind::Escape)),
        _ => (State::Escape, Step::Inside),
    }
}

fn in_string(kind: Kind, byte: u8) -> (State, Step) {
    match byte {
        0x07 if kind == Kind::Osc => (State::Ground, Step::Ends(kind)),
        CAN | SUB => (State::Ground, Step::Cancels(kind)),
        ESC => (State::StringEscape(kind), Step::Inside),
        LEAD => (State::StringLead(kind), Step::Inside),
        _ => (State::String(kind), Step::Inside),
    }
}
