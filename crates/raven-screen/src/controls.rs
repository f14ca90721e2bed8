//! What each control function does to the model.
//!
//! Owns the names of the functions: last byte, prefix and intermediates. Must not know where a sequence
//! begins or ends, nor what is answered to a question.

use crate::cell::{Cell, Ink};
use crate::charset::Charset;
use crate::keyboard::Apply;
use crate::model::{Model, signed};
use crate::modes::{KEYPAD, Switch};
use crate::params::{Collected, Params};
use crate::row::Spare;

/// A prefix or an intermediate as it is collected.
const fn mark(byte: u8) -> Collected {
    byte as Collected
}

const PLAIN: Collected = 0;
const PRIVATE: Collected = mark(b'?');
const SPACE: Collected = mark(b' ');
const QUOTE: Collected = mark(b'\'');

impl Model {
    /// A control character: C0, or a C1 by its number.
    pub(crate) fn control(&mut self, byte: u8) {
        self.preceding = Default::default();
        match byte {
            0x08 => self.backspace(),
            0x09 => {
                let buffer = self.buffer_mut();
                if buffer.x < buffer.cols {
                    buffer.x = buffer.next_stop();
                }
            }
            0x0a..=0x0c => self.line_feed(),
            0x0d => self.buffer_mut().x = 0,
            0x0e => self.invoke(1),
            0x0f => self.invoke(0),
            0x84 => self.index(),
            0x85 => self.next_line(),
            0x88 => self.set_tab(),
            _ => {}
        }
    }

    fn backspace(&mut self) {
        const REVERSE_WRAP: u16 = 45;
        if !self.modes.has(REVERSE_WRAP) {
            self.settle();
            let buffer = self.buffer_mut();
            buffer.x = buffer.x.saturating_sub(1);
            return;
        }
        self.restrict(self.cols());
        let buffer = self.buffer_mut();
        if buffer.x > 0 {
            buffer.x -= 1;
        } else if buffer.y > buffer.top && buffer.y <= buffer.bottom && buffer.row().wrapped {
            buffer.row().wrapped = false;
            buffer.y -= 1;
            buffer.x = buffer.cols - 1;
            let last = buffer.rows[buffer.y].cells()[buffer.x];
            // What a wide character left free belongs to no character.
            if last.width() > 0 && !last.has_content() {
                buffer.x -= 1;
            }
        }
        self.settle();
    }

    fn next_line(&mut self) {
        self.buffer_mut().x = 0;
        self.index();
    }

    fn set_tab(&mut self) {
        let buffer = self.buffer_mut();
        buffer.set_tab(buffer.x, true);
    }

    fn reverse_index(&mut self) {
        self.settle();
        let erased = self.brush.erased();
        let buffer = self.buffer_mut();
        if buffer.y == buffer.top {
            buffer.carry(buffer.bottom, buffer.top, erased);
        } else {
            buffer.y = buffer.y.saturating_sub(1);
            self.settle();
        }
    }

    /// A sequence of ESC: what was collected, and its last byte.
    pub(crate) fn escape(&mut self, collected: &[u8], last: u8) {
        match (collected, last) {
            ([], b'7') => self.save_cursor(),
            ([], b'8') => self.restore_cursor(),
            ([], b'D') => self.index(),
            ([], b'E') => self.next_line(),
            ([], b'H') => self.set_tab(),
            ([], b'M') => self.reverse_index(),
            ([], b'=') => self.modes.set(KEYPAD, Switch::On),
            ([], b'>') => self.modes.set(KEYPAD, Switch::Off),
            ([], b'c') => self.reset(),
            ([], b'n' | b'}') => self.invoke(2),
            ([], b'o' | b'|') => self.invoke(3),
            ([], b'~') => self.invoke(1),
            ([b'#'], b'8') => self.align(),
            ([b'%'], b'@' | b'G') => {
                self.invoke(0);
                self.designate(0, Charset::default());
            }
            ([mark @ (b'('..=b'+' | b'-' | b'.')], letter) => {
                let level = match mark {
                    b'(' => 0,
                    b')' | b'-' => 1,
                    b'*' | b'.' => 2,
                    _ => 3,
                };
                if let Some(set) = Charset::designated(letter) {
                    self.designate(level, set);
                }
            }
            _ => {}
        }
    }

    /// DECALN.
    fn align(&mut self) {
        let ink = Ink { look: 0, ..self.brush.ink() };
        self.place(0, 0);
        let buffer = self.buffer_mut();
        for row in buffer.rows.iter_mut().skip(buffer.y) {
            row.fill(Cell::of('E'.into(), 1, ink), Spare::Nothing);
            row.wrapped = false;
        }
        self.place(0, 0);
    }

    /// A sequence of CSI: its parameters, what was collected, and its last byte.
    pub(crate) fn csi(&mut self, params: &Params, collected: Collected, last: u8) {
        let count = params.amount(0);
        match (collected, last) {
            (PLAIN, b'm') => {
                self.brush.select(params);
                self.dip();
            }
            (PLAIN, b'A'..=b'I' | b'Z' | b'`' | b'a' | b'd' | b'e' | b'f') => self.travel(params, last),
            (PLAIN | PRIVATE, b'J' | b'K') => {
                let spare = if collected == PLAIN { Spare::Nothing } else { Spare::Protected };
                if last == b'J' {
                    self.erase_rows(params.get(0), spare)
                } else {
                    self.erase_row(params.get(0), spare)
                }
            }
            (PLAIN, b'@' | b'P' | b'X') => self.edit_row(last, count),
            (PLAIN, b'L' | b'M' | b'S' | b'T') => self.move_rows(last, count),
            (SPACE, b'@' | b'A') | (QUOTE, b'}' | b'~') => self.edit_columns(collected, last, count),
            (PLAIN, b'b') => self.repeat(count),
            (PLAIN, b'g') => self.clear_tabs(params.get(0)),
            (PLAIN | PRIVATE, b'h' | b'l') => {
                let on = if last == b'h' { Switch::On } else { Switch::Off };
                for at in 0..params.count() {
                    let mode = u16::try_from(params.get(at)).unwrap_or(0);
                    if collected == PRIVATE { self.switch(mode, on) } else { self.modes.set_ansi(mode, on) }
                }
            }
            (PLAIN, b'r') => self.set_region(params.get(0), params.get(1)),
            (PLAIN, b's') => self.save_cursor(),
            (PLAIN, b'u') => self.restore_cursor(),
            (PLAIN, b't') => self.title_stack(params.get(0), params.get(1)),
            (SPACE, b'q') => {
                self.style = u8::try_from(params.get(0)).ok().filter(|style| (1..=6).contains(style))
            }
            _ => self.rare_csi(params, collected, last),
        }
    }

    fn rare_csi(&mut self, params: &Params, collected: Collected, last: u8) {
        const PUSH: Collected = mark(b'>');
        const POP: Collected = mark(b'<');
        const SET: Collected = mark(b'=');
        const SOFT: Collected = mark(b'!');
        const PROTECT: Collected = mark(b'"');
        let flags = params.get(0).to_le_bytes()[0];
        match (collected, last) {
            (SOFT, b'p') => {
                self.soft_reset();
                self.dip();
            }
            (PROTECT, b'q') => {
                self.brush.protect(params.get(0));
                self.dip();
            }
            (PUSH, b'u') => self.buffer_mut().keyboard.push(flags),
            (POP, b'u') => self.buffer_mut().keyboard.pop(params.amount(0)),
            (SET, b'u') => {
                let apply = match params.get(1) {
                    3 => Apply::Remove,
                    2 => Apply::Add,
                    _ => Apply::Replace,
                };
                self.buffer_mut().keyboard.set(flags, apply);
            }
            _ => {}
        }
    }

    /// After the pen has changed.
    pub(crate) fn dip(&mut self) {
        self.brush.dip(&mut self.extras);
        if self.extras.is_full() {
            self.sweep();
        }
    }

    /// Movements of the cursor.
    fn travel(&mut self, params: &Params, last: u8) {
        let count = signed(params.amount(0));
        let (x, y) = (signed(self.buffer().x), signed(self.buffer().y));
        let (top, bottom) = (signed(self.buffer().top), signed(self.buffer().bottom));
        match last {
            // Up and down stop at the margin that the cursor is inside of.
            b'A' | b'F' => self.shift(0, -if y >= top { count.min(y - top) } else { count }),
            b'B' | b'E' => self.shift(0, if y <= bottom { count.min(bottom - y) } else { count }),
            b'C' | b'a' => self.shift(count, 0),
            b'D' => self.shift(-count, 0),
            b'G' | b'`' => self.place(count - 1, y),
            b'H' | b'f' => self.place(signed(params.amount(1)) - 1, count - 1),
            b'd' => self.place(x, count - 1),
            b'e' => self.shift(0, count),
            b'I' | b'Z' => self.tab(last, params.amount(0)),
            _ => {}
        }
        if matches!(last, b'E' | b'F') {
            self.buffer_mut().x = 0;
        }
    }

    fn tab(&mut self, last: u8, count: usize) {
        let buffer = self.buffer_mut();
        if buffer.x < buffer.cols {
            for _ in 0..count.min(buffer.cols) {
                buffer.x = if last == b'I' { buffer.next_stop() } else { buffer.last_stop(buffer.x) };
            }
        }
    }

    /// ED and DECSED.
    fn erase_rows(&mut self, which: i32, spare: Spare) {
        self.restrict(self.cols());
        let erased = self.brush.erased();
        let buffer = self.buffer_mut();
        let (x, y, cols) = (buffer.x, buffer.y, buffer.cols);
        let whole = match which {
            0 => {
                buffer.row().erase(x, cols, erased, spare);
                buffer.row().wrapped &= x > 0;
                y + 1..buffer.rows.len()
            }
            1 => {
                buffer.row().erase(0, x + 1, erased, spare);
                buffer.row().wrapped = false;
                if x + 1 >= cols {
                    end_wrap_of(buffer, y + 1);
                }
                0..y
            }
            2 => 0..buffer.rows.len(),
            3 => return buffer.clear_history(),
            _ => return,
        };
        for row in buffer.rows.range_mut(whole) {
            row.fill(Cell::nothing(erased), spare);
            row.wrapped = false;
        }
    }

    /// EL and DECSEL.
    fn erase_row(&mut self, which: i32, spare: Spare) {
        self.restrict(self.cols());
        let erased = self.brush.erased();
        let buffer = self.buffer_mut();
        let (x, cols) = (buffer.x, buffer.cols);
        let row = buffer.row();
        match which {
            0 => {
                row.erase(x, cols, erased, spare);
                row.wrapped &= x > 0;
            }
            1 => row.erase(0, x + 1, erased, spare),
            2 => {
                row.erase(0, cols, erased, spare);
                row.wrapped = false;
            }
            _ => {}
        }
    }

    /// ICH, DCH and ECH.
    fn edit_row(&mut self, last: u8, count: usize) {
        self.settle();
        let erased = self.brush.erased();
        let buffer = self.buffer_mut();
        let x = buffer.x;
        match last {
            b'@' => buffer.row().insert(x, count, erased),
            b'P' => buffer.row().delete(x, count, erased),
            _ => buffer.row().erase(x, x.saturating_add(count), erased, Spare::Nothing),
        }
    }

    /// IL, DL, SU and SD.
    fn move_rows(&mut self, last: u8, count: usize) {
        let erased = self.brush.erased();
        if matches!(last, b'L' | b'M') {
            self.settle();
        }
        let buffer = self.buffer_mut();
        let (y, top, bottom) = (buffer.y, buffer.top, buffer.bottom);
        let inside = (top..=bottom).contains(&y);
        match last {
            b'L' if inside => buffer.carry_many(bottom, y, count, erased),
            b'M' if inside => buffer.carry_many(y, bottom, count, erased),
            b'S' => buffer.carry_many(top, bottom, count, erased),
            // Unlike all others, these blanks have no background.
            b'T' => buffer.carry_many(bottom, top, count, Ink::default()),
            _ => return,
        }
        if matches!(last, b'L' | b'M') {
            buffer.x = 0;
        }
    }

    /// SL, SR, DECIC and DECDC.
    fn edit_columns(&mut self, collected: Collected, last: u8, count: usize) {
        let erased = self.brush.erased();
        let buffer = self.buffer_mut();
        if !(buffer.top..=buffer.bottom).contains(&buffer.y) {
            return;
        }
        let x = if collected == SPACE { 0 } else { buffer.x };
        for row in buffer.rows.range_mut(buffer.top..=buffer.bottom) {
            if matches!((collected, last), (SPACE, b'A') | (QUOTE, b'}')) {
                row.insert(x, count, erased);
            } else {
                row.delete(x, count, erased);
            }
            row.wrapped = false;
        }
    }

    /// TBC.
    fn clear_tabs(&mut self, which: i32) {
        let buffer = self.buffer_mut();
        match which {
            0 => buffer.set_tab(buffer.x, false),
            3 => buffer.tabs.fill(false),
            _ => {}
        }
    }

    /// DECSTBM.
    fn set_region(&mut self, top: i32, end: i32) {
        let rows = self.rows();
        let top = usize::try_from(top).unwrap_or(0).max(1);
        let end = usize::try_from(end).ok().filter(|end| (1..=rows).contains(end)).unwrap_or(rows);
        if end > top {
            let buffer = self.buffer_mut();
            (buffer.top, buffer.bottom) = (top - 1, end - 1);
            self.place(0, 0);
        }
    }

    /// XTWINOPS 22 and 23, as far as they are about the title.
    fn title_stack(&mut self, what: i32, which: i32) {
        match (what, which) {
            (22, 0 | 2) => self.titles.push(),
            (23, 0 | 2) => self.titles.pop(),
            _ => {}
        }
    }
}

/// After a whole row was erased, xterm.js says of this one that it continues none; it counts rows from its
/// oldest there, so it may be one of the history.
fn end_wrap_of(buffer: &mut crate::buffer::Buffer, at: usize) {
    if at >= buffer.base {
        if let Some(row) = buffer.rows.get_mut(at - buffer.base) {
            row.wrapped = false;
        }
    } else if let Some(packed) = (at + buffer.history.len()).checked_sub(buffer.base) {
        buffer.history.end_wrap(packed);
    }
}
