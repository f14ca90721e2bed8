//! What is drawn with next, and how SGR and links change it.
//!
//! Owns the reading of SGR as xterm.js reads it. Must not know where anything is drawn.

use std::sync::Arc;

use crate::cell::{
    BLINK, BOLD, COLOR, COLOR_16, COLOR_256, COLOR_RGB, DIM, INVERSE, INVISIBLE, ITALIC, Ink, OVERLINE,
    PROTECTED, STRIKE, UNDERLINE,
};
use crate::extras::{Extras, Link, Look};
use crate::params::Params;

/// Slots for a colour's parts: what is coloured, how it is given, its space, and three values.
const PARTS: usize = 6;

/// The pen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Brush {
    pub(crate) fg: u32,
    pub(crate) bg: u32,
    /// Style of the underline, as in SGR 4:n.
    style: u8,
    /// Colour of the underline.
    color: u32,
    link: Option<Arc<Link>>,
    ink: Ink,
}

impl Brush {
    /// What a cell that is written now is drawn with.
    pub(crate) fn ink(&self) -> Ink {
        self.ink
    }

    /// What is left where something is erased now.
    pub(crate) fn erased(&self) -> Ink {
        Ink::erased(self.bg)
    }

    pub(crate) fn link(&self) -> Option<&Arc<Link>> {
        self.link.as_ref()
    }

    /// All of it but its link, also what cannot be seen yet.
    pub(crate) fn whole(&self) -> (Ink, Look) {
        let ink = Ink { fg: self.fg, bg: self.bg, look: 0 };
        (ink, Look { style: self.style, color: self.color, link: None })
    }

    /// After a change of the words or of the look; also after the extras' numbers have changed.
    pub(crate) fn dip(&mut self, extras: &mut Extras) {
        self.ink = Ink { fg: self.fg, bg: self.bg, look: 0 };
        if let Some(link) = &self.link {
            // A link looks as it looks, whatever underline it has.
            let link = Some(link.clone());
            self.ink.look = extras.number_of_look(Look { style: 0, color: self.color, link });
        } else if self.style > 0 && (self.style, self.color) != (1, 0) {
            self.ink.look = extras.number_of_look(Look { style: self.style, color: self.color, link: None });
        }
    }

    /// What DECRC brings back. In xterm.js that leaves the underline's style and the link as they are.
    pub(crate) fn restore(&mut self, fg: u32, bg: u32) {
        (self.fg, self.bg) = (fg, bg);
        self.style = if fg & UNDERLINE != 0 { self.style.max(1) } else { 0 };
    }

    pub(crate) fn set_link(&mut self, link: Option<Arc<Link>>) {
        self.link = link;
    }

    pub(crate) fn protect(&mut self, mode: i32) {
        match mode {
            1 => self.bg |= PROTECTED,
            0 | 2 => self.bg &= !PROTECTED,
            _ => {}
        }
    }

    fn plain(&mut self) {
        (self.fg, self.bg) = (0, 0);
        (self.style, self.color) = (0, 0);
    }

    fn underline(&mut self, style: i32) {
        self.style = u8::try_from(style).ok().filter(|style| *style <= 5).unwrap_or(1);
        self.fg |= UNDERLINE;
        if self.style == 0 {
            self.fg &= !UNDERLINE;
        }
    }

    /// SGR.
    pub(crate) fn select(&mut self, params: &Params) {
        let mut at = 0;
        while at < params.count() {
            let value = params.get(at);
            match value {
                38 | 48 | 58 => at += self.extended_color(params, at),
                4 => self.underline(params.subs(at).first().copied().unwrap_or(1)),
                _ => self.attribute(value),
            }
            at += 1;
        }
    }

    fn attribute(&mut self, value: i32) {
        match value {
            0 => self.plain(),
            1 => self.fg |= BOLD,
            2 => self.bg |= DIM,
            3 => self.bg |= ITALIC,
            5 => self.fg |= BLINK,
            7 => self.fg |= INVERSE,
            8 => self.fg |= INVISIBLE,
            9 => self.fg |= STRIKE,
            21 => self.underline(2),
            22 => {
                self.fg &= !BOLD;
                self.bg &= !DIM;
            }
            23 => self.bg &= !ITALIC,
            24 => self.underline(0),
            25 => self.fg &= !BLINK,
            27 => self.fg &= !INVERSE,
            28 => self.fg &= !INVISIBLE,
            29 => self.fg &= !STRIKE,
            30..=37 => paint(&mut self.fg, COLOR_16 | low(value - 30)),
            39 => paint(&mut self.fg, 0),
            40..=47 => paint(&mut self.bg, COLOR_16 | low(value - 40)),
            49 => paint(&mut self.bg, 0),
            53 => self.bg |= OVERLINE,
            55 => self.bg &= !OVERLINE,
            // What xterm.js takes for the default is white.
            59 => self.color = COLOR,
            90..=97 => paint(&mut self.fg, COLOR_16 | 8 | low(value - 90)),
            100..=107 => paint(&mut self.bg, COLOR_16 | 8 | low(value - 100)),
            _ => {}
        }
    }

    /// SGR 38, 48 and 58, with semicolons, colons, or both; answers how many parameters it took beside
    /// its own.
    fn extended_color(&mut self, params: &Params, at: usize) -> usize {
        let mut parts = [0, 0, -1, 0, 0, 0];
        let mut space = 0;
        let mut took = 0;
        loop {
            parts[took + space] = params.get(at + took);
            let subs = params.subs(at + took);
            if !subs.is_empty() {
                for (index, sub) in subs.iter().enumerate() {
                    if parts[1] == 5 {
                        space = 1;
                    }
                    let place = took + index + 1 + space;
                    if place >= PARTS {
                        break;
                    }
                    parts[place] = *sub;
                }
                break;
            }
            let decided = parts[1] == 5 && took + space >= 2 || parts[1] == 2 && took + space >= 5;
            if decided {
                break;
            }
            if parts[1] != 0 {
                space = 1;
            }
            took += 1;
            if at + took >= params.count() || took + space >= PARTS {
                break;
            }
        }
        let values = [parts[3], parts[4], parts[5]].map(|part| low(part.max(0)));
        let color = match parts[1] {
            2 => COLOR_RGB | values[0] << 16 | values[1] << 8 | values[2],
            5 => COLOR_256 | values[0],
            _ => return took,
        };
        match parts[0] {
            38 => paint(&mut self.fg, color),
            48 => paint(&mut self.bg, color),
            _ => self.color = color,
        }
        took
    }
}

fn paint(word: &mut u32, color: u32) {
    *word = *word & !COLOR | color;
}

/// The lowest byte of a value.
fn low(value: i32) -> u32 {
    u32::from(value.to_le_bytes()[0])
}
