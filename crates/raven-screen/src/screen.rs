//! The screen itself: bytes in, answers out, and what it shows.
//!
//! Owns the cutting of the stream, so that the model only ever sees whole sequences and whole characters,
//! and what is not whole yet can be handed on. Must not know who reads the answers or the repaint.

use alacritty_terminal::grid::Dimensions as _;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi::{Processor, Timeout};

use crate::model::{Model, Size};
use crate::paint;
use crate::query::{self, Color, MAX_QUERY, Meaning};
use crate::scan::{ESC, Kind, Machine, Step};

/// Longest sequence that is read: titles and links are far shorter. A longer one (an image, a clipboard)
/// is left out of the model, which shows neither.
const MAX_SEQUENCE: usize = 64 * 1024;

/// Frames are applied as they come; that one is open is a mode like others.
#[derive(Default)]
struct Immediate;

impl Timeout for Immediate {
    fn set_timeout(&mut self, _: std::time::Duration) {}
    fn clear_timeout(&mut self) {}
    fn pending_timeout(&self) -> bool {
        false
    }
}

/// The screen of one terminal.
pub struct Screen {
    model: Model,
    processor: Processor<Immediate>,
    machine: Machine,
    /// The open sequence.
    held: Vec<u8>,
    /// Whether the open sequence was too long, and `held` only stands for it.
    overlong: bool,
    /// The beginning of a character.
    partial: Vec<u8>,
}

impl Screen {
    /// An empty screen that keeps `scrollback` lines. Sizes below 2×1 are taken for 2×1.
    #[must_use]
    pub fn new(cols: u16, rows: u16, scrollback: usize) -> Self {
        Self {
            model: Model::new(&bounded(cols, rows), scrollback),
            processor: Processor::new(),
            machine: Machine::new(),
            held: Vec::new(),
            overlong: false,
            partial: Vec::new(),
        }
    }

    /// Applies PTY output; returns the bytes with which the terminal answers the questions in it, in
    /// their order. Usually empty. Only the host of the PTY writes them to it.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            let plain = self.machine.plain(rest);
            if plain > 0 {
                self.text(&rest[..plain]);
                rest = &rest[plain..];
            } else if let Some(length) = self.machine.whole_csi(rest) {
                self.partial.clear();
                self.carry_out(Kind::Csi, &rest[..length], &mut answers);
                self.model.last = None;
                rest = &rest[length..];
            } else {
                self.byte(byte, &mut answers);
                rest = &rest[1..];
            }
        }
        answers
    }

    /// Sets the size; the primary screen's lines are wrapped anew.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        let size = bounded(cols, rows);
        if (size.cols, size.rows) != (self.model.cols(), self.model.rows()) {
            self.model.resize(&size);
        }
    }

    /// Bytes that make any terminal of the same size show the same, and leave it in the same state, so
    /// that the live stream can follow at any byte. They begin with a reset.
    ///
    /// For a viewer whose stream goes through a [`QueryFilter`], the repaint goes through a new one
    /// first: that one ends up holding back just what the stream's holds.
    #[must_use]
    pub fn repaint(&self) -> Vec<u8> {
        self.repaint_with(usize::MAX)
    }

    /// As [`Self::repaint`], with at most so many lines of scrollback.
    #[must_use]
    pub fn repaint_with(&self, scrollback: usize) -> Vec<u8> {
        let mut bytes = paint::repaint(&self.model, scrollback);
        bytes.extend_from_slice(&self.partial);
        bytes.extend_from_slice(&self.held);
        if self.overlong {
            bytes.extend(self.machine.dangling());
        }
        bytes
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        (narrow(self.model.cols()), narrow(self.model.rows()))
    }

    /// The visible rows as text, without trailing blanks.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let grid = self.model.grid();
        (0..i32::from(self.size().1)).map(|row| row_text(&grid[Line(row)][..])).collect()
    }

    /// All rows as text, those above the screen first, without trailing blanks.
    #[must_use]
    pub fn all_lines(&self) -> Vec<String> {
        let grid = self.model.grid();
        (grid.topmost_line().0..=grid.bottommost_line().0).map(|row| row_text(&grid[Line(row)][..])).collect()
    }

    /// Whether the row goes on in the next because it was too long for the screen's width.
    #[must_use]
    pub fn wraps(&self, row: u16) -> bool {
        let last = Column(self.model.cols() - 1);
        row < self.size().1 && self.model.grid()[Line(i32::from(row))][last].flags.contains(Flags::WRAPLINE)
    }

    /// Row and column of the cursor, from 0.
    #[must_use]
    pub fn cursor(&self) -> (u16, u16) {
        let (row, col) = self.model.at();
        (narrow(row), narrow(col))
    }

    /// The title that the program set.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        self.model.titles.current().map(str::to_owned)
    }

    /// Whether the alternate screen is shown.
    #[must_use]
    pub fn alternate(&self) -> bool {
        self.model.primary.is_some()
    }

    /// Whether the program is in the middle of a frame (synchronized output): what is shown is not
    /// what it means to show.
    #[must_use]
    pub fn mid_frame(&self) -> bool {
        self.model.modes.has(crate::modes::SYNCHRONIZED)
    }

    #[cfg(test)]
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// Whole characters go on; a beginning is kept; what is no UTF-8 is dropped, as xterm.js does.
    fn text(&mut self, bytes: &[u8]) {
        let mut joined = Vec::new();
        let mut rest = bytes;
        if !self.partial.is_empty() {
            joined.append(&mut self.partial);
            joined.extend_from_slice(bytes);
            rest = &joined;
        }
        loop {
            match std::str::from_utf8(rest) {
                Ok(_) => return self.processor.advance(&mut self.model, rest),
                Err(error) => {
                    let (valid, invalid) = rest.split_at(error.valid_up_to());
                    self.processor.advance(&mut self.model, valid);
                    let Some(length) = error.error_len() else {
                        self.partial.extend_from_slice(invalid);
                        return;
                    };
                    rest = &invalid[length..];
                }
            }
        }
    }

    fn byte(&mut self, byte: u8, answers: &mut Vec<u8>) {
        if !self.machine.in_sequence() {
            self.drop_partial(byte);
        }
        match self.machine.step(byte) {
            Step::Text => {
                self.held.push(byte);
                let text = std::mem::take(&mut self.held);
                self.text(&text);
            }
            Step::Inside => self.hold(byte),
            Step::Ends(kind) => {
                self.hold(byte);
                self.finish(kind, answers);
            }
            Step::Cancels(kind) => {
                let void = std::mem::take(&mut self.held);
                self.controls(kind, &void);
                self.forget();
            }
            Step::Breaks(kind) => {
                self.held.pop();
                self.finish(kind, answers);
                self.held.push(ESC);
                self.byte(byte, answers);
            }
            Step::Restarts(kind) => {
                let void = std::mem::take(&mut self.held);
                self.controls(kind, &void);
                self.forget();
                self.held.push(byte);
            }
        }
    }

    /// A character that something interrupts never becomes whole.
    fn drop_partial(&mut self, next: u8) {
        if next == ESC || next == 0xc2 {
            self.partial.clear();
        }
    }

    fn hold(&mut self, byte: u8) {
        if self.overlong {
            return;
        }
        self.held.push(byte);
        if self.held.len() > MAX_SEQUENCE {
            self.overlong = true;
            self.held.clear();
            let stand_in: &[u8] = match self.machine.kind() {
                Kind::Escape => b"\x1b ",
                Kind::Csi => b"\x1b[0<",
                Kind::Osc => b"\x1b]x",
                Kind::Dcs => b"\x1bPx",
                Kind::Opaque => b"\x1bX",
            };
            self.held.extend_from_slice(stand_in);
        }
    }

    /// Carries out the controls in a sequence that is not given to the parser.
    fn controls(&mut self, kind: Kind, sequence: &[u8]) {
        if matches!(kind, Kind::Escape | Kind::Csi) {
            for byte in sequence.iter().filter(|byte| **byte < 0x20 && **byte != ESC) {
                self.processor.advance(&mut self.model, &[*byte]);
            }
        }
    }

    fn forget(&mut self) {
        self.model.last = None;
        self.overlong = false;
        self.held.clear();
    }

    /// Carries out the sequence that is held.
    fn finish(&mut self, kind: Kind, answers: &mut Vec<u8>) {
        let ignored = self.overlong || self.held.len() > MAX_QUERY && query::may_ask(kind, &self.held);
        if !ignored {
            let sequence = std::mem::take(&mut self.held);
            self.carry_out(kind, &sequence, answers);
            self.held = sequence;
        }
        self.forget();
    }

    fn carry_out(&mut self, kind: Kind, sequence: &[u8], answers: &mut Vec<u8>) {
        let meaning = query::read(kind, sequence);
        if meaning != Meaning::Other {
            self.controls(kind, sequence);
        }
        match meaning {
            Meaning::Query(query) => answers.extend_from_slice(self.model.answer(&query).as_bytes()),
            Meaning::Colors { colors, bell } => {
                for color in &colors {
                    self.color(color, bell, answers);
                }
            }
            Meaning::Repeat(count) => self.model.repeat(count),
            Meaning::Down(rows) => {
                let (row, col) = self.model.at();
                self.model.place(row + usize::from(rows), col);
            }
            Meaning::SoftReset => self.model.soft_reset(),
            Meaning::Other if matches!(kind, Kind::Dcs | Kind::Opaque) => {}
            Meaning::Other => {
                self.model.last = None;
                self.processor.advance(&mut self.model, &seven_bit(kind, sequence));
            }
        }
    }

    fn color(&mut self, color: &Color, bell: bool, answers: &mut Vec<u8>) {
        match color.set_sequence() {
            None => answers.extend_from_slice(self.model.color_answer(&color.name, bell).as_bytes()),
            Some(set) => self.processor.advance(&mut self.model, &set),
        }
    }
}

/// A sequence as the parser knows it: no C1 controls, and strings with a terminator.
fn seven_bit(kind: Kind, sequence: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let terminated = kind != Kind::Osc || sequence.ends_with(b"\x07") || sequence.ends_with(b"\x1b\\");
    if sequence[0] == ESC && terminated {
        return sequence.into();
    }
    let opener = if sequence[0] == ESC { sequence[1] } else { sequence[1] - 0x40 };
    let mut plain = vec![ESC, opener];
    plain.extend_from_slice(sequence[2..].strip_suffix(b"\xc2\x9c").unwrap_or(&sequence[2..]));
    if !terminated {
        plain.extend_from_slice(b"\x1b\\");
    }
    plain.into()
}

fn bounded(cols: u16, rows: u16) -> Size {
    Size { cols: usize::from(cols.max(2)), rows: usize::from(rows.max(1)) }
}

fn narrow(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn row_text(cells: &[alacritty_terminal::term::cell::Cell]) -> String {
    let mut text = String::with_capacity(cells.len());
    for cell in cells.iter().filter(|cell| !cell.flags.contains(Flags::WIDE_CHAR_SPACER)) {
        text.push(cell.c);
        text.extend(cell.zerowidth().unwrap_or_default());
    }
    text.truncate(text.trim_end().len());
    text
}
