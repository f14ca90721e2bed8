//! Cursors of lists: opaque to clients, and refused when they are none of ours.
//!
//! Owns their shape. Must not know what the lists are of.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;

/// Entries of one page of tools or prompts: all of them today, as some clients read the first page only.
pub const PAGE: usize = 200;

/// A cursor that leads on after something.
pub fn after(what: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("after {what}"))
}

/// What a cursor leads on after.
///
/// # Errors
/// `Invalid` when it was not made here.
pub fn read(cursor: Option<&str>) -> Result<Option<String>, Error> {
    let Some(cursor) = cursor else { return Ok(None) };
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let what = text.as_deref().and_then(|text| text.strip_prefix("after "));
    what.map(|what| Some(what.to_owned())).ok_or_else(unknown)
}

fn unknown() -> Error {
    Error::invalid("cursor", "is none of ours; give `nextCursor` of the page before, or none to begin anew")
}

/// The name of a thing, and whether it is shown.
type Look<'a, T> = (fn(&T) -> &str, &'a dyn Fn(&T) -> bool);

/// A page of named things, of which only some are shown; the cursor is good whichever these are.
pub fn page<T>(
    all: impl Iterator<Item = T>,
    (name, is_shown): Look<'_, T>,
    (cursor, size): (Option<&str>, usize),
) -> Result<(Vec<T>, Option<String>), Error> {
    let begin = read(cursor)?;
    let mut rest = all.peekable();
    if let Some(begin) = begin {
        rest.by_ref().find(|thing| name(thing) == begin).ok_or_else(unknown)?;
    }
    let mut shown: Vec<T> = rest.filter(|thing| is_shown(thing)).take(size + 1).collect();
    let more = shown.len() > size;
    shown.truncate(size);
    let next = if more { shown.last().map(|last| after(name(last))) } else { None };
    Ok((shown, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_on_each_other_whatever_is_shown_by_then() {
        let all = ["a", "b", "c", "d", "e"];
        let read = |hidden: &str, cursor: Option<&str>| {
            page(all.into_iter(), (|name| name, &|name: &&str| !hidden.contains(*name)), (cursor, 2))
        };
        let (first, next) = read("", None).unwrap();
        assert_eq!(first, ["a", "b"]);
        let (second, next) = read("bc", next.as_deref()).unwrap();
        assert_eq!((second, next), (vec!["d", "e"], None));
        for bad in ["", "b", "after b", &after("x")] {
            assert!(read("", Some(bad)).is_err(), "{bad}");
        }
    }
}
