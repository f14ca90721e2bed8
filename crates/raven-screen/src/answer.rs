//! What the terminal answers to each question.
//!
//! Owns the words of the answers; all of them come from the model, so nobody who watches can change them.
//! Must not know how a question was spelled.

use alacritty_terminal::vte::ansi::{NamedColor, Rgb};

use crate::model::Model;
use crate::modes::ORIGIN;
use crate::pen::Pen;
use crate::query::Query;

/// The text colour that programs are told, unless they set one.
const FOREGROUND: Rgb = Rgb { r: 0xd8, g: 0xdb, b: 0xe0 };

/// The background that programs are told, unless they set one; dark, so they choose dark themes.
const BACKGROUND: Rgb = Rgb { r: 0x16, g: 0x18, b: 0x1d };

/// Width and height of a cell in pixels, as programs are told. Viewers differ; this is a common size.
const CELL: (usize, usize) = (8, 16);

/// The first sixteen colours, as xterm.js has them.
const NAMED: [u32; 16] = [
    0x2e_3436, 0xcc_0000, 0x4e_9a06, 0xc4_a000, 0x34_65a4, 0x75_507b, 0x06_989a, 0xd3_d7cf, 0x55_5753,
    0xef_2929, 0x8a_e234, 0xfc_e94f, 0x72_9fcf, 0xad_7fa8, 0x34_e2e2, 0xee_eeec,
];

/// Steps of the 6×6×6 colour cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Model {
    /// The answer to a question; empty if it gets none.
    pub(crate) fn answer(&self, query: &Query) -> String {
        match query {
            // A VT220 with colours; what xterm.js can do, and nothing it cannot, such as sixel.
            Query::PrimaryAttributes => String::from("\x1b[?62;22c"),
            // As xterm.js says; programs take decisions on this number.
            Query::SecondaryAttributes => String::from("\x1b[>0;276;0c"),
            Query::TertiaryAttributes => String::from("\x1bP!|00000000\x1b\\"),
            Query::Health => String::from("\x1b[0n"),
            Query::Position { private } => self.position(if *private { "?" } else { "" }),
            Query::Scheme => String::from("\x1b[?997;1n"),
            Query::Mode { mode, private: true } => format!("\x1b[?{mode};{}$y", self.private_mode(*mode)),
            Query::Mode { mode, private: false } => format!("\x1b[{mode};{}$y", self.mode(*mode)),
            Query::Version => format!("\x1bP>|raven {}\x1b\\", env!("CARGO_PKG_VERSION")),
            Query::Keyboard => format!("\x1b[?{}u", self.frame.keyboard.flags()),
            Query::Window(report) => self.window(*report),
            Query::Setting(name) => self.setting(name),
            Query::Capability => String::from("\x1bP0+r\x1b\\"),
            Query::ProgramStatus => String::from("\x1b]7501;?\x1b\\"),
            Query::Unanswered => String::new(),
        }
    }

    /// The answer to the question for one colour, by its name in the question.
    pub(crate) fn color_answer(&self, name: &str, bell: bool) -> String {
        let index = match name {
            "10" => NamedColor::Foreground as usize,
            "11" => NamedColor::Background as usize,
            "12" => NamedColor::Cursor as usize,
            _ => name.trim_start_matches("4;").parse().unwrap_or(0),
        };
        let Rgb { r, g, b } = self.term.colors()[index].unwrap_or_else(|| default_color(index));
        let end = if bell { "\x07" } else { "\x1b\\" };
        format!("\x1b]{name};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{end}")
    }

    fn position(&self, mark: &str) -> String {
        let (row, col) = self.at();
        let top = if self.modes.has(ORIGIN) { self.frame.region.0 } else { 0 };
        format!("\x1b[{mark}{};{}R", row.saturating_sub(top) + 1, col + 1)
    }

    fn private_mode(&self, mode: u16) -> u8 {
        match mode {
            47 | 1047 | 1049 if self.primary.is_some() => 1,
            47 | 1047 | 1049 => 2,
            _ => self.modes.report(mode).unwrap_or(0),
        }
    }

    fn mode(&self, mode: u16) -> u8 {
        match mode {
            4 if self.modes.insert => 1,
            20 if self.modes.newline => 1,
            4 | 20 => 2,
            2 => 4,
            12 => 3,
            _ => 0,
        }
    }

    fn window(&self, report: u16) -> String {
        let (cols, rows) = (self.cols(), self.rows());
        let (width, height) = (cols * CELL.0, rows * CELL.1);
        match report {
            11 => String::from("\x1b[1t"),
            13 => String::from("\x1b[3;0;0t"),
            14 => format!("\x1b[4;{height};{width}t"),
            15 => format!("\x1b[5;{height};{width}t"),
            16 => format!("\x1b[6;{};{}t", CELL.1, CELL.0),
            18 => format!("\x1b[8;{rows};{cols}t"),
            19 => format!("\x1b[9;{rows};{cols}t"),
            _ => String::new(),
        }
    }

    fn setting(&self, name: &[u8]) -> String {
        let (top, end) = self.frame.region;
        let value = match name {
            b"m" => format!("{}m", Pen::of(&self.grid().cursor.template).parameters()),
            b"r" => format!("{};{end}r", top + 1),
            b" q" => format!("{} q", self.style.unwrap_or(2)),
            b"\"p" => String::from("62;1\"p"),
            b"\"q" => String::from("0\"q"),
            _ => return String::from("\x1bP0$r\x1b\\"),
        };
        format!("\x1bP1$r{value}\x1b\\")
    }
}

fn default_color(index: usize) -> Rgb {
    let byte = |value: usize| u8::try_from(value).unwrap_or(u8::MAX);
    match index {
        0..16 => {
            let [_, r, g, b] = NAMED[index].to_be_bytes();
            Rgb { r, g, b }
        }
        16..232 => {
            let at = index - 16;
            Rgb { r: CUBE[at / 36], g: CUBE[at / 6 % 6], b: CUBE[at % 6] }
        }
        232..256 => {
            let grey = byte(8 + 10 * (index - 232));
            Rgb { r: grey, g: grey, b: grey }
        }
        _ if index == NamedColor::Background as usize => BACKGROUND,
        _ => FOREGROUND,
    }
}
