//! Rows as bytes, drawn from the top of a blank terminal.
//!
//! Owns how each row is come upon, so that the other terminal knows which continues which, and how cells are
//! drawn that were never just printed. Must not know cursors, modes or what else a terminal has.

use std::borrow::Cow;
use std::ops::Range;

use crate::buffer::Buffer;
use crate::cell::{Cell, Ink, Symbol};
use crate::extras::Extras;
use crate::pen;
use crate::row::Row;

/// A character that takes two columns, to leave half of.
const WIDE: char = '\u{3000}';

/// Where bytes are drawn.
pub(crate) struct Canvas<'a> {
    pub(crate) out: Vec<u8>,
    ink: Ink,
    extras: &'a Extras,
    /// Of the screen that is drawn.
    cols: usize,
    /// Whether there is a row above the last one.
    can_go_up: bool,
}

/// How a row is come upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// By a line feed, onto a plain blank row, at its first column.
    Fresh,
    /// By the wrap that the row before has pending, on its last cell. That cell may have been printed for
    /// this alone.
    Wrapped { stand_in: bool },
    /// By a wide character that found no room in the row before and stands in the first two columns now,
    /// although it belongs nowhere.
    Pushed,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(extras: &'a Extras) -> Self {
        Self { out: Vec::with_capacity(4096), ink: Ink::default(), extras, cols: 0, can_go_up: true }
    }

    pub(crate) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn pen(&mut self, ink: Ink) {
        pen::change(self.ink, ink, self.extras, &mut self.out);
        self.ink = ink;
    }

    /// Takes note of an ink that the other terminal has taken up otherwise.
    pub(crate) fn holds(&mut self, ink: Ink) {
        self.ink = ink;
    }

    pub(crate) fn goto(&mut self, row: usize, col: usize) {
        self.raw(&format!("\x1b[{};{}H", row + 1, col + 1));
    }

    fn column(&mut self, col: usize) {
        self.raw(&format!("\x1b[{}G", col + 1));
    }

    /// All rows of a screen, and the newest that scrolled off.
    pub(crate) fn rows(&mut self, buffer: &Buffer, scrollback: usize) {
        let history = buffer.history.newest(scrollback, buffer.cols).map(Cow::Owned);
        let screen = buffer.rows.iter().map(Cow::Borrowed);
        let mut rows = history.chain(screen).peekable();
        self.cols = buffer.cols;
        self.can_go_up = buffer.rows.len() > 1;
        let mut arrival = Arrival::Fresh;
        let mut before: Option<Cow<'_, Row>> = None;
        while let Some(row) = rows.next() {
            let after = rows.peek().map(|next| (next.cells()[0], next.wrapped));
            let end = End::of(row.cells(), after);
            let at = self.row(&row, before.as_deref(), arrival, end);
            arrival = self.go_on(&row, end, at);
            before = Some(row);
        }
    }

    /// The cells of a row, but for a last one that the wrap to the next row will draw. Answers the column
    /// at which the cursor is then.
    fn row(&mut self, row: &Row, before: Option<&Row>, arrival: Arrival, end: End) -> usize {
        let cells = row.cells();
        let limit = cells.len() - usize::from(matches!(end, End::LeftFree | End::Push { .. }));
        let end = row.touched().min(limit);
        let (mut from, mut at, mut dirty) = (0, 0, 0);
        match (arrival, before) {
            (Arrival::Wrapped { stand_in }, Some(before)) => {
                (from, at) = self.first(cells, before, stand_in);
            }
            (Arrival::Pushed, _) => {
                self.blank_rest();
                (at, dirty) = (2, 2);
            }
            _ => {}
        }
        self.cells(&cells[..limit], from..end.max(dirty).min(limit), at, dirty)
    }

    /// The first cell of a row that a wrap leads to: something must be printed there. Answers the column
    /// to go on from, and where the cursor is.
    fn first(&mut self, cells: &[Cell], before: &Row, stand_in: bool) -> (usize, usize) {
        let printed = cells[0].has_content() && cells[0].width() > 0;
        let mut at = 1;
        if printed {
            self.cell(cells[0]);
            at = cells[0].width() as usize;
        } else {
            self.pen(Ink::default());
            self.raw(" ");
        }
        if at < cells.len() {
            self.blank_rest();
        }
        if stand_in && self.can_go_up {
            self.raw("\x1b[A");
            self.last_again(before.cells());
            self.raw("\x1b[B");
            at = 0;
            self.column(at);
        }
        if printed {
            return (cells[0].width() as usize, at);
        }
        self.column(0);
        self.pen(Ink::default());
        self.raw("\x1b[X");
        (0, 0)
    }

    /// What is behind the cursor, after a wrap that may have scrolled: the new row has this background.
    fn blank_rest(&mut self) {
        if !self.ink.erases_plain() {
            self.pen(Ink::default());
            self.raw("\x1b[K");
        }
    }

    /// The last cell of the row above, in whose place something else was printed.
    fn last_again(&mut self, cells: &[Cell]) {
        let last = cells.len() - 1;
        self.column(last);
        if cells[last].ink.only_erased() && cells[last].width() == 1 {
            self.erase(cells[last], 1);
        } else {
            self.cells(cells, last..last + 1, last, 0);
        }
    }

    /// Brings the cursor to the next row.
    fn go_on(&mut self, row: &Row, end: End, at: usize) -> Arrival {
        let last = row.cells().len() - 1;
        match end {
            End::Nothing => {}
            End::Feed => {
                self.pen(Ink::default());
                self.raw("\r\n");
            }
            End::Wrap if at <= last => {
                self.column(end_column(row.cells()));
                return Arrival::Wrapped { stand_in: !self.end_of_row(row) };
            }
            End::Wrap => return Arrival::Wrapped { stand_in: false },
            End::LeftFree => {
                self.column(last);
                return Arrival::Wrapped { stand_in: false };
            }
            End::Push { wrapped } => {
                self.column(last);
                self.wide(row.cells()[last].ink);
                if wrapped {
                    return Arrival::Pushed;
                }
                self.pen(Ink::default());
                self.raw("\r\x1b[2K");
            }
        }
        Arrival::Fresh
    }

    /// Whether what stands at the end of a row can be printed there.
    pub(crate) fn ends_printed(&self, row: &Row) -> bool {
        let last = row.cells().len() - 1;
        is_tail(row.cells(), last) || row.cells()[last].has_content()
    }

    /// The last cell of a row again, from its column, which leaves a wrap pending; false if something else
    /// had to be printed.
    pub(crate) fn end_of_row(&mut self, row: &Row) -> bool {
        let cells = row.cells();
        let last = cells.len() - 1;
        let (wide, col) = (cells[last - 1].width() == 2, end_column(cells));
        let printable = self.ends_printed(row);
        if printable {
            self.cell(cells[col]);
            if wide && !is_tail(cells, last) {
                self.over_tail(cells[last]);
            }
        } else {
            self.pen(Ink::erased(cells[col].ink.bg));
            self.raw(" ");
        }
        printable
    }

    /// Cells from left to right, with the cursor at a column of the row; those before `dirty` have something
    /// else in them than a blank terminal. Answers where the cursor is then.
    fn cells(&mut self, cells: &[Cell], range: Range<usize>, mut at: usize, mut dirty: usize) -> usize {
        let mut col = range.start;
        let mut end = range.end;
        while col < end {
            let run = erased_run(&cells[col..end]);
            if run > 0 {
                if col < dirty || !cells[col].ink.is_plain() {
                    self.move_to(at, col);
                    at = col;
                    // In a row's first column this would say that the row continues none.
                    if col + run == cells.len() && col > 0 {
                        self.pen(cells[col].ink);
                        self.raw("\x1b[K");
                    } else {
                        self.erase(cells[col], run);
                    }
                }
                col += run;
            } else if cells[col].has_content() {
                self.move_to(at, col);
                self.cell(cells[col]);
                let width = cells[col].width() as usize;
                at = col + width.max(1);
                if width == 2 && !is_tail(cells, col + 1) && at == cells.len() {
                    self.over_tail(cells[at - 1]);
                }
                col = at;
            } else {
                at = self.half(cells, col);
                dirty = col + 2;
                end = end.max(dirty.min(cells.len()));
                col += 1;
            }
        }
        at
    }

    fn erase(&mut self, cell: Cell, count: usize) {
        self.pen(Ink::erased(cell.ink.bg));
        if count == 1 {
            self.raw("\x1b[X");
        } else {
            self.raw(&format!("\x1b[{count}X"));
        }
    }

    /// A cell that nothing was printed in and that was not erased either: what was left of a wide character
    /// when something was written over its other half. It is made as it came to be. What is drawn over the
    /// cell after it is drawn anew; answers where the cursor is.
    fn half(&mut self, cells: &[Cell], col: usize) -> usize {
        let cell = cells[col];
        let last = cells.len() - 1;
        if cell.width() == 0 {
            return self.lone_tail(cells, col);
        }
        if col + 1 < self.cols {
            // Its other half was the second one.
            self.column(col);
            self.wide(Ink::default());
            self.column(col + 1);
            self.pen(cell.ink);
            self.raw(" ");
            return col + 2;
        }
        self.column(last - 1);
        self.wide(Ink::default());
        self.column(last - 1);
        self.pen(cell.ink);
        self.raw(" ");
        let from = if is_tail(cells, last - 1) { last.saturating_sub(2) } else { last - 1 };
        self.column(from);
        if cells[from].has_content() {
            self.cell(cells[from]);
        } else {
            self.erase(cells[from], 1);
        }
        last
    }

    /// What was printed over the second half of a wide character at the end of a row, without wrapping.
    fn over_tail(&mut self, cell: Cell) {
        self.raw("\x1b[?7l");
        if cell.has_content() {
            self.cell(cell);
        } else {
            self.wide(cell.ink);
        }
        self.raw("\x1b[?7h");
    }

    /// A second half without a first one: the character was pushed apart.
    fn lone_tail(&mut self, cells: &[Cell], col: usize) -> usize {
        if col == 0 {
            return 0;
        }
        self.column(col - 1);
        self.wide(cells[col].ink);
        self.column(col);
        self.pen(Ink::default());
        self.raw("\x1b[@");
        self.column(col - 1);
        self.raw("\x1b[P");
        if !cells[col - 1].has_content() {
            self.erase(cells[col - 1], 1);
        }
        col - 1
    }

    fn wide(&mut self, ink: Ink) {
        self.pen(ink);
        self.raw(WIDE.encode_utf8(&mut [0; 4]));
    }

    fn move_to(&mut self, at: usize, col: usize) {
        match col.checked_sub(at) {
            Some(0) => {}
            Some(1) => self.raw("\x1b[C"),
            Some(forward) => self.raw(&format!("\x1b[{forward}C")),
            None => self.column(col),
        }
    }

    /// Prints a cell.
    fn cell(&mut self, cell: Cell) {
        self.pen(cell.ink);
        match cell.symbol() {
            Symbol::Nothing => {}
            Symbol::Char(c) => {
                if cell.width() == 0 {
                    // Alone, it must not join what was printed before.
                    self.raw("\x1b\\");
                }
                self.raw(c.encode_utf8(&mut [0; 4]));
            }
            Symbol::Text(number) => {
                let text = self.extras.text(number);
                self.out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// How many cells a row begins with that were erased with one background.
fn erased_run(cells: &[Cell]) -> usize {
    let first = cells[0];
    let erased = |cell: &Cell| cell.width() == 1 && !cell.has_content() && cell.ink == first.ink;
    if !first.ink.only_erased() {
        return 0;
    }
    cells.iter().take_while(|cell| erased(cell)).count()
}

/// Whether a cell is the second half of the wide character before it.
fn is_tail(cells: &[Cell], col: usize) -> bool {
    let tail = cells.get(col).is_some_and(|cell| cell.width() == 0 && !cell.has_content());
    tail && col > 0 && cells[col - 1].width() == 2
}

/// The column from which the end of a row is printed.
pub(crate) fn end_column(cells: &[Cell]) -> usize {
    let last = cells.len() - 1;
    last - usize::from(cells[last - 1].width() == 2)
}

/// How a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is the last.
    Nothing,
    /// By a line feed.
    Feed,
    /// The next row continues it.
    Wrap,
    /// So too, and printing the next row's first character, which found no room here, draws the last cell.
    LeftFree,
    /// Its last cell was left by such a character, whatever became of that.
    Push { wrapped: bool },
}

impl End {
    /// The next row is known by its first cell, and whether it continues this one.
    fn of(cells: &[Cell], next: Option<(Cell, bool)>) -> Self {
        let last = cells[cells.len() - 1];
        let left = last.width() == 1 && !last.has_content();
        match next {
            None => Self::Nothing,
            Some((next, true)) if left && next.has_content() && next.width() == 2 && next.ink == last.ink => {
                Self::LeftFree
            }
            Some((_, wrapped)) if left && !last.ink.only_erased() => Self::Push { wrapped },
            Some((_, true)) => Self::Wrap,
            Some((_, false)) => Self::Feed,
        }
    }
}
