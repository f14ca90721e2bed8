//! Every question gets its answer, in order, whoever watches.
//!
//! Owns the table of answers. Must not know how they are found.

use super::filtering::QUESTIONS;
use super::shown;
use crate::Screen;

fn ask(before: &str, question: &str) -> String {
    let mut screen = Screen::new(80, 24, 10);
    assert!(screen.feed(before.as_bytes()).is_empty());
    shown(&screen.feed(question.as_bytes()))
}

#[test]
fn answers_are_as_the_table_says() {
    let version = format!("\x1bP>|raven {}\x1b\\", env!("CARGO_PKG_VERSION"));
    for (before, question, answer) in [
        ("", "\x1b[c", "\x1b[?62;22c"),
        ("", "\x1b[>c", "\x1b[>0;276;0c"),
        ("", "\x1b[=c", "\x1bP!|00000000\x1b\\"),
        ("", "\x1b[5n", "\x1b[0n"),
        ("ab\r\nc", "\x1b[6n", "\x1b[2;2R"),
        ("ab\r\nc", "\x1b[?6n", "\x1b[?2;2R"),
        ("\x1b[5;9r\x1b[?6h\x1b[2;3H", "\x1b[6n", "\x1b[2;3R"),
        ("", "\x1b[?996n", "\x1b[?997;1n"),
        ("", "\x1b[?2026$p", "\x1b[?2026;2$y"),
        ("\x1b[?2026h", "\x1b[?2026$p", "\x1b[?2026;1$y"),
        ("", "\x1b[?25$p", "\x1b[?25;1$y"),
        ("\x1b[?1049h", "\x1b[?1049$p", "\x1b[?1049;1$y"),
        ("", "\x1b[?1006$p", "\x1b[?1006;2$y"),
        ("", "\x1b[?31337$p", "\x1b[?31337;0$y"),
        ("\x1b[4h", "\x1b[4$p", "\x1b[4;1$y"),
        ("", "\x1b[>q", version.as_str()),
        ("", "\x1b[?u", "\x1b[?0u"),
        ("\x1b[>1u\x1b[=4;2u", "\x1b[?u", "\x1b[?5u"),
        ("\x1b[>1u\x1b[>3u\x1b[<u", "\x1b[?u", "\x1b[?1u"),
        ("\x1b[>1u\x1b[?1049h", "\x1b[?u", "\x1b[?0u"),
        ("", "\x1b[14t", "\x1b[4;384;640t"),
        ("", "\x1b[16t", "\x1b[6;16;8t"),
        ("", "\x1b[18t", "\x1b[8;24;80t"),
        ("", "\x1b]10;?\x07", "\x1b]10;rgb:d8d8/dbdb/e0e0\x07"),
        ("", "\x1b]11;?\x1b\\", "\x1b]11;rgb:1616/1818/1d1d\x1b\\"),
        ("\x1b]11;#102030\x07", "\x1b]11;?\x1b\\", "\x1b]11;rgb:1010/2020/3030\x1b\\"),
        ("", "\x1b]10;?;?\x07", "\x1b]10;rgb:d8d8/dbdb/e0e0\x07\x1b]11;rgb:1616/1818/1d1d\x07"),
        ("", "\x1b]4;196;?\x07", "\x1b]4;196;rgb:ffff/0000/0000\x07"),
        ("", "\x1b]4;1;#010203;1;?\x07", "\x1b]4;1;rgb:0101/0202/0303\x07"),
        ("", "\x1bP$qm\x1b\\", "\x1bP1$r0m\x1b\\"),
        ("\x1b[1;31m", "\x1bP$qm\x1b\\", "\x1bP1$r0;1;31m\x1b\\"),
        ("", "\x1bP$qr\x1b\\", "\x1bP1$r1;24r\x1b\\"),
        ("", "\x1bP$qx\x1b\\", "\x1bP0$r\x1b\\"),
        ("", "\x1bP+q544e\x1b\\", "\x1bP0+r\x1b\\"),
        ("", "\x1b]7501;?\x1b\\", "\x1b]7501;?\x1b\\"),
        ("\x1b]2;secret\x07", "\x1b[21t", ""),
        ("\x1b]52;c;aGk=\x07", "\x1b]52;c;?\x07", ""),
        ("", "\x1b[6\x18n", ""),
    ] {
        assert_eq!(
            ask(before, question),
            shown(answer.as_bytes()),
            "{} {}",
            shown(before.as_bytes()),
            shown(question.as_bytes())
        );
    }
}

#[test]
fn answers_keep_the_order_of_the_questions() {
    let questions = "\x1b]7501;?\x1b\\\x1b[?u\x1b]11;?\x07\x1b[>0q\x1b[c";
    let answer = ask("", questions);
    let places: Vec<_> = ["]7501;?", "[?0u", "]11;rgb", "P>|raven", "[?62"]
        .map(|part| answer.find(part))
        .into_iter()
        .collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{answer}");
    let bytewise: Vec<u8> = {
        let mut screen = Screen::new(80, 24, 10);
        questions.bytes().flat_map(|byte| screen.feed(&[byte])).collect()
    };
    assert_eq!(shown(&bytewise), answer);
}

#[test]
fn questions_leave_the_screen_alone() {
    for question in QUESTIONS {
        let mut asked = Screen::new(20, 6, 10);
        asked.feed(format!("a{question}b").as_bytes());
        let mut plain = Screen::new(20, 6, 10);
        plain.feed(b"ab");
        super::assert_same(&asked, &plain, &|| shown(question.as_bytes()));
    }
}

#[test]
fn what_a_screen_shows_can_be_read() {
    let mut screen = Screen::new(10, 3, 10);
    screen.feed("\x1b]0; hello \x07日本 e\u{301}  \r\n0123456789ab".as_bytes());
    assert_eq!(screen.lines(), ["日本 e\u{301}", "0123456789", "ab"]);
    assert_eq!((screen.cursor(), screen.size()), ((2, 2), (10, 3)));
    assert_eq!(screen.title().as_deref(), Some("hello"));
    assert_eq!((screen.wraps(0), screen.wraps(1), screen.alternate()), (false, true, false));
    let seen = screen.fingerprint();
    screen.feed(b"\x1b[31m\x1b[2;3H");
    assert_eq!(screen.fingerprint(), seen, "neither a colour nor the cursor is text");
    screen.feed(b"!");
    assert_ne!(screen.fingerprint(), seen);
    screen.feed(b"\r\n\n\nmore");
    assert_eq!(screen.all_lines()[..2], ["日本 e\u{301}", "01!3456789"]);
    screen.feed(b"\x1b[?1049h\x1b[?2026h");
    assert!(screen.alternate() && screen.mid_frame());
    assert_eq!(screen.lines(), ["", "", ""]);
}
