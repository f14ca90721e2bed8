//! Takes the questions out of what viewers get, so that their terminals never answer, and the reports of
//! OSC 7501, which are for the host.
//!
//! Owns what is held back until it is decided. Must not know the screen.

use std::borrow::Cow;

use crate::query::{self, MAX_QUERY, Meaning};
use crate::scan::{ESC, Kind, Machine, Step};

/// Most bytes of a UTF-8 character that is not whole yet.
const MAX_PARTIAL: usize = 3;

/// What becomes of the open sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It could still be a question: it is held back.
    Undecided,
    /// It is none: it passes as it comes.
    Passes,
    /// It could still be one and is too long to wait for.
    Dropped,
}

/// Takes terminal queries and program status out of a byte stream; everything else passes byte for byte, however the stream
/// is cut into chunks. Held back are only a sequence that could become a query, up to 8 KiB, and a
/// character that is not whole.
pub struct QueryFilter {
    machine: Machine,
    fate: Fate,
    held: Vec<u8>,
    /// Whether what passed last is a sequence or a character that only the next `ESC` ends.
    unfinished: bool,
    /// The last bytes of text that passed, as many as can begin a character.
    text: Vec<u8>,
    /// What passed of a character that is not whole yet.
    partial: Vec<u8>,
}

impl Default for QueryFilter {
    fn default() -> Self {
        Self::new()
    }
}

/// The part of a chunk that passes, put together only where something is left out.
struct Passing<'a> {
    chunk: &'a [u8],
    before: Vec<u8>,
    /// From here on the chunk passes, until told otherwise.
    from: usize,
}

impl<'a> Passing<'a> {
    /// Leaves out a part of the chunk, and puts in something else.
    fn cut(&mut self, start: usize, end: usize, instead: &[u8]) {
        self.before.extend_from_slice(&self.chunk[self.from..start]);
        self.before.extend_from_slice(instead);
        self.from = end;
    }

    fn finish(mut self, end: usize) -> Cow<'a, [u8]> {
        let rest = &self.chunk[self.from.min(end)..end];
        if self.before.is_empty() {
            return Cow::Borrowed(rest);
        }
        self.before.extend_from_slice(rest);
        Cow::Owned(self.before)
    }
}

/// How many bytes at the end begin a character that is not whole.
fn partial_length(text: &[u8]) -> usize {
    let end = &text[text.len().saturating_sub(MAX_PARTIAL)..];
    let Some(lead) = end.iter().rposition(|byte| *byte >= 0xc0) else { return 0 };
    match std::str::from_utf8(&end[lead..]) {
        Err(error) if error.error_len().is_none() => end.len() - lead,
        _ => 0,
    }
}

impl QueryFilter {
    /// A filter at the start of a stream, or of a repaint.
    #[must_use]
    pub fn new() -> Self {
        Self {
            machine: Machine::new(),
            fate: Fate::Undecided,
            held: Vec::new(),
            unfinished: false,
            text: Vec::new(),
            partial: Vec::new(),
        }
    }

    /// The bytes of the stream that may pass by now; they never end within a character, for decoders
    /// that take a character in two parts get it wrong (xterm.js does) or refuse it (as text).
    pub fn strip<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut passed = self.pass(bytes);
        if !self.partial.is_empty() {
            passed = Cow::Owned([std::mem::take(&mut self.partial), passed.into_owned()].concat());
        }
        let whole = passed.len() - partial_length(&passed);
        self.partial.extend_from_slice(&passed[whole..]);
        match passed {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..whole]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(whole);
                Cow::Owned(bytes)
            }
        }
    }

    fn pass<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if bytes.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut passing = Passing { chunk: bytes, before: Vec::new(), from: 0 };
        // Where the part of the open sequence that is in this chunk begins.
        let mut start = 0;
        let mut at = 0;
        while at < bytes.len() {
            if !self.machine.in_sequence() {
                let plain = self.machine.plain(&bytes[at..]);
                self.note_text(&bytes[at..at + plain]);
                at += plain;
                start = at;
                self.fate = Fate::Undecided;
                if at == bytes.len() {
                    break;
                }
                if let Some(length) = self.machine.whole_csi(&bytes[at..]) {
                    at += length;
                    if query::may_be_csi_query(bytes[at - 1]) {
                        self.end(&mut passing, Some(Kind::Csi), start, at);
                    } else {
                        self.unfinished = false;
                        self.text.clear();
                    }
                    continue;
                }
            }
            let kind = self.machine.kind();
            match self.machine.step(bytes[at]) {
                Step::Inside => self.decide(&mut passing, start, at + 1),
                Step::Text | Step::Cancels(_) => {
                    self.end(&mut passing, None, start, at + 1);
                }
                Step::Ends(ended) => {
                    self.end(&mut passing, Some(ended), start, at + 1);
                }
                Step::Restarts(_) => {
                    self.unfinished = self.end(&mut passing, None, start, at);
                    start = at;
                }
                Step::Breaks(_) => {
                    start = self.break_off(&mut passing, kind, start, at);
                    continue;
                }
            }
            at += 1;
        }
        if !self.machine.in_sequence() {
            return passing.finish(bytes.len());
        }
        match self.fate {
            Fate::Undecided => {
                self.held.extend_from_slice(&bytes[start..]);
                passing.finish(start)
            }
            Fate::Dropped => passing.finish(start),
            // An `ESC` that may end the string may also begin a question.
            Fate::Passes if self.machine.dangling() == Some(ESC) => {
                self.held.push(ESC);
                passing.finish(bytes.len().saturating_sub(1))
            }
            Fate::Passes => passing.finish(bytes.len()),
        }
    }

    /// Whether the open sequence, so far, can still become a question.
    fn decide(&mut self, passing: &mut Passing<'_>, start: usize, end: usize) {
        if self.fate != Fate::Undecided {
            return;
        }
        let length = self.held.len() + end - start;
        let kind = self.machine.kind();
        if length > MAX_QUERY {
            self.fate = Fate::Dropped;
            self.held.clear();
        } else if matches!(kind, Kind::Osc | Kind::Dcs | Kind::Opaque) {
            let may_ask = self.whole(passing.chunk, start, end, |sequence| query::may_ask(kind, sequence));
            if !may_ask {
                self.fate = Fate::Passes;
                self.release(passing, start);
            }
        }
    }

    /// The open sequence is complete or void; answers whether it passed.
    fn end(&mut self, passing: &mut Passing<'_>, kind: Option<Kind>, start: usize, end: usize) -> bool {
        let instead = match self.fate {
            Fate::Passes => None,
            Fate::Dropped => Some(Vec::new()),
            Fate::Undecided => self.instead(passing.chunk, kind, start, end),
        };
        let unfinished = self.unfinished || partial_length(&self.text) > 0;
        match &instead {
            None => self.release(passing, start),
            // ST ends what is unfinished before it, as the question's `ESC` did, and does nothing else.
            Some(instead) if unfinished => passing.cut(start, end, &[b"\x1b\\", &instead[..]].concat()),
            Some(instead) => passing.cut(start, end, instead),
        }
        self.held.clear();
        self.fate = Fate::Undecided;
        self.unfinished = false;
        self.text.clear();
        instead.is_none()
    }

    fn note_text(&mut self, text: &[u8]) {
        if !text.is_empty() {
            self.text.extend_from_slice(&text[text.len().saturating_sub(MAX_PARTIAL)..]);
            self.text.drain(..self.text.len().saturating_sub(MAX_PARTIAL));
            self.unfinished = false;
        }
    }

    /// What takes the place of a whole sequence; `None` for itself.
    fn instead(&mut self, chunk: &[u8], kind: Option<Kind>, start: usize, end: usize) -> Option<Vec<u8>> {
        let kind = kind?;
        match self.whole(chunk, start, end, |sequence| query::read(kind, sequence)) {
            Meaning::Query(_) | Meaning::Report => Some(self.controls(chunk, kind, start, end)),
            Meaning::Colors { colors, .. } => {
                Some(colors.iter().filter_map(query::Color::set_sequence).flatten().collect())
            }
            Meaning::Other => None,
        }
    }

    /// The open string ended at the `ESC` before `at`, which opens what follows; answers its place.
    fn break_off(&mut self, passing: &mut Passing<'_>, kind: Kind, start: usize, at: usize) -> usize {
        if at > start {
            self.unfinished = self.end(passing, Some(kind), start, at - 1);
            return at - 1;
        }
        // The `ESC` came with an earlier chunk, and was held back whatever the string's fate.
        self.held.pop();
        self.unfinished = self.end(passing, Some(kind), start, start);
        self.held.push(ESC);
        start
    }

    fn whole<T>(&mut self, chunk: &[u8], start: usize, end: usize, read: impl Fn(&[u8]) -> T) -> T {
        if self.held.is_empty() {
            return read(&chunk[start..end]);
        }
        let length = self.held.len();
        self.held.extend_from_slice(&chunk[start..end]);
        let answer = read(&self.held);
        self.held.truncate(length);
        answer
    }

    /// Lets what was held of a sequence pass, before what the chunk has of it.
    fn release(&mut self, passing: &mut Passing<'_>, start: usize) {
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            passing.cut(start, start, &held);
        }
    }

    /// Controls inside a sequence are carried out by terminals, so they pass though the question does not.
    fn controls(&mut self, chunk: &[u8], kind: Kind, start: usize, end: usize) -> Vec<u8> {
        if !matches!(kind, Kind::Csi | Kind::Escape) {
            return Vec::new();
        }
        let control = |b: &u8| *b < 0x20 && *b != ESC;
        self.whole(chunk, start, end, |sequence| sequence.iter().copied().filter(control).collect())
    }
}
