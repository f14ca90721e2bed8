//! Tidy: reads the source tree and fails where one of the house's rules is broken.
//!
//! Owns the verdict. Must not know a rule: each is in `rules`, with the reason it exists. Run it with
//! `cargo test -p xtask --test tidy`.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test"))]

mod layout;
mod rights;
mod rust;
mod tree;
mod words;

use std::fmt;

use tree::Source;

/// A place that breaks a rule.
#[derive(Debug)]
struct Violation {
    path: String,
    line: usize,
    what: String,
    why: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    why: {}", self.path, self.line, self.what, self.why)
    }
}

/// Everything that is wrong with one file.
fn violations(source: &Source) -> Vec<Violation> {
    let mut found = layout::check(source);
    found.extend(words::check(source));
    found.extend(rights::check(source));
    if source.is_rust() {
        found.extend(rust::check(source));
    }
    found
}

#[test]
fn the_house_is_tidy() {
    let sources = tree::read();
    assert!(sources.len() > 20, "only {} sources found: is the tree read at all?", sources.len());
    let found: Vec<String> = sources.iter().flat_map(violations).map(|v| v.to_string()).collect();
    assert!(found.is_empty(), "\n{}\n\n{} violations", found.join("\n"), found.len());
}

/// Asserts that a file with this text breaks the rules at exactly these lines.
fn expect(path: &str, text: &str, lines: &[usize]) {
    let source = Source { path: path.to_owned(), text: text.to_owned() };
    let mut found: Vec<usize> = violations(&source).iter().map(|v| v.line).collect();
    found.sort_unstable();
    assert_eq!(found, lines, "in {path}:\n{text}");
}
