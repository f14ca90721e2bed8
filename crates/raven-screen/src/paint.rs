//! The bytes that bring another terminal to where the model is.
//!
//! Owns their order: what moves the cursor comes before what needs it in place. Must not know how the
//! model came to be what it is, nor how rows are drawn.

use crate::buffer::{Buffer, default_tabs};
use crate::canvas::{Canvas, end_column};
use crate::cell::{Ink, PROTECTED};
use crate::charset::Charset;
use crate::model::Model;
use crate::modes::SYNCHRONIZED;
use crate::pen;

/// Ends whatever the other terminal was reading, and resets it. What a reset leaves as it is in xterm.js
/// is reset too, for a terminal that is painted again: the cursor, the newline mode, colours and titles.
const BEGIN: &str =
    "\x18\x1bc\x1b[?2026h\x1b[?25h\x1b[?12l\x1b[20l\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\";

/// A character that takes two columns.
const WIDE: char = '\u{3000}';

/// The repaint of a model with at most so many rows of its scrollback.
pub(crate) fn repaint(model: &Model, scrollback: usize) -> Vec<u8> {
    let mut painter = Painter { canvas: Canvas::new(&model.extras), model };
    painter.canvas.raw(BEGIN);
    painter.colors();
    model.titles.write(&mut painter.canvas.out);
    painter.hidden_alternate();
    painter.buffer(&model.normal, scrollback);
    if model.on_alternate {
        painter.canvas.goto(model.normal.y, model.normal.x.min(model.cols() - 1));
        painter.canvas.pen(Ink::default());
        painter.canvas.raw("\x1b[?47h\x1b[H");
        painter.buffer(&model.alternate, 0);
    }
    painter.finish();
    painter.canvas.out
}

struct Painter<'a> {
    canvas: Canvas<'a>,
    model: &'a Model,
}

impl Painter<'_> {
    fn colors(&mut self) {
        for (number, [r, g, b]) in &self.model.colors {
            let name = match number {
                0..256 => format!("4;{number}"),
                _ => (number - 256 + 10).to_string(),
            };
            self.canvas.raw(&format!("\x1b]{name};rgb:{r:02x}/{g:02x}/{b:02x}\x1b\\"));
        }
    }

    /// The alternate screen keeps its saved cursor while the primary one is shown.
    fn hidden_alternate(&mut self) {
        let alternate = &self.model.alternate;
        if !self.model.on_alternate && alternate.saved != Default::default() {
            self.canvas.raw("\x1b[?47h");
            self.saved_cursor(alternate);
            self.canvas.raw("\x1b[?47l\x1b[H");
        }
    }

    /// Rows, saved cursor, and what else a screen has of its own.
    fn buffer(&mut self, buffer: &Buffer, scrollback: usize) {
        self.canvas.rows(buffer, scrollback);
        self.saved_cursor(buffer);
        self.frame(buffer);
    }

    /// What DECSC saved.
    fn saved_cursor(&mut self, buffer: &Buffer) {
        let (saved, row) = (buffer.saved, buffer.saved_row());
        if (saved.x, row, saved.fg, saved.bg, saved.charset) == Default::default() {
            return;
        }
        let rows = buffer.rows.len();
        self.canvas.goto(row.min(rows - 1), saved.x.min(buffer.cols - 1));
        self.canvas.pen(Ink { fg: saved.fg, bg: saved.bg, look: 0 });
        self.designate(0, saved.charset);
        self.canvas.raw("\x1b7");
        self.designate_back(0, saved.charset);
        self.canvas.pen(Ink::default());
    }

    fn designate(&mut self, level: usize, set: Charset) {
        if !set.is_ascii() {
            let mark = ['(', ')', '*', '+'][level];
            self.canvas.raw(&format!("\x1b{mark}{}", char::from(set.0)));
        }
    }

    fn designate_back(&mut self, level: usize, set: Charset) {
        if !set.is_ascii() {
            let mark = ['(', ')', '*', '+'][level];
            self.canvas.raw(&format!("\x1b{mark}B"));
        }
    }

    /// Tab stops, scroll region and keyboard flags, where they are not those of a reset terminal.
    fn frame(&mut self, buffer: &Buffer) {
        let tabs = &buffer.tabs[..buffer.cols.min(buffer.tabs.len())];
        if tabs != default_tabs(buffer.cols) {
            self.canvas.raw("\x1b[3g");
            for (col, _) in tabs.iter().enumerate().filter(|(_, stop)| **stop) {
                self.canvas.raw(&format!("\x1b[{}G\x1bH", col + 1));
            }
        }
        if !buffer.whole_region() {
            self.canvas.raw(&format!("\x1b[{};{}r", buffer.top + 1, buffer.bottom + 1));
        }
        buffer.keyboard.write(&mut self.canvas.out);
    }

    /// Everything that must come last.
    fn finish(&mut self) {
        let model = self.model;
        let buffer = model.buffer();
        let top = if model.modes.origin() { buffer.top } else { 0 };
        let again = Again::of(model);
        if model.modes.origin() {
            self.canvas.raw("\x1b[?6h");
        }
        let brought_back = model.charset != model.sets[model.level];
        if brought_back {
            // DECRC brings a set back although another is designated.
            self.charsets();
            self.canvas.raw("\x1b8");
            self.canvas.holds(Ink { fg: buffer.saved.fg, bg: buffer.saved.bg, look: 0 });
        }
        let col = match &again {
            Again::Text { col, .. } => *col,
            Again::Nothing if buffer.x >= buffer.cols => end_column(buffer.rows[buffer.y].cells()),
            Again::Nothing => buffer.x,
        };
        self.canvas.goto(buffer.y.saturating_sub(top), col);
        match &again {
            Again::Text { width, .. } if model.modes.insert => {
                self.canvas.pen(Ink::default());
                self.canvas.raw(&format!("\x1b[{width}P"));
            }
            Again::Nothing if buffer.x >= buffer.cols => {
                self.behind_the_end();
                if buffer.x > buffer.cols {
                    // A mark that stands alone goes one further.
                    self.canvas.raw("\x1b\\\u{301}");
                }
                // Nothing joins what was printed for that.
                self.canvas.raw("\x1b\\");
            }
            _ => {}
        }
        self.brush();
        if !brought_back {
            self.charsets();
        }
        model.modes.write(&mut self.canvas.out);
        if let Some(style) = model.style {
            self.canvas.raw(&format!("\x1b[{style} q"));
        }
        if !model.modes.has(SYNCHRONIZED) {
            self.canvas.raw("\x1b[?2026l");
        }
        match again {
            Again::Text { text, .. } => self.canvas.raw(&text),
            Again::Nothing => {}
        }
    }

    /// Brings the cursor behind the last column of its row.
    fn behind_the_end(&mut self) {
        let buffer = self.model.buffer();
        if self.canvas.ends_printed(&buffer.rows[buffer.y]) || self.model.on_alternate {
            self.canvas.end_of_row(&buffer.rows[buffer.y]);
            return;
        }
        // Printing would change the cell there. The other screen's cells are nobody's concern, and its
        // cursor is taken over from it.
        self.canvas.raw("\x1b[?47h");
        self.canvas.goto(buffer.y, buffer.cols - 1);
        self.canvas.raw(" \x1b[?47l");
    }

    fn brush(&mut self) {
        let (ink, look) = self.model.brush.whole();
        self.canvas.pen(Ink::default());
        let parameters = pen::parameters(ink, &look);
        if parameters != "0" {
            self.canvas.raw(&format!("\x1b[{parameters}m"));
        }
        if ink.bg & PROTECTED != 0 {
            self.canvas.raw("\x1b[1\"q");
        }
        if let Some(link) = self.model.brush.link() {
            pen::change_link(Some(link), &mut self.canvas.out);
        }
    }

    fn charsets(&mut self) {
        let model = self.model;
        for level in 0..4 {
            self.designate(level, model.sets[level]);
        }
        match model.level {
            0 => {}
            1 => self.canvas.raw("\x0e"),
            2 => self.canvas.raw("\x1bn"),
            _ => self.canvas.raw("\x1bo"),
        }
    }
}

/// What must be printed last of all, so that a mark to come joins it, and a REP to come repeats it.
enum Again {
    Nothing,
    /// What stands before the cursor.
    Text {
        text: String,
        col: usize,
        width: u32,
    },
}

impl Again {
    fn of(model: &Model) -> Self {
        if let Some((col, cell)) = model.printed_last() {
            let mut text = String::new();
            // Written over the half of a wide character in the same breath, without which that is erased.
            let before =
                col.checked_sub(1).map(|before| model.buffer().rows[model.buffer().y].cells()[before]);
            let head = before.filter(|before| before.width() == 2);
            head.into_iter().chain([cell]).for_each(|cell| model.push_text(cell, &mut text));
            return Self::Text { text, col: col - usize::from(head.is_some()), width: cell.width() };
        }
        let buffer = model.buffer();
        if model.preceding.width == 2 && !model.modes.wraps() && buffer.x + 1 == buffer.cols {
            // A wide character that found no room.
            let before = buffer.rows[buffer.y].cells()[buffer.cols - 2];
            let mut text = String::new();
            if before.width() == 2 {
                model.push_text(before, &mut text);
                model.push_text(buffer.rows[buffer.y].cells()[buffer.cols - 1], &mut text);
            }
            let col = buffer.cols - 1 - usize::from(before.width() == 2);
            text.push(WIDE);
            return Self::Text { text, col, width: 2 };
        }
        Self::Nothing
    }
}
