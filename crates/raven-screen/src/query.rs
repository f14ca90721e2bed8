//! Which control sequences ask the terminal something.
//!
//! Owns the reading of whole sequences as far as that needs. Must not know the answers, or the screen.

use crate::scan::Kind;

/// Longest sequence that is taken for a question, or for a set of colours: all 256 take 6 KiB. One that
/// is longer, and could still be a question, is ignored by the screen and kept from viewers alike.
pub(crate) const MAX_QUERY: usize = 8 * 1024;

/// How a sequence of the program status protocol begins.
const PROGRAM_STATUS: &[u8] = b"7501;";

/// A question that a program asks its terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Query {
    /// DA1, also as DECID.
    PrimaryAttributes,
    /// DA2.
    SecondaryAttributes,
    /// DA3.
    TertiaryAttributes,
    /// DSR 5: are you well?
    Health,
    /// CPR, or DECXCPR with a `?`.
    Position { private: bool },
    /// Whether colours are dark or light.
    Scheme,
    /// DECRQM.
    Mode { mode: u16, private: bool },
    /// XTVERSION.
    Version,
    /// Flags of the kitty keyboard protocol.
    Keyboard,
    /// XTWINOPS reports.
    Window(u16),
    /// DECRQSS; the bytes name the setting.
    Setting(Vec<u8>),
    /// XTGETTCAP.
    Capability,
    /// OSC 7501: does the terminal hear program status?
    ProgramStatus,
    /// A question that is never answered: the clipboard, the title, graphics limits.
    Unanswered,
}

/// One part of an `OSC 4`, `10`, `11` or `12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Color {
    /// `4;7`, `10`, `11` or `12`.
    pub(crate) name: String,
    /// The value to set; `None` asks for it.
    pub(crate) value: Option<Vec<u8>>,
}

impl Color {
    /// The sequence that sets it; `None` for one that is asked for.
    pub(crate) fn set_sequence(&self) -> Option<Vec<u8>> {
        let value = self.value.as_ref()?;
        Some([b"\x1b]", self.name.as_bytes(), b";", value, b"\x1b\\"].concat())
    }
}

/// What a whole sequence is, as far as it is not left to the emulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing of ours.
    Other,
    /// A question.
    Query(Query),
    /// What a program says of itself by OSC 7501: it is for no viewer.
    Report,
    /// Colours, at least one of which is asked for, in order; and whether BEL ended the sequence.
    Colors { colors: Vec<Color>, bell: bool },
}

/// Reads a whole sequence.
pub(crate) fn read(kind: Kind, bytes: &[u8]) -> Meaning {
    match kind {
        Kind::Escape if is_decid(bytes) => Meaning::Query(Query::PrimaryAttributes),
        Kind::Escape | Kind::Opaque => Meaning::Other,
        Kind::Csi => read_csi(bytes.get(2..).unwrap_or_default()),
        Kind::Osc => read_osc(bytes),
        Kind::Dcs => read_dcs(string_body(bytes).0),
    }
}

/// Whether it is `ESC Z`; controls in between do not matter to terminals.
fn is_decid(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x1b) && bytes[1..].iter().filter(|b| (0x20..0x7f).contains(*b)).eq([&b'Z'])
}

/// Whether a sequence that begins like this can still become a question; `false` is for good.
pub(crate) fn may_ask(kind: Kind, bytes: &[u8]) -> bool {
    let body = bytes.get(2..).unwrap_or_default();
    let begins = |words: &[&[u8]]| words.iter().any(|word| body.starts_with(word) || word.starts_with(body));
    match kind {
        Kind::Escape | Kind::Csi => true,
        Kind::Osc => {
            begins(&[b"4;", b"10;", b"11;", b"12;", PROGRAM_STATUS])
                || body.first().is_some_and(|b| *b < 0x20)
                || asks_clipboard(body)
        }
        Kind::Dcs => begins(&[b"$q", b"+q"]),
        Kind::Opaque => false,
    }
}

/// Whether an `OSC 52` can still ask: its second part names clipboards, its third is `?`.
fn asks_clipboard(body: &[u8]) -> bool {
    let Some(rest) = body.strip_prefix(b"52;") else { return b"52;".starts_with(body) };
    let names = rest.iter().take_while(|b| **b != b';').count();
    match rest.get(names + 1..) {
        Some(value) => value.first().is_none_or(|b| *b == b'?') && value.len() <= 4,
        None => names <= 16,
    }
}

/// The inside of a string sequence, and whether BEL ended it.
pub(crate) fn string_body(bytes: &[u8]) -> (&[u8], bool) {
    let inside = bytes.get(2..).unwrap_or_default();
    if let Some(body) = inside.strip_suffix(b"\x07") {
        return (body, true);
    }
    let body = inside.strip_suffix(b"\x1b\\").or_else(|| inside.strip_suffix(b"\xc2\x9c"));
    (body.unwrap_or(inside), false)
}

/// A CSI sequence taken apart.
struct Csi<'a> {
    prefix: Option<u8>,
    params: &'a [u8],
    intermediates: &'a [u8],
}

impl Csi<'_> {
    fn param(&self, index: usize) -> u16 {
        let digits = self.params.split(|&b| b == b';').nth(index).unwrap_or_default();
        let digits = digits.iter().take_while(|b| b.is_ascii_digit());
        digits.fold(0, |n: u16, b| n.saturating_mul(10).saturating_add(u16::from(b - b'0')))
    }
}

/// Whether a CSI sequence that ends so may be a question.
pub(crate) fn may_be_csi_query(last: u8) -> bool {
    matches!(last, b'c' | b'n' | b'p' | b't' | b'u' | b'q' | b'S')
}

fn read_csi(body: &[u8]) -> Meaning {
    let Some((&last, _)) = body.split_last() else { return Meaning::Other };
    if !may_be_csi_query(last) {
        return Meaning::Other;
    }
    let clean: Vec<u8> = body.iter().copied().filter(|b| (0x20..0x7f).contains(b)).collect();
    let inside = &clean[..clean.len() - 1];
    let (prefix, inside) = match inside.split_first() {
        Some((&mark @ 0x3c..=0x3f, rest)) => (Some(mark), rest),
        _ => (None, inside),
    };
    let split = inside.iter().position(|b| *b < 0x30).unwrap_or(inside.len());
    let (params, intermediates) = inside.split_at(split);
    if params.iter().any(|b| *b > b';') || intermediates.iter().any(|b| *b >= 0x30) {
        return Meaning::Other;
    }
    let csi = Csi { prefix, params, intermediates };
    csi_query(&csi, last).map_or(Meaning::Other, Meaning::Query)
}

fn csi_query(csi: &Csi<'_>, last: u8) -> Option<Query> {
    let first = csi.param(0);
    if csi.intermediates == b"$" && last == b'p' {
        return match csi.prefix {
            None => Some(Query::Mode { mode: first, private: false }),
            Some(b'?') => Some(Query::Mode { mode: first, private: true }),
            Some(_) => None,
        };
    }
    if !csi.intermediates.is_empty() {
        return None;
    }
    match (csi.prefix, last) {
        (None, b'c') if first == 0 => Some(Query::PrimaryAttributes),
        (Some(b'>'), b'c') if first == 0 => Some(Query::SecondaryAttributes),
        (Some(b'='), b'c') if first == 0 => Some(Query::TertiaryAttributes),
        (None, b'n') if first == 5 => Some(Query::Health),
        (None, b'n') if first == 6 => Some(Query::Position { private: false }),
        (Some(b'?'), b'n') => Some(match first {
            6 => Query::Position { private: true },
            996 => Query::Scheme,
            _ => Query::Unanswered,
        }),
        (Some(b'>'), b'q') if first == 0 => Some(Query::Version),
        (Some(b'?'), b'u') => Some(Query::Keyboard),
        (Some(b'?'), b'S') => Some(Query::Unanswered),
        (None, b't') => match first {
            11 | 13 | 14 | 15 | 16 | 18 | 19 => Some(Query::Window(first)),
            20 | 21 => Some(Query::Unanswered),
            _ => None,
        },
        _ => None,
    }
}

fn read_osc(bytes: &[u8]) -> Meaning {
    let (body, bell) = string_body(bytes);
    if !body.contains(&b'?') && !body.starts_with(PROGRAM_STATUS) {
        return Meaning::Other;
    }
    // Controls inside an OSC are ignored by every emulator, so they must not hide a question.
    let clean: Vec<u8> = body.iter().copied().filter(|b| *b >= 0x20).collect();
    let mut parts = clean.split(|b| *b == b';');
    let colors = match parts.next() {
        Some(b"4") => indexed_colors(parts),
        Some(code @ (b"10" | b"11" | b"12")) => dynamic_colors(code, parts),
        Some(b"52") if parts.nth(1) == Some(b"?") => return Meaning::Query(Query::Unanswered),
        Some(b"7501") => {
            let asks = parts.next().is_some_and(|part| part.starts_with(b"?"));
            return if asks { Meaning::Query(Query::ProgramStatus) } else { Meaning::Report };
        }
        _ => return Meaning::Other,
    };
    if colors.iter().all(|color| color.value.is_some()) {
        return Meaning::Other;
    }
    Meaning::Colors { colors, bell }
}

fn asked_or_set(part: &[u8]) -> Option<Vec<u8>> {
    if part == b"?" { None } else { Some(part.to_vec()) }
}

fn indexed_colors<'a>(mut parts: impl Iterator<Item = &'a [u8]>) -> Vec<Color> {
    let mut colors = Vec::new();
    while let (Some(index), Some(value)) = (parts.next(), parts.next()) {
        let index = std::str::from_utf8(index).ok().and_then(|text| text.parse::<u8>().ok());
        if let Some(index) = index {
            colors.push(Color { name: format!("4;{index}"), value: asked_or_set(value) });
        }
    }
    colors
}

fn dynamic_colors<'a>(code: &[u8], parts: impl Iterator<Item = &'a [u8]>) -> Vec<Color> {
    let first = if code == b"10" {
        10
    } else if code == b"11" {
        11
    } else {
        12
    };
    (first..=12u8)
        .zip(parts)
        .filter(|(_, value)| !value.is_empty())
        .map(|(code, value)| Color { name: code.to_string(), value: asked_or_set(value) })
        .collect()
}

fn read_dcs(body: &[u8]) -> Meaning {
    if let Some(setting) = body.strip_prefix(b"$q") {
        return Meaning::Query(Query::Setting(setting.to_vec()));
    }
    if body.starts_with(b"+q") {
        return Meaning::Query(Query::Capability);
    }
    Meaning::Other
}
