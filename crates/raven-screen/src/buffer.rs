//! One of the two screens of a terminal: its rows, what scrolled off, its cursor, region and tab stops.
//!
//! Owns where rows go when something scrolls. Must not know modes, pens or sequences.

use std::collections::VecDeque;

use crate::cell::Ink;
use crate::charset::Charset;
use crate::history::History;
use crate::keyboard::Keyboard;
use crate::row::Row;

/// Columns between the tab stops of a reset terminal.
const TAB: usize = 8;

/// Rows that a viewer's terminal keeps: until it is full, a saved cursor moves up with what scrolls.
const VIEWER_HISTORY: usize = 10_000;

/// What DECSC saves, as xterm.js does: neither underlines nor links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Saved {
    pub(crate) x: usize,
    /// Counted from the viewer's oldest row.
    pub(crate) y: usize,
    pub(crate) fg: u32,
    pub(crate) bg: u32,
    pub(crate) charset: Charset,
}

/// A screen. There is always a row for each line.
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) cols: usize,
    pub(crate) rows: VecDeque<Row>,
    pub(crate) history: History,
    /// Rows that a viewer who saw everything has above the screen, as far as it keeps them.
    pub(crate) base: usize,
    /// Most rows that such a viewer keeps.
    pub(crate) viewer_limit: usize,
    /// The cursor's column. It may be behind the last one: the next character wraps then.
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) saved: Saved,
    /// First and last row of the scroll region.
    pub(crate) top: usize,
    pub(crate) bottom: usize,
    /// Whether each column is a tab stop; columns that a resize cut off are remembered.
    pub(crate) tabs: Vec<bool>,
    /// The kitty keyboard protocol's flags.
    pub(crate) keyboard: Keyboard,
}

impl Buffer {
    /// The primary screen.
    pub(crate) fn primary(cols: usize, rows: usize, scrollback: usize) -> Self {
        Self { viewer_limit: VIEWER_HISTORY, ..Self::new(cols, rows, scrollback) }
    }

    /// The alternate screen, of which nothing scrolls off.
    pub(crate) fn alternate(cols: usize, rows: usize) -> Self {
        Self::new(cols, rows, 0)
    }

    fn new(cols: usize, rows: usize, scrollback: usize) -> Self {
        Self {
            cols,
            rows: (0..rows).map(|_| Row::blank(cols, Ink::default())).collect(),
            history: History::new(scrollback),
            base: 0,
            viewer_limit: 0,
            x: 0,
            y: 0,
            saved: Saved::default(),
            top: 0,
            bottom: rows - 1,
            tabs: default_tabs(cols),
            keyboard: Keyboard::default(),
        }
    }

    /// What is left when the alternate screen is left: its saved cursor, and nothing else.
    pub(crate) fn leave(&mut self) {
        let (cols, rows) = (self.cols, self.rows.len());
        *self = Self { saved: self.saved, ..Self::alternate(cols, rows) };
    }

    /// Whether all columns and rows are in the scroll region.
    pub(crate) fn whole_region(&self) -> bool {
        self.top == 0 && self.bottom + 1 == self.rows.len()
    }

    pub(crate) fn row(&mut self) -> &mut Row {
        &mut self.rows[self.y]
    }

    /// One more row at the bottom of the region; its top one goes, into the history if it is the screen's.
    pub(crate) fn scroll(&mut self, ink: Ink, wrapped: bool) {
        if self.top == 0 {
            self.history.push(&self.rows[0]);
            self.base = (self.base + 1).min(self.viewer_limit);
        }
        self.carry(self.top, self.bottom, ink);
        self.rows[self.bottom].wrapped = wrapped;
    }

    /// Takes a row out and puts a blank one in elsewhere.
    pub(crate) fn carry(&mut self, from: usize, to: usize, ink: Ink) {
        let Some(mut row) = self.rows.remove(from) else { return };
        row.clear(ink);
        self.rows.insert(to, row);
    }

    /// As often as that, but never more often than makes a difference.
    pub(crate) fn carry_many(&mut self, from: usize, to: usize, count: usize, ink: Ink) {
        for _ in 0..count.min(from.abs_diff(to) + 1) {
            self.carry(from, to, ink);
        }
    }

    /// Forgets what scrolled off.
    pub(crate) fn clear_history(&mut self) {
        self.saved.y = self.saved_row();
        self.history.clear();
        self.base = 0;
    }

    /// The row of the saved cursor, from the top of the screen.
    pub(crate) fn saved_row(&self) -> usize {
        self.saved.y.saturating_sub(self.base)
    }

    /// The next tab stop, or the last column.
    pub(crate) fn next_stop(&self) -> usize {
        let stops = self.tabs.iter().enumerate().take(self.cols).skip(self.x + 1);
        stops.filter(|(_, stop)| **stop).map(|(col, _)| col).next().unwrap_or(self.cols - 1)
    }

    /// The tab stop before, or the first column.
    pub(crate) fn last_stop(&self, x: usize) -> usize {
        let stop = (0..x).rev().find(|col| self.tabs.get(*col).is_some_and(|stop| *stop));
        stop.unwrap_or(0).min(self.cols - 1)
    }

    pub(crate) fn set_tab(&mut self, col: usize, stop: bool) {
        if self.tabs.len() <= col {
            self.tabs.resize(col + 1, false);
        }
        self.tabs[col] = stop;
    }

    /// Tab stops for the columns that a new size may have brought.
    pub(crate) fn extend_tabs(&mut self) {
        let cols = self.cols;
        let first = if self.tabs.get(cols).is_some_and(|stop| *stop) { cols } else { self.last_stop(cols) };
        for col in (first..cols).step_by(TAB) {
            self.set_tab(col, true);
        }
    }
}

/// The tab stops of a reset terminal.
pub(crate) fn default_tabs(cols: usize) -> Vec<bool> {
    (0..cols).map(|col| col % TAB == 0).collect()
}
