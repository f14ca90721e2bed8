//! What OSC sequences do to the model: titles, links, colours.
//!
//! Owns their spelling. Must not know questions; those are answered before a sequence comes here.

use std::sync::Arc;

use crate::extras::{Id, Link};
use crate::model::Model;

/// Begins the ids of links that came without one, in a repaint.
pub(crate) const LINK_MARK: &str = "raven-";

/// Numbers of the colours of text, background and cursor, after the 256.
pub(crate) const FOREGROUND: u16 = 256;
pub(crate) const BACKGROUND: u16 = 257;
pub(crate) const CURSOR: u16 = 258;

impl Model {
    /// An OSC sequence, without its opener and its end.
    pub(crate) fn osc(&mut self, body: &[u8]) {
        // Controls in it are no part of it, and what is no UTF-8 is dropped everywhere.
        let clean: Vec<u8> = body.iter().copied().filter(|byte| *byte >= 0x20).collect();
        let text: String = clean.utf8_chunks().map(|chunk| chunk.valid()).collect();
        let (number, rest) = text.split_once(';').unwrap_or((&text, ""));
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return;
        }
        match number.trim_start_matches('0') {
            "" | "2" => self.titles.set(rest),
            "4" => self.set_indexed(rest),
            "8" => self.link(rest),
            "10" => self.set_dynamic(rest, FOREGROUND),
            "11" => self.set_dynamic(rest, BACKGROUND),
            "12" => self.set_dynamic(rest, CURSOR),
            "104" => self.restore_indexed(rest),
            "110" => self.restore(FOREGROUND),
            "111" => self.restore(BACKGROUND),
            "112" => self.restore(CURSOR),
            _ => {}
        }
    }

    fn link(&mut self, rest: &str) {
        let Some((params, uri)) = rest.split_once(';') else { return };
        let params = params.trim();
        if uri.is_empty() {
            if params.is_empty() {
                self.brush.set_link(None);
                self.dip();
            }
            return;
        }
        let given = params.split(':').find_map(|param| param.strip_prefix("id=")).unwrap_or_default();
        let id = match given.strip_prefix(LINK_MARK).and_then(|number| number.parse::<u64>().ok()) {
            Some(number) => Id::Numbered(number),
            None if given.is_empty() => Id::Numbered(self.next_link),
            None => Id::Given(given.to_owned()),
        };
        if let Id::Numbered(number) = id {
            self.next_link = self.next_link.max(number.saturating_add(1));
        }
        self.brush.set_link(Some(Arc::new(Link { id, uri: uri.to_owned() })));
        self.dip();
    }

    fn set_indexed(&mut self, rest: &str) {
        let mut parts = rest.split(';');
        while let (Some(index), Some(value)) = (parts.next(), parts.next()) {
            if let (Ok(index), Some(color)) = (index.parse::<u8>(), read_color(value)) {
                self.colors.insert(index.into(), color);
            }
        }
    }

    fn set_dynamic(&mut self, rest: &str, first: u16) {
        for (number, value) in (first..=CURSOR).zip(rest.split(';')) {
            if let Some(color) = read_color(value) {
                self.colors.insert(number, color);
            }
        }
    }

    fn restore_indexed(&mut self, rest: &str) {
        if rest.is_empty() {
            self.colors.retain(|number, _| *number >= FOREGROUND);
        }
        for index in rest.split(';').filter_map(|index| index.parse::<u8>().ok()) {
            self.restore(index.into());
        }
    }

    fn restore(&mut self, number: u16) {
        self.colors.remove(&number);
    }
}

/// `rgb:r/g/b` or `#rgb`, with one to four digits for each.
fn read_color(value: &str) -> Option<[u8; 3]> {
    let value = value.to_ascii_lowercase();
    if let Some(parts) = value.strip_prefix("rgb:") {
        let parts: Vec<&str> = parts.split('/').collect();
        let [r, g, b] = parts[..] else { return None };
        let equal = r.len() == g.len() && g.len() == b.len() && (1..=4).contains(&r.len());
        let most = (1 << (4 * r.len())) - 1;
        let scale = |part| hex(part).map(|value| narrow((value * 255 * 2 + most) / (most * 2)));
        return if equal { Some([scale(r)?, scale(g)?, scale(b)?]) } else { None };
    }
    let digits = value.strip_prefix('#').filter(|digits| matches!(digits.len(), 3 | 6 | 9 | 12))?;
    let length = digits.len() / 3;
    let part = |at: usize| {
        let value = hex(digits.get(at * length..(at + 1) * length)?)?;
        Some(narrow(if length == 1 { value << 4 } else { value >> (4 * (length - 2)) }))
    };
    Some([part(0)?, part(1)?, part(2)?])
}

fn hex(digits: &str) -> Option<u32> {
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if all { u32::from_str_radix(digits, 16).ok() } else { None }
}

fn narrow(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::read_color;

    #[test]
    fn colours_are_read_as_viewers_read_them() {
        for (value, color) in [
            ("rgb:ff/80/00", Some([255, 128, 0])),
            ("RGB:f/8/0", Some([255, 136, 0])),
            ("rgb:ffff/8000/0000", Some([255, 128, 0])),
            ("#123", Some([0x10, 0x20, 0x30])),
            ("#123456", Some([0x12, 0x34, 0x56])),
            ("#123456789abc", Some([0x12, 0x56, 0x9a])),
            ("rgb:1/22/3", None),
            ("red", None),
            ("#12", None),
            ("?", None),
        ] {
            assert_eq!(read_color(value), color, "{value}");
        }
    }
}
