//! Questions do not reach viewers, and everything else does.
//!
//! Owns those checks. Must not know the answers.

use proptest::prelude::*;

use super::shown;
use super::streams::{FIXTURES, piece};
use crate::{QueryFilter, Screen};

/// Every question that a terminal here answers or must not answer, and what is said to the host alone.
pub(crate) const QUESTIONS: [&str; 48] = [
    "\x1b[c",
    "\x1b[0c",
    "\x1b[>c",
    "\x1b[>0c",
    "\x1b[=c",
    "\x1bZ",
    "\u{9b}c",
    "\x1b[5n",
    "\x1b[6n",
    "\x1b[?6n",
    "\x1b[?15n",
    "\x1b[?996n",
    "\x1b[06n",
    "\u{9b}6n",
    "\x1b[4$p",
    "\x1b[?2026$p",
    "\x1b[?9999$p",
    "\x1b[>q",
    "\x1b[>0q",
    "\x1b[?u",
    "\x1b[11t",
    "\x1b[13t",
    "\x1b[14t",
    "\x1b[14;2t",
    "\x1b[15t",
    "\x1b[16t",
    "\x1b[18t",
    "\x1b[19t",
    "\x1b[20t",
    "\x1b[21t",
    "\x1b[?1;1;0S",
    "\x1bP$qm\x1b\\",
    "\x1bP$q q\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1b]4;1;?\x07",
    "\x1b]4;1;?;2;?\x1b\\",
    "\x1b]10;?\x07",
    "\x1b]10;?;?\x1b\\",
    "\x1b]11;?\x1b\\",
    "\x1b]12;?\x07",
    "\u{9d}11;?\u{9c}",
    "\x1b]52;c;?\x07",
    "\x1b]52;;?\x1b\\",
    "\x1b]7501;?\x1b\\",
    "\x1b]7501;?\x07",
    "\x1b]7501;state=working:app=x\x1b\\",
    "\x1b]7501;state=blocked:kind=permission:msg=YQ==\x07",
    "\u{9d}7501;\u{9c}",
];

/// What looks like a question and is none.
const STATEMENTS: [&str; 36] = [
    "\x1b]10;#fff\x07",
    "\x1b]11;rgb:0/0/0\x1b\\",
    "\x1b]12;red\x07",
    "\x1b]4;1;#123456\x07",
    "\x1b[s",
    "\x1b[u",
    "\x1b[8;24;80t",
    "\x1b[22;0t",
    "\x1b[23;0t",
    "\x1b[t",
    "\x1b[1t",
    "\x1b[?25h",
    "\x1b[?1049h",
    "\x1b[?2026h",
    "\x1bPq#0;2;0;0;0#0~~@@vv@@~~$\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]0;what?\x07",
    "\x1b]2;?\x1b\\",
    "\x1b]8;;http://a/?q=1\x1b\\",
    "\x1b]9;4;1;50\x07",
    "\x1b]9;done?\x1b\\",
    "\x1b]75011;x\x07",
    "\x1b]7;file://h/?\x07",
    "\x1b[!p",
    "\x1b[2 q",
    "\x1b[1\"q",
    "\x1b[3S",
    "\x1b[>1u",
    "\x1b[<u",
    "\x1b[=1;1u",
    "\x1b[>4;2m",
    "\x1b[1c",
    "\x1b[>4n",
    "\x1b_Ga=q;AAAA\x1b\\",
    "\u{9b}31m",
];

fn strip(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut filter = QueryFilter::new();
    bytes.chunks(size).flat_map(|chunk| filter.strip(chunk).into_owned()).collect()
}

#[test]
fn questions_are_left_out_and_statements_pass() {
    for size in [1, 2, 3, 1000] {
        for question in QUESTIONS {
            let stripped = strip(format!("a{question}b").as_bytes(), size);
            assert_eq!(shown(&stripped), "ab", "{} by {size}", shown(question.as_bytes()));
        }
        for statement in STATEMENTS.into_iter().chain(FIXTURES.map(|(_, text)| text)) {
            let text = format!("é·{statement}b");
            assert_eq!(shown(&strip(text.as_bytes(), size)), shown(text.as_bytes()), "by {size}");
        }
    }
}

#[test]
fn what_is_set_beside_a_question_is_still_set() {
    for (mixed, left) in [
        ("\x1b]4;1;?;2;#fff\x07", "\x1b]4;2;#fff\x1b\\"),
        ("\x1b]10;?;#000\x07", "\x1b]11;#000\x1b\\"),
        ("\x1b[6\nn", "\n"),
    ] {
        for size in [1, 4, 100] {
            assert_eq!(shown(&strip(mixed.as_bytes(), size)), shown(left.as_bytes()));
        }
    }
}

#[test]
fn a_question_after_an_unfinished_string_is_left_out() {
    for (text, left) in [
        ("\x1b]0;title\x1b[6nx", "\x1b]0;title\x1b\\x"),
        ("\x1b]10;?\x1b[31mx", "\x1b[31mx"),
        ("\x1bPq~~\x1b]11;?\x07x", "\x1bPq~~\x1b\\x"),
        ("\x1b[3\x1b[6n\x1b[6nx", "\x1b[3\x1b\\x"),
        ("\x1b[6\x18nx", "\x1b[6\x18nx"),
        ("\x1b\x1b[cx", "\x1b\x1b\\x"),
    ] {
        for size in 1..12 {
            assert_eq!(shown(&strip(text.as_bytes(), size)), shown(left.as_bytes()), "by {size}");
        }
    }
}

#[test]
fn what_cannot_be_a_question_is_not_held_back() {
    for text in ["\x1b]0;a long ti", "\x1bPq#0;2", "\x1b_G", "\x1b]52;c;aG", "\x1b]8;;http"] {
        assert_eq!(shown(&strip(text.as_bytes(), 1)), shown(text.as_bytes()));
    }
}

#[test]
fn an_endless_question_holds_little_and_is_never_asked() {
    let mut filter = QueryFilter::new();
    assert!(filter.strip(b"\x1b[").is_empty());
    for _ in 0..1000 {
        assert!(filter.strip(&[b'0'; 100]).is_empty());
    }
    assert_eq!(&*filter.strip(b"6nab\x1b[mc"), b"ab\x1b[mc");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_make_no_difference(parts in parts(), size in 1usize..12) {
        let bytes = parts.concat();
        let whole = strip(&bytes, bytes.len().max(1));
        prop_assert_eq!(shown(&whole), shown(&strip(&bytes, size)));
    }

    #[test]
    fn raw_bytes_in_chunks_too(bytes in prop::collection::vec(byte(), 0..80), size in 1usize..12) {
        let whole = strip(&bytes, bytes.len().max(1));
        prop_assert_eq!(shown(&whole), shown(&strip(&bytes, size)));
    }

    #[test]
    fn nobody_is_asked_anything(bytes in prop::collection::vec(byte(), 0..80), parts in parts(), size in 1usize..12) {
        for stream in [bytes, parts.concat()] {
            let mut screen = Screen::new(20, 6, 10);
            let answers = screen.feed(&strip(&stream, size));
            prop_assert!(answers.is_empty(), "{} asked by {}", shown(&answers), shown(&stream));
        }
    }
}

/// Bytes of which questions are made.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        prop::sample::select(&b"\x1b\x1b\x1b[[]P\\;;??$>=01456cnpqtuZ\x07\x18\xc2\x9b\x9c\x9d\n"[..]),
        any::<u8>(),
    ]
}

fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let question = prop::sample::select(&QUESTIONS[..]).prop_map(|text| text.as_bytes().to_vec());
    let statement = prop::sample::select(&STATEMENTS[..]).prop_map(|text| text.as_bytes().to_vec());
    prop::collection::vec(prop_oneof![question, statement, piece()], 0..20)
}
