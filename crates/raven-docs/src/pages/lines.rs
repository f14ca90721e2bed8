//! Parts of long texts: the lines that somebody asked for, or as many as fit.
//!
//! Owns how many these are. Pure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Most of a text that is given at once, in bytes: an agent's memory is small.
const MOST: usize = 48 * 1024;

/// Lines of a text, counted from 1.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lines {
    /// The first line.
    #[schemars(range(min = 1))]
    pub start: usize,
    /// The last line; as many as fit by default.
    pub end: Option<usize>,
}

/// Which lines were given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The first line, counted from 1.
    pub start: usize,
    /// The last line; less than `start` when there are none.
    pub end: usize,
    /// How many lines there are.
    pub total: usize,
}

/// The lines of a text that were asked for, as far as they fit; at least one, so that one can read on.
///
/// # Errors
/// `Invalid` for a range that can have no lines.
pub fn cut(text: &str, wanted: Option<Lines>) -> Result<(&str, Shown), Error> {
    let Lines { start, end } = wanted.unwrap_or(Lines { start: 1, end: None });
    if start == 0 || end.is_some_and(|end| end < start) {
        return Err(Error::invalid("range", "must be lines counted from 1, with `start` not after `end`"));
    }
    let total = text.lines().count();
    let (mut from, mut to, mut last) = (None, 0, start - 1);
    let mut at = 0;
    for (nth, line) in (1..).zip(text.split_inclusive('\n')) {
        let after = at + line.len();
        if nth >= start && end.is_none_or(|end| nth <= end) {
            let from = *from.get_or_insert(at);
            if after - from > MOST && last >= start {
                break;
            }
            (to, last) = (after, nth);
        }
        at = after;
    }
    let from = from.unwrap_or(to);
    Ok((&text[from..to.max(from)], Shown { start, end: last, total }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_as_they_are_asked_for() {
        let text = "one\ntwo\nthree";
        let lines = |start, end| Some(Lines { start, end });
        for (wanted, part, (start, end)) in [
            (None, text, (1, 3)),
            (lines(2, Some(2)), "two\n", (2, 2)),
            (lines(2, None), "two\nthree", (2, 3)),
            (lines(3, Some(9)), "three", (3, 3)),
            (lines(4, None), "", (4, 3)),
        ] {
            assert_eq!(cut(text, wanted).unwrap(), (part, Shown { start, end, total: 3 }), "{wanted:?}");
        }
        assert!(cut(text, lines(0, None)).is_err() && cut(text, lines(3, Some(2))).is_err());
        assert_eq!(cut("", None).unwrap(), ("", Shown { start: 1, end: 0, total: 0 }));
    }

    #[test]
    fn long_texts_are_read_part_by_part_and_whole() {
        let text: String = (0..5000).map(|n| format!("line {n} {}\n", "x".repeat(n % 50))).collect();
        let (mut read, mut start) = (String::new(), 1);
        loop {
            let (part, shown) = cut(&text, Some(Lines { start, end: None })).unwrap();
            assert!(part.len() <= MOST);
            read += part;
            if shown.end == shown.total {
                break;
            }
            start = shown.end + 1;
        }
        assert_eq!(read, text);
        let wide = "x".repeat(MOST * 2);
        assert_eq!(cut(&wide, None).unwrap().0.len(), wide.len(), "a line is never cut");
    }
}
