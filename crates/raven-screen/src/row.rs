//! One row of a screen, and what is done within it.
//!
//! Owns what becomes of wide characters at the edges of a change. Must not know cursors or other rows.

use crate::cell::{Cell, Ink, PROTECTED};

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    cells: Vec<Cell>,
    /// Cells from here on are as in a new terminal: most rows are short, and scrolling them must be quick.
    clean: usize,
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
        Self::of(vec![Cell::nothing(ink); cols], false)
    }

    pub(crate) fn of(cells: Vec<Cell>, wrapped: bool) -> Self {
        Self { clean: cells.len(), cells, wrapped }
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(crate) fn cells_mut(&mut self) -> &mut [Cell] {
        self.clean = self.cells.len();
        &mut self.cells
    }

    /// Cuts it off, or puts blanks behind it.
    pub(crate) fn resize(&mut self, cols: usize) {
        self.cells.resize(cols, Cell::nothing(Ink::default()));
        self.clean = self.clean.min(cols);
    }

    /// Puts blanks behind it, if it is shorter than that.
    pub(crate) fn widen(&mut self, cols: usize) {
        if self.cells.len() < cols {
            self.cells.reserve_exact(cols - self.cells.len());
            self.resize(cols);
        }
    }

    /// Makes it a blank row.
    pub(crate) fn clear(&mut self, ink: Ink) {
        self.wrapped = false;
        self.fill(Cell::nothing(ink), Spare::Nothing);
    }

    /// Writes characters of one column each.
    pub(crate) fn print(&mut self, col: usize, text: &[u8], ink: Ink) {
        let end = col + text.len();
        for (cell, byte) in self.cells[col..end].iter_mut().zip(text) {
            *cell = Cell::of(u32::from(*byte), 1, ink);
        }
        self.clean = self.clean.max(end);
    }

    /// The width of what stands in a column; none beyond the end.
    pub(crate) fn width(&self, col: usize) -> u32 {
        self.cells.get(col).map_or(0, |cell| cell.width())
    }

    /// Writes a cell; beyond the end nothing is written.
    pub(crate) fn set(&mut self, col: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(col) {
            *place = cell;
            self.clean = self.clean.max(col + 1);
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
        self.clean = if ink.is_plain() { length.min(self.clean.max(col) + count) } else { length };
        self.cut_before(length, ink);
    }

    /// Takes cells out; blanks come in at the end.
    pub(crate) fn delete(&mut self, col: usize, count: usize, ink: Ink) {
        let length = self.cells.len();
        let col = col % length;
        let count = count.min(length - col);
        self.cells.copy_within(col + count.., col);
        self.cells[length - count..].fill(Cell::nothing(ink));
        if !ink.is_plain() {
            self.clean = length;
        }
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
        let (start, end) = (start.min(length), end.min(length));
        // What is clean already needs no cleaning.
        let dirty = if ink.is_plain() { end.min(self.clean) } else { end };
        for cell in &mut self.cells[start.min(dirty)..dirty] {
            if !protected(cell) {
                *cell = Cell::nothing(ink);
            }
        }
        if !ink.is_plain() {
            self.clean = self.clean.max(end);
        } else if end >= self.clean && spare == Spare::Nothing {
            self.clean = self.clean.min(start);
        }
    }

    /// Makes every cell this one.
    pub(crate) fn fill(&mut self, cell: Cell, spare: Spare) {
        if spare == Spare::Nothing && cell.is_untouched() {
            self.cells[..self.clean].fill(cell);
            self.clean = 0;
            return;
        }
        for place in self.cells_mut() {
            if spare == Spare::Nothing || place.ink.bg & PROTECTED == 0 {
                *place = cell;
            }
        }
    }

    /// Columns up to the last that has something in it.
    pub(crate) fn used(&self) -> usize {
        let last = self.cells[..self.clean].iter().rposition(|cell| cell.has_content());
        last.map_or(0, |at| at + self.cells[at].width() as usize)
    }

    /// Columns up to the last that is not as in a new terminal.
    pub(crate) fn touched(&self) -> usize {
        self.cells[..self.clean].iter().rposition(|cell| !cell.is_untouched()).map_or(0, |at| at + 1)
    }
}
