//! ProseMirror documents as Markdown: what editors of that family send, node by node.
//!
//! Owns the names of their nodes and marks. What is not known keeps its text. Pure.

use serde_json::{Map, Value};

/// Deepest nesting that is read; a list takes two, for itself and its items. Each level is copied into the one above.
const MAX_DEPTH: usize = 40;

/// Most marks of one text: each is put around what the others made.
const MAX_MARKS: usize = 16;

/// Most digits that a number of a list has in Markdown.
const MAX_NUMBER: u64 = 999_999_999;

type Node = Map<String, Value>;

/// How much of a document is still read.
#[derive(Clone, Copy)]
struct Bounds {
    levels: usize,
    /// Of the text that any node comes to.
    bytes: usize,
}

impl Bounds {
    fn deeper(self) -> Result<Self, String> {
        let levels = self.levels.checked_sub(1).ok_or("it is nested too deeply")?;
        Ok(Self { levels, ..self })
    }

    /// Adds to a text, unless that becomes too long: whatever a document says, no more is built than it may come to.
    fn add(self, text: &mut String, more: &str) -> Result<(), String> {
        if text.len() + more.len() > self.bytes {
            return Err(format!("it comes to more than {} KiB of Markdown", self.bytes / 1024));
        }
        text.push_str(more);
        Ok(())
    }
}

/// A document as Markdown of at most so many bytes.
///
/// # Errors
/// Why it is none, or how it is too large, in words.
pub fn markdown(document: &Node, bytes: usize) -> Result<String, String> {
    if kind(document) != "doc" {
        return Err("its `type` must be `doc`".to_owned());
    }
    blocks(document, Bounds { levels: MAX_DEPTH, bytes })
}

fn kind(node: &Node) -> &str {
    node.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn attribute<'a>(node: &'a Node, name: &str) -> Option<&'a Value> {
    node.get("attrs").and_then(|attributes| attributes.get(name))
}

fn text_of<'a>(node: &'a Node, name: &str) -> &'a str {
    attribute(node, name).and_then(Value::as_str).unwrap_or_default()
}

fn children(node: &Node) -> Result<Vec<&Node>, String> {
    match node.get("content") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(nodes)) => nodes
            .iter()
            .map(|node| node.as_object().ok_or_else(|| "a node must be an object".to_owned()))
            .collect(),
        Some(_) => Err("`content` must be a list of nodes".to_owned()),
    }
}

/// The blocks of a node, with an empty line between.
fn blocks(node: &Node, within: Bounds) -> Result<String, String> {
    let within = within.deeper()?;
    let mut all = String::new();
    for child in children(node)? {
        let text = block(child, within)?;
        if !text.is_empty() {
            let gap = if all.is_empty() { "" } else { "\n\n" };
            within.add(&mut all, gap)?;
            within.add(&mut all, &text)?;
        }
    }
    Ok(all)
}

fn block(node: &Node, within: Bounds) -> Result<String, String> {
    Ok(match kind(node) {
        "heading" => {
            let level = attribute(node, "level").and_then(Value::as_u64).unwrap_or(1).clamp(1, 6);
            format!("{} {}", "#".repeat(usize::try_from(level).unwrap_or(1)), inline(node, within)?)
        }
        "codeBlock" | "code_block" => {
            let (code, fence) = (raw(node, within)?, "```");
            let fence = if code.contains(fence) { "~~~~" } else { fence };
            format!("{fence}{}\n{code}\n{fence}", text_of(node, "language"))
        }
        "blockquote" | "callout" => {
            let mut quoted = String::new();
            indented(&mut quoted, &blocks(node, within)?, ("> ", "> "), within)?;
            quoted
        }
        "bulletList" | "bullet_list" | "taskList" | "task_list" => list(node, within, |_| "- ".to_owned())?,
        "orderedList" | "ordered_list" => {
            let start = attribute(node, "start").and_then(Value::as_u64).unwrap_or(1);
            list(node, within, |nth| format!("{}. ", start.saturating_add(nth).min(MAX_NUMBER)))?
        }
        "horizontalRule" | "horizontal_rule" => "---".to_owned(),
        "image" => image(node),
        "table" => table(node, within)?,
        "paragraph" => inline(node, within)?,
        "text" | "hardBreak" | "hard_break" | "mention" => piece(node, within)?,
        _ => blocks(node, within)?,
    })
}

fn list(node: &Node, within: Bounds, mark: impl Fn(u64) -> String) -> Result<String, String> {
    let within = within.deeper()?;
    let mut all = String::new();
    for (nth, item) in (0..).zip(children(node)?) {
        let done = attribute(item, "checked").and_then(Value::as_bool);
        let done = done.map_or("", |done| if done { "[x] " } else { "[ ] " });
        let mark = mark(nth);
        let more = " ".repeat(mark.len());
        // Of a list within, no empty line makes this one loose.
        let text = blocks(item, within)?.replace("\n\n- ", "\n- ").replace("\n\n1. ", "\n1. ");
        within.add(&mut all, if nth == 0 { "" } else { "\n" })?;
        indented(&mut all, &text, (&format!("{mark}{done}"), &more), within)?;
    }
    Ok(all)
}

/// Adds a text with something before its first line, and before each other.
fn indented(
    all: &mut String,
    text: &str,
    (first, others): (&str, &str),
    within: Bounds,
) -> Result<(), String> {
    let mut lines = text.split('\n');
    within.add(all, first)?;
    within.add(all, lines.next().unwrap_or_default())?;
    for line in lines {
        within.add(all, "\n")?;
        within.add(all, format!("{others}{line}").trim_end())?;
    }
    Ok(())
}

fn table(node: &Node, within: Bounds) -> Result<String, String> {
    let cells_within = Bounds { levels: within.levels.min(3), ..within };
    let mut all = String::new();
    for (nth, row) in children(node)?.into_iter().enumerate() {
        within.add(&mut all, if nth == 0 { "|" } else { "\n|" })?;
        let cells = children(row)?;
        for cell in &cells {
            let text = blocks(cell, cells_within)?.replace('\n', " ").replace('|', "\\|");
            within.add(&mut all, &format!(" {text} |"))?;
        }
        if nth == 0 {
            within.add(&mut all, "\n|")?;
            within.add(&mut all, &" --- |".repeat(cells.len()))?;
        }
    }
    Ok(all)
}

fn image(node: &Node) -> String {
    format!("![{}]({})", text_of(node, "alt"), text_of(node, "src"))
}

/// The text of a block's pieces with their marks.
fn inline(node: &Node, within: Bounds) -> Result<String, String> {
    let within = within.deeper()?;
    let mut all = String::new();
    for child in children(node)? {
        within.add(&mut all, &piece(child, within)?)?;
    }
    Ok(all)
}

fn piece(node: &Node, within: Bounds) -> Result<String, String> {
    Ok(match kind(node) {
        "text" => marked(node)?,
        "hardBreak" | "hard_break" => "  \n".to_owned(),
        "image" => image(node),
        "mention" => {
            let whom = if text_of(node, "kind") == "agent" { "agent" } else { "user" };
            format!("@[{}]({whom}:{})", text_of(node, "label"), text_of(node, "id"))
        }
        _ => inline(node, within)?,
    })
}

fn marked(node: &Node) -> Result<String, String> {
    let mut text = node.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    let marks = node.get("marks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if marks.len() > MAX_MARKS {
        return Err(format!("a text must have at most {MAX_MARKS} marks"));
    }
    for mark in marks.iter().filter_map(Value::as_object) {
        text = match kind(mark) {
            "bold" | "strong" => format!("**{text}**"),
            "italic" | "em" => format!("*{text}*"),
            "strike" => format!("~~{text}~~"),
            "code" => format!("`{text}`"),
            "link" => format!("[{text}]({})", text_of(mark, "href")),
            _ => text,
        };
    }
    Ok(text)
}

/// The text of a block as it is.
fn raw(node: &Node, within: Bounds) -> Result<String, String> {
    let mut all = String::new();
    for child in children(node)? {
        within.add(&mut all, child.get("text").and_then(Value::as_str).unwrap_or_default())?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(content: Value) -> Result<String, String> {
        within(content, 64 * 1024)
    }

    fn within(content: Value, bytes: usize) -> Result<String, String> {
        markdown(json!({ "type": "doc", "content": content }).as_object().unwrap(), bytes)
    }

    fn paragraph(text: &str) -> Value {
        json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] })
    }

    #[test]
    fn nodes_become_markdown() {
        let item = |more: Value| json!({ "type": "listItem", "content": more });
        for (node, expected) in [
            (
                json!({ "type": "heading", "attrs": { "level": 2 }, "content": [{ "type": "text", "text": "H" }] }),
                "## H",
            ),
            (paragraph("plain"), "plain"),
            (
                json!({ "type": "paragraph", "content": [
                    { "type": "text", "text": "b", "marks": [{ "type": "bold" }] },
                    { "type": "text", "text": " " },
                    { "type": "text", "text": "l", "marks": [{ "type": "link", "attrs": { "href": "/x" } }] },
                    { "type": "mention", "attrs": { "id": "usr_1", "label": "Ann" } },
                ]}),
                "**b** [l](/x)@[Ann](user:usr_1)",
            ),
            (
                json!({ "type": "bulletList", "content": [
                    item(json!([paragraph("one"), { "type": "bulletList", "content": [item(json!([paragraph("in")]))] }])),
                    item(json!([paragraph("two")])),
                ]}),
                "- one\n  - in\n- two",
            ),
            (
                json!({ "type": "orderedList", "attrs": { "start": 3 }, "content": [item(json!([paragraph("x")]))] }),
                "3. x",
            ),
            (
                json!({ "type": "taskList", "content": [
                    { "type": "taskItem", "attrs": { "checked": true }, "content": [paragraph("done")] }] }),
                "- [x] done",
            ),
            (
                json!({ "type": "codeBlock", "attrs": { "language": "rust" }, "content": [{ "type": "text", "text": "fn a() {}" }] }),
                "```rust\nfn a() {}\n```",
            ),
            (json!({ "type": "blockquote", "content": [paragraph("a"), paragraph("b")] }), "> a\n>\n> b"),
            (json!({ "type": "horizontalRule" }), "---"),
            (json!({ "type": "strange", "content": [paragraph("kept")] }), "kept"),
            (
                json!({ "type": "table", "content": [
                    { "type": "tableRow", "content": [{ "type": "tableHeader", "content": [paragraph("a|b")] }] },
                    { "type": "tableRow", "content": [{ "type": "tableCell", "content": [paragraph("c")] }] }] }),
                "| a\\|b |\n| --- |\n| c |",
            ),
        ] {
            assert_eq!(of(json!([node])).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert!(markdown(json!({ "type": "paragraph" }).as_object().unwrap(), 1024).is_err());
        assert!(of(json!(["text"])).is_err() && of(json!("text")).is_err());
        let deep =
            (0..200).fold(paragraph("x"), |inner, _| json!({ "type": "blockquote", "content": [inner] }));
        assert!(of(json!([deep])).is_err());
        assert_eq!(of(json!([])).unwrap(), "");
    }

    #[test]
    fn no_level_comes_to_more_than_the_whole_may() {
        let code =
            json!({ "type": "codeBlock", "content": [{ "type": "text", "text": "a\n".repeat(1000) }] });
        let nested = |levels: usize, start: u64| {
            (0..levels).fold(code.clone(), |inner, _| {
                let item = json!({ "type": "listItem", "content": [inner] });
                json!({ "type": "orderedList", "attrs": { "start": start }, "content": [item] })
            })
        };
        let refused = |document: Value, bytes: usize| within(json!([document]), bytes).unwrap_err();
        for levels in [5, 10, 18] {
            let why = refused(nested(levels, u64::MAX), 16 * 1024);
            assert!(why.contains("more than 16 KiB"), "{levels} levels: {why}");
        }
        assert!(refused(nested(28, 1), 1 << 20).contains("nested"));
        assert!(refused(code.clone(), 1024).contains("more than 1 KiB"), "before anything is made of it");
        let quote = json!({ "type": "blockquote", "content": [code] });
        assert!(refused(quote, 3 * 1024).contains("more than 3 KiB"), "4 bytes a line of 2");
        let strange = (0..60).fold(
            json!({ "type": "text", "text": "x" }),
            |inner, _| json!({ "type": "strange", "content": [inner] }),
        );
        assert!(refused(json!({ "type": "paragraph", "content": [strange] }), 1024).contains("nested"));
        let marks = vec![json!({ "type": "bold" }); MAX_MARKS + 1];
        assert!(refused(json!({ "type": "text", "text": "x", "marks": marks }), 1024).contains("marks"));
    }

    #[test]
    fn numbers_of_lists_stay_numbers() {
        let two = json!([{ "type": "listItem", "content": [paragraph("a")] },
            { "type": "listItem", "content": [paragraph("b")] }]);
        for (start, expected) in [
            (7, "7. a\n8. b"),
            (MAX_NUMBER, "999999999. a\n999999999. b"),
            (u64::MAX, "999999999. a\n999999999. b"),
        ] {
            let list = json!({ "type": "orderedList", "attrs": { "start": start }, "content": two });
            assert_eq!(of(json!([list])).unwrap(), expected);
        }
    }
}
