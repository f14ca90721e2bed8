//! What a new size does to a screen: rows come and go, and long lines are wrapped anew.
//!
//! Owns that it comes out as in a viewer's terminal, which does the same by itself and is not repainted: so
//! also what that loses is lost here. Must not know sequences.

use crate::buffer::Buffer;
use crate::cell::{Cell, Ink};
use crate::row::{Row, Spare};

/// Whether lines are wrapped anew, or cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    Wrap,
    Cut,
}

impl Buffer {
    pub(crate) fn resize(&mut self, cols: usize, rows: usize, how: Lines) {
        let (old_cols, old_rows) = (self.cols, self.rows.len());
        let mut layout = Layout::of(self, cols, rows);
        layout.set_rows(old_rows);
        self.x = self.x.min(cols - 1);
        self.saved.x = self.saved.x.min(cols - 1);
        if how == Lines::Wrap && cols > old_cols {
            layout.widen(old_cols);
        } else if how == Lines::Wrap && cols < old_cols {
            layout.narrow(old_cols);
        }
        self.cols = cols;
        (self.top, self.bottom) = (0, rows - 1);
        layout.give_back(self);
        self.extend_tabs();
    }
}

/// All rows of a screen, those that scrolled off first.
struct Layout {
    lines: Vec<Row>,
    /// Rows above those, which a viewer may have and we do not.
    forgotten: usize,
    /// Rows above the screen, the forgotten ones included.
    base: usize,
    /// Most rows that a viewer keeps.
    most: usize,
    y: usize,
    saved_y: usize,
    cols: usize,
    rows: usize,
}

impl Layout {
    fn of(buffer: &mut Buffer, cols: usize, rows: usize) -> Self {
        // The screen's rows first: what is needed for long must not lie behind what is soon given back.
        let mut screen: Vec<Row> = std::mem::take(&mut buffer.rows).into();
        screen.iter_mut().for_each(|row| row.widen(cols));
        let mut lines: Vec<Row> = buffer.history.newest(usize::MAX, 0).collect();
        let forgotten = buffer.base.saturating_sub(lines.len());
        lines.append(&mut screen);
        Self {
            lines,
            forgotten,
            base: buffer.base,
            most: buffer.viewer_limit + rows,
            y: buffer.y,
            saved_y: buffer.saved.y,
            cols,
            rows,
        }
    }

    /// Rows there are, the forgotten ones included.
    fn total(&self) -> usize {
        self.forgotten + self.lines.len()
    }

    /// The cursor's row among the lines; before all of them for one that is forgotten.
    fn cursor_line(&self) -> Option<usize> {
        (self.base + self.y).checked_sub(self.forgotten)
    }

    fn push_blank(&mut self) {
        self.lines.push(Row::blank(self.cols, Ink::default()));
    }

    /// Makes the screen taller or lower; rows come back from above, and go there, around the cursor.
    fn set_rows(&mut self, old: usize) {
        let mut down = 0;
        for _ in old..self.rows {
            if self.total() < self.rows + self.base {
                if self.base > 0 && self.total() <= self.base + self.y + down + 1 {
                    self.base -= 1;
                    down += 1;
                } else {
                    self.push_blank();
                }
            }
        }
        for _ in self.rows..old {
            if self.total() > self.rows + self.base {
                if self.total() > self.base + self.y + 1 {
                    self.lines.pop();
                } else {
                    self.base += 1;
                }
            }
        }
        let over = self.total().saturating_sub(self.most);
        self.drop_oldest(over);
        self.base = self.base.saturating_sub(over);
        self.saved_y = self.saved_y.saturating_sub(over);
        self.y = self.y.min(self.rows - 1) + down;
    }

    fn drop_oldest(&mut self, count: usize) {
        let forgotten = count.min(self.forgotten);
        self.forgotten -= forgotten;
        self.lines.drain(..(count - forgotten).min(self.lines.len()));
    }

    /// Whether the program is expected to draw these lines anew, because the cursor is in them.
    fn has_cursor(&self, first: usize, end: usize) -> bool {
        self.cursor_line().is_some_and(|line| (first..end).contains(&line))
    }

    /// Rows that scrolled off are kept without the blanks at their end, until those are needed.
    fn fill_up(&mut self, first: usize, end: usize, cols: usize) {
        self.lines[first..end].iter_mut().for_each(|line| line.widen(cols));
    }

    /// Wraps lines that were too long for the old width.
    fn widen(&mut self, old: usize) {
        let mut gone = vec![false; self.lines.len()];
        let mut first = 0;
        while first + 1 < self.lines.len() {
            let more = self.lines[first + 1..].iter().take_while(|line| line.wrapped).count();
            let end = first + 1 + more;
            if more > 0 && !self.has_cursor(first, end) {
                self.fill_up(first, end, self.cols);
                let kept = join(&mut self.lines[first..end], old, self.cols);
                gone[first + kept..end].fill(true);
            }
            first = end;
        }
        let before = self.lines.len();
        let mut gone = gone.into_iter();
        self.lines.retain(|_| !gone.next().unwrap_or(false));
        let removed = before - self.lines.len();
        for _ in 0..removed {
            if self.base > 0 {
                self.base -= 1;
                continue;
            }
            self.y = self.y.saturating_sub(1);
            if self.total() < self.rows {
                self.push_blank();
            }
        }
        self.saved_y = self.saved_y.saturating_sub(removed);
    }

    /// Wraps lines that are too long for the new width.
    fn narrow(&mut self, old: usize) {
        let mut inserts: Vec<(usize, Vec<Row>)> = Vec::new();
        let mut added = 0;
        // Lines at the end that were pushed off; they still count until all are wrapped.
        let mut gone = 0;
        let mut at = self.lines.len();
        while at > 0 {
            at -= 1;
            let line = &self.lines[at];
            if !line.wrapped && line.used() <= self.cols {
                continue;
            }
            let end = at + 1;
            while self.lines[at].wrapped && at > 0 {
                at -= 1;
            }
            self.fill_up(at, end, old);
            let lengths = lengths(&self.lines[at..end], old, self.cols);
            if self.has_cursor(at, end) || lengths.len() < end - at {
                continue;
            }
            let more = lengths.len() - (end - at);
            let screen_not_full = self.base == 0 && self.y + 1 != self.total() - gone;
            let filled = if screen_not_full { self.y } else { self.total() - gone };
            let trimmed = (filled + more).saturating_sub(self.most);
            let rows = split(&mut self.lines[at..end], &lengths, old, self.cols);
            if !rows.is_empty() {
                inserts.push((end, rows));
                added += more;
            }
            gone += self.make_room(more.saturating_sub(trimmed), added, gone);
            self.saved_y = (self.saved_y + more).min(self.base + self.rows - 1);
        }
        self.lines.truncate(self.lines.len().saturating_sub(gone));
        self.insert(inserts);
    }

    /// Moves the screen along after lines became more; answers how many are pushed off at the end.
    fn make_room(&mut self, count: usize, added: usize, gone: usize) -> usize {
        let mut pushed = 0;
        for _ in 0..count {
            if self.base > 0 {
                if self.base + self.rows < self.most.min(self.total() - gone - pushed + added) {
                    self.base += 1;
                }
            } else if self.y + 1 < self.rows {
                self.y += 1;
                pushed += 1;
            } else {
                self.base += 1;
            }
        }
        pushed
    }

    /// Puts rows in; each goes behind so many of the lines, the last first.
    fn insert(&mut self, inserts: Vec<(usize, Vec<Row>)>) {
        let mut lines = Vec::new();
        let mut inserts = inserts.into_iter().peekable();
        // What belongs behind a line that is gone comes last.
        while let Some(line) = self.lines.pop() {
            let count = self.lines.len() + 1;
            while let Some((_, rows)) = inserts.next_if(|(end, _)| *end >= count) {
                lines.extend(rows.into_iter().rev());
            }
            lines.push(line);
        }
        lines.reverse();
        self.lines = lines;
        self.drop_oldest(self.total().saturating_sub(self.most));
    }

    /// Puts everything back where it belongs.
    fn give_back(mut self, buffer: &mut Buffer) {
        let cols = self.cols;
        for line in self.lines.iter_mut().filter(|line| line.cells().len() > cols) {
            line.resize(cols);
            // Half a wide character can be drawn by nobody.
            line.cut_head(cols, Ink::default());
        }
        let mut above = self.base.saturating_sub(self.forgotten).min(self.lines.len());
        while self.lines.len() - above < self.rows {
            // Rows that a viewer has and we do not.
            if self.base > 0 && above == 0 {
                self.lines.insert(0, Row::blank(self.cols, Ink::default()));
            } else if self.lines.len() < self.rows {
                self.push_blank();
            } else {
                above -= 1;
            }
        }
        buffer.rows = self.lines.drain(above..).take(self.rows).collect();
        buffer.rows.iter_mut().for_each(|row| row.widen(cols));
        buffer.history.clear();
        self.lines.iter().for_each(|line| buffer.history.push(line));
        buffer.base = self.base;
        buffer.y = self.y.min(self.rows - 1);
        buffer.saved.y = self.saved_y;
    }
}

/// How much of a row belongs to a line that goes on: all of it, but for a blank that a wide character,
/// which had no room, left before it.
fn length(lines: &[Row], at: usize, cols: usize) -> usize {
    let Some(next) = lines.get(at + 1) else { return lines[at].used() };
    let last = lines[at].cells()[cols - 1];
    let left_free = !last.has_content() && last.width() == 1;
    if left_free && next.width(0) == 2 { cols - 1 } else { cols }
}

/// The cells of a line, of all its rows.
fn cells(lines: &[Row], cols: usize) -> Vec<Cell> {
    let row = |at: usize| lines[at].cells()[..length(lines, at, cols)].iter().copied();
    (0..lines.len()).flat_map(row).collect()
}

/// Writes the rows of a line anew, with a greater width; answers how many are still needed.
fn join(lines: &mut [Row], old: usize, cols: usize) -> usize {
    let all = cells(lines, old);
    let (mut row, mut col) = (0, 0);
    for (at, cell) in all.iter().enumerate() {
        // What stands in the first row already stays, up to its end.
        let Some(line) = lines.get_mut(row) else { break };
        line.set(col, *cell);
        col += 1;
        if col == cols {
            (row, col) = (row + 1, 0);
            let wide = cell.width() == 2 && at + 1 < all.len();
            if wide && row < lines.len() {
                lines[row].set(0, *cell);
                lines[row - 1].set(cols - 1, Cell::nothing(Ink::default()));
                col = 1;
            }
        }
    }
    if let Some(line) = lines.get_mut(row) {
        line.erase(col, cols, Ink::default(), Spare::Nothing);
    }
    let needed = row + 1;
    let empty = lines.iter().enumerate().rev();
    let gone = empty.take_while(|(at, line)| *at > 0 && (*at >= needed || line.used() == 0)).count();
    lines.len() - gone
}

/// The lengths of the rows of a line, with a smaller width.
fn lengths(lines: &[Row], old: usize, cols: usize) -> Vec<usize> {
    let needed: usize = (0..lines.len()).map(|at| length(lines, at, old)).sum();
    let (mut row, mut col, mut found) = (0, 0, 0);
    let mut lengths = Vec::new();
    while found < needed {
        if needed - found < cols {
            lengths.push(needed - found);
            break;
        }
        col += cols;
        let here = lines.get(row).map_or(old, |_| length(lines, row, old));
        if col > here {
            col -= here;
            row += 1;
        }
        let wide = lines.get(row).is_some_and(|line| col > 0 && line.width(col - 1) == 2);
        if wide {
            col -= 1;
        }
        let length = cols - usize::from(wide);
        lengths.push(length);
        found += length;
    }
    lengths
}

/// Writes the rows of a line anew, with a smaller width; answers the rows that it needs more.
fn split(lines: &mut [Row], lengths: &[usize], old: usize, cols: usize) -> Vec<Row> {
    let all = cells(lines, old);
    let mut rest = &all[..];
    let mut more = Vec::new();
    for (at, length) in lengths.iter().enumerate() {
        let (now, later) = rest.split_at((*length).min(rest.len()));
        rest = later;
        if at >= lines.len() {
            more.push(Row::of(vec![Cell::nothing(Ink::default()); cols], true));
        }
        let line = if at < lines.len() { &mut lines[at] } else { &mut more[at - lines.len()] };
        line.cells_mut()[..now.len()].copy_from_slice(now);
        if *length < cols {
            line.set(*length, Cell::nothing(Ink::default()));
        }
    }
    more
}
