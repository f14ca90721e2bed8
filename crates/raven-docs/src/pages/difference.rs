//! What differs between two states of a page, as a unified difference.
//!
//! Owns its bounds. Pure.

use std::time::Duration;

use similar::TextDiff;

use crate::error::Error;

/// How long is looked for the shortest difference; one found later may be longer than needed, and is as right.
const WITHIN: Duration = Duration::from_millis(250);

/// Longest difference that is shown, in bytes.
const MAX: usize = 128 * 1024;

/// A title and a content.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    pub title: &'a str,
    pub content: &'a str,
}

/// The difference from one state to another; empty when there is none.
pub fn between(from: State<'_>, to: State<'_>) -> String {
    let mut text = String::new();
    if from.title != to.title {
        text += &format!("-title: {}\n+title: {}\n", from.title, to.title);
    }
    let lines = TextDiff::configure().timeout(WITHIN).diff_lines(from.content, to.content);
    text += &lines.unified_diff().context_radius(3).to_string();
    if text.len() > MAX {
        let end = (0..=MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text += "\n… the rest of the difference is too long to be shown\n";
    }
    text
}

/// The same, owned, for a difference that is found elsewhere.
pub struct Kept {
    pub title: String,
    pub content: String,
}

/// The same as [`between`] for long texts, while others go on.
pub async fn found(from: Kept, to: Kept) -> Result<String, Error> {
    let finding = tokio::task::spawn_blocking(move || {
        between(
            State { title: &from.title, content: &from.content },
            State { title: &to.title, content: &to.content },
        )
    });
    Ok(finding.await.map_err(anyhow::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state<'a>(title: &'a str, content: &'a str) -> State<'a> {
        State { title, content }
    }

    #[test]
    fn differences_name_what_goes_and_what_comes() {
        assert_eq!(between(state("a", "one\n"), state("a", "one\n")), "");
        let told = between(state("a", "one\ntwo\nthree\n"), state("b", "one\n2\nthree\n"));
        assert_eq!(told, "-title: a\n+title: b\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
    }

    #[test]
    fn long_ones_are_cut_at_a_character() {
        let long = "ä\n".repeat(100_000);
        let told = between(state("a", ""), state("a", &long));
        assert!(told.len() < MAX + 100 && told.ends_with("shown\n"));
    }
}
