//! First, plain form of the screen: text and cursor are right, attributes are not repainted yet.
//!
//! Owns the emulator's lifetime. Must not know who reads the answers.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use alacritty_terminal::Term;
use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::{Config, TermMode};
use alacritty_terminal::vte::ansi::Processor;

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<(Vec<u8>, Option<String>)>>);

impl EventListener for Heard {
    fn send_event(&self, event: Event) {
        let Ok(mut heard) = self.0.lock() else { return };
        match event {
            Event::PtyWrite(text) => heard.0.extend_from_slice(text.as_bytes()),
            Event::Title(title) => heard.1 = Some(title),
            Event::ResetTitle => heard.1 = None,
            _ => {}
        }
    }
}

struct Size(u16, u16);

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.1.into()
    }
    fn screen_lines(&self) -> usize {
        self.1.into()
    }
    fn columns(&self) -> usize {
        self.0.into()
    }
}

/// The screen of one terminal.
pub struct Screen {
    term: Term<Heard>,
    processor: Processor,
    heard: Heard,
    size: (u16, u16),
}

impl Screen {
    /// An empty screen that keeps `scrollback` lines.
    #[must_use]
    pub fn new(cols: u16, rows: u16, scrollback: usize) -> Self {
        let heard = Heard::default();
        let config = Config { scrolling_history: scrollback, kitty_keyboard: true, ..Config::default() };
        let term = Term::new(config, &Size(cols, rows), heard.clone());
        Self { term, processor: Processor::new(), heard, size: (cols, rows) }
    }

    /// Applies PTY output; returns the answers to the queries in it, usually empty.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.processor.advance(&mut self.term, bytes);
        self.heard.0.lock().map(|mut heard| std::mem::take(&mut heard.0)).unwrap_or_default()
    }

    /// Sets the size.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.size = (cols, rows);
        self.term.resize(Size(cols, rows));
    }

    /// Bytes that make a freshly reset terminal show the same.
    #[must_use]
    pub fn repaint(&self) -> Vec<u8> {
        let (row, col) = self.cursor();
        format!("\x1bc{}\x1b[{};{}H", self.lines().join("\r\n"), row + 1, col + 1).into_bytes()
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// The visible rows as text, without trailing blanks.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let row = |line: u16| {
            let cells = (0..self.size.0).map(|col| &self.term.grid()[Line(line.into())][Column(col.into())]);
            let text: String = cells
                .filter(|cell| !cell.flags.contains(Flags::WIDE_CHAR_SPACER))
                .map(|cell| cell.c)
                .collect();
            text.trim_end().to_owned()
        };
        (0..self.size.1).map(row).collect()
    }

    /// Row and column of the cursor, from 0.
    #[must_use]
    pub fn cursor(&self) -> (u16, u16) {
        let point = self.term.grid().cursor.point;
        (u16::try_from(point.line.0).unwrap_or(0), u16::try_from(point.column.0).unwrap_or(0))
    }

    /// The title that the program set.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        self.heard.0.lock().ok().and_then(|heard| heard.1.clone())
    }

    /// Whether the alternate screen is shown.
    #[must_use]
    pub fn alternate(&self) -> bool {
        self.term.mode().contains(TermMode::ALT_SCREEN)
    }
}

/// Takes terminal queries out of a byte stream.
#[derive(Default)]
pub struct QueryFilter {}

impl QueryFilter {
    /// A filter at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes without the queries; for now nothing is recognised as one.
    pub fn strip<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Borrowed(bytes)
    }
}
