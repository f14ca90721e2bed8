//! ProseMirror documents as Markdown: what editors of that family send, node by node.
//!
//! Owns the names of their nodes and marks. What is not known keeps its text. Pure.

use serde_json::{Map, Value};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 100;

type Node = Map<String, Value>;

/// A document as Markdown.
///
/// # Errors
/// Why it is none, in words.
pub fn markdown(document: &Node) -> Result<String, String> {
    if kind(document) != "doc" {
        return Err("its `type` must be `doc`".to_owned());
    }
    blocks(document, MAX_DEPTH)
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
fn blocks(node: &Node, depth: usize) -> Result<String, String> {
    let depth = depth.checked_sub(1).ok_or("it is nested too deeply")?;
    let blocks: Result<Vec<String>, String> =
        children(node)?.into_iter().map(|child| block(child, depth)).collect();
    Ok(blocks?.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n"))
}

fn block(node: &Node, depth: usize) -> Result<String, String> {
    Ok(match kind(node) {
        "heading" => {
            let level = attribute(node, "level").and_then(Value::as_u64).unwrap_or(1).clamp(1, 6);
            format!("{} {}", "#".repeat(usize::try_from(level).unwrap_or(1)), inline(node)?)
        }
        "codeBlock" | "code_block" => {
            let (code, fence) = (raw(node)?, "```");
            let fence = if code.contains(fence) { "~~~~" } else { fence };
            format!("{fence}{}\n{code}\n{fence}", text_of(node, "language"))
        }
        "blockquote" | "callout" => indented(&blocks(node, depth)?, "> ", "> "),
        "bulletList" | "bullet_list" => list(node, depth, |_| "- ".to_owned())?,
        "orderedList" | "ordered_list" => {
            let start = attribute(node, "start").and_then(Value::as_u64).unwrap_or(1);
            list(node, depth, |nth| format!("{}. ", start + nth))?
        }
        "taskList" | "task_list" => list(node, depth, |_| "- ".to_owned())?,
        "horizontalRule" | "horizontal_rule" => "---".to_owned(),
        "image" => image(node),
        "table" => table(node)?,
        "paragraph" | "text" | "hardBreak" | "hard_break" | "mention" => {
            if kind(node) == "paragraph" {
                inline(node)?
            } else {
                piece(node)?
            }
        }
        _ => blocks(node, depth)?,
    })
}

fn list(node: &Node, depth: usize, mark: impl Fn(u64) -> String) -> Result<String, String> {
    let depth = depth.checked_sub(1).ok_or("it is nested too deeply")?;
    let mut lines = Vec::new();
    for (nth, item) in (0..).zip(children(node)?) {
        let done = attribute(item, "checked").and_then(Value::as_bool);
        let done = done.map_or("", |done| if done { "[x] " } else { "[ ] " });
        let mark = mark(nth);
        let more = " ".repeat(mark.len());
        // Of a list within, no empty line makes this one loose.
        let text = blocks(item, depth)?.replace("\n\n- ", "\n- ").replace("\n\n1. ", "\n1. ");
        lines.push(indented(&text, &format!("{mark}{done}"), &more));
    }
    Ok(lines.join("\n"))
}

/// A text with something before its first line, and before each other.
fn indented(text: &str, first: &str, others: &str) -> String {
    let mut lines = text.split('\n');
    let mut all = format!("{first}{}", lines.next().unwrap_or_default());
    for line in lines {
        all.push('\n');
        all.push_str(format!("{others}{line}").trim_end());
    }
    all
}

fn table(node: &Node) -> Result<String, String> {
    let mut rows = Vec::new();
    for row in children(node)? {
        let mut cells = Vec::new();
        for cell in children(row)? {
            cells.push(blocks(cell, 3)?.replace('\n', " ").replace('|', "\\|"));
        }
        rows.push(format!("| {} |", cells.join(" | ")));
        if rows.len() == 1 {
            rows.push(format!("|{}", " --- |".repeat(cells.len())));
        }
    }
    Ok(rows.join("\n"))
}

fn image(node: &Node) -> String {
    format!("![{}]({})", text_of(node, "alt"), text_of(node, "src"))
}

/// The text of a block's pieces with their marks.
fn inline(node: &Node) -> Result<String, String> {
    children(node)?.into_iter().map(piece).collect()
}

fn piece(node: &Node) -> Result<String, String> {
    Ok(match kind(node) {
        "text" => marked(node),
        "hardBreak" | "hard_break" => "  \n".to_owned(),
        "image" => image(node),
        "mention" => {
            let whom = if text_of(node, "kind") == "agent" { "agent" } else { "user" };
            format!("@[{}]({whom}:{})", text_of(node, "label"), text_of(node, "id"))
        }
        _ => inline(node)?,
    })
}

fn marked(node: &Node) -> String {
    let mut text = node.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    let marks = node.get("marks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
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
    text
}

/// The text of a block as it is.
fn raw(node: &Node) -> Result<String, String> {
    let texts = children(node)?
        .into_iter()
        .map(|child| child.get("text").and_then(Value::as_str).unwrap_or_default().to_owned());
    Ok(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(content: Value) -> Result<String, String> {
        markdown(json!({ "type": "doc", "content": content }).as_object().unwrap())
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
        assert!(markdown(json!({ "type": "paragraph" }).as_object().unwrap()).is_err());
        assert!(of(json!(["text"])).is_err() && of(json!("text")).is_err());
        let deep =
            (0..200).fold(paragraph("x"), |inner, _| json!({ "type": "blockquote", "content": [inner] }));
        assert!(of(json!([deep])).is_err());
        assert_eq!(of(json!([])).unwrap(), "");
    }
}
