//! Anthropic's Messages.
//!
//! Owns its wire format. Must not know what is said.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::script::{self, Item, Reply, fitting, text};
use super::stream::{self, Pace};
use super::{CACHED_TOKENS, INPUT_TOKENS, OUTPUT_TOKENS};

pub async fn count(Json(_): Json<Value>) -> Response {
    Json(json!({"input_tokens": INPUT_TOKENS})).into_response()
}

pub async fn messages(Json(body): Json<Value>) -> Response {
    let tools: Vec<&str> =
        body["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str()).collect();
    let reply = if tools.is_empty() { aside(&body) } else { script::reply(&conversation(&body)) };
    let (blocks, pace, reason) = match reply {
        Reply::Say(words) => (vec![json!({"type": "text", "text": words})], Pace::AtOnce, "end_turn"),
        Reply::Slow(words) => (vec![json!({"type": "text", "words": words})], Pace::Slow, "end_turn"),
        Reply::Run(command) => (
            vec![call("Bash", json!({"command": command, "description": "As ordered"}))],
            Pace::AtOnce,
            "tool_use",
        ),
        Reply::Call { name, arguments } => {
            let offered = tools.into_iter().find(|offered| offered.ends_with(&name)).unwrap_or(&name);
            (vec![call(offered, arguments)], Pace::AtOnce, "tool_use")
        }
        Reply::Limit => {
            let error =
                json!({"type": "rate_limit_error", "message": "This request would exceed the limit."});
            let refusal =
                stream::refusal(StatusCode::TOO_MANY_REQUESTS, json!({"type": "error", "error": error}));
            return (plan_is_used_up(), refusal).into_response();
        }
    };
    if body["stream"] == true {
        return stream::typed(events(&body, &blocks, reason), pace);
    }
    let mut whole = message(&body);
    whole["content"] = Value::Array(blocks);
    whole["stop_reason"] = reason.into();
    Json(whole).into_response()
}

/// What is asked beside the conversation, such as a title for it.
fn aside(body: &Value) -> Reply {
    let schema = &body["output_config"]["format"]["schema"];
    Reply::Say(if schema.is_null() { "Stub".into() } else { fitting(schema).to_string() })
}

fn conversation(body: &Value) -> Vec<Item> {
    let users = body["messages"].as_array().into_iter().flatten().filter(|message| message["role"] == "user");
    let mut items = Vec::new();
    for message in users {
        if let Some(text) = message["content"].as_str() {
            items.push(Item::Text(text.to_owned()));
        }
        for block in message["content"].as_array().into_iter().flatten() {
            match block["type"].as_str() {
                Some("text") => items.push(Item::Text(block["text"].as_str().unwrap_or_default().to_owned())),
                Some("tool_result") => items.push(Item::Result(text(&block["content"]))),
                _ => {}
            }
        }
    }
    items
}

fn call(name: &str, input: Value) -> Value {
    json!({"type": "tool_use", "id": format!("toolu_{}", stream::number()), "name": name, "input": input})
}

fn message(body: &Value) -> Value {
    json!({"id": format!("msg_{}", stream::number()), "type": "message", "role": "assistant", "model": body["model"],
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage()})
}

fn usage() -> Value {
    json!({"input_tokens": INPUT_TOKENS - CACHED_TOKENS, "cache_read_input_tokens": CACHED_TOKENS,
        "cache_creation_input_tokens": 0, "output_tokens": OUTPUT_TOKENS})
}

fn events(body: &Value, blocks: &[Value], reason: &str) -> Vec<Value> {
    let mut events = vec![json!({"type": "message_start", "message": message(body)})];
    for (index, block) in blocks.iter().enumerate() {
        let (start, deltas) = pieces(block);
        events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
        let deltas = deltas.into_iter();
        events.extend(
            deltas.map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta})),
        );
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": usage()}));
    events.push(json!({"type": "message_stop"}));
    events
}

/// A block as it begins, and what is added to it.
fn pieces(block: &Value) -> (Value, Vec<Value>) {
    if block["type"] == "tool_use" {
        let mut start = block.clone();
        start["input"] = json!({});
        let input = json!({"type": "input_json_delta", "partial_json": block["input"].to_string()});
        return (start, vec![input]);
    }
    let words = match &block["words"] {
        Value::Array(words) => words.clone(),
        _ => vec![block["text"].clone()],
    };
    let deltas = words.iter().map(|word| json!({"type": "text_delta", "text": word}));
    (json!({"type": "text", "text": ""}), deltas.collect())
}

/// What a subscription's limit is told by: that of five hours, over in two.
fn plan_is_used_up() -> [(&'static str, String); 4] {
    let reset = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 2 * 60 * 60;
    [
        ("anthropic-ratelimit-unified-status", "rejected".to_owned()),
        ("anthropic-ratelimit-unified-representative-claim", "five_hour".to_owned()),
        ("anthropic-ratelimit-unified-reset", reset.to_string()),
        ("anthropic-ratelimit-unified-5h-reset", reset.to_string()),
    ]
}
