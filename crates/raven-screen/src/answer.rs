//! What the terminal answers to each question.
//!
//! Owns the words of the answers; all of them come from the model, so nobody who watches can change them.
//! Must not know how a question was spelled.

use crate::model::Model;
use crate::pen;
use crate::query::Query;
use crate::strings;

/// The text colour that programs are told, unless they set one.
const FOREGROUND: [u8; 3] = [0xd8, 0xdb, 0xe0];

/// The background that programs are told, unless they set one; dark, so they choose dark themes.
const BACKGROUND: [u8; 3] = [0x16, 0x18, 0x1d];

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
            Query::Keyboard => format!("\x1b[?{}u", self.buffer().keyboard.flags()),
            Query::Window(report) => self.window(*report),
            Query::Setting(name) => self.setting(name),
            Query::Capability => String::from("\x1bP0+r\x1b\\"),
            Query::ProgramStatus => String::from("\x1b]7501;?\x1b\\"),
            Query::Unanswered => String::new(),
        }
    }

    /// The answer to the question for one colour, by its name in the question.
    pub(crate) fn color_answer(&self, name: &str, bell: bool) -> String {
        let number = match name {
            "10" => strings::FOREGROUND,
            "11" => strings::BACKGROUND,
            "12" => strings::CURSOR,
            _ => name.trim_start_matches("4;").parse().unwrap_or(0),
        };
        let [r, g, b] = self.colors.get(&number).copied().unwrap_or_else(|| default_color(number));
        let end = if bell { "\x07" } else { "\x1b\\" };
        format!("\x1b]{name};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{end}")
    }

    fn position(&self, mark: &str) -> String {
        let (row, col) = self.at();
        let top = if self.modes.origin() { self.buffer().top } else { 0 };
        format!("\x1b[{mark}{};{}R", row.saturating_sub(top) + 1, col + 1)
    }

    fn private_mode(&self, mode: u16) -> u8 {
        match mode {
            47 | 1047 | 1049 if self.on_alternate => 1,
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
        let buffer = self.buffer();
        let value = match name {
            b"m" => {
                let (ink, look) = self.brush.whole();
                format!("{}m", pen::parameters(ink, &look))
            }
            b"r" => format!("{};{}r", buffer.top + 1, buffer.bottom + 1),
            b" q" => format!("{} q", self.style.unwrap_or(2)),
            b"\"p" => String::from("62;1\"p"),
            b"\"q" => String::from("0\"q"),
            _ => return String::from("\x1bP0$r\x1b\\"),
        };
        format!("\x1bP1$r{value}\x1b\\")
    }
}

fn default_color(number: u16) -> [u8; 3] {
    let index = usize::from(number);
    match index {
        0..16 => {
            let [_, r, g, b] = NAMED[index].to_be_bytes();
            [r, g, b]
        }
        16..232 => {
            let at = index - 16;
            [CUBE[at / 36], CUBE[at / 6 % 6], CUBE[at % 6]]
        }
        232..256 => [u8::try_from(8 + 10 * (index - 232)).unwrap_or(u8::MAX); 3],
        _ if number == strings::BACKGROUND => BACKGROUND,
        _ => FOREGROUND,
    }
}
