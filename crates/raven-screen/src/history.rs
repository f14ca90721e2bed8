//! The rows that scrolled off: packed, because nobody looks at most of them again.
//!
//! Owns the packing: runs of cells with the same ink, a byte for each where that is enough, and nothing for
//! the blanks at the end. Must not know the screen.

use std::collections::VecDeque;

use crate::cell::{Cell, Ink};
use crate::row::Row;

/// The highest bit of a row's length says that it continues the row above.
const WRAPPED: u32 = 1 << 31;

/// Bits of a run's first byte.
const WORDS: u8 = 1;
const INKED: u8 = 2;

/// A run's first byte and its count.
const RUN: usize = 3;
/// The three words of an ink.
const INK: usize = 12;

/// Longest run: its count has two bytes.
const MAX_RUN: usize = u16::MAX as usize;

/// Packed rows, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    limit: usize,
    lengths: VecDeque<u32>,
    bytes: VecDeque<u8>,
    packed: Vec<u8>,
}

impl History {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }

    pub(crate) fn clear(&mut self) {
        self.lengths.clear();
        self.bytes.clear();
    }

    /// Adds a row; the oldest goes when there are too many.
    pub(crate) fn push(&mut self, row: &Row) {
        if self.limit == 0 {
            return;
        }
        if self.lengths.len() == self.limit
            && let Some(oldest) = self.lengths.pop_front()
        {
            self.bytes.drain(..(oldest & !WRAPPED) as usize);
        }
        self.packed.clear();
        pack(&row.cells()[..row.touched()], &mut self.packed);
        let wrapped = if row.wrapped { WRAPPED } else { 0 };
        let length = u32::try_from(self.packed.len()).unwrap_or(0);
        self.lengths.push_back(length | wrapped);
        self.bytes.extend(&self.packed[..length as usize]);
    }

    /// Says of a row, counted from the oldest, that it continues none.
    pub(crate) fn end_wrap(&mut self, at: usize) {
        if let Some(length) = self.lengths.get_mut(at) {
            *length &= !WRAPPED;
        }
    }

    /// The newest rows, as many as asked for, oldest first.
    pub(crate) fn newest(&self, count: usize, cols: usize) -> impl Iterator<Item = Row> + '_ {
        let first = self.len().saturating_sub(count);
        let mut start: usize =
            self.lengths.iter().take(first).map(|length| (length & !WRAPPED) as usize).sum();
        let mut packed = Vec::new();
        self.lengths.iter().skip(first).map(move |length| {
            let end = start + (length & !WRAPPED) as usize;
            packed.clear();
            packed.extend(self.bytes.range(start..end));
            start = end;
            let mut cells = Vec::with_capacity(cols);
            unpack(&packed, &mut cells);
            let used = cells.len();
            let mut row = Row::of(cells, length & WRAPPED != 0);
            row.resize(cols.max(used));
            row
        })
    }
}

/// Whether a byte is enough: a character of ASCII, or nothing, one column wide.
fn is_byte(cell: Cell) -> bool {
    cell.content ^ Cell::nothing(Ink::default()).content < 0x80
}

/// How many cells of an ink for which a byte is enough come first.
fn bytes_run(cells: &[Cell], ink: Ink) -> usize {
    let blank = Cell::nothing(ink).content;
    let differs = |cell: &Cell| {
        let Ink { fg, bg, look } = cell.ink;
        (cell.content ^ blank) & !0x7f | fg ^ ink.fg | bg ^ ink.bg | look ^ ink.look
    };
    // Several at a time, without a decision for each.
    let blocks =
        cells.chunks_exact(8).take_while(|block| block.iter().fold(0, |any, cell| any | differs(cell)) == 0);
    let count = 8 * blocks.count();
    count + cells[count..].iter().take_while(|cell| differs(cell) == 0).count()
}

fn pack(mut cells: &[Cell], into: &mut Vec<u8>) {
    while let Some(&first) = cells.first() {
        let head = into.len();
        let ink = first.ink;
        into.extend_from_slice(&[0; RUN]);
        if !ink.is_plain() {
            for word in [ink.fg, ink.bg, ink.look] {
                into.extend_from_slice(&word.to_le_bytes());
            }
        }
        let same = |cell: &&Cell| cell.ink == ink;
        let bytes = bytes_run(&cells[..cells.len().min(MAX_RUN)], ink);
        let narrow = bytes > 0;
        let count = if narrow {
            into.extend(cells[..bytes].iter().map(|cell| cell.content.to_le_bytes()[0]));
            bytes
        } else {
            let wide =
                cells.iter().take(MAX_RUN).take_while(same).take_while(|cell| !is_byte(**cell)).count();
            into.extend(cells[..wide].iter().flat_map(|cell| cell.content.to_le_bytes()));
            wide
        };
        into[head] = if narrow { 0 } else { WORDS } | if ink.is_plain() { 0 } else { INKED };
        into[head + 1..head + RUN].copy_from_slice(&u16::try_from(count).unwrap_or(0).to_le_bytes());
        cells = &cells[count..];
    }
}

fn unpack(mut packed: &[u8], cells: &mut Vec<Cell>) {
    while let [kind, low, high, rest @ ..] = packed {
        let count = usize::from(u16::from_le_bytes([*low, *high]));
        let (ink, rest) = if kind & INKED == 0 {
            (Ink::default(), rest)
        } else {
            let (words, rest) = rest.split_at(INK);
            (Ink { fg: word(&words[..4]), bg: word(&words[4..8]), look: word(&words[8..]) }, rest)
        };
        let size = if kind & WORDS == 0 { 1 } else { 4 };
        let (content, rest) = rest.split_at(count * size);
        let blank = Cell::nothing(ink).content;
        cells.extend(content.chunks_exact(size).map(|bytes| match bytes {
            [byte] => Cell { content: u32::from(*byte) | blank, ink },
            _ => Cell { content: word(bytes), ink },
        }));
        packed = rest;
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_went() {
        let cells = |history: &History, count| -> Vec<(Vec<Cell>, bool)> {
            history.newest(count, 40).map(|row| (row.cells().to_vec(), row.wrapped)).collect()
        };
        let pair = |row: &Row| (row.cells().to_vec(), row.wrapped);
        let ink = Ink { fg: 1, bg: 2, look: 3 };
        let mut row = Row::blank(40, Ink::default());
        for (col, c) in "plain text".bytes().enumerate() {
            row.set(col, Cell::of(c.into(), 1, Ink::default()));
        }
        row.set(12, Cell::of('é'.into(), 1, ink));
        row.set(13, Cell::of('日'.into(), 2, ink));
        row.set(14, Cell::tail(ink));
        row.set(15, Cell::of_text(7, 1, Ink::default()));
        row.set(20, Cell::nothing(Ink::erased(0x0100_0004)));
        let mut history = History::new(2);
        history.push(&Row::blank(40, ink));
        history.push(&row);
        let mut wrapped = Row::blank(40, Ink::default());
        wrapped.wrapped = true;
        history.push(&wrapped);
        assert_eq!(cells(&history, 5), [pair(&row), pair(&wrapped)]);
        history.end_wrap(1);
        assert_eq!(cells(&history, 1), [pair(&Row::blank(40, Ink::default()))]);
        assert_eq!(history.bytes.len(), history.lengths[0] as usize);
    }
}
