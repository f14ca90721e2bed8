//! A recording as lines of text with the time at which each was first seen: for searching.
//!
//! Owns what counts as a line that was seen. Must not know who searches.
//!
//! Programs paint, so their bytes are no text. The recording is replayed into a screen, which is looked at
//! whenever the program pauses and at short intervals; a line that was not there at the look before is new.

use std::collections::HashSet;

use raven_protocol::time::Timestamp;
use raven_screen::Screen;
use serde::Serialize;

use super::entry::{Entry, What};
use super::log::unreadable;
use super::reader::Reader;
use crate::error::Error;

/// A pause after which the screen is looked at, in milliseconds.
const PAUSE_MS: i64 = 150;

/// Output after which it is looked at all the same, in bytes: less than scrolls out of what is kept.
const LOOK_AFTER: usize = 2 * 1024;

/// Lines above the screen that are looked at.
const SCROLLBACK: usize = 1000;

/// Bytes of output that are replayed for one transcript; the rest is left out, and that is told.
const MAX_REPLAYED: u64 = 16 * 1024 * 1024;

/// Lines of one transcript.
const MAX_LINES: usize = 20_000;

/// What was seen, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transcript {
    pub lines: Vec<TranscriptLine>,
    /// The recording is longer than what was read.
    pub truncated: bool,
}

/// A line as it was first seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptLine {
    /// Milliseconds since the recording began.
    pub at_ms: i64,
    pub text: String,
}

/// Reads a recording as text.
pub async fn of(mut reader: Reader) -> Result<Transcript, Error> {
    let mut replay = Replay::new(reader.row.started_at);
    while let Some(entries) = reader.next().await.map_err(unreadable)? {
        // A block is a megabyte at most: milliseconds of work, away from the async threads.
        let (next, more) = tokio::task::spawn_blocking(move || {
            let more = entries.iter().all(|entry| replay.take(entry));
            (replay, more)
        })
        .await
        .map_err(anyhow::Error::from)?;
        replay = next;
        if !more {
            return Ok(Transcript { truncated: true, lines: replay.lines });
        }
    }
    replay.look();
    Ok(Transcript { truncated: false, lines: replay.lines })
}

struct Replay {
    screen: Screen,
    started: i64,
    last: Timestamp,
    since_look: usize,
    replayed: u64,
    /// What the last look saw.
    seen: HashSet<String>,
    lines: Vec<TranscriptLine>,
}

impl Replay {
    fn new(started: i64) -> Self {
        Self {
            screen: Screen::new(80, 24, SCROLLBACK),
            started,
            last: Timestamp::from_millis(started),
            since_look: 0,
            replayed: 0,
            seen: HashSet::new(),
            lines: Vec::new(),
        }
    }

    /// Replays an entry; false when enough was read.
    fn take(&mut self, entry: &Entry) -> bool {
        if entry.at.as_millis() - self.last.as_millis() >= PAUSE_MS {
            self.look();
        }
        match &entry.what {
            What::Begin(begin) => self.screen = Screen::new(begin.size.cols, begin.size.rows, SCROLLBACK),
            What::Size(size) => self.screen.resize(size.cols, size.rows),
            What::Repaint { bytes, .. } => {
                let (cols, rows) = self.screen.size();
                self.screen = Screen::new(cols, rows, SCROLLBACK);
                self.feed(entry.at, bytes);
            }
            What::Output { bytes, .. } => self.feed(entry.at, bytes),
            What::End { .. } => self.look(),
            What::Input { .. } | What::Mark(_) | What::Gap { .. } => {}
        }
        self.replayed < MAX_REPLAYED && self.lines.len() < MAX_LINES
    }

    fn feed(&mut self, at: Timestamp, bytes: &[u8]) {
        self.last = at;
        for chunk in bytes.chunks(LOOK_AFTER) {
            let _nobody_asks = self.screen.feed(chunk);
            self.replayed += chunk.len() as u64;
            self.since_look += chunk.len();
            if self.since_look >= LOOK_AFTER {
                self.look();
            }
        }
    }

    fn look(&mut self) {
        if std::mem::take(&mut self.since_look) == 0 {
            return;
        }
        let at_ms = self.last.as_millis() - self.started;
        let now: Vec<String> = self.screen.all_lines();
        for line in &now {
            let is_new = !line.trim().is_empty() && !self.seen.contains(line);
            if is_new && self.lines.len() < MAX_LINES {
                self.lines.push(TranscriptLine { at_ms, text: line.clone() });
            }
        }
        self.seen = now.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn replayed(outputs: &[(i64, &'static str)]) -> Vec<(i64, String)> {
        let mut replay = Replay::new(1_000);
        for (at, text) in outputs {
            let what = What::Output { offset: 0, bytes: Bytes::from_static(text.as_bytes()) };
            assert!(replay.take(&Entry { at: Timestamp::from_millis(1_000 + at), what }));
        }
        replay.look();
        replay.lines.into_iter().map(|line| (line.at_ms, line.text)).collect()
    }

    #[test]
    fn lines_are_what_was_seen_not_what_was_sent() {
        let painted = "\x1b[2J\x1b[3;5Hhello \x1b[1mworld\x1b[m\x1b[3;5Hjello";
        let lines = replayed(&[(0, "$ make"), (10, " all\r\n"), (400, painted), (900, "\x1b[4;1Hdone")]);
        let expected =
            [(10, "$ make all".to_owned()), (400, "    jello world".to_owned()), (900, "done".to_owned())];
        assert_eq!(lines, expected);
    }

    #[test]
    fn nothing_that_scrolls_by_is_missed() {
        let mut replay = Replay::new(0);
        for n in 0..5_000 {
            let bytes = Bytes::from(format!("line {n}\r\n"));
            replay.take(&Entry { at: Timestamp::from_millis(n), what: What::Output { offset: 0, bytes } });
        }
        replay.look();
        let lines: Vec<String> = replay.lines.into_iter().map(|line| line.text).collect();
        let expected: Vec<String> = (0..5_000).map(|n| format!("line {n}")).collect();
        assert_eq!(lines, expected);
    }
}
