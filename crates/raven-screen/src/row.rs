//! One row of a screen, and what is done within it.
//!
//! Owns what becomes of wide characters at the edges of a change. Must not know cursors or other rows.

use crate::cell::{Cell, Ink, PROTECTED};

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    /// Whether it continues the row above.
    pub(crate) wrapped: bool,
}

/// Which cells an erasure leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spare {
    Nothing,
    /// What was written with DECSCA.
    Protected,
}

impl Row {
    /// A blank row.
    pub(crate) fn blank(cols: usize, ink: Ink) -> Self {
        Self { cells: vec![Cell::nothing(ink); cols], wrapped: false }
    }

    /// Makes it a blank row of so many columns.
    pub(crate) fn clear(&mut self, cols: usize, ink: Ink) {
        self.wrapped = false;
        self.cells.clear();
        self.cells.resize(cols, Cell::nothing(ink));
    }

    /// The width of what stands in a column; none beyond the end.
    pub(crate) fn width(&self, col: usize) -> u32 {
        self.cells.get(col).map_or(0, |cell| cell.width())
    }

    /// Writes a cell; beyond the end nothing is written.
    pub(crate) fn set(&mut self, col: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(col) {
            *place = cell;
        }
    }

    /// Blanks the first half of a wide character that ends before a column.
    fn cut_before(&mut self, col: usize, ink: Ink) {
        if col > 0 && self.width(col - 1) == 2 {
            self.cells[col - 1] = Cell::nothing(ink);
        }
    }

    /// Blanks the second half of a wide character at a column, when what is before it is something else.
    pub(crate) fn cut_tail(&mut self, col: usize, ink: Ink) {
        if self.cells.get(col).is_some_and(|cell| cell.width() == 0 && !cell.has_content()) {
            self.cells[col] = Cell::nothing(ink);
        }
    }

    /// Before something is written at a column.
    pub(crate) fn cut_head(&mut self, col: usize, ink: Ink) {
        if col <= self.cells.len() {
            self.cut_before(col, ink);
        }
    }

    /// Puts blanks in; what is pushed over the end is lost.
    pub(crate) fn insert(&mut self, col: usize, count: usize, ink: Ink) {
        let length = self.cells.len();
        let col = col % length;
        self.cut_before(col, ink);
        let count = count.min(length - col);
        self.cells.copy_within(col..length - count, col + count);
        self.cells[col..col + count].fill(Cell::nothing(ink));
        self.cut_before(length, ink);
    }

    /// Takes cells out; blanks come in at the end.
    pub(crate) fn delete(&mut self, col: usize, count: usize, ink: Ink) {
        let length = self.cells.len();
        let col = col % length;
        let count = count.min(length - col);
        self.cells.copy_within(col + count.., col);
        self.cells[length - count..].fill(Cell::nothing(ink));
        self.cut_before(col, ink);
        self.cut_tail(col, ink);
    }

    /// Erases columns.
    pub(crate) fn erase(&mut self, start: usize, end: usize, ink: Ink, spare: Spare) {
        let protected = |cell: &Cell| spare == Spare::Protected && cell.ink.bg & PROTECTED != 0;
        let length = self.cells.len();
        if start > 0 && start <= length && !protected(&self.cells[start - 1]) {
            self.cut_before(start, ink);
        }
        if end > 0 && end < length && self.width(end - 1) == 2 && !protected(&self.cells[end]) {
            self.cells[end] = Cell::nothing(ink);
        }
        for cell in &mut self.cells[start.min(length)..end.min(length)] {
            if !protected(cell) {
                *cell = Cell::nothing(ink);
            }
        }
    }

    /// Makes every cell this one.
    pub(crate) fn fill(&mut self, cell: Cell, spare: Spare) {
        for place in &mut self.cells {
            if spare == Spare::Nothing || place.ink.bg & PROTECTED == 0 {
                *place = cell;
            }
        }
    }

    /// Columns up to the last that has something in it.
    pub(crate) fn used(&self) -> usize {
        let last = self.cells.iter().rposition(|cell| cell.has_content());
        last.map_or(0, |at| at + self.cells[at].width() as usize)
    }

    /// Columns up to the last that is not as in a new terminal.
    pub(crate) fn touched(&self) -> usize {
        self.cells.iter().rposition(|cell| !cell.is_untouched()).map_or(0, |at| at + 1)
    }
}
