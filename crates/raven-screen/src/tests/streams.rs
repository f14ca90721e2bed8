//! Streams to test with: small fixtures in the manner of real programs, and generators.
//!
//! Owns what kinds of sequences the random streams hold. Must not know what is checked with them.

use proptest::prelude::*;

/// Streams in the manner of real programs, for a terminal of 20×6.
pub(crate) const FIXTURES: [(&str, &str); 14] = [
    (
        "shell",
        "\x1b]0;me@box: ~\x07\x1b[?2004h\x1b[01;32mme@box\x1b[00m:\x1b[01;34m~\x1b[00m$ ls\r\n\x1b[0m\x1b[01;34mdir\x1b[0m  file\r\n$ ",
    ),
    (
        "scrollback",
        "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\n\x1b[31mei\x1b[7mght\x1b[m\r\nnine",
    ),
    (
        "vim",
        "$ vim\r\n\x1b[?1049h\x1b[22;0;0t\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[1;6r\x1b[?12h\x1b[?12l\x1b[22;2t\x1b[22;1t\x1b[27m\x1b[23m\x1b[29m\x1b[m\x1b[H\x1b[2J\x1b[?25l\x1b[6;1H\"a.txt\" 3L\x1b[1;1Halpha\r\nbeta\r\n\x1b[94m~                   \x1b[5;1H~\x1b[m\x1b[6;11H1,1\x1b[1;1H\x1b[?25h\x1b[2;5r\x1b[2;1H\x1bM\x1b[1;6r\x1b[2;1Hnew\x1b[2 q",
    ),
    ("vim left", "a\r\nb\x1b7\x1b[?1049h\x1b[Hxyz\x1b[3;5H\x1b7\x1b[?1049l\r\nafter"),
    (
        "regions",
        "\x1b[2;4r\x1b[4;1Ha\nb\nc\nd\x1b[2;1H\x1bM\x1b[?6h\x1b[2;3Hx\x1b[3;3H\x1b[2L\x1b[44m\x1b[M\x1b[S\x1b[T",
    ),
    (
        "wide",
        "日本語テキストの折り返し、です\r\n👩‍🚀x🇨🇭 e\u{301}o\u{308} ｶﾞ\r\n1234567890123456789世界\x1b[4;19H\x1b[P\x1b[2;2H\x1b[K\x1b[1;4H\x1b[@",
    ),
    (
        "links",
        "see \x1b]8;;https://example.org/a;b\x1b\\the manual\x1b]8;;\x1b\\ and \x1b]8;id=7;https://x.test/\x07long link over rows\x1b]8;;\x07 end",
    ),
    (
        "wrapping",
        "01234567890123456789012345678901234567890\r\n01234567890123456789\x1b7abc\x1b8\x1b[3;20H\x1b[41mXY\x1b[m tail",
    ),
    ("pending", "\x1b[5;1H01234567890123456789\r\n01234567890123456789"),
    (
        "attributes",
        "\x1b[1mb\x1b[2md\x1b[3mi\x1b[4mu\x1b[21md\x1b[4:3mc\x1b[58:2::1:2:3mC\x1b[58;5;9mI\x1b[24;59mn\x1b[7mr\x1b[8mh\x1b[9ms\x1b[0m\x1b[38;5;200mx\x1b[48;2;9;8;7my\x1b[91;104mz\x1b[K\x1b[m",
    ),
    (
        "modes",
        "\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?1007h\x1b[?1004h\x1b[?2004h\x1b[?1h\x1b=\x1b[?7l\x1b[?25l\x1b[4h\x1b[20h\x1b[5 q\x1b[>1u\x1b[>5u\x1b[=3;2u\x1b[?45h",
    ),
    ("tabs", "\x1b[3g\x1b[1;4H\x1bH\x1b[1;11H\x1bH\r\ta\tb\tc\r\n\x1b[?5Wx\ty\x1b[Z!"),
    ("charsets", "\x1b(0lqqk\x0f\x1b)0\x0ex x\x0f\x1b(B plain\x1b7\x1b)B\x0e"),
    (
        "frames",
        "\x1b[?2026hhalf a fra\x1b[2;2Hme\x1b[?2026l\x1b[?2026h\x1b[31mnext\x1b]4;1;rgb:11/22/33\x1b\\\x1b]10;#445566\x07\x1b]2;title\x07\x1b[22t\x1b]2;other\x07",
    ),
];

/// One piece of a random stream.
pub(crate) fn piece() -> impl Strategy<Value = Vec<u8>> {
    let number = 0u16..12;
    prop_oneof![
        6 => "[ -~]{1,12}".prop_map(String::into_bytes),
        2 => "[日本語👍é─█ｱ]{1,5}".prop_map(String::into_bytes),
        1 => "[\u{301}\u{308}\u{200d}\u{fe0f}]{1,2}".prop_map(String::into_bytes),
        3 => "[\r\n\t\x08\x07\x0e\x0f]{1,3}".prop_map(String::into_bytes),
        1 => Just(b"\r\n".to_vec()),
        6 => (number.clone(), number, "[@ABCDEFGHIJKLMPSTXZ`adefgr]")
            .prop_map(|(a, b, last)| format!("\x1b[{a};{b}{last}").into_bytes()),
        4 => prop::sample::select(&SEQUENCES[..]).prop_map(|text| text.as_bytes().to_vec()),
        2 => (0u16..110).prop_map(|n| format!("\x1b[{n}m").into_bytes()),
        1 => (0u8..3, any::<u8>()).prop_map(|(n, c)| format!("\x1b[{};5;{c}m", 38 + 10 * u16::from(n)).into_bytes()),
        1 => ("[a-zé日]", 0u8..30).prop_map(|(c, n)| format!("{c}\x1b[{n}b").into_bytes()),
    ]
}

/// A random stream without wide characters. Only there lines may be kept from wrapping: what xterm.js makes of a wide
/// character that finds no room then cannot be made by any other sequence.
pub(crate) fn narrow_stream(pieces: usize) -> impl Strategy<Value = Vec<u8>> {
    let wraps = prop::sample::select(&["\x1b[?7l", "\x1b[?7h"][..]);
    let piece = prop_oneof![1 => wraps.prop_map(|text| text.as_bytes().to_vec()), 9 => piece()];
    let narrow = |bytes: Vec<u8>| -> Vec<u8> {
        let text = String::from_utf8_lossy(&bytes);
        text.chars().filter(|c| crate::width::columns(u32::from(*c)) == 1).collect::<String>().into_bytes()
    };
    prop::collection::vec(piece.prop_map(narrow), 1..pieces).prop_map(|pieces| pieces.concat())
}

/// A random stream of whole sequences.
pub(crate) fn stream(pieces: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 1..pieces).prop_map(|pieces| pieces.concat())
}

const SEQUENCES: [&str; 60] = [
    "\x1b7",
    "\x1b8",
    "\x1bD",
    "\x1bE",
    "\x1bM",
    "\x1bH",
    "\x1b[s",
    "\x1b[u",
    "\x1b[2J",
    "\x1b[3J",
    "\x1b[H",
    "\x1b[r",
    "\x1b[2;4r",
    "\x1b[1;3r",
    "\x1b[3;6r",
    "\x1b[?6h",
    "\x1b[?6l",
    "\x1b[4h",
    "\x1b[?5W",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[?47h",
    "\x1b[?47l",
    "\x1b[?1047h",
    "\x1b[?1047l",
    "\x1b[?1048h",
    "\x1b[?1048l",
    "\x1b[?25l",
    "\x1b[?25h",
    "\x1b[?2026h",
    "\x1b[?2026l",
    "\x1b[?1000h",
    "\x1b[?1003h",
    "\x1b[?1000l",
    "\x1b[?1006h",
    "\x1b[?2004h",
    "\x1b[4l",
    "\x1b[20h",
    "\x1b[20l",
    "\x1b(0",
    "\x1b(B",
    "\x1b)0",
    "\x1b]2;one\x07",
    "\x1b]0;two\x1b\\",
    "\x1b[22t",
    "\x1b[23t",
    "\x1b]8;;http://a/\x07",
    "\x1b]8;;\x1b\\",
    "\x1b]4;5;#123456\x07",
    "\x1b]104\x07",
    "\x1b]11;#010203\x07",
    "\x1b[>3u",
    "\x1b[<u",
    "\x1b[3 q",
    "\x1b[!p",
    "\x1b#8",
    "\x1bPsixel\x1b\\",
    "\x1b[3g",
];
