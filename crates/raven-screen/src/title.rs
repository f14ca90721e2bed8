//! The window title and the stack of saved ones.
//!
//! Owns their bounds. Must not know windows.

/// Longest title kept, in characters: more than any tab shows.
const MAX_CHARS: usize = 1024;

/// Most titles saved; further ones forget the oldest. xterm.js keeps as many.
const MAX_SAVED: usize = 10;

/// The title in force and those saved; an empty one is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Titles {
    current: String,
    saved: Vec<String>,
}

impl Titles {
    pub(crate) fn current(&self) -> Option<&str> {
        Some(self.current.trim()).filter(|title| !title.is_empty())
    }

    pub(crate) fn set(&mut self, title: &str) {
        self.current = title.chars().take(MAX_CHARS).collect();
    }

    pub(crate) fn push(&mut self) {
        if self.saved.len() == MAX_SAVED {
            self.saved.remove(0);
        }
        self.saved.push(self.current.clone());
    }

    pub(crate) fn pop(&mut self) {
        if let Some(title) = self.saved.pop() {
            self.current = title;
        }
    }

    /// Sequences that bring another terminal here, whatever titles it has.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for _ in 0..MAX_SAVED {
            out.extend_from_slice(b"\x1b[23;2t");
        }
        for title in &self.saved {
            write_title(title, out);
            out.extend_from_slice(b"\x1b[22;2t");
        }
        write_title(&self.current, out);
    }
}

fn write_title(title: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\x1b]2;");
    out.extend_from_slice(title.as_bytes());
    out.extend_from_slice(b"\x1b\\");
}
