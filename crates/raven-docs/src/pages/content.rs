//! What a page's content may be: Markdown, or a ProseMirror document that becomes Markdown.
//!
//! Owns its bounds, and its text without marks, by which it is found. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::prosemirror;
use crate::error::Error;

/// Largest content, in bytes of Markdown.
pub const MAX_CONTENT: usize = 512 * 1024;

/// Longest title, in characters.
const MAX_TITLE: usize = 200;

/// Content as it is given.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(untagged)]
#[schema(as = PageContent)]
pub enum Content {
    /// Markdown.
    Markdown(String),
    /// A ProseMirror document, `{"type": "doc", "content": […]}`.
    #[schema(value_type = Object)]
    Document(Map<String, Value>),
}

impl Content {
    /// The content as Markdown, with `\n` between its lines.
    ///
    /// # Errors
    /// `Invalid` when it is too large, or no document.
    pub fn into_markdown(self, field: &str) -> Result<String, Error> {
        let text = match self {
            Self::Markdown(text) => text.replace("\r\n", "\n"),
            Self::Document(document) => prosemirror::markdown(&document, MAX_CONTENT)
                .map_err(|why| Error::invalid(field, format!("is no ProseMirror document: {why}")))?,
        };
        check(field, &text)?;
        Ok(text)
    }
}

/// Refuses what no page can have.
pub fn check(field: &str, text: &str) -> Result<(), Error> {
    if text.len() > MAX_CONTENT {
        return Err(Error::invalid(field, format!("must be at most {} KiB of Markdown", MAX_CONTENT / 1024)));
    }
    if text.contains('\0') {
        return Err(Error::invalid(field, "must be text, without the character NUL"));
    }
    Ok(())
}

/// A title without white space around it.
///
/// # Errors
/// `Invalid` when it is empty, too long, or more than a line.
pub fn title(title: &str) -> Result<String, Error> {
    let title = title.trim();
    let good = !title.is_empty() && title.chars().count() <= MAX_TITLE && !title.contains(char::is_control);
    if good {
        return Ok(title.to_owned());
    }
    Err(Error::invalid("title", format!("must be one line of 1 to {MAX_TITLE} characters")))
}

/// The text of Markdown without its marks, as people look for it.
pub fn plain(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    for line in markdown.lines() {
        let line = line.trim_start_matches([' ', '\t', '#', '>', '-', '*', '+', '|']).trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        inline(line, &mut text);
        text.truncate(text.trim_end_matches(' ').len());
    }
    text
}

/// Links and images by their words, and nothing of emphasis and code marks.
fn inline(line: &str, text: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find(['[', ']', '*', '`', '!', '|', '~']) {
        text.push_str(&rest[..at]);
        let mark = rest[at..].chars().next().unwrap_or(' ');
        rest = &rest[at + mark.len_utf8()..];
        match mark {
            ']' if rest.starts_with('(') => rest = rest.split_once(')').map_or("", |(_, after)| after),
            '!' if !rest.starts_with('[') => text.push('!'),
            '|' => text.push(' '),
            _ => {}
        }
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_the_words_and_not_the_marks() {
        for (markdown, text) in [
            ("# Title\n\nSome **bold** and `code`.", "Title\n\nSome bold and code."),
            ("- [a link](https://example.com/x) there", "a link there"),
            ("![a picture](/api/attachments/att_1)", "a picture"),
            ("Ask @[Ann](user:usr_1)!", "Ask @Ann!"),
            ("```rust\nfn main() {}\n```", "fn main() {}"),
            ("| a | b |", "a   b"),
            ("open [bracket and (paren", "open bracket and (paren"),
            ("äöü 知识 *", "äöü 知识"),
        ] {
            assert_eq!(plain(markdown), text, "{markdown}");
        }
    }

    #[test]
    fn content_is_bounded() {
        assert!(Content::Markdown("x".repeat(MAX_CONTENT)).into_markdown("content").is_ok());
        assert!(Content::Markdown("x".repeat(MAX_CONTENT + 1)).into_markdown("content").is_err());
        assert!(Content::Markdown("a\0b".into()).into_markdown("content").is_err());
        assert_eq!(Content::Markdown("a\r\nb".into()).into_markdown("content").unwrap(), "a\nb");
        for bad in ["", " ", "a\nb", &"x".repeat(201)] {
            assert!(title(bad).is_err(), "{bad:?}");
        }
    }
}
