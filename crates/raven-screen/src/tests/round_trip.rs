//! A repainted screen is the same screen, now and after whatever follows.
//!
//! Owns those checks. Must not know how a repaint is made.

use proptest::prelude::*;

use super::streams::{FIXTURES, narrow_stream, stream};
use super::{assert_alike, assert_same, blurs, shown};
use crate::{QueryFilter, Screen};

const COLS: u16 = 20;
const ROWS: u16 = 6;
const SCROLLBACK: usize = 30;

fn fed(bytes: &[u8]) -> Screen {
    let mut screen = Screen::new(COLS, ROWS, SCROLLBACK);
    screen.feed(bytes);
    screen
}

/// Cuts a stream at a byte, repaints there, and goes on with the rest on both sides; once as it is, and
/// once as a viewer sees it, through a filter.
fn check_cut(stream: &[u8], at: usize) {
    let (before, after) = stream.split_at(at);
    let mut original = fed(before);
    let repaint = original.repaint();
    let blurred = blurs(&original);
    let context = |when: &str| {
        format!("{when}\nbefore {}\nafter {}\nrepaint {}", shown(before), shown(after), shown(&repaint))
    };
    let mut copy = fed(&repaint);
    assert_alike(&original, &copy, blurred, &|| context("at the cut"));
    original.feed(after);
    copy.feed(after);
    assert_alike(&original, &copy, blurred, &|| context("after the rest"));

    // What is still held back at the end is let go by a CAN, which both sides then get.
    let mut shared = QueryFilter::new();
    shared.strip(before);
    let mut viewer = fed(&QueryFilter::new().strip(&repaint));
    viewer.feed(&shared.strip(after));
    viewer.feed(&shared.strip(b"\x18"));
    original.feed(b"\x18");
    assert_alike(&original, &viewer, blurred, &|| context("through a filter"));
}

#[test]
fn fixtures_survive_a_cut_at_every_byte() {
    for (name, text) in FIXTURES {
        for at in 0..=text.len() {
            let outcome = std::panic::catch_unwind(|| check_cut(text.as_bytes(), at));
            assert!(outcome.is_ok(), "fixture {name} cut at {at}");
        }
    }
}

#[test]
fn one_after_another_they_survive_too() {
    let all: String = FIXTURES.iter().map(|(_, text)| *text).collect();
    for at in (0..=all.len()).step_by(7) {
        check_cut(all.as_bytes(), at);
    }
}

#[test]
fn a_repaint_of_a_repaint_is_the_same_bytes() {
    for (name, text) in FIXTURES {
        let repaint = fed(text.as_bytes()).repaint();
        let again = fed(&repaint).repaint();
        assert_eq!(shown(&repaint), shown(&again), "fixture {name}");
    }
}

#[test]
fn a_resized_screen_can_be_repainted() {
    for (name, text) in FIXTURES {
        for (cols, rows) in [(10, 6), (33, 6), (20, 3), (20, 12), (2, 2), (7, 9)] {
            let mut original = fed(text.as_bytes());
            original.resize(cols, rows);
            let mut copy = Screen::new(cols, rows, SCROLLBACK);
            copy.feed(&original.repaint());
            let context = || format!("fixture {name} at {cols}x{rows}");
            assert_same(&original, &copy, &context);
            original.feed(text.as_bytes());
            copy.feed(text.as_bytes());
            assert_same(&original, &copy, &context);
        }
    }
}

#[test]
fn the_scrollback_asked_for_is_what_comes() {
    let screen = fed("0\r\n1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9".as_bytes());
    for (asked, kept) in [(0, 0), (2, 2), (4, 4), (100, 4)] {
        let copy = fed(&screen.repaint_with(asked));
        assert_eq!(copy.lines(), screen.lines());
        assert_eq!(super::view(&copy).rows.len(), usize::from(ROWS) + kept);
    }
}

#[test]
fn a_sequence_too_long_to_keep_stays_open_in_the_copy() {
    for (opener, end) in [
        ("\x1b]52;c;", "\x07"),
        ("\x1bPq", "\x1b\\"),
        ("\x1b_G", "\x1b\\"),
        ("\x1b]2;", "\x1b\\"),
        ("\x1b[1;", "m"),
    ] {
        let long = format!("a{opener}{}", "1".repeat(70_000));
        let mut original = fed(long.as_bytes());
        assert!(original.repaint().len() < 1000);
        let mut copy = fed(&original.repaint());
        let rest = format!("111{end}b");
        original.feed(rest.as_bytes());
        copy.feed(rest.as_bytes());
        assert_eq!(original.lines()[0], "ab", "{}", shown(opener.as_bytes()));
        assert_same(&original, &copy, &|| shown(opener.as_bytes()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_streams_survive_any_cut(bytes in stream(40), at in any::<prop::sample::Index>()) {
        check_cut(&bytes, at.index(bytes.len() + 1));
    }

    #[test]
    fn streams_that_do_not_wrap_survive_any_cut(bytes in narrow_stream(40), at in any::<prop::sample::Index>()) {
        check_cut(&bytes, at.index(bytes.len() + 1));
    }

    #[test]
    fn random_bytes_survive_any_cut(bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
        check_cut(&bytes, at.index(bytes.len() + 1));
    }

    #[test]
    fn random_streams_survive_resizes(
        first in stream(20), second in stream(20), cols in 2u16..30, rows in 2u16..9,
    ) {
        let mut original = fed(&first);
        original.resize(cols, rows);
        original.feed(&second);
        let mut copy = Screen::new(cols, rows, SCROLLBACK);
        copy.feed(&original.repaint());
        let context = || format!("{cols}x{rows} {} | {}", shown(&first), shown(&second));
        assert_alike(&original, &copy, blurs(&original), &context);
    }

    #[test]
    fn nothing_makes_it_panic(
        chunks in prop::collection::vec(prop_oneof![stream(20), prop::collection::vec(any::<u8>(), 0..100)], 1..6),
        sizes in prop::collection::vec(prop_oneof![9 => (0u16..40, 0u16..20), 1 => (0u16..1001, 0u16..501)], 6),
    ) {
        let (cols, rows) = sizes[0];
        let mut screen = Screen::new(cols, rows, 5);
        for (chunk, (cols, rows)) in chunks.iter().zip(&sizes) {
            screen.resize(*cols, *rows);
            screen.feed(chunk);
        }
        prop_assert_eq!(screen.lines().len(), usize::from(screen.size().1));
    }

    #[test]
    fn chunks_make_no_difference(bytes in stream(30), size in 1usize..9) {
        let whole = fed(&bytes);
        let mut piecewise = Screen::new(COLS, ROWS, SCROLLBACK);
        for chunk in bytes.chunks(size) {
            piecewise.feed(chunk);
        }
        assert_same(&whole, &piecewise, &|| shown(&bytes));
    }
}
