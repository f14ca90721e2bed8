//! The promises of the crate, checked on streams made by hand and at random.
//!
//! Owns what "the same screen" means. Must not know how a repaint is made.

mod answers;
mod filtering;
mod round_trip;
mod streams;

use alacritty_terminal::grid::{Cursor, Dimensions, Grid};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell, Flags};

use crate::Screen;
use crate::handler::LINK_MARK;
use crate::model::{Frame, Model};
use crate::pen::Pen;

/// Everything that two equal screens have in common, in a form that shows where they differ.
#[derive(Debug, PartialEq)]
struct View {
    rows: Vec<Vec<(String, Look)>>,
    wraps: Vec<bool>,
    cursors: Vec<(Line, Column, bool, Look, String)>,
    frames: Vec<Frame>,
    rest: String,
}

fn view(screen: &Screen) -> View {
    let model = screen.model();
    let mut view = View { rows: vec![], wraps: vec![], cursors: vec![], frames: vec![], rest: rest(model) };
    view.add(model.grid(), &model.frame);
    if let Some(primary) = &model.primary {
        view.add(&primary.grid, &primary.frame);
        view.rest.push_str(&format!(" by {}", primary.by));
    }
    view
}

impl View {
    fn add(&mut self, grid: &Grid<Cell>, frame: &Frame) {
        let last = grid.last_column();
        for row in grid.topmost_line().0..=grid.bottommost_line().0 {
            let cells = &grid[Line(row)];
            self.rows.push(cells[..].iter().map(look).collect());
            self.wraps.push(cells[last].flags.contains(Flags::WRAPLINE));
        }
        for cursor in [&grid.cursor, &grid.saved_cursor] {
            self.cursors.push(describe(cursor));
        }
        self.frames.push(frame.clone());
    }
}

fn look(cell: &Cell) -> (String, Look) {
    let mut text = String::from(cell.c);
    text.extend(cell.zerowidth().unwrap_or_default());
    if cell.flags.contains(Flags::WIDE_CHAR) {
        text.push('»');
    }
    if cell.flags.contains(Flags::WIDE_CHAR_SPACER) {
        text.push('«');
    }
    (text, seen(Pen::of(cell)))
}

/// A pen, and the link apart: numbers given to nameless links are nobody's concern.
type Look = (Pen, Option<(String, String)>);

fn seen(mut pen: Pen) -> Look {
    let link = pen.link.take().map(|link| {
        let id = if link.id().starts_with(LINK_MARK) { "" } else { link.id() };
        (id.to_owned(), link.uri().to_owned())
    });
    (pen, link)
}

fn describe(cursor: &Cursor<Cell>) -> (Line, Column, bool, Look, String) {
    let pen = seen(Pen::of(&cursor.template));
    (cursor.point.line, cursor.point.column, cursor.input_needs_wrap, pen, format!("{:?}", cursor.charsets))
}

fn rest(model: &Model) -> String {
    let colors: Vec<_> = (0..269).filter_map(|at| model.term.colors()[at].map(|rgb| (at, rgb))).collect();
    format!(
        "{:?} {:?} {:?} {:?} {colors:?} {:?}",
        model.modes,
        model.titles,
        model.charset,
        model.style,
        model.term.mode().contains(alacritty_terminal::term::TermMode::LINE_WRAP)
    )
}

/// Where two views differ, in few words.
fn difference(a: &View, b: &View) -> Option<String> {
    if a == b {
        return None;
    }
    let row = a.rows.iter().zip(&b.rows).position(|(a, b)| a != b);
    let row = row.map(|at| {
        let col = a.rows[at].iter().zip(&b.rows[at]).position(|(a, b)| a != b);
        (at, col, col.map(|col| (a.rows[at][col].clone(), b.rows[at][col].clone())))
    });
    Some(format!(
        "rows {} {}, first differing {row:?}\nwraps {} {:?}\n{:?}\n{:?}\n{}\n{}\n{}",
        a.rows.len(),
        b.rows.len(),
        a.wraps == b.wraps,
        a.wraps.iter().zip(&b.wraps).position(|(a, b)| a != b),
        a.cursors,
        b.cursors,
        a.frames == b.frames,
        a.rest,
        b.rest
    ))
}

fn assert_same(a: &Screen, b: &Screen, context: &dyn Fn() -> String) {
    if let Some(difference) = difference(&view(a), &view(b)) {
        panic!("{}\n{difference}", context());
    }
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| std::ascii::escape_default(*b)).map(char::from).collect()
}
