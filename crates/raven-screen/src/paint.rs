//! The bytes that bring another terminal to where the model is.
//!
//! Owns their order: what moves the cursor comes before what needs it in place. Must not know how the
//! model came to be what it is.

use alacritty_terminal::grid::{Cursor, Dimensions, Grid};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::term::color;
use alacritty_terminal::vte::ansi::{CharsetIndex, Color, NamedColor, StandardCharset};
use unicode_width::UnicodeWidthChar;

use crate::model::{Frame, Model, default_tabs, line};
use crate::modes::{ORIGIN, SYNCHRONIZED};
use crate::pen::Pen;

/// Blanks in a row from which on skipping or erasing is shorter than writing them.
const SKIP: usize = 8;

const CHARSETS: [(CharsetIndex, char); 4] =
    [(CharsetIndex::G0, '('), (CharsetIndex::G1, ')'), (CharsetIndex::G2, '*'), (CharsetIndex::G3, '+')];

/// The repaint of a model with at most so many rows of its scrollback.
pub(crate) fn repaint(model: &Model, scrollback: usize) -> Vec<u8> {
    let mut painter = Painter { out: Vec::with_capacity(4096), pen: Pen::default() };
    // CAN ends whatever the other terminal was reading; the reset makes its state known.
    painter.raw("\x18\x1bc\x1b[?2026h");
    painter.colors(model);
    model.titles.write(&mut painter.out);
    if let Some(primary) = &model.primary {
        painter.screen(&primary.grid, scrollback);
        painter.saved_cursor(&primary.grid);
        painter.frame(&primary.frame, &primary.grid);
        painter.cursor(&primary.grid, 0);
        painter.charsets(&primary.grid.cursor);
        painter.raw(&format!("\x1b[?{}h", primary.by));
        painter.charsets_back(&primary.grid.cursor);
        painter.pen(Pen::default());
        painter.raw("\x1b[H\x1b[2J");
    }
    painter.screen(model.grid(), if model.primary.is_some() { 0 } else { scrollback });
    painter.saved_cursor(model.grid());
    painter.frame(&model.frame, model.grid());
    painter.finish(model);
    painter.out
}

struct Painter {
    out: Vec<u8>,
    pen: Pen,
}

impl Painter {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn pen(&mut self, pen: Pen) {
        self.pen.change(pen, &mut self.out);
    }

    fn goto(&mut self, row: usize, col: usize) {
        self.raw(&format!("\x1b[{};{}H", row + 1, col + 1));
    }

    fn colors(&mut self, model: &Model) {
        for index in 0..color::COUNT {
            let Some(rgb) = model.term.colors()[index] else { continue };
            let name = match index {
                0..256 => format!("4;{index}"),
                _ if index == NamedColor::Foreground as usize => String::from("10"),
                _ if index == NamedColor::Background as usize => String::from("11"),
                _ if index == NamedColor::Cursor as usize => String::from("12"),
                _ => continue,
            };
            self.raw(&format!("\x1b]{name};rgb:{:02x}/{:02x}/{:02x}\x1b\\", rgb.r, rgb.g, rgb.b));
        }
    }

    /// All rows, from the top of a blank terminal.
    fn screen(&mut self, grid: &Grid<Cell>, scrollback: usize) {
        let bottom = grid.bottommost_line();
        let history = i32::try_from(scrollback).unwrap_or(i32::MAX);
        let mut at = grid.topmost_line().max(Line(-history));
        let mut arrived = Arrival::Fresh;
        while at <= bottom {
            let next = (at < bottom).then(|| &grid[at + 1i32][..]);
            arrived = self.row(&grid[at][..], next, arrived);
            if arrived == Arrival::Fresh && at < bottom {
                self.pen(Pen::default());
                self.raw("\r\n");
            }
            at += 1i32;
        }
    }

    /// One row; says how the next is come upon.
    fn row(&mut self, cells: &[Cell], next: Option<&[Cell]>, arrived: Arrival) -> Arrival {
        let last = cells.len() - 1;
        let wraps = next.is_some() && cells[last].flags.contains(Flags::WRAPLINE);
        let pushed_out = cells[last].flags.contains(Flags::LEADING_WIDE_CHAR_SPACER)
            && next.is_some_and(|next| makes_space(&next[0], &cells[last]));
        let used = cells.iter().rposition(|cell| !is_plain(cell)).map_or(0, |at| at + 1);
        let end = match (wraps, pushed_out) {
            (true, true) => last,
            (true, false) => cells.len(),
            (false, _) => used.max(usize::from(arrived == Arrival::Wrapped)),
        };
        let mut col = 0;
        if arrived == Arrival::Wrapped && end > 0 {
            col = self.first_cell(cells);
        }
        while col < end {
            let run = blanks(&cells[col..end.min(if wraps { last.max(col) } else { end })]);
            if run >= SKIP {
                self.blank(&cells[col], run, col + run == cells.len());
                col += run;
            } else {
                self.cell(&cells[col]);
                col += 1;
            }
        }
        if wraps { Arrival::Wrapped } else { Arrival::Fresh }
    }

    /// The first cell of a row that the wrap of the row before leads to: it must be printed, and if
    /// that scrolled, the new row has its background.
    fn first_cell(&mut self, cells: &[Cell]) -> usize {
        let width = if cells[0].flags.contains(Flags::WIDE_CHAR) { 2 } else { 1 };
        self.cell(&cells[0]);
        if !self.pen.erases_plain() && width < cells.len() {
            self.pen(Pen::default());
            self.raw("\x1b[K");
        }
        width
    }

    /// A run of equal blanks.
    fn blank(&mut self, cell: &Cell, run: usize, to_the_end: bool) {
        if cell.bg != Color::Named(NamedColor::Background) {
            self.pen(Pen::background(cell.bg));
            if to_the_end {
                return self.raw("\x1b[K");
            }
            self.raw(&format!("\x1b[{run}X"));
        }
        self.raw(&format!("\x1b[{run}C"));
    }

    fn cell(&mut self, cell: &Cell) {
        if cell.flags.contains(Flags::WIDE_CHAR_SPACER) {
            return;
        }
        self.pen(Pen::of(cell));
        let mut buffer = [0; 4];
        for c in std::iter::once(&cell.c).chain(cell.zerowidth().unwrap_or_default()) {
            self.raw(c.encode_utf8(&mut buffer));
        }
    }

    /// What DECSC saved.
    fn saved_cursor(&mut self, grid: &Grid<Cell>) {
        let saved = &grid.saved_cursor;
        if *saved == Cursor::default() {
            return;
        }
        self.cursor_of(grid, saved, 0);
        self.charsets(saved);
        self.raw("\x1b7");
        self.charsets_back(saved);
        self.pen(Pen::default());
    }

    /// Tab stops, scroll region and keyboard flags, where they are not those of a reset terminal.
    fn frame(&mut self, frame: &Frame, grid: &Grid<Cell>) {
        if frame.tabs != default_tabs(grid.columns()) {
            self.raw("\x1b[3g");
            for (col, _) in frame.tabs.iter().enumerate().filter(|(_, stop)| **stop) {
                self.raw(&format!("\x1b[{}G\x1bH", col + 1));
            }
        }
        let (top, end) = frame.region;
        if (top, end) != (0, grid.screen_lines()) {
            self.raw(&format!("\x1b[{};{end}r", top + 1));
        }
        frame.keyboard.write(&mut self.out);
    }

    fn cursor(&mut self, grid: &Grid<Cell>, top: usize) {
        self.cursor_of(grid, &grid.cursor, top);
    }

    /// Position, pending wrap and pen of a cursor; rows count from `top`.
    fn cursor_of(&mut self, grid: &Grid<Cell>, cursor: &Cursor<Cell>, top: usize) {
        let row = usize::try_from(cursor.point.line.0).unwrap_or(0);
        if cursor.input_needs_wrap {
            self.end_of_row(grid, row, top);
        } else {
            self.goto(row.saturating_sub(top), cursor.point.column.0);
        }
        self.pen(Pen::of(&cursor.template));
    }

    /// The last cell of a row again, which leaves a wrap pending.
    fn end_of_row(&mut self, grid: &Grid<Cell>, row: usize, top: usize) {
        let last = grid.columns() - 1;
        let cells = &grid[line(row)];
        let col = last - usize::from(cells[Column(last)].flags.contains(Flags::WIDE_CHAR_SPACER));
        self.goto(row.saturating_sub(top), col);
        self.cell(&cells[Column(col)]);
    }

    fn charsets(&mut self, cursor: &Cursor<Cell>) {
        for (index, mark) in CHARSETS {
            if cursor.charsets[index] == StandardCharset::SpecialCharacterAndLineDrawing {
                self.raw(&format!("\x1b{mark}0"));
            }
        }
    }

    fn charsets_back(&mut self, cursor: &Cursor<Cell>) {
        for (index, mark) in CHARSETS {
            if cursor.charsets[index] == StandardCharset::SpecialCharacterAndLineDrawing {
                self.raw(&format!("\x1b{mark}B"));
            }
        }
    }

    /// Everything that must come last.
    fn finish(&mut self, model: &Model) {
        let cursor = &model.grid().cursor;
        let origin = model.modes.has(ORIGIN);
        if origin {
            self.raw("\x1b[?6h");
        }
        let top = if origin { model.frame.region.0 } else { 0 };
        let again = repeatable(model);
        match again {
            Some((_, row, col)) => {
                self.goto(row - top.min(row), col);
                self.pen(Pen::of(&cursor.template));
            }
            None => self.cursor(model.grid(), top),
        }
        self.charsets(cursor);
        if model.charset == CharsetIndex::G1 {
            self.raw("\x0e");
        }
        model.modes.write(&mut self.out);
        if let Some(style) = model.style {
            self.raw(&format!("\x1b[{style} q"));
        }
        if !model.modes.has(SYNCHRONIZED) {
            self.raw("\x1b[?2026l");
        }
        if let Some((c, ..)) = again {
            self.raw(c.encode_utf8(&mut [0; 4]));
        }
    }
}

/// How a row is come upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// By a line feed, onto a plain blank row.
    Fresh,
    /// By the pending wrap of the row before.
    Wrapped,
}

/// The character that a REP to come would repeat, and where it stands: it must be printed last of all.
fn repeatable(model: &Model) -> Option<(char, usize, usize)> {
    let c = model.last.filter(|_| !model.modes.insert)?;
    let width = c.width()?;
    let (row, col) = model.at();
    let cursor = &model.grid().cursor;
    let after = if cursor.input_needs_wrap { model.cols() } else { col };
    let start = after.checked_sub(width)?;
    let cell = &model.grid()[line(row)][Column(start)];
    let same = cell.c == cursor.charsets[model.charset].map(c)
        && cell.zerowidth().is_none_or(<[char]>::is_empty)
        && Pen::of(cell) == Pen::of(&cursor.template);
    same.then_some((c, row, start))
}

/// Whether printing a cell first in a row leaves that space at the end of the row before.
fn makes_space(cell: &Cell, space: &Cell) -> bool {
    cell.flags.contains(Flags::WIDE_CHAR) && Pen::of(cell) == Pen::of(space)
}

/// Whether a cell is as in a blank terminal.
fn is_plain(cell: &Cell) -> bool {
    is_blank(cell) && cell.bg == Color::Named(NamedColor::Background)
}

/// Whether a cell is as erased with some background.
fn is_blank(cell: &Cell) -> bool {
    cell.c == ' '
        && !cell.flags.intersects(Flags::WIDE_CHAR | Flags::WIDE_CHAR_SPACER)
        && cell.zerowidth().is_none_or(<[char]>::is_empty)
        && Pen::of(cell) == Pen::background(cell.bg)
}

/// How many equal blanks a row begins with.
fn blanks(cells: &[Cell]) -> usize {
    let Some(first) = cells.first().filter(|cell| is_blank(cell)) else { return 0 };
    cells.iter().take_while(|cell| is_blank(cell) && cell.bg == first.bg).count()
}
