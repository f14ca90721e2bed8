//! One cell of a screen: what stands in it, how wide that is, and what it is drawn with.
//!
//! Owns the layout of a cell's words, which follows xterm.js so that nothing is lost between the two. Must
//! not know rows, or what the numbers of texts and looks stand for.

/// What a colour's bits are: how it is given, and its value.
pub(crate) const COLOR: u32 = 0x03ff_ffff;
/// How a colour is given; none of these bits: the terminal's own colour.
pub(crate) const COLOR_MODE: u32 = 0x0300_0000;
/// One of the first 16 colours.
pub(crate) const COLOR_16: u32 = 0x0100_0000;
/// One of 256 colours.
pub(crate) const COLOR_256: u32 = 0x0200_0000;
/// Red, green and blue.
pub(crate) const COLOR_RGB: u32 = 0x0300_0000;

/// Flags in the word of the foreground.
pub(crate) const INVERSE: u32 = 1 << 26;
pub(crate) const BOLD: u32 = 1 << 27;
pub(crate) const UNDERLINE: u32 = 1 << 28;
pub(crate) const BLINK: u32 = 1 << 29;
pub(crate) const INVISIBLE: u32 = 1 << 30;
pub(crate) const STRIKE: u32 = 1 << 31;

/// Flags in the word of the background.
pub(crate) const ITALIC: u32 = 1 << 26;
pub(crate) const DIM: u32 = 1 << 27;
pub(crate) const PROTECTED: u32 = 1 << 29;
pub(crate) const OVERLINE: u32 = 1 << 30;

const POINT: u32 = 0x1f_ffff;
const COMBINED: u32 = 1 << 21;
const WIDTH_SHIFT: u32 = 22;

/// What something is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ink {
    pub(crate) fg: u32,
    pub(crate) bg: u32,
    /// Number of the look, for underlines other than a plain one and for links; 0 is none.
    pub(crate) look: u32,
}

impl Ink {
    /// What is left where something was erased with a background.
    pub(crate) fn erased(bg: u32) -> Self {
        Self { fg: 0, bg: bg & COLOR, look: 0 }
    }

    pub(crate) fn is_plain(self) -> bool {
        self == Self::default()
    }

    /// Whether what is erased with it is as in a new terminal.
    pub(crate) fn erases_plain(self) -> bool {
        self.bg & COLOR == 0
    }

    /// Whether it is a background and nothing else.
    pub(crate) fn only_erased(self) -> bool {
        self == Self::erased(self.bg)
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// Nothing was written here: a blank, or the second half of a wide character.
    Nothing,
    Char(char),
    /// A character with marks: the number of the text.
    Text(u32),
}

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Character or text, and width, in one word.
    pub(crate) content: u32,
    pub(crate) ink: Ink,
}

impl Cell {
    /// A cell that nothing was written in.
    pub(crate) const fn nothing(ink: Ink) -> Self {
        Self { content: 1 << WIDTH_SHIFT, ink }
    }

    /// The second half of a wide character.
    pub(crate) const fn tail(ink: Ink) -> Self {
        Self { content: 0, ink }
    }

    pub(crate) const fn of(c: u32, width: u32, ink: Ink) -> Self {
        Self { content: c & POINT | width << WIDTH_SHIFT, ink }
    }

    pub(crate) const fn of_text(text: u32, width: u32, ink: Ink) -> Self {
        Self { content: text & POINT | COMBINED | width << WIDTH_SHIFT, ink }
    }

    /// 0 for the second half of a wide character, and for a mark that stands alone.
    pub(crate) const fn width(self) -> u32 {
        self.content >> WIDTH_SHIFT
    }

    pub(crate) const fn has_content(self) -> bool {
        self.content & (POINT | COMBINED) != 0
    }

    pub(crate) fn symbol(self) -> Symbol {
        if self.content & COMBINED != 0 {
            return Symbol::Text(self.content & POINT);
        }
        match self.content & POINT {
            0 => Symbol::Nothing,
            point => Symbol::Char(char::from_u32(point).unwrap_or(' ')),
        }
    }

    /// Whether it is as in a new terminal.
    pub(crate) fn is_untouched(self) -> bool {
        self == Self::nothing(Ink::default())
    }
}
