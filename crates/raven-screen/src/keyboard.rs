//! Flags of the kitty keyboard protocol, with their stack.
//!
//! Owns what push, pop and set do to them. Must not know keys.

/// Deepest stack; further pushes forget the oldest, as the protocol asks.
const MAX_DEPTH: usize = 16;

/// The flags that there are.
const KNOWN: u8 = 0x1f;

/// How flags are combined with those in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apply {
    Replace,
    Add,
    Remove,
}

/// The flags of one screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keyboard {
    flags: u8,
    saved: Vec<u8>,
}

impl Keyboard {
    /// The flags in force.
    pub(crate) fn flags(&self) -> u8 {
        self.flags
    }

    pub(crate) fn set(&mut self, flags: u8, apply: Apply) {
        let flags = flags & KNOWN;
        self.flags = match apply {
            Apply::Replace => flags,
            Apply::Add => self.flags | flags,
            Apply::Remove => self.flags & !flags,
        };
    }

    pub(crate) fn push(&mut self, flags: u8) {
        if self.saved.len() == MAX_DEPTH {
            self.saved.remove(0);
        }
        self.saved.push(self.flags);
        self.flags = flags & KNOWN;
    }

    pub(crate) fn pop(&mut self, count: usize) {
        for _ in 0..count.min(MAX_DEPTH + 1) {
            self.flags = self.saved.pop().unwrap_or(0);
        }
    }

    /// Sequences that bring a freshly reset terminal here.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut flags = self.saved.iter().chain(std::iter::once(&self.flags));
        if let Some(first) = flags.next().filter(|flags| **flags != 0) {
            out.extend_from_slice(format!("\x1b[={first}u").as_bytes());
        }
        for flags in flags {
            out.extend_from_slice(format!("\x1b[>{flags}u").as_bytes());
        }
    }
}
