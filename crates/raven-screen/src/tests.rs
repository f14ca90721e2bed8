//! The promises of the crate, checked on streams made by hand and at random.
//!
//! Owns what "the same screen" means. Must not know how a repaint is made.

mod answers;
mod filtering;
mod round_trip;
mod streams;

use crate::Screen;
use crate::buffer::Buffer;
use crate::cell::{Cell, Ink};
use crate::extras::{Id, Look};
use crate::keyboard::Keyboard;
use crate::model::Model;

/// Everything that two equal screens have in common, in a form that shows where they differ.
#[derive(Debug, PartialEq)]
struct View {
    rows: Vec<Vec<Seen>>,
    wraps: Vec<bool>,
    cursors: Vec<[usize; 4]>,
    saved: Vec<[u32; 3]>,
    frames: Vec<Frame>,
    rest: String,
}

/// Region, tab stops and keyboard of a screen.
#[derive(Debug, PartialEq)]
struct Frame((usize, usize), Vec<usize>, Keyboard);

/// Text, width, ink without its number, and the look that has it; numbers given to nameless links are
/// nobody's concern.
type Seen = (String, u32, Ink, Look, String);

fn view(screen: &Screen) -> View {
    let model = screen.model();
    let mut view = View {
        rows: vec![],
        wraps: vec![],
        cursors: vec![],
        saved: vec![],
        frames: vec![],
        rest: rest(model),
    };
    view.add(model, &model.normal);
    view.add(model, &model.alternate);
    // The oldest row may continue one that is gone.
    view.wraps[0] = false;
    if model.on_alternate {
        let first = view.wraps.len() - model.rows();
        view.wraps[first] = false;
    }
    view
}

impl View {
    fn add(&mut self, model: &Model, buffer: &Buffer) {
        let shown = std::ptr::eq(model.buffer(), buffer);
        let history = buffer.history.newest(usize::MAX, buffer.cols);
        let rows = history.chain(buffer.rows.iter().cloned());
        for row in rows.filter(|_| shown || std::ptr::eq(&model.normal, buffer)) {
            self.rows.push(row.cells().iter().map(|cell| look(model, *cell)).collect());
            self.wraps.push(row.wrapped);
        }
        let saved = (buffer.saved.x.min(buffer.cols - 1), buffer.saved_row().min(buffer.rows.len() - 1));
        // A hidden screen takes its column over from the other one.
        self.cursors.push([if shown { buffer.x } else { 0 }, buffer.y, saved.0, saved.1]);
        self.saved.push([buffer.saved.fg, buffer.saved.bg, buffer.saved.charset.0.into()]);
        let stops = buffer.tabs.iter().enumerate().filter(|(col, stop)| **stop && *col < buffer.cols);
        let stops = stops.map(|(col, _)| col).collect();
        self.frames.push(Frame((buffer.top, buffer.bottom), stops, buffer.keyboard.clone()));
    }
}

fn look(model: &Model, cell: Cell) -> Seen {
    let mut text = String::new();
    model.push_text(cell, &mut text);
    let mut look = model.extras.look(cell.ink.look);
    let link = match look.link.take() {
        None => String::new(),
        Some(link) => match &link.id {
            Id::Given(id) => format!("{id} {}", link.uri),
            Id::Numbered(_) => link.uri.clone(),
        },
    };
    (text, cell.width(), Ink { look: 0, ..cell.ink }, look, link)
}

fn rest(model: &Model) -> String {
    let pen = look(model, Cell::nothing(model.brush.ink()));
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {} {} {:?} {pen:?}",
        model.modes,
        model.titles,
        model.colors,
        model.charset,
        model.sets,
        model.level,
        model.on_alternate,
        model.preceding.width,
        model.style,
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
        "rows {} {}, first differing {row:?}\nwraps {} {:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{}\n{}",
        a.rows.len(),
        b.rows.len(),
        a.wraps == b.wraps,
        a.wraps.iter().zip(&b.wraps).position(|(a, b)| a != b),
        a.cursors,
        b.cursors,
        a.saved,
        b.saved,
        a.frames,
        b.frames,
        a.rest,
        b.rest
    ))
}

/// Whether a cut here costs something: that nothing was printed in a cell, since on the alternate screen
/// only a character printed last brings a cursor behind the last column; or that the oldest row continues
/// one that is gone.
fn blurs(screen: &Screen) -> bool {
    let model = screen.model();
    let buffer = model.buffer();
    let printed = buffer.rows[buffer.y].cells()[buffer.cols - 1].has_content();
    let orphan = |buffer: &Buffer| buffer.history.len() == 0 && buffer.rows[0].wrapped;
    model.on_alternate && (buffer.x >= buffer.cols && !printed || orphan(&model.alternate))
        || orphan(&model.normal)
}

fn assert_same(a: &Screen, b: &Screen, context: &dyn Fn() -> String) {
    assert_alike(a, b, false, context);
}

/// As above; after a cut that blurs, blanks are the same whether they were printed or not, and which row
/// continues which is not asked.
fn assert_alike(a: &Screen, b: &Screen, blurred: bool, context: &dyn Fn() -> String) {
    let [mut a, mut b] = [view(a), view(b)];
    if blurred {
        for (text, ..) in [&mut a, &mut b].into_iter().flat_map(|view| view.rows.iter_mut().flatten()) {
            text.truncate(text.trim_end_matches(' ').len());
        }
        [&mut a, &mut b].into_iter().for_each(|view| view.wraps.clear());
    }
    if let Some(difference) = difference(&a, &b) {
        panic!("{}\n{difference}", context());
    }
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| std::ascii::escape_default(*b)).map(char::from).collect()
}
