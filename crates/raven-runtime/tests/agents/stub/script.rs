//! What a model does, by the text of the prompt: the last line that begins with an order wins.
//!
//! `say:WORD` says the word · `run:COMMAND` runs a command, then says the first line of what came back ·
//! `mcp:TEXT` calls the tool `lab_echo`, then says what it returned · `tool:NAME {…}` calls a tool with these
//! arguments, and of several such lines one after another, then says what the last returned; `$asg` in them is the
//! newest id with this prefix since the prompt, and `$answer:` the newest value of a field `answer` in a result ·
//! `slow:N` says N words, five in a second · `limit:` is over its limit. Owns the orders. Must not know a provider.

use serde_json::{Map, Value, json};

/// Something in a conversation that matters here.
pub enum Item {
    /// What a person, or the program in their name, wrote.
    Text(String),
    /// What a tool returned.
    Result(String),
}

/// A tool that the program offers.
pub struct Tool {
    pub namespace: Option<String>,
    pub name: String,
}

/// What the model does.
#[derive(Debug, PartialEq)]
pub enum Reply {
    /// Says something.
    Say(String),
    /// Says a word now and then.
    Slow(Vec<String>),
    /// Wants to run a command.
    Run(String),
    /// Wants to call a tool of a server, by the end of its name.
    Call { name: String, arguments: Value },
    /// Refuses, because too much was asked.
    Limit,
}

/// The reply to a conversation.
pub fn reply(conversation: &[Item]) -> Reply {
    let orders = conversation.iter().enumerate().rev().find_map(|(index, item)| match item {
        Item::Text(text) => Some((index, orders(text)?)),
        Item::Result(_) => None,
    });
    let Some((index, mut orders)) = orders else { return Reply::Say("nothing was ordered".into()) };
    let since = &conversation[index..];
    let results: Vec<&String> = since
        .iter()
        .filter_map(|item| match item {
            Item::Result(text) => Some(text),
            Item::Text(_) => None,
        })
        .collect();
    let next = results.len().min(orders.len() - 1);
    match (orders.swap_remove(next), results.last()) {
        (Reply::Run(_) | Reply::Call { .. }, Some(result)) if results.len() > next => {
            Reply::Say(format!("done:{}", telling(result)))
        }
        (Reply::Call { name, arguments }, _) => Reply::Call { name, arguments: with_ids(arguments, since) },
        (order, _) => order,
    }
}

/// The calls of tools that a text orders, or else its last order; `None` when it has none.
fn orders(text: &str) -> Option<Vec<Reply>> {
    let mut orders: Vec<Reply> = text.lines().filter_map(order).collect();
    let last = orders.pop()?;
    let calls_only = text.lines().any(|line| line.trim().starts_with("tool:"));
    orders.retain(|order| calls_only && matches!(order, Reply::Call { .. }));
    orders.push(last);
    Some(orders)
}

fn order(line: &str) -> Option<Reply> {
    let line = line.trim();
    let word = |rest: &str| rest.split_whitespace().next().unwrap_or_default().to_owned();
    let (name, rest) = line.split_once(':')?;
    match name {
        "say" => Some(Reply::Say(format!("I say {}", word(rest)))),
        "run" => Some(Reply::Run(rest.to_owned())),
        "mcp" => Some(Reply::Call { name: "lab_echo".into(), arguments: json!({"text": word(rest)}) }),
        "tool" => {
            let (name, arguments) = rest.trim().split_once(' ')?;
            Some(Reply::Call { name: name.to_owned(), arguments: serde_json::from_str(arguments).ok()? })
        }
        "slow" => {
            let words = word(rest).parse().unwrap_or(0);
            Some(Reply::Slow((1..=words).map(|n: usize| format!("word{n} ")).collect()))
        }
        "limit" => Some(Reply::Limit),
        _ => None,
    }
}

/// Arguments in which `$PREFIX` stands for the newest id with that prefix, and `$FIELD:` for what came as that field.
fn with_ids(arguments: Value, since: &[Item]) -> Value {
    match arguments {
        Value::String(text) => match text.strip_prefix('$') {
            Some(name) => {
                let found = match name.strip_suffix(':') {
                    Some(field) => newest_value(field, since),
                    None => newest_id(name, since),
                };
                Value::String(found.unwrap_or(text))
            }
            None => Value::String(text),
        },
        Value::Object(fields) => {
            let filled = fields.into_iter().map(|(name, field)| (name, with_ids(field, since)));
            Value::Object(filled.collect())
        }
        other => other,
    }
}

fn newest_id(prefix: &str, since: &[Item]) -> Option<String> {
    since.iter().rev().find_map(|item| {
        let (Item::Text(text) | Item::Result(text)) = item;
        let begin = text.rfind(&format!("{prefix}_"))?;
        let id = text[begin..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        Some(id.to_owned())
    })
}

/// What the newest result with a field has there, as far as it is one word; results are JSON, some within a string.
fn newest_value(field: &str, since: &[Item]) -> Option<String> {
    since.iter().rev().find_map(|item| {
        let Item::Result(text) = item else { return None };
        let (_, rest) =
            text.rsplit_once(&format!("{field}\\\"")).or_else(|| text.rsplit_once(&format!("{field}\"")))?;
        let value = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        Some(value.split(|c: char| !c.is_ascii_alphanumeric()).next()?.to_owned())
    })
}

/// The line of a result that tells what came of it: programs put headings above what a command wrote.
fn telling(result: &str) -> &str {
    let lines = || result.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('<'));
    lines()
        .find_map(|line| line.strip_prefix("Output:").map(str::trim).filter(|rest| !rest.is_empty()))
        .or_else(|| lines().skip_while(|line| *line != "Output:").nth(1))
        .or_else(|| lines().next())
        .unwrap_or_default()
}

/// Something that fits a JSON schema, for requests that are none of a conversation.
pub fn fitting(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str().unwrap_or("object").to_ascii_lowercase().as_str() {
        "object" => {
            let fields = schema["properties"].as_object();
            let filled = fields.into_iter().flatten().map(|(name, field)| (name.clone(), fitting(field)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
        "array" => Value::Array(Vec::new()),
        "boolean" => Value::Bool(false),
        "number" | "integer" => Value::from(1),
        _ => Value::from("Stub"),
    }
}

/// The text of a content that is a text or a list of parts with texts.
pub fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
