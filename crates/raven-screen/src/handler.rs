//! What each control function does to the model, as the parser calls them.
//!
//! Owns where we follow xterm.js rather than the emulator. Must not know bytes, queries or painting.

use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, Hyperlink, KeyboardModes,
    KeyboardModesApplyBehavior, LineClearMode, Mode, PrivateMode, Rgb, StandardCharset, TabulationClearMode,
};
use unicode_width::UnicodeWidthChar;

use crate::keyboard::Apply;
use crate::model::{Model, line};
use crate::modes::{AUTOWRAP, KEYPAD, ORIGIN, Switch};

/// Most combining characters kept in one cell: no script needs more, and a flood must not grow it.
const MAX_COMBINING: usize = 16;

/// Begins the ids of links that came without one.
pub(crate) const LINK_MARK: &str = "raven-";

impl Model {
    /// REP.
    pub(crate) fn repeat(&mut self, count: u16) {
        if let Some(c) = self.last {
            for _ in 0..count {
                self.input(c);
            }
        }
        self.last = None;
    }

    fn combine(&mut self, c: char) {
        let pending = self.grid().cursor.input_needs_wrap;
        let (row, col) = self.at();
        if col == 0 && !pending {
            return;
        }
        let before = if pending { col } else { col - 1 };
        let cells = &self.grid()[line(row)];
        let wide = cells[Column(before)].flags.contains(Flags::WIDE_CHAR_SPACER);
        let cell = &cells[Column(before.saturating_sub(usize::from(wide)))];
        let full = cell.zerowidth().is_some_and(|marks| marks.len() >= MAX_COMBINING);
        if !full && !cell.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER) {
            self.term.input(c);
        }
    }

    fn print(&mut self, c: char, width: usize) {
        if self.modes.insert {
            if self.grid().cursor.input_needs_wrap {
                self.wrap();
            }
            let (row, col) = self.at();
            if col + width <= self.cols() && !self.grid().cursor.input_needs_wrap {
                self.term.insert_blank(width);
                self.mend(row);
            }
        }
        let (row, col) = self.at();
        let pending = self.grid().cursor.input_needs_wrap;
        // A row that went on goes on still when its end is printed again.
        let rewritten = !pending && col + width == self.cols() && self.goes_on(row);
        let rewritten = rewritten || pending && !self.modes.has(AUTOWRAP) && self.goes_on(row);
        self.draw(c);
        if rewritten {
            self.go_on(row);
        }
        if self.frame.region.1 < self.rows() {
            self.unwrap_bottom();
        }
    }

    /// The emulator draws `_` as a blank in the line-drawing set; xterm.js leaves it as it is.
    fn draw(&mut self, c: char) {
        let charsets = self.grid().cursor.charsets;
        let plain = c == '_' && charsets[self.charset] != StandardCharset::Ascii;
        if plain {
            self.term.configure_charset(self.charset, StandardCharset::Ascii);
        }
        self.term.input(c);
        if plain {
            self.term.grid_mut().cursor.charsets = charsets;
        }
    }

    /// Moves the cursor by rows: it stops at the margin that it is inside of.
    fn move_rows(&mut self, rows: isize) {
        let (row, col) = self.at();
        let (top, end) = self.frame.region;
        let target = if rows < 0 {
            let limit = if row >= top { top } else { 0 };
            row.saturating_sub(rows.unsigned_abs()).max(limit)
        } else {
            let limit = if row < end { end - 1 } else { self.rows() - 1 };
            row.saturating_add(rows.unsigned_abs()).min(limit)
        };
        self.place(target, col);
    }

    fn next_tab(&mut self) {
        let (row, col) = self.at();
        if !self.grid().cursor.input_needs_wrap {
            let last = self.cols() - 1;
            let next = (col + 1..last).find(|at| self.frame.tabs[*at]).unwrap_or(last);
            self.term.grid_mut().cursor.point.column = Column(next);
            debug_assert_eq!(self.at().0, row);
        }
    }

    /// A link as it is kept: with an id, so that a repaint can tell it from the next one to the same
    /// place, and without controls, which would end the sequence that repaints it.
    fn known_link(&mut self, link: Hyperlink) -> Option<Hyperlink> {
        let plain = |text: String| text.chars().filter(|c| !c.is_control()).collect::<String>();
        let uri = plain(link.uri);
        let id = plain(link.id.unwrap_or_default());
        let number = match id.strip_prefix(LINK_MARK).and_then(|number| number.parse::<u64>().ok()) {
            Some(number) => Some(number),
            None if id.is_empty() => Some(self.next_link),
            None => None,
        };
        if let Some(number) = number {
            self.next_link = self.next_link.max(number.saturating_add(1));
        }
        let id = number.map_or(id, |number| format!("{LINK_MARK}{number}"));
        (!uri.is_empty()).then_some(Hyperlink { id: Some(id), uri })
    }

    /// Edits the cursor's row; that the next row continues it is not changed by that.
    fn edit_row(&mut self, edit: impl FnOnce(&mut Self, usize)) {
        let (row, _) = self.at();
        let goes_on = self.goes_on(row);
        edit(self, row);
        if goes_on {
            self.go_on(row);
        }
    }

    fn erase_rows(&mut self, rows: std::ops::Range<usize>) {
        if !rows.is_empty() {
            self.term.grid_mut().reset_region(line(rows.start)..line(rows.end));
        }
    }
}

fn signed(count: usize) -> isize {
    isize::try_from(count).unwrap_or(isize::MAX)
}

impl Handler for Model {
    fn input(&mut self, c: char) {
        // Printable ASCII is most of what comes, and needs no table.
        let width = if (' '..='~').contains(&c) { Some(1) } else { c.width() };
        match width {
            None => {}
            Some(0) => {
                self.last = None;
                self.combine(c);
            }
            Some(width) => {
                self.print(c, width);
                self.last = Some(c);
            }
        }
    }

    fn set_title(&mut self, title: Option<String>) {
        self.titles.set(title.as_deref().unwrap_or_default());
    }

    fn push_title(&mut self) {
        self.titles.push();
    }

    fn pop_title(&mut self) {
        self.titles.pop();
    }

    fn set_cursor_style(&mut self, style: Option<CursorStyle>) {
        self.style = style.map(|style| {
            let steady = match style.shape {
                CursorShape::Underline => 4,
                CursorShape::Beam => 6,
                CursorShape::Block | CursorShape::HollowBlock | CursorShape::Hidden => 2,
            };
            steady - u8::from(style.blinking)
        });
    }

    fn goto(&mut self, row: i32, col: usize) {
        let row = usize::try_from(row).unwrap_or(0);
        let top = if self.modes.has(ORIGIN) { self.frame.region.0 } else { 0 };
        self.place(row.saturating_add(top), col);
    }

    fn goto_line(&mut self, row: i32) {
        self.goto(row, self.at().1);
    }

    fn goto_col(&mut self, col: usize) {
        self.place(self.at().0, col);
    }

    fn move_up(&mut self, rows: usize) {
        self.move_rows(-signed(rows));
    }

    fn move_down(&mut self, rows: usize) {
        self.move_rows(signed(rows));
    }

    fn move_forward(&mut self, cols: usize) {
        let (row, col) = self.at();
        self.place(row, col.saturating_add(cols));
    }

    fn move_backward(&mut self, cols: usize) {
        let (row, col) = self.at();
        self.place(row, col.saturating_sub(cols));
    }

    fn move_down_and_cr(&mut self, rows: usize) {
        self.move_rows(signed(rows));
        self.place(self.at().0, 0);
    }

    fn move_up_and_cr(&mut self, rows: usize) {
        self.move_rows(-signed(rows));
        self.place(self.at().0, 0);
    }

    fn put_tab(&mut self, _: u16) {
        self.last = None;
        self.next_tab();
    }

    fn move_forward_tabs(&mut self, count: u16) {
        for _ in 0..usize::from(count).min(self.cols()) {
            self.next_tab();
        }
    }

    fn move_backward_tabs(&mut self, count: u16) {
        if self.grid().cursor.input_needs_wrap {
            return;
        }
        for _ in 0..usize::from(count).min(self.cols()) {
            let (_, col) = self.at();
            let stop = (0..col).rev().find(|at| self.frame.tabs[*at]).unwrap_or(0);
            self.term.grid_mut().cursor.point.column = Column(stop);
        }
    }

    fn set_horizontal_tabstop(&mut self) {
        let (_, col) = self.at();
        self.frame.tabs[col] = true;
    }

    fn clear_tabs(&mut self, mode: TabulationClearMode) {
        match mode {
            TabulationClearMode::Current => {
                let (_, col) = self.at();
                self.frame.tabs[col] = false;
            }
            TabulationClearMode::All => self.frame.tabs.fill(false),
        }
    }

    fn backspace(&mut self) {
        self.last = None;
        self.move_backward(1);
    }

    fn carriage_return(&mut self) {
        self.last = None;
        self.settle();
        self.term.grid_mut().cursor.point.column = Column(0);
    }

    fn linefeed(&mut self) {
        self.last = None;
        self.settle();
        if self.modes.newline {
            self.carriage_return();
        }
        let (row, _) = self.at();
        self.end_row(line(row));
        self.term.linefeed();
    }

    fn bell(&mut self) {
        self.last = None;
    }

    fn reverse_index(&mut self) {
        self.settle();
        self.term.reverse_index();
        self.unwrap_bottom();
    }

    fn scroll_up(&mut self, count: usize) {
        let (top, end) = self.frame.region;
        self.lift(top, end, count);
    }

    fn scroll_down(&mut self, count: usize) {
        // Unlike all others, these blanks have no background in xterm.js.
        let pen = std::mem::take(&mut self.term.grid_mut().cursor.template);
        self.term.scroll_down(count);
        self.term.grid_mut().cursor.template = pen;
        self.unwrap_bottom();
    }

    fn insert_blank_lines(&mut self, count: usize) {
        let (row, _) = self.at();
        let (top, end) = self.frame.region;
        self.settle();
        if (top..end).contains(&row) {
            self.term.insert_blank_lines(count);
            self.unwrap_bottom();
            self.term.grid_mut().cursor.point.column = Column(0);
        }
    }

    fn delete_lines(&mut self, count: usize) {
        let (row, _) = self.at();
        let (top, end) = self.frame.region;
        self.settle();
        if (top..end).contains(&row) {
            self.lift(row, end, count);
            self.term.grid_mut().cursor.point.column = Column(0);
        }
    }

    fn insert_blank(&mut self, count: usize) {
        self.settle();
        self.edit_row(|model, row| {
            model.term.insert_blank(count);
            model.mend(row);
        });
    }

    fn delete_chars(&mut self, count: usize) {
        self.settle();
        let count = count.min(self.cols() - self.at().1);
        self.edit_row(|model, row| {
            model.term.delete_chars(count);
            model.mend(row);
        });
    }

    fn erase_chars(&mut self, count: usize) {
        self.settle();
        let (_, col) = self.at();
        let end = col.saturating_add(count).min(self.cols());
        self.edit_row(|model, row| {
            model.term.erase_chars(end - col);
            model.mend_edges(row, col, end);
        });
    }

    fn clear_line(&mut self, mode: LineClearMode) {
        let (row, col) = self.at();
        let (start, end) = match mode {
            // Behind a full row there is nothing to erase.
            LineClearMode::Right if self.grid().cursor.input_needs_wrap => return,
            LineClearMode::Right => (col, self.cols()),
            LineClearMode::Left => (0, col + 1),
            LineClearMode::All => (0, self.cols()),
        };
        if start == 0 && !matches!(mode, LineClearMode::Left) {
            self.end_row(line(row) - 1i32);
        }
        self.edit_row(|model, row| {
            model.term.clear_line(mode);
            model.mend_edges(row, start, end);
        });
    }

    fn clear_screen(&mut self, mode: ClearMode) {
        let (row, col) = self.at();
        match mode {
            ClearMode::Below => {
                self.clear_line(LineClearMode::Right);
                self.end_row(line(row));
                self.erase_rows(row + 1..self.rows());
            }
            ClearMode::Above => {
                self.clear_line(LineClearMode::Left);
                self.end_row(line(row) - 1i32);
                if col + 1 == self.cols() {
                    self.end_row(line(row));
                }
                self.erase_rows(0..row);
                self.end_row(Line(-1));
            }
            ClearMode::All => {
                self.erase_rows(0..self.rows());
                self.end_row(Line(-1));
            }
            ClearMode::Saved => self.term.clear_screen(ClearMode::Saved),
        }
    }

    fn decaln(&mut self) {
        self.term.decaln();
        self.end_row(Line(-1));
        let mut cell = Cell { c: 'E', ..self.grid().cursor.template.clone() };
        cell.set_hyperlink(None);
        for row in 0..self.rows() {
            self.term.grid_mut()[line(row)][..].fill(cell.clone());
        }
        self.place(0, 0);
    }

    fn save_cursor_position(&mut self) {
        self.term.save_cursor_position();
        // xterm.js forgets that a wrap was pending.
        self.term.grid_mut().saved_cursor.input_needs_wrap = false;
    }

    fn restore_cursor_position(&mut self) {
        self.term.restore_cursor_position();
        self.keep_inside();
    }

    fn terminal_attribute(&mut self, attr: Attr) {
        // SGR 21 is double underline in xterm.js and xterm; only the parser here calls it "not bold".
        let attr = if attr == Attr::CancelBold { Attr::DoubleUnderline } else { attr };
        self.term.terminal_attribute(attr);
    }

    fn set_hyperlink(&mut self, link: Option<Hyperlink>) {
        let link = link.and_then(|link| self.known_link(link));
        self.term.set_hyperlink(link);
    }

    fn configure_charset(&mut self, index: CharsetIndex, charset: StandardCharset) {
        self.term.configure_charset(index, charset);
    }

    fn set_active_charset(&mut self, index: CharsetIndex) {
        self.last = None;
        self.charset = index;
        self.term.set_active_charset(index);
    }

    fn set_color(&mut self, index: usize, color: Rgb) {
        self.term.set_color(index, color);
    }

    fn reset_color(&mut self, index: usize) {
        self.term.reset_color(index);
    }

    fn reset_state(&mut self) {
        self.reset();
    }

    fn set_scrolling_region(&mut self, top: usize, bottom: Option<usize>) {
        self.set_region(top.saturating_sub(1), bottom.unwrap_or(usize::MAX));
    }

    fn set_keypad_application_mode(&mut self) {
        self.modes.set(KEYPAD, Switch::On);
    }

    fn unset_keypad_application_mode(&mut self) {
        self.modes.set(KEYPAD, Switch::Off);
    }

    fn set_private_mode(&mut self, mode: PrivateMode) {
        self.switch(mode.raw(), Switch::On);
    }

    fn unset_private_mode(&mut self, mode: PrivateMode) {
        self.switch(mode.raw(), Switch::Off);
    }

    fn set_mode(&mut self, mode: Mode) {
        match mode.raw() {
            4 => self.modes.insert = true,
            20 => self.modes.newline = true,
            _ => {}
        }
    }

    fn unset_mode(&mut self, mode: Mode) {
        match mode.raw() {
            4 => self.modes.insert = false,
            20 => self.modes.newline = false,
            _ => {}
        }
    }

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        self.frame.keyboard.push(mode.bits());
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        self.frame.keyboard.pop(count);
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, apply: KeyboardModesApplyBehavior) {
        let apply = match apply {
            KeyboardModesApplyBehavior::Replace => Apply::Replace,
            KeyboardModesApplyBehavior::Union => Apply::Add,
            KeyboardModesApplyBehavior::Difference => Apply::Remove,
        };
        self.frame.keyboard.set(mode.bits(), apply);
    }
}
