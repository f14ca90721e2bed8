//! The terminal behind a screen: alacritty's grid, with the behaviour of xterm.js where the two differ.
//!
//! Viewers run xterm.js on the same bytes, so what xterm.js does is what the model must do. Owns all state
//! that a repaint needs. Must not know bytes or queries.

use alacritty_terminal::Term;
use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::{Dimensions, Grid};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::Config;
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::{CharsetIndex, Handler, NamedPrivateMode, PrivateMode};

use crate::keyboard::Keyboard;
use crate::modes::{AUTOWRAP, Modes, ORIGIN, Switch};
use crate::title::Titles;

/// Columns between the tab stops of a reset terminal.
const TAB: usize = 8;

/// A size in the words of the grid.
pub(crate) struct Size {
    pub(crate) cols: usize,
    pub(crate) rows: usize,
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.rows
    }
    fn screen_lines(&self) -> usize {
        self.rows
    }
    fn columns(&self) -> usize {
        self.cols
    }
}

/// What xterm.js keeps apart for each of the two screens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// First row of the scroll region, and the row after its last.
    pub(crate) region: (usize, usize),
    /// Whether each column is a tab stop.
    pub(crate) tabs: Vec<bool>,
    /// The kitty keyboard protocol's flags.
    pub(crate) keyboard: Keyboard,
}

impl Frame {
    pub(crate) fn new(cols: usize, rows: usize) -> Self {
        Self { region: (0, rows), tabs: default_tabs(cols), keyboard: Keyboard::default() }
    }

    fn resize(&mut self, cols: usize, rows: usize) {
        self.region = (0, rows);
        let old = self.tabs.len();
        self.tabs.truncate(cols);
        self.tabs.extend((old..cols).map(|col| col % TAB == 0));
    }
}

/// The tab stops of a reset terminal.
pub(crate) fn default_tabs(cols: usize) -> Vec<bool> {
    (0..cols).map(|col| col % TAB == 0).collect()
}

/// The primary screen while the alternate one is shown.
pub(crate) struct Primary {
    pub(crate) grid: Grid<Cell>,
    pub(crate) frame: Frame,
    /// The private mode that switched: 47, 1047 or 1049.
    pub(crate) by: u16,
}

/// The terminal.
pub(crate) struct Model {
    pub(crate) term: Term<VoidListener>,
    pub(crate) primary: Option<Box<Primary>>,
    pub(crate) frame: Frame,
    pub(crate) modes: Modes,
    pub(crate) titles: Titles,
    pub(crate) charset: CharsetIndex,
    /// The parameter of the last DECSCUSR, 1 to 6.
    pub(crate) style: Option<u8>,
    /// The character printed last, if nothing but text came since: what REP repeats.
    pub(crate) last: Option<char>,
    /// Number of the next link without an id of its own.
    pub(crate) next_link: u64,
}

impl Model {
    pub(crate) fn new(size: &Size, scrollback: usize) -> Self {
        let config = Config { scrolling_history: scrollback, ..Config::default() };
        Self {
            term: Term::new(config, size, VoidListener),
            primary: None,
            frame: Frame::new(size.cols, size.rows),
            modes: Modes::default(),
            titles: Titles::default(),
            charset: CharsetIndex::default(),
            style: None,
            last: None,
            next_link: 0,
        }
    }

    pub(crate) fn grid(&self) -> &Grid<Cell> {
        self.term.grid()
    }

    pub(crate) fn cols(&self) -> usize {
        self.grid().columns()
    }

    pub(crate) fn rows(&self) -> usize {
        self.grid().screen_lines()
    }

    /// The cursor's row and column.
    pub(crate) fn at(&self) -> (usize, usize) {
        let point = self.grid().cursor.point;
        (usize::try_from(point.line.0).unwrap_or(0), point.column.0)
    }

    /// Puts the cursor on a row and column, which end its pending wrap.
    pub(crate) fn place(&mut self, row: usize, col: usize) {
        let (top, end) = if self.modes.has(ORIGIN) { self.frame.region } else { (0, self.rows()) };
        let col = col.min(self.cols() - 1);
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point.line = line(row.clamp(top, end - 1));
        cursor.point.column = Column(col);
        cursor.input_needs_wrap = false;
    }

    /// After the cursor came from elsewhere: inside the screen and the origin's region.
    pub(crate) fn keep_inside(&mut self) {
        let (row, col) = self.at();
        let pending = self.grid().cursor.input_needs_wrap;
        self.place(row, col);
        self.term.grid_mut().cursor.input_needs_wrap = pending;
    }

    /// Whether the next row continues this one.
    pub(crate) fn goes_on(&self, row: usize) -> bool {
        self.grid()[line(row)][self.grid().last_column()].flags.contains(Flags::WRAPLINE)
    }

    /// Says that the next row continues this one, unless there is none.
    pub(crate) fn go_on(&mut self, row: usize) {
        if row + 1 < self.rows() {
            let grid = self.term.grid_mut();
            let last = grid.last_column();
            grid[line(row)][last].flags.insert(Flags::WRAPLINE);
        }
    }

    /// Says that the row, perhaps the newest of the scrollback, ends where it ends.
    pub(crate) fn end_row(&mut self, row: Line) {
        let grid = self.term.grid_mut();
        let last = grid.last_column();
        if row >= grid.topmost_line() && grid[row][last].flags.contains(Flags::WRAPLINE) {
            grid[row][last].flags.remove(Flags::WRAPLINE);
        }
    }

    /// Ends a pending wrap, as most controls do.
    pub(crate) fn settle(&mut self) {
        self.term.grid_mut().cursor.input_needs_wrap = false;
    }

    pub(crate) fn resize(&mut self, size: &Size) {
        self.last = None;
        self.term.resize(Size { cols: size.cols, rows: size.rows });
        self.frame.resize(size.cols, size.rows);
        tidy_cursors(self.term.grid_mut());
        if let Some(primary) = &mut self.primary {
            primary.grid.resize(true, size.rows, size.cols);
            primary.frame.resize(size.cols, size.rows);
            tidy_cursors(&mut primary.grid);
            if primary.by == 1049 {
                // Saved when it left, so it moves with the text as the cursor did.
                primary.grid.saved_cursor = primary.grid.cursor.clone();
                primary.grid.saved_cursor.input_needs_wrap = false;
            }
            unwrap_bottom(&mut primary.grid);
            tidy_spacers(&mut primary.grid);
        }
        for row in 0..size.rows {
            self.mend(row);
        }
        self.unwrap_bottom();
        tidy_spacers(self.term.grid_mut());
    }

    /// Shows the alternate screen, with the behaviour of the private mode `by`.
    pub(crate) fn enter_alternate(&mut self, by: u16) {
        if by == 1049 {
            self.save_cursor_position();
        }
        if self.primary.is_some() {
            return;
        }
        // The emulator hides its inactive grid, so a stand-in goes there and the primary is kept here.
        let mut stand_in = Grid::new(self.rows(), self.cols(), 0);
        stand_in.cursor = self.grid().cursor.clone();
        let grid = std::mem::replace(self.term.grid_mut(), stand_in);
        self.term.swap_alt();
        self.term.grid_mut().saved_cursor = Default::default();
        let fresh = Frame::new(self.cols(), self.rows());
        let frame = std::mem::replace(&mut self.frame, fresh);
        self.primary = Some(Box::new(Primary { grid, frame, by }));
        self.apply_region();
    }

    /// Shows the primary screen again, with the behaviour of the private mode `by`.
    pub(crate) fn leave_alternate(&mut self, by: u16) {
        if let Some(primary) = self.primary.take() {
            let cursor = self.grid().cursor.clone();
            self.term.swap_alt();
            *self.term.grid_mut() = primary.grid;
            self.term.grid_mut().cursor = cursor;
            self.frame = primary.frame;
            self.apply_region();
            self.keep_inside();
        }
        if by == 1049 {
            self.restore_cursor_position();
        }
    }

    /// Sets the scroll region, if it has two rows or more; `end` is the row after the last.
    pub(crate) fn set_region(&mut self, top: usize, end: usize) {
        let end = end.min(self.rows());
        if top + 1 < end {
            self.frame.region = (top, end);
            self.apply_region();
            self.place(0, 0);
        }
    }

    /// Gives the emulator, which keeps its own, the region that holds.
    fn apply_region(&mut self) {
        let (top, end) = self.frame.region;
        let cursor = self.grid().cursor.clone();
        self.term.set_scrolling_region(top + 1, Some(end));
        self.term.grid_mut().cursor = cursor;
    }

    /// Turns a private mode on or off, with all it does.
    pub(crate) fn switch(&mut self, mode: u16, on: Switch) {
        self.modes.set(mode, on);
        match (mode, on) {
            (ORIGIN, _) => self.place(0, 0),
            (AUTOWRAP, Switch::On) => {
                self.term.set_private_mode(PrivateMode::Named(NamedPrivateMode::LineWrap))
            }
            (AUTOWRAP, Switch::Off) => {
                self.term.unset_private_mode(PrivateMode::Named(NamedPrivateMode::LineWrap));
            }
            (47 | 1047 | 1049, Switch::On) => self.enter_alternate(mode),
            (47 | 1047 | 1049, Switch::Off) => self.leave_alternate(mode),
            (1048, Switch::On) => self.save_cursor_position(),
            (1048, Switch::Off) => self.restore_cursor_position(),
            _ => {}
        }
    }

    /// RIS.
    pub(crate) fn reset(&mut self) {
        self.leave_alternate(47);
        self.term.reset_state();
        self.frame = Frame::new(self.cols(), self.rows());
        self.modes = Modes::default();
        self.titles = Titles::default();
        self.charset = CharsetIndex::default();
        self.style = None;
        self.last = None;
    }

    /// DECSTR.
    pub(crate) fn soft_reset(&mut self) {
        self.modes.soften();
        self.switch(AUTOWRAP, Switch::On);
        self.frame.region = (0, self.rows());
        self.apply_region();
        self.charset = CharsetIndex::default();
        self.term.set_active_charset(CharsetIndex::default());
        self.style = None;
        let grid = self.term.grid_mut();
        grid.saved_cursor = Default::default();
        grid.cursor.template = Cell::default();
        grid.cursor.charsets = Default::default();
    }

    /// The wrap that a full row has pending.
    pub(crate) fn wrap(&mut self) {
        if !self.modes.has(AUTOWRAP) {
            return;
        }
        let (row, _) = self.at();
        let last = self.cols() - 1;
        self.term.grid_mut()[line(row)][Column(last)].flags.insert(Flags::WRAPLINE);
        self.term.linefeed();
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point.column = Column(0);
        cursor.input_needs_wrap = false;
        self.unwrap_bottom();
    }

    /// No row follows the bottom one, so it cannot go on there.
    pub(crate) fn unwrap_bottom(&mut self) {
        unwrap_bottom(self.term.grid_mut());
    }

    /// Blanks the halves of wide characters that an edit of the row has left.
    pub(crate) fn mend(&mut self, row: usize) {
        const WIDE: Flags = Flags::WIDE_CHAR;
        const SPACER: Flags = Flags::WIDE_CHAR_SPACER;
        let grid = self.term.grid_mut();
        let blank = Cell::from(grid.cursor.template.bg);
        let last = grid.columns() - 1;
        let cells = &mut grid[line(row)][..];
        for col in 0..=last {
            let orphan_head =
                cells[col].flags.contains(WIDE) && (col == last || !cells[col + 1].flags.contains(SPACER));
            let orphan_tail =
                cells[col].flags.contains(SPACER) && (col == 0 || !cells[col - 1].flags.contains(WIDE));
            if orphan_head || orphan_tail {
                cells[col] = blank.clone();
            }
            if col < last {
                cells[col].flags.remove(Flags::WRAPLINE | Flags::LEADING_WIDE_CHAR_SPACER);
            }
        }
        self.mend_above(row);
    }

    /// As [`Self::mend`], after the columns `start..end` were erased.
    pub(crate) fn mend_edges(&mut self, row: usize, start: usize, end: usize) {
        let grid = self.term.grid_mut();
        let blank = Cell::from(grid.cursor.template.bg);
        let cells = &mut grid[line(row)];
        if start > 0 && cells[Column(start - 1)].flags.contains(Flags::WIDE_CHAR) {
            cells[Column(start - 1)] = blank.clone();
        }
        if end < cells.len() && cells[Column(end)].flags.contains(Flags::WIDE_CHAR_SPACER) {
            cells[Column(end)] = blank;
        }
        if start == 0 {
            self.mend_above(row);
        }
    }

    /// No space was left for a wide character at the end of the row above, if the row has none first.
    fn mend_above(&mut self, row: usize) {
        let grid = self.term.grid_mut();
        let wide = grid[line(row)][Column(0)].flags.contains(Flags::WIDE_CHAR);
        if !wide && line(row) > grid.topmost_line() {
            let last = grid.last_column();
            grid[line(row) - 1i32][last].flags.remove(Flags::LEADING_WIDE_CHAR_SPACER);
        }
    }

    /// Moves rows up inside `top..end`; unlike scrolling, nothing goes into the scrollback.
    pub(crate) fn lift(&mut self, top: usize, end: usize, count: usize) {
        let count = count.min(end - top);
        let grid = self.term.grid_mut();
        for row in top..end - count {
            let below = std::mem::take(&mut grid[line(row + count)]);
            grid[line(row + count)] = std::mem::replace(&mut grid[line(row)], below);
        }
        grid.reset_region(line(end - count)..line(end));
    }
}

/// A row number as the grid counts it; rows are at most 500, so nothing is lost.
pub(crate) fn line(row: usize) -> Line {
    Line(i32::try_from(row).unwrap_or(i32::MAX))
}

fn unwrap_bottom(grid: &mut Grid<Cell>) {
    let (bottom, last) = (grid.bottommost_line(), grid.last_column());
    let flags = &mut grid[bottom][last].flags;
    if flags.intersects(Flags::WRAPLINE | Flags::LEADING_WIDE_CHAR_SPACER) {
        flags.remove(Flags::WRAPLINE | Flags::LEADING_WIDE_CHAR_SPACER);
    }
}

/// After a resize: cursors inside the grid, and a wrap pending only where a row ends.
fn tidy_cursors(grid: &mut Grid<Cell>) {
    let (rows, last) = (grid.screen_lines(), grid.columns() - 1);
    let bottom = line(rows - 1);
    for cursor in [&mut grid.cursor, &mut grid.saved_cursor] {
        cursor.point.line = cursor.point.line.clamp(Line(0), bottom);
        if cursor.input_needs_wrap && cursor.point.column.0 < last {
            cursor.input_needs_wrap = false;
            cursor.point.column += 1;
        }
        cursor.point.column = cursor.point.column.min(Column(last));
    }
    grid.saved_cursor.input_needs_wrap = false;
}

/// After a resize: the space before a wide character that did not fit is drawn as that is, for so it is
/// when it is printed.
fn tidy_spacers(grid: &mut Grid<Cell>) {
    let last = grid.last_column();
    for row in grid.topmost_line().0..grid.bottommost_line().0 {
        let next = &grid[Line(row + 1)][Column(0)];
        let mut spacer = Cell { fg: next.fg, bg: next.bg, ..Cell::default() };
        spacer.set_hyperlink(next.hyperlink());
        spacer.set_underline_color(next.underline_color());
        spacer.flags = next.flags - Flags::WIDE_CHAR;
        let wide = next.flags.contains(Flags::WIDE_CHAR);
        let cell = &mut grid[Line(row)][last];
        if wide && cell.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER) {
            spacer.flags.insert(cell.flags & (Flags::WRAPLINE | Flags::LEADING_WIDE_CHAR_SPACER));
            *cell = spacer;
        }
    }
}
