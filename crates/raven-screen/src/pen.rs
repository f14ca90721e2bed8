//! The sequences that take up another ink.
//!
//! Owns SGR, OSC 8 and DECSCA on the way out. Must not know where anything is drawn.

use crate::cell::{
    BLINK, BOLD, COLOR, COLOR_16, COLOR_256, COLOR_MODE, COLOR_RGB, DIM, INVERSE, INVISIBLE, ITALIC, Ink,
    OVERLINE, PROTECTED, STRIKE, UNDERLINE,
};
use crate::extras::{Extras, Id, Link, Look};
use crate::strings::LINK_MARK;

/// Flags of the foreground's word, and SGR's parameters for them.
const FLAGS: [(u32, &str); 5] =
    [(BOLD, ";1"), (BLINK, ";5"), (INVERSE, ";7"), (INVISIBLE, ";8"), (STRIKE, ";9")];

/// Those of the background's word.
const BACK_FLAGS: [(u32, &str); 3] = [(DIM, ";2"), (ITALIC, ";3"), (OVERLINE, ";53")];

/// The parameters of SGR that make a reset pen this ink.
pub(crate) fn parameters(ink: Ink, look: &Look) -> String {
    let mut text = String::from("0");
    for (_, parameter) in FLAGS.iter().filter(|(flag, _)| ink.fg & flag != 0) {
        text.push_str(parameter);
    }
    for (_, parameter) in BACK_FLAGS.iter().filter(|(flag, _)| ink.bg & flag != 0) {
        text.push_str(parameter);
    }
    if ink.fg & UNDERLINE != 0 {
        text.push_str(&if look.style > 1 { format!(";4:{}", look.style) } else { String::from(";4") });
    }
    text.push_str(&plane(ink.fg, 30));
    text.push_str(&plane(ink.bg, 40));
    match look.color & COLOR_MODE {
        COLOR_RGB => {
            let [b, g, r, _] = look.color.to_le_bytes();
            text.push_str(&format!(";58:2::{r}:{g}:{b}"));
        }
        COLOR_256 => text.push_str(&format!(";58:5:{}", look.color & 0xff)),
        _ => {}
    }
    text
}

/// The parameters of a colour; `base` is that of the first one.
fn plane(word: u32, base: u32) -> String {
    let index = word & 0xff;
    match word & COLOR_MODE {
        COLOR_16 if index < 8 => format!(";{}", base + index),
        COLOR_16 => format!(";{}", base + 60 + index - 8),
        COLOR_256 => format!(";{};5;{index}", base + 8),
        COLOR_RGB => {
            let [b, g, r, _] = (word & COLOR).to_le_bytes();
            format!(";{};2;{r};{g};{b}", base + 8)
        }
        _ => String::new(),
    }
}

/// Takes up another ink.
pub(crate) fn change(from: Ink, to: Ink, extras: &Extras, out: &mut Vec<u8>) {
    if from == to {
        return;
    }
    let (old, new) = (extras.look(from.look), extras.look(to.look));
    let same = (from.fg, from.bg, old.style, old.color) == (to.fg, to.bg, new.style, new.color);
    if !same {
        let parameters = parameters(to, &new);
        let parameters = if parameters == "0" { "" } else { parameters.as_str() };
        out.extend_from_slice(format!("\x1b[{parameters}m").as_bytes());
        // The reset has ended the protection in xterm.js, and elsewhere it has not.
        if to.bg & PROTECTED != 0 {
            out.extend_from_slice(b"\x1b[1\"q");
        } else if from.bg & PROTECTED != 0 {
            out.extend_from_slice(b"\x1b[\"q");
        }
    }
    if old.link != new.link {
        change_link(new.link.as_deref(), out);
    }
}

/// Begins a link, or ends it.
pub(crate) fn change_link(link: Option<&Link>, out: &mut Vec<u8>) {
    let text = match link {
        None => String::from("\x1b]8;;\x1b\\"),
        Some(Link { id: Id::Given(id), uri }) => format!("\x1b]8;id={id};{uri}\x1b\\"),
        Some(Link { id: Id::Numbered(number), uri }) => format!("\x1b]8;id={LINK_MARK}{number};{uri}\x1b\\"),
    };
    out.extend_from_slice(text.as_bytes());
}
