//! The terminal behind a screen: what xterm.js does with the same bytes, kept without a browser.
//!
//! Viewers run xterm.js on the stream, so what that does is what the model must do. Owns all state that a
//! repaint needs, and the printing of text. Must not know bytes, sequences or queries.

use std::collections::BTreeMap;

use crate::brush::Brush;
use crate::buffer::Buffer;
use crate::cell::{Cell, Ink, Symbol};
use crate::charset::Charset;
use crate::extras::Extras;
use crate::modes::{Modes, ORIGIN, Switch};
use crate::reflow::Lines;
use crate::title::Titles;
use crate::width;

/// Most repetitions of one REP: more than any screen has cells in a row.
const MOST_REPEATS: usize = 65_535;

/// A size.
pub(crate) struct Size {
    pub(crate) cols: usize,
    pub(crate) rows: usize,
}

/// What was printed last, if nothing but text came since: a mark joins it, and REP repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Preceding {
    /// Its columns; 0 is nothing.
    pub(crate) width: u32,
}

/// The terminal.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) normal: Buffer,
    pub(crate) alternate: Buffer,
    pub(crate) on_alternate: bool,
    pub(crate) brush: Brush,
    /// The set in use; DECRC changes it without changing what is designated.
    pub(crate) charset: Charset,
    /// G0 to G3, and which of them was invoked.
    pub(crate) sets: [Charset; 4],
    pub(crate) level: usize,
    pub(crate) modes: Modes,
    pub(crate) titles: Titles,
    /// Colours that the program set: 0 to 255, and those of text, background and cursor after them.
    pub(crate) colors: BTreeMap<u16, [u8; 3]>,
    /// The parameter of the last DECSCUSR, 1 to 6.
    pub(crate) style: Option<u8>,
    pub(crate) preceding: Preceding,
    /// Number of the next link without an id of its own.
    pub(crate) next_link: u64,
    pub(crate) extras: Extras,
}

impl Model {
    pub(crate) fn new(size: &Size, scrollback: usize) -> Self {
        Self {
            normal: Buffer::primary(size.cols, size.rows, scrollback),
            alternate: Buffer::alternate(size.cols, size.rows),
            on_alternate: false,
            brush: Brush::default(),
            charset: Charset::default(),
            sets: Default::default(),
            level: 0,
            modes: Modes::default(),
            titles: Titles::default(),
            colors: BTreeMap::new(),
            style: None,
            preceding: Preceding::default(),
            next_link: 0,
            extras: Extras::default(),
        }
    }

    /// The screen that is shown.
    pub(crate) fn buffer(&self) -> &Buffer {
        if self.on_alternate { &self.alternate } else { &self.normal }
    }

    pub(crate) fn buffer_mut(&mut self) -> &mut Buffer {
        if self.on_alternate { &mut self.alternate } else { &mut self.normal }
    }

    pub(crate) fn cols(&self) -> usize {
        self.normal.cols
    }

    pub(crate) fn rows(&self) -> usize {
        self.normal.rows.len()
    }

    /// The cursor's row and column; it is never told to be behind the last column.
    pub(crate) fn at(&self) -> (usize, usize) {
        let buffer = self.buffer();
        (buffer.y, buffer.x.min(buffer.cols - 1))
    }

    /// What a cell shows.
    pub(crate) fn push_text(&self, cell: Cell, into: &mut String) {
        match cell.symbol() {
            Symbol::Nothing => {}
            Symbol::Char(c) => into.push(c),
            Symbol::Text(number) => into.push_str(self.extras.text(number)),
        }
    }

    /// Keeps the cursor on the screen, and under DECOM in the region.
    pub(crate) fn restrict(&mut self, last_col: usize) {
        let origin = self.modes.origin();
        let buffer = self.buffer_mut();
        buffer.x = buffer.x.min(last_col);
        buffer.y = if origin {
            buffer.y.clamp(buffer.top, buffer.bottom)
        } else {
            buffer.y.min(buffer.rows.len() - 1)
        };
    }

    /// As [`Self::restrict`], and no wrap is pending any more.
    pub(crate) fn settle(&mut self) {
        self.restrict(self.cols() - 1);
    }

    /// Puts the cursor on a column and a row, which counts from the region's top under DECOM.
    pub(crate) fn place(&mut self, x: i64, y: i64) {
        let top = if self.modes.origin() { self.buffer().top } else { 0 };
        let buffer = self.buffer_mut();
        buffer.x = usize::try_from(x).unwrap_or(0);
        buffer.y = usize::try_from(y.saturating_add(signed(top))).unwrap_or(0);
        self.settle();
    }

    /// Moves the cursor. Under DECOM that counts the region's top once more, as xterm.js does.
    pub(crate) fn shift(&mut self, columns: i64, rows: i64) {
        self.settle();
        let (x, y) = (self.buffer().x, self.buffer().y);
        self.place(signed(x) + columns, signed(y) + rows);
    }

    /// Prints characters that are ASCII and no controls.
    pub(crate) fn print_ascii(&mut self, mut text: &[u8]) {
        if !self.charset.is_ascii() || self.modes.insert {
            text.iter().for_each(|byte| self.print(char::from(*byte)));
            return;
        }
        let wraps = self.modes.wraps();
        let (ink, erased) = (self.brush.ink(), self.brush.erased());
        let follows = self.preceding.width > 0;
        let buffer = self.buffer_mut();
        let (x, cols) = (buffer.x, buffer.cols);
        if !follows {
            buffer.row().cut_head(x, ink);
        }
        while !text.is_empty() {
            if buffer.x >= cols {
                if wraps {
                    wrap(buffer, ink, erased);
                } else {
                    // Each takes the place of the one before.
                    buffer.x = cols - 1;
                    text = &text[text.len() - 1..];
                }
            }
            let x = buffer.x;
            let (now, later) = text.split_at(text.len().min(cols - x));
            buffer.row().print(x, now, ink);
            buffer.x += now.len();
            text = later;
        }
        let x = buffer.x;
        buffer.row().cut_tail(x, ink);
        self.preceding = Preceding { width: 1 };
    }

    /// Prints a character, or joins it to the one before.
    pub(crate) fn print(&mut self, c: char) {
        let c = if c.is_ascii() { self.charset.map(c) } else { c };
        let mut width = if c.is_ascii() { 1 } else { width::columns(c.into()) };
        if width == 0 && self.preceding.width > 0 && self.buffer().x > 0 {
            return self.join(c);
        }
        if width == 0 && self.preceding.width > 0 {
            width = self.preceding.width;
        }
        let follows = self.preceding.width > 0;
        self.preceding = Preceding { width };
        let (wraps, insert) = (self.modes.wraps(), self.modes.insert);
        let (ink, erased) = (self.brush.ink(), self.brush.erased());
        let buffer = self.buffer_mut();
        let (columns, cols) = (width as usize, buffer.cols);
        let x = buffer.x;
        if !follows {
            buffer.row().cut_head(x, ink);
        }
        if buffer.x + columns > cols {
            if wraps {
                wrap(buffer, ink, erased);
            } else {
                buffer.x = cols - 1;
                if width == 2 {
                    return buffer.row().cut_tail(cols - 1, ink);
                }
            }
        }
        let x = buffer.x;
        let row = buffer.row();
        if insert {
            row.insert(x, columns, ink);
        }
        row.set(x, Cell::of(c.into(), width, ink));
        if width == 2 {
            row.set(x + 1, Cell::tail(ink));
        }
        buffer.x = x + columns.max(1);
        let x = buffer.x;
        buffer.row().cut_tail(x, ink);
    }

    /// The column and the cell of what was printed last, if nothing has changed it since.
    pub(crate) fn printed_last(&self) -> Option<(usize, Cell)> {
        let (buffer, width) = (self.buffer(), self.preceding.width);
        let col = buffer.x.checked_sub(width as usize).filter(|_| width > 0)?;
        let cell = *buffer.rows[buffer.y].cells().get(col)?;
        let same = cell.has_content() && cell.width() == width && cell.ink == self.brush.ink();
        same.then_some((col, cell))
    }

    /// A mark goes to the character before.
    fn join(&mut self, mark: char) {
        let width = self.preceding.width;
        let (y, x) = (self.buffer().y, self.buffer().x);
        let row = &self.buffer().rows[y];
        let before = if row.width(x - 1) > 0 { 1 } else { 2 };
        let Some(col) = x.checked_sub(before) else { return };
        let Some(cell) = row.cells().get(col).copied() else { return };
        let mut text = String::new();
        self.push_text(cell, &mut text);
        let marked = if text.is_empty() {
            Cell::of(mark.into(), width, cell.ink)
        } else {
            let Some(number) = self.extras.marked(&text, mark) else { return };
            Cell::of_text(number, width, cell.ink)
        };
        self.buffer_mut().rows[y].set(col, marked);
        if self.extras.is_full() {
            self.sweep();
        }
    }

    /// REP.
    pub(crate) fn repeat(&mut self, count: usize) {
        let width = self.preceding.width as usize;
        let buffer = self.buffer();
        let cell = buffer.x.checked_sub(width).and_then(|x| buffer.rows[buffer.y].cells().get(x));
        let Some(cell) = cell.filter(|_| width > 0).copied() else { return };
        let mut text = String::new();
        self.push_text(cell, &mut text);
        for _ in 0..count.min(MOST_REPEATS) {
            text.chars().for_each(|c| self.print(c));
        }
    }

    /// LF, VT and FF.
    pub(crate) fn line_feed(&mut self) {
        let newline = self.modes.newline;
        let erased = self.brush.erased();
        let buffer = self.buffer_mut();
        if newline {
            buffer.x = 0;
        }
        if buffer.y == buffer.bottom {
            buffer.scroll(erased, false);
        } else if buffer.y + 1 < buffer.rows.len() {
            buffer.y += 1;
            buffer.row().wrapped = false;
        }
        if buffer.x >= buffer.cols {
            buffer.x -= 1;
        }
    }

    /// IND.
    pub(crate) fn index(&mut self) {
        self.settle();
        let erased = self.brush.erased();
        let buffer = self.buffer_mut();
        if buffer.y == buffer.bottom {
            buffer.scroll(erased, false);
        } else {
            buffer.y += 1;
        }
        self.settle();
    }

    /// DECSC.
    pub(crate) fn save_cursor(&mut self) {
        let (fg, bg, charset) = (self.brush.fg, self.brush.bg, self.charset);
        let buffer = self.buffer_mut();
        let (x, y) = (buffer.x, buffer.base + buffer.y);
        buffer.saved = crate::buffer::Saved { x, y, fg, bg, charset };
    }

    /// DECRC.
    pub(crate) fn restore_cursor(&mut self) {
        let buffer = self.buffer_mut();
        let saved = buffer.saved;
        (buffer.x, buffer.y) = (saved.x, buffer.saved_row());
        self.charset = saved.charset;
        self.brush.restore(saved.fg, saved.bg);
        self.brush.dip(&mut self.extras);
        self.settle();
    }

    pub(crate) fn resize(&mut self, size: &Size) {
        self.normal.resize(size.cols, size.rows, Lines::Wrap);
        if self.on_alternate {
            self.alternate.resize(size.cols, size.rows, Lines::Cut);
        } else {
            let saved = self.alternate.saved;
            self.alternate = Buffer { saved, ..Buffer::alternate(size.cols, size.rows) };
        }
        // What was printed last may be elsewhere now.
        if self.printed_last().is_none() {
            self.preceding = Preceding::default();
        }
    }

    /// Shows the alternate screen, freshly erased.
    pub(crate) fn enter_alternate(&mut self) {
        if self.on_alternate {
            return;
        }
        self.on_alternate = true;
        (self.alternate.x, self.alternate.y) = (self.normal.x, self.normal.y);
        let blank = Cell::nothing(self.brush.erased());
        if !blank.is_untouched() {
            for row in &mut self.alternate.rows {
                row.fill(blank, crate::row::Spare::Nothing);
            }
        }
    }

    /// Shows the primary screen again.
    pub(crate) fn leave_alternate(&mut self) {
        if self.on_alternate {
            self.on_alternate = false;
            (self.normal.x, self.normal.y) = (self.alternate.x, self.alternate.y);
            self.alternate.leave();
        }
    }

    /// Designates a set.
    pub(crate) fn designate(&mut self, level: usize, set: Charset) {
        self.sets[level] = set;
        if self.level == level {
            self.charset = set;
        }
    }

    /// Invokes G0 to G3.
    pub(crate) fn invoke(&mut self, level: usize) {
        self.level = level;
        self.charset = self.sets[level];
    }

    /// Turns a private mode on or off, with all it does.
    pub(crate) fn switch(&mut self, mode: u16, on: Switch) {
        self.modes.set(mode, on);
        match (mode, on) {
            (2, Switch::On) => (0..4).for_each(|level| self.designate(level, Charset::default())),
            (ORIGIN, _) => self.place(0, 0),
            (1048, Switch::On) => self.save_cursor(),
            (1048, Switch::Off) => self.restore_cursor(),
            (1049, Switch::On) => {
                self.save_cursor();
                self.enter_alternate();
            }
            (47 | 1047, Switch::On) => self.enter_alternate(),
            (1049, Switch::Off) => {
                self.leave_alternate();
                self.restore_cursor();
            }
            (47 | 1047, Switch::Off) => self.leave_alternate(),
            _ => {}
        }
    }

    /// RIS. Titles, colours and a few modes outlive it in xterm.js.
    pub(crate) fn reset(&mut self) {
        let size = Size { cols: self.cols(), rows: self.rows() };
        let fresh = Self::new(&size, self.normal.history.limit());
        let mut modes = std::mem::take(&mut self.modes);
        modes.reset();
        *self = Self {
            modes,
            titles: std::mem::take(&mut self.titles),
            colors: std::mem::take(&mut self.colors),
            next_link: self.next_link,
            ..fresh
        };
    }

    /// DECSTR.
    pub(crate) fn soft_reset(&mut self) {
        self.modes.soften();
        self.brush = Brush::default();
        (self.charset, self.sets, self.level) = Default::default();
        self.style = None;
        let buffer = self.buffer_mut();
        (buffer.top, buffer.bottom) = (0, buffer.rows.len() - 1);
        buffer.saved = crate::buffer::Saved { y: buffer.base, ..Default::default() };
    }

    /// Gives new numbers to the texts and looks that are still in use.
    pub(crate) fn sweep(&mut self) {
        let old = self.extras.begin_sweep();
        let extras = &mut self.extras;
        for buffer in [&mut self.normal, &mut self.alternate] {
            let mut renumber = |cell: &mut Cell| {
                if let Symbol::Text(number) = cell.symbol() {
                    *cell = Cell::of_text(extras.keep_text(&old, number), cell.width(), cell.ink);
                }
                cell.ink.look = extras.keep_look(&old, cell.ink.look);
            };
            buffer.rows.iter_mut().flat_map(|row| row.cells_mut()).for_each(&mut renumber);
            let packed: Vec<_> = buffer.history.newest(usize::MAX, 0).collect();
            buffer.history.clear();
            for mut row in packed {
                row.cells_mut().iter_mut().for_each(&mut renumber);
                buffer.history.push(&row);
            }
        }
        self.brush.dip(&mut self.extras);
        self.extras.end_sweep();
    }
}

/// The wrap that a full row has pending; what a wide character left free is erased.
fn wrap(buffer: &mut Buffer, ink: Ink, erased: Ink) {
    let (x, cols) = (buffer.x, buffer.cols);
    for col in x..cols {
        buffer.row().set(col, Cell::nothing(ink));
    }
    buffer.x = 0;
    if buffer.y == buffer.bottom {
        buffer.scroll(erased, true);
    } else {
        buffer.y = (buffer.y + 1).min(buffer.rows.len() - 1);
        buffer.row().wrapped = true;
    }
}

pub(crate) fn signed(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
