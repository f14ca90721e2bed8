//! Text as it is printed: runs of ASCII, controls, characters.
//!
//! Owns the decoding of UTF-8, in which what is no character is dropped. Must not know sequences.

/// What a text begins with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Characters of ASCII that are no controls.
    Ascii(&'a [u8]),
    Control(u8),
    Char(char),
    /// So many bytes that are no character, or one that terminals drop.
    Nothing(usize),
    /// The beginning of a character, and nothing else.
    Partial,
}

/// The first piece of a text that is not empty.
pub(crate) fn piece(text: &[u8]) -> Piece<'_> {
    match text[0] {
        0x20..=0x7e => Piece::Ascii(&text[..ascii_run(text)]),
        byte @ 0..=0x1f => Piece::Control(byte),
        0x7f => Piece::Nothing(1),
        _ => character(text),
    }
}

/// How many characters of ASCII, controls left out, a text begins with.
fn ascii_run(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let mut count = 0;
    for chunk in text.chunks_exact(8) {
        let Ok(chunk) = <[u8; 8]>::try_from(chunk) else { break };
        let word = u64::from_le_bytes(chunk);
        // The highest bit of each byte: not ASCII, DEL, or below a space.
        let printable = (word | HIGH).wrapping_sub(ONES * 0x20);
        let special = (word | word.wrapping_add(ONES) | !printable) & HIGH;
        if special != 0 {
            break;
        }
        count += 8;
    }
    let rest = &text[count..];
    count + rest.iter().position(|byte| !(0x20..0x7f).contains(byte)).unwrap_or(rest.len())
}

fn character(text: &[u8]) -> Piece<'_> {
    const BYTE_ORDER_MARK: char = '\u{feff}';
    let end = |length: usize| text.get(..length).unwrap_or(text);
    let first = end(match text[0] {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    });
    match std::str::from_utf8(first).map(|valid| valid.chars().next()) {
        Ok(Some(BYTE_ORDER_MARK)) => Piece::Nothing(BYTE_ORDER_MARK.len_utf8()),
        Ok(Some(c)) => Piece::Char(c),
        Ok(None) => Piece::Nothing(1),
        Err(error) => error.error_len().map_or(Piece::Partial, Piece::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart() {
        for (text, wanted) in [
            (&b"abc"[..], Piece::Ascii(b"abc")),
            (b"a long text of ascii\n", Piece::Ascii(b"a long text of ascii")),
            (b"12345678\x7f", Piece::Ascii(b"12345678")),
            ("abcdefghi\u{e9}".as_bytes(), Piece::Ascii(b"abcdefghi")),
            (b"\nabc", Piece::Control(b'\n')),
            (b"\x7f", Piece::Nothing(1)),
            ("日本".as_bytes(), Piece::Char('日')),
            ("é".as_bytes(), Piece::Char('é')),
            ("👍".as_bytes(), Piece::Char('👍')),
            ("\u{feff}a".as_bytes(), Piece::Nothing(3)),
            (b"\xe6\x97", Piece::Partial),
            (b"\xe6\x97a", Piece::Nothing(2)),
            (b"\xff", Piece::Nothing(1)),
        ] {
            assert_eq!(piece(text), wanted, "{text:?}");
        }
        for byte in 0..=255 {
            let text = [b'a', b'b', byte, b'c', b'd', b'e', b'f', b'g', b'h'];
            let run = if (0x20..0x7f).contains(&byte) { 9 } else { 2 };
            assert_eq!(ascii_run(&text), run, "{byte}");
        }
    }
}
