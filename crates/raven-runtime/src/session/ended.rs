//! What is left of a terminal whose program has ended: the rest of its log, or its last screen.
//!
//! Owns reading an agent's folder as if it were a live stream. Must not know who reads it.

use std::io;
use std::path::Path;

use bytes::Bytes;
use raven_protocol::runtime_api::ScreenJson;
use raven_protocol::terminal::{Exit, Frame, FrameKind, MAX_FRAME_PAYLOAD, ServerControl, TerminalSize};
use raven_screen::Screen;

use crate::files;
use crate::host::hub::SCROLLBACK;
use crate::host::journal::Journal;
use crate::host::wire::{Outcome, Reader, file, json_message};

/// Bytes of the log from which a screen is made again when its host died without keeping it.
const REBUILD: u64 = 1024 * 1024;

/// A stream from an agent's folder.
pub struct Ended {
    journal: Journal,
    reader: Reader,
    stage: Stage,
    offset: u64,
    size: TerminalSize,
    exit: Exit,
    repaint: Option<Vec<u8>>,
}

enum Stage {
    Hello,
    Screen,
    Log,
    Over,
}

impl Ended {
    /// Opens a folder; what is missing in it is empty.
    pub fn open(
        folder: &Path,
        started: TerminalSize,
        (since, reader): (Option<u64>, Reader),
    ) -> io::Result<Self> {
        let journal = Journal::open(&folder.join(file::LOG))?;
        let outcome: Option<Outcome> = files::read_json(&folder.join(file::OUTCOME))?;
        let exit = outcome.map_or(Exit { code: None, signal: None }, |outcome| outcome.exit);
        let screen: Option<ScreenJson> = files::read_json(&folder.join(file::SCREEN))?;
        let size = screen.map_or(started, |screen| screen.size);
        let since = match reader {
            Reader::Viewer => since,
            Reader::Recorder => Some(since.unwrap_or(0).max(journal.base())),
        };
        let resumed = since.filter(|since| (journal.base()..=journal.head()).contains(since));
        let repaint = match resumed {
            Some(_) => None,
            None => Some(match files::read(&folder.join(file::REPAINT)) {
                Ok(bytes) => bytes,
                Err(_not_kept) => rebuild(folder, started)?.repaint(),
            }),
        };
        let offset = resumed.unwrap_or(journal.head());
        Ok(Self { journal, reader, stage: Stage::Hello, offset, size, exit, repaint })
    }

    /// The next message, with its kind byte; `None` after the last.
    pub fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            match self.stage {
                Stage::Hello => {
                    self.stage = Stage::Screen;
                    let (base, head, size) = (self.journal.base(), self.journal.head(), self.size);
                    return json_message(&ServerControl::Hello { base, head, size }).map(Some);
                }
                Stage::Screen => {
                    self.stage = Stage::Log;
                    if let Some(bytes) = self.repaint.take() {
                        let frame = Frame { kind: FrameKind::Repaint, offset: self.offset, bytes: &bytes };
                        return Ok(Some(frame.encode().into()));
                    }
                }
                Stage::Log => {
                    let left = self.journal.head() - self.offset;
                    if let Some(message) = self.journal.frame(self.offset, left, self.reader)? {
                        self.offset = message.until;
                        return Ok(Some(message.bytes.into()));
                    }
                    self.stage = Stage::Over;
                    return json_message(&ServerControl::Exit { exit: self.exit }).map(Some);
                }
                Stage::Over => return Ok(None),
            }
        }
    }
}

/// Makes a screen again from the end of the log.
pub fn rebuild(folder: &Path, size: TerminalSize) -> io::Result<Screen> {
    let journal = Journal::open(&folder.join(file::LOG))?;
    let mut screen = Screen::new(size.cols, size.rows, SCROLLBACK);
    let mut at = journal.head().saturating_sub(REBUILD).max(journal.base());
    let mut bytes = vec![0; MAX_FRAME_PAYLOAD];
    loop {
        let count = journal.read(at, &mut bytes)?;
        if count == 0 {
            return Ok(screen);
        }
        let _nobody_asks_any_more = screen.feed(&bytes[..count]);
        at += count as u64;
    }
}
