//! What characters are drawn with, and the sequences that take up another pen.
//!
//! Owns SGR and OSC 8 on the way out. Must not know where anything is drawn.

use alacritty_terminal::term::cell::{Cell, Flags, Hyperlink};
use alacritty_terminal::vte::ansi::{Color, NamedColor};

/// Attributes that SGR turns on by a single parameter.
const ATTRIBUTES: [(Flags, &str); 11] = [
    (Flags::BOLD, ";1"),
    (Flags::DIM, ";2"),
    (Flags::ITALIC, ";3"),
    (Flags::UNDERLINE, ";4"),
    (Flags::DOUBLE_UNDERLINE, ";4:2"),
    (Flags::UNDERCURL, ";4:3"),
    (Flags::DOTTED_UNDERLINE, ";4:4"),
    (Flags::DASHED_UNDERLINE, ";4:5"),
    (Flags::INVERSE, ";7"),
    (Flags::HIDDEN, ";8"),
    (Flags::STRIKEOUT, ";9"),
];

/// Colours, attributes and link of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pen {
    fg: Color,
    bg: Color,
    underline: Option<Color>,
    flags: Flags,
    pub(crate) link: Option<Hyperlink>,
}

impl Default for Pen {
    fn default() -> Self {
        Self::of(&Cell::default())
    }
}

impl Pen {
    /// The pen that drew a cell.
    pub(crate) fn of(cell: &Cell) -> Self {
        let known = ATTRIBUTES.iter().fold(Flags::empty(), |all, (flag, _)| all | *flag);
        Self {
            fg: cell.fg,
            bg: cell.bg,
            underline: cell.underline_color(),
            flags: cell.flags & known,
            link: cell.hyperlink(),
        }
    }

    /// The pen of nothing but a background.
    pub(crate) fn background(bg: Color) -> Self {
        Self { bg, ..Self::default() }
    }

    /// Whether erasing with this pen leaves plain blanks.
    pub(crate) fn erases_plain(&self) -> bool {
        self.bg == Color::Named(NamedColor::Background)
    }

    /// The parameters of SGR that make a reset pen this one.
    pub(crate) fn parameters(&self) -> String {
        let mut text = String::from("0");
        for (_, parameter) in ATTRIBUTES.iter().filter(|(flag, _)| self.flags.contains(*flag)) {
            text.push_str(parameter);
        }
        text.push_str(&plane(self.fg, 30, 90, 38));
        text.push_str(&plane(self.bg, 40, 100, 48));
        match self.underline {
            Some(Color::Spec(rgb)) => text.push_str(&format!(";58:2::{}:{}:{}", rgb.r, rgb.g, rgb.b)),
            Some(Color::Indexed(index)) => text.push_str(&format!(";58:5:{index}")),
            Some(Color::Named(_)) | None => {}
        }
        text
    }

    /// Takes up another pen.
    pub(crate) fn change(&mut self, to: Self, out: &mut Vec<u8>) {
        let same_ink =
            (self.fg, self.bg, self.underline, self.flags) == (to.fg, to.bg, to.underline, to.flags);
        if !same_ink {
            let parameters = to.parameters();
            let parameters = if parameters == "0" { "" } else { parameters.as_str() };
            out.extend_from_slice(format!("\x1b[{parameters}m").as_bytes());
        }
        if self.link != to.link {
            let link = match &to.link {
                Some(link) => format!("\x1b]8;id={};{}\x1b\\", link.id(), link.uri()),
                None => String::from("\x1b]8;;\x1b\\"),
            };
            out.extend_from_slice(link.as_bytes());
        }
        *self = to;
    }
}

fn plane(color: Color, dark: usize, bright: usize, extended: usize) -> String {
    match color {
        Color::Named(name) => match name as usize {
            index @ 0..8 => format!(";{}", dark + index),
            index @ 8..16 => format!(";{}", bright + index - 8),
            _ => String::new(),
        },
        Color::Indexed(index) => format!(";{extended};5;{index}"),
        Color::Spec(rgb) => format!(";{extended};2;{};{};{}", rgb.r, rgb.g, rgb.b),
    }
}
