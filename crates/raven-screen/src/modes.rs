//! The switches of a terminal, by their DEC and ANSI numbers.
//!
//! Owns which there are, how they stand, and how they are reported and restored. Must not know what a
//! switch does to the screen.

/// Private modes that are plain switches, and whether they are on after a reset.
const SWITCHES: [(u16, bool); 13] = [
    (CURSOR_KEYS, false),
    (ORIGIN, false),
    (AUTOWRAP, true),
    (BLINK, false),
    (CURSOR, true),
    (45, false),
    (KEYPAD, false),
    (1004, false),
    (1007, false),
    (1042, false),
    (BRACKETED_PASTE, false),
    (2031, false),
    (SYNCHRONIZED, false),
];

/// DECCKM.
pub(crate) const CURSOR_KEYS: u16 = 1;
/// DECOM.
pub(crate) const ORIGIN: u16 = 6;
/// DECAWM.
pub(crate) const AUTOWRAP: u16 = 7;
/// Whether the cursor blinks.
pub(crate) const BLINK: u16 = 12;
/// DECTCEM.
pub(crate) const CURSOR: u16 = 25;
/// DECNKM, also `ESC =` and `ESC >`.
pub(crate) const KEYPAD: u16 = 66;
/// Synchronized output: the program is in the middle of a frame.
pub(crate) const SYNCHRONIZED: u16 = 2026;
/// Pasted text comes between marks.
pub(crate) const BRACKETED_PASTE: u16 = 2004;

/// How every switch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Modes {
    on: u16,
    /// 9, 1000, 1002 or 1003; one at a time, as in xterm.js.
    mouse: Option<u16>,
    /// 1006 or 1016; one at a time.
    encoding: Option<u16>,
    /// IRM.
    pub(crate) insert: bool,
    /// LNM.
    pub(crate) newline: bool,
}

impl Default for Modes {
    fn default() -> Self {
        let on =
            SWITCHES.iter().enumerate().filter(|(_, (_, on))| *on).fold(0, |bits, (at, _)| bits | 1 << at);
        Self { on, mouse: None, encoding: None, insert: false, newline: false }
    }
}

/// The place of a switch that there is.
const fn known_place(mode: u16) -> usize {
    let mut at = 0;
    while SWITCHES[at].0 != mode {
        at += 1;
    }
    at
}

fn place(mode: u16) -> Option<usize> {
    SWITCHES.iter().position(|(known, _)| *known == mode)
}

impl Modes {
    /// Whether a plain switch is on; unknown ones are off.
    pub(crate) fn has(&self, mode: u16) -> bool {
        place(mode).is_some_and(|at| self.on >> at & 1 == 1)
    }

    /// Turns a private mode on or off; unknown ones are ignored.
    pub(crate) fn set(&mut self, mode: u16, on: Switch) {
        match mode {
            9 | 1000 | 1002 | 1003 => self.mouse = on.then(mode),
            1006 | 1016 => self.encoding = on.then(mode),
            _ => {
                let Some(at) = place(mode) else { return };
                match on {
                    Switch::On => self.on |= 1 << at,
                    Switch::Off => self.on &= !(1 << at),
                }
            }
        }
    }

    /// DECAWM.
    pub(crate) fn wraps(&self) -> bool {
        const AT: usize = known_place(AUTOWRAP);
        self.on >> AT & 1 == 1
    }

    /// DECOM.
    pub(crate) fn origin(&self) -> bool {
        const AT: usize = known_place(ORIGIN);
        self.on >> AT & 1 == 1
    }

    /// Turns an ANSI mode on or off; unknown ones are ignored.
    pub(crate) fn set_ansi(&mut self, mode: u16, on: Switch) {
        match mode {
            4 => self.insert = on == Switch::On,
            20 => self.newline = on == Switch::On,
            _ => {}
        }
    }

    /// What DECSTR resets, after xterm.js.
    pub(crate) fn soften(&mut self) {
        let blink = self.has(BLINK);
        *self = Self { mouse: self.mouse, encoding: self.encoding, newline: self.newline, ..Self::default() };
        self.set(BLINK, if blink { Switch::On } else { Switch::Off });
    }

    /// What RIS resets, after xterm.js.
    pub(crate) fn reset(&mut self) {
        let hidden = !self.has(CURSOR);
        self.soften();
        (self.mouse, self.encoding) = (None, None);
        if hidden {
            self.set(CURSOR, Switch::Off);
        }
    }

    /// The value of a DECRPM report for a private mode, or `None` for an unknown one.
    pub(crate) fn report(&self, mode: u16) -> Option<u8> {
        let on = match mode {
            9 | 1000 | 1002 | 1003 => self.mouse == Some(mode),
            1006 | 1016 => self.encoding == Some(mode),
            8 => return Some(3),
            67 | 1005 | 1015 => return Some(4),
            1048 => return Some(1),
            _ => place(mode).map(|_| self.has(mode))?,
        };
        Some(if on { 1 } else { 2 })
    }

    /// Sequences that bring a terminal here that is as the painter's beginning left it. Origin and synchronized output are left to
    /// the painter: they have their place in its order.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for (mode, default) in SWITCHES {
            if self.has(mode) != default && mode != ORIGIN && mode != SYNCHRONIZED {
                let letter = if default { 'l' } else { 'h' };
                out.extend_from_slice(format!("\x1b[?{mode}{letter}").as_bytes());
            }
        }
        for mode in self.mouse.into_iter().chain(self.encoding) {
            out.extend_from_slice(format!("\x1b[?{mode}h").as_bytes());
        }
        if self.newline {
            out.extend_from_slice(b"\x1b[20h");
        }
        if self.insert {
            out.extend_from_slice(b"\x1b[4h");
        }
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
}

impl Switch {
    fn then<T>(self, value: T) -> Option<T> {
        (self == Self::On).then_some(value)
    }
}
