//! The screen itself: bytes in, answers out, and what it shows.
//!
//! Owns the cutting of the stream, so that the model only ever sees whole sequences and whole characters,
//! and what is not whole yet can be handed on. Must not know who reads the answers or the repaint.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::cell::{Cell, DIM, Symbol};
use crate::extras::Link;
use crate::model::{Model, Size};
use crate::paint;
use crate::params::Params;
use crate::query::{self, Color, MAX_QUERY, Meaning};
use crate::scan::{ESC, Kind, Machine, Step};
use crate::signals::{Signal, Signals};
use crate::text::{self, Piece};

/// Longest sequence that is read: titles and links are far shorter. A longer one (an image, a clipboard)
/// is left out of the model, which shows neither.
const MAX_SEQUENCE: usize = 64 * 1024;

/// Most links that are told: more are a list, not a place to sign in.
const MAX_LINKS: usize = 100;

/// The screen of one terminal.
pub struct Screen {
    model: Model,
    params: Params,
    machine: Machine,
    /// The open sequence.
    held: Vec<u8>,
    /// Whether the open sequence was too long, and `held` only stands for it.
    overlong: bool,
    /// The beginning of a character.
    partial: Vec<u8>,
    signals: Signals,
}

impl Screen {
    /// An empty screen that keeps `scrollback` lines. Sizes below 2×1 are taken for 2×1.
    #[must_use]
    pub fn new(cols: u16, rows: u16, scrollback: usize) -> Self {
        Self {
            model: Model::new(&bounded(cols, rows), scrollback),
            params: Params::new(),
            machine: Machine::new(),
            held: Vec::new(),
            overlong: false,
            partial: Vec::new(),
            signals: Signals::default(),
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
                self.csi(&rest[..length], &mut answers);
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
        self.model.buffer().rows.iter().map(|row| self.row_text(row.cells())).collect()
    }

    /// The visible rows as text, each with blanks for its faint characters; `None` where there is none.
    #[must_use]
    pub fn without_faint(&self) -> Vec<Option<String>> {
        let bright = |cells: &[Cell]| {
            let is_faint = |cell: &Cell| cell.has_content() && cell.ink.bg & DIM != 0;
            cells.iter().any(is_faint).then(|| {
                let blank = |cell: &Cell| if is_faint(cell) { Cell::nothing(cell.ink) } else { *cell };
                self.row_text(&cells.iter().map(blank).collect::<Vec<_>>())
            })
        };
        self.model.buffer().rows.iter().map(|row| bright(row.cells())).collect()
    }

    /// All rows as text, those above the screen first, without trailing blanks.
    #[must_use]
    pub fn all_lines(&self) -> Vec<String> {
        let buffer = self.model.buffer();
        let above = buffer.history.newest(usize::MAX, buffer.cols).map(|row| self.row_text(row.cells()));
        above.chain(self.lines()).collect()
    }

    /// A number that stays the same while the visible text does, and whether the alternate screen is shown.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.model.on_alternate.hash(&mut hasher);
        for cell in self.model.buffer().rows.iter().flat_map(|row| row.cells()) {
            match cell.symbol() {
                Symbol::Nothing => ' '.hash(&mut hasher),
                Symbol::Char(c) => c.hash(&mut hasher),
                Symbol::Text(number) => self.model.extras.text(number).hash(&mut hasher),
            }
        }
        hasher.finish()
    }

    /// Whether the row goes on in the next because it was too long for the screen's width.
    #[must_use]
    pub fn wraps(&self, row: u16) -> bool {
        self.model.buffer().rows.get(usize::from(row) + 1).is_some_and(|next| next.wrapped)
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
        self.model.on_alternate
    }

    /// Whether the program is in the middle of a frame (synchronized output): what is shown is not
    /// what it means to show.
    #[must_use]
    pub fn mid_frame(&self) -> bool {
        self.model.modes.has(crate::modes::SYNCHRONIZED)
    }

    /// Whether the program wants to be told what is pasted.
    #[must_use]
    pub fn bracketed_paste(&self) -> bool {
        self.model.modes.has(crate::modes::BRACKETED_PASTE)
    }

    /// Where the links lead that are shown, each once, with the first row of each; a hundred at most.
    #[must_use]
    pub fn links(&self) -> Vec<(String, u16)> {
        let mut seen: Vec<Arc<Link>> = Vec::new();
        let mut links = Vec::new();
        for (number, row) in self.model.buffer().rows.iter().enumerate() {
            for look in row.cells().iter().map(|cell| cell.ink.look).filter(|look| *look != 0) {
                let Some(link) = self.model.extras.look(look).link else { continue };
                if links.len() < MAX_LINKS && !seen.contains(&link) {
                    links.push((link.uri.clone(), narrow(number)));
                    seen.push(link);
                }
            }
        }
        links
    }

    /// What the program said beside its screen since this was last asked.
    pub fn take_signals(&mut self) -> Vec<Signal> {
        self.signals.take()
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
        while !rest.is_empty() {
            match text::piece(rest) {
                Piece::Ascii(run) => {
                    self.model.print_ascii(run);
                    rest = &rest[run.len()..];
                }
                Piece::Control(byte) => {
                    self.model.control(byte);
                    rest = &rest[1..];
                }
                Piece::Char(c) => {
                    self.model.print(c);
                    rest = &rest[c.len_utf8()..];
                }
                Piece::Nothing(length) => rest = &rest[length..],
                Piece::Partial => {
                    self.partial.extend_from_slice(rest);
                    return;
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

    /// Carries out the controls in a sequence.
    fn controls(&mut self, kind: Kind, sequence: &[u8]) {
        if matches!(kind, Kind::Escape | Kind::Csi) {
            let controls = sequence.iter().filter(|byte| **byte < 0x20 && **byte != ESC);
            controls.for_each(|byte| self.model.control(*byte));
        }
    }

    fn forget(&mut self) {
        self.model.preceding = Default::default();
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
        self.controls(kind, sequence);
        match kind {
            Kind::Csi => self.csi(sequence, answers),
            Kind::Opaque => {}
            Kind::Escape | Kind::Osc | Kind::Dcs => match query::read(kind, sequence) {
                Meaning::Other | Meaning::Report => self.other(kind, sequence),
                asks => self.ask(&asks, answers),
            },
        }
    }

    /// A sequence of CSI that is whole.
    fn csi(&mut self, sequence: &[u8], answers: &mut Vec<u8>) {
        let (inside, last) = (&sequence[2..sequence.len() - 1], sequence[sequence.len() - 1]);
        if query::may_be_csi_query(last) {
            let meaning = query::read(Kind::Csi, sequence);
            if meaning != Meaning::Other {
                self.model.preceding = Default::default();
                return self.ask(&meaning, answers);
            }
        }
        if let Some(collected) = self.params.read(inside) {
            self.model.csi(&self.params, collected, last);
        }
        self.model.preceding = Default::default();
    }

    fn ask(&mut self, meaning: &Meaning, answers: &mut Vec<u8>) {
        match meaning {
            Meaning::Query(query) => answers.extend_from_slice(self.model.answer(query).as_bytes()),
            Meaning::Colors { colors, bell } => {
                for color in colors {
                    self.color(color, *bell, answers);
                }
            }
            Meaning::Other | Meaning::Report => {}
        }
    }

    /// A sequence that asks nothing.
    fn other(&mut self, kind: Kind, sequence: &[u8]) {
        match (kind, sequence) {
            (Kind::Osc, _) => {
                let body = query::string_body(sequence).0;
                self.signals.osc(body);
                self.model.osc(body);
            }
            (Kind::Escape, [ESC, inside @ .., last]) => {
                let collected: Vec<u8> =
                    inside.iter().copied().filter(|byte| (b' '..=b'/').contains(byte)).collect();
                self.model.escape(&collected, *last);
            }
            // A C1 control in UTF-8.
            (Kind::Escape, [_, control]) => self.model.control(*control),
            _ => {}
        }
    }

    fn color(&mut self, color: &Color, bell: bool, answers: &mut Vec<u8>) {
        match color.set_sequence() {
            None => answers.extend_from_slice(self.model.color_answer(&color.name, bell).as_bytes()),
            Some(set) => self.model.osc(query::string_body(&set).0),
        }
    }

    fn row_text(&self, cells: &[Cell]) -> String {
        let mut text = String::with_capacity(cells.len());
        for (col, cell) in cells.iter().enumerate() {
            if cell.has_content() {
                self.model.push_text(*cell, &mut text);
            } else if cell.width() > 0 || col == 0 || cells[col - 1].width() != 2 {
                text.push(' ');
            }
        }
        text.truncate(text.trim_end().len());
        text
    }
}

fn bounded(cols: u16, rows: u16) -> Size {
    Size { cols: usize::from(cols.max(2)), rows: usize::from(rows.max(1)) }
}

fn narrow(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}
